use proptest::prelude::*;

use super::*;
use crate::effect::{Class, Progress};
use crate::runbook::Expression;

/// One move of a world and a person who may do anything at any time.
#[derive(Clone, Debug)]
enum Move {
    Time(u32),
    Observe { same: bool },
    Consent { right: bool },
    Begin { same: bool },
    Answer(u8),
    Poll(u8),
    Probe(u8),
    Look(bool),
    Due,
    Decide(bool),
    Resolve(u8),
    Retry,
    Pause,
    Continue,
    Abort,
    Crash,
}

fn moves() -> impl Strategy<Value = Move> {
    prop_oneof![
        2 => (0..200_u32).prop_map(Move::Time),
        6 => prop::bool::weighted(0.9).prop_map(|same| Move::Observe { same }),
        6 => prop::bool::weighted(0.9).prop_map(|right| Move::Consent { right }),
        6 => prop::bool::weighted(0.9).prop_map(|same| Move::Begin { same }),
        6 => (0..5_u8).prop_map(Move::Answer),
        3 => (0..4_u8).prop_map(Move::Poll),
        3 => (0..3_u8).prop_map(Move::Probe),
        4 => any::<bool>().prop_map(Move::Look),
        1 => Just(Move::Due),
        2 => any::<bool>().prop_map(Move::Decide),
        2 => (0..3_u8).prop_map(Move::Resolve),
        2 => Just(Move::Retry),
        1 => Just(Move::Pause),
        2 => Just(Move::Continue),
        1 => prop::bool::weighted(0.2).prop_map(|abort| if abort { Move::Abort } else { Move::Continue }),
        1 => Just(Move::Crash),
    ]
}

impl Story {
    /// Makes a move; one that the state refuses changes nothing.
    fn make(&mut self, made: &Move) {
        let at = first_open(&self.state).map_or_else(|| "set".into(), |at| at.id.clone());
        let last = self.state.instance(&at).and_then(Instance::last).map(|attempt| attempt.intent.attempt);
        let attempt = last.unwrap_or_else(|| AttemptId::new(Uuid::nil()));
        let seen = |same: bool| looks(if same { "v1" } else { "v9" });
        let input = match made {
            Move::Time(seconds) => return self.later(Span::seconds(*seconds)),
            Move::Crash => {
                if !self.state.is_over() || !self.state.in_doubt().is_empty() {
                    self.crash_and_take_again();
                }
                return;
            }
            Move::Observe { same } => {
                let Some(Command::Observe { step, calls }) = owed(&self.state).pop() else { return };
                let seen = calls.into_iter().map(|(id, _)| (id, seen(*same))).collect();
                Input::Observed { step, seen: Ok(seen) }
            }
            Move::Consent { right } => {
                let asked = self.state.group_of(&at).and_then(|group| group.asked.clone());
                let Some(asked) = asked else { return };
                let typed = right.then(|| asked.read_back.clone());
                Input::Consent {
                    step: at.step().as_str().into(),
                    digest: asked.digest,
                    typed,
                    how: ConsentBy::ReadBack,
                }
            }
            Move::Begin { same } => Input::Begin { step: at, attempt: self.attempt(), seen: Ok(seen(*same)) },
            Move::Answer(kind) => Input::Answered {
                attempt,
                meaning: match kind {
                    0 | 1 => happened(),
                    2 => lost(),
                    3 => refused(),
                    _ => Meaning::Accepted { handle: handle(), retry_after: Span::ZERO },
                },
            },
            Move::Poll(kind) => Input::Polled {
                attempt,
                progress: match kind {
                    0 => Progress::Running { status: "InProgress".into(), retry_after: Span::ZERO },
                    1 => Progress::Unreachable { why: "503".into() },
                    2 => Progress::Failed(Failure::new("Conflict", "no")),
                    _ => Progress::Succeeded,
                },
            },
            Move::Probe(kind) => Input::Probed {
                attempt,
                verdict: match kind {
                    0 => did_not(),
                    1 => ProbeVerdict::Unknown { seen: "not reachable".into() },
                    _ => ProbeVerdict::Happened { outputs: Value::record([]), seen: "the tag is there".into() },
                },
            },
            Move::Look(good) => {
                Input::Looked { step: at, index: 0, verdict: if *good { pass() } else { fail() }, outputs: None }
            }
            Move::Due => Input::Due { step: at },
            Move::Decide(yes) => {
                let choice = if *yes { "yes" } else { "no" };
                Input::Decide { step: at, choice: choice.into(), fields: None, how: ConsentBy::Enter }
            }
            Move::Resolve(word) => {
                let word = match word {
                    0 => Resolution::Adopt { outputs: None, reason: None },
                    1 => Resolution::DidNot { typed: read_back_of(&self.state, &at), reason: None },
                    _ => Resolution::GiveUp,
                };
                Input::Resolve { step: at, word }
            }
            Move::Retry => Input::Retry { step: at },
            Move::Pause => Input::Pause { why: PauseReason::Asked },
            Move::Continue => Input::Continue,
            Move::Abort => Input::Abort { reason: None, undo: false },
        };
        // A refusal is an answer; a panic in `apply` would be an illegal event.
        let _ = self.try_give(&input);
    }

    /// Ends the run as a person would who has had enough.
    fn end(&mut self) {
        let _ = self.try_give(&Input::Abort { reason: None, undo: false });
        let in_flight = self.state.instances().filter_map(Instance::last).map(|attempt| attempt.intent.attempt);
        for attempt in in_flight.collect::<Vec<_>>() {
            let _ = self.try_give(&Input::Answered { attempt, meaning: lost() });
            for _ in 0..2 {
                let progress = Progress::Unreachable { why: "no route".into() };
                let _ = self.try_give(&Input::Polled { attempt, progress });
                self.later(Span::minutes(20));
            }
            let verdict = ProbeVerdict::Unknown { seen: "no route".into() };
            let _ = self.try_give(&Input::Probed { attempt, verdict });
        }
    }
}

fn graph() -> Vec<Step> {
    let mut verified = set();
    verified.verify = vec![ready_check(Some(Until { every: Span::seconds(5), timeout: Span::minutes(1) }))];
    let mut unwanted = set_each_named("unwanted");
    unwanted.when = Some(Expression::parse("inputs.full").unwrap());
    unwanted.for_each = Some(crate::runbook::ForEach::of(Expression::parse("steps.never.outputs.enabled").unwrap()));
    vec![verified, gate(), unwanted, swap(), set_each_named("each"), wait()]
}

fn set_each_named(id: &str) -> Step {
    Step { id: StepId::new(id), ..set_each() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_no_event_is_illegal_and_the_events_alone_are_the_state(made in prop::collection::vec(moves(), 1..120)) {
        let mut story = Story::of(graph());
        for one in &made {
            story.make(one);
        }
        prop_assert_eq!(&fold(&story.events), &story.state);
        let text = serde_json::to_string(&story.events.iter().map(|(_, event)| event).collect::<Vec<_>>()).unwrap();
        let read: Vec<Event> = serde_json::from_str(&text).unwrap();
        prop_assert!(read.iter().eq(story.events.iter().map(|(_, event)| event)));
    }

    #[test]
    fn what_must_not_be_done_twice_is_sent_once_for_each_time_that_a_person_said_so(made in prop::collection::vec(moves(), 1..200)) {
        let mut story = Story::of(graph());
        for one in &made {
            story.make(one);
        }
        // What is in doubt keeps its keys, whatever became of the step or the run.
        for instance in story.state.instances().filter(|instance| instance.is_doubted()) {
            let attempt = instance.last().unwrap().intent.attempt;
            prop_assert!(story.events.iter().all(|(_, event)| event.settled() != Some(attempt)));
            prop_assert!(story.state.in_doubt().contains(&instance.id));
        }
        let (mut sent, mut said) = (0, 1);
        for (_, event) in &story.events {
            match event {
                Event::Intent(intent) if intent.class == Class::D => sent += 1,
                Event::Retried { step } if step.as_str() == "swap" => said += 1,
                Event::Reconciled { step, by: ReconciledBy::Person, verdict: ProbeVerdict::DidNot { .. }, .. }
                    if step.as_str() == "swap" => said += 1,
                _ => {}
            }
        }
        prop_assert!(sent <= said, "sent {sent} times, allowed {said} times");
    }

    #[test]
    fn every_outcome_has_its_intent_and_an_abort_always_ends(made in prop::collection::vec(moves(), 1..120)) {
        let mut story = Story::of(graph());
        for one in &made {
            story.make(one);
        }
        story.end();
        prop_assert!(story.state.is_over(), "{:?}", story.state.phase);
        let mut intended = std::collections::BTreeSet::new();
        for (_, event) in &story.events {
            match event {
                Event::Intent(intent) => { intended.insert(intent.attempt); }
                Event::Succeeded { attempt, .. } | Event::Failed { attempt, .. } | Event::InDoubt { attempt, .. }
                | Event::Accepted { attempt, .. } => prop_assert!(intended.contains(attempt)),
                _ => {}
            }
        }
    }
}
