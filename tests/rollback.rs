//! A whole rollback: what it brings back, and what it refuses to swap.

use serde_json::json;

use crate::support::{Estate, Home, Outcome};

fn roll_back(home: &Home, inputs: &[&str]) -> Outcome {
    home.callout(["run", "rollback", "--headless", "--yes", "destructive", "--speed", "max"]).args(inputs).run()
}

#[test]
fn a_rollback_that_has_been_done_is_not_taken_back_by_a_second_one() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    roll_back(&home, &[]).succeeded();
    assert_eq!((estate.build("production").as_str(), estate.build("staging").as_str()), ("4711", "4720"));
    let again = roll_back(&home, &[]).exits(1);
    assert!(again.stdout.contains("build 4720; expected build 4711"), "{}", again.stdout);
    assert_eq!((estate.count("POST", "/slotsswap"), estate.build("production").as_str()), (1, "4711"));
}

#[test]
fn only_the_very_build_that_was_named_is_brought_back() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let other = roll_back(&home, &["-i", "build=471"]).exits(1);
    assert!(other.stdout.contains("build 4711; expected build 471"), "{}", other.stdout);
    assert_eq!(estate.count("POST", "/slotsswap"), 0);
}

#[test]
fn a_standby_that_is_not_a_slot_of_the_site_is_never_swapped() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let refused = roll_back(&home, &["-i", "standby=chatbot-worker"]).exits(1);
    assert!(refused.stdout.contains("must be a slot"), "{}", refused.stdout);
    let refused = roll_back(&home, &["-i", "app=chatbot-worker"]).exits(1);
    assert!(refused.stdout.contains("the site that the slot belongs to"), "{}", refused.stdout);
    assert_eq!(estate.count("POST", "/slotsswap"), 0);
}

#[test]
fn what_the_site_answers_is_seen_as_its_answer_and_not_as_a_refusal_of_the_platform() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.fault("GET", "/health/ready", 1000, &json!({"status": {"code": 503, "body": "html"}}));
    let unwell = roll_back(&home, &[]).exits(1);
    assert!(unwell.stdout.contains("answered 503; expected 200"), "{}", unwell.stdout);
    assert_eq!(estate.count("POST", "/slotsswap"), 0);
}

#[test]
fn in_its_preview_form_the_slot_is_tried_with_productions_settings_before_it_is_swapped() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let stopped = roll_back(&home, &["-i", "form=preview", "--answers", &answers(&home)]).exits(5);
    assert!(stopped.stdout.contains("ABORTED; not undone: preview"), "{}", stopped.stdout);
    assert_eq!((estate.count("POST", "/applySlotConfig"), estate.count("POST", "/slotsswap")), (1, 0));
    // Somebody's preview is half done now, and is not swallowed by another run.
    let again = roll_back(&home, &["-i", "form=direct"]).exits(1);
    assert!(again.stdout.contains("preview of a swap: staging; expected a preview of none"), "{}", again.stdout);
    let home = Home::new();
    let estate = Estate::serve(&home);
    roll_back(&home, &["-i", "form=preview"]).succeeded();
    assert_eq!((estate.build("production").as_str(), estate.build("staging").as_str()), ("4711", "4720"));
    assert_eq!((estate.count("POST", "/applySlotConfig"), estate.count("POST", "/slotsswap")), (1, 1));
}

#[test]
fn a_slot_whose_secret_cannot_be_read_is_never_swapped_in() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let none = "@Microsoft.KeyVault(SecretUri=https://chatbot-kv.vault.azure.net/secrets/none)";
    estate.control("POST", "apps/chatbot-web/staging/settings", &json!({"SESSION_SECRET": none}));
    let refused = roll_back(&home, &[]).exits(1);
    let told = "standby-references FAILED: webapp.references fails: SESSION_SECRET uses no version, SecretNotFound";
    assert!(refused.stdout.contains(told), "{}", refused.stdout);
    assert_eq!((estate.count("POST", "/slotsswap"), estate.build("production").as_str()), (0, "4720"));
}

#[test]
fn a_slot_that_is_not_reached_from_here_is_not_observed_and_never_swapped_in() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let rule = json!({"host": "chatbot-web-staging.azurewebsites.net", "times": 100_000, "do": "drop_before"});
    estate.control("POST", "faults", &rule);
    let unseen = roll_back(&home, &[]).exits(1);
    assert!(unseen.stdout.contains("standby-ready FAILED: webapp.health cannot be observed"), "{}", unseen.stdout);
    assert_eq!(estate.count("POST", "/slotsswap"), 0);
}

#[test]
fn a_preview_that_is_not_well_is_reset_and_production_was_never_touched() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    // Well before the preview, and not after it.
    let unwell = json!({"status": {"code": 503, "body": "html"}});
    let host = "chatbot-web-staging.azurewebsites.net";
    let rule = json!({"host": host, "path": "/health/ready", "skip": 1, "times": 100_000, "do": unwell});
    estate.control("POST", "faults", &rule);
    let failed = roll_back(&home, &["-i", "form=preview"]).exits(1);
    assert!(failed.stdout.contains("preview FAILED"), "{}", failed.stdout);
    let setting = || estate.now()["apps"]["chatbot-web"]["slots"]["staging"]["settings"]["APP_ENVIRONMENT"].take();
    assert_eq!(setting(), "production");
    let runs: serde_json::Value =
        serde_json::from_str(&home.callout(["runs", "--json"]).run().succeeded().stdout).unwrap();
    let id = runs[0]["short"].as_str().unwrap();
    let back = home.callout(["abort", id, "--undo", "--headless", "--yes", "destructive", "--speed", "max"]).run();
    assert!(back.exits(5).stdout.contains("ROLLED BACK\n"));
    assert_eq!((estate.count("POST", "/resetSlotConfig"), estate.count("POST", "/slotsswap")), (1, 0));
    assert_eq!((setting().as_str(), estate.build("production").as_str()), (Some("staging"), "4720"));
}

#[test]
fn directly_the_pipeline_the_workers_and_the_bad_build_are_asked_about_once_people_are_served() {
    let home = Home::new();
    let _estate = Estate::serve(&home);
    let done = roll_back(&home, &[]).succeeded().stdout;
    let decided = ["hold-now", "companions", "record"].map(|gate| format!(" {gate} decided "));
    let mut rest = done.split_once(" swap succeeded").unwrap().1;
    for gate in decided {
        rest = rest.split_once(&gate).unwrap_or_else(|| panic!("{gate}: {done}")).1;
    }
    assert!(!done.contains(" hold decided "), "nobody is asked to wait before the swap: {done}");
}

/// Answers that stop after the slot has been tried.
fn answers(home: &Home) -> String {
    let path = home.path("answers.yaml");
    std::fs::write(&path, "gate: {smoke: stop}\n").unwrap();
    path.to_string_lossy().into_owned()
}
