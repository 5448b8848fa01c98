//! A swap whose answer is lost: sent twice, it would swap back.

use serde_json::json;

use crate::support::{Estate, Home, Person, Seen};

const ROLL_BACK: [&str; 7] = ["run", "rollback", "--headless", "--yes", "destructive", "--speed", "max"];
const SWAP: &str = "/slotsswap";

fn assert_swapped_once(estate: &Estate) {
    assert_eq!((estate.build("production"), estate.build("staging")), ("4711".to_owned(), "4720".to_owned()));
}

#[test]
fn a_rollback_that_is_confirmed_beforehand_swaps_once() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    home.callout(ROLL_BACK).run().succeeded();
    assert_eq!(estate.count("POST", SWAP), 1);
    assert_swapped_once(&estate);
}

#[test]
fn a_swap_that_happened_without_an_answer_is_found_by_its_probe_and_the_run_goes_on() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.fault("POST", SWAP, 1, &json!("drop_after"));
    let outcome = home.callout(ROLL_BACK).run().succeeded();
    assert!(outcome.stdout.contains("swap IN DOUBT"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("swap no longer in doubt (probe): it happened"), "{}", outcome.stdout);
    assert_eq!(estate.count("POST", SWAP), 1);
    assert_swapped_once(&estate);
}

#[test]
fn a_swap_that_may_not_have_happened_is_never_sent_again_by_itself() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.fault("POST", SWAP, 1, &json!("drop_before"));
    home.callout(ROLL_BACK).run().exits(4);
    for _ in 0..2 {
        let options = ["--headless", "--yes", "irreversible", "--speed", "max"];
        home.callout(["resume"]).args(options).run().exits(4);
    }
    assert_eq!(estate.count("POST", SWAP), 1);
    let runs = home.callout(["runs"]).run().succeeded();
    assert!(runs.stdout.contains("1 IN DOUBT"), "{}", runs.stdout);
}

#[test]
fn a_person_says_by_lines_that_it_did_not_happen_and_consents_anew() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.fault("POST", SWAP, 1, &json!("drop_before"));
    home.callout(ROLL_BACK).run().exits(4);
    // Without the read-back the choice is none; with it, the consent of the first attempt does not count any more.
    let said = "3\n3 chatbot-web\nchatbot-web\nheld\nthey do\ndone\n";
    let resumed = home.callout(["resume", "--speed", "max"]).stdin(said).run().succeeded();
    assert!(resumed.stdout.contains("behind the number"), "{}", resumed.stdout);
    assert!(resumed.stdout.contains("slotsswap (attempt 2)"), "{}", resumed.stdout);
    let swaps: Vec<_> = estate.received().into_iter().filter(|request| request.is("POST", SWAP)).collect();
    assert_eq!(swaps.len(), 2);
    assert_eq!((swaps[0].dropped.as_deref(), swaps[1].status), (Some("before"), Some(202)));
    assert_swapped_once(&estate);
}

#[test]
fn a_whole_rollback_by_keystrokes_with_an_answer_that_is_lost() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.fault("POST", SWAP, 1, &json!("drop_before"));
    let screen = home.callout(["run", "rollback", "--speed", "max"]).screen(120, 36);
    let mut person = Person::before(screen);
    person.choose("Decide", "1");
    while matches!(person.look(), Seen::More) {
        person.answer();
    }
    assert!(matches!(person.look(), Seen::ReadBack(_, expected) if expected == "chatbot-web"), "a swap is read back");
    person.answer();

    person.screen.wait_for("IN DOUBT");
    person.choose("Did it happen?", "3");
    person.screen.wait_for("Type  chatbot-web");
    assert_eq!(estate.count("POST", SWAP), 1, "nothing was sent by choosing");
    person.screen.write("chatbot-web");
    person.screen.wait_for(": Enter consents");
    person.screen.press("Enter");

    while matches!(person.look(), Seen::More) {
        person.answer();
    }
    person.answer();
    for asks in ["Hold the pipeline now", "Bring workers and schedulers", "Mark the bad build"] {
        person.choose(asks, "1");
    }
    person.until_the_end();
    assert_eq!(estate.count("POST", SWAP), 2);
    assert_swapped_once(&estate);
}

#[test]
fn a_swap_that_is_refused_has_failed_and_is_not_in_doubt() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.fault("POST", SWAP, 1, &json!({"status": {"code": 409}}));
    let outcome = home.callout(ROLL_BACK).run().exits(1);
    assert!(!outcome.stdout.contains("IN DOUBT"), "{}", outcome.stdout);
    assert_eq!((estate.count("POST", SWAP), estate.build("production").as_str()), (1, "4720"));
}

#[test]
fn a_front_end_that_answers_polls_with_pages_of_its_own_says_nothing_of_the_swap() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.fault("GET", "/operationresults/", 3, &json!({"status": {"code": 503, "body": "html"}}));
    home.callout(ROLL_BACK).run().succeeded();
    assert_eq!(estate.count("POST", SWAP), 1);
    assert_swapped_once(&estate);
}
