use std::sync::Arc;

use thiserror::Error;

use super::state::{Attempt, Awaiting, Group, Instance, Phase, RunPhase, RunState, Standing};
use super::{Event, Intent, ReconciledBy, StepEnd};
use crate::base::{AttemptId, InstanceId, LogId, RunId, Timestamp};
use crate::effect::ProbeVerdict;
use crate::runbook::StepKind;

/// An event that the state does not allow. It is never ignored: the journal would not mean what it says.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{event} cannot follow: {why}")]
pub struct IllegalEvent {
    /// The event's kind.
    pub event: &'static str,
    /// Why not.
    pub why: String,
}

impl RunState {
    /// Begins a run with its first event.
    ///
    /// # Errors
    /// The event is not `run.planned`.
    pub fn begin(log: LogId, id: RunId, at: Timestamp, event: &Event) -> Result<Self, IllegalEvent> {
        let Event::Planned { plan, digest } = event else {
            return illegal(event, "a run begins with run.planned");
        };
        Ok(Self {
            log,
            id,
            groups: plan.runbook.steps.iter().map(Group::new).collect(),
            plan: Arc::new(plan.as_ref().clone()),
            digest: *digest,
            phase: RunPhase::Planned,
            fence: 0,
            version: 1,
            began: at,
            changed: at,
        })
    }

    /// The state after `event`, which happened at `at` by the estate's clock.
    ///
    /// # Errors
    /// The state does not allow the event; the state is then lost, as it cannot be trusted.
    #[expect(clippy::too_many_lines, reason = "one match tells the life of a run, one arm per event")]
    pub fn evolve(mut self, at: Timestamp, event: &Event) -> Result<Self, IllegalEvent> {
        // After its end a run takes nothing more but word on what it left in doubt.
        if self.is_over() && !matches!(event, Event::Taken { .. } | Event::Reconciled { .. }) {
            return illegal(event, "the run has ended");
        }
        match event {
            Event::Planned { .. } => return illegal(event, "the run is planned already"),
            Event::Taken { fence, .. } => {
                if *fence <= self.fence {
                    return illegal(event, "the fence does not rise");
                }
                self.fence = *fence;
                self.doubt_what_is_open(at);
                self.look_anew(at);
                if self.phase == RunPhase::Planned {
                    self.phase = RunPhase::Running;
                }
            }
            Event::Paused { why } => match self.phase {
                RunPhase::Running => self.phase = RunPhase::Paused(*why),
                _ => return illegal(event, "the run is not running"),
            },
            Event::Continued => match self.phase {
                RunPhase::Paused(_) => {
                    self.phase = RunPhase::Running;
                    self.look_anew(at);
                }
                _ => return illegal(event, "the run is not paused"),
            },
            Event::Aborting { .. } => self.phase = RunPhase::Aborting,
            Event::Finished { end, .. } => {
                for instance in self.groups.iter_mut().flat_map(|group| &mut group.instances) {
                    if !instance.phase.is_over() && !instance.is_doubted() {
                        instance.phase = Phase::Cancelled;
                    }
                }
                self.phase = RunPhase::Ended(*end);
            }
            Event::Expanded { step, items } => {
                let group = self.group_mut(event, step)?;
                if group.expanded {
                    return illegal(event, "the step is expanded already");
                }
                group.expand(items);
            }
            Event::Readied { step, consent } => self.ready(event, at, step, consent.as_ref())?,
            Event::Confirmed { step, digest, .. } => {
                let group = self.group_mut(event, step)?;
                if group.asked.as_ref().is_none_or(|asked| asked.digest != *digest) {
                    return illegal(event, "the digest is not the one that was asked for");
                }
                group.confirmed = Some(*digest);
                group.drifted = None;
                for instance in group.instances.iter_mut().filter(|instance| !instance.phase.is_over()) {
                    instance.phase = Phase::Ready;
                }
            }
            Event::Drifted { step, before, now } => {
                let group = self.group_mut(event, step)?;
                group.drifted = Some((before.clone(), now.clone()));
                group.void_consent();
            }
            Event::Waiting { step, until } => {
                let instance = self.instance_mut(event, step)?;
                instance.started.get_or_insert(at);
                instance.phase = Phase::Awaiting(Awaiting::Time(*until));
            }
            Event::Checked { step, index, verdict } => {
                self.instance_mut(event, step)?.verdicts.insert(*index, verdict.clone());
            }
            Event::Decided { step, .. } => {
                let instance = self.instance_mut(event, step)?;
                if instance.phase != Phase::Awaiting(Awaiting::Person) {
                    return illegal(event, "the step does not wait for a person");
                }
                instance.started.get_or_insert(at);
                instance.phase = Phase::Running;
            }
            Event::Retried { step } => {
                let group = self.group_mut(event, step)?;
                group.retry(event, at, step)?;
            }
            Event::StepFinished { step, end, why, outputs } => {
                let instance = self.instance_mut(event, step)?;
                instance.phase = match end {
                    StepEnd::Succeeded => Phase::Succeeded,
                    StepEnd::Failed => Phase::Failed,
                    StepEnd::Skipped => Phase::Skipped,
                    StepEnd::Cancelled => Phase::Cancelled,
                };
                instance.started.get_or_insert(at);
                instance.ended = Some(at);
                instance.why.clone_from(why);
                if outputs.is_some() {
                    instance.outputs.clone_from(outputs);
                }
                self.group_mut(event, step)?.begin_next(at);
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
            Event::Succeeded { step, attempt, outputs } => {
                let known = self.attempt_mut(event, step, *attempt)?;
                if !matches!(known.standing, Standing::Open | Standing::Accepted { .. }) {
                    return illegal(event, "the attempt has its outcome already");
                }
                known.standing = Standing::Succeeded;
                let instance = self.instance_mut(event, step)?;
                instance.outputs = Some(outputs.clone());
                instance.checking_since = Some(at);
            }
            Event::Failed { step, attempt, failure } => {
                let known = self.attempt_mut(event, step, *attempt)?;
                known.standing = match known.standing {
                    Standing::Open => Standing::Failed(failure.clone()),
                    Standing::Accepted { .. } => Standing::Broken(failure.clone()),
                    _ => return illegal(event, "the attempt has its outcome already, or is in doubt"),
                };
                let instance = self.instance_mut(event, step)?;
                instance.phase = Phase::Failed;
                instance.ended = Some(at);
                instance.why = Some(format!("{}: {}", failure.code, failure.message));
            }
            Event::InDoubt { step, attempt, why, said_yes } => {
                let known = self.attempt_mut(event, step, *attempt)?;
                if !matches!(known.standing, Standing::Open | Standing::Accepted { .. }) {
                    return illegal(event, "the attempt is not in flight");
                }
                known.standing = Standing::InDoubt { since: at, why: why.clone(), said_yes: *said_yes, probed: None };
                self.instance_mut(event, step)?.phase = Phase::InDoubt;
            }
            Event::Reconciled { step, attempt, by, verdict, open } => {
                self.reconcile(event, at, (step, *attempt), *by, verdict, *open)?;
            }
        }
        self.version += 1;
        self.changed = self.changed.max(at);
        Ok(self)
    }

    /// What was sent under an older fence and has neither an outcome nor an address to ask at is in doubt.
    fn doubt_what_is_open(&mut self, at: Timestamp) {
        for instance in self.groups.iter_mut().flat_map(|group| &mut group.instances) {
            if let Some(attempt) = instance.attempts.last_mut()
                && attempt.standing == Standing::Open
            {
                let why = "the program stopped after this was written down and before an answer was".to_owned();
                attempt.standing = Standing::InDoubt { since: at, why, said_yes: false, probed: None };
                instance.phase = Phase::InDoubt;
            }
        }
    }

    fn ready(
        &mut self,
        event: &Event,
        at: Timestamp,
        step: &InstanceId,
        consent: Option<&super::Consent>,
    ) -> Result<(), IllegalEvent> {
        let waits_for_person = self
            .group_of(step)
            .and_then(|group| self.step(group))
            .is_some_and(|step| matches!(step.kind, StepKind::Manual { .. } | StepKind::Gate { .. }));
        let group = self.group_mut(event, step)?;
        group.asked = consent.cloned();
        group.confirmed = None;
        let phase = match consent {
            Some(_) => Phase::Awaiting(Awaiting::Confirmation),
            None if waits_for_person => Phase::Awaiting(Awaiting::Person),
            None => Phase::Running,
        };
        for instance in group.instances.iter_mut().filter(|instance| !instance.phase.is_over()) {
            instance.phase = phase;
        }
        group.begin_next(at);
        Ok(())
    }

    fn intend(&mut self, event: &Event, at: Timestamp, intent: &Intent) -> Result<(), IllegalEvent> {
        let fence = self.fence;
        let group = self.group_mut(event, &intent.step)?;
        let consented = group.confirmed.is_some()
            && group.asked.as_ref().is_some_and(|asked| {
                asked.effects.iter().any(|effect| effect.step == intent.step && effect.digest == intent.digest)
            });
        if !consented {
            return illegal(event, "the step digest was not consented to");
        }
        let instance = self.instance_mut(event, &intent.step)?;
        if instance.phase != Phase::Ready {
            return illegal(event, "the step is not ready");
        }
        instance.phase = Phase::Running;
        instance.started.get_or_insert(at);
        instance.attempts.push(Attempt { intent: intent.clone(), fence, sent_at: at, standing: Standing::Open });
        Ok(())
    }

    fn reconcile(
        &mut self,
        event: &Event,
        at: Timestamp,
        (step, attempt): (&InstanceId, AttemptId),
        by: ReconciledBy,
        verdict: &ProbeVerdict,
        open: bool,
    ) -> Result<(), IllegalEvent> {
        let over = self.is_over();
        let instance = self.instance_mut(event, step)?;
        let last = instance.attempts.last_mut().filter(|last| last.intent.attempt == attempt);
        let Some(Attempt { standing, .. }) = last else { return illegal(event, "it is not the last attempt") };
        let Standing::InDoubt { probed, .. } = standing else {
            return illegal(event, "the attempt is not in doubt");
        };
        if open {
            *probed = Some(verdict.clone());
            return Ok(());
        }
        *standing = match verdict {
            ProbeVerdict::Happened { .. } => Standing::Succeeded,
            ProbeVerdict::DidNot { .. } => Standing::DidNot,
            ProbeVerdict::Unknown { .. } => return illegal(event, "what is not known ends no doubt"),
        };
        if let ProbeVerdict::Happened { outputs, .. } = verdict {
            instance.outputs = Some(outputs.clone());
            instance.checking_since = Some(at);
        }
        instance.phase = match verdict {
            _ if over && instance.phase.is_over() => instance.phase,
            _ if over => Phase::Cancelled,
            ProbeVerdict::Happened { .. } => Phase::Running,
            // A probe's word leaves the consent as it is; a person's asks for a new one.
            _ if by == ReconciledBy::Probe => Phase::Ready,
            _ => Phase::Pending,
        };
        if !over && by == ReconciledBy::Person && matches!(verdict, ProbeVerdict::DidNot { .. }) {
            self.group_mut(event, step)?.void_consent();
        }
        Ok(())
    }

    /// Time in which nobody looked does not count against a check: it begins anew.
    fn look_anew(&mut self, at: Timestamp) {
        for instance in self.groups.iter_mut().flat_map(|group| &mut group.instances) {
            if instance.phase == Phase::Running && instance.checking_since.is_some() {
                instance.checking_since = Some(at);
                instance.verdicts.clear();
            }
        }
    }

    fn group_mut(&mut self, event: &Event, id: &InstanceId) -> Result<&mut Group, IllegalEvent> {
        let step = id.step();
        let found = self.groups.iter_mut().find(|group| group.step == step);
        found.ok_or_else(|| IllegalEvent { event: event.kind(), why: format!("there is no step `{id}`") })
    }

    fn instance_mut(&mut self, event: &Event, id: &InstanceId) -> Result<&mut Instance, IllegalEvent> {
        let group = self.group_mut(event, id)?;
        let found = group.instances.iter_mut().find(|instance| instance.id == *id);
        let instance =
            found.ok_or_else(|| IllegalEvent { event: event.kind(), why: format!("there is no step `{id}`") })?;
        if instance.phase.is_over() && !instance.is_doubted() {
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

impl Group {
    fn void_consent(&mut self) {
        self.asked = None;
        self.confirmed = None;
        for instance in self.instances.iter_mut().filter(|instance| !instance.phase.is_over()) {
            if !instance.is_doubted() && !instance.happened() {
                instance.phase = Phase::Pending;
            }
        }
    }

    /// Begins the instance whose turn it is, if it needs nobody: items are worked on one after the other, and the time of
    /// each is its own. A step that waits for a person has not begun: the person's time is not the machine's.
    fn begin_next(&mut self, at: Timestamp) {
        let next = self.instances.iter_mut().find(|instance| !instance.phase.is_over());
        if let Some(instance) = next.filter(|instance| instance.phase == Phase::Running) {
            instance.started.get_or_insert(at);
            instance.checking_since.get_or_insert(at);
        }
    }

    fn retry(&mut self, event: &Event, at: Timestamp, id: &InstanceId) -> Result<(), IllegalEvent> {
        let found = self.instances.iter_mut().find(|instance| instance.id == *id);
        let Some(instance) = found.filter(|instance| instance.phase == Phase::Failed) else {
            return illegal(event, format!("`{id}` has not failed"));
        };
        instance.ended = None;
        instance.why = None;
        // What passed before may not hold any more.
        instance.verdicts.clear();
        if instance.is_doubted() {
            instance.phase = Phase::InDoubt;
            instance.forget_probe();
        } else if instance.happened() {
            instance.checking_since = Some(at);
            instance.phase = Phase::Running;
        } else {
            instance.checking_since = None;
            instance.phase = Phase::Pending;
            self.void_consent();
        }
        Ok(())
    }
}

impl Instance {
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
