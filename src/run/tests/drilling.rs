use super::*;
use crate::run::{Broken, BrokenBy, Preparation};
use crate::runbook::{Breakage, Exercise, Trouble};

fn exercise() -> Exercise {
    Exercise {
        scenario: "A release went out".into(),
        breaks: Vec::new(),
        rto: Span::minutes(60),
        rpo: None,
        recovered: None,
        coverage: None,
        participants: Vec::new(),
        cadence: "quarterly".into(),
        success_criteria: Vec::new(),
        not_tested: Vec::new(),
        cleanup: Vec::new(),
    }
}

fn drill() -> Story {
    let exercise = Some(Box::new(exercise()));
    Story::planned(Plan { mode: Mode::Drill, exercise, ..plan(vec![set(), ready("look")]) })
}

fn preparation(story: &Story) -> Input {
    let breakage = Breakage { trouble: Trouble::BadRelease, of: "web".into(), name: None };
    let exercise = story.state.plan.exercise_digest().unwrap().unwrap();
    let broken = vec![Broken { breakage, by: BrokenBy::Person, at: None }];
    Input::Prepare(Box::new(Preparation { exercise, people: Vec::new(), broken }))
}

#[test]
fn no_step_of_a_drill_begins_before_what_it_is_about_is_broken() {
    let mut story = drill();
    assert!(owed(&story.state).is_empty() && story.state.is_unprepared(), "{:?}", story.owes());
    let seen = Ok(vec![("set".into(), looks("v1"))]);
    assert_eq!(story.give(&Input::Observed { step: "set".into(), seen }), Vec::<&str>::new());
    let preparation = preparation(&story);
    assert_eq!(story.give(&preparation).first(), Some(&"run.prepared"));
    assert!(!owed(&story.state).is_empty());
    assert!(story.try_give(&preparation).is_err(), "a drill is prepared once");
}

#[test]
fn a_drill_that_was_never_prepared_can_be_ended() {
    let mut story = drill();
    story.give(&Input::Abort { reason: None, undo: false });
    assert_eq!(story.state.phase, RunPhase::Ended(RunEnd::Aborted));
}

#[test]
fn another_run_is_never_prepared() {
    let mut story = Story::of(vec![set()]);
    let other = drill();
    assert!(story.try_give(&preparation(&other)).is_err());
}
