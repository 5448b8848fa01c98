//! What every entry tells of its writer, and what entries say of one another: asked of the real program.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use callout::base::Digest;
use serde_json::{Value as Json, json};

use crate::support::{Estate, Home};

const ROTATE: [&str; 7] = ["run", "key-rotation", "--headless", "--yes", "destructive", "--speed", "max"];

/// The whole log of a home's usual store.
fn log(home: &Home) -> Vec<Json> {
    let exported = home.callout(["audit", "export", "--format", "jsonl"]).run().succeeded().stdout;
    exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn all_of<'a>(log: &'a [Json], pointer: &str) -> BTreeSet<&'a str> {
    log.iter().map(|entry| entry.pointer(pointer).and_then(Json::as_str).unwrap_or("absent")).collect()
}

/// The entries of a kind.
fn of_kind<'a>(log: &'a [Json], kind: &str) -> Vec<&'a Json> {
    log.iter().filter(|entry| entry["kind"] == kind).collect()
}

fn reference(to: &Json, rel: &str) -> Json {
    json!([{"log": to["log"], "seq": to["seq"], "rel": rel}])
}

#[test]
fn every_entry_says_on_which_computer_by_which_program_and_by_which_clock_it_was_written() {
    let home = Home::new();
    home.callout(ROTATE).run().succeeded();
    let runs: Json = serde_json::from_str(&home.callout(["runs", "--json"]).run().succeeded().stdout).unwrap();
    home.callout(["note", runs[0]["id"].as_str().unwrap(), "all is well"]).run().succeeded();
    assert_eq!(log(&home).last().unwrap()["kind"], "timeline.noted");
    let log = log(&home);
    assert_eq!(log.last().unwrap()["kind"], "log.exported");

    let kept = home.path("data/callout/host");
    assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    let host = fs::read_to_string(kept).unwrap();
    assert_eq!(all_of(&log, "/host/id"), [host.trim()].into());
    assert_eq!(host.as_bytes()[14], b'4', "drawn by lot, and nothing else: {host}");

    let program = fs::read(env!("CARGO_BIN_EXE_callout")).unwrap();
    assert_eq!(all_of(&log, "/tool/digest"), [Digest::of_parts(&[&program]).to_string().as_str()].into());

    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id");
    assert_eq!(all_of(&log, "/clock/boot"), [boot.as_deref().map_or("absent", str::trim)].into());
    let uptimes: Vec<u64> =
        log.iter().map(|entry| entry["clock"]["mono_ns"].as_str().unwrap().parse().unwrap()).collect();
    assert!(uptimes.is_sorted() && uptimes[0] < uptimes[uptimes.len() - 1], "{uptimes:?}");
}

#[test]
fn two_computers_are_told_apart_and_two_stores_of_one_are_not() {
    let (here, there) = (Home::new(), Home::new());
    let id = |home: &Home, store: &str| {
        let store = home.path(store);
        home.callout(ROTATE).args(["--store"]).args([&store]).run().succeeded();
        let exported =
            home.callout(["audit", "export", "--format", "jsonl", "--store"]).args([&store]).run().succeeded();
        let first: Json = serde_json::from_str(exported.stdout.lines().next().unwrap()).unwrap();
        first["host"]["id"].as_str().unwrap().to_owned()
    };
    let of_here = id(&here, "a.db");
    assert_eq!(of_here, id(&here, "b.db"));
    assert_ne!(of_here, id(&there, "a.db"));
}

#[test]
fn where_no_id_can_be_kept_it_is_absent_and_nothing_fails() {
    let home = Home::new();
    fs::write(home.path("data/callout"), "in the way").unwrap();
    home.callout(ROTATE).args(["--store"]).args([home.store()]).run().succeeded();
    let export = ["audit", "export", "--format", "jsonl", "--store"];
    let exported = home.callout(export).args([home.store()]).run().succeeded().stdout;
    assert!(exported.lines().count() > 20 && !exported.contains("\"host\""), "{exported}");
    assert_eq!(fs::read_to_string(home.path("data/callout")).unwrap(), "in the way");
}

#[test]
fn an_end_that_was_asked_for_elsewhere_names_the_request() {
    let home = Home::new();
    let lines = home.callout(["run", "key-rotation", "--speed", "max"]).spawn();
    lines.wait_for("Enter confirms");
    let runs: Json = serde_json::from_str(&home.callout(["runs", "--json"]).run().succeeded().stdout).unwrap();
    home.callout(["abort", runs[0]["id"].as_str().unwrap()]).run().succeeded();
    lines.wait_for("was aborted");
    lines.wait_with_stdin_open().exits(5);

    let log = log(&home);
    let [request] = of_kind(&log, "request.abort")[..] else { panic!("{log:#?}") };
    let [aborting] = of_kind(&log, "run.aborting")[..] else { panic!("{log:#?}") };
    assert_eq!(aborting["refs"], reference(request, "caused_by"));
    assert!(of_kind(&log, "run.taken").iter().all(|entry| entry.get("refs").is_none()), "nobody asked for it");
}

#[test]
fn a_word_about_a_doubt_names_the_entry_that_doubted() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.fault("POST", "/slotsswap", 1, &json!("drop_before"));
    home.callout(["run", "rollback", "--headless", "--yes", "destructive", "--speed", "max"]).run().exits(4);
    // Another process says it again, of what the first one left behind.
    home.callout(["resume", "--speed", "max"])
        .stdin("3 chatbot-web\nchatbot-web\nheld\nthey do\ndone\n")
        .run()
        .succeeded();

    let log = log(&home);
    let [doubt] = of_kind(&log, "effect.in_doubt")[..] else { panic!("{log:#?}") };
    let words = of_kind(&log, "effect.reconciled");
    let by: Vec<&Json> = words.iter().map(|word| &word["data"]["by"]).collect();
    assert_eq!(by, ["probe", "person"]);
    for word in words {
        assert_eq!(word["refs"], reference(doubt, "reconciles"));
    }
}

#[test]
fn a_word_about_a_doubt_that_no_process_lived_to_write_down_names_the_intent() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.fault("PUT", "/secrets/", 1, &json!("hold"));
    let run = home.callout(ROTATE).spawn();
    estate.wait_for_held();
    let _ = run.kill9();
    estate.release();
    home.callout(["resume", "--headless", "--yes", "destructive", "--speed", "max"]).run().succeeded();

    let log = log(&home);
    assert!(of_kind(&log, "effect.in_doubt").is_empty(), "nobody wrote it down");
    let [word] = of_kind(&log, "effect.reconciled")[..] else { panic!("{log:#?}") };
    let intents = of_kind(&log, "effect.intent");
    let intent = intents.iter().find(|intent| intent["attempt"] == word["attempt"]).unwrap();
    assert_eq!(word["refs"], reference(intent, "reconciles"));
}
