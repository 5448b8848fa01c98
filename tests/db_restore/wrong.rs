//! What the looks into the restored server find, before anybody is let onto it.

use serde_json::json;

use super::{answers, restore};
use crate::support::{Estate, Home};

fn nobody_was_moved(estate: &Estate) {
    assert_eq!((estate.restores(), estate.addresses(), estate.asked_to("/start").len()), (1, 0, 0));
}

#[test]
fn a_restore_that_lacks_the_last_hour_and_says_nothing_of_it_is_found_by_its_newest_row() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.fault("PUT", "/flexibleServers/chatbot-pg-r1", 1, &json!("short"));
    let found = restore(&home, &[]).exits(1);
    assert!(found.stdout.contains("recovered FAILED"), "{}", found.stdout);
    nobody_was_moved(&estate);
}

#[test]
fn missing_rows_are_found_by_their_number_too() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.fault("PUT", "/flexibleServers/chatbot-pg-r1", 1, &json!("short"));
    let found = restore(&home, &["-i", "rarely=2h"]).exits(1);
    assert!(found.stdout.contains("complete FAILED"), "{}", found.stdout);
    nobody_was_moved(&estate);
}

#[test]
fn a_moment_after_the_damage_brings_it_along_and_that_is_seen() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let damaged = estate.corrupt();
    let later = answers(&home, &format!("manual: {{choose: {{at: '{damaged}'}}}}\n"));
    let found = restore(&home, &["--answers", &later]).exits(1);
    assert!(found.stdout.contains("whole FAILED"), "{}", found.stdout);
    nobody_was_moved(&estate);
}

#[test]
fn a_schema_that_the_apps_do_not_fit_keeps_them_where_they_are() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let found = restore(&home, &["-i", "schema_is=0043_reactions"]).exits(1);
    assert!(found.stdout.contains("schema FAILED"), "{}", found.stdout);
    nobody_was_moved(&estate);
}
