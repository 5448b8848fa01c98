use super::decide::{Decision, finished, refuse};
use super::state::{Attempt, RunPhase, RunState, Standing};
use super::{Event, ReconciledBy, Resolution, StepEnd};
use crate::base::{AttemptId, InstanceId, Span, Timestamp, Value};
use crate::effect::{Class, Meaning, ProbeVerdict, Progress};

/// How many attempts a step gets without a person's word.
const ATTEMPTS_MAX: usize = 3;
/// For how long an operation is followed that gives no useful answer, before it is told to be in doubt; and for how long
/// when the run is being ended.
const FOLLOWED: Span = Span::minutes(10);
const FOLLOWED_TO_ABORT: Span = Span::minutes(1);

/// What comes of a hand's report.
pub(super) fn answered(state: &RunState, id: AttemptId, meaning: &Meaning) -> Vec<Event> {
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
        Meaning::Failed(failure) => Event::Failed { step, attempt: id, failure: failure.clone() },
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
        Progress::Succeeded => vec![Event::Succeeded { step, attempt: id, outputs: Value::record([]) }],
        Progress::Failed(failure) => vec![Event::Failed { step, attempt: id, failure: failure.clone() }],
    }
}

/// What comes of a probe.
pub(super) fn probed(state: &RunState, id: AttemptId, verdict: &ProbeVerdict, now: Timestamp) -> Vec<Event> {
    let Some((instance, attempt)) = state.attempt(id) else { return Vec::new() };
    let Standing::InDoubt { said_yes, probed, .. } = &attempt.standing else { return Vec::new() };
    // A step that was given up is probed again only when somebody retries it, or after the end.
    if instance.phase.is_over() && !state.is_over() {
        return Vec::new();
    }
    let early = now < settled_at(attempt);
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
    let mut events =
        vec![Event::Reconciled { step: step.clone(), attempt: id, by: ReconciledBy::Probe, verdict, open }];
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
pub(super) fn resolve(state: &RunState, id: &InstanceId, word: &Resolution) -> Decision {
    let found = state.instance(id).and_then(|instance| instance.last());
    let Some(attempt) = found else { return refuse(format!("`{id}` has sent nothing")) };
    let Standing::InDoubt { probed, .. } = &attempt.standing else {
        return refuse(format!("`{id}` is not in doubt"));
    };
    let by_person = |verdict| Event::Reconciled {
        step: id.clone(),
        attempt: attempt.intent.attempt,
        by: ReconciledBy::Person,
        verdict,
        open: false,
    };
    if state.instance(id).is_some_and(|instance| instance.phase.is_over()) && !state.is_over() {
        return refuse(format!("`{id}` was given up; a retry probes it again"));
    }
    Ok(vec![match word {
        Resolution::Adopt => {
            let gives = crate::effect::find(&attempt.intent.action).is_some_and(|row| !row.outputs.is_empty());
            if gives && !state.is_over() {
                return refuse("later steps need what this one gives, and the probe could not tell it: probe again");
            }
            let seen = "a person says that it happened".to_owned();
            by_person(ProbeVerdict::Happened { outputs: Value::record([]), seen })
        }
        Resolution::DidNot { typed } => {
            if probed.is_none() {
                return refuse("the probe has not spoken yet: absence proves nothing before its settling time");
            }
            let read_back = read_back_of(state, id);
            if read_back.as_ref().is_some_and(|wanted| typed.as_ref() != Some(wanted)) {
                return refuse(format!("`{}` must be typed for this", read_back.unwrap_or_default()));
            }
            by_person(ProbeVerdict::DidNot { seen: "a person says that it did not happen".into() })
        }
        // The doubt itself stays, with its keys: nobody has said what became of it.
        Resolution::GiveUp if !state.is_over() => {
            let why = "given up, and still in doubt: nobody could say whether it happened".to_owned();
            finished(id, StepEnd::Failed, Some(why), None)
        }
        Resolution::GiveUp => return refuse("the run has ended: say whether it happened or not"),
    }])
}

/// What a person types to say that an effect did not happen: what was typed to consent to it.
pub fn read_back_of(state: &RunState, id: &InstanceId) -> Option<String> {
    let asked = state.group_of(id).and_then(|group| group.asked.as_ref());
    asked.map(|asked| asked.read_back.clone()).filter(|text| !text.is_empty())
}
