use super::decide::{ended, finished, holder};
use super::proceed::{go_on, in_flight};
use super::state::{Instance, Phase, RunState, Scope, ScopeKind, Standing, Undo};
use super::{Event, ReconciledBy, RunEnd};
use crate::base::{InstanceId, Timestamp};
use crate::effect::{self, Class, ProbeVerdict};
use crate::runbook::{Step, StepKind, UndoUntil};

/// What an abort with undo would do as the run stands: shown before it is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WayBack {
    /// What is undone, in this order: the last effect first.
    pub undone: Vec<Undoable>,
    /// What stands and cannot be undone, with why not.
    pub left: Vec<(InstanceId, String)>,
    /// What is in doubt: it is told apart before anything is undone, or it stays in doubt.
    pub in_doubt: Vec<InstanceId>,
    /// What people have done by hand, which they alone can take back.
    pub by_hand: Vec<InstanceId>,
}

/// An instance whose effect stands and can be undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undoable {
    /// The instance.
    pub step: InstanceId,
    /// What is done for that, in order: the operations' names.
    pub entries: Vec<String>,
}

/// What could be undone at `now`, in which order, and what could not and why.
///
/// It tells what the runbook says; whether an entry can be done shows when its turn comes, and each that changes anything is
/// confirmed then.
pub fn way_back(state: &RunState, now: Timestamp) -> WayBack {
    let mut way = WayBack { in_doubt: state.in_doubt(), by_hand: by_hand(state), ..WayBack::default() };
    // What is being undone already goes on.
    let is_due = |one: &&Instance| !one.id.is_undo() && (one.stands() || one.undo == Undo::Underway);
    let mut standing: Vec<&Instance> = state.instances().filter(is_due).collect();
    // Of those that were sent at the same moment, the later one in the graph goes first.
    standing.reverse();
    standing.sort_by_key(|instance| std::cmp::Reverse(instance.last().map(|attempt| attempt.sent_at)));
    for instance in standing {
        match undoable(state, instance, now) {
            Ok(undoable) => way.undone.push(undoable),
            Err(why) => way.left.push((instance.id.clone(), why)),
        }
    }
    way
}

/// The manual steps that somebody has done.
fn by_hand(state: &RunState) -> Vec<InstanceId> {
    let is_manual =
        |one: &&Instance| state.step_of(&one.id).is_some_and(|step| matches!(step.kind, StepKind::Manual { .. }));
    let done = state.instances().filter(|one| one.phase == Phase::Succeeded).filter(is_manual);
    done.map(|one| one.id.clone()).collect()
}

/// Whether an instance's effect can be undone at `now`.
///
/// # Errors
/// Why not, as a sentence.
pub fn undoable(state: &RunState, instance: &Instance, now: Timestamp) -> Result<Undoable, String> {
    let step = state.step_of(&instance.id).ok_or("the plan does not hold the step")?;
    match instance.undo {
        Undo::Underway => return Ok(Undoable { step: instance.id.clone(), entries: entries(step) }),
        // From its beginning it would be done twice.
        Undo::Partly => return Err("it has been undone in part: a person has to see what is left of it".to_owned()),
        Undo::None | Undo::Done => {}
    }
    // An operation that came to a bad end has done all, a part or nothing. What leads to one state takes back either.
    let has = |wanted: fn(&Standing) -> bool| instance.attempts.iter().any(|attempt| wanted(&attempt.standing));
    if has(|standing| matches!(standing, Standing::Broken(_)))
        && !has(|standing| *standing == Standing::Succeeded)
        && let Some(action) = done_anew(step)
    {
        return Err(format!(
            "its operation failed, and `{action}` may be done to what never happened: look at it first"
        ));
    }
    if let Some(why) = &step.point_of_no_return {
        return Err(format!("a point of no return: {why}"));
    }
    if step.undo.is_empty() {
        return Err("the runbook says no undo for it".to_owned());
    }
    if let Some(why) = over(step, instance, now) {
        return Err(why);
    }
    if let Some(UndoUntil::Step(later)) = &step.undo_until {
        let scope = state.scope(instance.id.scope().as_ref());
        let begun = scope.and_then(|scope| Some((scope, scope.graph().position(later)?))).is_some_and(|(scope, at)| {
            let is_action = matches!(scope.step(at).kind, StepKind::Action(_));
            scope.groups[at].instances.iter().any(|one| {
                let worked = one.started.is_some() && !one.passed_by && one.phase.has_worked();
                // An action that was refused, or never sent, has changed nothing that an undo would have to fear.
                worked && !(is_action && one.phase == Phase::Failed && !took_hold(one))
            })
        });
        if begun {
            return Err(format!("it could be undone until `{later}` began"));
        }
    }
    if let Some(why) = past_return(state, &instance.id) {
        return Err(why);
    }
    Ok(Undoable { step: instance.id.clone(), entries: entries(step) })
}

/// Whether an effect of an instance stands, or may stand.
fn took_hold(instance: &Instance) -> bool {
    instance.stands() || instance.happened() || instance.is_doubted() || instance.in_flight()
}

/// Why an instance, or what it is nested in, is past a point of no return: a later step that needs it has such an effect.
fn past_return(state: &RunState, id: &InstanceId) -> Option<String> {
    let mut at = Some(id.clone());
    while let Some(id) = at {
        let path = id.scope();
        let scope = state.scope(path.as_ref())?;
        let own = scope.graph().position(&id.step())?;
        for (later, (group, step)) in scope.each().enumerate() {
            let Some(why) = &step.point_of_no_return else { continue };
            if group.instances.iter().any(took_hold) && scope.graph().precedes(own, later) {
                return Some(format!("`{}` is a point of no return, and came after it: {why}", step.id));
            }
        }
        at = path;
    }
    None
}

/// Whether an effect in doubt can be undone at `now`, whatever became of it.
///
/// # Errors
/// Why not, as a sentence: beside the reasons of [`undoable`], the probe has not spoken yet, so that what was sent could still
/// arrive after its undo; or an entry does something anew each time, and would do it to what never happened.
pub fn undoable_in_doubt(state: &RunState, instance: &Instance, now: Timestamp) -> Result<Undoable, String> {
    let way = undoable(state, instance, now)?;
    if !instance.was_probed() {
        return Err("the probe has not spoken yet, and what was sent may still arrive".to_owned());
    }
    if let Some(action) = state.step_of(&instance.id).and_then(done_anew) {
        return Err(format!("`{action}` would be done to what may never have happened: say first whether it did"));
    }
    Ok(way)
}

/// The first entry of an undo that does something anew each time: a swap, a restart.
fn done_anew(step: &Step) -> Option<&str> {
    let actions = step.undo.iter().map(|entry| entry.call.action.as_str());
    actions.into_iter().find(|action| effect::find(action).is_none_or(|row| row.class == Class::D))
}

fn entries(step: &Step) -> Vec<String> {
    step.undo.iter().map(|entry| entry.call.action.clone()).collect()
}

/// What follows an abort when nothing is in flight any more.
pub(super) fn after_abort(state: &RunState, now: Timestamp) -> Event {
    let steps: Vec<_> = if state.undo_wanted {
        way_back(state, now).undone.into_iter().map(|undoable| undoable.step).collect()
    } else {
        Vec::new()
    };
    if steps.is_empty() { ended(state, RunEnd::Aborted) } else { Event::RollingBack { steps } }
}

/// What a rollback does by itself: one instance after the other. Its list is made anew when it turns out that an effect in
/// doubt happened, when a person has a doubt undone, and when the time is over in which something could be undone.
pub(super) fn roll_back(state: &RunState, now: Timestamp) -> Vec<Event> {
    let listed = state.rollback.as_deref().unwrap_or_default();
    let due: Vec<InstanceId> = way_back(state, now).undone.into_iter().map(|undoable| undoable.step).collect();
    let is_past = |id: &&InstanceId| matches!(undo_of(state, id), Some(Undo::Done | Undo::Partly));
    let steps: Vec<InstanceId> = listed.iter().filter(is_past).cloned().chain(due).collect();
    if steps != listed {
        return vec![Event::RollingBack { steps }];
    }
    match next(state) {
        Some((id, Undo::Underway)) => {
            let scope = state.scope(Some(&id.undo()));
            scope.map(|scope| go_on(state, scope, now)).unwrap_or_default()
        }
        Some((id, _)) => vec![Event::Undoing { step: id.clone(), doubted: None }],
        None if in_flight(state) => Vec::new(),
        None => {
            let whole = steps.iter().all(|id| undo_of(state, id).is_none_or(|undo| undo == Undo::Done));
            vec![ended(state, if whole { RunEnd::RolledBack } else { RunEnd::Failed })]
        }
    }
}

fn undo_of(state: &RunState, id: &InstanceId) -> Option<Undo> {
    state.instance(id).map(|instance| instance.undo)
}

/// The instance whose turn it is in a rollback, paused or not.
fn next(state: &RunState) -> Option<(&InstanceId, Undo)> {
    let listed = state.rollback.as_deref().unwrap_or_default().iter();
    let undos = listed.filter_map(|id| undo_of(state, id).map(|undo| (id, undo)));
    undos.into_iter().find(|(_, undo)| matches!(undo, Undo::None | Undo::Underway))
}

/// Whether it is the turn of the undo in which an instance stands: a later effect is undone before an earlier one.
pub(super) fn is_next(state: &RunState, scope: Option<&InstanceId>) -> bool {
    next(state).is_some_and(|(id, _)| scope == Some(&id.undo()))
}

/// Whether an instance that was given up in doubt holds the target of what is to be undone next: then nothing goes on before
/// somebody looks into it.
pub fn bars_the_way_back(state: &RunState, instance: &Instance) -> bool {
    let given_up = instance.phase == Phase::Failed && instance.is_doubted();
    let next = next(state).filter(|_| given_up).and_then(|(id, _)| state.scope(Some(&id.undo())));
    let mut waiting = next.into_iter().flat_map(Scope::instances).filter(|one| one.phase == Phase::Ready);
    waiting.any(|one| holder(state, one).is_some_and(|holder| holder.id == instance.id))
}

/// Why it is too late for an undo of which nothing has been sent yet.
pub(super) fn too_late(state: &RunState, scope: &Scope, now: Timestamp) -> Option<String> {
    let ScopeKind::Undo { of } = &scope.kind else { return None };
    if scope.is_done() || scope.instances().any(|entry| !entry.attempts.is_empty()) {
        return None;
    }
    over(state.step_of(of)?, state.instance(of)?, now)
}

/// Why the time is over in which a step can be undone.
fn over(step: &Step, instance: &Instance, now: Timestamp) -> Option<String> {
    let Some(UndoUntil::For(span)) = &step.undo_until else { return None };
    let is_over = instance.ended.is_some_and(|ended| now > ended.after(*span));
    is_over.then(|| format!("it could be undone for {span} after it had been done, and that is over"))
}

/// What comes of an undo whose entries have all ended. It settles a doubt: whether the effect had happened or not, nothing of
/// it stands any more.
pub(super) fn leave(state: &RunState, kind: &ScopeKind, was_left: bool) -> Vec<Event> {
    let ScopeKind::Undo { of } = kind else { return Vec::new() };
    let mut events = vec![Event::Undone { step: of.clone(), partly: was_left }];
    let doubted = state.instance(of).filter(|instance| instance.is_doubted() && !was_left);
    if let Some(attempt) = doubted.and_then(Instance::last) {
        events.push(Event::Reconciled {
            step: of.clone(),
            attempt: attempt.intent.attempt,
            by: ReconciledBy::Undo,
            verdict: ProbeVerdict::Unknown { seen: "it has been undone, whether it had happened or not".into() },
            open: false,
            reason: None,
        });
    }
    events
}

/// An end of a step of which the run has to say why.
pub(super) fn failed(id: &InstanceId, why: String) -> Event {
    finished(id, super::StepEnd::Failed, Some(why), None)
}
