//! An effect in doubt, and the four words that a person has for it.

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

const RESUME: [&str; 6] = ["resume", "--headless", "--yes", "destructive", "--speed", "max"];

#[test]
fn what_happened_is_adopted_and_not_sent_again() {
    let home = Home::new();
    let (estate, run) = in_doubt(&home);
    home.callout(["resolve", &run, "swap", "adopt", "--reason", "seen in the portal"]).run().succeeded();
    assert!(of_kind(&home, "effect.reconciled").iter().any(|entry| entry["data"]["by"] == "person"));
    // It did not happen in truth, so the checks after it say so; nothing is sent to make it true.
    home.callout(RESUME).run().exits(1);
    assert_eq!(estate.count("POST", "/slotsswap"), 1);
}

#[test]
fn what_did_not_happen_is_sent_again_after_its_read_back_and_a_new_consent() {
    let home = Home::new();
    let (estate, run) = in_doubt(&home);
    let refused = home.callout(["resolve", &run, "swap", "did-not"]).run().exits(2).stderr;
    assert!(refused.contains("`chatbot-web` must be typed for this"), "{refused}");
    home.callout(["resolve", &run, "swap", "did-not", "--typed", "chatbot-web"]).run().succeeded();
    assert_eq!(estate.count("POST", "/slotsswap"), 1, "a word sends nothing");
    home.callout(RESUME).run().succeeded();
    assert_eq!((estate.count("POST", "/slotsswap"), estate.build("production").as_str()), (2, "4711"));
}

#[test]
fn what_was_done_by_hand_is_a_deviation() {
    let home = Home::new();
    let (estate, run) = in_doubt(&home);
    home.callout(["resolve", &run, "swap", "by-hand", "--reason", "swapped in the portal"]).run().succeeded();
    // Nobody has swapped anything in truth, and what must hold afterwards is still looked at.
    home.callout(RESUME).run().exits(1);
    let told = home.callout(["timeline", &run]).run().succeeded().stdout;
    assert!(told.contains("DONE BY HAND"), "{told}");
    assert_eq!(estate.count("POST", "/slotsswap"), 1);
}

#[test]
fn a_step_that_is_given_up_has_failed_and_the_doubt_stays_even_after_the_end() {
    let home = Home::new();
    let (_estate, run) = in_doubt(&home);
    home.callout(["resolve", &run, "swap", "give-up", "--reason", "nobody knows"]).run().succeeded();
    home.callout(["abort", &run]).run().exits(4);
    assert_eq!(state(&home), "aborted");
    let late = home.callout(["resolve", &run, "swap", "did-not", "--typed", "chatbot-web"]).run();
    late.succeeded();
    let shown = home.callout(["show", &run]).run().succeeded().stdout;
    assert!(!shown.contains("IN DOUBT"), "{shown}");
}
