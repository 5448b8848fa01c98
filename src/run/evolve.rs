use std::collections::BTreeMap;
use std::sync::Arc;

use thiserror::Error;

use super::graph::Graph;
use super::state::{Attempt, Awaiting, Group, Instance, Phase, RunPhase, RunState, Scope, ScopeKind, Standing, Undo};
use super::{Consent, Deviation, DeviationKind, Event, Intent, ReconciledBy, StepEnd};
use crate::base::{AttemptId, InstanceId, LogId, RunId, Timestamp};
use crate::effect::ProbeVerdict;
use crate::plan::Input;
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
                RunPhase::Running | RunPhase::RollingBack => self.phase = RunPhase::Paused(*why),
                _ => return illegal(event, "the run is not running"),
            },
            Event::Continued => match self.phase {
                RunPhase::Paused(_) => {
                    self.phase = if self.rollback.is_some() { RunPhase::RollingBack } else { RunPhase::Running };
                    self.look_anew(at);
                }
                _ => return illegal(event, "the run is not paused"),
            },
            Event::Aborting { undo, .. } => {
                self.undo_wanted = *undo;
                self.rollback = None;
                self.phase = RunPhase::Aborting;
            }
            Event::RollingBack { steps } => {
                if self.phase != RunPhase::Aborting {
                    return illegal(event, "the run is not being aborted");
                }
                self.rollback = Some(steps.clone());
                self.phase = RunPhase::RollingBack;
            }
            Event::Finished { end, .. } => {
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
                if group.expanded {
                    return illegal(event, "the step is expanded already");
                }
                group.expand(items);
            }
            Event::Entered { step, inputs } => self.nest(event, at, step, inputs)?,
            Event::Readied { step, consent } => self.ready(event, at, step, consent.as_ref())?,
            Event::Confirmed { step, digest, .. } => {
                let group = self.group_mut(event, step)?;
                if group.asked.as_ref().is_none_or(|asked| asked.digest != *digest) {
                    return illegal(event, "the digest is not the one that was asked for");
                }
                group.confirmed = Some(*digest);
                group.drifted = None;
                let asked = |one: &&mut Instance| one.phase == Phase::Awaiting(Awaiting::Confirmation);
                group.instances.iter_mut().filter(asked).for_each(|instance| instance.enter(Phase::Ready, at));
            }
            Event::Drifted { step, before, now } => {
                let group = self.group_mut(event, step)?;
                group.drifted = Some((before.clone(), now.clone()));
                group.void_consent(at);
            }
            Event::Waiting { step, until } => {
                let instance = self.instance_mut(event, step)?;
                instance.started.get_or_insert(at);
                instance.enter(Phase::Awaiting(Awaiting::Time(*until)), at);
            }
            Event::BackingOff { step, until, .. } => {
                let instance = self.instance_mut(event, step)?;
                if instance.happened() || instance.is_doubted() || instance.in_flight() {
                    return illegal(event, "the step has not certainly failed");
                }
                instance.backoffs += 1;
                instance.ended = None;
                instance.why = None;
                instance.enter(Phase::Awaiting(Awaiting::Retry(*until)), at);
            }
            Event::Due { step } => {
                let instance = self.instance_mut(event, step)?;
                if !matches!(instance.phase, Phase::Awaiting(Awaiting::Retry(_))) {
                    return illegal(event, "the step does not wait to be tried again");
                }
                let next = if instance.attempts.is_empty() { Phase::Running } else { Phase::Ready };
                instance.enter(next, at);
            }
            Event::Overdue { step } => self.instance_mut(event, step)?.overdue = true,
            Event::Skipped { step, .. } => self.skip(event, at, step)?,
            Event::Overridden { step, outputs, .. } => {
                let instance = self.open_mut(event, step)?;
                if instance.is_doubted() || instance.in_flight() {
                    return illegal(event, "what was sent has not been answered for");
                }
                if outputs.is_some() {
                    instance.outputs.clone_from(outputs);
                }
                instance.why = Some("a person says so".to_owned());
                instance.end(Phase::Succeeded, at);
                self.deviate(DeviationKind::Overridden, Some(step));
                let group = self.group_mut(event, step)?;
                // The consent was to the whole list.
                group.void_consent(at);
                group.begin_next(at);
            }
            Event::Undoing { step } => self.begin_undo(event, at, step)?,
            Event::Undone { step, partly } => self.undone(event, step, *partly)?,
            Event::Checked { step, index, verdict } => {
                self.instance_mut(event, step)?.verdicts.insert(*index, verdict.clone());
            }
            Event::Decided { step, .. } => {
                let instance = self.instance_mut(event, step)?;
                if instance.phase != Phase::Awaiting(Awaiting::Person) {
                    return illegal(event, "the step does not wait for a person");
                }
                instance.started.get_or_insert(at);
                instance.enter(Phase::Running, at);
            }
            Event::Retried { step } => {
                let group = self.group_mut(event, step)?;
                group.retry(event, at, step)?;
            }
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
                instance.why = Some(format!("{}: {}", failure.code, failure.message));
                instance.end(Phase::Failed, at);
            }
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

    /// What was sent under an older fence and has neither an outcome nor an address to ask at is in doubt.
    fn doubt_what_is_open(&mut self, at: Timestamp) {
        for instance in self.instances_mut() {
            if let Some(attempt) = instance.attempts.last_mut()
                && attempt.standing == Standing::Open
            {
                let why = "the program stopped after this was written down and before an answer was".to_owned();
                attempt.standing = Standing::InDoubt { since: at, why, said_yes: false, probed: None };
                instance.enter(Phase::InDoubt, at);
            }
        }
    }

    /// A nested runbook begins.
    fn nest(&mut self, event: &Event, at: Timestamp, step: &InstanceId, inputs: &[Input]) -> Evolved {
        let Some(StepKind::Runbook(call)) = self.step_of(step).map(|step| &step.kind) else {
            return illegal(event, format!("`{step}` nests no runbook"));
        };
        let runbook = call.runbook.clone();
        let Some(nested) = self.plan.nested(&runbook) else {
            return illegal(event, format!("the plan does not hold the runbook `{runbook}`"));
        };
        let graph = Arc::new(Graph::of(&nested.runbook.steps, self.plan.mode));
        let instance = self.instance_mut(event, step)?;
        if instance.phase != Phase::Pending {
            return illegal(event, format!("`{step}` has begun already"));
        }
        instance.started = Some(at);
        instance.enter(Phase::Running, at);
        let kind = ScopeKind::Nested { runbook, inputs: inputs.to_vec() };
        self.inner.insert(step.clone(), Scope::new(Some(step.clone()), kind, graph));
        Ok(())
    }

    fn ready(&mut self, event: &Event, at: Timestamp, step: &InstanceId, consent: Option<&Consent>) -> Evolved {
        let waits_for_person =
            self.step_of(step).is_some_and(|step| matches!(step.kind, StepKind::Manual { .. } | StepKind::Gate { .. }));
        let group = self.group_mut(event, step)?;
        group.asked = consent.cloned();
        group.confirmed = None;
        let phase = match consent {
            Some(_) => Phase::Awaiting(Awaiting::Confirmation),
            None if waits_for_person => Phase::Awaiting(Awaiting::Person),
            None => Phase::Running,
        };
        for instance in group.instances.iter_mut().filter(|one| one.is_unsent()) {
            instance.enter(phase, at);
        }
        group.begin_next(at);
        Ok(())
    }

    fn intend(&mut self, event: &Event, at: Timestamp, intent: &Intent) -> Evolved {
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
        instance.enter(Phase::Running, at);
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
    ) -> Evolved {
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
        *standing = match (by, verdict) {
            (ReconciledBy::ByHand, _) => Standing::ByHand,
            (ReconciledBy::Undo, _) => Standing::Undone,
            (_, ProbeVerdict::Happened { .. }) => Standing::Succeeded,
            (_, ProbeVerdict::DidNot { .. }) => Standing::DidNot,
            (_, ProbeVerdict::Unknown { .. }) => return illegal(event, "what is not known ends no doubt"),
        };
        if let ProbeVerdict::Happened { outputs, .. } = verdict {
            instance.outputs = Some(outputs.clone());
            instance.checking_since = Some(at);
        }
        let phase = match verdict {
            _ if by == ReconciledBy::Undo => instance.phase,
            _ if over && instance.phase.is_over() => instance.phase,
            _ if over => Phase::Cancelled,
            ProbeVerdict::Happened { .. } => Phase::Running,
            // A probe's word leaves the consent as it is; a person's asks for a new one.
            _ if by == ReconciledBy::Probe => Phase::Ready,
            _ => Phase::Pending,
        };
        instance.enter(phase, at);
        if by == ReconciledBy::ByHand {
            self.deviate(DeviationKind::ByHand, Some(step));
        } else if !over && by == ReconciledBy::Person && matches!(verdict, ProbeVerdict::DidNot { .. }) {
            self.group_mut(event, step)?.void_consent(at);
        }
        Ok(())
    }

    fn finish(&mut self, event: &Event, at: Timestamp, (id, end): (&InstanceId, StepEnd)) -> Evolved {
        let instance = self.instance_mut(event, id)?;
        instance.passed_by = end == StepEnd::PassedBy;
        instance.assumed = end == StepEnd::Assumed;
        let phase = match end {
            StepEnd::Succeeded | StepEnd::Assumed => Phase::Succeeded,
            StepEnd::Failed => Phase::Failed,
            StepEnd::Skipped | StepEnd::PassedBy => Phase::Skipped,
            StepEnd::Cancelled => Phase::Cancelled,
        };
        instance.end(phase, at);
        self.group_mut(event, id)?.begin_next(at);
        Ok(())
    }

    /// Leaves out an instance, or all of a group that has not ended.
    fn skip(&mut self, event: &Event, at: Timestamp, id: &InstanceId) -> Evolved {
        let group = self.group_mut(event, id)?;
        let whole = group.id == *id;
        let left = |one: &&mut Instance| (whole || one.id == *id) && one.can_be_left();
        let mut count = 0;
        for instance in group.instances.iter_mut().filter(left) {
            instance.why = Some("a person left it out".to_owned());
            instance.end(Phase::Skipped, at);
            count += 1;
        }
        if count == 0 {
            return illegal(event, format!("nothing of `{id}` can be left out as it stands"));
        }
        // The consent was to the whole list.
        group.void_consent(at);
        group.begin_next(at);
        self.deviate(DeviationKind::Skipped, Some(id));
        Ok(())
    }

    fn begin_undo(&mut self, event: &Event, at: Timestamp, id: &InstanceId) -> Evolved {
        let Some(step) = self.step_of(id).filter(|step| !step.undo.is_empty()) else {
            return illegal(event, format!("`{id}` has no undo"));
        };
        let graph = Arc::new(Graph::of_undo(step));
        let running = self.rollback.is_none();
        let instance = self.any_mut(event, id)?;
        if instance.undo == Undo::Underway || instance.in_flight() {
            return illegal(event, format!("`{id}` is under way"));
        }
        instance.undo = Undo::Underway;
        if !instance.phase.is_over() {
            instance.why = Some("to be undone".to_owned());
            instance.end(Phase::Failed, at);
        }
        let path = id.undo();
        let kind = ScopeKind::Undo { of: id.clone() };
        self.inner.insert(path.clone(), Scope::new(Some(path), kind, graph));
        if running {
            self.deviate(DeviationKind::Undone, Some(id));
        }
        Ok(())
    }

    fn undone(&mut self, event: &Event, id: &InstanceId, partly: bool) -> Evolved {
        let instance = self.any_mut(event, id)?;
        if instance.undo != Undo::Underway {
            return illegal(event, format!("`{id}` is not being undone"));
        }
        instance.undo = if partly { Undo::Partly } else { Undo::Done };
        if !partly {
            for attempt in &mut instance.attempts {
                if matches!(attempt.standing, Standing::Succeeded | Standing::Broken(_)) {
                    attempt.standing = Standing::Undone;
                }
            }
        }
        Ok(())
    }

    fn deviate(&mut self, kind: DeviationKind, step: Option<&InstanceId>) {
        self.deviations.push(Deviation { kind, step: step.cloned() });
    }

    /// Time in which nobody looked does not count against a check: it begins anew. A wait is another thing: it is the
    /// estate's time, whoever looks.
    fn look_anew(&mut self, at: Timestamp) {
        let scopes = std::iter::once(&mut self.root).chain(self.inner.values_mut());
        for group in scopes.flat_map(Scope::looking) {
            for instance in &mut group.instances {
                if instance.phase == Phase::Running && instance.checking_since.is_some() {
                    instance.checking_since = Some(at);
                    instance.verdicts.clear();
                }
            }
        }
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
        // What failed just now may be tried again by itself.
        let again = matches!(event, Event::BackingOff { .. }) && instance.phase == Phase::Failed;
        if instance.phase.is_over() && !instance.is_doubted() && !again {
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

impl Group {
    /// Takes back what was asked and answered. What was sent stays as it is.
    fn void_consent(&mut self, at: Timestamp) {
        if self.asked.is_none() && self.confirmed.is_none() {
            return;
        }
        self.asked = None;
        self.confirmed = None;
        self.instances.iter_mut().filter(|one| one.is_unsent()).for_each(|one| one.enter(Phase::Pending, at));
    }

    /// Begins the instance whose turn it is, if it needs nobody: the time of each item is its own. A step that waits for a
    /// person has not begun: the person's time is not the machine's.
    fn begin_next(&mut self, at: Timestamp) {
        let next = self.instances.iter_mut().filter(|instance| !instance.phase.is_over()).take(self.wide);
        for instance in next.filter(|instance| instance.phase == Phase::Running) {
            instance.started.get_or_insert(at);
            instance.checking_since.get_or_insert(at);
        }
    }

    fn retry(&mut self, event: &Event, at: Timestamp, id: &InstanceId) -> Evolved {
        let found = self.instances.iter_mut().find(|instance| instance.id == *id);
        let Some(instance) = found.filter(|instance| instance.phase == Phase::Failed) else {
            return illegal(event, format!("`{id}` has not failed"));
        };
        instance.ended = None;
        instance.why = None;
        instance.backoffs = 0;
        instance.undo = Undo::None;
        // What passed before may not hold any more.
        instance.verdicts.clear();
        if instance.is_doubted() {
            instance.enter(Phase::InDoubt, at);
            instance.forget_probe();
        } else if instance.happened() {
            instance.checking_since = Some(at);
            instance.enter(Phase::Running, at);
        } else {
            instance.checking_since = None;
            instance.enter(Phase::Pending, at);
            self.void_consent(at);
        }
        Ok(())
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
