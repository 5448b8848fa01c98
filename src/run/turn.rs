use std::collections::{BTreeMap, BTreeSet};

use super::state::{Awaiting, Group, Instance, Phase, Scope};
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
/// too: there the two ways meet again. `runbook/check/branch.rs` says the same before a run.
///
/// What was left out before its turn came does not let go first what stands behind it: that waits for all that it needs,
/// through others too.
pub(super) fn turn(scope: &Scope, at: usize) -> Turn {
    if scope.is_settled(at) {
        return Turn::Settled;
    }
    if scope.groups[at].has_begun() {
        return Turn::Now;
    }
    let needs = scope.graph().needs(at);
    if !needs.iter().all(|need| scope.is_settled(*need)) || !is_decided(scope, at) {
        return Turn::NotYet;
    }
    passed_by(scope, at, &mut BTreeMap::new()).map_or(Turn::Now, Turn::PassedBy)
}

/// Whether all has ended that says whether a step is done.
fn is_decided(scope: &Scope, at: usize) -> bool {
    let graph = scope.graph();
    let mut seen = BTreeSet::from([at]);
    let mut open = vec![at];
    while let Some(at) = open.pop() {
        let answers = graph.answers(at);
        let has_failed = answers.iter().any(|failing| has_failed(scope, *failing));
        if !has_failed && !answers.iter().all(|failing| scope.is_settled(*failing)) {
            return false;
        }
        let gate = graph.led(at).map(|(gate, _)| *gate);
        for need in graph.needs(at).iter().copied().chain(gate) {
            if !scope.is_settled(need) {
                return false;
            }
            if seen.insert(need) {
                open.push(need);
            }
        }
    }
    true
}

/// Why the run has gone another way than to a step; none if it has not. `known` are those that have been looked at.
fn passed_by(scope: &Scope, at: usize, known: &mut BTreeMap<usize, bool>) -> Option<String> {
    let graph = scope.graph();
    let (needs, answers) = (graph.needs(at), graph.answers(at));
    if let Some((gate, choices)) = graph.led(at) {
        let name = &scope.step(*gate).id;
        match chosen(scope, *gate) {
            Some(choice) if choices.iter().any(|known| known == choice) => {}
            Some(choice) => return Some(format!("`{name}` was answered with `{choice}`")),
            None => return Some(format!("`{name}` was not asked")),
        }
    } else if !answers.is_empty() {
        if !answers.iter().any(|failing| has_failed(scope, *failing)) {
            return Some("nothing has failed that it answers".to_owned());
        }
    } else if !needs.is_empty() && needs.iter().all(|need| was_passed(scope, *need, known)) {
        return Some("nothing that it needs was done".to_owned());
    }
    for failed in (0..scope.groups.len()).filter(|other| has_failed(scope, *other)) {
        let Some(answer) = graph.answer_to(failed) else { continue };
        if answer != at && graph.precedes(failed, at) && !graph.precedes(answer, at) {
            let (failed, answer) = (&scope.step(failed).id, &scope.step(answer).id);
            return Some(format!("`{failed}` has failed, and `{answer}` is done instead"));
        }
    }
    None
}

/// Whether a step that is settled was passed by, or would have been if no person had left it out, or declared it done,
/// before its turn came.
fn was_passed(scope: &Scope, at: usize, known: &mut BTreeMap<usize, bool>) -> bool {
    if scope.groups[at].is_passed_by() {
        return true;
    }
    if let Some(known) = known.get(&at) {
        return *known;
    }
    let passed = passed_by(scope, at, known).is_some();
    known.insert(at, passed);
    passed
}

/// Whether a step has failed and the run goes on all the same.
fn has_failed(scope: &Scope, at: usize) -> bool {
    scope.is_settled(at) && scope.groups[at].failed().is_some()
}

/// The choice that a gate was answered with.
fn chosen(scope: &Scope, gate: usize) -> Option<&str> {
    let outputs = scope.groups[gate].instances.first().and_then(|instance| instance.outputs.as_ref());
    outputs.and_then(|outputs| outputs.field("choice")).and_then(|choice| choice.as_text())
}

/// Whether the run has gone on after a failure of this step with the one that answers it: then it cannot be as if it had
/// not failed.
pub(super) fn gone_on_after(scope: &Scope, at: usize) -> Option<&Step> {
    let graph = scope.graph();
    let answer = graph.answer_to(at).filter(|_| has_failed(scope, at))?;
    let passed = |later: usize| scope.groups[later].is_passed_by() && graph.precedes(at, later);
    let gone = scope.groups[answer].has_begun() || (0..scope.groups.len()).any(passed);
    gone.then(|| scope.step(answer))
}

/// How many instances of a group are at work: they wait for the world, and neither for a person nor for a time. What reads
/// keeps its place while it waits to be tried again.
pub(super) fn at_work(group: &Group, step: &Step) -> usize {
    let works = |instance: &&Instance| match instance.phase {
        Phase::Running => true,
        Phase::Awaiting(Awaiting::Retry(_)) => instance.attempts.is_empty(),
        _ => false,
    };
    match step.kind {
        StepKind::Action(_) | StepKind::Check(_) => group.at_work(step).filter(works).count(),
        _ => 0,
    }
}
