use serde_json::json;

use crate::support::{Child, Estate, Home, Outcome, Wire};

const RESUME: [&str; 6] = ["resume", "--headless", "--yes", "destructive", "--speed", "max"];

fn rotate(home: &Home) -> Child {
    home.callout(["run", "key-rotation", "--headless", "--yes", "destructive", "--speed", "max"]).spawn()
}

fn resume(home: &Home) -> Outcome {
    home.callout(RESUME).run()
}

/// Runs `runbook` and kills it when the first request that begins with `opening` has left and can never arrive.
fn killed_before_arrival(home: &Home, estate: &Estate, runbook: &str, opening: &'static str) {
    let wire = Wire::swallowing(estate.endpoint(), opening);
    estate.announce(&wire.endpoint);
    let run = home.callout(["run", runbook, "--headless", "--yes", "destructive", "--speed", "max"]).spawn();
    wire.wait();
    assert_eq!(run.kill9().code, None);
    estate.announce(estate.endpoint());
}

#[test]
fn what_was_intended_and_never_arrived_is_probed_and_then_sent_as_a_new_attempt() {
    for (opening, sends) in [
        ("PUT /secrets/session-secret", "new-version sends PUT"),
        ("POST /subscriptions/", "refresh[chatbot-web/staging] sends POST"),
        ("PATCH /secrets/session-secret", "retire["),
    ] {
        let home = Home::new();
        let estate = Estate::serve(&home);
        killed_before_arrival(&home, &estate, "key-rotation", opening);
        let part = opening.split(' ').nth(1).unwrap();
        let method = opening.split(' ').next().unwrap();
        assert_eq!(estate.count(method, part), 0, "the estate knows nothing of it");

        let resumed = resume(&home).succeeded();
        let again = resumed.stdout.lines().any(|line| line.contains(sends) && line.ends_with("(attempt 2)"));
        assert!(again, "{opening}:\n{}", resumed.stdout);
        assert!(resumed.stdout.contains("it did not happen"), "{opening}:\n{}", resumed.stdout);
        assert_eq!((estate.count("PUT", ""), estate.ours(), estate.count("PATCH", "")), (1, 1, 2), "{opening}");
    }
}

#[test]
fn a_swap_that_was_intended_and_never_arrived_is_not_sent_again_without_a_person() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let slot = "POST /subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/chatbot-rg/providers/\
                Microsoft.Web/sites/chatbot-web/slots/staging/slotsswap";
    killed_before_arrival(&home, &estate, "rollback", slot);
    for _ in 0..2 {
        resume(&home).exits(4);
    }
    assert_eq!(estate.count("POST", "/slotsswap"), 0);
}

#[test]
fn a_slow_swap_whose_answer_was_lost_is_waited_for_and_never_taken_for_absent() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    // Five tries of 90 seconds: as long as the platform may warm the instances up.
    estate.control("POST", "swaps", &json!({"seconds": 450}));
    estate.fault("POST", "/slotsswap", 1, &json!("drop_after"));
    let run = home.callout(["run", "rollback", "--headless", "--yes", "destructive", "--speed", "max"]).run();
    let told = run.succeeded().stdout;
    assert!(told.contains("it happened") && !told.contains("(attempt 2)"), "{told}");
    assert_eq!((estate.count("POST", "/slotsswap"), estate.build("production").as_str()), (1, "4711"));
}

#[test]
fn what_happened_without_an_answer_is_found_by_its_tag_and_not_sent_again() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.fault("PUT", "/secrets/", 1, &json!("hold"));
    let run = rotate(&home);
    estate.wait_for_held();
    let _ = run.kill9();
    assert_eq!(estate.ours(), 1, "the estate has carried it out");

    estate.release();
    let resumed = resume(&home).succeeded();
    assert!(!resumed.stdout.contains("(attempt 2)"), "{}", resumed.stdout);
    assert!(resumed.stdout.contains("it happened"), "{}", resumed.stdout);
    assert_eq!((estate.count("PUT", ""), estate.ours()), (1, 1));
}

#[test]
fn an_accepted_swap_is_followed_by_its_address_and_never_sent_again() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    // At the estate's own pace a swap takes 90 seconds, so it certainly runs on while nobody looks.
    let run = home.callout(["run", "rollback", "--headless", "--yes", "destructive"]).spawn();
    let poll = estate.wait_for("a question about the swap", |request| request.path.contains("/operationresults/"));
    let _ = run.kill9();
    assert!(estate.now()["apps"]["chatbot-web"]["swap"].is_object(), "it has not ended yet");

    let polls = estate.count("GET", &poll.path);
    home.callout(RESUME).run().succeeded();
    assert!(estate.count("GET", &poll.path) > polls, "the same operation was asked about again");
    assert_eq!(estate.count("POST", "/slotsswap"), 1);
    assert_eq!(estate.build("production"), "4711");
}

#[test]
fn the_estate_itself_is_killed_too_and_has_forgotten_nothing() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.fault("PUT", "/secrets/", 1, &json!("hold"));
    let run = rotate(&home);
    estate.wait_for_held();
    estate.kill9();
    let _ = run.kill9();

    let estate = Estate::serve(&home);
    estate.release();
    resume(&home).succeeded();
    assert_eq!((estate.count("PUT", ""), estate.ours()), (1, 1));
}

#[test]
fn a_run_that_was_killed_stands_in_the_list_as_open_and_its_log_is_whole() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.fault("PUT", "/secrets/", 1, &json!("hold"));
    let run = rotate(&home);
    estate.wait_for_held();
    let _ = run.kill9();
    let runs: serde_json::Value =
        serde_json::from_str(&home.callout(["runs", "--json"]).run().succeeded().stdout).unwrap();
    assert_eq!((runs[0]["runbook"].as_str(), runs[0]["open"].as_bool()), (Some("key-rotation"), Some(true)));
    home.callout(["audit", "verify"]).run().succeeded();
    estate.release();
    resume(&home).succeeded();
    let verdict = home.callout(["audit", "verify"]).run().succeeded().stdout;
    assert!(verdict.contains("intact") && verdict.contains("not anchored"), "{verdict}");
}
