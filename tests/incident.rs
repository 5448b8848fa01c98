//! Incidents, by the real program: from the declaration to the end, with a playbook at hand and runs that belong to them.

mod desk;

use std::fs;
use std::process::Command;

use serde_json::Value as Json;

use crate::support::home::Home;
use crate::support::require::skip;

fn json<const N: usize>(home: &Home, args: [&str; N]) -> Json {
    serde_json::from_str(&home.callout(args).run().succeeded().stdout).unwrap()
}

/// Declares an incident, and gives its short id.
fn declare<const N: usize>(home: &Home, args: [&str; N]) -> String {
    let told = home.callout(["incident", "declare", "--json"]).args(args).run().succeeded().stdout;
    let declared: Json = serde_json::from_str(&told).unwrap();
    declared["short"].as_str().unwrap().to_owned()
}

fn said<const N: usize>(home: &Home, args: [&str; N]) -> String {
    home.callout(["incident"]).args(args).run().succeeded().stdout
}

fn run(home: &Home, runbook: &str, more: &[&str]) {
    let run = ["run", runbook, "--headless", "--yes", "destructive", "--speed", "max"];
    home.callout(run).args(more).run().succeeded();
}

/// The texts of a timeline, each behind the short id of its run.
fn told(home: &Home, incident: &str) -> Vec<String> {
    let lines = json(home, ["timeline", incident, "--json"]);
    let text = |line: &Json| {
        let run = line["run"].as_str().map(|run| format!("{} ", &run[run.len() - 8..])).unwrap_or_default();
        format!("{run}{}", line["text"].as_str().unwrap())
    };
    lines.as_array().unwrap().iter().map(text).collect()
}

#[test]
fn an_incident_is_written_down_from_its_declaration_to_its_end() {
    let home = Home::new();
    assert_eq!(said(&home, ["list"]), "There are no incidents.\n");
    let id = declare(&home, ["errors after the swap", "--severity", "sev3", "--playbook", "bad-release"]);
    let id = id.as_str();
    said(&home, ["tick", id, "1"]);
    said(&home, ["tick", id, "2", "--remark", "down from two places"]);
    assert!(said(&home, ["tick", id, "1"]).contains("first action 1 is ticked already"));
    said(&home, ["role", id, "commander", "Kim"]);
    said(&home, ["severity", id, "sev2", "--reason", "one in twenty"]);
    said(&home, ["note", id, "the vendor is on the bridge", "--at", "5m"]);
    home.callout(["note", id, "seen by customers too"]).run().succeeded();
    said(&home, ["milestone", id, "acknowledged"]);
    said(&home, ["summary", id, "One in twenty requests fails."]);
    said(&home, ["rename", id, "errors since the release of today"]);
    let message = said(&home, ["message", id, "declared", "--audience", "everybody inside"]);
    assert!(message.starts_with("sev2: errors since the release of today (sim), since "), "{message}");
    assert!(message.contains("One in twenty requests fails. We are finding out"), "{message}");
    said(&home, ["status", id, "resolved"]);
    let again = said(&home, ["status", id, "resolved"]);
    assert!(again.contains("it is resolved already") && again.contains("Nothing was written down"), "{again}");

    let lines = told(&home, id);
    let order = [
        "note: the vendor is on the bridge",
        "DECLARED sev3: errors after the swap (sim)",
        "playbook bad-release 1.0.0 (built in)",
        "first action 1 done: Ask the pipeline's owner",
        "(down from two places)",
        "commander: Kim",
        "SEVERITY sev2: one in twenty",
        "note: seen by customers too",
        "STATUS resolved",
        "milestone: resolved",
    ];
    let mut at = 0;
    for part in order {
        let found = lines[at..].iter().position(|line| line.contains(part));
        at += found.unwrap_or_else(|| panic!("`{part}` is not there, or not in its place: {lines:#?}"));
    }
    let page = said(&home, ["show", id]);
    for part in
        ["[x] 1. Ask the", "[x] 2. See whether", "[ ] 3.", "Commander   Kim", "callout run rollback", "--incident"]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    let shown = json(&home, ["incident", "show", id, "--json"]);
    assert_eq!(shown["playbook"]["first_five"][1]["ticked"]["remark"], "down from two places");
    assert_eq!((&shown["open"], &shown["severity"]), (&Json::Bool(false), &Json::from("sev2")));
    let reopened = said(&home, ["status", id, "investigating", "--reason", "it is back"]);
    assert!(reopened.contains("it was resolved, and is open again"), "{reopened}");
    assert!(home.callout::<&str>([]).run().succeeded().stdout.contains("Open incidents"));
}

#[test]
fn a_run_belongs_to_an_incident_with_all_that_it_did_before() {
    let home = Home::new();
    run(&home, "key-rotation", &[]);
    let before = json(&home, ["runs", "--json"])[0]["short"].as_str().unwrap().to_owned();
    let id = declare(&home, ["a secret leaked", "--playbook", "secret-leaked"]);
    said(&home, ["attach", &id, &before]);
    run(&home, "rollback", &["--incident", &id]);
    let after = json(&home, ["runs", "--json"])[0]["short"].as_str().unwrap().to_owned();
    assert_ne!(before, after);

    let lines = told(&home, &id);
    let place = |part: &str| {
        let found = lines.iter().position(|line| line.contains(part));
        found.unwrap_or_else(|| panic!("`{part}` is not there: {lines:#?}"))
    };
    let order = [
        place(&format!("{before} planned key-rotation")),
        place(&format!("{before} SUCCEEDED")),
        place("DECLARED pending: a secret leaked"),
        place(&format!("run {before} belongs to it")),
        place(&format!("{after} planned rollback")),
        place(&format!("run {after} belongs to it")),
        place(&format!("{after} SUCCEEDED")),
    ];
    assert!(order.is_sorted(), "{order:?}: {lines:#?}");
    let of_run = home.callout(["timeline", &after]).run().succeeded().stdout;
    assert!(of_run.contains(&format!("belongs to incident {id}")), "{of_run}");
    let of_run = home.callout(["show", &after]).run().succeeded().stdout;
    assert!(of_run.contains(&format!("Incident    {id} pending, investigating: a secret leaked\n")), "{of_run}");
    let page = said(&home, ["show"]);
    assert!(page.contains(&format!("{after}  rollback      succeeded")), "{page}");

    said(&home, ["detach", &id, &before]);
    let of_run = home.callout(["show", &before]).run().succeeded().stdout;
    assert!(!of_run.contains("Incident "), "{of_run}");
    assert!(!told(&home, &id).iter().any(|line| line.contains(&format!("{before} planned"))));
}

#[test]
fn what_is_still_to_come_and_what_comes_too_late_is_written_down_and_told() {
    let home = Home::new();
    run(&home, "rollback", &[]);
    let of_run = json(&home, ["runs", "--json"])[0]["short"].as_str().unwrap().to_owned();
    let early =
        home.callout(["incident", "declare", "tomorrow", "--started-at", "2099-01-01T00:00:00Z"]).run().succeeded();
    assert!(early.stdout.contains("Note that 2099-01-01 00:00Z is still to come."), "{}", early.stdout);
    let id = declare(&home, ["errors"]);
    for args in [["milestone", &id, "closed"], ["note", &id, "it rains"]] {
        let told =
            home.callout(["incident"]).args(args).args(["--at", "2099-01-01T00:00:00Z"]).run().succeeded().stdout;
        assert!(told.contains("2099-01-01 00:00Z is still to come") && told.contains("Written down."), "{told}");
    }
    said(&home, ["status", &id, "resolved"]);
    let late = said(&home, ["attach", &id, &of_run]);
    assert!(late.contains("Note that the incident is resolved.") && late.contains("Written down."), "{late}");
    said(&home, ["status", &id, "investigating"]);
    let page = said(&home, ["show", &id]);
    assert!(page.contains("Z, opened again 20"), "what ended it before does not end it now: {page}");
}

#[test]
fn the_audit_log_carries_incidents_and_a_stranger_verifies_it() {
    let home = Home::new();
    let id = declare(&home, ["errors", "--playbook", "bad-release", "--summary", "a canary sings"]);
    said(&home, ["tick", &id, "1", "--remark", "a sparrow too"]);
    run(&home, "rollback", &["--incident", &id]);
    // The title, the summary, the remark, and the texts of the playbook and the runbook.
    let verdict = home.callout(["audit", "verify"]).run().succeeded().stdout;
    assert!(verdict.contains(": intact: ") && verdict.contains("texts beside the log: 5 as committed"), "{verdict}");
    home.callout(["audit", "export", "--format", "bundle", "--out", "evidence"]).run().succeeded();
    home.callout(["audit", "verify", "evidence"]).run().succeeded();
    let records = fs::read_to_string(home.desk().join("evidence/records.jsonl")).unwrap();
    let kinds: Vec<String> = records
        .lines()
        .map(|line| serde_json::from_str::<Json>(line).unwrap())
        .filter(|record| record["incident"].is_string())
        .map(|record| record["kind"].as_str().unwrap().to_owned())
        .collect();
    let expected =
        ["incident.declared", "incident.playbook_set", "incident.summarised", "incident.ticked", "run.attached"];
    assert_eq!(kinds, expected);
    assert!(!records.contains("canary") && !records.contains("sparrow"), "what people write stands beside the log");
    let evidence = home.desk().join("evidence");
    match Command::new("python3").arg(evidence.join("verify.py")).arg(&evidence).output() {
        Ok(output) => {
            assert!(output.status.success() && output.stdout.starts_with(b"intact: "), "{output:?}");
        }
        Err(_) => skip("there is no python3 to run the bundle's script"),
    }
}

#[test]
fn a_changed_playbook_beside_the_log_is_found() {
    let home = Home::new();
    declare(&home, ["errors", "--playbook", "bad-release"]);
    let store = rusqlite::Connection::open(home.path("data/callout/sim.db")).unwrap();
    assert_eq!(store.execute("UPDATE text SET bytes = CAST('quite another' AS BLOB)", []).unwrap(), 1);
    drop(store);
    let refused = home.callout(["audit", "verify"]).run().exits(1);
    let said = format!("{}{}", refused.stdout, refused.stderr);
    assert!(said.contains("the playbook's text beside it is not the one that was taken up"), "{said}");
}

#[test]
fn the_playbook_travels_with_the_incident() {
    let home = Home::new();
    for folder in ["runbooks", "playbooks"] {
        fs::create_dir_all(home.desk().join("library").join(folder)).unwrap();
    }
    let root = env!("CARGO_MANIFEST_DIR");
    let copy = |name: &str| fs::copy(format!("{root}/{name}"), home.desk().join("library").join(name)).unwrap();
    copy("runbooks/rollback.yaml");
    copy("playbooks/bad-release.yaml");
    let playbook = home.desk().join("library/playbooks/bad-release.yaml");
    let id = declare(&home, ["errors", "--playbook", "bad-release", "--library", "library"]);
    let text = fs::read_to_string(&playbook).unwrap();
    fs::write(&playbook, text.replace("Ask the pipeline's owner to hold", "Never mind")).unwrap();
    let library = ["--library", "library"];
    let page = home.callout(["incident", "show", &id]).args(library).run().succeeded().stdout;
    assert!(page.contains("Ask the pipeline's owner to hold") && !page.contains("Never mind"), "{page}");
    // Taken up anew, it is the one of today, and what was ticked of it stays.
    home.callout(["incident", "tick", &id, "2"]).run().succeeded();
    home.callout(["incident", "playbook", &id, "bad-release"]).args(library).run().succeeded();
    let page = said(&home, ["show", &id]);
    assert!(page.contains("[ ] 1. Never mind") && page.contains("[x] 2."), "{page}");
}

#[test]
fn what_is_not_there_is_said_with_what_is() {
    let home = Home::new();
    let nothing = home.callout(["incident", "show", "0000"]).run().exits(2).stderr;
    assert!(nothing.contains("there is no store"), "{nothing}");
    for (args, part) in [
        (["declare", "x", "--playbook", "bad-relase"], "did you mean the playbook `bad-release`?"),
        (["declare", "x", "--playbook", "quarterly-dr"], "is a drill programme"),
        (["declare", " ", "--severity", "sev1"], "the text is empty"),
        (["declare", "x", "--started-at", "soonish"], "is not a moment"),
    ] {
        let told = home.callout(["incident"]).args(args).run().exits(2).stderr;
        assert!(told.contains(part), "{args:?}: {told}");
    }
    let id = declare(&home, ["errors"]);
    let none = home.callout(["incident", "show", "abcdef01"]).run().exits(2).stderr;
    assert!(none.contains("there is no incident `abcdef01`"), "{none}");
    let early = home.callout(["run", "key-rotation", "--incident", "abcdef01", "--headless"]).run().exits(2).stderr;
    assert!(early.contains("there is no incident"), "nothing is begun for an incident that is not there: {early}");
    assert_eq!(json(&home, ["runs", "--json"]), Json::Array(Vec::new()));
    let tick = said(&home, ["tick", &id, "1"]);
    assert!(tick.contains("no playbook is at hand"), "{tick}");
    let message = home.callout(["incident", "message", &id, "declared"]).run().exits(2).stderr;
    assert!(message.contains("takes one up"), "{message}");
    let second = declare(&home, ["another one"]);
    let which = home.callout(["incident", "show"]).run().exits(2).stderr;
    assert!(which.contains(&id) && which.contains(&second), "{which}");
}
