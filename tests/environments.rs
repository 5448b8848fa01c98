//! Environments that a library brings along and inputs of every type, through the real program.

use std::fs;
use std::path::PathBuf;

use crate::support::Home;

const RUNBOOK: &str = "\
runbook: typed
format: 1
version: 1.0.0
title: Takes an input of every kind
parameters:
  app: {type: webapp}
  standby: {type: webapp, default: '${{ inputs.app.name }}/staging'}
  token: {type: secret}
  share: {type: decimal, default: 0.50}
  since: {type: timestamp, default: '2026-11-20T04:10:00+01:00'}
steps:
  - id: look
    title: Look at the standby
    check: http.get
    with: {url: '${{ inputs.standby.url }}/health', expect: {status: 200}}
";

/// A library at the home's desk, with that environment file.
pub(crate) fn library(home: &Home, name: &str, environment: &str) -> PathBuf {
    let desk = home.desk();
    for folder in ["runbooks", "environments"] {
        fs::create_dir_all(desk.join(folder)).unwrap();
    }
    fs::write(desk.join("runbooks/typed.yaml"), RUNBOOK).unwrap();
    fs::write(desk.join(format!("environments/{name}.yaml")), environment).unwrap();
    desk
}

#[test]
fn an_input_of_every_type_is_planned_and_a_default_follows_another_input() {
    let home = Home::new();
    library(&home, "production", "");
    let args = ["plan", "typed", "-i", "app=chatbot-web", "-i", "token=env:API_TOKEN"];
    let plan = home.callout(args).run().succeeded().stdout;
    for line in [
        "standby = chatbot-web/staging",
        "token = «secret: environment variable API_TOKEN»",
        "share = 0.5",
        "since = 2026-11-20T03:10:00.000000Z",
        "https://chatbot-web-staging.azurewebsites.net/health",
    ] {
        assert!(plan.contains(line), "{line}: {plan}");
    }
    assert_eq!(home.callout(args).run().succeeded().stdout, plan);
}

#[test]
fn a_secret_that_is_typed_in_place_of_a_reference_is_refused_and_said_nowhere() {
    let home = Home::new();
    library(&home, "production", "");
    let args = ["plan", "typed", "-i", "app=chatbot-web", "-i", "token=hunter2-canary"];
    let outcome = home.callout(args).run().exits(2);
    assert!(outcome.stderr.contains("`token` is wrong: it is not a reference to a secret"), "{}", outcome.stderr);
    assert!(!outcome.stdout.contains("canary") && !outcome.stderr.contains("canary"), "{}", outcome.stderr);
    assert!(home.files_with(b"canary").is_empty());
}

#[test]
fn check_looks_at_the_environments_of_a_library_and_places_what_it_finds() {
    let home = Home::new();
    library(&home, "production", "environment: produktion\nformat: 1\ntenant: x\n");
    let outcome = home.callout(["check"]).run().exits(1).stdout;
    assert!(outcome.contains("environments/production.yaml:1:14"), "{outcome}");
    assert!(outcome.contains("environments/production.yaml:3:9"), "{outcome}");
    assert!(outcome.contains("1 runbook, 1 environment: "), "{outcome}");
    let alone = home.callout(["check", "environments"]).run().exits(1).stdout;
    assert!(alone.contains("\n1 environment: "), "{alone}");
}
