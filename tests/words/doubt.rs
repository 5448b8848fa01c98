//! An effect in doubt, and the words that a person has for it. Each stands in the timeline with its reason.

use serde_json::json;

use super::bench::{of_kind, only_run, state};
use crate::support::{Estate, Home};

/// A rollback whose swap was cut off: nobody knows whether the service took it.
fn in_doubt(home: &Home) -> (Estate, String) {
    let estate = Estate::serve(home);
    estate.fault("POST", "/slotsswap", 1, &json!("drop_before"));
    home.callout(["run", "rollback", "--headless", "--yes", "destructive", "--speed", "max"]).run().exits(4);
    let run = only_run(home);
    (estate, run)
}

/// A run whose change has happened without an answer, while nothing can be read that would tell.
fn happened_unseen(home: &Home, runbook: &str, method: &str, path: &str) -> (Estate, String) {
    let estate = Estate::serve(home);
    estate.fault(method, path, 1, &json!("hold"));
    let run = home.callout(["run", runbook, "--headless", "--yes", "destructive", "--speed", "max"]).spawn();
    estate.wait_for_held();
    estate.fault("GET", "", 1000, &json!({"status": {"code": 403, "body": "json"}}));
    let _ = run.kill9();
    home.callout(RESUME).run().exits(4);
    estate.release();
    let run = only_run(home);
    (estate, run)
}

const RESUME: [&str; 6] = ["resume", "--headless", "--yes", "destructive", "--speed", "max"];

fn timeline(home: &Home) -> String {
    home.callout(["timeline"]).run().succeeded().stdout
}

#[test]
fn what_happened_is_adopted_and_not_sent_again() {
    let home = Home::new();
    let (estate, run) = in_doubt(&home);
    home.callout(["resolve", &run, "swap", "adopt", "--reason", "seen in the portal"]).run().succeeded();
    assert!(of_kind(&home, "effect.reconciled").iter().any(|entry| entry["data"]["by"] == "person"));
    let told = timeline(&home);
    assert!(
        told.contains("no longer in doubt (by a person): it happened") && told.contains("seen in the portal"),
        "{told}"
    );
    // It did not happen in truth, so the checks after it say so; nothing is sent to make it true.
    home.callout(RESUME).run().exits(1);
    assert_eq!(estate.count("POST", "/slotsswap"), 1);
}

#[test]
fn what_is_adopted_is_said_with_what_it_gave_and_later_steps_read_that() {
    let home = Home::new();
    let (estate, run) = happened_unseen(&home, "key-rotation", "PUT", "/secrets/");
    let refused = home.callout(["resolve", &run, "new-version", "adopt"]).run().exits(2).stderr;
    assert!(refused.contains("later steps need what this one gives"), "{refused}");
    let strange = home.callout(["resolve", &run, "new-version", "adopt", "colour=red"]).run().exits(2).stderr;
    assert!(strange.contains("`colour`: the operation gives no such output"), "{strange}");
    let estate_has = estate.now()["secrets"]["session-secret"].as_array().unwrap().clone();
    let ours = estate_has.iter().find(|version| version["tags"].to_string().contains("callout-attempt")).unwrap();
    let version = format!("version={}", ours["version"].as_str().unwrap());
    let adopt = ["resolve", &run, "new-version", "adopt", &version, "--reason", "read in the portal"];
    home.callout(adopt).run().succeeded();
    assert!(timeline(&home).contains("read in the portal"), "{}", timeline(&home));
    // What was disabled in the end are the others, and the consumers were moved to what was typed.
    home.callout(RESUME).run().succeeded();
    assert_eq!((estate.count("PUT", "/secrets/"), estate.ours()), (1, 1));
    let enabled: Vec<_> = estate.versions().into_iter().filter(|version| version.enabled).collect();
    assert!(enabled.len() == 1 && enabled[0].tags.to_string().contains("callout-attempt"), "{enabled:?}");
}

#[test]
fn what_did_not_happen_is_sent_again_after_its_read_back_and_a_new_consent() {
    let home = Home::new();
    let (estate, run) = in_doubt(&home);
    let refused = home.callout(["resolve", &run, "swap", "did-not"]).run().exits(2).stderr;
    assert!(refused.contains("`chatbot-web` must be typed for this"), "{refused}");
    let again = ["resolve", &run, "swap", "did-not", "--typed", "chatbot-web", "--reason", "no event in the portal"];
    home.callout(again).run().succeeded();
    let told = timeline(&home);
    assert!(told.contains("by a person: it did not happen") && told.contains("no event in the portal"), "{told}");
    assert_eq!(estate.count("POST", "/slotsswap"), 1, "a word sends nothing");
    home.callout(RESUME).run().succeeded();
    assert_eq!((estate.count("POST", "/slotsswap"), estate.build("production").as_str()), (2, "4711"));
}

#[test]
fn what_may_have_happened_is_undone_whatever_became_of_it() {
    let home = Home::new();
    let (estate, run) = happened_unseen(&home, "rollback", "POST", "/slotsswap");
    estate.advance(120);
    assert_eq!(estate.build("production"), "4711", "it has happened in truth");
    home.callout(["resolve", &run, "swap", "undo", "--reason", "the other build was right"]).run().succeeded();
    // The step counts as failed until a person says how to go on.
    home.callout(RESUME).run().exits(1);
    assert_eq!((estate.count("POST", "/slotsswap"), estate.build("production").as_str()), (2, "4720"));
    let told = timeline(&home);
    for part in ["swap UNDOING", "the other build was right", "swap~undo/1 sends POST", "swap undone"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let shown = home.callout(["show", &run]).run().succeeded().stdout;
    assert!(!shown.contains("IN DOUBT"), "{shown}");
}

#[test]
fn what_was_done_by_hand_is_a_deviation() {
    let home = Home::new();
    let (estate, run) = in_doubt(&home);
    home.callout(["resolve", &run, "swap", "by-hand", "--reason", "swapped in the portal"]).run().succeeded();
    // Nobody has swapped anything in truth, and what must hold afterwards is still looked at.
    home.callout(RESUME).run().exits(1);
    let told = timeline(&home);
    assert!(told.contains("DONE BY HAND") && told.contains("swapped in the portal"), "{told}");
    assert_eq!(estate.count("POST", "/slotsswap"), 1);
}

#[test]
fn a_step_that_is_given_up_has_failed_and_the_doubt_stays_even_after_the_end() {
    let home = Home::new();
    let (_estate, run) = in_doubt(&home);
    home.callout(["resolve", &run, "swap", "give-up", "--reason", "nobody knows"]).run().succeeded();
    assert!(timeline(&home).contains("nobody knows"));
    home.callout(["abort", &run]).run().exits(4);
    assert_eq!(state(&home), "aborted");
    // Whatever is written after the end hides it no more than the end does.
    home.callout(["resume", &run, "--headless"]).run().exits(4);
    let list = home.callout(["runs"]).run().succeeded().stdout;
    assert!(list.contains("aborted, 1 IN DOUBT"), "{list}");
    let late = home.callout(["resolve", &run, "swap", "did-not", "--typed", "chatbot-web"]).run();
    late.succeeded();
    let shown = home.callout(["show", &run]).run().succeeded().stdout;
    assert!(!shown.contains("IN DOUBT"), "{shown}");
}
