mod effects;
mod steps;

use std::collections::BTreeMap;
use std::sync::Arc;

use thiserror::Error;

use super::graph::Graph;
use super::state::{Attempt, Awaiting, Group, Instance, Phase, RunPhase, RunState, Scope, ScopeKind, Standing, Undo};
use super::{Deviation, DeviationKind, Event, PauseReason, RunEnd};
use crate::base::{AttemptId, InstanceId, LogId, RunId, Timestamp};

/// An event that the state does not allow. It is never ignored: the journal would not mean what it says.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{event} cannot follow: {why}")]
pub struct IllegalEvent {
    /// The event's kind.
    pub event: &'static str,
    /// Why not.
    pub why: String,
}

type Evolved = Result<(), IllegalEvent>;

impl RunState {
    /// Begins a run with its first event.
    ///
    /// # Errors
    /// The event is not `run.planned`.
    pub fn begin(log: LogId, id: RunId, at: Timestamp, event: &Event) -> Result<Self, IllegalEvent> {
        let Event::Planned { plan, digest } = event else {
            return illegal(event, "a run begins with run.planned");
        };
        let graph = Graph::of(&plan.runbook.steps, plan.mode);
        Ok(Self {
            log,
            id,
            root: Scope::new(None, ScopeKind::Run, Arc::new(graph)),
            inner: BTreeMap::new(),
            plan: Arc::new(plan.as_ref().clone()),
            digest: *digest,
            phase: RunPhase::Planned,
            fence: 0,
            version: 1,
            began: at,
            changed: at,
            prepared: None,
            deviations: Vec::new(),
            undo_wanted: false,
            rollback: None,
        })
    }

    /// The state after `event`, which happened at `at` by the estate's clock.
    ///
    /// # Errors
    /// The state does not allow the event; the state is then lost, as it cannot be trusted.
    #[expect(clippy::too_many_lines, reason = "one match tells the life of a run, one arm per event")]
    pub fn evolve(mut self, at: Timestamp, event: &Event) -> Result<Self, IllegalEvent> {
        // After its end a run takes nothing more but word on what it left in doubt.
        let allowed = matches!(event, Event::Taken { .. } | Event::Reconciled { .. } | Event::Declined { .. });
        if self.is_over() && !allowed {
            return illegal(event, "the run has ended");
        }
        let of_steps = event.kind().starts_with("step.") || event.kind().starts_with("effect.");
        if of_steps && self.phase == RunPhase::Planned {
            return illegal(event, "nobody has taken the run");
        }
        match event {
            Event::Planned { .. } => return illegal(event, "the run is planned already"),
            Event::Taken { fence, .. } => {
                if *fence <= self.fence {
                    return illegal(event, "the fence does not rise");
                }
                self.fence = *fence;
                self.doubt_what_is_open(at);
                // A run that was parked is one that is looked at now and then; else nobody has looked meanwhile.
                if !self.is_parked() {
                    self.look_anew(at);
                }
                if self.phase == RunPhase::Planned {
                    self.phase = RunPhase::Running;
                }
            }
            Event::Prepared(preparation) => {
                if !self.is_unprepared() {
                    return illegal(event, "there is no drill that has yet to be prepared");
                }
                self.prepared = Some(preparation.as_ref().clone());
            }
            Event::Paused { why } => match self.phase {
                RunPhase::Running | RunPhase::RollingBack => self.phase = RunPhase::Paused(*why),
                RunPhase::Paused(last) if *why == PauseReason::Asked && last != *why => {
                    self.phase = RunPhase::Paused(*why);
                }
                _ => return illegal(event, "the run is not running"),
            },
            Event::Continued => match self.phase {
                RunPhase::Paused(_) => {
                    if self.is_parked() {
                        self.look_again();
                    } else {
                        self.look_anew(at);
                    }
                    self.phase = if self.rollback.is_some() { RunPhase::RollingBack } else { RunPhase::Running };
                }
                _ => return illegal(event, "the run is not paused"),
            },
            Event::Aborting { undo, .. } => {
                self.undo_wanted = *undo;
                self.rollback = None;
                self.phase = RunPhase::Aborting;
            }
            Event::RollingBack { steps } => {
                if !matches!(self.phase, RunPhase::Aborting | RunPhase::RollingBack) {
                    return illegal(event, "the run is not being aborted");
                }
                self.rollback = Some(steps.clone());
                self.phase = RunPhase::RollingBack;
            }
            Event::Finished { end, .. } => {
                let is_its_end = match end {
                    RunEnd::Succeeded | RunEnd::SucceededWithDeviations => self.phase == RunPhase::Running,
                    RunEnd::Aborted => self.phase == RunPhase::Aborting,
                    RunEnd::RolledBack | RunEnd::Failed => self.phase == RunPhase::RollingBack,
                };
                if !is_its_end || self.instances().any(Instance::in_flight) {
                    return illegal(event, "the run cannot end so as it stands");
                }
                for instance in self.instances_mut() {
                    if instance.undo == Undo::Underway {
                        instance.undo = Undo::Partly;
                    }
                    if !instance.phase.is_over() && !instance.is_doubted() {
                        instance.enter(Phase::Cancelled, at);
                    }
                }
                self.phase = RunPhase::Ended(*end);
            }
            Event::Adhoc(_) => self.deviate(DeviationKind::Adhoc, None),
            Event::Declined { .. } => {}
            Event::Expanded { step, items } => {
                let group = self.group_mut(event, step)?;
                if group.expanded || group.has_begun() {
                    return illegal(event, "the step is expanded already, or has ended");
                }
                group.expand(items);
            }
            Event::Entered { step, inputs } => self.nest(event, at, step, inputs)?,
            Event::Readied { step, consent } => self.ready(event, at, step, consent.as_ref())?,
            Event::Confirmed { step, digest, .. } => {
                let group = self.group_mut(event, step)?;
                if group.asked.as_ref().is_none_or(|asked| asked.digest != *digest) || group.confirmed.is_some() {
                    return illegal(event, "the digest is not the one that was asked for");
                }
                group.confirmed = Some(*digest);
                group.drifted = None;
                let asked = |one: &&mut Instance| one.phase == Phase::Awaiting(Awaiting::Confirmation);
                group.instances.iter_mut().filter(asked).for_each(|instance| instance.enter(Phase::Ready, at));
            }
            Event::Drifted { step, before, now } => {
                let is_ready = self.instance_mut(event, step)?.phase == Phase::Ready;
                let group = self.group_mut(event, step)?;
                if group.confirmed.is_none() || !is_ready {
                    return illegal(event, "there is no consent that could be void");
                }
                group.drifted = Some((before.clone(), now.clone()));
                group.void_consent(at);
            }
            Event::Waiting { step, until } => {
                let instance = self.instance_mut(event, step)?;
                if instance.phase != Phase::Pending {
                    return illegal(event, format!("`{step}` has begun already"));
                }
                instance.started.get_or_insert(at);
                instance.enter(Phase::Awaiting(Awaiting::Time(*until)), at);
            }
            Event::BackingOff { step, until, .. } => self.back_off(event, at, step, *until)?,
            Event::Due { step } => self.due(event, at, step)?,
            Event::Overdue { step } => {
                let instance = self.instance_mut(event, step)?;
                if instance.overdue || !instance.phase.may_be_overdue() {
                    return illegal(event, format!("`{step}` cannot take too long as it stands"));
                }
                instance.overdue = true;
            }
            Event::Skipped { step, .. } => self.skip(event, at, step)?,
            Event::Overridden { step, outputs, .. } => self.override_step(event, at, step, outputs.as_ref())?,
            Event::Undoing { step, doubted } => self.begin_undo(event, at, step, *doubted)?,
            Event::Undone { step, partly } => self.undone(event, step, *partly)?,
            Event::Checked { step, index, verdict } => {
                let instance = self.instance_mut(event, step)?;
                if instance.phase != Phase::Running || instance.in_flight() {
                    return illegal(event, format!("`{step}` is not to be checked as it stands"));
                }
                instance.verdicts.insert(*index, verdict.clone());
            }
            Event::Decided { step, .. } => {
                let instance = self.instance_mut(event, step)?;
                if instance.phase != Phase::Awaiting(Awaiting::Person) {
                    return illegal(event, "the step does not wait for a person");
                }
                instance.started.get_or_insert(at);
                instance.enter(Phase::Running, at);
            }
            Event::Retried { step } => self.retry(event, at, step)?,
            Event::StepFinished { step, end, why, outputs } => {
                self.finish(event, at, (step, *end))?;
                let instance = self.any_mut(event, step)?;
                instance.why.clone_from(why);
                if outputs.is_some() {
                    instance.outputs.clone_from(outputs);
                }
            }
            Event::Intent(intent) => self.intend(event, at, intent)?,
            Event::Accepted { step, attempt, handle } => {
                let open = self.attempt_mut(event, step, *attempt)?;
                if open.standing != Standing::Open {
                    return illegal(event, "the attempt is not open");
                }
                open.standing = Standing::Accepted { handle: handle.clone(), status: None, unreachable_since: None };
            }
            Event::Progressed { step, attempt, status, unreachable } => {
                match &mut self.attempt_mut(event, step, *attempt)?.standing {
                    Standing::Accepted { status: last, unreachable_since, .. } => {
                        *last = Some(status.clone());
                        *unreachable_since = unreachable.then(|| unreachable_since.unwrap_or(at));
                    }
                    _ => return illegal(event, "no operation was accepted"),
                }
            }
            Event::Succeeded { step, attempt, outputs } => self.happened(event, at, (step, *attempt), outputs)?,
            Event::Failed { step, attempt, failure } => self.failed(event, at, (step, *attempt), failure)?,
            Event::InDoubt { step, attempt, why, said_yes } => {
                let known = self.attempt_mut(event, step, *attempt)?;
                if !matches!(known.standing, Standing::Open | Standing::Accepted { .. }) {
                    return illegal(event, "the attempt is not in flight");
                }
                known.standing = Standing::InDoubt { since: at, why: why.clone(), said_yes: *said_yes, probed: None };
                self.instance_mut(event, step)?.enter(Phase::InDoubt, at);
            }
            Event::Reconciled { step, attempt, by, verdict, open, .. } => {
                self.reconcile(event, at, (step, *attempt), *by, verdict, *open)?;
            }
        }
        self.version += 1;
        self.changed = self.changed.max(at);
        Ok(self)
    }

    fn deviate(&mut self, kind: DeviationKind, step: Option<&InstanceId>) {
        self.deviations.push(Deviation { kind, step: step.cloned() });
    }

    fn group_mut(&mut self, event: &Event, id: &InstanceId) -> Result<&mut Group, IllegalEvent> {
        let found = self.scope_mut(id.scope().as_ref()).and_then(|scope| scope.group_mut(&id.step()));
        found.ok_or_else(|| IllegalEvent { event: event.kind(), why: format!("there is no step `{id}`") })
    }

    /// An instance, whatever has become of it.
    fn any_mut(&mut self, event: &Event, id: &InstanceId) -> Result<&mut Instance, IllegalEvent> {
        let group = self.group_mut(event, id)?;
        let found = group.instances.iter_mut().find(|instance| instance.id == *id);
        found.ok_or_else(|| IllegalEvent { event: event.kind(), why: format!("there is no step `{id}`") })
    }

    /// An instance that has not ended, or whose effect is in doubt.
    fn instance_mut(&mut self, event: &Event, id: &InstanceId) -> Result<&mut Instance, IllegalEvent> {
        let instance = self.any_mut(event, id)?;
        if instance.phase.is_over() && !instance.is_doubted() {
            return illegal(event, format!("`{id}` is over"));
        }
        Ok(instance)
    }

    /// An instance that has not ended well.
    fn open_mut(&mut self, event: &Event, id: &InstanceId) -> Result<&mut Instance, IllegalEvent> {
        let instance = self.any_mut(event, id)?;
        if instance.phase.is_over() && instance.phase != Phase::Failed {
            return illegal(event, format!("`{id}` is over"));
        }
        Ok(instance)
    }

    fn attempt_mut(&mut self, event: &Event, step: &InstanceId, id: AttemptId) -> Result<&mut Attempt, IllegalEvent> {
        let instance = self.instance_mut(event, step)?;
        let found = instance.attempts.last_mut().filter(|attempt| attempt.intent.attempt == id);
        found.ok_or_else(|| IllegalEvent { event: event.kind(), why: format!("{id} is not the last attempt") })
    }
}

impl Instance {
    fn end(&mut self, phase: Phase, at: Timestamp) {
        self.enter(phase, at);
        self.started.get_or_insert(at);
        self.ended = Some(at);
    }

    /// Lets the probe speak again.
    fn forget_probe(&mut self) {
        if let Some(Attempt { standing: Standing::InDoubt { probed, .. }, .. }) = self.attempts.last_mut() {
            *probed = None;
        }
    }
}

fn illegal<T>(event: &Event, why: impl Into<String>) -> Result<T, IllegalEvent> {
    Err(IllegalEvent { event: event.kind(), why: why.into() })
}
