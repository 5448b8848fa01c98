//! What is measured of a drill that does not go as promised.

use std::fs;

use callout::base::{Span, Timestamp};
use serde_json::Value as Json;

use crate::support::{Estate, Home};
use crate::words::bench::{of_kind, only_run};

const RUNBOOK: &str = "\
runbook: look
format: 1
version: 1.0.0
title: Look at what came back
outputs:
  newest: {type: timestamp, value: '${{ steps.look.outputs.newest }}'}
  point: {type: timestamp, value: '${{ steps.look.outputs.point }}'}
steps:
  - id: look
    title: Look at the newest row
    manual:
      instruction: Look.
      fields:
        newest: {type: timestamp, description: When the newest row was written}
        point: {type: timestamp, description: What was restored to}
    marks: service_restored
";

const PROGRAMME: &str = "\
playbook: lossy
format: 1
version: 1.0.0
title: Lose data
owner: nobody
programme:
  scenario: Rows are corrupted
  environment: sim
  targets: [chatbot-pg]
  breaks: [{break: rows_corrupted, of: chatbot-pg}]
  objectives:
    rto: 5m
    rpo: 1m
    recovered: {newest: restore.newest, point: restore/look.point}
    coverage: 100
  participants: {commander: One, operator: Two}
  cadence: yearly
  success_criteria: [All is well]
  steps:
    - {id: restore, title: Restore, runbook: look}
";

const HEADLESS: [&str; 5] = ["--library", "library", "--headless", "--speed", "max"];

/// Holds the drill up to the step that only a person can do.
fn begin(home: &Home) {
    let library = home.desk().join("library");
    for (folder, file, text) in [("runbooks", "look.yaml", RUNBOOK), ("playbooks", "lossy.yaml", PROGRAMME)] {
        fs::create_dir_all(library.join(folder)).unwrap();
        fs::write(library.join(folder).join(file), text).unwrap();
    }
    home.callout(["drill", "run", "lossy"]).args(HEADLESS).run().exits(3);
}

fn report(home: &Home) -> Json {
    serde_json::from_str(&home.callout(["drill", "report", "--format", "json"]).run().succeeded().stdout).unwrap()
}

fn verdicts(report: &Json) -> Vec<&str> {
    report["objectives"].as_array().unwrap().iter().map(|one| one["verdict"].as_str().unwrap()).collect()
}

#[test]
fn the_loss_is_measured_by_the_newest_row_beside_what_the_restore_point_claims() {
    let home = Home::new();
    begin(&home);
    assert_eq!(verdicts(&report(&home)), ["not_measured", "not_measured"], "nothing is claimed that was not seen");

    let at: Timestamp = of_kind(&home, "run.prepared")[0]["data"]["broken"][0]["at"].as_str().unwrap().parse().unwrap();
    home.callout(["sim", "advance", "10m"]).run().succeeded();
    let (newest, point) = (at.before(Span::seconds(95)), at.before(Span::seconds(60)));
    let answers = format!("manual: {{restore/look: {{newest: '{newest}', point: '{point}'}}}}\n");
    fs::write(home.desk().join("answers.yaml"), answers).unwrap();
    home.callout(["resume", "--answers", "answers.yaml"]).args(HEADLESS).run().succeeded();
    let report = report(&home);
    assert_eq!(verdicts(&report), ["missed", "missed"], "{report}");
    let rpo = &report["objectives"][1];
    assert_eq!((&rpo["measured_s"], &rpo["claimed_s"]), (&95.0.into(), &60.0.into()));
    assert!(report["objectives"][0]["measured_s"].as_f64().unwrap() >= 600.0, "{report}");
    assert_eq!((&report["verdict"], &report["coverage"]["verdict"]), (&"missed".into(), &"missed".into()));
    let remediation = report["remediation"].to_string();
    for item in
        ["Objective RTO missed", "Objective RPO missed: 1m 35s measured, 1m allowed", "Objective coverage missed"]
    {
        assert!(remediation.contains(item), "{item}: {remediation}");
    }
}

#[test]
fn a_service_whose_restoring_step_a_person_left_out_is_not_taken_for_restored() {
    let home = Home::new();
    begin(&home);
    let run = only_run(&home);
    home.callout(["skip", &run, "restore/look", "--reason", "somebody else looks"]).run().succeeded();
    let report = report(&home);
    assert_eq!(verdicts(&report), ["not_measured", "not_measured"], "{report}");
    let note = report["objectives"][0]["note"].as_str().unwrap();
    assert!(note.contains("`restore/look`, which would mark it, has not ended well"), "{note}");
}

#[test]
fn the_report_of_a_run_that_goes_on_says_so_and_judges_nothing_that_may_yet_come() {
    let home = Home::new();
    begin(&home);
    let going = report(&home);
    assert_eq!(
        (&going["is_over"], &going["ended_at"], &going["verdict"]),
        (&false.into(), &Json::Null, &"not_measured".into())
    );
    assert_eq!(going["coverage"]["verdict"], "not_measured", "what is still to be done may yet be proven");
    for format in ["markdown", "html"] {
        let told = home.callout(["drill", "report", "--format", format]).run().succeeded().stdout;
        assert!(told.contains("INTERIM: the run is paused and has not ended"), "{told}");
        assert!(!told.contains("| Ended |"), "{told}");
    }
    let history = home.callout(["drill", "history"]).run().succeeded().stdout;
    assert!(history.contains("paused  not measured") && !history.contains("missed"), "{history}");

    home.callout(["abort", &only_run(&home)]).run().exits(5);
    let over = report(&home);
    assert_eq!((&over["is_over"], &over["coverage"]["verdict"]), (&true.into(), &"missed".into()));
    assert_eq!(over["verdict"], "missed");
    let remediation = over["remediation"].to_string();
    for item in ["The drill did not come to its end: the run is aborted", "Nobody was named as commander, operator"] {
        assert!(remediation.contains(item), "{item}: {remediation}");
    }
    let told = home.callout(["drill", "report"]).run().succeeded().stdout;
    assert!(
        !told.contains("INTERIM") && told.contains("None is recorded: what was done was done as written."),
        "{told}"
    );
}

#[test]
fn a_service_that_is_not_restored_when_its_time_is_over_is_late() {
    let home = Home::new();
    begin(&home);
    home.callout(["sim", "advance", "10m"]).run().succeeded();
    home.callout(["abort", &only_run(&home)]).run().exits(5);
    let report = report(&home);
    assert_eq!(verdicts(&report), ["missed", "not_measured"], "{report}");
    let rto = &report["objectives"][0];
    assert_eq!(rto["measured_s"], Json::Null, "nobody knows how late it would have become");
    assert!(rto["note"].as_str().unwrap().starts_with("not restored after 10m"), "{rto}");
}

#[test]
fn rows_from_after_the_damage_are_no_recovery() {
    let home = Home::new();
    begin(&home);
    let at: Timestamp = of_kind(&home, "run.prepared")[0]["data"]["broken"][0]["at"].as_str().unwrap().parse().unwrap();
    let later = at.after(Span::seconds(60));
    let answers = format!("manual: {{restore/look: {{newest: '{later}', point: '{later}'}}}}\n");
    fs::write(home.desk().join("answers.yaml"), answers).unwrap();
    home.callout(["resume", "--answers", "answers.yaml"]).args(HEADLESS).run().succeeded();
    let rpo = &report(&home)["objectives"][1];
    assert_eq!(
        (&rpo["verdict"], &rpo["measured_s"], &rpo["claimed_s"]),
        (&"not_measured".into(), &Json::Null, &Json::Null)
    );
    assert!(rpo["note"].as_str().unwrap().contains("is later than"), "{rpo}");
}

#[test]
fn what_the_service_had_accepted_is_its_time_though_the_program_was_killed() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    // The swap takes a minute and more; it is asked for whether it is done, and no answer comes.
    estate.fault("GET", "operationresults", 1, &serde_json::json!("hold"));
    let run = home
        .callout(["run", "rollback", "--mode", "drill"])
        .args(&HEADLESS[2..])
        .args(["--yes", "destructive"])
        .spawn();
    run.wait_for("swap accepted");
    run.kill9();
    estate.release();
    home.callout(["resume"]).args(&HEADLESS[2..]).args(["--yes", "destructive"]).run().succeeded();
    let time = report(&home)["time"].clone();
    assert!(time["azure_s"].as_f64().unwrap() > 60.0 && time["in_doubt_s"].as_f64().unwrap() < 30.0, "{time}");
}
