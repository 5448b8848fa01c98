use super::*;
use crate::effect;
use crate::runbook::DrillSubstitute;

fn in_mode(mode: Mode, steps: Vec<Step>) -> Story {
    Story::planned(Plan { mode, ..plan(steps) })
}

fn in_drill(step: Step, substitute: DrillSubstitute) -> Step {
    Step { drill: Some(substitute), ..step }
}

#[test]
fn a_rehearsal_reads_and_asks_and_sends_nothing() {
    let steps = vec![set(), needing(wait(), &["set"]), needing(ready("look"), &["soak"]), needing(gate(), &["look"])];
    let mut story = in_mode(Mode::Rehearsal, steps);
    assert_eq!((story.phase("set"), story.phase("soak")), (Phase::Succeeded, Phase::Succeeded));
    assert_eq!(story.why("set"), "assumed: nothing was sent");
    assert_eq!(story.owes(), ["look look 0"]);
    story.give(&looked("look", pass()));
    story.decides("gate", "yes");
    assert_eq!(story.state.phase, RunPhase::Ended(RunEnd::Succeeded));
    assert!(story.events.iter().all(|(_, event)| event.kind() != "effect.intent"));
}

#[test]
fn assumed_outputs_are_of_their_declared_types_and_plainly_invented() {
    let story = in_mode(Mode::Rehearsal, vec![set(), needing(gate(), &["set"])]);
    let given = &story.state.outputs_near(&"gate".into())[&StepId::new("set")];
    let names: Vec<_> = effect::find("keyvault.secret.set").unwrap().outputs.iter().map(|output| output.name).collect();
    assert_eq!(names, ["version"]);
    assert_eq!(given.field("version"), Some(&Value::text("assumed-version")));
}

#[test]
fn after_what_was_only_assumed_a_check_that_does_not_hold_proves_nothing() {
    let mut after = in_mode(Mode::Rehearsal, vec![set(), needing(ready("look"), &["set"])]);
    after.give(&looked("look", fail()));
    assert!(after.why("look").starts_with("assumed:"), "{}", after.why("look"));
    assert_eq!(after.state.phase, RunPhase::Ended(RunEnd::Succeeded));
    let mut before = in_mode(Mode::Rehearsal, vec![ready("look"), needing(set(), &["look"])]);
    before.give(&looked("look", fail()));
    assert_eq!(before.phase("look"), Phase::Failed, "nothing had been assumed yet");
}

#[test]
fn a_rehearsal_takes_no_gate_for_granted() {
    let mut story = in_mode(Mode::Rehearsal, vec![gate(), needing(set(), &["gate"])]);
    assert_eq!(story.phase("set"), Phase::Pending);
    story.decides("gate", "no");
    assert_eq!(story.state.phase, RunPhase::Ended(RunEnd::Aborted));
}

#[test]
fn a_drill_really_sends_and_does_the_substitutes() {
    let another = call("keyvault.secret.versions", &[("vault", "${{ inputs.vault }}"), ("name", "one")]);
    let steps = || {
        let told = DrillSubstitute::Manual { instruction: Template::parse("Say so.").unwrap(), fields: vec![] };
        vec![
            set(),
            in_drill(swap(), DrillSubstitute::Skip { why: "not in a drill".into() }),
            in_drill(set_of("read", "two"), DrillSubstitute::Call(another.clone())),
            in_drill(set_of("told", "three"), told),
        ]
    };
    let mut drill = in_mode(Mode::Drill, steps());
    assert_eq!(drill.why("swap"), "not done in a drill: not in a drill");
    assert_eq!(drill.phase("told"), Phase::Awaiting(Awaiting::Person));
    assert_eq!(drill.owes(), ["observe set", "read read"]);
    drill.does("set");
    drill.give(&Input::Read { step: "read".into(), outputs: Ok(Value::record([])) });
    drill.decides("told", "done");
    assert_eq!(drill.state.phase, RunPhase::Ended(RunEnd::Succeeded), "a substitute is no deviation");
    let live = in_mode(Mode::Live, steps());
    assert_eq!(live.owes(), ["observe set", "observe swap", "observe read", "observe told"]);
}

#[test]
fn the_digest_that_is_consented_to_tells_a_drill_from_the_real_thing() {
    let digest = |mode| {
        let mut story = in_mode(mode, vec![set()]);
        story.give(&Input::Observed { step: "set".into(), seen: Ok(vec![("set".into(), looks("v1"))]) });
        story.state.groups()[0].asked.as_ref().unwrap().digest
    };
    assert_ne!(digest(Mode::Live), digest(Mode::Drill));
}
