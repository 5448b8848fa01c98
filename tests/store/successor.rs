//! A store that is damaged, and the log that goes on in its place.

use std::fs;
use std::path::PathBuf;

use callout::base::Digest;
use serde_json::json;

use super::copies::{info, only_run, paused_at_a_consent, said};
use crate::support::{Estate, Home};

const RESUME: [&str; 6] = ["resume", "--headless", "--yes", "destructive", "--speed", "max"];

fn aside(home: &Home) -> PathBuf {
    home.path("data/callout/sim.db.damaged")
}

/// Changes the store past its triggers.
fn damage(home: &Home, sql: &str) {
    let raw = rusqlite::Connection::open(home.usual_store()).unwrap();
    raw.execute_batch("DROP TRIGGER log_record_not_changed; DROP TRIGGER log_record_not_deleted").unwrap();
    raw.execute_batch(sql).unwrap();
}

fn digest_of(path: PathBuf) -> Digest {
    Digest::of_stream(fs::File::open(path).unwrap()).unwrap()
}

#[test]
fn a_log_whose_chain_is_broken_is_succeeded_and_its_open_run_goes_on() {
    let (home, estate) = paused_at_a_consent();
    let entries = info(&home)["entries"].as_u64().unwrap();
    let log = info(&home)["log"].as_str().unwrap().to_owned();
    damage(&home, &format!("UPDATE log_record SET leaf = zeroblob(32) WHERE seq = {}", entries - 2));
    let damaged = digest_of(home.usual_store());
    let examined = home.callout(["doctor"]).run().exits(1).stdout;
    assert!(examined.contains("the chain is broken") && examined.contains("store succeed"), "{examined}");

    let told = said(&home, &["store", "succeed"]);
    let (run, state) = only_run(&home);
    assert!(told.contains(&damaged.to_string()) && told.contains(&format!("store release {run}")), "{told}");
    assert_eq!((digest_of(aside(&home)), state.as_str()), (damaged, "cut"));
    let verdict = said(&home, &["audit", "verify"]);
    assert!(verdict.contains("continued, not intact"), "{verdict}");
    assert!(verdict.contains(&format!("{} entries of the log {log} are whole of {entries}", entries - 2)), "{verdict}");
    assert!(verdict.contains(&damaged.to_string()), "{verdict}");
    assert_ne!(info(&home)["log"].as_str(), Some(log.as_str()));

    home.callout(RESUME).run().exits(3);
    assert_eq!(estate.changes(), [], "nothing was sent before somebody looked");
    said(&home, &["store", "release", &run, "--reason", "nothing had been done"]);
    home.callout(RESUME).run().succeeded();
    assert_eq!((estate.count("PUT", "/secrets/"), estate.ours()), (1, 1));
    said(&home, &["doctor"]);
    let text = said(&home, &["show", &run]);
    assert!(text.contains("key-rotation"), "{text}");
    home.callout(["store", "succeed"]).run().exits(2);
}

#[test]
fn an_open_intent_of_a_damaged_log_is_in_doubt_in_its_successor_and_probed_not_sent() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.fault("PUT", "/secrets/", 1, &json!("hold"));
    let run = home.callout(["run", "key-rotation", "--headless", "--yes", "destructive", "--speed", "max"]).spawn();
    estate.wait_for_held();
    let _ = run.kill9();
    let (run, _) = only_run(&home);
    said(&home, &["note", &run, "this note will be damaged"]);
    damage(
        &home,
        "UPDATE log_record SET body = replace(body, '\"note', '\"n0te'), leaf = zeroblob(32) WHERE seq = (SELECT max(seq) FROM log_record)",
    );
    said(&home, &["store", "succeed"]);
    assert_eq!(info(&home)["open_intents"].as_u64(), Some(1));
    said(&home, &["store", "release", &run, "--reason", "the vault has a new version"]);
    estate.release();
    let resumed = home.callout(RESUME).run().succeeded().stdout;
    assert!(resumed.contains("it happened") && !resumed.contains("(attempt 2)"), "{resumed}");
    assert_eq!((estate.count("PUT", "/secrets/"), estate.ours()), (1, 1));
}

#[test]
fn a_store_that_cannot_be_read_at_all_is_succeeded_by_what_its_mark_remembers() {
    let (home, _estate) = paused_at_a_consent();
    let log = info(&home)["log"].as_str().unwrap().to_owned();
    let mut bytes = fs::read(home.usual_store()).unwrap();
    bytes[..4096].fill(0);
    fs::write(home.usual_store(), &bytes).unwrap();
    let damaged = digest_of(home.usual_store());
    let examined = home.callout(["doctor"]).run().exits(1).stdout;
    assert!(examined.contains("store succeed"), "{examined}");
    said(&home, &["store", "succeed"]);
    assert_eq!(digest_of(aside(&home)), damaged);
    let verdict = said(&home, &["audit", "verify"]);
    assert!(verdict.contains("nothing could be read") && verdict.contains(&log), "{verdict}");
    home.callout(["run", "key-rotation", "--headless", "--yes", "destructive", "--speed", "max"]).run().succeeded();
}

#[test]
fn pages_that_are_lost_in_the_middle_cost_what_stood_there_and_later() {
    let (home, _estate) = paused_at_a_consent();
    let mut bytes = fs::read(home.usual_store()).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 4096].fill(0xff);
    fs::write(home.usual_store(), &bytes).unwrap();
    home.callout(["doctor"]).run().exits(1);
    said(&home, &["store", "succeed"]);
    let verdict = said(&home, &["audit", "verify"]);
    assert!(verdict.contains("continued, not intact"), "{verdict}");
    let entries = info(&home)["entries"].as_u64().unwrap();
    assert!(entries >= 2, "{entries}");
    home.callout(["run", "key-rotation", "--headless", "--yes", "destructive", "--speed", "max"]).run().succeeded();
}

#[test]
fn a_backup_takes_the_place_of_a_damaged_store_as_well() {
    let (home, estate) = paused_at_a_consent();
    said(&home, &["store", "backup", "copy.db"]);
    let mut bytes = fs::read(home.usual_store()).unwrap();
    bytes[..4096].fill(0);
    fs::write(home.usual_store(), &bytes).unwrap();
    said(&home, &["store", "restore", "copy.db"]);
    let (run, state) = only_run(&home);
    assert_eq!(state, "cut", "the mark remembers one entry more");
    said(&home, &["store", "release", &run, "--reason", "only the copy had been noted"]);
    home.callout(RESUME).run().succeeded();
    assert_eq!(estate.count("PUT", "/secrets/"), 1);
}

#[test]
fn what_is_sound_or_no_store_at_all_is_not_succeeded() {
    let (home, _estate) = paused_at_a_consent();
    let refused = home.callout(["store", "succeed"]).run().exits(2);
    assert!(refused.stderr.contains("nothing is wrong"), "{}", refused.stderr);
    let list = home.desk().join("list.db");
    fs::write(&list, "a shopping list, ".repeat(100)).unwrap();
    home.callout(["store", "succeed", "--store", "list.db"]).run().exits(2);
    assert!(fs::read_to_string(&list).unwrap().starts_with("a shopping list"));
    home.callout(["store", "succeed", "--store", "nowhere.db"]).run().exits(2);
    let left: Vec<_> = fs::read_dir(home.desk()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}
