//! A restore that a person ends: what is left is told, and what can be taken back is.

use serde_json::json;

use super::{answers, restore, take_back};
use crate::support::{Estate, Home};

#[test]
fn whoever_ends_it_in_the_middle_is_told_what_is_left() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let stop = answers(&home, "gate: {cut-over: stop}\n");
    let ended = restore(&home, &["--answers", &stop]).exits(5);
    let told = ended.stdout.lines().find(|line| line.contains("ABORTED; not undone: "));
    let told = told.unwrap_or_else(|| panic!("{}", ended.stdout));
    for step in ["stop-schedulers[chatbot-scheduler]", "stop-workers[chatbot-worker]", "stop-app", "lock", "restore"] {
        assert!(told.contains(step), "{step}: {told}");
    }
    assert_eq!((estate.restores(), estate.addresses(), estate.asked_to("/start").len()), (1, 0, 0));
}

#[test]
fn before_the_first_write_on_the_new_server_everything_can_be_taken_back() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let missing = restore(&home, &["-i", "schema_is=0043_reactions"]).exits(1);
    assert!(missing.stdout.contains("schema FAILED"), "{}", missing.stdout);
    let back = take_back(&home).exits(5);
    assert!(back.stdout.contains("ROLLED BACK"), "{}", back.stdout);
    assert_eq!(estate.asked_to("/start").len(), 4);
    assert_eq!(estate.count("DELETE", "/flexibleServers/chatbot-pg-r1"), 1, "ours, and only ours");
    assert_eq!(estate.health("chatbot-web"), 503, "it starts");
    estate.advance(60);
    assert_eq!(estate.health("chatbot-web"), 200);
}

#[test]
fn past_the_point_of_no_return_an_undo_takes_nothing_back_and_says_why() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    // The app is started on the new server, and never gets well there.
    estate.fault("GET", "/health/ready", 10_000, &json!({"status": {"code": 503, "body": "html"}}));
    let unwell = restore(&home, &[]).exits(1);
    assert!(unwell.stdout.contains("start-app FAILED"), "{}", unwell.stdout);
    let before = (estate.addresses(), estate.asked_to("/start"), estate.asked_to("/stop").len());
    let told = take_back(&home).exits(5).stdout;
    assert!(told.contains("a point of no return: The first write on the new server"), "{told}");
    assert!(told.contains("it could be undone until `start-app` began"), "{told}");
    assert_eq!((estate.addresses(), estate.asked_to("/start"), estate.asked_to("/stop").len()), before);
    assert_eq!(estate.count("DELETE", "/flexibleServers/chatbot-pg-r1"), 0);
}
