use super::decide::{Decision, finished, refuse};
use super::form::{fill, fill_outputs};
use super::state::{Awaiting, Instance, Phase, RunPhase, RunState, Undo};
use super::undo::undoable;
use super::{ConsentBy, Event, FormProblem, StepEnd, turn};
use crate::base::{Commitment, Digest, InstanceId, StepId, Timestamp, Value};
use crate::effect::Risk;
use crate::runbook::{Leads, StepKind};

/// What comes of a consent.
pub(super) fn consent(
    state: &RunState,
    id: &InstanceId,
    digest: Digest,
    typed: Option<&str>,
    how: ConsentBy,
) -> Decision {
    let Some(group) = state.group_of(id) else { return refuse(format!("there is no step `{id}`")) };
    if is_given_up(state, id) {
        return refuse("the run is being ended");
    }
    let Some(asked) = group.asked.as_ref().filter(|_| group.confirmed.is_none()) else {
        return refuse(format!("`{id}` does not ask for consent"));
    };
    if asked.digest != digest {
        return refuse("what was shown has changed since; look again");
    }
    if asked.risk >= Risk::Destructive && how != ConsentBy::Headless && typed != Some(asked.read_back.as_str()) {
        return refuse(format!("`{}` must be typed to confirm this", asked.read_back));
    }
    if asked.risk == Risk::Irreversible && state.plan.place.protected {
        return refuse("an irreversible step in a protected environment needs a second person");
    }
    Ok(vec![Event::Confirmed { step: group.id.clone(), digest, how }])
}

/// What comes of a gate's answer, or of the word that a manual step is done.
pub(super) fn decided(
    state: &RunState,
    id: &InstanceId,
    choice: &str,
    fields: Option<&Value>,
    how: ConsentBy,
) -> Decision {
    let Some(instance) = state.instance(id) else { return refuse(format!("there is no step `{id}`")) };
    if is_given_up(state, id) {
        return refuse("the run is being ended");
    }
    if instance.phase != Phase::Awaiting(Awaiting::Person) {
        return refuse(format!("`{id}` does not wait for a person"));
    }
    let event = Event::Decided { step: id.clone(), choice: choice.to_owned(), how };
    match state.step_of(id).map(|step| &step.kind) {
        Some(StepKind::Gate { choices, .. }) => {
            let Some(chosen_one) = choices.iter().find(|known| known.name == choice) else {
                let names: Vec<_> = choices.iter().map(|known| known.name.as_str()).collect();
                return refuse(format!("`{choice}` is not a choice of `{id}`: {}", names.join(", ")));
            };
            let outputs = Value::record([("choice", Value::text(choice))]);
            let mut events = vec![event, finished(id, StepEnd::Succeeded, Some(choice.to_owned()), Some(outputs))];
            if chosen_one.leads == Leads::End {
                events.push(Event::Aborting { reason: None, undo: false });
            }
            Ok(events)
        }
        Some(StepKind::Manual { fields: wanted, .. }) => {
            if choice != "done" {
                return refuse(format!("`{id}` is a manual step: say `done` when it is"));
            }
            let near = state.outputs_near(id);
            let nothing = Value::record([]);
            let filled = fill(wanted, fields.unwrap_or(&nothing), &state.names(&near, instance));
            let outputs = filled.map_err(|problems| super::Refusal(said(&problems)))?;
            let outputs = Some(outputs).filter(|_| !wanted.is_empty());
            Ok(vec![event, finished(id, StepEnd::Succeeded, None, outputs)])
        }
        _ => refuse(format!("`{id}` is nothing that a person decides")),
    }
}

/// Whether the run is being ended, and the step with it: a late answer does not change how.
fn is_given_up(state: &RunState, id: &InstanceId) -> bool {
    state.phase == RunPhase::Aborting || (state.is_rolling_back() && !id.is_undo())
}

/// What comes of the wish to try a failed step again.
pub(super) fn retry(state: &RunState, id: &InstanceId) -> Decision {
    let Some(instance) = state.instance(id).filter(|instance| instance.phase == Phase::Failed) else {
        return refuse(format!("`{id}` has not failed"));
    };
    // A doubt is looked into all the same: it may bar what is to be undone.
    if is_given_up(state, id) && !instance.is_doubted() {
        return refuse("the run is being ended");
    }
    if instance.undo == Undo::Underway {
        return refuse(format!("`{id}` is being undone"));
    }
    if let Some(answer) = gone_on_after(state, id) {
        return refuse(format!("the run has gone on with `{answer}`, because `{id}` has failed"));
    }
    Ok(vec![Event::Retried { step: id.clone() }])
}

/// The step that the run has gone on with because this one failed.
fn gone_on_after<'a>(state: &'a RunState, id: &InstanceId) -> Option<&'a StepId> {
    let scope = state.scope(id.scope().as_ref())?;
    let at = scope.graph().position(&id.step())?;
    turn::gone_on_after(scope, at).map(|step| &step.id)
}

fn said(problems: &[FormProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// What comes of the wish to leave a step out.
pub(super) fn skip(state: &RunState, id: &InstanceId, reason: &Commitment) -> Decision {
    let Some(group) = state.group_of(id) else { return refuse(format!("there is no step `{id}`")) };
    let mut meant = group.instances.iter().filter(|one| group.id == *id || one.id == *id).peekable();
    if meant.peek().is_none() {
        return refuse(format!("there is no step `{id}`"));
    }
    if is_given_up(state, id) {
        return refuse("the run is being ended");
    }
    if meant.clone().any(Instance::is_doubted) {
        return refuse(format!("`{id}` is in doubt: say first whether it happened"));
    }
    if meant.clone().any(Instance::in_flight) {
        return refuse(format!("`{id}` is under way; wait for its answer"));
    }
    if let Some(answer) = gone_on_after(state, id) {
        return refuse(format!("the run has gone on with `{answer}`, because `{id}` has failed"));
    }
    let nests = state.step(group).is_some_and(|step| matches!(step.kind, StepKind::Runbook(_)));
    if nests && meant.clone().any(|one| one.phase == Phase::Running) {
        return refuse(format!("the runbook of `{id}` has begun: skip the steps in it that are left"));
    }
    if !meant.clone().any(Instance::can_be_left) {
        if meant.any(|one| one.happened() && one.phase != Phase::Succeeded) {
            return refuse(format!("the effect of `{id}` has happened and stands: override or undo the step instead"));
        }
        return refuse(format!("`{id}` is over"));
    }
    Ok(vec![Event::Skipped { step: id.clone(), reason: reason.clone() }])
}

/// What comes of a person's word that what a step is for is so.
pub(super) fn override_step(
    state: &RunState,
    id: &InstanceId,
    reason: &Commitment,
    outputs: Option<&Value>,
) -> Decision {
    let (Some(instance), Some(step)) = (state.instance(id), state.step_of(id)) else {
        return refuse(format!("there is no step `{id}`"));
    };
    if instance.is_doubted() || instance.in_flight() {
        return refuse(format!("what `{id}` sent has not been answered for: say first whether it happened"));
    }
    if instance.undo == Undo::Underway {
        return refuse(format!("`{id}` is being undone"));
    }
    if is_given_up(state, id) {
        return refuse("the run is being ended");
    }
    if let Some(answer) = gone_on_after(state, id) {
        return refuse(format!("the run has gone on with `{answer}`, because `{id}` has failed"));
    }
    match step.kind {
        StepKind::Gate { .. } => return refuse(format!("`{id}` is a gate: answer it")),
        StepKind::Manual { .. } => return refuse(format!("`{id}` is a manual step: say that it is done, or skip it")),
        StepKind::Runbook(_) => return refuse(format!("`{id}` is a runbook: override or skip its steps")),
        _ if step.for_each.is_some() && state.group_of(id).is_some_and(|group| !group.expanded) => {
            return refuse(format!("the items of `{id}` are not known yet"));
        }
        _ => {}
    }
    if matches!(instance.phase, Phase::Succeeded | Phase::Skipped | Phase::Cancelled) {
        return refuse(format!("`{id}` is over"));
    }
    let given = outputs.map(|given| fill_outputs(step, given)).transpose();
    let outputs = given.map_err(|problems| super::Refusal(said(&problems)))?;
    Ok(vec![Event::Overridden { step: id.clone(), reason: reason.clone(), outputs }])
}

/// What comes of the wish to undo a step that has failed while its effect stands.
pub(super) fn undo(state: &RunState, id: &InstanceId, now: Timestamp) -> Decision {
    let Some(instance) = state.instance(id) else { return refuse(format!("there is no step `{id}`")) };
    if instance.undo == Undo::Underway {
        return Ok(Vec::new());
    }
    if is_given_up(state, id) {
        return refuse("the run is being ended");
    }
    if instance.phase != Phase::Failed || !instance.stands() {
        return refuse(format!(
            "`{id}` has not failed with its effect standing; abort the run to undo what it has done"
        ));
    }
    match undoable(state, instance, now) {
        Ok(_) => Ok(vec![Event::Undoing { step: id.clone(), doubted: None }]),
        Err(why) => refuse(format!("`{id}` cannot be undone: {why}")),
    }
}
