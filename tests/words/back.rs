//! A way back that stops halfway: the run comes to rest, and says what a person must do.

use serde_json::json;

use super::bench::{of_kind, only_run, state};
use crate::support::{Estate, Home, Outcome};

const UNDO: [&str; 6] = ["--undo", "--headless", "--yes", "destructive", "--speed", "max"];
const RESUME: [&str; 6] = ["resume", "--headless", "--yes", "destructive", "--speed", "max"];
const REFRESH: &str = "/config/configreferences/";

/// A rotation that is rolled back and cannot move a consumer back: the old value is set anew, and the rest is open.
fn stopped_halfway(home: &Home) -> (Estate, String, Outcome) {
    let estate = Estate::serve(home);
    let refuse = json!({"status": {"code": 403, "body": "json"}});
    estate.fault("POST", REFRESH, 2, &refuse);
    home.callout(["run", "key-rotation", "--headless", "--yes", "destructive", "--speed", "max"]).run().exits(1);
    let run = only_run(home);
    let stopped = home.callout(["abort", &run]).args(UNDO).run().exits(1);
    (estate, run, stopped)
}

#[test]
fn an_undo_that_fails_brings_the_run_to_rest_and_everything_says_so() {
    let home = Home::new();
    let (estate, run, stopped) = stopped_halfway(&home);
    let (told, failed) = (stopped.stdout, "new-version~undo/2[chatbot-web/staging]");
    assert!(told.contains(&format!("── {failed} ──")) && told.contains(&format!("`{failed}` has failed")), "{told}");
    for choice in ["Try again", "Leave it out", "Abort the run"] {
        assert!(told.contains(choice), "{choice}: {told}");
    }
    assert!(told.contains("Nobody is here to answer; the run is paused."), "{told}");
    assert_eq!(
        (estate.count("PUT", "/secrets/"), estate.count("PATCH", "/secrets/")),
        (2, 0),
        "{:?}",
        estate.changes()
    );
    let ticked = home.callout(["tick"]).run().succeeded().stdout;
    assert!(ticked.contains(&format!("waits for a person: {failed}: ")), "{ticked}");
    let shown = home.callout(["show", &run]).run().succeeded().stdout;
    assert!(shown.contains(failed) && shown.contains("new-version~undo/3"), "{shown}");
    assert_eq!(state(&home), "paused");
    // Nobody does it by itself, however often it is taken up.
    home.callout(RESUME).run().exits(1);
    assert_eq!(estate.count("POST", REFRESH), 2, "{:?}", estate.changes());
}

#[test]
fn an_undo_that_failed_is_tried_again_by_a_word_and_the_rest_follows() {
    let home = Home::new();
    let (estate, run, _) = stopped_halfway(&home);
    home.callout(["retry", &run, "new-version~undo/2[chatbot-web/staging]"]).run().succeeded();
    home.callout(RESUME).run().exits(5);
    assert_eq!((state(&home).as_str(), estate.count("PATCH", "/secrets/")), ("rolled_back", 1));
    assert_eq!(estate.count("PUT", "/secrets/"), 2, "what was undone is not undone again");
    let newest = estate.versions().into_iter().filter(|version| version.enabled).count();
    assert!(newest >= 2, "the old value, as it was and set anew, is what can be read: {:?}", estate.versions());
}

#[test]
fn an_undo_that_is_left_out_leaves_the_effect_standing_and_the_run_has_failed() {
    let home = Home::new();
    let (_estate, run, _) = stopped_halfway(&home);
    let reason = ["--reason", "the app is gone"];
    home.callout(["skip", &run, "new-version~undo/2[chatbot-web/staging]"]).args(reason).run().succeeded();
    let told = home.callout(RESUME).run().exits(1).stdout;
    assert!(told.contains("NOT UNDONE WHOLE: some of it was left"), "{told}");
    assert!(told.contains("FAILED; not undone: new-version"), "{told}");
    assert_eq!(state(&home), "failed");
    let [end] = &of_kind(&home, "run.finished")[..] else { panic!("it ends once") };
    assert_eq!(end["data"]["standing"], json!(["new-version"]));
    let shown = home.callout(["show", &run]).run().succeeded().stdout;
    assert!(shown.contains("Not undone: new-version"), "{shown}");
}

#[test]
fn a_run_that_is_being_rolled_back_says_so_also_after_it_was_left_and_taken_up_again() {
    let home = Home::new();
    let (estate, run, _) = stopped_halfway(&home);
    home.callout(["retry", &run, "new-version~undo/2[chatbot-web/staging]"]).run().succeeded();
    estate.fault("POST", REFRESH, 1, &json!("hold"));
    let child = home.callout(RESUME).spawn();
    estate.wait_for_held();
    assert_eq!(state(&home), "rolling_back");
    estate.release();
    child.wait().exits(5);
}
