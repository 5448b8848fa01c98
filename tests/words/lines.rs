//! Plain lines: forms, reasons, and words that are no answer to the question.

use std::fs;

use super::bench::{ASK, BESIDE, given, held, of_kind, runbook};
use crate::support::Home;

#[test]
fn a_form_is_filled_in_line_after_line_and_what_is_wrong_is_asked_again() {
    let home = Home::new();
    fs::write(home.desk().join("incident.log"), "hi there\n").unwrap();
    let (mut child, _) = held(&home, ASK, "go");
    child.say("yes");
    child.wait_for("── note ──");
    child.say("1");
    for (asked, said) in [
        ("owner (Who looks after it; text like [a-z-]+):", "platform-oncall"),
        ("team (text) [ops]:", ""),
        ("size (one of small, large) [small]:", "huge"),
        ("`huge` is not one of small, large.", "large"),
        ("token (where the secret is, as env:NAME):", "hunter2hunter2"),
        ("what was typed is not repeated", "env:TOKEN"),
        ("log (the path of a file):", "incident.log"),
    ] {
        child.wait_for(asked);
        child.say(said);
    }
    child.wait().succeeded();
    let given = given(&home, "note");
    assert_eq!((given["team"].as_str(), given["size"].as_str()), (Some("ops"), Some("large")));
    assert_eq!(given["log"]["name"], "incident.log");
    assert!(home.files_with(b"hunter2").is_empty(), "{:?}", home.files_with(b"hunter2"));
}

#[test]
fn a_step_is_skipped_by_a_word_with_a_reason_and_not_without() {
    let home = Home::new();
    let (mut child, _) = held(&home, ASK, "go");
    child.say("skip nte");
    child.wait_for("there is no step `nte`. Did you mean `note`?");
    child.say("skip note");
    child.wait_for("Why? It is a deviation");
    child.say("");
    child.wait_for("Nothing was answered: a reason is needed.");
    child.say("skip note");
    child.say("nobody knows it");
    child.wait_for("SKIPPED by a person: nobody knows it");
    child.say("yes");
    let said = child.wait().succeeded().stdout;
    assert!(said.contains("succeeded with deviations"), "{said}");
}

#[test]
fn a_command_is_performed_and_the_question_stays() {
    let home = Home::new();
    let (mut child, _) = held(&home, ASK, "go");
    child.say("adhoc echo looked; exit 3");
    child.wait_for("The command is done (exit 3); it stands in the record.");
    child.wait_for("AD-HOC COMMAND sh -c echo looked; exit 3 (exit 3");
    child.say("no");
    child.wait().exits(5);
    assert_eq!(of_kind(&home, "run.adhoc").len(), 1);
}

#[test]
fn several_questions_are_named_and_turned_to() {
    let home = Home::new();
    let file = runbook(&home, BESIDE);
    let mut child = home.callout(["run", &file, "--plain", "--speed", "max"]).spawn();
    child.wait_for("── left ──");
    child.wait_for("Asked as well: right  Right (`question 2` turns to it)");
    child.say("question right");
    child.wait_for("── right ──");
    child.say("yes");
    child.wait_for("right decided with Enter: yes");
    child.say("yes");
    child.wait().succeeded();
}
