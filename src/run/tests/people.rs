use super::*;
use crate::runbook::{FieldKind, ManualField, OnFailure};

fn field(name: &str, kind: FieldKind, default: Option<&str>) -> ManualField {
    let default = default.map(|text| Template::parse(text).unwrap());
    ManualField { name: name.into(), kind, description: None, default, headless: None }
}

fn manual(fields: Vec<ManualField>) -> Step {
    step("tell", StepKind::Manual { instruction: Template::parse("Call the owner.").unwrap(), fields })
}

fn done(fields: Option<Value>) -> Input {
    Input::Decide { step: "tell".into(), choice: "done".into(), fields, how: ConsentBy::Enter }
}

fn kinds(story: &Story) -> Vec<DeviationKind> {
    story.state.deviations().iter().map(|deviation| deviation.kind).collect()
}

#[test]
fn what_a_person_leaves_out_is_a_deviation_and_the_run_succeeds_with_it() {
    let mut story = Story::of(vec![set(), gate()]);
    assert_eq!(story.skips("set"), ["step.skipped", "step.readied"]);
    story.decides("gate", "yes");
    assert_eq!(story.state.phase, RunPhase::Ended(RunEnd::SucceededWithDeviations));
    assert_eq!(kinds(&story), [DeviationKind::Skipped]);
}

#[test]
fn what_was_sent_cannot_be_left_out_or_declared_before_its_answer() {
    let mut story = Story::of(vec![set()]);
    let attempt = story.intend("set", &looks("v1"));
    let skip = Input::Skip { step: "set".into(), reason: reason() };
    let declare = Input::Override { step: "set".into(), reason: reason(), outputs: None };
    assert!(story.refuses(&skip).contains("under way"));
    story.refuses(&declare);
    story.give(&Input::Answered { attempt, meaning: lost() });
    assert!(story.refuses(&skip).contains("in doubt"));
    story.refuses(&declare);
}

#[test]
fn what_a_person_declares_gives_typed_outputs_to_later_steps() {
    let mut story = Story::of(vec![set(), gate()]);
    story.fails("set", refused());
    let declare = |outputs: Value| Input::Override { step: "set".into(), reason: reason(), outputs: Some(outputs) };
    assert!(story.refuses(&declare(Value::record([("colour", Value::text("red"))]))).contains("no such output"));
    let outputs = Value::record([("version", Value::text("v7"))]);
    story.give(&declare(outputs.clone()));
    assert_eq!(story.state.outputs_near(&"gate".into())[&StepId::new("set")], outputs);
    assert_eq!(kinds(&story), [DeviationKind::Overridden]);
}

#[test]
fn gates_and_manual_steps_are_answered_and_never_declared() {
    let mut story = Story::of(vec![gate(), manual(vec![])]);
    for (step, word) in [("gate", "answer it"), ("tell", "say that it is done")] {
        let declare = Input::Override { step: step.into(), reason: reason(), outputs: None };
        assert!(story.refuses(&declare).contains(word));
    }
}

#[test]
fn what_a_doubt_gave_is_said_when_it_is_adopted_and_is_of_its_type() {
    let mut story = Story::of(vec![set(), gate()]);
    story.fails("set", lost());
    let adopt = |outputs| Input::Resolve { step: "set".into(), word: Resolution::Adopt { outputs, reason: None } };
    assert!(story.refuses(&adopt(None)).contains("what this one gives"));
    assert!(story.refuses(&adopt(Some(Value::record([("version", Value::List(vec![]))])))).contains("version"));
    let outputs = Value::record([("version", Value::text("v7"))]);
    story.give(&adopt(Some(outputs.clone())));
    assert_eq!(story.state.outputs_near(&"gate".into())[&StepId::new("set")], outputs);
    assert_eq!(kinds(&story), [], "to say what happened is no deviation");
}

#[test]
fn what_was_brought_about_by_hand_is_a_deviation_and_nothing_of_ours_stands() {
    let mut story = Story::of(vec![set(), gate()]);
    story.fails("set", lost());
    let outputs = Some(Value::record([("version", Value::text("v7"))]));
    story.give(&Input::Resolve { step: "set".into(), word: Resolution::ByHand { outputs, reason: reason() } });
    assert_eq!(story.phase("set"), Phase::Succeeded);
    assert_eq!(story.state.standing(), [] as [InstanceId; 0]);
    assert_eq!(kinds(&story), [DeviationKind::ByHand]);
}

#[test]
fn a_form_takes_what_is_filled_in_else_its_default_and_gives_typed_outputs() {
    let count = FieldKind::Number { min: Some("0".into()), max: Some("9".into()) };
    let owner = FieldKind::String { pattern: None };
    let fields = vec![field("owner", owner, Some("${{ inputs.app.name }}")), field("count", count, None)];
    let mut story = Story::of(vec![manual(fields), gate()]);
    assert!(story.refuses(&done(None)).contains("`count`: must be filled in"));
    for (name, text) in [("count", "many"), ("count", "12"), ("other", "1")] {
        let given = Value::record([(name, Value::text(text))]);
        assert!(story.refuses(&done(Some(given))).contains(name), "{name} {text}");
    }
    story.give(&done(Some(Value::record([("count", Value::text("3"))]))));
    let given = &story.state.outputs_near(&"gate".into())[&StepId::new("tell")];
    assert_eq!(given.field("owner"), Some(&Value::text("web")));
    assert_eq!(given.field("count"), Some(&Value::text("3")));
}

#[test]
fn a_manual_step_is_done_or_it_is_not() {
    let mut story = Story::of(vec![manual(vec![])]);
    let word = Input::Decide { step: "tell".into(), choice: "perhaps".into(), fields: None, how: ConsentBy::Enter };
    assert!(story.refuses(&word).contains("say `done`"));
    story.give(&done(None));
    assert_eq!(story.state.phase, RunPhase::Ended(RunEnd::Succeeded));
}

#[test]
fn what_takes_too_long_is_told_once_and_nothing_is_stopped_by_it() {
    let slow = Step { timeout: Some(Span::minutes(5)), ..set() };
    let mut story = Story::of(vec![slow]);
    let attempt = story.intend("set", &looks("v1"));
    story.later(Span::minutes(5));
    assert_eq!(story.give(&Input::Proceed), ["step.overdue"]);
    assert_eq!(story.give(&Input::Proceed), Vec::<&str>::new());
    assert_eq!(story.owes(), ["send"]);
    story.give(&Input::Answered { attempt, meaning: happened() });
    assert_eq!(story.state.phase, RunPhase::Ended(RunEnd::Succeeded));
}

#[test]
fn a_command_outside_the_runbook_is_a_deviation() {
    let mut story = Story::of(vec![gate()]);
    let command = vec!["az".into(), "webapp".into(), "list".into()];
    story.give(&Input::Adhoc(Adhoc { command, exit: Some(0), took: Span::seconds(2), output: None }));
    story.decides("gate", "yes");
    assert_eq!(story.state.phase, RunPhase::Ended(RunEnd::SucceededWithDeviations));
}

#[test]
fn a_request_that_cannot_be_granted_changes_nothing() {
    let story = Story::of(vec![gate()]);
    let refused = decide(&story.state, &Request::Retry { step: "gate".into() }.input(), story.now);
    assert!(refused.unwrap_err().to_string().contains("has not failed"));
    let declined = Event::Declined { why: "`gate` has not failed".into() };
    let after = story.state.clone().evolve(story.now, &declined).unwrap();
    assert_eq!(RunState { version: story.state.version, ..after }, story.state);
}

#[test]
fn a_failure_with_nothing_but_a_question_waits_for_a_person() {
    let ask = Step { on_failure: OnFailure::Ask, ..set() };
    let mut story = Story::of(vec![ask, gate()]);
    story.fails("set", refused());
    assert!(story.state.has_failed() && story.owes().is_empty());
    story.crash_and_take_again();
    assert!(story.state.has_failed(), "whoever takes the run is asked the same");
}

#[test]
fn a_word_on_a_doubt_is_about_the_attempt_that_was_seen() {
    let mut story = Story::of(vec![swap()]);
    let first = story.intend("swap", &looks("x"));
    story.give(&Input::Answered { attempt: first, meaning: lost() });
    let word = |attempt| {
        let word = Resolution::Adopt { outputs: None, reason: None };
        Request::Resolve { step: "swap".into(), attempt, word }
    };
    assert!(!word(Some(first)).is_outdated(&story.state) && !word(None).is_outdated(&story.state));
    story.later(Span::minutes(20));
    story.give(&Input::Probed { attempt: first, verdict: did_not(), asked_at: story.now });
    let anew = Resolution::DidNot { typed: Some("web".into()), reason: None };
    story.give(&Input::Resolve { step: "swap".into(), word: anew });
    let second = story.intend("swap", &looks("x"));
    story.give(&Input::Answered { attempt: second, meaning: lost() });
    assert!(word(Some(first)).is_outdated(&story.state), "it says nothing of the second");
    assert!(!word(Some(second)).is_outdated(&story.state));
}
