//! What the service answers badly while it restores.

use serde_json::json;

use super::{restore, run, take_back};
use crate::support::{Estate, Home};

const SERVER: &str = "/flexibleServers/chatbot-pg-r1";

#[test]
fn an_error_or_a_page_of_a_front_end_in_the_middle_of_polling_says_nothing_of_the_restore() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let status = |code: u16, body: &str| json!({"status": {"code": code, "body": body}});
    estate.fault("GET", "/azureAsyncOperation/", 1, &status(502, "json"));
    // The first of these three is the one above, which both rules count.
    estate.fault("GET", "/azureAsyncOperation/", 3, &status(503, "html"));
    let done = restore(&home, &[]).succeeded();
    let polls = estate.received().into_iter().filter(|request| request.is("GET", "/azureAsyncOperation/"));
    let troubled = polls.filter_map(|request| request.status.filter(|status| *status >= 500));
    assert_eq!(troubled.collect::<Vec<_>>(), [502, 503, 503], "each was met while polling");
    assert!(done.stdout.contains("restore cannot be followed just now"), "{}", done.stdout);
    assert_eq!(estate.restores(), 1, "it is asked for once");
}

#[test]
fn a_lost_answer_to_the_restore_is_found_again_by_its_mark_and_nothing_is_sent_twice() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.fault("PUT", SERVER, 1, &json!("drop_after"));
    let done = restore(&home, &[]).succeeded();
    assert!(done.stdout.contains("the server carries the tag of this attempt"), "{}", done.stdout);
    assert_eq!(estate.restores(), 1);
}

#[test]
fn a_restore_that_fails_halfway_leaves_the_old_server_and_the_way_back() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.fault("PUT", SERVER, 1, &json!("halfway"));
    let failed = restore(&home, &[]).exits(1);
    assert!(failed.stdout.contains("restore FAILED"), "{}", failed.stdout);
    // What the restore has made is gone by itself, so there is nothing to delete; a person sees that.
    let back = take_back(&home).exits(1);
    assert!(back.stdout.contains("there is no server of that name in the resource group"), "{}", back.stdout);
    let skip = ["skip", &run(&home), "restore~undo/2", "--reason", "there is nothing to delete"];
    home.callout(skip).run().succeeded();
    let resume = ["resume", "--headless", "--yes", "irreversible", "--speed", "max"];
    let back = home.callout(resume).run().exits(1);
    assert!(back.stdout.contains("FAILED; not undone: restore\n"), "{}", back.stdout);
    let started = ["chatbot-web", "chatbot-web/staging", "chatbot-worker", "chatbot-scheduler"];
    assert_eq!(estate.asked_to("/start"), started, "in the opposite order");
    assert_eq!(estate.count("DELETE", "/locks/callout-restore"), 1);
}

#[test]
fn a_name_that_is_taken_at_the_last_moment_ends_with_the_apps_started_again() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.fault("PUT", SERVER, 1, &json!({"status": {"code": 409}}));
    let failed = restore(&home, &[]).exits(1);
    assert!(failed.stdout.contains("restore FAILED") && failed.stdout.contains("(Conflict)"), "{}", failed.stdout);
    take_back(&home).exits(5);
    assert_eq!((estate.asked_to("/start").len(), estate.addresses()), (4, 0));
}
