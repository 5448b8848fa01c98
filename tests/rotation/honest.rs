use std::fs;

use serde_json::json;

use crate::support::{Estate, Home};

const ROTATE: [&str; 7] = ["run", "key-rotation", "--headless", "--yes", "destructive", "--speed", "max"];
const REFRESH: &str = "/configreferences/appsettings/refresh";

/// Nobody would write this runbook but a test.
const DISABLE_NEWEST: &str = "\
runbook: disable-newest
format: 1
version: 1.0.0
title: Disable the version that everybody reads
owner: platform-oncall
parameters:
  vault: {type: keyvault, description: Vault that holds the secret}
  secret: {type: string, description: Name of the secret}
steps:
  - id: before
    title: Note the newest version
    check: keyvault.secret.versions
    with: {vault: '${{ inputs.vault }}', name: '${{ inputs.secret }}'}
  - id: disable
    title: Disable it
    needs: [before]
    action: keyvault.secret.disable
    with: {vault: '${{ inputs.vault }}', name: '${{ inputs.secret }}', version: '${{ steps.before.outputs.current }}'}
";

#[test]
fn a_refresh_that_says_yes_and_does_nothing_is_not_believed_because_a_page_is_green() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    // Answered, and not carried out.
    estate.fault("POST", REFRESH, 99, &json!({"status": {"code": 200}}));
    let outcome = home.callout(ROTATE).run().exits(1);
    assert_eq!(estate.health("chatbot-web-staging"), 200, "the old value still works");
    assert!(outcome.stdout.contains("refresh[chatbot-web/staging] FAILED"), "{}", outcome.stdout);
    assert_eq!((estate.ours(), estate.count("PATCH", "/secrets/")), (1, 0));
    assert!(estate.versions().iter().all(|version| version.enabled), "nothing was retired");
}

#[test]
fn a_refresh_that_the_service_cannot_answer_is_probed_and_tried_again_and_fails_in_the_end() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.fault("POST", REFRESH, 99, &json!({"status": {"code": 503}}));
    let outcome = home.callout(ROTATE).run().exits(1);
    assert!(outcome.stdout.contains("(attempt 3)") && !outcome.stdout.contains("(attempt 4)"), "{}", outcome.stdout);
    assert_eq!((estate.count("POST", REFRESH), estate.count("PATCH", "/secrets/")), (3, 0));
}

#[test]
fn a_refresh_that_fails_once_is_made_again_and_the_run_succeeds() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.fault("POST", REFRESH, 1, &json!({"status": {"code": 503, "body": "html"}}));
    home.callout(ROTATE).run().succeeded();
    // Three consumers, twice, and the one that was not carried out.
    assert_eq!((estate.count("POST", REFRESH), estate.ours()), (7, 1));
}

#[test]
fn a_newest_version_that_was_disabled_breaks_its_readers_at_their_next_fetch_and_stops_a_rotation() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    fs::write(home.desk().join("disable-newest.yaml"), DISABLE_NEWEST).unwrap();
    let inputs = ["-i", "vault=chatbot-kv", "-i", "secret=session-secret"];
    home.callout(["run", "./disable-newest.yaml", "--headless", "--yes", "destructive"]).args(inputs).run().succeeded();
    assert_eq!(estate.health("chatbot-web"), 200, "it goes on with the value that it holds");
    estate.advance(25 * 3600);
    assert_ne!(estate.health("chatbot-web"), 200, "there is no older version to fall back to");

    let before = estate.changes().len();
    let outcome = home.callout(ROTATE).run().exits(1);
    assert!(outcome.stdout.contains("before FAILED"), "{}", outcome.stdout);
    assert_eq!(estate.changes().len(), before, "nothing was changed");
}

#[test]
fn a_reference_that_stays_unresolved_stops_the_rotation_before_the_next_app_and_before_anything_is_disabled() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.fault("POST", REFRESH, 1, &json!("hold"));
    let rotating = home.callout(ROTATE).spawn();
    estate.wait_for_held();
    // While the first app is being moved, somebody pins it to a version that there never was.
    let pinned = format!("https://chatbot-kv.vault.azure.net/secrets/session-secret/{}", "0".repeat(32));
    let setting = json!({"SESSION_SECRET": format!("@Microsoft.KeyVault(SecretUri={pinned})")});
    estate.control("POST", "apps/chatbot-web/staging/settings", &setting);
    estate.release();
    let failed = rotating.wait().exits(1);
    let told = "refresh[chatbot-web/staging] FAILED: webapp.references fails: SESSION_SECRET uses no version";
    assert!(failed.stdout.contains(told) && failed.stdout.contains("SecretVersionNotFound"), "{}", failed.stdout);
    assert_eq!((estate.count("POST", REFRESH), estate.count("PATCH", "/secrets/"), estate.ours()), (1, 0, 1));
    assert!(estate.versions().iter().all(|version| version.enabled), "nothing was retired");
    for app in ["chatbot-web", "chatbot-worker"] {
        assert_eq!(estate.health(app), 200, "{app} goes on with the value that it has");
    }
}

#[test]
fn a_vault_that_is_not_reached_from_here_is_not_observed_and_nothing_is_changed() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let rule = json!({"host": "chatbot-kv.vault.azure.net", "times": 100_000, "do": "drop_before"});
    estate.control("POST", "faults", &rule);
    let unseen = home.callout(ROTATE).run().exits(1);
    assert!(unseen.stdout.contains("before FAILED: keyvault.secret.versions cannot be observed"), "{}", unseen.stdout);
    assert_eq!(estate.changes(), []);
}
