//! A gate inside a nested runbook inside a list: each item goes its own way.

use std::collections::BTreeMap;
use std::fs;

use super::bench::{of_kind, only_run, state};
use crate::support::{Estate, Home};

/// Decides for one app whether its references are refreshed.
const INNER: &str = "\
runbook: one-app
format: 1
version: 1.0.0
title: See to one app
parameters: {app: {type: webapp}}
steps:
  - id: way
    title: Choose the way
    gate:
      question: What is done with ${{ inputs.app.name }}?
      choices:
        - {choice: refresh, leads_to: [refresh]}
        - {choice: watch, leads_to: [watch]}
  - id: refresh
    title: Refresh it
    needs: [way]
    action: webapp.references.refresh
    with: {app: '${{ inputs.app }}'}
    verify: [{check: webapp.references, with: {app: '${{ inputs.app }}'}, until: {every: 5s, timeout: 10m}}]
  - id: watch
    title: Look at it
    needs: [way]
    check: webapp.health
    with: {app: '${{ inputs.app }}', path: /health/ready}
";

const MIDDLE: &str = "\
runbook: with-care
format: 1
version: 1.0.0
title: See to one app with care
parameters: {app: {type: webapp}}
steps:
  - {id: inner, title: See to it, runbook: one-app, with: {app: '${{ inputs.app }}'}}
";

const OUTER: &str = "\
runbook: all-apps
format: 1
version: 1.0.0
title: See to all apps
parameters: {apps: {type: list, of: webapp}}
steps:
  - {id: outer, title: Each, for_each: '${{ inputs.apps }}', runbook: with-care, with: {app: '${{ item }}'}}
";

const RUN: [&str; 8] =
    ["run", "all-apps", "--library", "library", "-i", "apps=chatbot-web,chatbot-worker", "--speed", "max"];

fn library(home: &Home) {
    let library = home.desk().join("library/runbooks");
    fs::create_dir_all(&library).unwrap();
    for (name, text) in [("one-app", INNER), ("with-care", MIDDLE), ("all-apps", OUTER)] {
        fs::write(library.join(format!("{name}.yaml")), text).unwrap();
    }
}

/// The worker's references were refreshed and the web app was looked at, each once and nothing else.
fn each_went_its_own_way(home: &Home, estate: &Estate) {
    assert_eq!(state(home), "succeeded");
    let changes = estate.changes();
    assert!(
        matches!(&changes[..], [only] if only.is("POST", "/sites/chatbot-worker/config/configreferences/")),
        "{changes:?}"
    );
    let ends: BTreeMap<String, String> = of_kind(home, "step.finished")
        .iter()
        .map(|entry| (entry["step"].as_str().unwrap().to_owned(), entry["data"]["end"].as_str().unwrap().to_owned()))
        .collect();
    for (step, end) in [
        ("outer[chatbot-web]/inner/watch", "succeeded"),
        ("outer[chatbot-web]/inner/refresh", "passed_by"),
        ("outer[chatbot-worker]/inner/refresh", "succeeded"),
        ("outer[chatbot-worker]/inner/watch", "passed_by"),
        ("outer[chatbot-worker]/inner", "succeeded"),
        ("outer[chatbot-web]", "succeeded"),
    ] {
        assert_eq!(ends.get(step).map(String::as_str), Some(end), "{step}: {ends:?}");
    }
}

#[test]
fn gates_of_items_are_answered_beforehand_by_their_paths() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    library(&home);
    let answers = "\
gate:
  'outer[chatbot-web]/inner/way': watch
  'outer[chatbot-worker]/inner/way': refresh
confirm:
  'outer[chatbot-worker]/inner/refresh': ok
";
    fs::write(home.desk().join("answers.yaml"), answers).unwrap();
    home.callout(RUN).args(["--headless", "--answers", "answers.yaml"]).run().succeeded();
    each_went_its_own_way(&home, &estate);
}

#[test]
fn gates_of_items_are_answered_from_another_terminal() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    library(&home);
    let mut child = home.callout(RUN).args(["--plain"]).spawn();
    child.wait_for("── outer[chatbot-web]/inner/way ──");
    let run = only_run(&home);
    home.callout(["answer", &run, "outer[chatbot-web]/inner/way", "watch"]).run().succeeded();
    child.wait_for("── outer[chatbot-worker]/inner/way ──");
    home.callout(["answer", &run, "outer[chatbot-worker]/inner/way", "refresh"]).run().succeeded();
    child.wait_for("── outer[chatbot-worker]/inner/refresh ──");
    let refused = home.callout(["answer", &run, "outer[chatbot-worker]/inner/refresh", "ok"]).run().exits(2).stderr;
    assert!(refused.contains("asks for consent"), "{refused}");
    // The line that was waited for belonged to the question that somebody else has answered.
    child.say("");
    child.wait_for("was typed for an earlier question; nothing was answered.");
    child.say("");
    child.wait().succeeded();
    each_went_its_own_way(&home, &estate);
}
