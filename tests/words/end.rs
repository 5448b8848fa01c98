//! The end of a run before its time, and the way back.

use serde_json::json;

use super::bench::{only_run, state};
use crate::support::{Estate, Home};

/// A rotation that has set its new version and then fails.
fn half_done(home: &Home) -> (Estate, String) {
    let estate = Estate::serve(home);
    estate.fault("POST", "/config/configreferences/", 1, &json!({"status": {"code": 403, "body": "json"}}));
    home.callout(["run", "key-rotation", "--headless", "--yes", "destructive", "--speed", "max"]).run().exits(1);
    let run = only_run(home);
    (estate, run)
}

#[test]
fn an_abort_says_beforehand_what_would_be_undone_and_undoes_it_only_if_asked() {
    let home = Home::new();
    let (estate, run) = half_done(&home);
    let told = home.callout(["abort", &run]).run().exits(5).stdout;
    assert!(told.contains("Stays as it is, and is not undone: new-version."), "{told}");
    assert!(told.contains("`--undo` would undo, in this order: new-version."), "{told}");
    assert_eq!(estate.ours(), 1);
    assert_eq!(state(&home), "aborted");
}

#[test]
fn an_abort_with_undo_rolls_a_run_back_that_nobody_holds() {
    let home = Home::new();
    let (_estate, run) = half_done(&home);
    let rolled = home.callout(["abort", &run, "--undo", "--headless", "--yes", "destructive", "--speed", "max"]).run();
    let told = rolled.exits(5).stdout;
    let said =
        told.find("Undone, in this order, each confirmed by itself:\n    1  new-version  by keyvault.secret.set");
    assert!(said < told.find("ROLLING BACK: new-version") && said.is_some(), "it is said beforehand: {told}");
    assert!(told.contains("was aborted and rolled back"), "{told}");
    assert_eq!(state(&home), "rolled_back");
}

#[test]
fn a_rollback_that_nobody_confirms_is_left_and_gone_on_with_later() {
    let home = Home::new();
    let (_estate, run) = half_done(&home);
    home.callout(["abort", &run, "--undo", "--headless", "--speed", "max"]).run().exits(3);
    home.callout(["resume", &run, "--headless", "--yes", "destructive", "--speed", "max"]).run().exits(5);
    assert_eq!(state(&home), "rolled_back");
}

#[test]
fn an_abort_ends_a_run_that_waits_for_a_time_and_one_that_is_being_rolled_back() {
    let home = Home::new();
    home.callout(["run", "key-rotation", "--headless", "--yes", "reversible"]).run().exits(3);
    home.callout(["abort", &only_run(&home)]).run().exits(5);
    assert_eq!(state(&home), "aborted");
    let home = Home::new();
    let (estate, run) = half_done(&home);
    home.callout(["abort", &run, "--undo", "--headless", "--speed", "max"]).run().exits(3);
    let told = home.callout(["abort", &run]).run().exits(5).stdout;
    assert!(told.contains("Stays as it is, and is not undone: new-version."), "{told}");
    assert_eq!((state(&home).as_str(), estate.ours()), ("aborted", 1));
}

#[test]
fn lines_offer_the_way_back_and_take_it() {
    let home = Home::new();
    let (_estate, run) = half_done(&home);
    let mut child = home.callout(["resume", &run, "--plain", "--speed", "max"]).spawn();
    child.wait_for("── refresh");
    child.say("abort");
    child.wait_for("1  new-version  by keyvault.secret.set");
    child.wait_for("Type `abort` once more to end the run, or `abort undo`");
    child.say("abort undo");
    child.wait_for("ROLLING BACK: new-version");
    child.wait_for("── new-version~undo");
}
