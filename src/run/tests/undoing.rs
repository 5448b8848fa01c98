use super::*;
use crate::effect::Progress;
use crate::runbook::{UndoStep, UndoUntil};

fn call_of(step: Step) -> CallSpec {
    match step.kind {
        StepKind::Action(call) => call,
        _ => panic!("a step that changes nothing"),
    }
}

/// A change of a secret that is undone by setting it anew.
fn undoable_set(id: &str, name: &str) -> Step {
    Step { undo: vec![UndoStep::new(call_of(set_of("back", name)))], ..set_of(id, name) }
}

/// A change that is verified, so that it can fail while its effect stands.
fn verified(step: Step) -> Step {
    Step { verify: vec![ready_check(None)], ..step }
}

impl Story {
    fn undoes(&mut self, step: &str) -> Vec<&'static str> {
        self.give(&Input::Undo { step: step.into() })
    }

    /// A step that has happened and does not hold.
    fn stands_and_fails(steps: Vec<Step>) -> Self {
        let first = steps[0].id.to_string();
        let mut story = Self::of(steps);
        story.does(&first);
        story.give(&looked(&first, fail()));
        story
    }

    /// A probe that cannot tell, after the settling time.
    fn probes_in_vain(&mut self, step: &str) {
        let attempt = self.state.instance(&step.into()).unwrap().last().unwrap().intent.attempt;
        self.later(Span::minutes(20));
        let verdict = ProbeVerdict::Unknown { seen: "not reachable".into() };
        self.give(&Input::Probed { attempt, verdict, asked_at: self.now });
    }

    fn run_phase(&self) -> RunPhase {
        self.state.phase
    }
}

#[test]
fn a_failed_step_is_undone_by_steps_of_its_own_which_are_consented_to_and_journaled() {
    let mut story = Story::stands_and_fails(vec![verified(undoable_set("set", "one")), gate()]);
    assert_eq!(story.undoes("set"), ["step.undoing"]);
    assert_eq!(story.owes(), ["observe set~undo/1"]);
    assert_eq!(story.does("set~undo/1"), ["effect.succeeded", "step.finished", "step.undone"]);
    assert_eq!(story.state.standing(), [] as [InstanceId; 0]);
    assert_eq!(story.state.deviations()[0].kind, DeviationKind::Undone);
    story.give(&Input::Retry { step: "set".into() });
    assert_eq!(story.owes(), ["observe set"], "what was undone is done anew, after a new consent");
}

#[test]
fn a_rollback_takes_the_last_effect_back_first() {
    let mut story = Story::of(vec![undoable_set("a", "one"), undoable_set("b", "two"), gate()]);
    story.does("a");
    story.later(Span::minutes(1));
    story.does("b");
    assert_eq!(story.aborts(true), ["run.aborting", "run.rolling_back", "step.undoing"]);
    assert_eq!(story.owes(), ["observe b~undo/1"]);
    story.does("b~undo/1");
    assert_eq!(story.owes(), ["observe a~undo/1"]);
    story.does("a~undo/1");
    assert_eq!(story.run_phase(), RunPhase::Ended(RunEnd::RolledBack));
}

#[test]
fn what_is_left_of_an_undo_is_told_and_it_is_never_begun_again() {
    let mut entries = undoable_set("set", "one");
    entries.undo.push(UndoStep::new(call_of(set_of("second", "two"))));
    let mut story = Story::stands_and_fails(vec![verified(entries), gate()]);
    story.undoes("set");
    story.does("set~undo/1");
    story.fails("set~undo/2", refused());
    story.skips("set~undo/2");
    assert_eq!(story.state.instance(&"set".into()).unwrap().undo, Undo::Partly);
    assert!(story.refuses(&Input::Undo { step: "set".into() }).contains("undone in part"));
    story.give(&Input::Retry { step: "set".into() });
    let way = way_back(&story.state, story.now);
    assert!(way.undone.is_empty() && way.left[0].1.contains("undone in part"), "{way:?}");
    story.aborts(true);
    assert_eq!(story.run_phase(), RunPhase::Ended(RunEnd::Aborted));
    let Some((_, Event::Finished { standing, .. })) = story.events.last() else { panic!("it must end") };
    assert_eq!(*standing, [InstanceId::from("set")]);
}

#[test]
fn past_the_point_of_no_return_or_its_time_nothing_is_undone() {
    let mut gone = undoable_set("gone", "one");
    gone.point_of_no_return = Some("the old one is deleted".into());
    let mut late = undoable_set("late", "two");
    late.undo_until = Some(UndoUntil::For(Span::minutes(10)));
    let mut until = undoable_set("until", "three");
    until.undo_until = Some(UndoUntil::Step(StepId::new("last")));
    let mut story = Story::of(vec![gone, late, until, set_of("last", "four"), gate()]);
    for step in ["gone", "late", "until"] {
        story.does(step);
    }
    let undone = |story: &Story| -> Vec<String> {
        let undone = way_back(&story.state, story.now).undone;
        undone.into_iter().map(|undoable| undoable.step.to_string()).collect()
    };
    assert_eq!(undone(&story), ["until", "late"]);
    story.intend("last", &looks("v1"));
    assert_eq!(undone(&story), ["late"]);
    story.later(Span::minutes(11));
    assert_eq!(undone(&story), Vec::<String>::new());
}

#[test]
fn what_came_before_a_point_of_no_return_is_not_undone_once_that_has_taken_effect() {
    let mut start = set_of("start", "three");
    start.needs = vec![StepId::new("move")];
    start.point_of_no_return = Some("the first write is not on the old one".into());
    let mut until = undoable_set("until", "four");
    until.undo_until = Some(UndoUntil::Step(StepId::new("start")));
    let mut story = Story::of(vec![undoable_set("move", "one"), undoable_set("aside", "two"), until, start, gate()]);
    for step in ["move", "aside", "until"] {
        story.does(step);
    }
    let undone = |story: &Story| -> Vec<String> {
        let undone = way_back(&story.state, story.now).undone;
        undone.into_iter().map(|undoable| undoable.step.to_string()).collect()
    };
    story.fails("start", refused());
    assert_eq!(undone(&story), ["until", "aside", "move"], "what was refused has changed nothing");
    story.give(&Input::Retry { step: "start".into() });
    story.does("start");
    assert_eq!(undone(&story), ["aside"], "it does not come before it");
    let left = way_back(&story.state, story.now).left;
    let why = &left.iter().find(|(id, _)| id.to_string() == "move").unwrap().1;
    assert!(why.contains("`start` is a point of no return") && why.contains("the first write"), "{why}");
}

#[test]
fn an_undo_settles_a_doubt_and_is_not_barred_by_it() {
    let mut story = Story::of(vec![undoable_set("set", "one"), gate()]);
    let attempt = story.intend("set", &looks("v1"));
    story.give(&Input::Answered { attempt, meaning: lost() });
    let undo = Input::Resolve { step: "set".into(), word: Resolution::Undo { reason: None } };
    assert!(story.refuses(&undo).contains("may still arrive"));
    story.probes_in_vain("set");
    assert_eq!(story.give(&undo), ["step.undoing"]);
    assert_eq!(story.events.last().unwrap().1.settled(), None, "its keys are kept until the doubt ends");
    assert_eq!(story.does("set~undo/1"), ["effect.succeeded", "step.finished", "step.undone", "effect.reconciled"]);
    assert_eq!(story.state.in_doubt(), [] as [InstanceId; 0]);
    assert_eq!(story.phase("set"), Phase::Failed, "a person says whether it is done again");
}

#[test]
fn an_undo_can_be_in_doubt_and_the_rollback_waits_for_a_word_about_it() {
    let mut story = Story::of(vec![undoable_set("set", "one"), gate()]);
    story.does("set");
    story.aborts(true);
    story.fails("set~undo/1", lost());
    assert_eq!(story.owes(), ["probe"]);
    assert_eq!(story.state.in_doubt(), [InstanceId::from("set~undo/1")]);
    let outputs = Some(Value::record([("version", Value::text("v3"))]));
    let word = Resolution::Adopt { outputs, reason: None };
    story.give(&Input::Resolve { step: "set~undo/1".into(), word });
    assert_eq!(story.run_phase(), RunPhase::Ended(RunEnd::RolledBack));
}

#[test]
fn an_undo_that_fails_asks_and_an_abort_ends_even_a_rollback() {
    let mut story = Story::of(vec![undoable_set("set", "one"), gate()]);
    story.does("set");
    story.aborts(true);
    story.fails("set~undo/1", refused());
    assert!(story.state.has_failed());
    assert_eq!(story.aborts(true), Vec::<&str>::new(), "it is being undone already");
    assert_eq!(story.aborts(false), ["run.aborting", "run.finished"]);
    assert_eq!(story.run_phase(), RunPhase::Ended(RunEnd::Aborted));
    assert_eq!(story.state.instance(&"set".into()).unwrap().undo, Undo::Partly);
}

#[test]
fn what_was_looked_at_for_a_step_begins_nothing_once_the_run_is_rolled_back() {
    let steps = || vec![undoable_set("a", "one"), set_of("b", "two")];
    let mut asked = Story::of(steps());
    asked.does("a");
    asked.aborts(true);
    let seen = Ok(vec![("b".into(), looks("v1"))]);
    assert_eq!(asked.give(&Input::Observed { step: "b".into(), seen }), Vec::<&str>::new());
    let mut begun = Story::of(steps());
    begun.does("a");
    begun.consent("b", &looks("v1"));
    begun.aborts(true);
    let attempt = begun.attempt();
    let late = Input::Begin { step: "b".into(), attempt, seen: Ok(looks("v1")) };
    assert_eq!(begun.give(&late), Vec::<&str>::new(), "nothing is sent but what undoes");
}

#[test]
fn a_late_answer_changes_nothing_about_how_a_run_is_being_ended() {
    let mut story = Story::graph(vec![undoable_set("a", "one"), gate(), set_of("b", "two")]);
    story.does("a");
    let seen = Ok(vec![("b".into(), looks("v1"))]);
    story.give(&Input::Observed { step: "b".into(), seen });
    story.aborts(true);
    let no = Input::Decide { step: "gate".into(), choice: "no".into(), fields: None, how: ConsentBy::Enter };
    assert!(story.refuses(&no).contains("being ended"));
    let digest = story.state.group_of(&"b".into()).unwrap().asked.as_ref().unwrap().digest;
    let consent = Input::Consent { step: "b".into(), digest, typed: None, how: ConsentBy::Enter };
    assert!(story.refuses(&consent).contains("being ended"));
    assert_eq!(story.run_phase(), RunPhase::RollingBack);
}

#[test]
fn what_has_been_undone_is_not_tried_again_in_the_same_rollback() {
    let mut story = Story::graph(vec![verified(undoable_set("a", "one")), undoable_set("b", "two"), gate()]);
    story.does("b");
    story.later(Span::minutes(1));
    story.does("a");
    story.give(&looked("a", fail()));
    story.aborts(true);
    story.does("a~undo/1");
    assert!(story.refuses(&Input::Retry { step: "a".into() }).contains("being ended"));
    assert_eq!(story.owes(), ["observe b~undo/1"]);
}

#[test]
fn what_is_being_undone_is_neither_tried_again_nor_declared_nor_left_out() {
    let mut story = Story::stands_and_fails(vec![verified(undoable_set("set", "one")), gate()]);
    story.undoes("set");
    let step = || InstanceId::from("set");
    for word in [
        Input::Retry { step: step() },
        Input::Override { step: step(), reason: reason(), outputs: None },
        Input::Skip { step: step(), reason: reason() },
    ] {
        story.refuses(&word);
    }
}

#[test]
fn an_abort_goes_on_with_what_is_being_undone_already() {
    let mut story = Story::of(vec![undoable_set("set", "one"), gate()]);
    story.fails("set", lost());
    story.probes_in_vain("set");
    story.give(&Input::Resolve { step: "set".into(), word: Resolution::Undo { reason: None } });
    story.aborts(true);
    assert_eq!(story.run_phase(), RunPhase::RollingBack);
    story.does("set~undo/1");
    assert_eq!(story.run_phase(), RunPhase::Ended(RunEnd::RolledBack));
    assert_eq!(story.state.in_doubt(), [] as [InstanceId; 0]);
}

#[test]
fn a_pause_holds_a_rollback_and_it_goes_on_where_it_was() {
    let mut story = Story::of(vec![undoable_set("set", "one"), gate()]);
    story.does("set");
    story.aborts(true);
    story.give(&Input::Pause { why: PauseReason::Left });
    assert_eq!(story.owes(), Vec::<String>::new());
    story.crash_and_take_again();
    assert_eq!(story.run_phase(), RunPhase::RollingBack);
    story.does("set~undo/1");
    assert_eq!(story.run_phase(), RunPhase::Ended(RunEnd::RolledBack));
}

/// Two changes, the second of which is in doubt and was probed in vain, in a run that is being rolled back.
fn rolled_back_beside_a_doubt() -> Story {
    let mut story = Story::graph(vec![undoable_set("a", "one"), undoable_set("b", "two"), gate()]);
    story.does("a");
    story.later(Span::minutes(1));
    story.fails("b", lost());
    story.probes_in_vain("b");
    story.aborts(true);
    assert_eq!(story.owes(), ["observe a~undo/1"]);
    story
}

fn resolved(story: &mut Story, word: Resolution) -> Vec<&'static str> {
    story.give(&Input::Resolve { step: "b".into(), word })
}

#[test]
fn what_a_person_has_undone_during_a_rollback_is_undone_in_its_place_and_waited_for() {
    for paused in [false, true] {
        let mut story = rolled_back_beside_a_doubt();
        if paused {
            story.give(&Input::Pause { why: PauseReason::Asked });
        }
        resolved(&mut story, Resolution::Undo { reason: None });
        story.give(&Input::Continue);
        assert_eq!(story.owes(), ["observe b~undo/1"], "the last effect first");
        let attempt = story.intend("b~undo/1", &looks("v1"));
        let accepted = Meaning::Accepted { handle: handle(), retry_after: Span::ZERO };
        story.give(&Input::Answered { attempt, meaning: accepted });
        assert_eq!(story.run_phase(), RunPhase::RollingBack);
        assert_eq!(story.owes(), ["poll"], "the first one waits");
        story.give(&Input::Polled { attempt, progress: Progress::Succeeded });
        assert_eq!(story.owes(), ["probe"], "the probe tells what it gave");
        let outputs = Value::record([("version", Value::text("v4"))]);
        let verdict = ProbeVerdict::Happened { outputs, seen: "the tag is there".into() };
        story.give(&Input::Probed { attempt, verdict, asked_at: story.now });
        story.does("a~undo/1");
        assert_eq!(story.run_phase(), RunPhase::Ended(RunEnd::RolledBack));
        assert_eq!(story.state.in_doubt(), [] as [InstanceId; 0]);
    }
}

#[test]
fn what_turns_out_to_have_happened_during_a_rollback_is_undone_too() {
    let mut story = rolled_back_beside_a_doubt();
    let outputs = Some(Value::record([("version", Value::text("v3"))]));
    let kinds = resolved(&mut story, Resolution::Adopt { outputs, reason: None });
    assert_eq!(kinds, ["effect.reconciled", "run.rolling_back", "step.undoing"]);
    story.does("b~undo/1");
    story.does("a~undo/1");
    assert_eq!(story.state.standing(), [] as [InstanceId; 0]);
    assert_eq!(story.run_phase(), RunPhase::Ended(RunEnd::RolledBack));
}

#[test]
fn nothing_is_undone_any_more_once_the_time_for_it_is_over() {
    let mut late = undoable_set("late", "one");
    late.undo_until = Some(UndoUntil::For(Span::minutes(10)));
    let mut story = Story::of(vec![late, gate()]);
    story.does("late");
    story.aborts(true);
    assert_eq!(story.owes(), ["observe late~undo/1"]);
    story.later(Span::minutes(11));
    story.give(&Input::Proceed);
    assert_eq!(story.run_phase(), RunPhase::Ended(RunEnd::Failed));
    assert_eq!(story.state.standing(), [InstanceId::from("late")]);
    assert!(story.state.instance(&"late~undo/1".into()).unwrap().why.as_ref().unwrap().contains("is over"));
}

#[test]
fn a_doubt_that_was_given_up_and_bars_an_undo_is_asked_about() {
    let mut story = Story::graph(vec![undoable_set("a", "one"), needing(undoable_set("b", "one"), &["a"]), gate()]);
    story.does("a");
    story.fails("b", lost());
    resolved(&mut story, Resolution::GiveUp);
    story.aborts(true);
    let doubted = |story: &Story| bars_the_way_back(&story.state, story.state.instance(&"b".into()).unwrap());
    assert!(!doubted(&story), "nothing is barred yet");
    story.consent("a~undo/1", &looks("v1"));
    assert_eq!(story.owes(), Vec::<String>::new());
    assert!(doubted(&story));
    assert_eq!(story.give(&Input::Retry { step: "b".into() }), ["step.retried"]);
    assert_eq!(story.owes(), ["probe"]);
}

#[test]
fn nobody_takes_a_paused_rollback_out_of_its_order() {
    let steps = vec![verified(undoable_set("a", "one")), verified(undoable_set("b", "two"))];
    let mut story = Story::graph(steps);
    for step in ["a", "b"] {
        story.does(step);
        story.give(&looked(step, fail()));
    }
    story.aborts(true);
    story.give(&Input::Pause { why: PauseReason::Asked });
    for word in [
        Input::Undo { step: "a".into() },
        Input::Skip { step: "a".into(), reason: reason() },
        Input::Override { step: "a".into(), reason: reason(), outputs: None },
    ] {
        assert!(story.refuses(&word).contains("is being ended"), "{word:?}");
    }
}

#[test]
fn what_would_be_done_anew_is_no_undo_of_what_may_never_have_happened() {
    let back = UndoStep::new(call_of(swap()));
    let mut story = Story::of(vec![Step { undo: vec![back], ..swap() }, gate()]);
    story.fails("swap", lost());
    story.probes_in_vain("swap");
    let undo = Input::Resolve { step: "swap".into(), word: Resolution::Undo { reason: None } };
    assert!(story.refuses(&undo).contains("say first whether it did"));
    let word = Resolution::Adopt { outputs: None, reason: None };
    story.give(&Input::Resolve { step: "swap".into(), word });
    story.aborts(true);
    assert_eq!(story.owes(), ["observe swap~undo/1"], "once it is known, it is undone like anything else");
}

#[test]
fn an_abort_does_not_wait_for_ever_for_an_operation_that_goes_on() {
    let mut story = Story::of(vec![swap(), gate()]);
    let attempt = story.intend("swap", &looks("x"));
    story.give(&Input::Answered { attempt, meaning: Meaning::Accepted { handle: handle(), retry_after: Span::ZERO } });
    story.aborts(false);
    let goes_on = Progress::Running { status: "InProgress".into(), retry_after: Span::ZERO };
    story.give(&Input::Polled { attempt, progress: goes_on.clone() });
    assert_eq!(story.run_phase(), RunPhase::Aborting, "it is waited for");
    story.later(Span::minutes(60));
    assert_eq!(story.give(&Input::Polled { attempt, progress: goes_on }), ["effect.in_doubt"]);
    assert_eq!(story.owes(), ["probe"]);
    story.probes_in_vain("swap");
    assert_eq!(story.run_phase(), RunPhase::Ended(RunEnd::Aborted));
    assert_eq!(story.state.in_doubt(), [InstanceId::from("swap")]);
}

#[test]
fn an_operation_that_came_to_a_bad_end_is_not_undone_by_what_would_be_done_anew() {
    let back = |step: Step| UndoStep::new(call_of(step));
    let mut story = Story::of(vec![Step { undo: vec![back(swap())], ..swap() }, gate()]);
    let attempt = story.intend("swap", &looks("x"));
    story.give(&Input::Answered { attempt, meaning: Meaning::Accepted { handle: handle(), retry_after: Span::ZERO } });
    story.give(&Input::Polled { attempt, progress: Progress::Failed(Failure::new("SwapFailed", "no warm-up")) });
    let way = way_back(&story.state, story.now);
    assert!(way.undone.is_empty() && way.left[0].1.contains("what never happened"), "{way:?}");
    story.aborts(true);
    assert_eq!(story.run_phase(), RunPhase::Ended(RunEnd::Aborted));
    assert_eq!(story.state.standing(), [InstanceId::from("swap")], "somebody has to look");
}
