use thiserror::Error;

use super::assumed::{has_assumed, rehearses};
use super::nesting::is_active;
use super::outcome::{answered, polled, probed, resolve};
use super::proceed::{has_room, proceed};
use super::state::{Awaiting, Instance, Phase, RunPhase, RunState, checks};
use super::turn::{Turn, turn};
use super::{
    Consent, EffectConsent, Event, Input, Intent, Observation, PauseReason, RunEnd, StepEnd, drill, person, retry, undo,
};
use crate::base::{AttemptId, Digest, InstanceId, Timestamp, Value};
use crate::effect::{Failure, Field, Verdict};
use crate::plan::{self, Bound, StepPlace};
use crate::runbook::{Step, StepKind};

/// Why an input changes nothing. The run is as it was.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub struct Refusal(pub String);

pub(super) type Decision = Result<Vec<Event>, Refusal>;

/// Decides what comes of an input at `now` by the estate's clock: events, in order, or none.
///
/// The events are to be durable before anything is done about them.
///
/// # Errors
/// The input is not allowed as the run stands; the sentence is for the person who gave it.
pub fn decide(state: &RunState, input: &Input, now: Timestamp) -> Decision {
    if state.is_over() {
        return after_the_end(state, input, now);
    }
    match input {
        Input::Proceed => Ok(proceed(state, now)),
        Input::Take { pid } => Ok(vec![Event::Taken { fence: state.fence + 1, pid: *pid }]),
        Input::Prepare(preparation) if state.is_unprepared() => Ok(vec![Event::Prepared(preparation.clone())]),
        Input::Prepare(_) => refuse("the run is no drill that has yet to be prepared"),
        Input::Observed { step, seen } => observed(state, step, seen),
        Input::Begin { step, attempt, seen } => begin(state, step, *attempt, seen),
        Input::Answered { attempt, meaning } => Ok(answered(state, *attempt, meaning, now)),
        Input::Polled { attempt, progress } => Ok(polled(state, *attempt, progress, now)),
        Input::Probed { attempt, verdict, asked_at } => Ok(probed(state, *attempt, verdict, *asked_at)),
        Input::Looked { step, index, verdict, outputs } => {
            Ok(looked(state, step, *index, verdict, outputs.as_ref(), now))
        }
        Input::Read { step, outputs } => Ok(read(state, step, outputs, now)),
        Input::Due { step } => Ok(due(state, step, now)),
        Input::Consent { step, digest, typed, how } => person::consent(state, step, *digest, typed.as_deref(), *how),
        Input::Decide { step, choice, fields, how } => person::decided(state, step, choice, fields.as_ref(), *how),
        Input::Resolve { step, word } => resolve(state, step, word, now),
        Input::Retry { step } => person::retry(state, step),
        Input::Skip { step, reason } => person::skip(state, step, reason),
        Input::Override { step, reason, outputs } => person::override_step(state, step, reason, outputs.as_ref()),
        Input::Undo { step } => person::undo(state, step, now),
        Input::Adhoc(adhoc) => Ok(vec![Event::Adhoc(adhoc.clone())]),
        Input::Pause { why } => match state.phase {
            RunPhase::Running | RunPhase::RollingBack => Ok(vec![Event::Paused { why: *why }]),
            RunPhase::Aborting => refuse("the run is being aborted"),
            // A run that was left for another reason rests from now on because somebody wants it to.
            RunPhase::Paused(last) if *why == PauseReason::Asked && last != *why => {
                Ok(vec![Event::Paused { why: *why }])
            }
            RunPhase::Planned | RunPhase::Paused(_) | RunPhase::Ended(_) => Ok(Vec::new()),
        },
        Input::Continue => match state.phase {
            RunPhase::Paused(_) => Ok(vec![Event::Continued]),
            _ => Ok(Vec::new()),
        },
        Input::Abort { reason, undo } => match state.phase {
            RunPhase::Aborting if state.undo_wanted == *undo => Ok(Vec::new()),
            RunPhase::RollingBack if *undo => Ok(Vec::new()),
            _ => Ok(vec![Event::Aborting { reason: reason.clone(), undo: *undo }]),
        },
    }
}

/// A run that has ended takes word on what it left in doubt, and nothing else.
fn after_the_end(state: &RunState, input: &Input, now: Timestamp) -> Decision {
    match input {
        _ if state.in_doubt().is_empty() => refuse("the run has ended"),
        Input::Proceed => Ok(Vec::new()),
        Input::Take { pid } => Ok(vec![Event::Taken { fence: state.fence + 1, pid: *pid }]),
        Input::Probed { attempt, verdict, asked_at } => Ok(probed(state, *attempt, verdict, *asked_at)),
        Input::Resolve { step, word } => resolve(state, step, word, now),
        _ => refuse("the run has ended; all that is open is what it left in doubt"),
    }
}

/// Whether something may be begun of a step as the run stands: the graph that it is of is being done, and in a rollback only
/// what undoes. What was looked at for it may come back when that is over.
fn goes_on(state: &RunState, id: &InstanceId) -> bool {
    let is_wanted = match state.phase {
        RunPhase::Running => !state.is_unprepared(),
        RunPhase::RollingBack => undo::is_next(state, id.scope().as_ref()),
        RunPhase::Planned | RunPhase::Paused(_) | RunPhase::Aborting | RunPhase::Ended(_) => false,
    };
    is_wanted && state.scope(id.scope().as_ref()).is_some_and(|scope| is_active(state, scope))
}

/// Whether it is the turn of a step.
fn is_its_turn(state: &RunState, id: &InstanceId) -> bool {
    let scope = state.scope(id.scope().as_ref());
    scope.is_some_and(|scope| scope.graph().position(&id.step()).is_some_and(|at| turn(scope, at) == Turn::Now))
}

fn observed(state: &RunState, step: &InstanceId, seen: &Observation) -> Decision {
    let wanted = goes_on(state, step) && is_its_turn(state, step);
    let (Some(group), true) = (state.group_of(step), wanted) else { return Ok(Vec::new()) };
    let Some(definition) = state.step(group) else { return Ok(Vec::new()) };
    let pending: Vec<&Instance> = group.instances.iter().filter(|one| one.phase == Phase::Pending).collect();
    let Some(first) = pending.first() else { return Ok(Vec::new()) };
    let seen = match seen {
        Ok(seen) => seen,
        Err((id, why)) => {
            let id = if pending.iter().any(|instance| instance.id == *id) { id } else { &first.id };
            let why = format!("the target could not be observed: {why}");
            return Ok(vec![finished(id, StepEnd::Failed, Some(why), None)]);
        }
    };
    // What was seen is of another moment than this one, and is looked at anew.
    if !pending.iter().map(|instance| &instance.id).eq(seen.iter().map(|(id, _)| id)) {
        return Ok(Vec::new());
    }
    let mut effects = Vec::new();
    let mut read_back = String::new();
    for (id, fields) in seen {
        let bound = match bound(state, id) {
            Ok(bound) => bound,
            Err(why) => return Ok(vec![finished(id, StepEnd::Failed, Some(why), None)]),
        };
        if let Some(why) = drill::stranger(state, &bound) {
            return Ok(vec![finished(id, StepEnd::Failed, Some(why), None)]);
        }
        if let Some(change) = &bound.row.change {
            read_back = (change.read_back)(&bound.call.args);
        }
        let digest = digest(state, id, &bound, fields)?;
        effects.push(EffectConsent { step: id.clone(), digest, fields: fields.clone() });
    }
    let digests: Vec<Digest> = effects.iter().map(|effect| effect.digest).collect();
    if definition.for_each.is_some() {
        read_back = format!("{} {}", effects.len(), common_parent(state, definition, &read_back, &effects));
    }
    let digest = if let ([only], None) = (digests.as_slice(), &definition.for_each) {
        *only
    } else {
        plan::group_digest(&digests)
    };
    let consent = Consent { risk: plan::risk(definition), digest, read_back, effects };
    Ok(vec![Event::Readied { step: group.id.clone(), consent: Some(consent) }])
}

/// What the items of a `for_each` have in common: their target, if it is one, else the step's own name.
fn common_parent(state: &RunState, step: &Step, last: &str, effects: &[EffectConsent]) -> String {
    let all_same = effects.iter().all(|effect| {
        bound(state, &effect.step).is_ok_and(|bound| {
            bound.row.change.as_ref().is_some_and(|change| (change.read_back)(&bound.call.args) == last)
        })
    });
    if all_same { last.to_owned() } else { step.id.to_string() }
}

fn begin(state: &RunState, id: &InstanceId, attempt: AttemptId, seen: &Result<Vec<Field>, String>) -> Decision {
    let (Some(group), Some(instance)) = (state.group_of(id), state.instance(id)) else { return Ok(Vec::new()) };
    let Some(asked) = group.asked.as_ref().filter(|_| group.confirmed.is_some()) else { return Ok(Vec::new()) };
    if !goes_on(state, id) || !may_begin(state, instance) {
        return Ok(Vec::new());
    }
    let fail = |why: String| Ok(vec![finished(id, StepEnd::Failed, Some(why), None)]);
    let fields = match seen {
        Ok(fields) => fields,
        Err(why) => return fail(format!("the target could not be observed again: {why}")),
    };
    let bound = match bound(state, id) {
        Ok(bound) => bound,
        Err(why) => return fail(why),
    };
    if let Some(why) = drill::stranger(state, &bound) {
        return fail(why);
    }
    let digest = digest(state, id, &bound, fields)?;
    let Some(consented) = asked.effects.iter().find(|effect| effect.step == *id) else {
        return fail("the step is not part of what was consented to".into());
    };
    if consented.digest != digest {
        let before = consented.fields.clone();
        return Ok(vec![Event::Drifted { step: id.clone(), before, now: fields.clone() }]);
    }
    Ok(vec![Event::Intent(Box::new(Intent {
        step: id.clone(),
        attempt,
        number: u32::try_from(instance.attempts.len()).unwrap_or(u32::MAX).saturating_add(1),
        action: bound.call.action.clone(),
        class: bound.row.class,
        method: bound.request.method.to_string(),
        url: bound.request.url.clone(),
        request: bound.request.digest(),
        digest,
        locks: locks(&bound),
        expected: bound.row.summary.to_owned(),
        before: fields.clone(),
    }))])
}

/// Tells whether an instance that was consented to can be sent now: it is one of those whose turn it is, there is room for
/// one more, and no effect of this run holds its target. What is in doubt does not bar its own undo.
pub(super) fn may_begin(state: &RunState, instance: &Instance) -> bool {
    let turn = state.group_of(&instance.id).and_then(|group| {
        let step = state.step(group)?;
        group.at_work(step).find(|one| one.id == instance.id)
    });
    if turn.is_none_or(|instance| instance.phase != Phase::Ready) || !has_room(state, 1) {
        return false;
    }
    holder(state, instance).is_none()
}

/// Whose effect of this run holds the target of an instance.
pub(super) fn holder<'a>(state: &'a RunState, instance: &Instance) -> Option<&'a Instance> {
    let locks = locks(&bound(state, &instance.id).ok()?);
    let scope = instance.id.scope();
    let holds = |other: &&Instance| {
        let undone = || other.is_doubted() && scope.as_ref() == Some(&other.id.undo());
        let others = other.id != instance.id && !undone();
        let open = other.last().filter(|_| others && (other.in_flight() || other.is_doubted()));
        open.is_some_and(|attempt| attempt.intent.locks.iter().any(|lock| locks.contains(lock)))
    };
    state.scopes().flat_map(super::Scope::instances).find(holds)
}

fn locks(bound: &Bound) -> Vec<String> {
    bound.row.change.as_ref().map(|change| (change.locks)(&bound.call.args)).unwrap_or_default()
}

fn looked(
    state: &RunState,
    id: &InstanceId,
    index: u32,
    verdict: &Verdict,
    outputs: Option<&Value>,
    now: Timestamp,
) -> Vec<Event> {
    let (Some(instance), Some(step)) = (state.instance(id), state.step_of(id)) else { return Vec::new() };
    // A look says nothing while the effect that it is about is under way.
    let under_way = instance.last().is_some() && !instance.happened();
    if instance.phase != Phase::Running || under_way {
        return Vec::new();
    }
    let all = checks(step);
    let Some(check) = all.get(index as usize) else { return Vec::new() };
    let news = instance.verdicts.get(&index) != Some(verdict);
    let event = Event::Checked { step: id.clone(), index, verdict: verdict.clone() };
    let mut events = if news { vec![event] } else { Vec::new() };
    let given = || if instance.outputs.is_some() { None } else { outputs.cloned() };
    if matches!(verdict, Verdict::Pass { .. }) {
        let mut after = instance.clone();
        after.verdicts.insert(index, verdict.clone());
        if after.next_check(all.len()).is_none() {
            events.push(finished(id, StepEnd::Succeeded, None, given()));
        }
        return events;
    }
    let word = if matches!(verdict, Verdict::Fail { .. }) { "fails" } else { "cannot be observed" };
    let why = format!("{} {word}: {}", check.call.action, verdict.seen());
    if rehearses(state) && has_assumed(state) {
        let why = format!("assumed: {why}; what was to be changed before has not been");
        events.push(finished(id, StepEnd::Assumed, Some(why), given()));
        return events;
    }
    let since = instance.checking_since.unwrap_or(now);
    if check.until.is_none_or(|until| now >= since.after(until.timeout)) {
        events.push(finished(id, StepEnd::Failed, Some(why), None));
    }
    events
}

fn read(state: &RunState, id: &InstanceId, outputs: &Result<Value, Failure>, now: Timestamp) -> Vec<Event> {
    let waits = |instance: &&Instance| instance.phase == Phase::Running && instance.attempts.is_empty();
    let Some(instance) = state.instance(id).filter(waits) else { return Vec::new() };
    vec![match outputs {
        Ok(outputs) => finished(id, StepEnd::Succeeded, None, Some(outputs.clone())),
        Err(failure) => retry::again(state, instance, failure, now)
            .unwrap_or_else(|| finished(id, StepEnd::Failed, Some(failure.message.clone()), None)),
    }]
}

fn due(state: &RunState, id: &InstanceId, now: Timestamp) -> Vec<Event> {
    match state.instance(id).map(|instance| instance.phase) {
        Some(Phase::Awaiting(Awaiting::Time(until))) if now >= until => {
            vec![finished(id, StepEnd::Succeeded, None, None)]
        }
        Some(Phase::Awaiting(Awaiting::Retry(until))) if now >= until && goes_on(state, id) => {
            vec![Event::Due { step: id.clone() }]
        }
        _ => Vec::new(),
    }
}

pub(super) fn ended(state: &RunState, end: RunEnd) -> Event {
    let standing = if end.is_success() { Vec::new() } else { state.standing() };
    Event::Finished { end, in_doubt: state.in_doubt(), standing }
}

pub(super) fn finished(id: &InstanceId, end: StepEnd, why: Option<String>, outputs: Option<Value>) -> Event {
    Event::StepFinished { step: id.clone(), end, why, outputs }
}

/// Binds the effect of an instance with what is known now.
pub(super) fn bound(state: &RunState, id: &InstanceId) -> Result<Bound, String> {
    let (Some(instance), Some(step)) = (state.instance(id), state.step_of(id)) else {
        return Err(format!("there is no step `{id}`"));
    };
    let StepKind::Action(spec) = &step.kind else { return Err(format!("`{id}` is not an action")) };
    let outputs = state.outputs_near(id);
    plan::bind(spec, &state.names(&outputs, instance)).map_err(|why| why.to_string())
}

fn digest(state: &RunState, id: &InstanceId, bound: &Bound, fields: &[Field]) -> Result<Digest, Refusal> {
    let place = StepPlace { log: state.log, run: state.id, step: id, mode: state.plan.mode };
    plan::step_digest(place, bound, fields).map_err(|why| Refusal(format!("the step has no digest: {why}")))
}

pub(super) fn refuse<T>(why: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal(why.into()))
}
