//! While another process holds the run: the word is a request, and the holder's answer is waited for.

use std::fs;

use super::bench::{ASK, given, held, of_kind, only_run};
use crate::support::Home;

/// The SHA-256 of the log that is given below, as `sha256sum` prints it.
const SHA256: &str = "c641344867e9806fadfd219f25b62b97c94db0eed04a1d79e93676533cfb782b";

#[test]
fn a_gate_and_a_manual_step_are_answered_from_another_terminal() {
    let home = Home::new();
    let (child, run) = held(&home, ASK, "go");
    let answered = home.callout(["answer", &run, "go", "yes"]).run().succeeded().stdout;
    assert!(answered.contains(&format!("Run {run} is asked (process {} holds it).", child.pid())), "{answered}");
    assert!(answered.contains("go decided with Enter: yes"), "{answered}");
    child.wait_for("── note ──");

    fs::write(home.desk().join("incident.log"), "hi there\n").unwrap();
    let fields = ["owner=platform-oncall", "log=incident.log", "token=env:TOKEN"];
    home.callout(["answer", &run, "note"]).args(fields).run().succeeded();
    child.wait_with_stdin_open().succeeded();

    let given = given(&home, "note");
    assert_eq!((given["owner"].as_str(), given["team"].as_str()), (Some("platform-oncall"), Some("ops")));
    assert_eq!(given["token"]["$secret"]["name"], "TOKEN");
    assert_eq!((given["log"]["name"].as_str(), given["log"]["bytes"].as_u64()), (Some("incident.log"), Some(9)));
    assert_eq!(given["log"]["sha256"], SHA256);
    let store = rusqlite::Connection::open(home.usual_store()).unwrap();
    let kept: Vec<u8> = store
        .query_row("SELECT bytes FROM text WHERE hex(digest) = upper(?1)", [given["log"]["text"].as_str()], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(kept, b"hi there\n");
}

#[test]
fn what_would_be_refused_is_not_even_asked_and_a_pasted_secret_is_nowhere() {
    let home = Home::new();
    let (child, run) = held(&home, ASK, "go");
    home.callout(["answer", &run, "go", "yes"]).run().succeeded();
    child.wait_for("── note ──");
    fs::write(home.desk().join("incident.log"), "hi there\n").unwrap();
    let all = |changed: &str| {
        let usual = ["owner=platform-oncall", "log=incident.log", "token=env:TOKEN"];
        let name = changed.split('=').next().unwrap().to_owned();
        let kept = usual.into_iter().filter(move |field| !field.starts_with(&name));
        kept.map(str::to_owned).chain([changed.to_owned()]).collect::<Vec<_>>()
    };
    for (field, said) in [
        ("token=hunter2hunter2", "not a reference to a secret"),
        ("owner=Platform Team", "owner"),
        ("size=huge", "size"),
        ("log=missing.log", "cannot be read"),
        ("colour=red", "there is no such field"),
    ] {
        let refused = home.callout(["answer", &run, "note"]).args(all(field)).run().exits(2).stderr;
        assert!(refused.contains(said) && !refused.contains("hunter2"), "{field}: {refused}");
    }
    let open = home.callout(["answer", &run, "note", "owner=a"]).run().exits(2).stderr;
    assert!(open.contains("`token`: must be filled in") && open.contains("`log`"), "every open field: {open}");
    assert_eq!(of_kind(&home, "request.decide").len(), 1, "only that of the gate");
    assert!(home.files_with(b"hunter2").is_empty(), "{:?}", home.files_with(b"hunter2"));
    drop(child);
}

#[test]
fn a_step_is_skipped_from_another_terminal_and_its_reason_is_in_the_record() {
    let home = Home::new();
    let (child, run) = held(&home, ASK, "go");
    home.callout(["answer", &run, "go", "yes"]).run().succeeded();
    let near = home.callout(["skip", &run, "nte", "--reason", "x"]).run().exits(2).stderr;
    assert!(near.contains("has no step `nte` so far") && near.contains("did you mean `note`?"), "{near}");
    assert!(home.callout(["skip", &run, "note", "--reason", " "]).run().exits(2).stderr.contains("reason is empty"));
    home.callout(["skip", &run, "note", "--reason", "nobody knows it"]).run().succeeded();
    child.wait_for("SKIPPED by a person: nobody knows it");
    let said = child.wait_with_stdin_open().succeeded().stdout;
    assert!(said.contains("succeeded with deviations"), "{said}");
}

#[test]
fn what_the_run_does_not_allow_is_said_with_why() {
    let home = Home::new();
    let (child, run) = held(&home, ASK, "go");
    for (args, said) in [
        (&["answer", &run, "go"][..], "say what is decided"),
        (&["answer", &run, "go", "yess"], "did you mean `yes`?"),
        (&["answer", &run, "note"], "does not wait for a person"),
        (&["retry", &run, "go"], "has not failed"),
        (&["undo", &run, "go"], "has not failed"),
        (&["override", &run, "go", "--reason", "x"], "is a gate: answer it"),
        (&["resolve", &run, "go", "adopt"], "has sent nothing"),
        (&["resolve", &run, "go", "by-hand"], "needs `--reason TEXT`"),
    ] {
        let refused = home.callout(args).run().exits(2).stderr;
        assert!(refused.contains(said), "{args:?}: {refused}");
    }
    assert_eq!(only_run(&home), run);
    drop(child);
}

#[test]
fn whoever_resumes_a_held_run_is_told_how_to_speak_to_its_holder() {
    let home = Home::new();
    let (child, run) = held(&home, ASK, "go");
    let refused = home.callout(["resume", &run, "--headless"]).run().exits(2).stderr;
    assert!(refused.contains(&format!("held by process {}", child.pid())), "{refused}");
    assert!(refused.contains("`callout answer`") && refused.contains(&format!("`callout show {run}`")), "{refused}");
}

#[test]
fn of_two_answers_at_once_one_counts_and_the_other_is_told_so() {
    let home = Home::new();
    let run = super::bench::parked(&home, ASK);
    let both = ["yes", "yes"].map(|choice| home.callout(["answer", &run, "go", choice]).spawn());
    let mut codes = both.map(|answer| answer.wait().code);
    codes.sort_unstable();
    assert_eq!(codes, [Some(0), Some(2)]);
}
