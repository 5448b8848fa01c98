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
fn happened_unseen(home: &Home, runbook: &[&str], method: &str, path: &str) -> (Estate, String) {
    let estate = Estate::serve(home);
    estate.fault(method, path, 1, &json!("hold"));
    let run = home.callout(["run"]).args(runbook);
    let run = run.args(["--headless", "--yes", "destructive", "--speed", "max"]).spawn();
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
    let (estate, run) = happened_unseen(&home, &["key-rotation"], "PUT", "/secrets/");
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
    let text = "\
runbook: settle
format: 1
version: 1.0.0
title: Set a secret
parameters: {vault: {type: keyvault}}
steps:
  - {id: before, title: Before, check: keyvault.secret.versions, with: {vault: '${{ inputs.vault }}', name: session-secret}}
  - id: set
    title: Set it
    needs: [before]
    action: keyvault.secret.set
    with: {vault: '${{ inputs.vault }}', name: session-secret, value: {generate: {bytes: 32, encoding: base64url}}}
    undo:
      - action: keyvault.secret.set
        with:
          vault: '${{ inputs.vault }}'
          name: session-secret
          value: {version_of: '${{ steps.before.outputs.current }}'}
";
    let home = Home::new();
    let file = super::bench::runbook(&home, text);
    let (estate, run) = happened_unseen(&home, &[&file, "-i", "vault=chatbot-kv"], "PUT", "/secrets/");
    assert_eq!(estate.ours(), 1, "it has happened in truth");
    home.callout(["resolve", &run, "set", "undo", "--reason", "the old one was right"]).run().succeeded();
    // The step counts as failed until a person says how to go on.
    home.callout(RESUME).run().exits(1);
    assert_eq!(estate.count("PUT", "/secrets/"), 2);
    let told = timeline(&home);
    for part in ["set UNDOING", "the old one was right", "set~undo/1 sends PUT", "set undone", "no longer in doubt: "] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let shown = home.callout(["show", &run]).run().succeeded().stdout;
    assert!(!shown.contains("IN DOUBT"), "{shown}");
}

#[test]
fn a_swap_in_doubt_is_not_swapped_back_before_somebody_says_that_it_happened() {
    let home = Home::new();
    let (estate, run) = happened_unseen(&home, &["rollback"], "POST", "/slotsswap");
    let refused = home.callout(["resolve", &run, "swap", "undo"]).run().exits(2).stderr;
    assert!(refused.contains("say first whether it did"), "{refused}");
    assert_eq!(estate.count("POST", "/slotsswap"), 1);
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

#[test]
fn what_no_probe_can_tell_is_looked_up_in_the_activity_log_and_left_to_the_person() {
    let text = "\
runbook: again
format: 1
version: 1.0.0
title: Restart
parameters: {app: {type: webapp, default: chatbot-web}}
steps:
  - id: restart
    title: Restart
    action: webapp.restart
    with: {app: '${{ inputs.app }}'}
    verify: [{check: webapp.health, with: {app: '${{ inputs.app }}', path: /health/ready}}]
";
    // With and without a trace: the one was carried out, the other never arrived.
    let said = ["drop_after", "drop_before"].map(|blow| {
        let home = Home::new();
        let estate = Estate::serve(&home);
        let file = super::bench::runbook(&home, text);
        estate.fault("POST", "/restart", 1, &json!(blow));
        let run = ["run", &file, "--headless", "--yes", "destructive", "--speed", "max"];
        let said = home.callout(run).run().exits(4).stdout;
        assert!(said.contains("STILL IN DOUBT (probe): Resource Manager does not tell"), "{said}");
        assert_eq!(estate.count("POST", "/restart"), 1, "what the log says sends nothing");
        said
    });
    assert!(said[0].contains("the Activity Log has our request: "), "{}", said[0]);
    assert!(said[0].contains("Microsoft.Web/sites/restart/Action Succeeded"), "{}", said[0]);
    assert!(said[1].contains("the Activity Log tells of no change so far; it is minutes behind"), "{}", said[1]);
}
