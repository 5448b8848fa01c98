use super::details::details;
use super::needs::{is_asked, needs, outputs_form};
use super::{Board, Header, Mark, StepLine, TimelineLine};
use crate::base::{InstanceId, Span, Timestamp};
use crate::plan::{self, Plan};
use crate::run::{self, Awaiting, Command, Group, Instance, Phase, RunEnd, RunPhase, RunState, Scope, Undo, way_back};
use crate::runbook::{EstateKind, Step, StepKind};

impl Board {
    /// Makes the board of a run as it stands at `now` by the estate's clock. `operator` says who looks.
    pub fn of(state: &RunState, lines: &[TimelineLine], operator: &str, now: Timestamp) -> Self {
        let needs = needs(state, now);
        let busy = is_busy(state);
        Self {
            header: header(state, operator, now),
            steps: state.scope(None).map(|scope| scope_lines(state, scope, now)).unwrap_or_default(),
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
        mode: plan.mode,
        run: state.id.short(),
        runbook: format!("{} {}", plan.runbook.id, plan.runbook.version),
        revision: revision(plan),
        incidents: Vec::new(),
        operator: operator.to_owned(),
        state: state_word(state),
        in_doubt: state.in_doubt().len(),
        standing: state.standing().len(),
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

/// The lines of a graph in the order in which a person reads them: what an instance nests, and its undo, stand below it.
fn scope_lines(state: &RunState, scope: &Scope, now: Timestamp) -> Vec<StepLine> {
    let mut lines = Vec::new();
    for (group, step) in scope.each() {
        let place = Place { state, group, step, now };
        if step.for_each.is_some() {
            lines.push(place.group_line());
        }
        for instance in group.instances.iter().filter(|_| group.expanded) {
            lines.push(place.instance_line(instance));
            let inside = [state.scope(Some(&instance.id)), state.scope(Some(&instance.id.undo()))];
            lines.extend(inside.into_iter().flatten().flat_map(|scope| scope_lines(state, scope, now)));
        }
    }
    lines
}

/// A step where it stands in a run.
#[derive(Clone, Copy)]
struct Place<'a> {
    state: &'a RunState,
    group: &'a Group,
    step: &'a Step,
    now: Timestamp,
}

impl Place<'_> {
    /// The line above the items of a `for_each`.
    fn group_line(self) -> StepLine {
        let group = self.group;
        let count = if group.expanded { format!("{} items", group.instances.len()) } else { "for each".to_owned() };
        StepLine { remark: count, ..self.line(group.id.clone(), self.group_mark(), None) }
    }

    fn instance_line(self, instance: &Instance) -> StepLine {
        let line = self.line(instance.id.clone(), self.mark(instance), Some(instance));
        let line = StepLine {
            took: instance.started.map(|started| instance.ended.unwrap_or(self.now).since(started)),
            due: due(instance),
            overdue: instance.overdue && !instance.phase.is_over(),
            remark: remark(instance),
            ..line
        };
        // An item stands below its group, which has the title.
        if instance.id.key().is_some() {
            StepLine { title: String::new(), depth: line.depth + 1, ..line }
        } else {
            line
        }
    }

    /// What a run that is being ended asks no more needs nobody.
    fn mark(self, instance: &Instance) -> Mark {
        match mark(instance) {
            Mark::NeedsYou if !is_asked(self.state, instance) => Mark::Pending,
            mark => mark,
        }
    }

    /// A group is marked as its instance that needs the most attention.
    fn group_mark(self) -> Mark {
        let has = |wanted: &Mark| self.group.instances.iter().any(|instance| self.mark(instance) == *wanted);
        ATTENTION.into_iter().find(has).unwrap_or(Mark::Skipped)
    }

    fn line(self, id: InstanceId, mark: Mark, instance: Option<&Instance>) -> StepLine {
        StepLine {
            depth: depth(&id),
            id,
            mark,
            title: self.step.title.clone(),
            remark: String::new(),
            due: None,
            took: None,
            overdue: false,
            operation: match &self.step.kind {
                StepKind::Runbook(call) => call.runbook.clone(),
                kind => kind.call().map_or(kind.word(), |call| &call.action).to_owned(),
            },
            risk: plan::risk(self.step),
            facts: details(self.state, self.step, self.group, instance, self.now),
            gives: outputs_form(self.step),
        }
    }
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

/// What the mark does not say.
fn remark(instance: &Instance) -> String {
    let late = if instance.overdue && !instance.phase.is_over() { "takes longer than it should" } else { "" };
    match (instance.phase, instance.undo) {
        (Phase::Awaiting(Awaiting::Time(until)), _) => format!("due {}", until.minute()),
        (Phase::Awaiting(Awaiting::Retry(until)), _) => format!("tried again at {}", until.clock_face()),
        (Phase::InDoubt, _) => late.to_owned(),
        (_, Undo::Underway | Undo::Done) => String::new(),
        (_, Undo::Partly) => "not undone whole".to_owned(),
        (_, Undo::None) if !late.is_empty() => late.to_owned(),
        (_, Undo::None) => instance.why.clone().unwrap_or_default(),
    }
}

const fn mark(instance: &Instance) -> Mark {
    match (instance.phase, instance.undo) {
        // A doubt is never hidden.
        (Phase::InDoubt, _) => Mark::InDoubt,
        (_, Undo::Underway) => Mark::Undoing,
        (_, Undo::Done) => Mark::Undone,
        (_, Undo::Partly) => Mark::PartlyUndone,
        (Phase::Pending, Undo::None) => Mark::Pending,
        (Phase::Awaiting(Awaiting::Confirmation | Awaiting::Person), Undo::None) => Mark::NeedsYou,
        (Phase::Awaiting(Awaiting::Time(_)), Undo::None) => Mark::Waiting,
        (Phase::Awaiting(Awaiting::Retry(_)), Undo::None) => Mark::Retrying,
        (Phase::Ready | Phase::Running, Undo::None) => Mark::Running,
        (Phase::Succeeded, Undo::None) if instance.assumed => Mark::Assumed,
        (Phase::Succeeded, Undo::None) => Mark::Succeeded,
        (Phase::Failed, Undo::None) => Mark::Failed,
        (Phase::Skipped, Undo::None) => Mark::Skipped,
        (Phase::Cancelled, Undo::None) => Mark::Cancelled,
    }
}

/// The marks of the items of a group, the one that needs the most attention first.
const ATTENTION: [Mark; 14] = [
    Mark::InDoubt,
    Mark::Failed,
    Mark::NeedsYou,
    Mark::PartlyUndone,
    Mark::Undoing,
    Mark::Running,
    Mark::Retrying,
    Mark::Waiting,
    Mark::Cancelled,
    Mark::Pending,
    Mark::Undone,
    Mark::Assumed,
    Mark::Succeeded,
    Mark::Skipped,
];
