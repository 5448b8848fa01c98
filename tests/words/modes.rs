//! Rehearsals, which change nothing, and drills, which change only what is bound to them.

use std::fs;

use super::bench::{of_kind, only_run};
use crate::support::{Estate, Home};

const HEADLESS: [&str; 5] = ["--headless", "--yes", "destructive", "--speed", "max"];

#[test]
fn a_rehearsal_changes_nothing_asks_for_no_consent_and_says_so_on_every_line() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    // Nobody says `--yes`: there is nothing to consent to.
    let run = ["run", "key-rotation", "--mode", "rehearsal", "--headless", "--speed", "max"];
    let said = home.callout(run).run().succeeded().stdout;
    assert!(estate.changes().is_empty(), "{:?}", estate.changes());
    let lines: Vec<&str> = said.lines().collect();
    let (told, end) = lines.split_at(lines.len() - 2);
    assert!(told.iter().all(|line| line.starts_with("REHEARSAL ")), "{said}");
    assert!(end[1].starts_with("REHEARSAL: nothing was changed; assumed, and not done: new-version, "), "{said}");
    assert!(of_kind(&home, "effect.intent").is_empty() && of_kind(&home, "step.confirmed").is_empty());
}

#[test]
fn a_runbook_is_drilled_for_real_on_targets_that_are_bound_to_drills() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let said = home.callout(["run", "rollback", "--mode", "drill"]).args(HEADLESS).run().succeeded().stdout;
    assert!(said.starts_with("DRILL SIMULATED sim  rollback"), "{said}");
    assert_eq!(estate.build("production"), "4711", "a drill really executes");
    let planned = &of_kind(&home, "run.planned")[0]["data"]["plan"];
    assert_eq!(planned["mode"], "drill");
    assert!(planned["place"]["drill"].as_array().is_some_and(|bound| !bound.is_empty()), "{planned:#}");
}

#[test]
fn a_drill_of_what_the_environment_does_not_bind_is_refused_before_anybody_signs_in() {
    let home = Home::new();
    let config = home.path("environments.yaml");
    let environment = |staging: &str| {
        format!(
            "environments:\n  - name: production\n    tenant: 11111111-1111-4111-8111-111111111112\n    \
             subscription: 33333333-3333-4333-8333-333333333333\n    resource_group: rg\n    sign_in: cli\n    targets:\n      \
             - {{name: shop, kind: webapp, drill: true}}\n      - {{name: shop/staging, kind: webapp{staging}}}\n"
        )
    };
    let inputs = ["-i", "app=shop", "-i", "standby=shop/staging", "-i", "build=1"];
    let run = |mode: &str, text: &str| {
        fs::write(&config, text).unwrap();
        let run = home.callout(["run", "rollback", "--env", "production", "--mode", mode, "--headless", "--config"]);
        run.args([&config]).args(inputs).run()
    };
    let refused = run("drill", &environment("")).exits(6).stderr;
    assert!(refused.contains("standby: `shop/staging`") && !refused.contains("app: `shop`"), "{refused}");
    assert!(refused.contains("`drill: true`"), "{refused}");
    assert!(!home.path("data/callout/journal.db").exists(), "nothing was started");
    // With both bound it gets as far as the sign-in, for which there is nobody here.
    run("drill", &environment(", drill: true")).exits(2);
}

#[test]
fn a_drill_that_comes_upon_a_stranger_on_its_way_sends_nothing_to_it() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    // The site is bound, the slot is swapped with it; but what the programme binds leaves the site itself out.
    let library = home.desk().join("library");
    for folder in ["runbooks", "playbooks"] {
        fs::create_dir_all(library.join(folder)).unwrap();
    }
    let runbook = "\
runbook: swap
format: 1
version: 1.0.0
title: Swap
parameters: {standby: {type: webapp}}
steps:
  - {id: swap, title: Swap, action: webapp.slot.swap, with: {app: '${{ inputs.standby }}'}, point_of_no_return: A test}
";
    let programme = "\
playbook: half
format: 1
version: 1.0.0
title: Half a drill
owner: nobody
programme:
  scenario: Something happened
  environment: sim
  targets: [chatbot-web/staging]
  objectives: {rto: 2h}
  participants: {commander: One, operator: Two}
  cadence: quarterly
  success_criteria: [All is well]
  steps:
    - {id: a, title: A, runbook: swap, with: {standby: chatbot-web/staging}}
";
    fs::write(library.join("runbooks/swap.yaml"), runbook).unwrap();
    fs::write(library.join("playbooks/half.yaml"), programme).unwrap();
    let said = home.callout(["drill", "run", "half", "--library", "library"]).args(HEADLESS).run().exits(1).stdout;
    assert!(said.contains("this is a drill, and `chatbot-web` is not bound to it: nothing was sent"), "{said}");
    assert_eq!(estate.count("POST", "/slotsswap"), 0);
}

#[test]
fn a_programme_runs_as_an_ordinary_run_in_the_mode_drill() {
    let home = Home::new();
    let said = home.callout(["drill", "run", "quarterly-dr"]).args(HEADLESS).run();
    let out = said.succeeded().stdout;
    assert!(out.starts_with("DRILL SIMULATED sim  quarterly-dr"), "{out}");
    let run = only_run(&home);
    let told = home.callout(["timeline", &run]).run().succeeded().stdout;
    assert!(told.contains("its runbook begins"), "{told}");
    assert!(home.callout(["drill", "run", "rollback"]).run().exits(2).stderr.contains("no drill programme `rollback`"));
}
