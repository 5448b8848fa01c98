use crate::support::{Estate, Home};

const ROTATE: [&str; 3] = ["run", "key-rotation", "--headless"];

#[test]
fn a_rotation_that_is_confirmed_beforehand_ends_in_a_script_with_0() {
    let home = Home::new();
    let outcome = home.callout(ROTATE).args(["--yes", "destructive", "--speed", "max"]).run().succeeded();
    assert!(outcome.stdout.starts_with("SIMULATED sim  key-rotation"), "{}", outcome.stdout);
    assert!(outcome.stdout.ends_with(" succeeded.\n"), "{}", outcome.stdout);
    assert_eq!(outcome.stderr, "");
    // What the estate did is in its file; whoever serves it next finds it.
    let estate = Estate::serve(&home);
    assert_eq!((estate.count("PUT", "/secrets/session-secret"), estate.ours()), (1, 1));
    assert_eq!(estate.count("PATCH", "/secrets/session-secret"), 2);
    let enabled: Vec<_> = estate.versions().into_iter().filter(|version| version.enabled).collect();
    assert_eq!(enabled.len(), 1);
    assert!(enabled[0].tags.to_string().contains("callout-attempt"), "the new one is what is left: {enabled:?}");
    for app in ["chatbot-web", "chatbot-web-staging", "chatbot-worker"] {
        assert_eq!(estate.health(app), 200, "{app}");
    }
}

#[test]
fn what_is_riskier_than_was_said_pauses_and_a_resume_that_says_more_goes_on() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let paused = home.callout(ROTATE).args(["--yes", "reversible", "--speed", "max"]).run().exits(3);
    assert!(paused.stdout.contains("Type `2 session-secret` to confirm it"), "{}", paused.stdout);
    assert_eq!((estate.ours(), estate.count("PATCH", "/secrets/")), (1, 0));
    home.callout(["resume", "--headless", "--yes", "destructive", "--speed", "max"]).run().succeeded();
    assert_eq!((estate.ours(), estate.count("PATCH", "/secrets/")), (1, 2));
    let nothing = home.callout(["resume"]).run().succeeded();
    assert_eq!(nothing.stdout, "No run is open: nothing to resume.\n");
}

#[test]
fn a_wait_of_a_day_is_parked_and_needs_no_process_meanwhile() {
    let home = Home::new();
    let parked = home.callout(ROTATE).args(["--yes", "destructive", "--speed", "20"]).run().exits(3);
    assert!(parked.stdout.contains("it is parked"), "{}", parked.stdout);
    let early = home.callout(["resume", "--headless", "--yes", "destructive"]).run().exits(3);
    assert!(early.stdout.contains("it is parked"), "{}", early.stdout);
    home.callout(["sim", "advance", "24h"]).run().succeeded();
    home.callout(["resume", "--headless", "--yes", "destructive"]).run().succeeded();
    let estate = Estate::serve(&home);
    assert_eq!((estate.ours(), estate.count("PATCH", "/secrets/")), (1, 2));
}
