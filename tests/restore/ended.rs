//! A restore that a person ends in the middle, in each form: what is left is told, and what can be taken back is.

use serde_json::json;

use super::{restore, run, take_back};
use crate::support::{Estate, Home};

/// Ends a restore at its last gate, and gives what is told to be left.
fn left(home: &Home, inputs: &[&str]) -> String {
    let file = home.path("answers.yaml");
    std::fs::write(&file, "gate: {accept: stop}\n").unwrap();
    let ended = restore(home, &[inputs, &["--answers", file.to_str().unwrap()]].concat()).exits(5);
    let told = ended.stdout.lines().find_map(|line| line.split_once("ABORTED; not undone: "));
    told.unwrap_or_else(|| panic!("{}", ended.stdout)).1.to_owned()
}

#[test]
fn whoever_ends_it_is_told_what_is_left_in_each_form() {
    for (inputs, wanted, alias) in [
        (&[][..], "pause, create, new-indexer, fill, catch-up, swap, feed", "docs-2"),
        (
            &["-i", "addressed_by=setting"],
            "pause, create, new-indexer, fill, catch-up, setting[chatbot-web]/change, feed",
            "docs",
        ),
    ] {
        let home = Home::new();
        let estate = Estate::serve(&home);
        estate.name_index("docs");
        assert_eq!(left(&home, inputs), wanted);
        assert_eq!(estate.answers_from(), alias);
        let shown = home.callout(["show", &run(&home)]).run().succeeded().stdout;
        assert!(shown.contains("aborted"), "{shown}");
    }
}

#[test]
fn in_the_push_form_too() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    restore(&home, &["-i", "ingestion=push"]).exits(1);
    let told = home.callout(["abort", &run(&home)]).run().exits(5).stdout;
    assert!(told.contains("Stays as it is, and is not undone: create."), "{told}");
    let by_people = "Done by people, who alone can take back what it changed: pause-job, push-all.";
    assert!(told.contains(by_people), "{told}");
    assert!(told.contains("ABORTED; not undone: create\n"), "{told}");
    assert_eq!(estate.search()["indexes"]["docs-2"]["documents"], 0, "it stands as it is told");
}

#[test]
fn after_the_swap_of_the_alias_everything_can_be_taken_back() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.fault("GET", "/api/ask", 10_000, &json!({"status": {"code": 503, "body": "html"}}));
    let unwell = restore(&home, &[]).exits(1);
    assert!(unwell.stdout.contains("ask FAILED"), "{}", unwell.stdout);
    assert_eq!(estate.answers_from(), "docs-2");
    let back = take_back(&home).exits(5);
    assert!(back.stdout.contains("ROLLED BACK\n"), "{}", back.stdout);
    estate.is_as_before();
}
