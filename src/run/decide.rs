use thiserror::Error;

use super::outcome::{answered, polled, probed, resolve};
use super::state::{Awaiting, Group, Phase, RunPhase, RunState, Standing, checks};
use super::{Consent, ConsentBy, EffectConsent, Event, Input, Intent, Item, Observation, RunEnd, StepEnd};
use crate::base::{AttemptId, Digest, InstanceId, Timestamp, Value};
use crate::effect::{Field, Risk, Verdict};
use crate::plan::{self, BindError, Bound, StepPlace};
use crate::runbook::{Leads, Step, StepKind};

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
        Input::Observed { step, seen } => observed(state, step, seen),
        Input::Begin { step, attempt, seen } => begin(state, step, *attempt, seen),
        Input::Answered { attempt, meaning } => Ok(answered(state, *attempt, meaning)),
        Input::Polled { attempt, progress } => Ok(polled(state, *attempt, progress, now)),
        Input::Probed { attempt, verdict } => Ok(probed(state, *attempt, verdict, now)),
        Input::Looked { step, index, verdict, outputs } => {
            Ok(looked(state, step, *index, verdict, outputs.as_ref(), now))
        }
        Input::Read { step, outputs } => {
            let waits = |instance: &super::Instance| instance.phase == Phase::Running && instance.attempts.is_empty();
            if !state.instance(step).is_some_and(waits) {
                return Ok(Vec::new());
            }
            Ok(vec![match outputs {
                Ok(outputs) => finished(step, StepEnd::Succeeded, None, Some(outputs.clone())),
                Err(why) => finished(step, StepEnd::Failed, Some(why.clone()), None),
            }])
        }
        Input::Due { step } => match state.instance(step).map(|instance| instance.phase) {
            Some(Phase::Awaiting(Awaiting::Time(until))) if now >= until => {
                Ok(vec![finished(step, StepEnd::Succeeded, None, None)])
            }
            _ => Ok(Vec::new()),
        },
        Input::Consent { step, digest, typed, how } => consent(state, step, *digest, typed.as_deref(), *how),
        Input::Decide { step, choice, how } => decided(state, step, choice, *how),
        Input::Resolve { step, word } => resolve(state, step, word),
        Input::Retry { step } => match state.instance(step).map(|instance| instance.phase) {
            Some(Phase::Failed) => Ok(vec![Event::Retried { step: step.clone() }]),
            _ => refuse(format!("`{step}` has not failed")),
        },
        Input::Pause { why } => match state.phase {
            RunPhase::Running => Ok(vec![Event::Paused { why: *why }]),
            RunPhase::Aborting => refuse("the run is being aborted"),
            RunPhase::Planned | RunPhase::Paused(_) | RunPhase::Ended(_) => Ok(Vec::new()),
        },
        Input::Continue => match state.phase {
            RunPhase::Paused(_) => Ok(vec![Event::Continued]),
            _ => Ok(Vec::new()),
        },
        Input::Abort { reason } => match state.phase {
            RunPhase::Aborting => Ok(Vec::new()),
            _ => Ok(vec![Event::Aborting { reason: reason.clone() }]),
        },
    }
}

/// A run that has ended takes word on what it left in doubt, and nothing else.
fn after_the_end(state: &RunState, input: &Input, now: Timestamp) -> Decision {
    match input {
        _ if state.in_doubt().is_empty() => refuse("the run has ended"),
        Input::Proceed => Ok(Vec::new()),
        Input::Take { pid } => Ok(vec![Event::Taken { fence: state.fence + 1, pid: *pid }]),
        Input::Probed { attempt, verdict } => Ok(probed(state, *attempt, verdict, now)),
        Input::Resolve { step, word } => resolve(state, step, word),
        _ => refuse("the run has ended; all that is open is what it left in doubt"),
    }
}

/// What the run does by itself: at most one step of it, so that each is an event of its own.
fn proceed(state: &RunState, now: Timestamp) -> Vec<Event> {
    match state.phase {
        RunPhase::Running => {}
        RunPhase::Aborting if !in_flight(state) => return vec![ended(state, RunEnd::Aborted)],
        RunPhase::Planned | RunPhase::Paused(_) | RunPhase::Aborting | RunPhase::Ended(_) => return Vec::new(),
    }
    let Some(group) = state.current() else { return vec![ended(state, RunEnd::Succeeded)] };
    let Some(step) = state.step(group) else { return Vec::new() };
    match start(state, group, step, now) {
        Ok(events) => events,
        Err(why) => {
            let id = group.current().map_or_else(|| group.id(), |instance| instance.id.clone());
            vec![finished(&id, StepEnd::Failed, Some(why.to_string()), None)]
        }
    }
}

fn start(state: &RunState, group: &Group, step: &Step, now: Timestamp) -> Result<Vec<Event>, BindError> {
    let Some(instance) = group.current() else {
        return Ok(if group.expanded { Vec::new() } else { expand(state, group, step)? });
    };
    if instance.phase == Phase::Running && instance.happened() && instance.next_check(checks(step).len()).is_none() {
        return Ok(vec![finished(&instance.id, StepEnd::Succeeded, None, None)]);
    }
    if instance.phase != Phase::Pending || group.asked.is_some() {
        return Ok(Vec::new());
    }
    if let Some(condition) = &step.when {
        let outputs = state.outputs();
        let holds = condition
            .evaluate(&state.names(&outputs, instance))
            .map_err(|source| BindError::Argument { argument: "when".into(), source })?;
        if holds != Value::Boolean(true) {
            let why = format!("`{}` does not hold", condition.source());
            return Ok(vec![finished(&instance.id, StepEnd::Skipped, Some(why), None)]);
        }
    }
    if !group.expanded {
        return expand(state, group, step);
    }
    Ok(match &step.kind {
        StepKind::Wait { span } => vec![Event::Waiting { step: instance.id.clone(), until: now.after(*span) }],
        StepKind::WaitUntil { at } => {
            let outputs = state.outputs();
            let at = at
                .evaluate(&state.names(&outputs, instance))
                .map_err(|source| BindError::Argument { argument: "until".into(), source })?;
            let until = at.as_text().and_then(|text| text.parse().ok());
            let until: Timestamp = until.ok_or_else(|| BindError::NotAMoment(at.to_string()))?;
            vec![Event::Waiting { step: instance.id.clone(), until }]
        }
        StepKind::Manual { .. } | StepKind::Gate { .. } | StepKind::Check(_) => {
            vec![Event::Readied { step: group.id(), consent: None }]
        }
        StepKind::WaitCheck(_) | StepKind::Runbook(_) => return Err(BindError::Kind(step.kind.word())),
        StepKind::Action(spec) => {
            // Binding every instance now shows a mistake before anything is read or asked.
            let outputs = state.outputs();
            let mut changes = false;
            for instance in group.instances.iter().filter(|instance| !instance.phase.is_over()) {
                changes |= plan::bind(spec, &state.names(&outputs, instance))?.row.change.is_some();
            }
            if changes { Vec::new() } else { vec![Event::Readied { step: group.id(), consent: None }] }
        }
    })
}

fn expand(state: &RunState, group: &Group, step: &Step) -> Result<Vec<Event>, BindError> {
    let Some(each) = &step.for_each else { return Ok(Vec::new()) };
    let outputs = state.outputs();
    let value = each
        .list
        .evaluate(&plan::Names::new(&state.plan, &outputs))
        .map_err(|source| BindError::Argument { argument: "for_each".into(), source })?;
    let values = value.as_list().ok_or_else(|| BindError::NotAList(value.type_name()))?;
    if values.len() > each.at_most as usize {
        return Err(BindError::TooMany { found: values.len(), at_most: each.at_most });
    }
    let mut items: Vec<Item> = Vec::new();
    for value in values {
        // The same item twice is one piece of work; different items of one name are told apart by their place.
        if items.iter().any(|item| item.value == *value) {
            continue;
        }
        let key = match &each.key {
            Some(key) => key.evaluate(&plan::Names::new(&state.plan, &outputs).with_item(Some(value))),
            None => Ok(value.clone()),
        };
        let key = key.map_err(|source| BindError::Argument { argument: "key".into(), source })?.to_string();
        let taken = items.iter().any(|item| item.key == key);
        let key = if taken { format!("{key}#{}", items.len() + 1) } else { key };
        items.push(Item { key, value: value.clone() });
    }
    Ok(vec![Event::Expanded { step: group.id(), items }])
}

fn observed(state: &RunState, step: &InstanceId, seen: &Observation) -> Decision {
    let (Some(group), true) = (state.group_of(step), state.phase == RunPhase::Running) else { return Ok(Vec::new()) };
    let Some(definition) = state.step(group) else { return Ok(Vec::new()) };
    let Some(first) = group.current() else { return Ok(Vec::new()) };
    let seen = match seen {
        Ok(seen) => seen,
        Err((id, why)) => {
            let id = if state.instance(id).is_some_and(|instance| !instance.phase.is_over()) { id } else { &first.id };
            let why = format!("the target could not be observed: {why}");
            return Ok(vec![finished(id, StepEnd::Failed, Some(why), None)]);
        }
    };
    let mut effects = Vec::new();
    let mut read_back = String::new();
    for (id, fields) in seen {
        let bound = match bound(state, id) {
            Ok(bound) => bound,
            Err(why) => return Ok(vec![finished(id, StepEnd::Failed, Some(why), None)]),
        };
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
    Ok(vec![Event::Readied { step: group.id(), consent: Some(consent) }])
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
    if instance.phase != Phase::Ready || state.phase != RunPhase::Running {
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
    let digest = digest(state, id, &bound, fields)?;
    let Some(consented) = asked.effects.iter().find(|effect| effect.step == *id) else {
        return fail("the step is not part of what was consented to".into());
    };
    if consented.digest != digest {
        let before = consented.fields.clone();
        return Ok(vec![Event::Drifted { step: id.clone(), before, now: fields.clone() }]);
    }
    let locks = bound.row.change.as_ref().map(|change| (change.locks)(&bound.call.args)).unwrap_or_default();
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
        locks,
        expected: bound.row.summary.to_owned(),
        before: fields.clone(),
    }))])
}

fn looked(
    state: &RunState,
    id: &InstanceId,
    index: u32,
    verdict: &Verdict,
    outputs: Option<&Value>,
    now: Timestamp,
) -> Vec<Event> {
    let (Some(instance), Some(group)) = (state.instance(id), state.group_of(id)) else { return Vec::new() };
    let Some(step) = state.step(group) else { return Vec::new() };
    // A look says nothing while the effect that it is about is under way.
    let under_way = instance.last().is_some_and(|attempt| attempt.standing != Standing::Succeeded);
    if instance.phase != Phase::Running || under_way {
        return Vec::new();
    }
    let all = checks(step);
    let Some(check) = all.get(index as usize) else { return Vec::new() };
    let news = instance.verdicts.get(&index) != Some(verdict);
    let event = Event::Checked { step: id.clone(), index, verdict: verdict.clone() };
    let mut events = if news { vec![event] } else { Vec::new() };
    if matches!(verdict, Verdict::Pass { .. }) {
        let mut after = instance.clone();
        after.verdicts.insert(index, verdict.clone());
        if after.next_check(all.len()).is_none() {
            let outputs = if instance.outputs.is_some() { None } else { outputs.cloned() };
            events.push(finished(id, StepEnd::Succeeded, None, outputs));
        }
        return events;
    }
    let since = instance.checking_since.unwrap_or(now);
    let over = check.until.is_none_or(|until| now >= since.after(until.timeout));
    if over {
        let word = if matches!(verdict, Verdict::Fail { .. }) { "fails" } else { "cannot be observed" };
        let why = format!("{} {word}: {}", check.call.action, verdict.seen());
        events.push(finished(id, StepEnd::Failed, Some(why), None));
    }
    events
}

fn consent(state: &RunState, id: &InstanceId, digest: Digest, typed: Option<&str>, how: ConsentBy) -> Decision {
    let Some(group) = state.group_of(id) else { return refuse(format!("there is no step `{id}`")) };
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
    Ok(vec![Event::Confirmed { step: group.id(), digest, how }])
}

fn decided(state: &RunState, id: &InstanceId, choice: &str, how: ConsentBy) -> Decision {
    let Some(instance) = state.instance(id) else { return refuse(format!("there is no step `{id}`")) };
    if instance.phase != Phase::Awaiting(Awaiting::Person) {
        return refuse(format!("`{id}` does not wait for a person"));
    }
    let step = state.group_of(id).and_then(|group| state.step(group));
    let event = Event::Decided { step: id.clone(), choice: choice.to_owned(), how };
    match step.map(|step| &step.kind) {
        Some(StepKind::Gate { choices, .. }) => {
            let Some(chosen_one) = choices.iter().find(|known| known.name == choice) else {
                let names: Vec<_> = choices.iter().map(|known| known.name.as_str()).collect();
                return refuse(format!("`{choice}` is not a choice of `{id}`: {}", names.join(", ")));
            };
            let mut events =
                vec![event, finished(id, StepEnd::Succeeded, Some(choice.to_owned()), Some(chosen(choice)))];
            if chosen_one.leads == Leads::End {
                events.push(Event::Aborting { reason: None });
            }
            Ok(events)
        }
        Some(StepKind::Manual { .. }) => Ok(vec![event, finished(id, StepEnd::Succeeded, None, None)]),
        _ => refuse(format!("`{id}` is nothing that a person decides")),
    }
}

fn chosen(choice: &str) -> Value {
    Value::record([("choice", Value::text(choice))])
}

/// Whether something was sent whose answer, whose operation's end, or whose probe's first word is still awaited. For a
/// step that was given up nobody waits.
fn in_flight(state: &RunState) -> bool {
    state.instances().any(|instance| match instance.last().map(|attempt| &attempt.standing) {
        Some(Standing::Open | Standing::Accepted { .. }) => true,
        Some(Standing::InDoubt { probed: None, .. }) => !instance.phase.is_over(),
        _ => false,
    })
}

fn ended(state: &RunState, end: RunEnd) -> Event {
    let standing = if end == RunEnd::Succeeded { Vec::new() } else { state.standing() };
    Event::Finished { end, in_doubt: state.in_doubt(), standing }
}

pub(super) fn finished(id: &InstanceId, end: StepEnd, why: Option<String>, outputs: Option<Value>) -> Event {
    Event::StepFinished { step: id.clone(), end, why, outputs }
}

/// Binds the effect of an instance with what is known now.
pub(super) fn bound(state: &RunState, id: &InstanceId) -> Result<Bound, String> {
    let (Some(instance), Some(group)) = (state.instance(id), state.group_of(id)) else {
        return Err(format!("there is no step `{id}`"));
    };
    let Some(StepKind::Action(spec)) = state.step(group).map(|step| &step.kind) else {
        return Err(format!("`{id}` is not an action"));
    };
    let outputs = state.outputs();
    plan::bind(spec, &state.names(&outputs, instance)).map_err(|why| why.to_string())
}

fn digest(state: &RunState, id: &InstanceId, bound: &Bound, fields: &[Field]) -> Result<Digest, Refusal> {
    let place = StepPlace { log: state.log, run: state.id, step: id, mode: state.plan.mode };
    plan::step_digest(place, bound, fields).map_err(|why| Refusal(format!("the step has no digest: {why}")))
}

pub(super) fn refuse<T>(why: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal(why.into()))
}
