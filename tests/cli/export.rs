//! The audit log on its way out, and copies of the store.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::support::home::Home;

fn with_a_run() -> Home {
    let home = Home::new();
    home.callout(["run", "rollback", "--headless", "--yes", "read", "--speed", "max"]).run().exits(2);
    home.callout(["run", "key-rotation", "--headless", "--yes", "destructive", "--speed", "max"]).run().succeeded();
    home
}

#[test]
fn a_log_goes_out_as_lines_as_a_table_and_as_a_bundle_that_verifies() {
    let home = with_a_run();
    let verdict = home.callout(["audit", "verify"]).run().succeeded().stdout;
    assert!(verdict.contains(": intact: ") && verdict.contains("not anchored"), "{verdict}");
    let lines = home.callout(["audit", "export"]).run().succeeded().stdout;
    assert!(lines.starts_with('{') && lines.ends_with("}\n"), "{lines}");
    let table = home.callout(["audit", "export", "--format", "csv"]).run().succeeded().stdout;
    // The export of the lines is an entry by now, and the table has a head.
    assert_eq!(table.lines().count(), lines.lines().count() + 2);

    home.callout(["audit", "export", "--format", "bundle", "--out", "evidence"]).run().succeeded();
    let verdict = home.callout(["audit", "verify", "evidence"]).run().succeeded().stdout;
    assert!(verdict.contains("not anchored"), "{verdict}");
    let again = home.callout(["audit", "export", "--format", "bundle", "--out", "evidence"]).run().exits(2).stderr;
    assert!(again.contains("cannot be written"), "evidence is never written over: {again}");
}

#[test]
fn what_goes_out_is_for_its_owner_only() {
    let home = with_a_run();
    home.callout(["audit", "export", "--format", "bundle", "--out", "deep/evidence"]).run().succeeded();
    home.callout(["audit", "export", "--format", "csv", "--out", "log.csv"]).run().succeeded();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = home.desk().join("deep/evidence");
    let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 5);
    for file in files.iter().chain([&home.desk().join("log.csv")]) {
        assert_eq!(mode(file), 0o600, "{}", file.display());
    }
    assert_eq!((mode(&folder), mode(&home.desk().join("deep"))), (0o700, 0o700));
}

#[test]
fn a_changed_bundle_is_refused_with_the_entry_named() {
    let home = with_a_run();
    home.callout(["audit", "export", "--format", "bundle", "--out", "evidence"]).run().succeeded();
    let records = home.desk().join("evidence/records.jsonl");
    let text = fs::read_to_string(&records).unwrap();
    fs::write(&records, text.replacen("\"seq\":3,", "\"seq\":4,", 1)).unwrap();
    let refused = home.callout(["audit", "verify", "evidence"]).run().exits(1).stderr;
    assert!(refused.contains("refused: entry 3: "), "{refused}");
    fs::remove_file(&records).unwrap();
    assert!(home.callout(["audit", "verify", "evidence"]).run().exits(1).stderr.contains("is not there"));
    home.callout(["audit", "verify", "nowhere"]).run().exits(2);
}

#[test]
fn without_a_store_there_is_nothing_to_export_and_an_empty_file_is_a_new_store() {
    let home = Home::new();
    let said = home.callout(["audit", "export"]).run().exits(2).stderr;
    assert!(said.contains("there is no store") && said.contains("`callout run RUNBOOK` makes it"), "{said}");
    home.callout(["audit", "verify"]).run().exits(2);
    fs::write(home.store(), "").unwrap();
    let verify = home.callout(["audit", "verify", "--store"]).args([home.store()]).run().succeeded().stdout;
    assert!(verify.contains("no entries yet"), "{verify}");
}

#[test]
fn a_rebuild_that_another_writer_keeps_waiting_is_waited_for_and_is_a_failure_if_it_does_not_come_about() {
    let home = with_a_run();
    let store = home.path("data/callout/sim.db");
    let writer = rusqlite::Connection::open(&store).unwrap();
    // The program waits for another writer for longer than it used to look at a store.
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let said = home.callout(["doctor", "--rebuild"]).run().exits(1).stdout;
    let answer = said.lines().find(|line| line.contains("sim.db")).unwrap();
    assert!(answer.starts_with("FAIL"), "{said}");
    writer.execute_batch("ROLLBACK").unwrap();
    let said = home.callout(["doctor", "--rebuild"]).run().succeeded().stdout;
    assert!(said.contains("derived tables made anew"), "{said}");
}

#[test]
fn a_copy_of_the_store_is_whole_and_never_written_over() {
    let home = with_a_run();
    let here = home.callout(["store", "info", "--json"]).run().succeeded().stdout;
    home.callout(["store", "backup", "copy.db"]).run().succeeded();
    let copy = home.callout(["store", "info", "--json", "--store", "copy.db"]).run().succeeded().stdout;
    let root = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()["root"].clone();
    assert_eq!(root(&here), root(&copy));
    home.callout(["audit", "verify", "--store", "copy.db"]).run().succeeded();
    home.callout(["store", "backup", "copy.db"]).run().exits(2);
    home.callout(["doctor", "--rebuild"]).run().succeeded();
    let now: serde_json::Value =
        serde_json::from_str(&home.callout(["store", "info", "--json"]).run().succeeded().stdout).unwrap();
    assert_eq!(now["backup"]["root"], root(&here), "the log tells of the copy");
}
