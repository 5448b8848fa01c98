use super::*;
use crate::runbook::{Retry, RetryCause};

fn retried(step: Step, only_on: &[RetryCause]) -> Step {
    let retry = Retry { attempts: 3, delay: Span::seconds(8), max_delay: Span::minutes(1), only_on: only_on.to_vec() };
    Step { retry: Some(retry), ..step }
}

fn throttled(patience: Span) -> Meaning {
    Meaning::Failed(Failure {
        status: Some(429),
        retry_after: Some(patience),
        ..Failure::new("TooManyRequests", "slow down")
    })
}

fn conflict() -> Meaning {
    Meaning::Failed(Failure { status: Some(409), ..Failure::new("Conflict", "something else is under way") })
}

impl Story {
    /// The pause that an instance is making, if it makes one.
    fn pause_of(&self, step: &str) -> Option<Span> {
        match self.phase(step) {
            Phase::Awaiting(Awaiting::Retry(until)) => Some(until.since(self.now)),
            _ => None,
        }
    }

    fn due(&mut self, step: &str) -> Vec<&'static str> {
        self.give(&Input::Due { step: step.into() })
    }
}

#[test]
fn a_throttled_effect_is_sent_again_under_the_consent_that_stands_after_the_service_s_patience() {
    let mut story = Story::of(vec![retried(set(), &[RetryCause::Throttled])]);
    assert_eq!(story.fails("set", throttled(Span::minutes(5))), ["effect.failed", "step.backing_off"]);
    assert_eq!(story.pause_of("set"), Some(Span::minutes(5)));
    assert_eq!(story.owes(), ["wait set"]);
    assert_eq!(story.due("set"), Vec::<&str>::new(), "it is not due yet");
    story.later(Span::minutes(5));
    assert_eq!(story.due("set"), ["step.due"]);
    assert_eq!(story.owes(), ["begin set"]);
    let attempt = story.begin("set", &looks("v1"));
    story.give(&Input::Answered { attempt, meaning: happened() });
    assert_eq!(story.state.phase, RunPhase::Ended(RunEnd::Succeeded));
}

#[test]
fn drift_is_looked_for_before_each_try() {
    let mut story = Story::of(vec![retried(set(), &[RetryCause::Throttled])]);
    story.fails("set", throttled(Span::minutes(5)));
    story.later(Span::minutes(5));
    story.due("set");
    let attempt = story.attempt();
    assert_eq!(story.give(&Input::Begin { step: "set".into(), attempt, seen: Ok(looks("v9")) }), ["step.drifted"]);
    assert_eq!(story.owes(), ["observe set"]);
}

#[test]
fn a_pause_is_random_between_nothing_and_a_ceiling_that_doubles() {
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..40 {
        let mut story = Story::of(vec![retried(set(), &[RetryCause::NotSent])]);
        story.attempts = seed * 100;
        for ceiling in [8, 16] {
            let not_sent = || Meaning::Failed(Failure::not_sent("no route"));
            let attempt =
                if ceiling == 8 { story.intend("set", &looks("v1")) } else { story.begin("set", &looks("v1")) };
            story.give(&Input::Answered { attempt, meaning: not_sent() });
            let pause = story.pause_of("set").expect("it is tried again");
            assert!((Span::ZERO..=Span::seconds(ceiling)).contains(&pause), "{pause}");
            seen.insert(pause);
            story.later(pause);
            story.due("set");
        }
    }
    assert!(seen.len() > 60, "no two of them wait for the same moment: {}", seen.len());
}

#[test]
fn after_its_last_try_a_step_has_failed_and_a_person_gives_it_as_many_again() {
    let mut story = Story::of(vec![retried(set(), &[RetryCause::Throttled])]);
    story.fails("set", throttled(Span::ZERO));
    for left in [true, false] {
        story.later(Span::minutes(2));
        story.due("set");
        let attempt = story.begin("set", &looks("v1"));
        story.give(&Input::Answered { attempt, meaning: throttled(Span::ZERO) });
        assert_eq!(story.pause_of("set").is_some(), left);
    }
    assert_eq!(story.phase("set"), Phase::Failed);
    story.give(&Input::Retry { step: "set".into() });
    assert_eq!(story.owes(), ["observe set"], "a person's retry asks anew");
    story.fails("set", throttled(Span::ZERO));
    assert!(story.pause_of("set").is_some());
}

#[test]
fn only_the_causes_that_the_author_names_are_tried_again() {
    let mut story = Story::of(vec![retried(set(), &[RetryCause::Throttled, RetryCause::Code("Busy".into())])]);
    assert_eq!(story.fails("set", refused()), ["effect.failed"]);
    story.give(&Input::Retry { step: "set".into() });
    let busy = Meaning::Failed(Failure::new("Busy", "later"));
    assert_eq!(story.fails("set", busy), ["effect.failed", "step.backing_off"]);
}

#[test]
fn what_must_not_be_done_twice_is_never_tried_again_by_itself() {
    let mut story = Story::of(vec![retried(swap(), &[RetryCause::NotSent, RetryCause::Throttled])]);
    assert_eq!(story.fails("swap", throttled(Span::ZERO)), ["effect.failed"]);
}

#[test]
fn a_doubt_is_probed_and_never_tried_again_and_a_conflict_after_one_proves_nothing() {
    let mut story = Story::of(vec![retried(set(), &[RetryCause::Conflict])]);
    assert_eq!(story.fails("set", conflict()), ["effect.failed", "step.backing_off"]);
    story.later(Span::minutes(2));
    story.due("set");
    let attempt = story.begin("set", &looks("v1"));
    assert_eq!(story.give(&Input::Answered { attempt, meaning: lost() }), ["effect.in_doubt"]);
    story.later(Span::minutes(10));
    story.give(&Input::Probed { attempt, verdict: did_not(), asked_at: story.now });
    let attempt = story.begin("set", &looks("v1"));
    assert_eq!(story.give(&Input::Answered { attempt, meaning: conflict() }), ["effect.failed"]);
}

#[test]
fn the_service_s_patience_outlives_a_consent_that_another_item_s_fate_has_voided() {
    let mut each = retried(set_each(), &[RetryCause::Throttled]);
    each.for_each = Some(each_of(&["x", "y"], 2));
    let mut story = Story::of(vec![each]);
    story.consent("set", &looks("v1"));
    let attempt = story.begin("set[x]", &looks("v1"));
    story.give(&Input::Answered { attempt, meaning: throttled(Span::minutes(30)) });
    story.skips("set[y]");
    assert_eq!(story.owes(), ["wait set[x]"]);
    story.later(Span::minutes(30));
    story.due("set[x]");
    assert_eq!(story.owes(), ["observe set"], "the consent was to a list that has changed");
    story.consent("set", &looks("v1"));
    let attempt = story.begin("set[x]", &looks("v1"));
    story.give(&Input::Answered { attempt, meaning: happened() });
    assert_eq!(story.state.phase, RunPhase::Ended(RunEnd::SucceededWithDeviations));
}

impl Story {
    /// Brings two items to where one is in doubt and the consent to both is void.
    fn doubted_without_consent() -> (Self, AttemptId) {
        let mut each = set_each();
        each.for_each = Some(each_of(&["x", "y"], 2));
        let mut story = Self::of(vec![each]);
        story.consent("set", &looks("v1"));
        let attempt = story.begin("set[x]", &looks("v1"));
        story.give(&Input::Answered { attempt, meaning: lost() });
        story.skips("set[y]");
        story.later(Span::minutes(10));
        (story, attempt)
    }
}

#[test]
fn what_a_probe_says_did_not_happen_is_asked_for_anew_if_its_consent_is_void_by_then() {
    let (mut story, attempt) = Story::doubted_without_consent();
    story.give(&Input::Probed { attempt, verdict: did_not(), asked_at: story.now });
    assert_eq!(story.owes(), ["observe set"], "and does not wait for ever to be sent");
}

#[test]
fn a_read_is_tried_again_and_gives_its_place_to_nobody_meanwhile() {
    let versions = call("keyvault.secret.versions", &[("vault", "${{ inputs.vault }}"), ("name", "one")]);
    let mut story = Story::of(vec![retried(step("read", StepKind::Action(versions)), &[RetryCause::NotSent])]);
    let read = |outputs| Input::Read { step: "read".into(), outputs };
    assert_eq!(story.give(&read(Err(Failure::not_sent("no route")))), ["step.backing_off"]);
    story.later(Span::minutes(1));
    assert_eq!(story.due("read"), ["step.due"]);
    assert_eq!(story.owes(), ["read read"]);
    story.give(&read(Ok(Value::record([]))));
    assert_eq!(story.state.phase, RunPhase::Ended(RunEnd::Succeeded));
}
