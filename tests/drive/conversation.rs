//! Questions and answers in lines: an answer is for the question that was read, and for no other.

use std::fmt::Write as _;

use serde_json::Value as Json;

use crate::support::home::Home;

const RUN: [&str; 3] = ["run", "key-rotation", "--plain"];

/// The id of the only run.
fn run_id(home: &Home) -> String {
    let runs: Json = serde_json::from_str(&home.callout(["runs", "--json"]).run().succeeded().stdout).unwrap();
    runs[0]["short"].as_str().unwrap().to_owned()
}

/// The steps that were consented to, each on a line.
fn confirmed(home: &Home) -> String {
    let told = home.callout(["timeline", "--json"]).run().succeeded().stdout;
    let lines: Json = serde_json::from_str(&told).unwrap();
    let mut steps = String::new();
    for line in lines.as_array().unwrap() {
        if line["text"].as_str().is_some_and(|text| text.starts_with("confirmed")) {
            writeln!(steps, "{}", line["step"].as_str().unwrap()).unwrap();
        }
    }
    steps
}

#[test]
fn a_second_enter_at_a_terminal_does_not_confirm_what_was_not_shown_yet() {
    let home = Home::new();
    let mut screen = home.callout(RUN).screen(160, 100);
    screen.wait_for("Enter confirms");
    screen.write("\r\r\r");
    screen.wait_for("── refresh ──");
    screen.wait_until("the second question whole", |shown| shown.matches("Enter confirms").count() == 2);
    screen.write("abort\r");
    screen.wait_for("Type `abort` once more");
    screen.write("abort\r");
    assert_eq!(screen.exit_code(), Some(5));
    assert_eq!(confirmed(&home), "new-version\n");
}

#[test]
fn every_line_of_a_pipe_is_kept_for_the_question_that_it_answers() {
    let home = Home::new();
    let outcome =
        home.callout(["run", "rollback", "--speed", "max"]).stdin("1\nchatbot-web\nheld\nthey do\ndone\n").run();
    outcome.succeeded();
    assert_eq!(confirmed(&home), "swap\n");
}

#[test]
fn a_line_that_was_meant_for_an_earlier_question_answers_nothing() {
    let home = Home::new();
    let mut child = home.callout(RUN).spawn();
    child.wait_for("Enter confirms");
    home.callout(["pause", &run_id(&home)]).run().succeeded();
    child.wait_for("`continue` goes on");
    child.say("");
    child.wait_for("`` was typed for an earlier question; nothing was answered.");
    child.say("go");
    child.wait_for("`go` is neither `continue` nor `abort`.");
    child.wait().exits(3);
    assert_eq!(confirmed(&home), "");
}

#[test]
fn a_run_that_was_paused_from_elsewhere_goes_on_by_a_word() {
    let home = Home::new();
    let mut child = home.callout(RUN).spawn();
    child.wait_for("Enter confirms");
    home.callout(["pause", &run_id(&home)]).run().succeeded();
    child.wait_for("`continue` goes on");
    child.say("continue");
    child.wait_for("Z goes on");
    child.say("");
    child.wait_for("── refresh ──");
    assert_eq!(confirmed(&home), "new-version\n");
}

#[test]
fn a_headless_run_that_is_paused_from_elsewhere_is_left_to_be_resumed() {
    let home = Home::new();
    let fault = ["sim", "fault", "--path", "/health/ready", "--status", "503", "--times", "100000"];
    home.callout(fault).run().succeeded();
    let child = home.callout(["run", "key-rotation", "--headless", "--yes", "destructive"]).spawn();
    child.wait_for("answered 503");
    home.callout(["pause", &run_id(&home)]).run().succeeded();
    let stdout = child.wait().exits(3).stdout;
    assert!(stdout.contains("is paused; `callout resume"), "{stdout}");
}

#[test]
fn ending_a_run_is_asked_twice_and_says_before_what_stays() {
    let home = Home::new();
    let mut child = home.callout(RUN).spawn();
    child.wait_for("Enter confirms");
    child.say("abort");
    child.wait_for("This run has changed nothing so far.");
    // Any other line leads back, and is no answer to the question either.
    child.say("");
    child.wait_for("The run is not ended.");
    assert_eq!(confirmed(&home), "");
    child.say("");
    child.wait_for("── refresh ──");
    child.say("abort");
    child.wait_for("Done, and left standing as it is:\n    new-version  Add a new version");
    child.say("abort");
    child.wait().exits(5);
}
