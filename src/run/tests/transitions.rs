//! The transition table, printed from the code: states are built by stories, and every event is tried on each.
//!
//! `CALLOUT_BLESS=1 cargo test --lib transitions` writes it anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::*;
use crate::effect::Class;
use crate::plan::{Item, Nested};
use crate::runbook::{NestedCall, Retry, RetryCause, UndoStep};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/transitions.md");

/// A step, changed, verified, tried again and undone: whatever may become of one may become of this.
fn subject() -> Step {
    let StepKind::Action(back) = set().kind else { panic!("a step that changes nothing") };
    let retry =
        Retry { attempts: 5, delay: Retry::DELAY, max_delay: Retry::MAX_DELAY, only_on: vec![RetryCause::NotSent] };
    Step { verify: vec![ready_check(None)], undo: vec![UndoStep::new(back)], retry: Some(retry), ..set() }
}

/// Stories that bring a step into each of its states.
fn of_steps() -> Vec<(Story, &'static str)> {
    let story = || Story::of(vec![subject(), gate()]);
    let told = |tell: &dyn Fn(&mut Story)| {
        let mut story = story();
        tell(&mut story);
        (story, "set")
    };
    let sent = |meaning: Meaning| told(&|story| drop(story.fails("set", meaning.clone())));
    let not_sent = Meaning::Failed(Failure::not_sent("no route"));
    let accepted = Meaning::Accepted { handle: handle(), retry_after: Span::ZERO };
    let stands = |story: &mut Story| {
        story.does("set");
        story.give(&looked("set", fail()));
    };
    let probed = |story: &mut Story| {
        story.fails("set", lost());
        story.later(Span::minutes(10));
        let attempt = story.state.instance(&"set".into()).unwrap().last().unwrap().intent.attempt;
        story.give(&Input::Probed {
            attempt,
            verdict: ProbeVerdict::Unknown { seen: "no route".into() },
            asked_at: story.now,
        });
    };
    let nested = Nested {
        runbook: Runbook { id: "inner".into(), steps: vec![gate()], ..plan(vec![]).runbook },
        revision: plan(vec![]).revision,
    };
    let call = NestedCall { runbook: "inner".into(), with: BTreeMap::new() };
    let nests = plan(vec![step("nest", StepKind::Runbook(call))]);
    vec![
        told(&|_| {}),
        told(&|story| {
            story.give(&Input::Observed { step: "set".into(), seen: Ok(vec![("set".into(), looks("v1"))]) });
        }),
        told(&|story| story.consent("set", &looks("v1"))),
        told(&|story| {
            story.intend("set", &looks("v1"));
        }),
        sent(accepted),
        sent(lost()),
        told(&probed),
        sent(not_sent),
        told(&|story| drop(story.does("set"))),
        sent(refused()),
        told(&stands),
        told(&|story| {
            story.fails("set", lost());
            story.give(&Input::Resolve { step: "set".into(), word: Resolution::GiveUp });
        }),
        told(&|story| {
            stands(story);
            story.give(&Input::Undo { step: "set".into() });
        }),
        told(&|story| {
            story.does("set");
            story.give(&looked("set", pass()));
        }),
        told(&|story| drop(story.skips("set"))),
        (Story::of(vec![ready("look")]), "look"),
        (Story::of(vec![gate()]), "gate"),
        (Story::of(vec![wait()]), "soak"),
        (Story::planned(Plan { nested: vec![nested], ..nests }), "nest"),
        (Story::of(vec![gate(), set_unexpanded()]), "set"),
    ]
}

/// A step for each item of a list.
fn set_unexpanded() -> Step {
    Step { for_each: Some(each_of(&["one"], 1)), ..set() }
}

/// A step's state, a little finer than its phase.
fn state_of(story: &Story, state: &RunState, id: &InstanceId) -> String {
    let Some(instance) = state.instance(id) else { return "expanded".to_owned() };
    let standing = instance.last().map(|attempt| &attempt.standing);
    let more = match (instance.phase, standing) {
        (Phase::Running, None) if matches!(state.step_of(id).map(|step| &step.kind), Some(StepKind::Runbook(_))) => {
            ", nesting"
        }
        (Phase::Running, None) => ", reading",
        (Phase::Running, Some(Standing::Open)) => ", sent",
        (Phase::Running, Some(Standing::Accepted { .. })) => ", accepted",
        (Phase::Running, Some(_)) => ", verified",
        (Phase::InDoubt, _) if instance.was_probed() => ", probed",
        (Phase::Failed, Some(Standing::InDoubt { .. })) => ", in doubt",
        (Phase::Failed, Some(Standing::Succeeded)) => ", standing",
        (Phase::Failed, Some(Standing::Broken(_))) => ", perhaps done in part",
        (Phase::Skipped, _) if instance.passed_by => ", passed by",
        _ => "",
    };
    let undo = match instance.undo {
        Undo::None => "",
        Undo::Underway => ", being undone",
        Undo::Done => ", undone",
        Undo::Partly => ", undone in part",
    };
    let overdue = if instance.overdue { ", overdue" } else { "" };
    let ended = if state.is_over() && !story.state.is_over() { ", and the run has ended" } else { "" };
    format!("{}{more}{undo}{overdue}{ended}", instance.phase.word())
}

/// Every event that a step can have, by its words.
fn events(story: &Story, id: &str) -> Vec<(String, Event)> {
    let step: InstanceId = id.into();
    let instance = story.state.instance(&step);
    let attempt = instance.and_then(Instance::last).map_or(AttemptId::new(Uuid::nil()), |last| last.intent.attempt);
    let group = story.state.group_of(&step);
    let digest = group.and_then(|group| group.asked.as_ref()).map_or(Digest::of("step-v1", b""), |asked| asked.digest);
    let effects = vec![EffectConsent { step: step.clone(), digest, fields: looks("v1") }];
    let consent = Consent { risk: crate::effect::Risk::Reversible, digest, read_back: "set".into(), effects };
    let until = story.now.after(Span::minutes(1));
    let outputs = || Value::record([("version", Value::text("v2"))]);
    let happened = || ProbeVerdict::Happened { outputs: outputs(), seen: "the tag is there".into() };
    let intent = Intent {
        step: step.clone(),
        attempt: AttemptId::new(Uuid::from_u128(77)),
        number: 1,
        action: "keyvault.secret.set".into(),
        class: Class::B,
        method: "PUT".into(),
        url: "https://kv.vault.azure.net/secrets/session".into(),
        request: digest,
        digest,
        locks: vec![],
        expected: "a new version".into(),
        before: looks("v1"),
    };
    let item = Item { key: "one".into(), value: Value::text("one") };
    let mut all = vec![
        ("", Event::Expanded { step: step.clone(), items: vec![item] }),
        ("", Event::Entered { step: step.clone(), inputs: vec![] }),
        ("with a consent", Event::Readied { step: step.clone(), consent: Some(consent) }),
        ("without", Event::Readied { step: step.clone(), consent: None }),
        ("", Event::Confirmed { step: step.clone(), digest, how: ConsentBy::Enter }),
        ("", Event::Drifted { step: step.clone(), before: looks("v1"), now: looks("v9") }),
        ("", Event::Waiting { step: step.clone(), until }),
        ("", Event::BackingOff { step: step.clone(), until, why: None }),
        ("", Event::Due { step: step.clone() }),
        ("", Event::Overdue { step: step.clone() }),
        ("", Event::Skipped { step: step.clone(), reason: reason() }),
        ("", Event::Overridden { step: step.clone(), reason: reason(), outputs: None }),
        ("", Event::Undoing { step: step.clone(), doubted: None }),
        ("whole", Event::Undone { step: step.clone(), partly: false }),
        ("in part", Event::Undone { step: step.clone(), partly: true }),
        ("", Event::Checked { step: step.clone(), index: 0, verdict: fail() }),
        ("", Event::Decided { step: step.clone(), choice: "yes".into(), how: ConsentBy::Enter }),
        ("", Event::Retried { step: step.clone() }),
        ("", Event::Intent(Box::new(intent))),
        ("", Event::Accepted { step: step.clone(), attempt, handle: handle() }),
        ("", Event::Progressed { step: step.clone(), attempt, status: "InProgress".into(), unreachable: false }),
        ("", Event::Succeeded { step: step.clone(), attempt, outputs: outputs() }),
        ("", Event::Failed { step: step.clone(), attempt, failure: Failure::new("Forbidden", "no") }),
        ("", Event::InDoubt { step: step.clone(), attempt, why: "no answer".into(), said_yes: false }),
    ];
    for (word, end) in [
        ("succeeded", StepEnd::Succeeded),
        ("failed", StepEnd::Failed),
        ("skipped", StepEnd::Skipped),
        ("passed by", StepEnd::PassedBy),
        ("assumed", StepEnd::Assumed),
        ("cancelled", StepEnd::Cancelled),
    ] {
        all.push((word, Event::StepFinished { step: step.clone(), end, why: None, outputs: None }));
    }
    for (word, by, verdict, open) in [
        ("a probe: happened", ReconciledBy::Probe, happened(), false),
        ("a probe: did not", ReconciledBy::Probe, did_not(), false),
        ("a probe: open", ReconciledBy::Probe, did_not(), true),
        ("a person: happened", ReconciledBy::Person, happened(), false),
        ("a person: did not", ReconciledBy::Person, did_not(), false),
        ("by hand", ReconciledBy::ByHand, happened(), false),
        ("an undo", ReconciledBy::Undo, did_not(), false),
    ] {
        all.push((word, Event::Reconciled { step: step.clone(), attempt, by, verdict, open, reason: None }));
    }
    all.into_iter().map(|(word, event)| (named(&event, word), event)).collect()
}

fn named(event: &Event, word: &str) -> String {
    if word.is_empty() { format!("`{}`", event.kind()) } else { format!("`{}` ({word})", event.kind()) }
}

/// Stories that bring a run into each of its phases.
fn of_runs() -> Vec<(&'static str, RunState)> {
    let story = || Story::of(vec![subject(), gate()]);
    let told = |tell: &dyn Fn(&mut Story)| {
        let mut story = story();
        tell(&mut story);
        story.state
    };
    let rolls_back = |story: &mut Story| {
        story.does("set");
        story.give(&looked("set", pass()));
        story.aborts(true);
    };
    let pause = Input::Pause { why: PauseReason::Asked };
    vec![
        ("planned", fold(&story().events[..1])),
        ("running", told(&|_| {})),
        ("paused", told(&|story| drop(story.give(&pause)))),
        (
            "aborting",
            told(&|story| {
                story.intend("set", &looks("v1"));
                story.aborts(false);
            }),
        ),
        ("rolling back", told(&rolls_back)),
        (
            "rolling back, paused",
            told(&|story| {
                rolls_back(story);
                story.give(&pause);
            }),
        ),
        (
            "ended, in doubt",
            told(&|story| {
                let attempt = story.intend("set", &looks("v1"));
                story.aborts(false);
                story.give(&Input::Answered { attempt, meaning: lost() });
                story.give(&Input::Probed {
                    attempt,
                    verdict: ProbeVerdict::Unknown { seen: "no route".into() },
                    asked_at: story.now,
                });
            }),
        ),
        ("ended", told(&|story| drop(story.aborts(false)))),
    ]
}

fn run_events(state: &RunState) -> Vec<(String, Event)> {
    let planned = Event::Planned { plan: Box::new(state.plan.as_ref().clone()), digest: state.digest };
    let finished = Event::Finished { end: RunEnd::Aborted, in_doubt: state.in_doubt(), standing: vec![] };
    let adhoc = Adhoc { command: vec!["az".into()], exit: Some(0), took: Span::ZERO, output: None };
    let all = vec![
        ("", planned),
        ("a higher fence", Event::Taken { fence: state.fence + 1, pid: 1 }),
        ("the same fence", Event::Taken { fence: state.fence, pid: 1 }),
        ("", Event::Paused { why: PauseReason::Asked }),
        ("", Event::Continued),
        ("", Event::Aborting { reason: None, undo: true }),
        ("", Event::RollingBack { steps: vec!["set".into()] }),
        ("", Event::Adhoc(adhoc)),
        ("", Event::Declined { why: "no".into() }),
        ("", finished),
        ("any step's", Event::Overdue { step: "gate".into() }),
    ];
    all.into_iter().map(|(word, event)| (named(&event, word), event)).collect()
}

fn phase_of(state: &RunState) -> String {
    let word = match state.phase {
        RunPhase::Planned => "planned",
        RunPhase::Running => "running",
        RunPhase::Paused(_) if state.is_rolling_back() => "rolling back, paused",
        RunPhase::Paused(_) => "paused",
        RunPhase::Aborting => "aborting",
        RunPhase::RollingBack => "rolling back",
        RunPhase::Ended(_) if !state.in_doubt().is_empty() => "ended, in doubt",
        RunPhase::Ended(_) => "ended",
    };
    word.to_owned()
}

/// One state with what each event leads to; those that are refused follow by name.
fn section(table: &mut String, title: &str, tried: &[(String, Option<String>)]) {
    let refused: Vec<_> = tried.iter().filter(|(_, to)| to.is_none()).map(|(name, _)| name.as_str()).collect();
    let _ = write!(table, "\n### {title}\n\n");
    if refused.len() < tried.len() {
        table.push_str("| event | leads to |\n|---|---|\n");
    }
    for (name, to) in tried {
        if let Some(to) = to {
            let _ = writeln!(table, "| {name} | {to} |");
        }
    }
    if !refused.is_empty() {
        let gap = if refused.len() < tried.len() { "\n" } else { "" };
        let _ = writeln!(table, "{gap}Refused: {}.", refused.join(", "));
    }
}

fn table() -> (String, BTreeSet<&'static str>, BTreeSet<&'static str>) {
    let (mut kinds, mut phases) = (BTreeSet::new(), BTreeSet::new());
    let mut table = String::from(
        "# What follows what in a run\n\n\
         Printed from the code by `src/run/tests/transitions.rs`, which brings a run into each state and tries every event \
         on it. An event that is refused is an error: a journal that holds it does not fold.\n\n## Runs\n",
    );
    for (name, state) in of_runs() {
        assert_eq!(phase_of(&state), name);
        let tried = run_events(&state).into_iter().map(|(name, event)| {
            kinds.insert(event.kind());
            (name, state.clone().evolve(state.changed, &event).ok().map(|state| phase_of(&state)))
        });
        section(&mut table, name, &tried.collect::<Vec<_>>());
    }
    table.push_str("\n## Steps\n");
    for (story, id) in of_steps() {
        let id = InstanceId::from(id);
        phases.insert(story.state.instance(&id).unwrap().phase.word());
        let mut title = state_of(&story, &story.state, &id);
        if story.state.step_of(&id).is_some_and(|step| step.for_each.is_some()) {
            title.push_str(", a list that is not known yet");
        }
        let tried = events(&story, id.as_str()).into_iter().map(|(name, event)| {
            kinds.insert(event.kind());
            let to = story.state.clone().evolve(story.now, &event).ok();
            (name, to.map(|to| state_of(&story, &to, &id)))
        });
        section(&mut table, &title, &tried.collect::<Vec<_>>());
    }
    (table, kinds, phases)
}

#[test]
#[expect(clippy::disallowed_methods, reason = "whoever runs the test says by it that the file is to be written anew")]
fn the_transition_table_is_what_the_code_does() {
    let (table, kinds, phases) = table();
    assert_eq!(kinds.len(), 33, "every kind of event is tried: {kinds:?}");
    assert_eq!(phases.len(), 11, "every state of a step but cancelled, which only the end of a run brings: {phases:?}");
    if std::env::var_os("CALLOUT_BLESS").is_some() {
        std::fs::write(FILE, &table).unwrap();
    }
    let kept = std::fs::read_to_string(FILE).unwrap_or_default();
    assert!(kept == table, "{FILE} is not what the code does: look at it, then write it anew with CALLOUT_BLESS=1");
}
