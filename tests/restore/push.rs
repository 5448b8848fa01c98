//! Documents that a job pushes: the worker of the estate takes them out of its queue, and the test is the script that
//! starts it.

use serde_json::json;

use super::{RUN, restore, somebody};
use crate::support::{Estate, Home, Outcome};

/// Restores while a script points the worker at the new index as soon as that is there, does what `then` says, and puts a
/// message for every document into the worker's queue.
fn push(home: &Home, estate: &Estate, then: impl FnOnce()) -> Outcome {
    estate.fault("PUT", "/indexes('docs-2')", 1, &json!("hold"));
    let restoring = home.callout(RUN).args(["-i", "ingestion=push"]).spawn();
    estate.wait_for_held();
    estate.control("POST", "apps/chatbot-worker/production/settings", &json!({"INGEST_INDEX": "docs-2"}));
    then();
    estate.control("POST", "ingestion", &json!({}));
    estate.release();
    restoring.wait()
}

#[test]
fn what_is_pushed_is_watched_until_the_queue_is_empty_and_counted_before_anybody_is_moved() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let done = push(&home, &estate, || ()).succeeded();
    let watched = done.stdout.lines().filter(|line| line.contains(" pushed not yet: about ")).count();
    assert!(watched > 3, "{}", done.stdout);
    for said in ["pushed pass: about 0 messages", "dead-after pass: about 2 messages", "complete pass: 120 different"] {
        assert!(done.stdout.contains(said), "{said}: {}", done.stdout);
    }
    assert_eq!(estate.queues(), json!({"ingest": 0, "ingest-dead-letter": 2}));
    assert_eq!(
        (estate.answers_from().as_str(), &estate.search()["indexes"]["docs-2"]["documents"]),
        ("docs-2", &json!(360))
    );
    assert_eq!(estate.count("POST", "/search.run"), 0, "no indexer was asked for anything");
}

#[test]
fn one_document_that_cannot_be_indexed_is_found_among_the_dead_letters_and_keeps_the_app_where_it_is() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let empty = json!({"blob_written": {"container": "docs", "name": "manuals/refunds-11.pdf", "bytes": 0}});
    let poisoned = push(&home, &estate, || drop(estate.control("POST", "storage", &empty))).exits(1);
    assert!(poisoned.stdout.contains("pushed pass: about 0 messages"), "{}", poisoned.stdout);
    let found = "dead-after FAILED: storage.queue.length fails: about 3 messages; expected at most 2";
    assert!(poisoned.stdout.contains(found), "{}", poisoned.stdout);
    assert_eq!((estate.answers_from().as_str(), estate.count("PUT", "/aliases(")), ("docs", 0));
}

#[test]
fn a_queue_that_nobody_empties_ends_the_wait_with_what_is_still_in_it() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let stop = || somebody(&home, "webapp.stop", &[("app", "webapp", "chatbot-worker")]);
    let waited = push(&home, &estate, stop).exits(1);
    let told = "pushed FAILED: storage.queue.length fails: about 120 messages; expected at most 0";
    assert!(waited.stdout.contains(told), "{}", waited.stdout);
    assert_eq!(estate.queues(), json!({"ingest": 120, "ingest-dead-letter": 2}));
    assert_eq!((estate.answers_from().as_str(), estate.count("PUT", "/aliases(")), ("docs", 0));
}

#[test]
fn a_job_that_nobody_has_started_is_not_taken_for_done_because_its_queue_is_empty() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let empty = restore(&home, &["-i", "ingestion=push"]).exits(1);
    assert!(empty.stdout.contains("pushed pass: about 0 messages"), "{}", empty.stdout);
    let found = "complete FAILED: search.documents.distinct fails: 0 different values; expected exactly 120";
    assert!(empty.stdout.contains(found), "{}", empty.stdout);
    assert_eq!((estate.answers_from().as_str(), estate.count("PUT", "/aliases(")), ("docs", 0));
}
