//! A second terminal, while a run is in progress in the first.

use serde_json::Value as Json;

use crate::support::{Child, Home, Screen};

/// The only run of a home: its short id.
fn only_run(home: &Home) -> String {
    let runs: Json = serde_json::from_str(&home.callout(["runs", "--json"]).run().succeeded().stdout).unwrap();
    assert_eq!(runs.as_array().map(Vec::len), Some(1));
    runs[0]["short"].as_str().unwrap().to_owned()
}

fn screen_at_a_consent(home: &Home) -> Screen {
    let screen = home.callout(["run", "key-rotation", "--speed", "max"]).screen(120, 36);
    screen.wait_for("Press Enter to acknowledge");
    screen
}

fn lines_at_a_consent(home: &Home) -> Child {
    let lines = home.callout(["run", "key-rotation", "--speed", "max"]).spawn();
    lines.wait_for("Enter confirms");
    lines
}

#[test]
fn the_story_so_far_can_be_read_and_a_note_appears_on_the_first_screen() {
    let home = Home::new();
    let screen = screen_at_a_consent(&home);
    let run = only_run(&home);
    let told = home.callout(["timeline"]).run().succeeded().stdout;
    assert!(told.contains("simulated: no evidence of production recovery"), "{told}");
    assert!(told.contains("new-version asks for consent (reversible)"), "{told}");

    home.callout(["note", &run, "the database team is on the bridge"]).run().succeeded();
    screen.wait_for("the database team is on the bridge");
    let told = home.callout(["timeline", &run]).run().succeeded().stdout;
    assert!(told.contains("the database team is on the bridge"), "{told}");
}

#[test]
fn an_abort_ends_the_run_on_the_first_screen() {
    let home = Home::new();
    let mut screen = screen_at_a_consent(&home);
    let run = only_run(&home);
    home.callout(["abort", &run, "--reason", "a false alarm"]).run().succeeded();
    screen.wait_for("The run was aborted");
    screen.press("q");
    assert_eq!(screen.exit_code(), Some(5));
    assert!(screen.is_given_back(), "{}", screen.contents_with_style());
    let told = home.callout(["timeline", &run]).run().succeeded().stdout;
    assert!(told.contains("a false alarm"), "{told}");
}

#[test]
fn an_abort_ends_a_run_that_speaks_lines() {
    let home = Home::new();
    let lines = lines_at_a_consent(&home);
    home.callout(["abort", &only_run(&home)]).run().succeeded();
    lines.wait_for("was aborted");
    lines.wait_with_stdin_open().exits(5);
}

#[test]
fn a_pause_is_heard_by_the_first_and_a_resume_goes_on() {
    let home = Home::new();
    let lines = lines_at_a_consent(&home);
    home.callout(["pause", &only_run(&home)]).run().succeeded();
    lines.wait_for("paused");
    drop(lines);
    home.callout(["resume", "--headless", "--yes", "destructive", "--speed", "max"]).run().succeeded();
}

#[test]
fn a_run_that_is_held_is_not_taken_up_by_a_second() {
    let home = Home::new();
    let lines = lines_at_a_consent(&home);
    let run = only_run(&home);
    let refused = home.callout(["resume", &run, "--headless"]).run().exits(2);
    assert!(refused.stderr.contains(&format!("held by process {}", lines.pid())), "{}", refused.stderr);
    assert!(lines.stdout().ends_with("> "), "the first goes on waiting: {}", lines.stdout());
}

#[test]
fn a_run_that_nobody_holds_is_aborted_without_the_first() {
    let home = Home::new();
    let lines = lines_at_a_consent(&home);
    let run = only_run(&home);
    let _ = lines.kill9();
    home.callout(["abort", &run]).run().exits(5);
    let again = home.callout(["abort", &run]).run().exits(2);
    assert!(again.stderr.contains("has ended already: aborted"), "{}", again.stderr);
}
