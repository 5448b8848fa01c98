//! The simulated estate as a process of its own, moved and watched from others.

use rustix::process::Signal;
use serde_json::Value as Json;

use crate::support::home::Home;

const RUN: [&str; 7] = ["run", "key-rotation", "--headless", "--yes", "destructive", "--speed", "max"];

#[test]
fn one_process_serves_the_estate_and_others_move_it() {
    let home = Home::new();
    let server = home.callout(["sim", "serve"]).spawn();
    let said = server.wait_for("Ctrl-C");
    assert!(said.contains("is served at http://127.0.0.1:"), "{said}");
    let second = home.callout(["sim", "serve"]).run().exits(2).stderr;
    assert!(second.contains("already being served"), "{second}");
    home.callout(["sim", "serve", "--speed", "max"]).run().exits(2);

    let advanced = home.callout(["sim", "advance", "24h"]).run().succeeded().stdout;
    assert!(advanced.starts_with("The estate's clock is set forward by 24h and shows "), "{advanced}");
    home.callout(RUN).run().succeeded();
    let requests: Json =
        serde_json::from_str(&home.callout(["sim", "requests", "--json"]).run().succeeded().stdout).unwrap();
    let puts = requests.as_array().unwrap().iter().filter(|request| request["method"] == "PUT").count();
    assert_eq!(puts, 1, "the new version was set once");

    server.signal(Signal::TERM);
    server.wait().succeeded();
    // What was changed is remembered without a server.
    let later = home.callout(["sim", "requests"]).run().succeeded().stdout;
    assert!(later.contains("PUT"), "{later}");
}

#[test]
fn a_fault_is_put_in_force_listed_and_removed() {
    let home = Home::new();
    assert_eq!(home.callout(["sim", "fault"]).run().succeeded().stdout, "No fault is in force.\n");
    let rule = ["sim", "fault", "--method", "PUT", "--path", "/secrets/", "--status", "503", "--times", "2"];
    let said = home.callout(rule).run().succeeded().stdout;
    assert!(said.starts_with("method PUT, host any, path /secrets/: "), "{said}");
    assert!(said.ends_with("hit 0 of 2\n"), "{said}");
    assert_eq!(home.callout(["sim", "fault"]).run().succeeded().stdout, said);
    assert_eq!(home.callout(["sim", "fault", "--clear"]).run().succeeded().stdout, "No fault is in force.\n");
    home.callout(["sim", "fault", "--path", "x"]).run().exits(2);
}

#[test]
fn a_run_is_listed_told_shown_and_noted_on() {
    let home = Home::new();
    home.callout(RUN).run().succeeded();
    let runs: Json = serde_json::from_str(&home.callout(["runs", "--json"]).run().succeeded().stdout).unwrap();
    assert_eq!((&runs[0]["runbook"], &runs[0]["state"]), (&"key-rotation".into(), &"succeeded".into()));
    let (id, short) = (runs[0]["id"].as_str().unwrap(), runs[0]["short"].as_str().unwrap());

    home.callout(["note", short, "the bridge is open"]).run().succeeded();
    let told = home.callout(["timeline"]).run().succeeded().stdout;
    assert!(told.starts_with(&format!("Run {short} of key-rotation (simulated: ")), "{told}");
    assert!(told.contains("note: the bridge is open") && told.contains("SUCCEEDED"), "{told}");
    let lines: Json = serde_json::from_str(&home.callout(["timeline", id, "--json"]).run().succeeded().stdout).unwrap();
    assert!(lines.as_array().unwrap().iter().any(|line| line["text"] == "note: the bridge is open"), "{lines}");

    let shown = home.callout(["show", short]).run().succeeded().stdout;
    assert!(shown.contains("State       succeeded") && shown.contains("new-version"), "{shown}");
    assert!(home.callout(["abort", short]).run().exits(2).stderr.contains("has ended already"));
    assert!(home.callout(["note", short, " "]).run().exits(2).stderr.contains("the note is empty"));
    assert!(home.callout([""; 0]).run().succeeded().stdout.starts_with("No run is open."));
}

#[test]
fn a_store_with_a_second_name_has_one_world_and_one_lock_for_each_run() {
    let home = Home::new();
    home.callout(["run", "key-rotation", "--plain", "--store"]).args([home.store()]).run().exits(3);
    let (elsewhere, link) = (home.path("tmp/links"), home.path("tmp/links/link.db"));
    std::fs::create_dir(&elsewhere).unwrap();
    std::os::unix::fs::symlink(home.store(), &link).unwrap();
    let beside_link =
        || -> Vec<_> { std::fs::read_dir(&elsewhere).unwrap().map(|entry| entry.unwrap().file_name()).collect() };

    let server = home.callout(["sim", "serve", "--store"]).args([home.store()]).spawn();
    server.wait_for("Ctrl-C");
    let second = home.callout(["sim", "serve", "--store"]).args([&link]).run().exits(2).stderr;
    assert!(second.contains("already being served"), "{second}");
    let resume = ["resume", "--headless", "--yes", "destructive", "--speed", "max", "--store"];
    home.callout(resume).args([&link]).run().succeeded();
    server.signal(Signal::TERM);
    server.wait().succeeded();
    assert_eq!(beside_link(), ["link.db"], "nothing was begun beside the second name");
}

/// The id of the latest run.
fn latest(home: &Home) -> String {
    let runs: Json = serde_json::from_str(&home.callout(["runs", "--json"]).run().succeeded().stdout).unwrap();
    runs[0]["short"].as_str().unwrap().to_owned()
}

#[test]
fn a_run_in_progress_hears_a_note_and_the_wish_to_end_from_a_second_terminal() {
    let home = Home::new();
    let first = home.callout(["run", "key-rotation", "--plain"]).spawn();
    first.wait_for("new-version asks for consent");
    let run = latest(&home);
    home.callout(["note", &run, "second terminal"]).run().succeeded();
    first.wait_for("note: second terminal");
    let asked = home.callout(["abort", &run, "--reason", "wrong vault"]).run().succeeded().stdout;
    assert!(asked.contains("is asked to end (process "), "{asked}");
    first.wait_for("wrong vault");
    first.wait().exits(5);
    assert!(home.callout(["timeline"]).run().succeeded().stdout.contains("ABORTED"), "the end is on the timeline");
}

#[test]
fn a_run_that_nobody_holds_is_ended_by_whoever_asks_and_needs_no_pause() {
    let home = Home::new();
    let first = home.callout(["run", "key-rotation", "--plain"]).spawn();
    first.wait_for("new-version asks for consent");
    first.kill9();
    let run = latest(&home);
    assert!(home.callout([""; 0]).run().succeeded().stdout.contains(&format!("  {run}  key-rotation  running")));
    let pause = home.callout(["pause", &run]).run().succeeded().stdout;
    assert!(pause.contains(&format!("Nobody holds run {run}")), "{pause}");
    home.callout(["abort", &run]).run().exits(5);
    assert!(home.callout(["abort", &run]).run().exits(2).stderr.contains("has ended already: aborted"));
}
