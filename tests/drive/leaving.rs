//! Leaving a run before it has ended.

use rustix::process::Signal;
use serde_json::Value as Json;

use crate::support::home::Home;

#[test]
fn whoever_leaves_while_a_run_is_being_ended_is_not_told_that_it_is_paused() {
    let home = Home::new();
    // Nobody answers the request that sets the new version: it stays in flight.
    let fault = ["sim", "fault", "--method", "PUT", "--path", "/secrets/", "--stall", "600"];
    home.callout(fault).run().succeeded();
    let child = home.callout(["run", "key-rotation", "--headless", "--yes", "destructive"]).spawn();
    child.wait_for("sends PUT");
    let runs: Json = serde_json::from_str(&home.callout(["runs", "--json"]).run().succeeded().stdout).unwrap();
    home.callout(["abort", runs[0]["short"].as_str().unwrap()]).run().succeeded();
    child.wait_for("abort asked for");
    child.signal(Signal::TERM);
    let stdout = child.wait().exits(4).stdout;
    assert!(stdout.contains("is being aborted, but has not ended, and something is in doubt"), "{stdout}");
}
