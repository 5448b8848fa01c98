//! A secret that has leaked: it is taken away first, and its apps are moved after that.

use serde_json::{Value as Json, json};

use crate::db_restore::take_back;
use crate::support::{Estate, Home};

const REPLACE: [&str; 7] = ["run", "key-rotation-leaked", "--headless", "--yes", "destructive", "--speed", "max"];

#[test]
fn the_leaked_versions_are_disabled_before_any_app_is_moved_and_nothing_is_waited_for() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let began = estate.now()["now"].as_str().unwrap().to_owned();
    home.callout(REPLACE).run().succeeded();
    let changes: Vec<String> = estate.changes().iter().map(|change| change.method.clone()).collect();
    assert_eq!(changes, ["PUT", "PATCH", "PATCH", "POST", "POST", "POST"]);
    let enabled: Vec<bool> = estate.versions().iter().map(|version| version.enabled).collect();
    assert_eq!(enabled, [false, false, true]);
    for app in ["chatbot-web", "chatbot-web-staging", "chatbot-worker"] {
        assert_eq!(estate.health(app), 200, "{app}");
    }
    let ended = estate.now()["now"].as_str().unwrap().to_owned();
    assert_eq!(began[..11], ended[..11], "there is no day in between");
}

#[test]
fn a_credential_from_elsewhere_is_revoked_by_a_person_before_anything_is_changed() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let waiting = home.callout(REPLACE).args(["-i", "issuer=elsewhere"]).run().exits(3);
    assert!(waiting.stdout.contains("Revoke the credential behind session-secret at its issuer"), "{}", waiting.stdout);
    assert!(estate.changes().is_empty());
    let told = home.callout(["abort", &latest(&home)]).run().exits(5).stdout;
    assert!(told.contains("Nothing was changed so far"), "nobody has revoked it yet: {told}");
}

/// The id of a home's latest run.
fn latest(home: &Home) -> String {
    let runs: Json = serde_json::from_str(&home.callout(["runs", "--json"]).run().succeeded().stdout).unwrap();
    runs[0]["short"].as_str().unwrap().to_owned()
}

#[test]
fn a_credential_that_a_person_has_revoked_is_not_taken_for_nothing_when_the_run_is_ended() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    home.callout(REPLACE).args(["-i", "issuer=elsewhere"]).run().exits(3);
    home.callout(["answer", &latest(&home), "revoke"]).run().succeeded();
    let told = home.callout(["abort", &latest(&home)]).run().exits(5).stdout;
    assert!(told.contains("This run itself has changed nothing so far"), "{told}");
    assert!(told.contains("Done by people, who alone can take back what it changed: revoke."), "{told}");
    assert!(estate.changes().is_empty());
}

#[test]
fn whoever_ends_it_in_the_middle_is_told_what_is_left_and_no_undo_brings_the_leaked_value_back() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    // The second app cannot be moved.
    let rule = json!({"method": "POST", "path": "/refresh", "skip": 1, "times": 9, "do": {"status": {"code": 403}}});
    estate.control("POST", "faults", &rule);
    let failed = home.callout(REPLACE).run().exits(1);
    assert!(failed.stdout.contains("refresh[chatbot-web] FAILED"), "{}", failed.stdout);
    let told = home.callout(["abort", &latest(&home)]).run().exits(5).stdout;
    let end = told.lines().find_map(|line| line.split_once("ABORTED; not undone: "));
    let end = end.unwrap_or_else(|| panic!("{told}")).1;
    assert!(end.starts_with("made, take-away[") && end.ends_with("], refresh[chatbot-web/staging]"), "{end}");
    assert_eq!(end.matches("take-away[").count(), 2, "{end}");
    let enabled: Vec<bool> = estate.versions().iter().map(|version| version.enabled).collect();
    assert_eq!(enabled, [false, false, true], "it stands as it is told");

    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.control("POST", "faults", &rule);
    home.callout(REPLACE).run().exits(1);
    let back = home
        .callout(["abort", &latest(&home), "--undo", "--headless", "--yes", "irreversible", "--speed", "max"])
        .run();
    let told = back.exits(5).stdout;
    assert!(told.contains("made  a point of no return: The value before is known to strangers"), "{told}");
    // Neither set anew nor fallen back to: whoever reads the secret gets the new value.
    assert_eq!((estate.count("PUT", "/secrets/session-secret"), estate.ours()), (1, 1));
    assert!(estate.versions().last().is_some_and(|newest| newest.enabled), "{:?}", estate.versions());
}

#[test]
fn an_app_that_does_not_get_well_keeps_no_other_from_being_moved_and_no_undo_lets_strangers_in_again() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let unwell = json!({"method": "GET", "host": "chatbot-web-staging", "path": "/health/ready", "times": 10_000,
        "do": {"status": {"code": 503, "body": "html"}}});
    estate.control("POST", "faults", &unwell);
    let failed = home.callout(REPLACE).run().exits(1);
    assert!(failed.stdout.contains("well[chatbot-web/staging] FAILED"), "{}", failed.stdout);
    assert_eq!(estate.count("POST", "/config/configreferences/appsettings/refresh"), 3);
    let told = take_back(&home).exits(5).stdout;
    assert!(told.contains("take-away[") && told.contains("the runbook says no undo for it"), "{told}");
    let enabled: Vec<bool> = estate.versions().iter().map(|version| version.enabled).collect();
    assert_eq!(enabled, [false, false, true]);
}
