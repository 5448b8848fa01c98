//! Journals of whole runs, as the program itself wrote them: every later version folds them to the same end, and tells
//! the same story. Beside each stands what it is told to be.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use callout::base::RunId;
use callout::engine::fold;
use callout::journal::{Entry, Fact, decode, leaf_of};
use callout::projection::{Durations, Timeline, state_word};
use serde_json::json;

use crate::support::{Estate, Home};

/// Makes the journals anew: a run that succeeds, and one whose swap is lost on the way and which is then aborted.
fn bless(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    let keep = |home: &Home, name: &str| {
        let exported = home.callout(["audit", "export", "--format", "jsonl"]).run().succeeded();
        fs::write(folder.join(format!("{name}.jsonl")), exported.stdout).unwrap();
    };
    let home = Home::new();
    home.callout(["run", "key-rotation", "--headless", "--yes", "destructive", "--speed", "max"]).run().succeeded();
    keep(&home, "rotation");
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.fault("POST", "slotsswap", 1, &json!("drop_before"));
    home.callout(["run", "rollback", "--headless", "--yes", "destructive", "--speed", "max"]).run().exits(4);
    let runs = home.callout(["runs", "--json"]).run().succeeded().stdout;
    let runs: serde_json::Value = serde_json::from_str(&runs).unwrap();
    home.callout(["abort", runs[0]["id"].as_str().unwrap()]).run().exits(4);
    keep(&home, "swap-in-doubt-aborted");
    estate.stop();
}

/// What a journal tells: the end of its run, and its story.
fn told(entries: &[Entry]) -> String {
    let run: RunId = entries.iter().find_map(|entry| entry.draft.run).expect("the journal has a run");
    let of_run: Vec<Entry> = entries.iter().filter(|entry| entry.draft.run == Some(run)).cloned().collect();
    let state = fold(entries[0].log, run, &of_run).expect("the run folds");
    let mut timeline = Timeline::default();
    for entry in &of_run {
        timeline.push(entry, &mut |_| None);
    }
    let mut text = format!("{}, version {}, fence {}\n", state_word(&state), state.version, state.fence);
    for instance in state.instances() {
        writeln!(text, "{} {}, {} attempts", instance.id, instance.phase.word(), instance.attempts.len()).unwrap();
    }
    let in_doubt: Vec<String> = state.in_doubt().iter().map(ToString::to_string).collect();
    writeln!(text, "in doubt: {}; rework {}", in_doubt.join(", "), Durations::of(&of_run).rework).unwrap();
    for line in timeline.lines() {
        let step = line.step.as_ref().map(ToString::to_string).unwrap_or_default();
        writeln!(text, "{} {step} {}", line.at, line.text).unwrap();
    }
    text
}

#[test]
fn the_journals_of_whole_runs_fold_to_what_they_were_and_tell_what_they_told() {
    let folder = super::folder().join("runs");
    let blessed = std::env::var_os("CALLOUT_BLESS").is_some();
    if blessed {
        bless(&folder);
    }
    for name in ["rotation", "swap-in-doubt-aborted"] {
        let text = fs::read_to_string(folder.join(format!("{name}.jsonl"))).unwrap();
        let entries: Vec<Entry> = text.lines().map(|line| decode(line).unwrap()).collect();
        let mut prev = None;
        for (entry, line) in entries.iter().zip(text.lines()) {
            assert_eq!(entry.prev, prev, "{name}: entry {}", entry.seq);
            prev = Some(leaf_of(line.as_bytes()));
        }
        assert!(entries.iter().any(|entry| matches!(entry.draft.fact, Fact::Run(_))));
        let kept = folder.join(format!("{name}.txt"));
        if blessed {
            fs::write(&kept, told(&entries)).unwrap();
        }
        assert_eq!(told(&entries), fs::read_to_string(kept).unwrap(), "{name}");
    }
}
