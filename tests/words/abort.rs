//! An abort in every state of a run: what is said beforehand, how it ends, that nothing is sent after it, and that no doubt
//! is hidden.

use serde_json::{Value as Json, json};

use super::bench::{ASK, of_kind, only_run, parked, runbook};
use crate::support::{Child, Estate, Home};

const ROTATE: [&str; 4] = ["run", "key-rotation", "--headless", "--yes"];
const ROLL_BACK: [&str; 5] = ["run", "rollback", "--headless", "--yes", "destructive"];

/// A run in some state, in an estate that is served.
struct Reached {
    estate: Estate,
    run: String,
    /// Who holds it, if anybody does.
    holder: Option<Child>,
}

impl Reached {
    fn held_by_nobody(home: &Home, estate: Estate) -> Self {
        Self { estate, run: only_run(home), holder: None }
    }

    fn held(home: &Home, estate: Estate, holder: Child) -> Self {
        Self { estate, run: only_run(home), holder: Some(holder) }
    }
}

/// What an abort is to come to.
struct Expected<'a> {
    /// What is said before anything is done.
    beforehand: &'a [&'a str],
    /// The exit code of the process that ends the run.
    exit: i32,
    /// The steps that stand, as the end of the run tells them.
    standing: &'a [&'a str],
    /// The steps that stay in doubt.
    in_doubt: &'a [&'a str],
}

/// Aborts, lets the world go on as `then` says, and looks at what has become of it.
fn abort(home: &Home, reached: Reached, options: &[&str], then: impl FnOnce(&Estate), expected: &Expected) {
    let Reached { estate, run, holder } = reached;
    let before = estate.changes().len();
    let told = match holder {
        None => {
            let aborting = home.callout(["abort", &run]).args(options).spawn();
            aborting.wait_for(expected.beforehand[0]);
            then(&estate);
            aborting.wait().exits(expected.exit).stdout
        }
        Some(holder) => {
            let told = home.callout(["abort", &run]).args(options).run().succeeded().stdout;
            assert!(told.contains("is asked to end") && told.contains("What is in flight is waited for."), "{told}");
            then(&estate);
            holder.wait_with_stdin_open().exits(expected.exit);
            told
        }
    };
    let (mut at, mut rest) = (0, told.as_str());
    for said in expected.beforehand {
        let found = rest.find(said).unwrap_or_else(|| panic!("{said:?} is not said, or not in order: {told}"));
        (at, rest) = (at + found, &rest[found..]);
    }
    // What is said beforehand stands before the run is told to be aborted.
    assert!(told.find("ABORTING").is_none_or(|aborting| at < aborting), "{told}");
    let after = estate.changes().len();
    assert_eq!(after, before, "nothing is sent after it: {:?}", estate.changes());
    ended(home, &run, expected);
}

/// The run has ended, and tells everywhere what it has left.
fn ended(home: &Home, run: &str, expected: &Expected) {
    let runs: Json = serde_json::from_str(&home.callout(["runs", "--json"]).run().succeeded().stdout).unwrap();
    assert_eq!((runs[0]["state"].as_str(), runs[0]["open"].as_bool()), (Some("aborted"), Some(false)), "{runs}");
    assert_eq!(runs[0]["in_doubt"], expected.in_doubt.len(), "{runs}");
    let [end] = &of_kind(home, "run.finished")[..] else { panic!("it ends once") };
    assert_eq!(end["data"]["standing"].as_array().map(Vec::as_slice).unwrap_or_default(), expected.standing, "{end}");
    assert_eq!(end["data"]["in_doubt"].as_array().map(Vec::as_slice).unwrap_or_default(), expected.in_doubt, "{end}");
    let shown = home.callout(["show", run]).run().succeeded().stdout;
    assert_eq!(shown.contains("IN DOUBT"), !expected.in_doubt.is_empty(), "{shown}");
    let list = home.callout(["runs"]).run().succeeded().stdout;
    assert_eq!(list.contains("IN DOUBT"), !expected.in_doubt.is_empty(), "{list}");
    home.callout(["audit", "verify"]).run().succeeded();
}

const NOTHING: Expected = Expected {
    beforehand: &["Nothing was changed so far, so nothing is left to undo."],
    exit: 5,
    standing: &[],
    in_doubt: &[],
};

#[test]
fn while_every_change_is_pending() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.fault("GET", "/secrets/", 1, &json!("hold"));
    let run = home.callout(ROTATE).args(["destructive", "--speed", "max"]).spawn();
    estate.wait_for_held();
    let _ = run.kill9();
    abort(&home, Reached::held_by_nobody(&home, estate), &[], |_| (), &NOTHING);
}

#[test]
fn while_it_reads_and_is_held() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.fault("GET", "/secrets/", 1, &json!("hold"));
    let run = home.callout(ROTATE).args(["destructive", "--speed", "max"]).spawn();
    estate.wait_for_held();
    // A reading changes nothing, so nobody waits for it.
    abort(&home, Reached::held(&home, estate, run), &[], |_| (), &NOTHING);
}

#[test]
fn while_it_awaits_a_confirmation() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    home.callout(["run", "key-rotation", "--headless", "--speed", "max"]).run().exits(3);
    abort(&home, Reached::held_by_nobody(&home, estate), &[], |_| (), &NOTHING);
}

#[test]
fn while_it_awaits_a_confirmation_of_its_holder() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let run = home.callout(["run", "key-rotation", "--plain"]).spawn();
    run.wait_for("Enter confirms");
    abort(&home, Reached::held(&home, estate, run), &[], |_| (), &NOTHING);
}

#[test]
fn while_it_awaits_a_person() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    parked(&home, ASK);
    abort(&home, Reached::held_by_nobody(&home, estate), &[], |_| (), &NOTHING);
}

#[test]
fn while_it_awaits_a_time() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    home.callout(ROTATE).args(["reversible"]).run().exits(3);
    let consumers = ["refresh[chatbot-web/staging]", "refresh[chatbot-web]", "refresh[chatbot-worker]"];
    let standing: Vec<&str> = ["new-version"].into_iter().chain(consumers).collect();
    let expected = Expected {
        beforehand: &[
            "Stays as it is, and is not undone: new-version, refresh[",
            "`--undo` would undo, in this order:",
        ],
        standing: &standing,
        ..NOTHING
    };
    abort(&home, Reached::held_by_nobody(&home, estate), &[], |_| (), &expected);
}

#[test]
fn while_it_awaits_the_time_of_another_try() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let text = "\
runbook: again
format: 1
version: 1.0.0
title: Again
parameters: {app: {type: webapp}}
steps:
  - id: refresh
    title: Refresh
    action: webapp.references.refresh
    with: {app: '${{ inputs.app }}'}
    retry: {attempts: 5, delay: 1h, max_delay: 2h, only_on: [throttled]}
";
    let busy = json!({"status": {"code": 429, "body": "json", "retry_after": 3600}});
    estate.fault("POST", "/config/configreferences/", 9, &busy);
    let file = runbook(&home, text);
    home.callout(["run", &file, "-i", "app=chatbot-web", "--headless", "--yes", "destructive"]).run().exits(3);
    abort(&home, Reached::held_by_nobody(&home, estate), &[], |_| (), &NOTHING);
}

#[test]
fn while_an_effect_is_in_flight_it_is_waited_for() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.fault("PUT", "/secrets/", 1, &json!("hold"));
    let run = home.callout(ROTATE).args(["destructive", "--speed", "max"]).spawn();
    estate.wait_for_held();
    let expected = Expected {
        beforehand: &["In flight, and waited for; what comes of it stays as it is: new-version."],
        standing: &["new-version"],
        ..NOTHING
    };
    abort(&home, Reached::held(&home, estate, run), &[], Estate::release, &expected);
}

#[test]
fn while_a_long_operation_runs_it_is_followed_to_its_end() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let run = home.callout(ROLL_BACK).spawn();
    estate.wait_for("a question about the swap", |request| request.path.contains("/operationresults/"));
    let expected = Expected {
        beforehand: &["In flight, and waited for; what comes of it stays as it is: swap."],
        standing: &["swap"],
        ..NOTHING
    };
    abort(&home, Reached::held(&home, estate, run), &[], |estate| estate.advance(120), &expected);
}

#[test]
fn while_a_long_operation_runs_and_its_holder_is_gone() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let run = home.callout(ROLL_BACK).spawn();
    estate.wait_for("a question about the swap", |request| request.path.contains("/operationresults/"));
    let _ = run.kill9();
    let expected = Expected {
        beforehand: &["In flight, and waited for; what comes of it stays as it is: swap."],
        standing: &["swap"],
        ..NOTHING
    };
    abort(&home, Reached::held_by_nobody(&home, estate), &[], |estate| estate.advance(120), &expected);
}

#[test]
fn while_something_is_in_doubt_the_doubt_stays() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.fault("POST", "/slotsswap", 1, &json!("drop_before"));
    home.callout(ROLL_BACK).args(["--speed", "max"]).run().exits(4);
    let expected = Expected {
        beforehand: &["Stays in doubt: swap; `callout resolve "],
        exit: 4,
        standing: &[],
        in_doubt: &["swap"],
    };
    abort(&home, Reached::held_by_nobody(&home, estate), &[], |_| (), &expected);
}

#[test]
fn while_a_rollback_waits_for_a_person() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    half_done(&home, &estate);
    home.callout(["abort", &only_run(&home), "--undo", "--headless", "--speed", "max"]).run().exits(3);
    let expected = Expected {
        beforehand: &["Stays as it is, and is not undone: new-version."],
        standing: &["new-version"],
        ..NOTHING
    };
    abort(&home, Reached::held_by_nobody(&home, estate), &[], |_| (), &expected);
}

#[test]
fn while_an_undo_is_in_flight() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    half_done(&home, &estate);
    estate.fault("PUT", "/secrets/", 1, &json!("hold"));
    let undoing = ["--undo", "--headless", "--yes", "destructive", "--speed", "max"];
    let run = home.callout(["abort", &only_run(&home)]).args(undoing).spawn();
    estate.wait_for_held();
    let expected = Expected {
        beforehand: &[
            "Stays as it is, and is not undone: new-version.",
            "In flight, and waited for; what comes of it stays as it is: new-version~undo/1.",
        ],
        standing: &["new-version"],
        ..NOTHING
    };
    abort(&home, Reached::held(&home, estate, run), &[], Estate::release, &expected);
}

#[test]
fn while_it_is_paused() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let run = parked(&home, ASK);
    home.callout(["pause", &run]).run().succeeded();
    abort(&home, Reached::held_by_nobody(&home, estate), &[], |_| (), &NOTHING);
}

#[test]
fn while_it_is_paused_in_the_hands_of_somebody() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let file = runbook(&home, ASK);
    let child = home.callout(["run", &file, "--plain"]).spawn();
    child.wait_for("── go ──");
    home.callout(["pause", &only_run(&home)]).run().succeeded();
    child.wait_for("paused: somebody asked for it");
    abort(&home, Reached::held(&home, estate, child), &[], |_| (), &NOTHING);
}

#[test]
fn after_a_failure() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    half_done(&home, &estate);
    let expected = Expected {
        beforehand: &["Stays as it is, and is not undone: new-version."],
        standing: &["new-version"],
        ..NOTHING
    };
    abort(&home, Reached::held_by_nobody(&home, estate), &[], |_| (), &expected);
}

#[test]
fn while_nothing_of_the_cloud_answers_a_long_operation_is_left_in_doubt() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let run = home.callout(ROLL_BACK).spawn();
    estate.wait_for("a question about the swap", |request| request.path.contains("/operationresults/"));
    let _ = run.kill9();
    estate.fault("GET", "", 10_000, &json!("drop_before"));
    let expected = Expected {
        beforehand: &["In flight, and waited for; what comes of it stays as it is: swap."],
        exit: 4,
        standing: &[],
        in_doubt: &["swap"],
    };
    abort(&home, Reached::held_by_nobody(&home, estate), &["--speed", "max"], |_| (), &expected);
}

#[test]
fn while_nothing_of_the_cloud_answers_and_an_effect_was_in_flight() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.fault("PUT", "/secrets/", 1, &json!("hold"));
    let run = home.callout(ROTATE).args(["destructive"]).spawn();
    estate.wait_for_held();
    // The simulator itself is gone, with its clock.
    estate.kill9();
    run.wait_for("IN DOUBT");
    let id = only_run(&home);
    let told = home.callout(["abort", &id]).run().succeeded().stdout;
    assert!(told.contains("doubt") && told.contains(": new-version"), "{told}");
    run.wait_with_stdin_open().exits(4);
    let expected = Expected { beforehand: &[], exit: 4, standing: &[], in_doubt: &["new-version"] };
    ended(&home, &id, &expected);
    // It had happened; a person who sees that may say so even now.
    let estate = Estate::serve(&home);
    assert_eq!((estate.ours(), estate.count("PUT", "")), (1, 1));
}

/// A rotation that has set its new version and then fails.
fn half_done(home: &Home, estate: &Estate) {
    estate.fault("POST", "/config/configreferences/", 1, &json!({"status": {"code": 403, "body": "json"}}));
    home.callout(ROTATE).args(["destructive", "--speed", "max"]).run().exits(1);
}
