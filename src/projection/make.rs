use super::details::details;
use super::needs::needs;
use super::{Board, Header, Mark, StepLine, TimelineLine};
use crate::base::{InstanceId, Span, Timestamp};
use crate::plan::{self, Plan};
use crate::run::{self, Awaiting, Command, Group, Instance, Phase, RunEnd, RunPhase, RunState, Scope, Undo, way_back};
use crate::runbook::{EstateKind, StepKind};

impl Board {
    /// Makes the board of a run as it stands at `now` by the estate's clock. `operator` says who looks.
    pub fn of(state: &RunState, lines: &[TimelineLine], operator: &str, now: Timestamp) -> Self {
        let needs = needs(state, now);
        let busy = is_busy(state);
        Self {
            header: header(state, operator, now),
            steps: state.groups().into_iter().flat_map(|group| step_lines(state, group, now)).collect(),
            held: None,
            due: first_due(state).filter(|_| !busy),
            busy,
            way_back: if state.is_over() { run::WayBack::default() } else { way_back(state, now) },
            timeline: lines.to_vec(),
            ended: match state.phase {
                // What a run left in doubt can be told even after its end.
                RunPhase::Ended(end) if needs.is_empty() => Some(ended(state, end)),
                _ => None,
            },
            needs,
        }
    }
}

/// Whether anything but the passing of time is owed.
fn is_busy(state: &RunState) -> bool {
    run::owed(state).iter().any(|command| !matches!(command, Command::Wait { .. }))
}

/// When the first of the instances is due that wait for a time.
fn first_due(state: &RunState) -> Option<Timestamp> {
    if state.is_over() || matches!(state.phase, RunPhase::Planned | RunPhase::Aborting) {
        return None;
    }
    let until = |instance: &Instance| match instance.phase {
        Phase::Awaiting(Awaiting::Time(until) | Awaiting::Retry(until)) => Some(until),
        _ => None,
    };
    state.scopes().flat_map(Scope::instances).filter_map(until).min()
}

fn header(state: &RunState, operator: &str, now: Timestamp) -> Header {
    let plan = &state.plan;
    let until = if state.is_over() { state.changed } else { now };
    Header {
        environment: plan.place.environment.clone(),
        simulated: plan.place.estate == EstateKind::Simulated,
        run: state.id.short(),
        runbook: format!("{} {}", plan.runbook.id, plan.runbook.version),
        revision: revision(plan),
        operator: operator.to_owned(),
        state: state_word(state),
        in_doubt: state.in_doubt().len(),
        deviations: state.deviations().len(),
        rto: plan.runbook.rto,
        elapsed: elapsed(state, until),
        now,
    }
}

/// The revision for a person.
pub fn revision(plan: &Plan) -> String {
    plan.revision.origin.to_string()
}

/// The run's state in a word or two.
pub fn state_word(state: &RunState) -> String {
    match state.phase {
        RunPhase::Planned => "planned",
        RunPhase::Running => "running",
        RunPhase::Paused(_) => "paused",
        RunPhase::Aborting => "aborting",
        RunPhase::RollingBack => "rolling back",
        RunPhase::Ended(end) => end.word(),
    }
    .to_owned()
}

fn ended(state: &RunState, end: RunEnd) -> String {
    let list = |ids: Vec<InstanceId>| ids.iter().map(InstanceId::as_str).collect::<Vec<_>>().join(", ");
    let mut text = match end {
        RunEnd::Succeeded => "The run succeeded.".to_owned(),
        RunEnd::SucceededWithDeviations => {
            let told = state.deviations().into_iter().map(|one| match &one.step {
                Some(step) => format!("{step} {}", one.kind.word()),
                None => one.kind.word().to_owned(),
            });
            format!("The run succeeded with deviations: {}.", told.collect::<Vec<_>>().join(", "))
        }
        RunEnd::Failed => "The run failed: not all that was to be undone has been.".to_owned(),
        RunEnd::Aborted => "The run was aborted.".to_owned(),
        RunEnd::RolledBack => "The run was rolled back.".to_owned(),
    };
    if !end.is_success() && !state.standing().is_empty() {
        text.push_str(&format!(" Not undone: {}.", list(state.standing())));
    }
    if !state.in_doubt().is_empty() {
        text.push_str(&format!(" Still in doubt: {}.", list(state.in_doubt())));
    }
    text
}

/// The time since the run began, less the waits that the runbook asks for while nothing else is done: they are not
/// recovery.
fn elapsed(state: &RunState, until: Timestamp) -> Span {
    let mut work: Vec<(Timestamp, Timestamp)> = Vec::new();
    let mut waits: Vec<(Timestamp, Timestamp)> = Vec::new();
    for (group, step) in state.scopes().flat_map(Scope::each) {
        let kept = match step.kind {
            StepKind::Runbook(_) => continue,
            _ if step.kind.is_wait() => &mut waits,
            _ => &mut work,
        };
        let spans = group.instances.iter().filter_map(|one| Some((one.started?, one.ended.unwrap_or(until))));
        kept.extend(spans);
    }
    let waited = less(waits, work);
    Span::from_microseconds(until.since(state.began).microseconds() - waited.microseconds())
}

/// How much of the first spans lies in none of the others.
fn less(spans: Vec<(Timestamp, Timestamp)>, others: Vec<(Timestamp, Timestamp)>) -> Span {
    let (spans, others) = (union(spans), union(others));
    let mut sum = 0;
    for (from, to) in &spans {
        let covered = others.iter().map(|(begin, end)| (*end.min(to)).since(*begin.max(from)).microseconds().max(0));
        sum += to.since(*from).microseconds() - covered.sum::<i64>();
    }
    Span::from_microseconds(sum)
}

/// The same time in spans that do not overlap.
fn union(mut spans: Vec<(Timestamp, Timestamp)>) -> Vec<(Timestamp, Timestamp)> {
    spans.sort_unstable();
    let mut whole: Vec<(Timestamp, Timestamp)> = Vec::new();
    for (from, to) in spans {
        match whole.last_mut() {
            Some((_, end)) if from <= *end => *end = to.max(*end),
            _ => whole.push((from, to.max(from))),
        }
    }
    whole
}

fn step_lines(state: &RunState, group: &Group, now: Timestamp) -> Vec<StepLine> {
    let Some(step) = state.step(group) else { return Vec::new() };
    let operation = match &step.kind {
        StepKind::Runbook(call) => call.runbook.clone(),
        kind => kind.call().map_or(kind.word(), |call| &call.action).to_owned(),
    };
    let depth = depth(&group.id);
    let line = |id: InstanceId, deeper: u8, mark: Mark, remark: String, instance: Option<&Instance>| StepLine {
        facts: details(state, step, group, instance, now),
        took: instance.and_then(|instance| took(instance, now)),
        due: instance.and_then(due),
        title: if deeper == 0 { step.title.clone() } else { String::new() },
        operation: operation.clone(),
        risk: plan::risk(step),
        depth: depth + deeper,
        id,
        mark,
        remark,
    };
    if step.for_each.is_none() {
        let lines = group.instances.iter().map(|instance| {
            let (mark, remark) = (mark(instance), remark(instance));
            line(instance.id.clone(), 0, mark, remark, Some(instance))
        });
        return lines.collect();
    }
    let count = if group.expanded { format!("{} items", group.instances.len()) } else { "for each".to_owned() };
    let mut lines = vec![line(group.id.clone(), 0, group_mark(group), count, None)];
    if group.expanded {
        let items = group.instances.iter();
        lines.extend(items.map(|instance| {
            let (mark, remark) = (mark(instance), remark(instance));
            line(instance.id.clone(), 1, mark, remark, Some(instance))
        }));
    }
    lines
}

/// How far a group is indented: by one for each scope that it stands in, and by one more for each of those that is the item
/// of a list.
fn depth(id: &InstanceId) -> u8 {
    let scopes = std::iter::successors(id.scope(), InstanceId::scope);
    let depth: usize = scopes.map(|scope| 1 + usize::from(scope.is_item())).sum();
    u8::try_from(depth).unwrap_or(u8::MAX - 1)
}

const fn due(instance: &Instance) -> Option<Timestamp> {
    match instance.phase {
        Phase::Awaiting(Awaiting::Time(until) | Awaiting::Retry(until)) => Some(until),
        _ => None,
    }
}

fn took(instance: &Instance, now: Timestamp) -> Option<Span> {
    let started = instance.started?;
    Some(instance.ended.unwrap_or(now).since(started))
}

fn remark(instance: &Instance) -> String {
    let late = if instance.overdue { ", longer than it should" } else { "" };
    let why = || instance.why.clone().unwrap_or_default();
    match (instance.phase, instance.undo) {
        (Phase::Awaiting(Awaiting::Time(until)), _) => format!("due {}", until.minute()),
        (Phase::Awaiting(Awaiting::Retry(until)), _) => format!("tried again at {}", until.clock_face()),
        (Phase::InDoubt, _) => format!("IN DOUBT{late}"),
        (_, Undo::Underway) => "being undone".to_owned(),
        (_, Undo::Done) => "undone".to_owned(),
        (_, Undo::Partly) => "not undone whole".to_owned(),
        (phase, Undo::None) if instance.overdue && !phase.is_over() => late.trim_start_matches(", ").to_owned(),
        _ => why(),
    }
}

const fn mark(instance: &Instance) -> Mark {
    match instance.phase {
        Phase::Pending => Mark::Pending,
        Phase::Awaiting(Awaiting::Confirmation | Awaiting::Person) => Mark::NeedsYou,
        Phase::Awaiting(Awaiting::Time(_) | Awaiting::Retry(_)) => Mark::Waiting,
        Phase::Ready | Phase::Running => Mark::Running,
        Phase::InDoubt => Mark::InDoubt,
        Phase::Succeeded if matches!(instance.undo, Undo::Done) => Mark::Undone,
        Phase::Succeeded => Mark::Succeeded,
        Phase::Failed => Mark::Failed,
        Phase::Skipped => Mark::Skipped,
        Phase::Cancelled => Mark::Cancelled,
    }
}

/// A group is marked as its instance that needs the most attention.
fn group_mark(group: &Group) -> Mark {
    let has = |wanted: Mark| group.instances.iter().any(|instance| mark(instance) == wanted);
    let order =
        [Mark::InDoubt, Mark::Failed, Mark::NeedsYou, Mark::Running, Mark::Waiting, Mark::Cancelled, Mark::Pending];
    if group.expanded && group.instances.is_empty() {
        return Mark::Skipped;
    }
    order.into_iter().find(|wanted| has(*wanted)).unwrap_or(Mark::Succeeded)
}
