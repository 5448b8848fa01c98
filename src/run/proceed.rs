use super::assumed::{assume, rehearses};
use super::decide::{bound, ended, finished};
use super::state::{Group, Instance, Phase, RunPhase, RunState, Scope, ScopeKind, Undo, checks};
use super::turn::{Turn, at_work, turn};
use super::{Event, RunEnd, StepEnd, nesting, undo};
use crate::base::{InstanceId, Timestamp, Value};
use crate::plan::{self, BindError, Mode};
use crate::runbook::{DrillSubstitute, Expression, OnFailure, Step, StepKind, Template};

/// How many instances may be put to work at a time. What is found to have happened goes on with its checks even if others
/// have taken its place meanwhile.
pub(super) const AT_WORK_MAX: usize = 4;

/// What the run does by itself: at most one step of it, so that each is an event of its own.
pub(super) fn proceed(state: &RunState, now: Timestamp) -> Vec<Event> {
    match state.phase {
        RunPhase::Running | RunPhase::RollingBack => {}
        RunPhase::Aborting if !in_flight(state) => return vec![undo::after_abort(state, now)],
        RunPhase::Planned | RunPhase::Paused(_) | RunPhase::Aborting | RunPhase::Ended(_) => return Vec::new(),
    }
    // What a drill is about must stand before anything is recovered.
    if state.is_unprepared() {
        return Vec::new();
    }
    if let Some(step) = overdue(state, now) {
        return vec![Event::Overdue { step }];
    }
    if state.phase == RunPhase::RollingBack {
        return undo::roll_back(state, now);
    }
    for scope in state.scopes().filter(|scope| nesting::is_active(state, scope)) {
        let events = go_on(state, scope, now);
        if !events.is_empty() {
            return events;
        }
    }
    let undoing = state.scopes().any(|scope| scope.instances().any(|instance| instance.undo == Undo::Underway));
    if state.root.is_done() && !undoing {
        let end = if state.deviations().is_empty() { RunEnd::Succeeded } else { RunEnd::SucceededWithDeviations };
        return vec![ended(state, end)];
    }
    Vec::new()
}

/// What is to be done next in a scope, and when nothing is, what comes of its end.
pub(super) fn go_on(state: &RunState, scope: &Scope, now: Timestamp) -> Vec<Event> {
    if let Some(why) = undo::too_late(state, scope, now) {
        return scope.groups.iter().flat_map(|group| each(group, StepEnd::Skipped, &why)).collect();
    }
    for at in 0..scope.groups.len() {
        let (group, step) = (&scope.groups[at], scope.step(at));
        let events = match turn(scope, at) {
            Turn::Settled | Turn::NotYet => Vec::new(),
            Turn::PassedBy(why) => each(group, StepEnd::PassedBy, &why),
            Turn::Now => start(state, group, step, now).unwrap_or_else(|(id, why)| vec![undo::failed(&id, why)]),
        };
        if !events.is_empty() {
            return events;
        }
    }
    match &scope.kind {
        _ if !scope.is_done() => Vec::new(),
        ScopeKind::Run => Vec::new(),
        ScopeKind::Nested { .. } => nesting::leave(state, scope).into_iter().collect(),
        ScopeKind::Undo { .. } => undo::leave(state, &scope.kind, scope.was_left()),
    }
}

fn each(group: &Group, end: StepEnd, why: &str) -> Vec<Event> {
    let open = group.instances.iter().filter(|instance| !instance.phase.is_over());
    open.map(|instance| finished(&instance.id, end, Some(why.to_owned()), None)).collect()
}

type Started = Result<Vec<Event>, (InstanceId, String)>;

fn start(state: &RunState, group: &Group, step: &Step, now: Timestamp) -> Started {
    let fail = |why: BindError| (group.id.clone(), why.to_string());
    if !group.has_begun() && (step.for_each.is_none() || !group.expanded) {
        if let Some(DrillSubstitute::Skip { why }) = step.drill.as_ref().filter(|_| state.plan.mode == Mode::Drill) {
            return Ok(each(group, StepEnd::Skipped, &format!("not done in a drill: {why}")));
        }
        if let Some(condition) = &step.when
            && !holds(state, group, condition).map_err(fail)?
        {
            return Ok(each(group, StepEnd::Skipped, &format!("`{}` does not hold", condition.source())));
        }
        if !group.expanded {
            return expand(state, group, step).map_err(fail);
        }
    }
    if let Some(failed) =
        group.failed().filter(|one| one.is_settled(step) && matches!(step.on_failure, OnFailure::GoTo(_)))
    {
        let left = group.instances.iter().filter(|one| !one.phase.is_over() && !one.has_begun());
        let why = format!("`{}` has failed", failed.id);
        let events: Vec<_> = left.map(|one| finished(&one.id, StepEnd::Skipped, Some(why.clone()), None)).collect();
        if !events.is_empty() {
            return Ok(events);
        }
    }
    for instance in group.at_work(step) {
        let events = match instance.phase {
            Phase::Pending => begin(state, group, step, instance, now)?,
            Phase::Running if instance.happened() && instance.next_check(checks(step).len()).is_none() => {
                vec![finished(&instance.id, StepEnd::Succeeded, None, None)]
            }
            _ => Vec::new(),
        };
        if !events.is_empty() {
            return Ok(events);
        }
    }
    Ok(Vec::new())
}

/// What begins an instance whose turn has come; none for a change, which is observed first.
fn begin(state: &RunState, group: &Group, step: &Step, instance: &Instance, now: Timestamp) -> Started {
    let fail = |why: BindError| (instance.id.clone(), why.to_string());
    let readied = || vec![Event::Readied { step: group.id.clone(), consent: None }];
    let free = has_room(state, group.at_work(step).count());
    Ok(match &step.kind {
        kind if rehearses(state) && kind.is_wait() => vec![assume(&instance.id, step, now)],
        StepKind::Wait { span } => vec![Event::Waiting { step: instance.id.clone(), until: now.after(*span) }],
        StepKind::WaitUntil { at } => {
            let until = moment(state, instance, at).map_err(fail)?;
            vec![Event::Waiting { step: instance.id.clone(), until }]
        }
        StepKind::Manual { .. } | StepKind::Gate { .. } | StepKind::WaitCheck(_) => readied(),
        StepKind::Check(_) => {
            if free {
                readied()
            } else {
                Vec::new()
            }
        }
        StepKind::Runbook(call) => vec![nesting::enter(state, instance, call).map_err(fail)?],
        StepKind::Action(_) if group.asked.is_some() => Vec::new(),
        StepKind::Action(_) => {
            // Binding every instance now shows a mistake before anything is read or asked.
            let mut changes = false;
            for other in group.instances.iter().filter(|one| one.phase == Phase::Pending) {
                let bound = bound(state, &other.id).map_err(|why| (other.id.clone(), why))?;
                changes |= bound.row.change.is_some();
            }
            match changes {
                true if rehearses(state) => vec![assume(&instance.id, step, now)],
                false if free => readied(),
                _ => Vec::new(),
            }
        }
    })
}

fn holds(state: &RunState, group: &Group, condition: &Expression) -> Result<bool, BindError> {
    let Some(instance) = group.instances.first() else { return Ok(true) };
    let outputs = state.outputs_near(&instance.id);
    let holds = condition
        .evaluate(&state.names(&outputs, instance))
        .map_err(|source| BindError::Argument { argument: "when".into(), source })?;
    Ok(holds == Value::Boolean(true))
}

fn moment(state: &RunState, instance: &Instance, at: &Template) -> Result<Timestamp, BindError> {
    let outputs = state.outputs_near(&instance.id);
    let at = at
        .evaluate(&state.names(&outputs, instance))
        .map_err(|source| BindError::Argument { argument: "until".into(), source })?;
    let until = at.as_text().and_then(|text| text.parse().ok());
    until.ok_or_else(|| BindError::NotAMoment(at.to_string()))
}

fn expand(state: &RunState, group: &Group, step: &Step) -> Result<Vec<Event>, BindError> {
    let (Some(list), Some(instance)) = (&step.for_each, group.instances.first()) else { return Ok(Vec::new()) };
    let outputs = state.outputs_near(&instance.id);
    let names = state.names(&outputs, instance);
    let value =
        list.list.evaluate(&names).map_err(|source| BindError::Argument { argument: "for_each".into(), source })?;
    Ok(vec![Event::Expanded { step: group.id.clone(), items: plan::expand(list, &value, &names)? }])
}

/// Tells whether so many more instances may be put to work.
pub(super) fn has_room(state: &RunState, more: usize) -> bool {
    let working = state.scopes().flat_map(Scope::each).map(|(group, step)| at_work(group, step));
    working.sum::<usize>() + more <= AT_WORK_MAX
}

/// An instance that has been under way, or has waited for a person, for longer than its step's `timeout` says.
fn overdue(state: &RunState, now: Timestamp) -> Option<InstanceId> {
    let rolls_back = state.phase == RunPhase::RollingBack;
    let scopes = state.scopes().filter(|scope| !rolls_back || matches!(scope.kind, ScopeKind::Undo { .. }));
    for (group, step) in scopes.flat_map(Scope::each) {
        let Some(timeout) = step.timeout else { continue };
        let late = |instance: &&Instance| {
            let since = instance.since.filter(|_| !instance.overdue && instance.phase.may_be_overdue());
            since.is_some_and(|since| now >= since.after(timeout))
        };
        if let Some(instance) = group.at_work(step).find(late) {
            return Some(instance.id.clone());
        }
    }
    None
}

/// Whether something was sent whose answer, whose operation's end, or whose probe's first word is still awaited. For a
/// step that was given up nobody waits.
pub(super) fn in_flight(state: &RunState) -> bool {
    state.scopes().flat_map(Scope::instances).any(|instance| {
        instance.in_flight() || (instance.is_doubted() && !instance.phase.is_over() && !instance.was_probed())
    })
}
