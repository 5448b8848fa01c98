//! What a run has kept is given back, byte by byte, or refused.

use std::fs;

use serde_json::Value as Json;

use super::bench::{ASK, only_run, runbook};
use crate::support::Home;

/// The SHA-256 of what is given below, as `sha256sum` prints it.
const SHA256: &str = "c641344867e9806fadfd219f25b62b97c94db0eed04a1d79e93676533cfb782b";

/// A run to which a file was given.
fn with_a_file(home: &Home, content: &[u8]) -> String {
    fs::write(home.desk().join("incident.log"), content).unwrap();
    let file = runbook(home, ASK);
    let answers =
        "gate: {go: 'yes'}\nmanual: {note: {owner: platform-oncall, token: 'env:TOKEN', log: incident.log}}\n";
    fs::write(home.desk().join("answers.yaml"), answers).unwrap();
    home.callout(["run", &file, "--headless", "--answers", "answers.yaml"]).run().succeeded();
    only_run(home)
}

#[test]
fn a_file_that_was_given_is_listed_and_comes_out_as_it_was() {
    let home = Home::new();
    let run = with_a_file(&home, b"hi there\n");
    let list = home.callout(["evidence", &run]).run().succeeded().stdout;
    assert!(list.contains(SHA256) && list.contains("9 bytes") && list.contains("attached"), "{list}");
    assert!(list.contains("note") && list.contains("log: incident.log"), "{list}");
    assert_eq!(home.callout(["evidence", &run, "--hash", "C6413448"]).run().succeeded().stdout, "hi there\n");
    let said = home.callout(["evidence", &run, "note", "--hash", "c641", "--out", "copy.log"]).run().succeeded().stdout;
    assert!(said.contains(SHA256), "{said}");
    assert_eq!(fs::read(home.desk().join("copy.log")).unwrap(), b"hi there\n");
    let again = home.callout(["evidence", &run, "--hash", "c641", "--out", "copy.log"]).run().exits(2).stderr;
    assert!(again.contains("name another place"), "{again}");
    for (args, said) in [(&["--hash", "ffff"][..], "no evidence of this run"), (&["nowhere"], "has no step `nowhere`")]
    {
        let refused = home.callout(["evidence", &run]).args(args).run().exits(2).stderr;
        assert!(refused.contains(said), "{refused}");
    }
}

#[test]
fn bytes_that_are_no_text_come_out_as_they_were_and_what_a_command_said_too() {
    let home = Home::new();
    let run = super::bench::parked(&home, ASK);
    home.callout(["adhoc", &run, "--", "echo", "looked"]).run().succeeded();
    home.callout(["answer", &run, "go", "yes"]).run().succeeded();
    home.callout(["tick"]).run().succeeded();
    fs::write(home.desk().join("shot.png"), [0xff, 0xd8, 0x00]).unwrap();
    let fields = ["owner=ops", "log=shot.png", "token=env:TOKEN"];
    home.callout(["answer", &run, "note"]).args(fields).run().succeeded();
    let list: Json =
        serde_json::from_str(&home.callout(["evidence", &run, "--json"]).run().succeeded().stdout).unwrap();
    let of = |origin: &str| list.as_array().unwrap().iter().find(|one| one["origin"] == origin).unwrap().clone();
    assert_eq!((of("attached")["bytes"].as_u64(), of("captured")["bytes"].as_u64()), (Some(3), Some(7)));
    let out = |origin: &str, file: &str| {
        let hash = of(origin)["sha256"].as_str().unwrap().to_owned();
        home.callout(["evidence", &run, "--hash", &hash, "--out", file]).run().succeeded();
        fs::read(home.desk().join(file)).unwrap()
    };
    assert_eq!((out("attached", "a"), out("captured", "b")), (vec![0xff, 0xd8, 0x00], b"looked\n".to_vec()));
}

#[test]
fn what_was_changed_in_the_store_does_not_come_out() {
    let home = Home::new();
    let run = with_a_file(&home, b"hi there\n");
    let store = rusqlite::Connection::open(home.usual_store()).unwrap();
    let triggers: Vec<String> = store
        .prepare("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'text'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    for trigger in triggers {
        store.execute_batch(&format!("DROP TRIGGER {trigger}")).unwrap();
    }
    let changed = store
        .execute("UPDATE text SET bytes = CAST('hi where\n' AS BLOB) WHERE bytes = CAST('hi there\n' AS BLOB)", []);
    assert_eq!(changed.unwrap(), 1);
    drop(store);
    let refused = home.callout(["evidence", &run, "--hash", "c641"]).run().exits(1);
    assert!(refused.stderr.contains("has been changed since it was taken in"), "{}", refused.stderr);
    assert_eq!(refused.stdout, "");
}
