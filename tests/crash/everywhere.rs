use crate::support::{Estate, Home, Received, until};

/// More requests than any of the two runbooks makes.
const MANY: u32 = 200;

/// Runs `runbook`, is killed while the `nth` request has been carried out and not answered, and is taken up again. Says
/// whether there was an `nth` request.
fn killed_at(runbook: &str, nth: u32, check: impl Fn(&Estate)) -> bool {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.hold_nth(nth);
    let options = ["--headless", "--yes", "destructive", "--speed", "max"];
    let run = home.callout(["run", runbook]).args(options).spawn();
    let held = until("a request that is held, or the end", || {
        let is_held = estate.received().iter().any(Received::is_open);
        (is_held || run.stdout().contains(" succeeded.\n")).then_some(is_held)
    });
    if !held {
        run.wait().succeeded();
        return false;
    }
    let _ = run.kill9();
    estate.release();
    let outcome = home.callout(["resume"]).args(options).run();
    if outcome.stdout == "No run is open: nothing to resume.\n" {
        // It was killed before there was a run: while it signed in.
        assert_eq!(estate.changes(), []);
        return true;
    }
    assert_eq!(outcome.code, Some(0), "killed at request {nth} of {runbook}:\n{}{}", outcome.stdout, outcome.stderr);
    check(&estate);
    true
}

/// Every `step`-th request, beginning with the `first`.
fn killed_everywhere(runbook: &str, first: u32, step: usize, check: impl Fn(&Estate)) {
    let killed = (first..MANY).step_by(step).take_while(|nth| killed_at(runbook, *nth, &check)).count();
    assert!(killed > 10, "{runbook} was killed {killed} times");
}

fn rotated_once(estate: &Estate) {
    assert_eq!((estate.count("PUT", "/secrets/"), estate.ours()), (1, 1));
    let enabled: Vec<_> = estate.versions().into_iter().filter(|version| version.enabled).collect();
    assert!(enabled.len() == 1 && enabled[0].tags.to_string().contains("callout-attempt"), "{enabled:?}");
}

fn swapped_once(estate: &Estate) {
    assert_eq!(estate.count("POST", "/slotsswap"), 1);
    assert_eq!((estate.build("production"), estate.build("staging")), ("4711".to_owned(), "4720".to_owned()));
}

#[test]
fn a_rotation_that_is_killed_at_any_request_is_taken_up_and_sets_one_version() {
    killed_everywhere("key-rotation", 1, 2, rotated_once);
}

#[test]
fn a_rotation_that_is_killed_between_those_requests_is_taken_up_as_well() {
    killed_everywhere("key-rotation", 2, 2, rotated_once);
}

#[test]
fn a_rollback_that_is_killed_at_any_request_is_taken_up_and_swaps_once() {
    killed_everywhere("rollback", 1, 1, swapped_once);
}
