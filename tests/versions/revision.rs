//! `RUNBOOK@REV`: a text out of the object database.

use std::fs;

use serde_json::Value as Json;

use super::bench::{Bench, waiting};
use crate::support::home::Home;

/// `rest` at 1.0.0 (tag v1), 1.1.0 (branch `feature/next`), and 1.2.0 edited on the disk.
fn three() -> Bench {
    let bench = Bench::with_rest();
    bench.tag("v1");
    bench.write("rest", &waiting("rest", "1.1.0"));
    let head = bench.commit(1);
    bench.repository.reference("refs/heads/feature/next", head, false, "").unwrap();
    bench.write("rest", &waiting("rest", "1.2.0"));
    bench
}

fn version(bench: &Bench, name: &str) -> String {
    let shown = bench.callout(["show", name]).run().succeeded().stdout;
    shown.split([' ', ':']).nth(1).unwrap().to_owned()
}

#[test]
fn a_revision_is_whatever_git_takes_for_a_commit() {
    let bench = three();
    let short = bench.repository.head().unwrap().target().unwrap().to_string()[..8].to_owned();
    for (revision, expected) in
        [("v1", "1.0.0"), ("HEAD", "1.1.0"), ("HEAD~1", "1.0.0"), ("main", "1.1.0"), ("feature/next", "1.1.0")]
    {
        assert_eq!(version(&bench, &format!("rest@{revision}")), expected, "{revision}");
    }
    assert_eq!(version(&bench, &format!("rest@{short}")), "1.1.0");
    assert_eq!(version(&bench, "./runbooks/rest.yaml@v1"), "1.0.0");
    assert_eq!(version(&bench, "rest"), "1.2.0");
    let shown = bench.callout(["show", "rest@v1"]).run().succeeded().stdout;
    assert!(shown.contains("clean") && shown.contains("Tag         v1"), "{shown}");
}

#[test]
fn the_text_comes_from_the_database_even_if_the_file_is_gone() {
    let bench = three();
    fs::remove_file(bench.file("rest")).unwrap();
    assert_eq!(version(&bench, "rest@v1"), "1.0.0");
    bench.callout(["show", "rest"]).run().exits(2);
    let head = bench.repository.head().unwrap().target().unwrap();
    bench.repository.set_head_detached(head).unwrap();
    assert_eq!(version(&bench, "rest@HEAD~1"), "1.0.0");
}

#[test]
fn a_file_whose_name_has_an_at_sign_is_that_file() {
    let bench = Bench::with_rest();
    fs::write(bench.folder().join("rest@v1.yaml"), waiting("rest", "9.0.0")).unwrap();
    let refused = bench.callout(["show", "./rest@v1.yaml"]).run().exits(1).stderr;
    assert!(refused.contains("RB108"), "{refused}");
}

#[test]
fn an_at_sign_in_the_name_of_a_folder_is_not_where_the_revision_begins() {
    let bench = three();
    let folder = bench.folder().join("me@home.yaml@old");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("rest.yaml"), waiting("rest", "7.0.0")).unwrap();
    assert_eq!(version(&bench, "me@home.yaml@old/rest.yaml"), "7.0.0");
    let said = |name: &str| bench.callout(["show", name]).run().exits(2).stderr;
    let gone = said("me@home/gone.yaml");
    assert!(gone.contains("me@home/gone.yaml` is not there"), "{gone}");
    let uncommitted = said("me@home.yaml@old/rest.yaml@v1");
    assert!(uncommitted.contains("rest.yaml` is not in"), "{uncommitted}");
    let plain = said("./me@home/gone");
    assert!(plain.contains("me@home/gone` is not there"), "{plain}");
}

#[test]
fn what_is_no_revision_gets_a_sentence_and_the_nearest_name() {
    let bench = three();
    bench.tag("v1.10.0");
    let said = |name: &str| bench.callout(["plan", name]).run().exits(2).stderr;
    let near = said("rest@v1.1O.0");
    assert!(near.contains("git knows no commit by the name `v1.1O.0`"), "{near}");
    assert!(near.contains("did you mean `rest@v1.10.0`?"), "{near}");
    assert!(said("rest@").contains("write `rest@REV`"));
    assert!(said("rest@HEAD:runbooks").contains("git knows no commit"));
    assert!(said("rest@HEAD~99").contains("git knows no commit"));
    let absent = said("rset@v1");
    assert!(absent.contains("is not in") && absent.contains("did you mean `rest`?"), "{absent}");
    assert!(said("./rest.yaml@v1").contains("is not in"));
    let home = Home::new();
    let built_in = home.callout(["plan", "key-rotation@v1"]).run().exits(2).stderr;
    assert!(built_in.contains("is built in, and has no revision"), "{built_in}");
    fs::create_dir_all(home.desk().join("plain/runbooks")).unwrap();
    let plain = home.callout(["plan", "rest@v1"]).folder(home.desk().join("plain")).run().exits(2).stderr;
    assert!(plain.contains("no git repository"), "{plain}");
}

#[test]
fn a_run_of_a_revision_pins_its_commit_and_blob_and_stores_its_text() {
    let bench = three();
    let commit = bench.repository.revparse_single("v1").unwrap().id().to_string();
    let text = waiting("rest", "1.0.0");
    let blob = git2::Oid::hash_object(git2::ObjectType::Blob, text.as_bytes()).unwrap().to_string();
    let store = bench.home.store();
    let args = ["run", "rest@v1", "--headless", "--speed", "max", "--store"];
    let told = bench.callout(args).args([&store]).run().succeeded().stdout;
    assert!(told.contains(&format!("{} clean", &commit[..7])), "{told}");
    let log = bench.callout(["audit", "export", "--store"]).args([&store]).run().succeeded().stdout;
    let planned: Json = serde_json::from_str(log.lines().find(|line| line.contains("run.planned")).unwrap()).unwrap();
    let revision = &planned["data"]["plan"]["revision"];
    assert_eq!((&revision["origin"]["commit"], &revision["origin"]["blob"]), (&commit.into(), &blob.into()));
    assert_eq!(revision["origin"]["dirty"], false);
    assert_eq!(revision["text"], callout::journal::text_digest(&text).to_string());
    assert!(!bench.home.files_with(b"version: 1.0.0\ntitle: Wait").is_empty(), "the store has the text");

    // The file as it is was edited, and the run says so.
    let told = bench.callout(["run", "rest", "--headless", "--speed", "max", "--store"]).args([&store]).run();
    assert!(told.succeeded().stdout.contains(" dirty"));
}
