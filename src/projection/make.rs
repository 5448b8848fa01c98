use super::details::{details, need};
use super::{Board, Header, Mark, StepLine, TimelineLine};
use crate::base::{InstanceId, Span, Timestamp};
use crate::plan::{self, Plan};
use crate::run::{Awaiting, Group, Instance, Phase, RunEnd, RunPhase, RunState};
use crate::runbook::{EstateKind, StepKind};

impl Board {
    /// Makes the board of a run as it stands at `now` by the estate's clock. `operator` says who looks.
    pub fn of(state: &RunState, lines: &[TimelineLine], operator: &str, now: Timestamp) -> Self {
        let waiting = state.current().and_then(Group::current).map(|instance| instance.phase);
        let due = match (state.phase, waiting) {
            (RunPhase::Running | RunPhase::Paused(_), Some(Phase::Awaiting(Awaiting::Time(until)))) => Some(until),
            _ => None,
        };
        let need = need(state, now);
        Self {
            header: header(state, operator, now),
            steps: state.groups.iter().flat_map(|group| step_lines(state, group, now)).collect(),
            held: None,
            headless_choice: headless_choice(state),
            due,
            timeline: lines.to_vec(),

            ended: match state.phase {
                // What a run left in doubt can be told even after its end.
                RunPhase::Ended(end) if need.is_none() => Some(ended(state, end)),
                _ => None,
            },
            need,
        }
    }
}

fn headless_choice(state: &RunState) -> Option<String> {
    match &state.step(state.current()?)?.kind {
        StepKind::Gate { headless, .. } => headless.clone(),
        _ => None,
    }
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
        RunPhase::Ended(RunEnd::Succeeded) => "succeeded",
        RunPhase::Ended(RunEnd::Failed) => "failed",
        RunPhase::Ended(RunEnd::Aborted) => "aborted",
    }
    .to_owned()
}

fn ended(state: &RunState, end: RunEnd) -> String {
    let list = |ids: Vec<InstanceId>| ids.iter().map(InstanceId::as_str).collect::<Vec<_>>().join(", ");
    let mut text = match end {
        RunEnd::Succeeded => "The run succeeded.".to_owned(),
        RunEnd::Failed => "The run failed.".to_owned(),
        RunEnd::Aborted => "The run was aborted.".to_owned(),
    };
    if end != RunEnd::Succeeded && !state.standing().is_empty() {
        text.push_str(&format!(" Not undone: {}.", list(state.standing())));
    }
    if !state.in_doubt().is_empty() {
        text.push_str(&format!(" Still in doubt: {}.", list(state.in_doubt())));
    }
    text
}

/// The time since the run began, less the waits that the runbook asks for: they are not recovery.
fn elapsed(state: &RunState, until: Timestamp) -> Span {
    let mut microseconds = until.since(state.began).microseconds();
    for group in &state.groups {
        let is_wait = state.step(group).is_some_and(|step| step.kind.is_wait());
        for instance in group.instances.iter().filter(|_| is_wait) {
            if let Some(started) = instance.started {
                microseconds -= instance.ended.unwrap_or(until).since(started).microseconds();
            }
        }
    }
    Span::from_microseconds(microseconds)
}

fn step_lines(state: &RunState, group: &Group, now: Timestamp) -> Vec<StepLine> {
    let Some(step) = state.step(group) else { return Vec::new() };
    let operation = step.kind.call().map_or(step.kind.word(), |call| &call.action).to_owned();
    let line = |id: InstanceId, depth: u8, mark: Mark, remark: String, instance: Option<&Instance>| StepLine {
        facts: details(state, step, group, instance, now),
        took: instance.and_then(|instance| took(instance, now)),
        due: instance.and_then(due),
        title: if depth == 0 { step.title.clone() } else { String::new() },
        operation: operation.clone(),
        risk: plan::risk(step),
        id,
        depth,
        mark,
        remark,
    };
    if step.for_each.is_none() {
        return group
            .instances
            .iter()
            .map(|instance| {
                let (mark, remark) = (mark(instance.phase), remark(instance));
                line(instance.id.clone(), 0, mark, remark, Some(instance))
            })
            .collect();
    }
    let count = if group.expanded { format!("{} items", group.instances.len()) } else { "for each".to_owned() };
    let mut lines = vec![line(group.id(), 0, group_mark(group), count, None)];
    if group.expanded {
        let items = group.instances.iter();
        lines.extend(items.map(|instance| {
            let (mark, remark) = (mark(instance.phase), remark(instance));
            line(instance.id.clone(), 1, mark, remark, Some(instance))
        }));
    }
    lines
}

const fn due(instance: &Instance) -> Option<Timestamp> {
    match instance.phase {
        Phase::Awaiting(Awaiting::Time(until)) => Some(until),
        _ => None,
    }
}

fn took(instance: &Instance, now: Timestamp) -> Option<Span> {
    let started = instance.started?;
    Some(instance.ended.unwrap_or(now).since(started))
}

fn remark(instance: &Instance) -> String {
    match instance.phase {
        Phase::Awaiting(Awaiting::Time(until)) => format!("due {}", until.minute()),
        Phase::InDoubt => "IN DOUBT".to_owned(),
        _ => instance.why.clone().unwrap_or_default(),
    }
}

const fn mark(phase: Phase) -> Mark {
    match phase {
        Phase::Pending => Mark::Pending,
        Phase::Awaiting(Awaiting::Confirmation | Awaiting::Person) => Mark::NeedsYou,
        Phase::Awaiting(Awaiting::Time(_)) => Mark::Waiting,
        Phase::Ready | Phase::Running => Mark::Running,
        Phase::InDoubt => Mark::InDoubt,
        Phase::Succeeded => Mark::Succeeded,
        Phase::Failed => Mark::Failed,
        Phase::Skipped => Mark::Skipped,
        Phase::Cancelled => Mark::Cancelled,
    }
}

/// A group is marked as its instance that needs the most attention.
fn group_mark(group: &Group) -> Mark {
    let has = |wanted: Mark| group.instances.iter().any(|instance| mark(instance.phase) == wanted);
    let order =
        [Mark::InDoubt, Mark::Failed, Mark::NeedsYou, Mark::Running, Mark::Waiting, Mark::Cancelled, Mark::Pending];
    if group.expanded && group.instances.is_empty() {
        return Mark::Skipped;
    }
    order.into_iter().find(|wanted| has(*wanted)).unwrap_or(Mark::Succeeded)
}
