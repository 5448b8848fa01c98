//! What is refused before anybody has been stopped.

use std::net::TcpListener;

use serde_json::json;

use super::{answers, restore};
use crate::support::{Estate, Home};

fn nothing_was_done(estate: &Estate) {
    assert_eq!((estate.asked_to("/stop").len(), estate.restores(), estate.addresses()), (0, 0, 0));
}

#[test]
fn a_moment_before_the_earliest_one_is_found_while_the_apps_still_run() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let early = answers(&home, "manual: {choose: {at: 2001-01-01T00:00:00Z}}\n");
    let refused = restore(&home, &["--answers", &early]).exits(1);
    assert!(refused.stdout.contains("the earliest moment that can be restored"), "{}", refused.stdout);
    nothing_was_done(&estate);
}

#[test]
fn a_moment_that_is_not_in_the_backups_yet_is_waited_for_or_refused() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let late = answers(&home, "manual: {choose: {at: 2099-01-01T00:00:00Z}}\n");
    let refused = restore(&home, &["--answers", &late]).exits(1);
    assert!(refused.stdout.contains("backed-up FAILED"), "{}", refused.stdout);
    nothing_was_done(&estate);
}

#[test]
fn a_name_that_somebody_else_in_the_world_has_is_found_while_the_apps_still_run() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.control("POST", "databases/chatbot-pg-r1/taken", &json!({}));
    let refused = restore(&home, &[]).exits(1);
    assert!(refused.stdout.contains("the name is taken, or cannot be had"), "{}", refused.stdout);
    nothing_was_done(&estate);
}

#[test]
fn a_database_that_is_not_reached_from_here_is_not_observed_and_proves_no_outage() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    // A port that nobody listens on, and that nobody else gets while it is bound.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    estate.control("POST", "databases/chatbot-pg/behind", &json!({"port": port}));
    let unseen = restore(&home, &[]).exits(1);
    assert!(unseen.stdout.contains("newest cannot observe: "), "{}", unseen.stdout);
    nothing_was_done(&estate);
}

#[test]
fn settings_that_somebody_changed_between_our_read_and_our_write_are_not_written_over() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.name_host("chatbot-pg");
    let list = "/sites/chatbot-web/slots/staging/config/appsettings/list";
    estate.fault("POST", list, 1, &json!("hold"));
    // What the restore does for each app where a setting names the server.
    let change = ["run", "setting-change", "--headless", "--yes", "destructive", "--speed", "max"];
    let inputs =
        ["app=chatbot-web/staging", "setting=DATABASE_HOST", OLD, "to=chatbot-pg-r1.postgres.database.azure.com"];
    let changing = home.callout(change).args(inputs.iter().flat_map(|input| ["-i", *input])).spawn();
    estate.wait_for_held();
    estate.control("POST", "apps/chatbot-web/staging/settings", &json!({"SOMEBODY_ELSES": "1"}));
    estate.release();
    let refused = changing.wait().exits(1);
    assert!(refused.stdout.contains("SOMEBODY_ELSES"), "{}", refused.stdout);
    let settings = &estate.now()["apps"]["chatbot-web"]["slots"]["staging"]["settings"];
    assert_eq!(settings["DATABASE_HOST"], "chatbot-pg.postgres.database.azure.com", "{settings}");
    assert_eq!((settings["SOMEBODY_ELSES"].as_str(), estate.count("PUT", "/config/appsettings")), (Some("1"), 0));
}

/// What the setting says before.
const OLD: &str = "from=chatbot-pg.postgres.database.azure.com";
