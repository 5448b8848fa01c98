//! Many processes on one store at once.

use std::io::Write as _;

use serde_json::Value as Json;

use super::copies::{only_run, said};
use crate::support::{Estate, Home};

const RESUME: [&str; 6] = ["resume", "--headless", "--yes", "destructive", "--speed", "max"];

/// The records of the log, as the export gives them.
fn records(home: &Home) -> Vec<Json> {
    let lines = said(home, &["audit", "export", "--format", "jsonl"]);
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn of_kind<'a>(records: &'a [Json], kind: &str) -> Vec<&'a Json> {
    records.iter().filter(|record| record["kind"] == kind).collect()
}

/// Past the test harness, which keeps the output of a test that passes to itself.
fn report(line: &str) {
    let mut stderr = std::io::stderr();
    writeln!(stderr, "{line}").unwrap();
}

#[test]
fn what_many_processes_write_beside_a_holder_arrives_and_none_of_them_becomes_a_second_holder() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let holder = home.callout(["run", "key-rotation", "--speed", "max"]).spawn();
    holder.wait_for("Enter confirms");
    let (run, _) = only_run(&home);
    let notes: Vec<_> = (0..12).map(|number| home.callout(["note", &run, &format!("note {number}")]).spawn()).collect();
    let takers: Vec<_> = (0..4).map(|_| home.callout(["resume", &run, "--headless"]).spawn()).collect();
    let copiers: Vec<_> =
        (0..3).map(|number| home.callout(["store", "backup", &format!("copy-{number}.db")]).spawn()).collect();
    for note in notes {
        note.wait_with_stdin_open().succeeded();
    }
    for taker in takers {
        let refused = taker.wait_with_stdin_open().exits(2);
        assert!(refused.stderr.contains("is held by process"), "{}", refused.stderr);
    }
    for copier in copiers {
        copier.wait_with_stdin_open().succeeded();
    }
    home.callout(["abort", &run, "--reason", "enough"]).run().succeeded();
    holder.wait_for("was aborted");
    holder.wait_with_stdin_open().exits(5);

    let records = records(&home);
    let (arrived, taken) = (of_kind(&records, "timeline.noted").len(), of_kind(&records, "run.taken").len());
    let copied = of_kind(&records, "log.backed_up").len();
    assert_eq!((arrived, taken, copied, of_kind(&records, "request.abort").len()), (12, 1, 3, 1));
    assert_eq!(estate.changes(), []);
    let verdict = said(&home, &["audit", "verify"]);
    assert!(verdict.contains("intact"), "{verdict}");
    report(&format!("20 processes beside one holder: {} entries, {arrived} notes, one holder", records.len()));
}

#[test]
fn of_many_processes_that_take_up_a_run_at_once_one_holds_it_at_a_time_and_nothing_is_done_twice() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    home.callout(["run", "key-rotation", "--speed", "max"]).run().exits(3);
    let (run, _) = only_run(&home);
    let takers: Vec<_> = (0..8).map(|_| home.callout(RESUME).spawn()).collect();
    let (mut took, mut refused) = (0, 0);
    for taker in takers {
        let outcome = taker.wait_with_stdin_open();
        match outcome.code {
            Some(0) if outcome.stdout.contains("No run is open") => refused += 1,
            Some(0) => took += 1,
            Some(2) if outcome.stderr.contains("is held by") || outcome.stderr.contains("has ended") => refused += 1,
            code => panic!("{code:?}\n{}{}", outcome.stdout, outcome.stderr),
        }
    }
    assert_eq!((took, took + refused), (1, 8));
    let records = records(&home);
    let fences: Vec<u64> =
        of_kind(&records, "run.taken").iter().map(|record| record["data"]["fence"].as_u64().unwrap()).collect();
    assert_eq!(fences, [1, 2], "each holder has a fence of its own");
    assert_eq!((estate.count("PUT", "/secrets/"), estate.ours()), (1, 1));
    said(&home, &["audit", "verify"]);
    report(&format!(
        "8 processes took up run {run}: {took} held it, {refused} were refused, {} entries",
        records.len()
    ));
}
