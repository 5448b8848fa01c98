//! Runbooks with every part of the language: checked, planned and rehearsed.

use std::fs;
use std::path::Path;

use crate::support::home::Home;

/// A home with a library of the runbooks that use every key.
fn home() -> Home {
    let home = Home::new();
    let library = home.desk().join("library/runbooks");
    fs::create_dir_all(&library).unwrap();
    let good = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check/good");
    for entry in fs::read_dir(good).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, library.join(path.file_name().unwrap())).unwrap();
    }
    home
}

const INPUTS: [&str; 10] = [
    "--library",
    "library",
    "-i",
    "vault=chatbot-kv",
    "-i",
    "secret=session-secret",
    "-i",
    "app=chatbot-web",
    "-i",
    "consumers=chatbot-web,chatbot-worker",
];

#[test]
fn a_runbook_that_nests_another_is_checked_with_it_alone_or_in_its_folder() {
    let home = home();
    assert!(home.callout(["check", "--library", "library"]).run().succeeded().stdout.ends_with(": 1 note\n"));
    let alone = home.callout(["check", "library/runbooks/every-key.yaml"]).run().succeeded();
    assert!(alone.stdout.ends_with("\n1 runbook: 1 note\n"), "{}", alone.stdout);
    assert!(home.callout(["list", "--library", "library"]).run().succeeded().stdout.contains("Use every key"));
    fs::remove_file(home.desk().join("library/runbooks/inner.yaml")).unwrap();
    let refused = home.callout(["check", "library/runbooks/every-key.yaml"]).run().exits(1);
    assert!(refused.stdout.contains("error[RB218]: there is no runbook `inner`"), "{}", refused.stdout);
}

#[test]
fn every_part_of_the_language_is_planned_and_can_be_rehearsed() {
    let home = home();
    let planned = home.callout(["plan", "every-key"].into_iter().chain(INPUTS)).run().succeeded();
    assert!(planned.stdout.contains("Disable the old version"), "{}", planned.stdout);
    home.callout(["plan", "every-key", "--format", "json"].into_iter().chain(INPUTS)).run().succeeded();
    let rehearsed = home.callout(["run", "every-key", "--headless", "--mode", "rehearsal"].into_iter().chain(INPUTS));
    let said = rehearsed.run().exits(3).stdout;
    assert!(said.contains("── ask ──"), "it goes as far as nobody is needed: {said}");
}
