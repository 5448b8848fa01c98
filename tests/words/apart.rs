//! While nobody holds the run: it is taken for that moment, and left as it was.

use serde_json::json;

use super::bench::{ASK, of_kind, only_run, parked, state};
use crate::support::{Estate, Home};

const ROTATE: [&str; 7] = ["run", "key-rotation", "--headless", "--yes", "destructive", "--speed", "max"];
const RESUME: [&str; 6] = ["resume", "--headless", "--yes", "destructive", "--speed", "max"];

#[test]
fn an_answer_to_a_run_that_nobody_holds_leaves_it_paused() {
    let home = Home::new();
    let run = parked(&home, ASK);
    let said = home.callout(["answer", &run, "go", "yes"]).run().succeeded().stdout;
    assert!(said.contains("go decided with Enter: yes") && said.contains(&format!("`callout resume {run}`")), "{said}");
    assert_eq!(state(&home), "paused");
    assert!(of_kind(&home, "request.decide").is_empty(), "there was nobody to ask");
    assert_eq!(of_kind(&home, "run.taken").len(), 2);
    assert!(of_kind(&home, "run.continued").is_empty());
    home.callout(["audit", "verify"]).run().succeeded();
}

#[test]
fn a_gate_that_ends_the_run_ends_it_without_anybody_to_hold_it() {
    let home = Home::new();
    let run = parked(&home, ASK);
    home.callout(["answer", &run, "go", "no"]).run().succeeded();
    assert_eq!(state(&home), "aborted");
    assert!(home.callout(["answer", &run, "go", "yes"]).run().exits(2).stderr.contains("has ended already"));
}

#[test]
fn a_failed_step_is_tried_again_by_a_word_and_sends_nothing_twice() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.fault("PUT", "/secrets/", 1, &json!({"status": {"code": 403, "body": "json"}}));
    home.callout(ROTATE).run().exits(1);
    let run = only_run(&home);
    home.callout(["retry", &run, "new-version", "--reason", "the access policy was missing"]).run().succeeded();
    assert_eq!(estate.count("PUT", "/secrets/"), 1, "a word sends nothing");
    home.callout(RESUME).run().succeeded();
    assert_eq!((estate.count("PUT", "/secrets/"), estate.ours()), (2, 1));
    let told = home.callout(["timeline", &run]).run().succeeded().stdout;
    assert!(told.contains("note: new-version: the access policy was missing"), "{told}");
}

#[test]
fn a_failed_check_is_overridden_and_the_run_goes_on_with_a_deviation() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.fault("GET", "/health/ready", 1000, &json!({"status": {"code": 503, "body": "html"}}));
    let run = home.callout(["run", "rollback", "--headless", "--yes", "destructive", "--speed", "max"]).run();
    run.exits(1);
    let run = only_run(&home);
    let group = home.callout(["override", &run, "standby-redy", "--reason", "x"]).run().exits(2).stderr;
    assert!(group.contains("did you mean `standby-ready`?"), "{group}");
    home.callout(["override", &run, "standby-ready", "--reason", "its certificate is stale"]).run().succeeded();
    let told = home.callout(["timeline", &run]).run().succeeded().stdout;
    assert!(told.contains("OVERRIDDEN by a person: its certificate is stale"), "{told}");
}

#[test]
fn a_pause_of_a_run_that_nobody_holds_keeps_it_from_going_on_by_itself() {
    let home = Home::new();
    let run = parked(&home, ASK);
    home.callout(["answer", &run, "go", "yes"]).run().succeeded();
    home.callout(["pause", &run]).run().succeeded();
    let ticked = home.callout(["tick"]).run().succeeded().stdout;
    assert!(ticked.contains("paused by a person"), "{ticked}");
    assert_eq!(of_kind(&home, "step.readied").len(), 1, "the manual step was not begun");
}
