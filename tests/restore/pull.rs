//! Documents that an indexer pulls: what can go wrong with its run, and with the alias at the end.

use serde_json::json;

use super::{restore, run, somebody, take_back};
use crate::support::{Estate, Home};

const ALIAS: &str = "/aliases('chatbot-docs')";
const START: &str = "/indexers('docs-2-indexer')/search.run";

#[test]
fn an_indexer_that_fails_halfway_is_told_when_it_has_ended_and_its_next_run_goes_on() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.fault("POST", START, 1, &json!("halfway"));
    let failed = restore(&home, &[]).exits(1);
    assert!(failed.stdout.contains("fill FAILED: search.indexer.status fails: transientFailure, 60"), "{failed:?}");
    let polls = failed.stdout.lines().filter(|line| line.contains(" fill not yet: inProgress")).count();
    assert!((1..10).contains(&polls), "nobody waits for hours for what has ended: {}", failed.stdout);
    assert_eq!((estate.answers_from().as_str(), estate.count("PUT", ALIAS)), ("docs", 0));

    // To check again starts nothing; as long as nobody has run the indexer it fails once more.
    let id = run(&home);
    let again = || {
        home.callout(["retry", &id, "fill", "--reason", "it was run by hand"]).run().succeeded();
        home.callout(["resume", &id, "--headless", "--yes", "destructive", "--speed", "max"]).run()
    };
    assert!(again().exits(1).stdout.contains("fill FAILED"));
    assert_eq!(estate.count("POST", START), 1);
    somebody(
        &home,
        "search.indexer.run",
        &[("service", "search", "chatbot-search"), ("indexer", "string", "docs-2-indexer")],
    );
    estate.advance(600);
    again().succeeded();
    assert_eq!(estate.count("POST", START), 3, "the first, the one by hand, and the one that catches up");
    assert_eq!(
        (estate.answers_from().as_str(), &estate.search()["indexes"]["docs-2"]["documents"]),
        ("docs-2", &json!(360))
    );
}

#[test]
fn a_success_with_documents_left_out_is_found_by_their_number_and_nobody_is_moved_to_it() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.fault("POST", START, 1, &json!("short"));
    let short = restore(&home, &[]).exits(1);
    assert!(short.stdout.contains("fill pass: success, 90 processed, 0 failed"), "{}", short.stdout);
    let found = "complete FAILED: search.documents.distinct fails: 90 different values; expected exactly 120";
    assert!(short.stdout.contains(found), "{}", short.stdout);
    assert_eq!((estate.answers_from().as_str(), estate.count("PUT", ALIAS)), ("docs", 0));
    let back = take_back(&home).exits(5);
    assert!(back.stdout.contains("ROLLED BACK\n"), "{}", back.stdout);
    estate.is_as_before();
}

#[test]
fn a_lost_answer_to_the_swap_of_the_alias_is_found_by_its_probe_and_it_is_not_sent_again() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.fault("PUT", ALIAS, 1, &json!("drop_after"));
    let done = restore(&home, &[]).succeeded();
    assert!(done.stdout.contains("swap IN DOUBT"), "{}", done.stdout);
    assert!(
        done.stdout.contains("swap no longer in doubt (probe): it happened; it stands for docs-2"),
        "{}",
        done.stdout
    );
    assert_eq!((estate.answers_from().as_str(), estate.count("PUT", ALIAS)), ("docs-2", 1));
}

#[test]
fn a_swap_of_the_alias_that_never_arrived_is_sent_again_after_its_probe_has_said_so() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.fault("PUT", ALIAS, 1, &json!("drop_before"));
    let done = restore(&home, &[]).succeeded();
    assert!(done.stdout.contains("swap probe: it did not happen; it stands for docs"), "{}", done.stdout);
    let swaps: Vec<_> = estate.received().into_iter().filter(|request| request.is("PUT", ALIAS)).collect();
    assert_eq!(swaps.len(), 2);
    assert_eq!((swaps[0].dropped.as_deref(), swaps[1].status), (Some("before"), Some(200)));
    assert_eq!(estate.answers_from(), "docs-2");
}

#[test]
fn an_alias_that_somebody_has_changed_since_it_was_read_is_not_changed_again() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    // The last look before the swap; while its answer is on its way, somebody writes the alias.
    estate.fault("GET", "/indexes('docs-2')/docs", 1, &json!("hold"));
    let restoring = home.callout(super::RUN).spawn();
    restoring.wait_for(" fill succeeded");
    estate.wait_for_held();
    let alias =
        [("service", "search", "chatbot-search"), ("alias", "string", "chatbot-docs"), ("index", "string", "docs")];
    somebody(&home, "search.alias.set", &alias);
    estate.release();
    let refused = restoring.wait().exits(1);
    assert!(refused.stdout.contains("swap FAILED"), "{}", refused.stdout);
    assert_eq!(estate.answers_from(), "docs");
    let swaps: Vec<_> = estate.received().into_iter().filter(|request| request.is("PUT", ALIAS)).collect();
    assert!(swaps.len() <= 2 && swaps.iter().skip(1).all(|swap| swap.status == Some(412)), "{swaps:?}");
}

#[test]
fn errors_and_pages_of_a_front_end_in_the_middle_of_a_run_say_nothing_of_it() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let status = |skip: u32, code: u16, body: &str| {
        let answer = json!({"status": {"code": code, "body": body}});
        let rule =
            json!({"method": "GET", "path": "docs-2-indexer')/search.status", "skip": skip, "times": 6, "do": answer});
        estate.control("POST", "faults", &rule);
    };
    status(2, 502, "json");
    status(8, 503, "html");
    let done = restore(&home, &[]).succeeded();
    for code in ["502", "503"] {
        let told = format!("fill cannot observe: the service answered {code}");
        assert!(done.stdout.contains(&told), "{told}: {}", done.stdout);
    }
    assert_eq!((estate.count("POST", START), estate.answers_from().as_str()), (2, "docs-2"));
}

#[test]
fn a_service_that_is_not_reached_from_here_is_not_observed_and_nothing_is_changed() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let rule = json!({"host": "chatbot-search.search.windows.net", "times": 100_000, "do": "drop_before"});
    estate.control("POST", "faults", &rule);
    let unseen = restore(&home, &[]).exits(1);
    assert!(unseen.stdout.contains("alias-before cannot observe: "), "{}", unseen.stdout);
    assert!(unseen.stdout.contains("alias-before FAILED: search.alias.get cannot be observed"), "{}", unseen.stdout);
    assert!(!unseen.stdout.contains(" pause "), "{}", unseen.stdout);
    assert_eq!(estate.changes(), []);
    estate.is_as_before();
}
