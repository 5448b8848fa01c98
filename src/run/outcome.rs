use super::decide::{Decision, finished, refuse};
use super::form::fill_outputs;
use super::state::{Attempt, RunPhase, RunState, Standing};
use super::undo::undoable_in_doubt;
use super::{Event, ReconciledBy, Refusal, Resolution, StepEnd, retry};
use crate::base::{AttemptId, Commitment, InstanceId, Span, Timestamp, Value};
use crate::effect::{Class, Meaning, ProbeVerdict, Progress};

/// How many attempts a step gets without a person's word.
const ATTEMPTS_MAX: usize = 3;
/// For how long an operation is followed that gives no useful answer, before it is told to be in doubt; and for how long
/// when the run is being ended.
const FOLLOWED: Span = Span::minutes(10);
const FOLLOWED_TO_ABORT: Span = Span::minutes(1);

/// What comes of a hand's report.
pub(super) fn answered(state: &RunState, id: AttemptId, meaning: &Meaning, now: Timestamp) -> Vec<Event> {
    let Some((instance, attempt)) = state.attempt(id) else { return Vec::new() };
    if attempt.standing != Standing::Open {
        return Vec::new();
    }
    let step = instance.id.clone();
    vec![match meaning {
        Meaning::Happened { outputs } => Event::Succeeded { step, attempt: id, outputs: outputs.clone() },
        // The probe gives the outputs; until then the step does not go on, and nothing is sent again.
        Meaning::HappenedUnread { why } => {
            Event::InDoubt { step, attempt: id, why: format!("the service said yes, but {why}"), said_yes: true }
        }
        Meaning::Accepted { handle, .. } => Event::Accepted { step, attempt: id, handle: handle.clone() },
        Meaning::Failed(failure) => {
            let failed = Event::Failed { step, attempt: id, failure: failure.clone() };
            return std::iter::once(failed).chain(retry::again(state, instance, failure, now)).collect();
        }
        Meaning::InDoubt { why } => Event::InDoubt { step, attempt: id, why: why.clone(), said_yes: false },
    }]
}

/// What comes of asking how an accepted operation stands.
pub(super) fn polled(state: &RunState, id: AttemptId, progress: &Progress, now: Timestamp) -> Vec<Event> {
    let Some((instance, attempt)) = state.attempt(id) else { return Vec::new() };
    let Standing::Accepted { status: last, unreachable_since, .. } = &attempt.standing else { return Vec::new() };
    let step = instance.id.clone();
    let progressed = |status: &str, unreachable: bool| {
        vec![Event::Progressed { step: step.clone(), attempt: id, status: status.to_owned(), unreachable }]
    };
    let in_doubt = |why: String| vec![Event::InDoubt { step: step.clone(), attempt: id, why, said_yes: false }];
    match progress {
        Progress::Running { .. } if state.phase == RunPhase::Aborting && now >= waited_for(attempt) => {
            in_doubt("it goes on for longer than it ever should, and the run is being ended".to_owned())
        }
        Progress::Running { status, .. } if last.as_ref() != Some(status) || unreachable_since.is_some() => {
            progressed(status, false)
        }
        Progress::Running { .. } => Vec::new(),
        Progress::Unreachable { why } => {
            let patience = if state.phase == RunPhase::Aborting { FOLLOWED_TO_ABORT } else { FOLLOWED };
            match unreachable_since {
                Some(since) if now >= since.after(patience) => {
                    in_doubt(format!("the operation could not be followed for {patience}: {why}"))
                }
                Some(_) => Vec::new(),
                None => progressed(&format!("cannot be followed just now: {why}"), true),
            }
        }
        Progress::Gone { why } => in_doubt(format!("nothing is known any more where the operation was: {why}")),
        // A poll tells only that it is done. What it gave, the probe reads; until then the step does not go on.
        Progress::Succeeded if gives(&attempt.intent.action) => {
            let why = "the service says that it is done, and what it gave is read now".to_owned();
            vec![Event::InDoubt { step, attempt: id, why, said_yes: true }]
        }
        Progress::Succeeded => vec![Event::Succeeded { step, attempt: id, outputs: Value::record([]) }],
        Progress::Failed(failure) => vec![Event::Failed { step, attempt: id, failure: failure.clone() }],
    }
}

/// Whether an operation gives what later steps may read.
fn gives(action: &str) -> bool {
    crate::effect::find(action).is_some_and(|row| !row.outputs.is_empty())
}

/// Until when a run that is being ended waits for an operation that goes on: for twice the time that it usually takes, and
/// ten minutes more.
fn waited_for(attempt: &Attempt) -> Timestamp {
    let change = crate::effect::find(&attempt.intent.action).and_then(|row| row.change.as_ref());
    let expect = change.map(|change| change.expect).unwrap_or_default();
    attempt.sent_at.after(expect).after(expect).after(FOLLOWED)
}

/// What comes of a probe that began to look at `asked_at`.
pub(super) fn probed(state: &RunState, id: AttemptId, verdict: &ProbeVerdict, asked_at: Timestamp) -> Vec<Event> {
    let Some((instance, attempt)) = state.attempt(id) else { return Vec::new() };
    let Standing::InDoubt { said_yes, probed, .. } = &attempt.standing else { return Vec::new() };
    // A step that was given up is probed again only when somebody retries it, or after the end.
    if instance.phase.is_over() && !state.is_over() {
        return Vec::new();
    }
    let early = asked_at < settled_at(attempt);
    let verdict = match verdict {
        // Absence proves nothing yet.
        ProbeVerdict::DidNot { .. } if early => return Vec::new(),
        // What cannot be told now may be told then; but a run that is being ended waits for nobody.
        ProbeVerdict::Unknown { .. } if early && state.phase != RunPhase::Aborting => return Vec::new(),
        ProbeVerdict::DidNot { seen } if *said_yes => {
            ProbeVerdict::Unknown { seen: format!("the service said yes, and yet there is no trace of it: {seen}") }
        }
        other => other.clone(),
    };
    if probed.as_ref() == Some(&verdict) {
        return Vec::new();
    }
    let did_not = matches!(verdict, ProbeVerdict::DidNot { .. });
    // What must not be done twice is not sent again on a probe's word alone.
    let open = matches!(verdict, ProbeVerdict::Unknown { .. }) || (did_not && attempt.intent.class == Class::D);
    let step = instance.id.clone();
    let mut events = vec![Event::Reconciled {
        step: step.clone(),
        attempt: id,
        by: ReconciledBy::Probe,
        verdict,
        open,
        reason: None,
    }];
    if did_not && !open && !state.is_over() && instance.attempts.len() >= ATTEMPTS_MAX {
        let why = format!("{} attempts were made, and none of them happened", instance.attempts.len());
        events.push(finished(&step, StepEnd::Failed, Some(why), None));
    }
    events
}

/// When the absence of a trace of a doubted attempt begins to prove something: so long after nothing of ours was under
/// way any more.
pub(super) fn settled_at(attempt: &Attempt) -> Timestamp {
    let settles = crate::effect::find(&attempt.intent.action)
        .and_then(|row| row.change.as_ref())
        .map(|change| change.probe.settles)
        .unwrap_or_default();
    let since = match &attempt.standing {
        Standing::InDoubt { since, .. } => *since,
        _ => attempt.sent_at,
    };
    since.after(settles)
}

/// What comes of a person's word about a doubt.
pub(super) fn resolve(state: &RunState, id: &InstanceId, word: &Resolution, now: Timestamp) -> Decision {
    let (Some(instance), Some(step)) = (state.instance(id), state.step_of(id)) else {
        return refuse(format!("there is no step `{id}`"));
    };
    let Some(attempt) = instance.last() else { return refuse(format!("`{id}` has sent nothing")) };
    let Standing::InDoubt { probed, .. } = &attempt.standing else {
        return refuse(format!("`{id}` is not in doubt"));
    };
    if instance.phase.is_over() && !state.is_over() {
        return refuse(format!("`{id}` was given up; a retry probes it again"));
    }
    let says = |by, verdict, reason: Option<&Commitment>| {
        let (step, attempt) = (id.clone(), attempt.intent.attempt);
        Ok(vec![Event::Reconciled { step, attempt, by, verdict, open: false, reason: reason.cloned() }])
    };
    let typed_outputs = |outputs: Option<&Value>| {
        let given = outputs.map(|given| fill_outputs(step, given)).transpose();
        given.map_err(|problems| Refusal(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))
    };
    match word {
        Resolution::Adopt { outputs, reason } => {
            let outputs = typed_outputs(outputs.as_ref())?;
            if gives(&attempt.intent.action) && outputs.is_none() && !state.is_over() {
                return refuse("later steps need what this one gives: say it, or probe again");
            }
            let seen = "a person says that it happened".to_owned();
            let outputs = outputs.unwrap_or_else(|| Value::record([]));
            says(ReconciledBy::Person, ProbeVerdict::Happened { outputs, seen }, reason.as_ref())
        }
        Resolution::DidNot { typed, reason } => {
            if probed.is_none() {
                return refuse("the probe has not spoken yet: absence proves nothing before its settling time");
            }
            let read_back = read_back_of(state, id);
            if read_back.as_ref().is_some_and(|wanted| typed.as_ref() != Some(wanted)) {
                return refuse(format!("`{}` must be typed for this", read_back.unwrap_or_default()));
            }
            let seen = "a person says that it did not happen".to_owned();
            says(ReconciledBy::Person, ProbeVerdict::DidNot { seen }, reason.as_ref())
        }
        Resolution::ByHand { outputs, reason } if !state.is_over() => {
            let outputs = typed_outputs(outputs.as_ref())?.unwrap_or_else(|| Value::record([]));
            let seen = "a person has brought it about by other means".to_owned();
            says(ReconciledBy::ByHand, ProbeVerdict::Happened { outputs, seen }, Some(reason))
        }
        Resolution::Undo { .. } if state.phase == RunPhase::Aborting && !state.undo_wanted => {
            refuse("the run is being aborted, and nothing is to be undone")
        }
        Resolution::Undo { .. } if !state.is_over() => match undoable_in_doubt(state, instance, now) {
            Ok(_) => Ok(vec![Event::Undoing { step: id.clone(), doubted: Some(attempt.intent.attempt) }]),
            Err(why) => refuse(format!("`{id}` cannot be undone: {why}")),
        },
        // The doubt itself stays, with its keys: nobody has said what became of it.
        Resolution::GiveUp if !state.is_over() => {
            let why = "given up, and still in doubt: nobody could say whether it happened".to_owned();
            Ok(vec![finished(id, StepEnd::Failed, Some(why), None)])
        }
        Resolution::ByHand { .. } | Resolution::Undo { .. } | Resolution::GiveUp => {
            refuse("the run has ended: say whether it happened or not")
        }
    }
}

/// What a person types to say that an effect did not happen: what was typed to consent to it.
pub fn read_back_of(state: &RunState, id: &InstanceId) -> Option<String> {
    let asked = state.group_of(id).and_then(|group| group.asked.as_ref());
    asked.map(|asked| asked.read_back.clone()).filter(|text| !text.is_empty())
}
