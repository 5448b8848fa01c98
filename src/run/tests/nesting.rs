use super::*;
use crate::plan::Nested;
use crate::runbook::{NestedCall, RunbookOutput};

fn template(text: &str) -> Argument {
    Argument::Template { text: Template::parse(text).unwrap() }
}

/// A step that does what another runbook says, giving it the item and the vault.
fn nesting(id: &str, runbook: &str, each: Option<ForEach>) -> Step {
    let mut with = BTreeMap::from([("vault".to_owned(), template("${{ inputs.vault }}"))]);
    if each.is_some() {
        with.insert("secret".to_owned(), template("${{ item }}"));
    }
    Step { for_each: each, ..step(id, StepKind::Runbook(NestedCall { runbook: runbook.to_owned(), with })) }
}

fn nested(id: &str, steps: Vec<Step>) -> Nested {
    let outer = plan(Vec::new());
    Nested {
        runbook: Runbook { id: id.into(), steps, parameters: parameters(), ..outer.runbook },
        revision: outer.revision,
    }
}

fn of(steps: Vec<Step>, nested: Vec<Nested>) -> Story {
    Story::planned(Plan { nested, ..plan(steps) })
}

/// A gate, and then a change of the secret that the runbook was given.
fn inner() -> Nested {
    let mut inner = nested("inner", vec![gate(), needing(set_of("set", "${{ inputs.secret }}"), &["gate"])]);
    inner.runbook.outputs = vec![RunbookOutput {
        name: "version".into(),
        kind: ParameterType::String { pattern: None, choices: vec![], length: None },
        description: None,
        value: Template::parse("${{ steps.set.outputs.version }}").unwrap(),
    }];
    inner
}

#[test]
fn a_gate_in_a_nested_runbook_is_asked_for_each_item_and_its_outputs_come_out_as_a_list() {
    let mut story = of(
        vec![nesting("each", "inner", Some(each_of(&["one", "two"], 2))), needing(gate(), &["each"])],
        vec![inner()],
    );
    for (item, version) in [("each[two]", "v2"), ("each[one]", "v1")] {
        story.decides(&format!("{item}/gate"), "yes");
        let attempt = story.intend(&format!("{item}/set"), &looks("x"));
        let outputs = Value::record([("version", Value::text(version))]);
        story.give(&Input::Answered { attempt, meaning: Meaning::Happened { outputs } });
    }
    assert_eq!(story.phase("each[one]"), Phase::Succeeded);
    let versions = Value::List(vec![Value::text("v1"), Value::text("v2")]);
    let given = story.state.outputs_near(&"gate".into());
    assert_eq!(given[&StepId::new("each")], Value::record([("version", versions)]));
    assert_eq!(story.phase("gate"), Phase::Awaiting(Awaiting::Person));
}

#[test]
fn items_of_a_nested_runbook_begin_as_the_author_bounds_them() {
    let story = of(vec![nesting("each", "inner", Some(each_of(&["one", "two"], 1)))], vec![inner()]);
    assert_eq!((story.phase("each[one]"), story.phase("each[two]")), (Phase::Running, Phase::Pending));
}

#[test]
fn an_ending_choice_inside_ends_the_whole_run() {
    let mut story = of(vec![nesting("each", "inner", Some(each_of(&["one"], 1))), wait()], vec![inner()]);
    assert_eq!(
        story.decides("each[one]/gate", "no"),
        ["step.decided", "step.finished", "run.aborting", "run.finished"]
    );
    assert_eq!(story.state.phase, RunPhase::Ended(RunEnd::Aborted));
}

#[test]
fn a_runbook_nests_eight_levels_deep_and_folds_the_same() {
    let mut all: Vec<Nested> = (1..8)
        .map(|level| nested(&format!("l{level}"), vec![nesting("down", &format!("l{}", level + 1), None)]))
        .collect();
    all.push(nested("l8", vec![set()]));
    let mut story = of(vec![nesting("down", "l1", None)], all);
    let deep = format!("{}set", "down/".repeat(8));
    assert_eq!(story.owes(), [format!("observe {deep}")]);
    story.crash_and_take_again();
    let kinds = story.does(&deep);
    assert_eq!(kinds.iter().filter(|kind| **kind == "step.finished").count(), 9, "{kinds:?}");
    assert_eq!(story.state.phase, RunPhase::Ended(RunEnd::Succeeded));
}

#[test]
fn a_nested_runbook_that_could_not_give_its_outputs_forgets_nothing_when_it_is_tried_again() {
    let mut story = of(vec![nesting("each", "inner", Some(each_of(&["one"], 1))), gate()], vec![inner()]);
    story.decides("each[one]/gate", "yes");
    let attempt = story.intend("each[one]/set", &looks("x"));
    let outputs = Value::record([("strange", Value::text("v1"))]);
    story.give(&Input::Answered { attempt, meaning: Meaning::Happened { outputs } });
    assert!(story.why("each[one]").contains("its output `version` cannot be worked out"), "{}", story.why("each[one]"));
    story.give(&Input::Retry { step: "each[one]".into() });
    assert_eq!(story.owes(), Vec::<String>::new(), "the secret is not set a second time");
    assert_eq!(story.state.standing(), [InstanceId::from("each[one]/set")]);
    story.skips("each[one]");
    assert_eq!(story.phase("each[one]"), Phase::Skipped);
}

#[test]
fn what_was_done_inside_is_undone_in_a_rollback_with_the_names_of_its_own_runbook() {
    let mut inner = inner();
    let back = set_of("back", "${{ inputs.secret }}-${{ self.outputs.version }}");
    let StepKind::Action(back) = back.kind else { panic!("a step that changes nothing") };
    inner.runbook.steps[1].undo = vec![crate::runbook::UndoStep::new(back)];
    let mut story = of(vec![nesting("each", "inner", Some(each_of(&["one"], 1))), gate()], vec![inner]);
    story.decides("each[one]/gate", "yes");
    story.does("each[one]/set");
    story.aborts(true);
    let attempt = story.intend("each[one]/set~undo/1", &looks("x"));
    let (_, sent) = story.state.attempt(attempt).unwrap();
    assert!(sent.intent.url.contains("/secrets/one-v2?"), "{}", sent.intent.url);
}

#[test]
fn a_runbook_under_way_is_neither_left_out_nor_declared_as_a_whole() {
    let mut story = of(vec![nesting("each", "inner", Some(each_of(&["one"], 1)))], vec![inner()]);
    let step = || InstanceId::from("each[one]");
    assert!(story.refuses(&Input::Skip { step: step(), reason: reason() }).contains("skip the steps in it"));
    let word = Input::Override { step: step(), reason: reason(), outputs: None };
    assert!(story.refuses(&word).contains("is a runbook"));
}
