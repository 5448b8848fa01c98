//! A run in which nobody is asked: what was said beforehand, and what the runbook names for it.

use std::fs;

use super::bench::{ASK, BESIDE, given, runbook, state};
use crate::support::{Home, Outcome};

fn run(home: &Home, text: &str, answers: &str) -> Outcome {
    let file = runbook(home, text);
    fs::write(home.desk().join("answers.yaml"), answers).unwrap();
    home.callout(["run", &file, "--headless", "--answers", "answers.yaml", "--speed", "max"]).run()
}

#[test]
fn fields_come_from_the_answers_and_a_file_of_evidence_by_its_path() {
    let home = Home::new();
    fs::write(home.desk().join("incident.log"), [0xff, 0xfe]).unwrap();
    let answers =
        "gate: {go: 'yes'}\nmanual: {note: {owner: platform-oncall, token: 'env:TOKEN', log: incident.log}}\n";
    run(&home, ASK, answers).succeeded();
    let given = given(&home, "note");
    assert_eq!((given["owner"].as_str(), given["team"].as_str()), (Some("platform-oncall"), Some("ops")));
    assert_eq!(given["log"]["bytes"], 2);
}

#[test]
fn a_field_that_is_left_open_pauses_the_run_and_a_wrong_one_is_told() {
    let home = Home::new();
    let open = run(&home, ASK, "gate: {go: 'yes'}\nmanual: {note: {owner: platform-oncall}}\n").exits(3).stdout;
    assert!(open.contains("── note ──") && open.contains("Nobody is here to answer"), "{open}");
    let home = Home::new();
    let answers = "gate: {go: 'yes'}\nmanual: {note: {owner: ops, token: hunter2hunter2, log: missing.log}}\n";
    let wrong = run(&home, ASK, answers).exits(3).stdout;
    assert!(wrong.contains("`missing.log` cannot be read") && !wrong.contains("hunter2"), "{wrong}");
}

#[test]
fn what_the_runbook_names_for_it_is_taken_without_a_word() {
    let home = Home::new();
    let text = "\
runbook: named
format: 1
version: 1.0.0
title: Named
steps:
  - {id: go, title: Go, gate: {question: Go?, choices: ['yes', 'no'], headless: 'yes'}}
  - id: note
    title: Note
    manual: {instruction: Say who., fields: {owner: {type: string, headless: nobody}, team: {type: string, default: ops}}}
";
    run(&home, text, "{}\n").succeeded();
    let given = given(&home, "note");
    assert_eq!((given["owner"].as_str(), given["team"].as_str()), (Some("nobody"), Some("ops")));
}

#[test]
fn other_branches_go_on_while_a_question_is_open() {
    let home = Home::new();
    let said = run(&home, BESIDE, "gate: {right: 'yes'}\n").exits(3).stdout;
    assert!(said.contains("right decided without a person") && said.contains("rest succeeded"), "{said}");
    assert!(said.contains("── left ──") && !said.contains("── right ──"), "only what is open is shown: {said}");
    assert_eq!(state(&home), "paused");
}

#[test]
fn steps_of_a_nested_runbook_and_of_a_list_are_addressed_by_their_paths() {
    let home = Home::new();
    let library = home.desk().join("library/runbooks");
    fs::create_dir_all(&library).unwrap();
    let inner = "runbook: inner\nformat: 1\nversion: 1.0.0\ntitle: Inner\nparameters: {word: {type: string}}\nsteps:\n  \
                 - {id: go, title: Go, gate: {question: 'Go with ${{ inputs.word }}?', choices: ['yes', 'no']}}\n";
    let outer = "runbook: outer\nformat: 1\nversion: 1.0.0\ntitle: Outer\nsteps:\n  \
                 - {id: each, title: Each, for_each: [a, b], runbook: inner, with: {word: '${{ item }}'}}\n";
    fs::write(library.join("inner.yaml"), inner).unwrap();
    fs::write(library.join("outer.yaml"), outer).unwrap();
    fs::write(home.desk().join("answers.yaml"), "gate: {'each[a]/go': 'yes'}\n").unwrap();
    let args = ["run", "outer", "--library", "library", "--headless", "--answers", "answers.yaml", "--speed", "max"];
    let said = home.callout(args).run().exits(3).stdout;
    assert!(said.contains("each[a]/go decided") && said.contains("── each[b]/go ──"), "{said}");
    let run = super::bench::only_run(&home);
    let near = home.callout(["answer", &run, "go", "yes"]).run().exits(2).stderr;
    assert!(near.contains("did you mean `each[a]/go`?"), "{near}");
    home.callout(["answer", &run, "each[b]/go", "yes"]).run().succeeded();
    let ticked = home.callout(["tick"]).run().succeeded().stdout;
    assert!(ticked.contains("ended: succeeded"), "{ticked}");
    // Both texts travel with the run, whatever becomes of the files.
    let store = rusqlite::Connection::open(home.usual_store()).unwrap();
    for text in [inner, outer] {
        let kept = "SELECT count(*) FROM text WHERE bytes = ?1";
        assert_eq!(store.query_row(kept, [text.as_bytes()], |row| row.get::<_, u32>(0)).unwrap(), 1);
    }
}
