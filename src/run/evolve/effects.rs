use super::{Evolved, illegal};
use crate::base::{AttemptId, InstanceId, Timestamp, Value};
use crate::effect::{Failure, ProbeVerdict};
use crate::run::state::{Attempt, Instance, Phase, RunPhase, RunState, Scope, Standing, Undo};
use crate::run::{DeviationKind, Event, Intent, PauseReason, ReconciledBy};

/// What becomes of effects.
impl RunState {
    pub(super) fn intend(&mut self, event: &Event, at: Timestamp, intent: &Intent) -> Evolved {
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

    pub(super) fn happened(
        &mut self,
        event: &Event,
        at: Timestamp,
        (step, attempt): (&InstanceId, AttemptId),
        outputs: &Value,
    ) -> Evolved {
        let known = self.attempt_mut(event, step, attempt)?;
        if !matches!(known.standing, Standing::Open | Standing::Accepted { .. }) {
            return illegal(event, "the attempt has its outcome already");
        }
        known.standing = Standing::Succeeded;
        let instance = self.instance_mut(event, step)?;
        instance.outputs = Some(outputs.clone());
        instance.checking_since = Some(at);
        Ok(())
    }

    pub(super) fn failed(
        &mut self,
        event: &Event,
        at: Timestamp,
        (step, attempt): (&InstanceId, AttemptId),
        failure: &Failure,
    ) -> Evolved {
        let known = self.attempt_mut(event, step, attempt)?;
        known.standing = match known.standing {
            Standing::Open => Standing::Failed(failure.clone()),
            Standing::Accepted { .. } => Standing::Broken(failure.clone()),
            _ => return illegal(event, "the attempt has its outcome already, or is in doubt"),
        };
        let instance = self.instance_mut(event, step)?;
        instance.why = Some(format!("{}: {}", failure.code, failure.message));
        instance.end(Phase::Failed, at);
        Ok(())
    }

    pub(super) fn reconcile(
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
        let given_up = instance.phase.is_over();
        let last = instance.attempts.last_mut().filter(|last| last.intent.attempt == attempt);
        let Some(Attempt { standing, .. }) = last else { return illegal(event, "it is not the last attempt") };
        let Standing::InDoubt { probed, .. } = standing else {
            return illegal(event, "the attempt is not in doubt");
        };
        let is_undone = by == ReconciledBy::Undo;
        if is_undone != (instance.undo == Undo::Done) || (given_up && !is_undone && !over) {
            return illegal(event, "nobody can say so as it stands");
        }
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
            _ => Phase::Pending,
        };
        instance.enter(phase, at);
        if by == ReconciledBy::ByHand {
            self.deviate(DeviationKind::ByHand, Some(step));
        } else if !over && matches!(verdict, ProbeVerdict::DidNot { .. }) {
            // A probe's word leaves the consent as it is, if it still stands; a person's asks for a new one.
            match by {
                ReconciledBy::Probe => self.group_mut(event, step)?.release(step, at),
                ReconciledBy::Person => self.group_mut(event, step)?.void_consent(at),
                ReconciledBy::ByHand | ReconciledBy::Undo => {}
            }
        }
        Ok(())
    }

    /// What was sent under an older fence and has neither an outcome nor an address to ask at is in doubt.
    pub(super) fn doubt_what_is_open(&mut self, at: Timestamp) {
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

    /// Tells whether nobody holds the run, as there is nothing to do in it before a time comes or a person speaks. Whoever
    /// comes by looks, so its checks' time goes on.
    pub(super) const fn is_parked(&self) -> bool {
        matches!(self.phase, RunPhase::Paused(PauseReason::Parked | PauseReason::Unanswered))
    }

    /// Time in which nobody looked, because a person wanted it so or because the program was gone, does not count against a
    /// check: it begins anew. A wait is another thing: it is the estate's time, whoever looks.
    pub(super) fn look_anew(&mut self, at: Timestamp) {
        self.look_again();
        for instance in self.looked_at() {
            instance.checking_since = Some(at);
        }
    }

    /// What passed when somebody looked before may not hold any more. The time since a check began goes on.
    pub(super) fn look_again(&mut self) {
        for instance in self.looked_at() {
            instance.verdicts.clear();
        }
    }

    /// The instances whose checks are being made.
    fn looked_at(&mut self) -> impl Iterator<Item = &mut Instance> {
        let scopes = std::iter::once(&mut self.root).chain(self.inner.values_mut());
        let instances = scopes.flat_map(Scope::looking).flat_map(|group| &mut group.instances);
        instances.filter(|instance| instance.phase == Phase::Running && instance.checking_since.is_some())
    }
}
