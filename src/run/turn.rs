use super::state::{Group, Phase, Scope};
use crate::runbook::{Step, StepKind};

/// Whether the time of a step has come, as the steps before it stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// The run goes on after it.
    Settled,
    /// Something before it has not ended, or has failed and waits for a person.
    NotYet,
    /// It is under way, or can begin.
    Now,
    /// The run has gone another way; why.
    PassedBy(String),
}

/// The turn of the group at a place.
///
/// A step that some choice of a gate leads to is done only if that choice was taken. A step that answers a failure is done
/// when it has happened, and only then. Of the others, one is passed by if all that it needs was. When a step has failed
/// whose failure another one answers, what needs it is passed by, directly or through others, unless it needs the answer
/// too: there the two ways meet again.
pub(super) fn turn(scope: &Scope, at: usize) -> Turn {
    let (graph, group) = (scope.graph(), &scope.groups[at]);
    if scope.is_settled(at) {
        return Turn::Settled;
    }
    if group.has_begun() {
        return Turn::Now;
    }
    let needs = graph.needs(at);
    if !needs.iter().all(|need| scope.is_settled(*need)) {
        return Turn::NotYet;
    }
    if let Some((gate, choices)) = graph.led(at) {
        if !scope.is_settled(*gate) {
            return Turn::NotYet;
        }
        let name = &scope.step(*gate).id;
        match chosen(scope, *gate) {
            Some(choice) if choices.iter().any(|known| known == choice) => {}
            Some(choice) => return Turn::PassedBy(format!("`{name}` was answered with `{choice}`")),
            None => return Turn::PassedBy(format!("`{name}` was not asked")),
        }
    }
    let answers = graph.answers(at);
    if !answers.is_empty() && !answers.iter().any(|failing| has_failed(scope, *failing)) {
        return if answers.iter().all(|failing| scope.is_settled(*failing)) {
            Turn::PassedBy("nothing has failed that it answers".to_owned())
        } else {
            Turn::NotYet
        };
    }
    let passed = |need: &usize| scope.groups[*need].is_passed_by() || gone_elsewhere(scope, *need);
    if graph.led(at).is_none() && answers.is_empty() && !needs.is_empty() && needs.iter().all(passed) {
        return Turn::PassedBy("nothing that it needs was done".to_owned());
    }
    for failed in (0..scope.groups.len()).filter(|other| gone_elsewhere(scope, *other)) {
        let Some(answer) = graph.answer_to(failed) else { continue };
        if answer != at && graph.precedes(failed, at) && !graph.precedes(answer, at) {
            let (failed, answer) = (&scope.step(failed).id, &scope.step(answer).id);
            return Turn::PassedBy(format!("`{failed}` has failed, and `{answer}` is done instead"));
        }
    }
    Turn::Now
}

/// Whether a step has failed and the run goes on all the same.
fn has_failed(scope: &Scope, at: usize) -> bool {
    scope.is_settled(at) && scope.groups[at].failed().is_some()
}

/// Whether a step has failed and another one answers that.
fn gone_elsewhere(scope: &Scope, at: usize) -> bool {
    has_failed(scope, at) && scope.graph().answer_to(at).is_some()
}

/// The choice that a gate was answered with.
fn chosen(scope: &Scope, gate: usize) -> Option<&str> {
    let outputs = scope.groups[gate].instances.first().and_then(|instance| instance.outputs.as_ref());
    outputs.and_then(|outputs| outputs.field("choice")).and_then(|choice| choice.as_text())
}

/// How many instances of a group are at work: they wait for the world, and neither for a person nor for a time.
pub(super) fn at_work(group: &Group, step: &Step) -> usize {
    match step.kind {
        StepKind::Action(_) | StepKind::Check(_) => {
            group.at_work(step).filter(|instance| instance.phase == Phase::Running).count()
        }
        _ => 0,
    }
}
