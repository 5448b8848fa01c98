use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use callout::journal::{Access, StoreKind};
use rusqlite::Connection;

use crate::journal::open_for;
use crate::support::{Home, Outcome};

const ROTATE: [&str; 7] = ["run", "key-rotation", "--headless", "--yes", "destructive", "--speed", "max"];

/// Every file below a folder, with its length.
fn files(folder: &Path) -> BTreeSet<(PathBuf, u64)> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.insert((entry.path(), entry.metadata().unwrap().len()));
        }
    }
    found
}

/// Runs against a store that cannot be had: a sentence, and nothing made or changed.
fn refused(home: &Home) -> Outcome {
    let place = home.path("place");
    let before = files(&place);
    let outcome = home.callout(["--store"]).args([place.join("x.db")]).args(ROTATE).run().exits(2);
    assert_eq!(files(&place), before, "{}", outcome.stderr);
    assert!(outcome.stderr.starts_with("callout: ") || outcome.stderr.starts_with("error: "), "{}", outcome.stderr);
    assert_eq!(outcome.stdout, "");
    outcome
}

fn home_with_a_place() -> (Home, PathBuf) {
    let home = Home::new();
    fs::create_dir(home.path("place")).unwrap();
    let store = home.path("place/x.db");
    (home, store)
}

#[test]
fn a_file_that_is_no_store_is_left_alone() {
    let (home, store) = home_with_a_place();
    for content in ["a shopping list".to_owned(), "a long shopping list, ".repeat(1000)] {
        fs::write(&store, content).unwrap();
        assert!(refused(&home).stderr.contains("is not a store"), "it says so");
    }
    let other = home.path("place/x.db");
    fs::remove_file(&other).unwrap();
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE friend (name TEXT)").unwrap();
    refused(&home);
}

#[test]
fn a_store_of_a_newer_program_is_left_alone() {
    let (home, store) = home_with_a_place();
    drop(open_for(&store, Access::Create(StoreKind::Simulated)).unwrap());
    Connection::open(&store).unwrap().pragma_update(None, "user_version", 4711).unwrap();
    assert!(refused(&home).stderr.contains("newer"), "it says so");
}

#[test]
fn a_store_of_live_runs_takes_no_simulated_one() {
    let (home, store) = home_with_a_place();
    drop(open_for(&store, Access::Create(StoreKind::Live)).unwrap());
    assert!(refused(&home).stderr.contains("holds runs against Azure"), "it says so");
}

#[test]
fn a_store_in_a_folder_that_is_not_there_is_not_made() {
    let home = Home::new();
    let outcome = home.callout(["--store"]).args([home.path("nowhere/x.db")]).args(ROTATE).run().exits(2);
    assert!(outcome.stderr.contains("nowhere"), "{}", outcome.stderr);
    assert!(!home.path("nowhere").exists());
}

#[test]
fn a_store_that_another_writer_does_not_let_go_is_given_up_after_five_seconds() {
    let (home, store) = home_with_a_place();
    drop(open_for(&store, Access::Create(StoreKind::Simulated)).unwrap());
    let writer = Connection::open(&store).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let begun = Instant::now();
    let outcome = home.callout(["--store"]).args([&store]).args(ROTATE).run().exits(2);
    assert!(begun.elapsed() >= Duration::from_secs(5), "{:?}", begun.elapsed());
    assert!(outcome.stderr.contains("busy") || outcome.stderr.contains("another"), "{}", outcome.stderr);
    drop(writer);
    home.callout(["--store"]).args([&store]).args(ROTATE).run().succeeded();
}

#[test]
fn what_a_kill_left_empty_is_a_new_store() {
    let (home, store) = home_with_a_place();
    fs::write(&store, "").unwrap();
    home.callout(["--store"]).args([&store]).args(ROTATE).run().succeeded();
}
