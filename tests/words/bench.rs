use std::fs;

use serde_json::Value as Json;

use crate::support::{Child, Home};

/// A gate, then a manual step with a field of every kind that a person fills in differently.
pub(super) const ASK: &str = "\
runbook: ask
format: 1
version: 1.0.0
title: Ask
steps:
  - {id: go, title: Go on, gate: {question: Shall it go on?, choices: ['yes', 'no']}}
  - id: note
    title: Note who looks after it
    needs: [go]
    manual:
      instruction: Say who looks after it, and give the log.
      fields:
        owner: {type: string, description: Who looks after it, pattern: '[a-z-]+'}
        team: {type: string, default: ops}
        size: {type: choice, choices: [small, large], default: small}
        token: {type: secret}
        log: {type: evidence}
";

/// Two gates that need nothing of each other, and a wait beside them.
pub(super) const BESIDE: &str = "\
runbook: beside
format: 1
version: 1.0.0
title: Beside
steps:
  - {id: left, title: Left, gate: {question: Is the left one well?, choices: ['yes', 'no']}}
  - {id: right, title: Right, needs: [], gate: {question: Is the right one well?, choices: ['yes', 'no']}}
  - {id: rest, title: Rest, needs: [], wait: {for: 20s}}
";

/// Writes a runbook onto the desk; gives what to call it by.
pub(super) fn runbook(home: &Home, text: &str) -> String {
    let name = text.lines().find_map(|line| line.strip_prefix("runbook: ")).unwrap();
    let file = format!("{name}.yaml");
    fs::write(home.desk().join(&file), text).unwrap();
    file
}

/// Begins a run that nobody is asked in, up to where it is paused; gives its id.
pub(super) fn parked(home: &Home, text: &str) -> String {
    let file = runbook(home, text);
    home.callout(["run", &file, "--headless", "--speed", "max"]).run().exits(3);
    only_run(home)
}

/// Begins a run that is held by a process that speaks lines, and waits for its first question.
pub(super) fn held(home: &Home, text: &str, first: &str) -> (Child, String) {
    let file = runbook(home, text);
    let child = home.callout(["run", &file, "--plain"]).spawn();
    child.wait_for(&format!("── {first} ──"));
    (child, only_run(home))
}

/// The id of the only run.
pub(crate) fn only_run(home: &Home) -> String {
    runs(home)[0]["short"].as_str().unwrap().to_owned()
}

/// The state of the only run.
pub(super) fn state(home: &Home) -> String {
    runs(home)[0]["state"].as_str().unwrap().to_owned()
}

fn runs(home: &Home) -> Json {
    let runs: Json = serde_json::from_str(&home.callout(["runs", "--json"]).run().succeeded().stdout).unwrap();
    assert_eq!(runs.as_array().map(Vec::len), Some(1), "{runs}");
    runs
}

/// The entries of that kind in the log.
pub(crate) fn of_kind(home: &Home, kind: &str) -> Vec<Json> {
    let log = home.callout(["audit", "export", "--format", "jsonl"]).run().succeeded().stdout;
    let entries = log.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
    entries.filter(|entry| entry["kind"] == kind).collect()
}

/// What a step has given.
pub(super) fn given(home: &Home, step: &str) -> Json {
    let mut finished = of_kind(home, "step.finished");
    finished.retain(|entry| entry["step"] == step);
    assert_eq!(finished.len(), 1, "{step}: {finished:?}");
    finished[0]["data"]["outputs"].take()
}
