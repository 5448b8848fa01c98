//! What is due is done without anybody, from cron: `callout tick`.

use rustix::process::Signal;
use serde_json::json;

use super::bench::{ASK, of_kind, only_run, parked, state};
use crate::support::{Estate, Home};

#[test]
fn a_wait_of_a_day_is_sat_out_across_three_processes_and_ends_at_the_next_question() {
    let home = Home::new();
    home.callout(["run", "key-rotation", "--headless", "--yes", "reversible"]).run().exits(3);
    let run = only_run(&home);
    let early = home.callout(["tick"]).run().succeeded().stdout;
    assert!(early.starts_with(&format!("{run}  key-rotation: waits until ")), "{early}");
    assert_eq!(of_kind(&home, "run.taken").len(), 1, "nothing was due, so nothing was written");
    home.callout(["sim", "advance", "25h"]).run().succeeded();
    let late = home.callout(["tick"]).run().succeeded().stdout;
    assert!(
        late.contains("soak succeeded, still-ours succeeded; ") && late.contains("waits for a person: retire: "),
        "{late}"
    );
    assert_eq!(state(&home), "paused");
    let again = home.callout(["tick"]).run().succeeded().stdout;
    assert!(again.contains("waits for a person: retire: "), "{again}");
    assert_eq!(of_kind(&home, "run.taken").len(), 2, "a question is no work");
    home.callout(["resume", "--headless", "--yes", "destructive", "--speed", "max"]).run().succeeded();
}

#[test]
fn a_wait_of_a_day_keeps_its_hour_though_a_process_is_killed_in_the_middle() {
    let home = Home::new();
    let text = "\
runbook: day
format: 1
version: 1.0.0
title: Wait a day
steps:
  - {id: day, title: A day, wait: {for: 24h}}
";
    let file = super::bench::runbook(&home, text);
    let due = |said: &str| said.split("waits until ").nth(1).map(|rest| rest[..17].to_owned());
    let parked = home.callout(["run", &file, "--headless"]).run().exits(3).stdout;
    let hour = due(&parked).unwrap_or_else(|| panic!("{parked}"));
    // A process that sits the wait out loses nothing when it is killed.
    home.callout(["sim", "advance", "10h"]).run().succeeded();
    let child = home.callout(["resume", "--plain"]).spawn();
    child.wait_for("taken up again");
    let _ = child.kill9();
    let early = home.callout(["tick"]).run().succeeded().stdout;
    assert_eq!(due(&early).as_ref(), Some(&hour), "{early}");
    home.callout(["sim", "advance", "14h"]).run().succeeded();
    let late = home.callout(["tick"]).run().succeeded().stdout;
    assert!(late.contains("day succeeded; ended: succeeded"), "{late}");
    assert_eq!((of_kind(&home, "step.waiting").len(), of_kind(&home, "run.taken").len()), (1, 3));
}

#[test]
fn what_was_answered_goes_on_at_the_next_tick_and_two_at_once_do_no_harm() {
    let home = Home::new();
    let run = parked(&home, ASK);
    home.callout(["answer", &run, "go", "yes"]).run().succeeded();
    let both = [0, 1].map(|_| home.callout(["tick"]).spawn());
    for tick in both {
        tick.wait().succeeded();
    }
    // The one that took the run may have lost the simulated estate to the end of the one that served it.
    home.callout(["tick"]).run().succeeded();
    let asked = of_kind(&home, "step.readied");
    assert_eq!(asked.iter().filter(|entry| entry["step"] == "note").count(), 1);
    home.callout(["audit", "verify"]).run().succeeded();
}

#[test]
fn a_check_that_is_waited_for_is_looked_at_once() {
    let home = Home::new();
    let text = "\
runbook: well
format: 1
version: 1.0.0
title: Wait until it is well
steps:
  - id: well
    title: Wait until it is well
    wait: {check: http.get, with: {url: 'https://chatbot-web.azurewebsites.net/health/ready'}, every: 5s, timeout: 2h}
";
    let file = super::bench::runbook(&home, text);
    home.callout(["sim", "fault", "--path", "/health/ready", "--status", "503", "--times", "2"]).run().succeeded();
    let child = home.callout(["run", &file, "--headless"]).spawn();
    child.wait_for("answered 503");
    let _ = child.kill9();
    let first = home.callout(["tick"]).run().succeeded().stdout;
    assert!(first.contains("goes on at the next tick"), "{first}");
    let second = home.callout(["tick"]).run().succeeded().stdout;
    assert!(second.contains("ended: succeeded"), "{second}");
}

#[test]
fn a_check_that_is_looked_at_now_and_then_runs_out_of_its_time_and_asks_a_person() {
    let home = Home::new();
    let text = "\
runbook: later
format: 1
version: 1.0.0
title: See later whether it is well
parameters: {app: {type: webapp, default: chatbot-web}}
steps:
  - {id: rest, title: Rest, wait: {for: 2h}}
  - id: well
    title: See that it is well
    needs: [rest]
    check: webapp.health
    with: {app: '${{ inputs.app }}', path: /health/ready}
    until: {every: 5s, timeout: 1h}
";
    let file = super::bench::runbook(&home, text);
    home.callout(["run", &file, "--headless"]).run().exits(3);
    home.callout(["sim", "fault", "--path", "/health/ready", "--status", "503", "--times", "99"]).run().succeeded();
    for (later, said) in [
        ("2h", "rest succeeded; goes on at the next tick"),
        ("30m", "goes on at the next tick"),
        ("31m", "well failed; waits for a person: well: See that it is well"),
    ] {
        home.callout(["sim", "advance", later]).run().succeeded();
        let ticked = home.callout(["tick"]).run().succeeded().stdout;
        assert!(ticked.contains(said), "{later}: {ticked}");
    }
}

#[test]
fn a_pause_that_a_hanging_holder_never_saw_keeps_the_run_from_going_on_by_itself() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let text = "\
runbook: again
format: 1
version: 1.0.0
title: Again
parameters: {app: {type: webapp, default: chatbot-web}}
steps:
  - id: refresh
    title: Refresh
    action: webapp.references.refresh
    with: {app: '${{ inputs.app }}'}
    retry: {attempts: 5, delay: 20s, max_delay: 40s, only_on: [throttled]}
";
    let busy = json!({"status": {"code": 429, "body": "json", "retry_after": 20}});
    estate.fault("POST", "/config/configreferences/", 1, &busy);
    let file = super::bench::runbook(&home, text);
    let child = home.callout(["run", &file, "--headless", "--yes", "reversible"]).spawn();
    child.wait_for("tried again by itself");
    child.signal(Signal::STOP);
    let run = only_run(&home);
    // Nobody answers for a quarter of a minute, and that is said.
    let unheard = home.callout(["pause", &run]).run().exits(3).stderr;
    assert!(unheard.contains("has not answered yet"), "{unheard}");
    let _ = child.kill9();
    estate.advance(300);
    let ticked = home.callout(["tick"]).run().succeeded().stdout;
    assert!(ticked.contains("paused by a person"), "{ticked}");
    assert_eq!(estate.changes().len(), 1, "nothing is sent after a pause");
    home.callout(["resume", &run, "--headless", "--yes", "reversible"]).run().succeeded();
    assert_eq!(estate.changes().len(), 2);
}

#[test]
fn a_run_of_which_entries_are_lost_does_not_keep_the_others_from_their_turn() {
    let home = Home::new();
    let run = parked(&home, ASK);
    home.callout(["store", "backup", "copy.db"]).run().succeeded();
    home.callout(["answer", &run, "go", "no"]).run().succeeded();
    home.callout(["store", "restore", "copy.db"]).run().succeeded();
    let file = super::bench::runbook(&home, super::bench::BESIDE);
    home.callout(["run", &file, "--headless", "--speed", "max"]).run().exits(3);
    for _ in 0..2 {
        let ticked = home.callout(["tick"]).run().succeeded().stdout;
        assert!(
            ticked.contains(&format!("entries of it are lost; look at the estate, then `callout store release {run}`")),
            "{ticked}"
        );
        assert!(ticked.contains("beside: waits for a person"), "{ticked}");
    }
    let told = home.callout(["abort", &run]).run().exits(5).stdout;
    assert!(
        told.contains("nobody knows what it did after those that are left") && !told.contains("Nothing was"),
        "{told}"
    );
}

#[test]
fn several_runs_are_looked_at_and_each_has_its_line() {
    let home = Home::new();
    for text in [super::bench::BESIDE, ASK] {
        let file = super::bench::runbook(&home, text);
        home.callout(["run", &file, "--headless", "--speed", "max"]).run().exits(3);
    }
    let ticked = home.callout(["tick"]).run().succeeded().stdout;
    assert!(ticked.contains("beside: waits for a person: left: Left, and 1 more"), "{ticked}");
    assert!(ticked.contains("ask: waits for a person: go: Go on"), "{ticked}");
    assert_eq!(ticked.lines().count(), 2, "{ticked}");
}

#[test]
fn with_nothing_open_there_is_nothing_to_do() {
    let home = Home::new();
    assert_eq!(home.callout(["tick"]).run().succeeded().stdout, "No run is open.\n");
    assert!(!home.path("data/callout/sim.db").exists(), "looking makes nothing");
}
