use std::collections::{BTreeMap, BTreeSet};

use super::super::*;
use super::world::World;
use crate::run::nesting::is_active;

/// How many effects may be under way at a time.
const AT_WORK_MAX: usize = 4;

/// What must hold of every event, checked against what was written before it and against the state that it meets.
#[derive(Default)]
pub(super) struct Watch {
    intended: BTreeSet<AttemptId>,
    /// Attempts whose keys are held.
    open: BTreeMap<AttemptId, (InstanceId, Vec<String>)>,
    /// What was asked last of each group, and whether it was consented to.
    asked: BTreeMap<InstanceId, (Consent, bool)>,
    /// How often a person said of a step that it is to be done again.
    words: BTreeMap<InstanceId, usize>,
    /// How often the undo of a step has begun.
    undos: BTreeMap<InstanceId, usize>,
    /// When a service wants a step to be tried again at the earliest.
    patience: BTreeMap<InstanceId, Timestamp>,
}

type Checked = Result<(), String>;

fn must(so: bool, why: impl FnOnce() -> String) -> Checked {
    if so { Ok(()) } else { Err(why()) }
}

impl Watch {
    /// Looks at an event that is about to be written.
    pub(super) fn before(&mut self, state: &RunState, event: &Event, now: Timestamp) -> Checked {
        if let Some(attempt) = event.settled() {
            self.open.remove(&attempt);
        }
        match event {
            Event::Intent(intent) => self.intent(state, intent, now)?,
            Event::Accepted { attempt, .. }
            | Event::Progressed { attempt, .. }
            | Event::Succeeded { attempt, .. }
            | Event::InDoubt { attempt, .. }
            | Event::Reconciled { attempt, .. } => self.has_intent(*attempt)?,
            Event::Failed { attempt, failure, step } => {
                self.has_intent(*attempt)?;
                if let Some(patience) = failure.retry_after {
                    self.patience.insert(step.clone(), now.after(patience));
                }
            }
            Event::Readied { step, consent: Some(consent) } => {
                self.asked.insert(step.clone(), (consent.clone(), false));
            }
            Event::Confirmed { step, digest, .. } => {
                let asked = self.asked.get_mut(step).ok_or("a consent to what nobody asked")?;
                must(asked.0.digest == *digest, || "a consent to another digest".into())?;
                asked.1 = true;
            }
            Event::Drifted { step, .. } => {
                self.asked.remove(&step.group());
            }
            Event::Retried { step } => {
                self.patience.remove(step);
            }
            Event::Undoing { step, .. } => {
                let undone = self.undos.entry(step.clone()).or_default();
                *undone += 1;
                let words = self.words.get(step).copied().unwrap_or_default();
                must(*undone <= 1 + words, || format!("`{step}` is undone a second time, and was not done again"))?;
            }
            Event::Finished { end, in_doubt, .. } => {
                must(*in_doubt == state.in_doubt(), || "the end hides a doubt".into())?;
                must(!end.is_success() || in_doubt.is_empty(), || "a success in doubt".into())?;
                must(!state.instances().any(Instance::in_flight), || "an end while something is under way".into())?;
            }
            _ => {}
        }
        self.word(event);
        begun(event).map_or(Ok(()), |id| may_begin(state, id, event))
    }

    fn word(&mut self, event: &Event) {
        let (Event::Retried { step }
        | Event::Reconciled { step, by: ReconciledBy::Person, verdict: ProbeVerdict::DidNot { .. }, .. }) = event
        else {
            return;
        };
        *self.words.entry(step.clone()).or_default() += 1;
    }

    fn has_intent(&self, attempt: AttemptId) -> Checked {
        must(self.intended.contains(&attempt), || format!("{attempt} has an outcome and no intent"))
    }

    fn intent(&mut self, state: &RunState, intent: &Intent, now: Timestamp) -> Checked {
        let step = &intent.step;
        must(state.plan.mode != Mode::Rehearsal, || format!("`{step}` is sent in a rehearsal"))?;
        let forward = state.phase == RunPhase::Running;
        let back = state.phase == RunPhase::RollingBack && is_last_standing(state, step, now);
        must(forward || back, || format!("`{step}` is sent while the run is {:?}", state.phase))?;
        must(self.intended.insert(intent.attempt), || format!("{} is intended twice", intent.attempt))?;
        for (other, locks) in self.open.values() {
            must(other != step, || format!("`{step}` has two open intents"))?;
            if step.scope() == Some(other.undo()) {
                continue;
            }
            must(!locks.iter().any(|lock| intent.locks.contains(lock)), || {
                format!("`{step}` and `{other}` have open intents for one target")
            })?;
        }
        let flying = state.instances().filter(|instance| instance.in_flight()).count();
        must(flying < AT_WORK_MAX, || format!("`{step}` is one too many at work"))?;
        let asked = self.asked.get(&step.group()).filter(|(_, confirmed)| *confirmed);
        let (consent, _) = asked.ok_or_else(|| format!("`{step}` is sent without a consent"))?;
        let same = |effect: &EffectConsent| effect.step == *step && effect.digest == intent.digest;
        must(consent.effects.iter().any(same), || format!("`{step}` is not what was consented to"))?;
        let patience = self.patience.get(step).copied().unwrap_or(now);
        must(now >= patience, || format!("`{step}` is sent before its service wants it"))?;
        self.open.insert(intent.attempt, (step.clone(), intent.locks.clone()));
        Ok(())
    }

    /// Looks at the world and at the run between two inputs. `comes` tells whether anything is still to come back.
    pub(super) fn between(&self, state: &RunState, world: &World, comes: bool) -> Checked {
        for (step, times) in world.done_at_most_once() {
            let words = self.words.get(step).copied().unwrap_or_default();
            // What is done again by a person's word may have to be undone again.
            let undos = self.undos.iter().find(|(undone, _)| step.scope() == Some(undone.undo()));
            let wanted = words + undos.map_or(1, |(_, undos)| *undos);
            must(times <= wanted, || format!("`{step}` took place {times} times, and was wanted {wanted} times"))?;
        }
        let stands_still = matches!(state.phase, RunPhase::Running | RunPhase::RollingBack | RunPhase::Aborting);
        let goes_on = comes || somebody_is_asked(state) || !owed(state).is_empty();
        must(!stands_still || goes_on, || {
            let open = state.instances().filter(|instance| !instance.phase.is_over());
            let open: Vec<_> = open.map(|instance| format!("{} {}", instance.id, instance.phase.word())).collect();
            format!("the run is forgotten: {:?}, open {open:?}", state.phase)
        })
    }
}

/// Whether what is sent is of the undo of the last effect that stands and can be undone.
fn is_last_standing(state: &RunState, entry: &InstanceId, now: Timestamp) -> bool {
    let last = way_back(state, now).undone.into_iter().next();
    last.is_some_and(|last| entry.scope() == Some(last.step.undo()))
}

/// Whether the run waits for a person's word, as a person can see it: in a rollback, of what is undone.
pub(super) fn somebody_is_asked(state: &RunState) -> bool {
    let rolls_back = state.is_rolling_back();
    let mut asked = state.scopes().flat_map(Scope::each).flat_map(|(group, step)| {
        let asks = move |instance: &&Instance| match instance.phase {
            Phase::InDoubt => instance.was_probed(),
            _ if rolls_back && !instance.id.is_undo() => bars_the_way_back(state, instance),
            Phase::Awaiting(Awaiting::Confirmation | Awaiting::Person) => true,
            Phase::Failed => !instance.is_settled(step),
            _ => false,
        };
        group.instances.iter().filter(asks)
    });
    state.phase != RunPhase::Aborting && asked.next().is_some()
}

/// The group that begins by an event.
fn begun(event: &Event) -> Option<&InstanceId> {
    match event {
        Event::Readied { step, .. }
        | Event::Waiting { step, .. }
        | Event::Entered { step, .. }
        | Event::Expanded { step, .. }
        | Event::Undoing { step, .. } => Some(step),
        _ => None,
    }
}

/// What begins stands in a scope that is being done, after all that it needs, and on a way that the run has taken.
fn may_begin(state: &RunState, id: &InstanceId, event: &Event) -> Checked {
    if matches!(event, Event::Undoing { .. }) {
        return Ok(());
    }
    let scope = state.scope(id.scope().as_ref()).ok_or("the scope does not exist")?;
    must(is_active(state, scope), || format!("`{id}` begins in a scope that has ended"))?;
    let at = scope.graph().position(&id.step()).ok_or("the step does not exist")?;
    // What was asked anew because of drift, or is tried again, had begun before.
    let again = scope.groups[at].instances.iter().any(|one| one.started.is_some() || one.since.is_some());
    if again {
        return Ok(());
    }
    for before in (0..scope.groups.len()).filter(|before| scope.graph().precedes(*before, at)) {
        let name = &scope.step(before).id;
        must(scope.is_settled(before), || format!("`{id}` begins before `{name}` has ended"))?;
    }
    must(live(scope, at), || format!("`{id}` begins, and the run has gone another way"))
}

/// Whether a step is done in this run: the words of the checker (`runbook/check/branch.rs`), with what has become of the
/// gates and of what failed.
fn live(scope: &Scope, at: usize) -> bool {
    let graph = scope.graph();
    let has_failed = |at: usize| scope.is_settled(at) && scope.groups[at].failed().is_some();
    let mut lives = if let Some((gate, choices)) = graph.led(at) {
        let outputs = scope.groups[*gate].instances.first().and_then(|gate| gate.outputs.clone());
        let chosen = outputs.and_then(|outputs| outputs.field("choice").and_then(Value::as_text).map(str::to_owned));
        chosen.is_some_and(|chosen| choices.contains(&chosen))
    } else if !graph.answers(at).is_empty() {
        graph.answers(at).iter().any(|failing| has_failed(*failing))
    } else {
        graph.needs(at).is_empty() || graph.needs(at).iter().any(|need| live(scope, *need))
    };
    for failed in (0..scope.groups.len()).filter(|failed| has_failed(*failed)) {
        let Some(answer) = graph.answer_to(failed) else { continue };
        if answer != at && graph.precedes(failed, at) && !graph.precedes(answer, at) {
            lives = false;
        }
    }
    lives
}
