use proptest::prelude::*;

use super::*;
use crate::effect::{Class, Progress};
use crate::plan::Nested;
use crate::runbook::{Expression, FieldKind, ManualField, NestedCall, OnFailure, Retry, RetryCause, UndoStep};

/// One move of a world and a person who may do anything at any time, about any step.
#[derive(Clone, Debug)]
struct Made {
    /// Which of the steps that have not ended well, counted round; mostly the first.
    which: u8,
    what: Move,
}

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
    Read(bool),
    Retry,
    Skip,
    Override,
    Undo,
    Adhoc,
    Pause,
    Continue,
    Abort { undo: bool },
    Crash,
}

fn moves() -> impl Strategy<Value = Made> {
    let which = prop_oneof![3 => Just(0), 2 => any::<u8>()];
    (which, whats()).prop_map(|(which, what)| Made { which, what })
}

fn whats() -> impl Strategy<Value = Move> {
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
        3 => (0..5_u8).prop_map(Move::Resolve),
        2 => any::<bool>().prop_map(Move::Read),
        3 => Just(Move::Retry),
        1 => Just(Move::Skip),
        1 => Just(Move::Override),
        2 => Just(Move::Undo),
        1 => Just(Move::Adhoc),
        1 => Just(Move::Pause),
        3 => Just(Move::Continue),
        1 => (prop::bool::weighted(0.3), any::<bool>())
            .prop_map(|(abort, undo)| if abort { Move::Abort { undo } } else { Move::Continue }),
        1 => Just(Move::Crash),
    ]
}

impl Story {
    /// Makes a move; one that the state refuses changes nothing.
    #[expect(clippy::too_many_lines, reason = "one match, one arm per move")]
    fn make(&mut self, made: &Made) {
        let open =
            self.state.instances().filter(|instance| !matches!(instance.phase, Phase::Succeeded | Phase::Skipped));
        let open: Vec<InstanceId> = open.map(|instance| instance.id.clone()).collect();
        let at = open.get(usize::from(made.which) % open.len().max(1)).cloned().unwrap_or_else(|| "set".into());
        let last = self.state.instance(&at).and_then(Instance::last).map(|attempt| attempt.intent.attempt);
        let attempt = last.unwrap_or_else(|| AttemptId::new(Uuid::nil()));
        let seen = |same: bool| looks(if same { "v1" } else { "v9" });
        let input = match &made.what {
            Move::Time(seconds) => return self.later(Span::seconds(*seconds)),
            Move::Crash => {
                if !self.state.is_over() || !self.state.in_doubt().is_empty() {
                    self.crash_and_take_again();
                }
                return;
            }
            Move::Observe { same } => {
                let mut owed = owed(&self.state);
                owed.retain(|command| matches!(command, Command::Observe { .. }));
                let next = usize::from(made.which) % owed.len().max(1);
                let Some(Command::Observe { step, calls }) = owed.into_iter().nth(next) else { return };
                let seen = calls.into_iter().map(|(id, _)| (id, seen(*same))).collect();
                Input::Observed { step, seen: Ok(seen) }
            }
            Move::Consent { right } => {
                let asked = self.state.group_of(&at).and_then(|group| group.asked.clone());
                let Some(asked) = asked else { return };
                let typed = right.then(|| asked.read_back.clone());
                Input::Consent { step: at.group(), digest: asked.digest, typed, how: ConsentBy::ReadBack }
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
                asked_at: self.now,
            },
            Move::Look(good) => {
                Input::Looked { step: at, index: 0, verdict: if *good { pass() } else { fail() }, outputs: None }
            }
            Move::Due => Input::Due { step: at },
            Move::Decide(yes) => {
                let choice = match self.state.step_of(&at).map(|step| &step.kind) {
                    Some(StepKind::Manual { .. }) => "done",
                    _ if *yes => "yes",
                    _ => "no",
                };
                let fields = yes.then(|| Value::record([("who", Value::text("on-call"))]));
                Input::Decide { step: at, choice: choice.into(), fields, how: ConsentBy::Enter }
            }
            Move::Resolve(word) => {
                let word = match word {
                    0 => Resolution::Adopt { outputs: None, reason: None },
                    1 => Resolution::DidNot { typed: read_back_of(&self.state, &at), reason: None },
                    2 => Resolution::ByHand { outputs: None, reason: reason() },
                    3 => Resolution::Undo { reason: None },
                    _ => Resolution::GiveUp,
                };
                Input::Resolve { step: at, word }
            }
            Move::Read(true) => Input::Read { step: at, outputs: Ok(Value::record([])) },
            Move::Read(false) => Input::Read { step: at, outputs: Err(Failure::not_sent("no route")) },
            Move::Retry => Input::Retry { step: at },
            Move::Skip => Input::Skip { step: at, reason: reason() },
            Move::Override => Input::Override { step: at, reason: reason(), outputs: None },
            Move::Undo => Input::Undo { step: at },
            Move::Adhoc => {
                Input::Adhoc(Adhoc { command: vec!["az".into()], exit: None, took: Span::ZERO, output: None })
            }
            Move::Pause => Input::Pause { why: PauseReason::Asked },
            Move::Continue => Input::Continue,
            Move::Abort { undo } => Input::Abort { reason: None, undo: *undo },
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
            let _ = self.try_give(&Input::Probed { attempt, verdict, asked_at: self.now });
        }
    }
}

/// Some of everything: the plan that the moves are made on.
fn everything() -> Plan {
    let mut verified = set();
    verified.verify = vec![ready_check(Some(Until { every: Span::seconds(5), timeout: Span::minutes(1) }))];
    let StepKind::Action(back) = set_of("back", "session").kind else { panic!("a step that changes nothing") };
    verified.undo = vec![UndoStep::new(back)];
    verified.retry = Some(Retry {
        attempts: 3,
        delay: Retry::DELAY,
        max_delay: Retry::MAX_DELAY,
        only_on: vec![RetryCause::Code("Forbidden".into())],
    });
    let mut unwanted = set_each_named("unwanted");
    unwanted.when = Some(Expression::parse("inputs.full").unwrap());
    unwanted.for_each = Some(ForEach::of(Expression::parse("steps.never.outputs.enabled").unwrap()));
    let mut answered = needing(set_of("answered", "two"), &["gate"]);
    answered.on_failure = OnFailure::GoTo(StepId::new("instead"));
    let mut each = needing(set_each_named("each"), &["swap"]);
    each.for_each = Some(each_of(&["x", "y", "z"], 2));
    each.on_failure = OnFailure::Continue;
    let who = ManualField {
        name: "who".into(),
        kind: FieldKind::String { pattern: None },
        description: None,
        default: None,
        headless: None,
    };
    let tell = StepKind::Manual { instruction: Template::parse("Call them.").unwrap(), fields: vec![who] };
    let with = BTreeMap::from([("vault".to_owned(), template("${{ inputs.vault }}"))]);
    let nest = StepKind::Runbook(NestedCall { runbook: "inner".into(), with });
    let nest = Step { for_each: Some(each_of(&["p", "q"], 2)), ..step("nest", nest) };
    let outer = plan(vec![
        verified,
        needing(gate(), &["set"]),
        needing(unwanted, &["gate"]),
        needing(swap(), &["gate"]),
        answered,
        set_of("instead", "three"),
        needing(ready("meet"), &["answered", "instead"]),
        each,
        needing(step("tell", tell), &["meet"]),
        needing(nest, &["gate"]),
        needing(wait(), &["tell"]),
    ]);
    let steps = vec![gate(), needing(set_of("set", "inner"), &["gate"])];
    let inner = Nested {
        runbook: Runbook { id: "inner".into(), steps, parameters: parameters(), ..plan(vec![]).runbook },
        revision: plan(vec![]).revision,
    };
    Plan { nested: vec![inner], ..outer }
}

fn template(text: &str) -> Argument {
    Argument::Template { text: Template::parse(text).unwrap() }
}

fn set_each_named(id: &str) -> Step {
    Step { id: StepId::new(id), ..set_each() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_no_event_is_illegal_and_the_events_alone_are_the_state(made in prop::collection::vec(moves(), 1..120)) {
        let mut story = Story::planned(everything());
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
        let mut story = Story::planned(everything());
        for one in &made {
            story.make(one);
        }
        // What is in doubt keeps its keys, whatever became of the step or the run.
        for instance in story.state.instances().filter(|one| one.is_doubted() && one.undo == Undo::None) {
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
        let mut story = Story::planned(everything());
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
