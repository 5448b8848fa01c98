use std::fs;
use std::path::PathBuf;

use rustix::process::{Resource, Rlimit, getrlimit, prlimit};
use serde_json::json;

use crate::support::{Child, Estate, Home};

/// Callout, with the signal for a file that grows too large ignored, as a full disk sends none.
fn without_that_signal(home: &Home, args: &[&str]) -> Child {
    let script = "trap '' XFSZ; exec \"$0\" \"$@\"";
    let program = env!("CARGO_BIN_EXE_callout");
    home.callout(["-c", script, program]).args(args).program("sh").spawn()
}

/// Lets no file that the program writes grow any more: for the store it is as if the disk were full.
fn fill_the_disk(child: &Child, home: &Home) {
    let mut wal = home.usual_store().into_os_string();
    wal.push("-wal");
    let length = fs::metadata(PathBuf::from(wal)).unwrap().len();
    let maximum = getrlimit(Resource::Fsize).maximum;
    prlimit(Some(child.pid()), Resource::Fsize, Rlimit { current: Some(length), maximum }).unwrap();
}

#[test]
fn with_a_full_disk_nothing_is_sent_and_with_space_again_the_run_goes_on() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let mut run = without_that_signal(&home, &["run", "key-rotation", "--speed", "max"]);
    run.wait_for("Enter confirms");
    fill_the_disk(&run, &home);
    run.say("");
    let outcome = run.wait_with_stdin_open().exits(3);
    assert!(outcome.stderr.contains("the store cannot be written"), "{}", outcome.stderr);
    assert_eq!(estate.changes(), [], "nothing was sent");

    home.callout(["resume", "--headless", "--yes", "destructive", "--speed", "max"]).run().succeeded();
    assert_eq!((estate.count("PUT", "/secrets/"), estate.ours()), (1, 1));
}

#[test]
fn an_outcome_that_cannot_be_written_is_in_doubt_and_probed_later() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.fault("PUT", "/secrets/", 1, &json!("hold"));
    let options = ["run", "key-rotation", "--headless", "--yes", "destructive", "--speed", "max"];
    let run = without_that_signal(&home, &options);
    estate.wait_for_held();
    fill_the_disk(&run, &home);
    estate.release();
    let outcome = run.wait_with_stdin_open().exits(4);
    assert!(outcome.stderr.contains("whose outcome could not be written"), "{}", outcome.stderr);

    home.callout(["resume", "--headless", "--yes", "destructive", "--speed", "max"]).run().succeeded();
    assert_eq!((estate.count("PUT", "/secrets/"), estate.ours()), (1, 1));
}

#[test]
fn an_abort_that_cannot_be_written_is_said_to_be_none() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let mut run = without_that_signal(&home, &["run", "key-rotation", "--speed", "max"]);
    run.wait_for("Enter confirms");
    fill_the_disk(&run, &home);
    run.say("abort");
    run.say("abort");
    // An abort cannot be written either; it is said, and nothing is sent.
    let outcome = run.wait_with_stdin_open().exits(3);
    assert!(outcome.stderr.contains("resume when the store can be written"), "{}", outcome.stderr);
    assert_eq!(estate.changes(), []);
}
