use std::sync::Arc;

use super::{Evolved, illegal};
use crate::base::{AttemptId, InstanceId, Timestamp, Value};
use crate::plan::Input;
use crate::run::graph::Graph;
use crate::run::state::{Awaiting, Group, Instance, Phase, RunState, Scope, ScopeKind, Standing, Undo};
use crate::run::{Consent, DeviationKind, Event, StepEnd};
use crate::runbook::StepKind;

/// What becomes of steps.
impl RunState {
    /// A nested runbook begins.
    pub(super) fn nest(&mut self, event: &Event, at: Timestamp, step: &InstanceId, inputs: &[Input]) -> Evolved {
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

    pub(super) fn ready(
        &mut self,
        event: &Event,
        at: Timestamp,
        step: &InstanceId,
        consent: Option<&Consent>,
    ) -> Evolved {
        let waits_for_person =
            self.step_of(step).is_some_and(|step| matches!(step.kind, StepKind::Manual { .. } | StepKind::Gate { .. }));
        let group = self.group_mut(event, step)?;
        if !group.expanded || !group.instances.iter().any(|instance| instance.phase == Phase::Pending) {
            return illegal(event, format!("nothing of `{step}` can begin"));
        }
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
        self.begin_next(step, at);
        Ok(())
    }

    pub(super) fn finish(&mut self, event: &Event, at: Timestamp, (id, end): (&InstanceId, StepEnd)) -> Evolved {
        let instance = self.instance_mut(event, id)?;
        let given_up = end == StepEnd::Failed && instance.phase == Phase::InDoubt;
        if instance.phase.is_over() || instance.in_flight() || (instance.is_doubted() && !given_up) {
            return illegal(event, format!("what `{id}` sent has not been answered for, or it is over"));
        }
        let is_its_end = match end {
            StepEnd::Succeeded => matches!(instance.phase, Phase::Running | Phase::Awaiting(Awaiting::Time(_))),
            StepEnd::PassedBy => instance.phase == Phase::Pending,
            StepEnd::Assumed => {
                instance.attempts.is_empty() && matches!(instance.phase, Phase::Pending | Phase::Running)
            }
            StepEnd::Skipped => !instance.happened(),
            StepEnd::Failed | StepEnd::Cancelled => true,
        };
        if !is_its_end {
            return illegal(event, format!("`{id}` cannot end so as it stands"));
        }
        instance.passed_by = end == StepEnd::PassedBy;
        instance.assumed = end == StepEnd::Assumed;
        let phase = match end {
            StepEnd::Succeeded | StepEnd::Assumed => Phase::Succeeded,
            StepEnd::Failed => Phase::Failed,
            StepEnd::Skipped | StepEnd::PassedBy => Phase::Skipped,
            StepEnd::Cancelled => Phase::Cancelled,
        };
        instance.end(phase, at);
        self.begin_next(id, at);
        Ok(())
    }

    /// Leaves out an instance, or all of a group that has not ended.
    pub(super) fn skip(&mut self, event: &Event, at: Timestamp, id: &InstanceId) -> Evolved {
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
        self.begin_next(id, at);
        self.deviate(DeviationKind::Skipped, Some(id));
        Ok(())
    }

    pub(super) fn override_step(
        &mut self,
        event: &Event,
        at: Timestamp,
        step: &InstanceId,
        outputs: Option<&Value>,
    ) -> Evolved {
        let instance = self.open_mut(event, step)?;
        if instance.is_doubted() || instance.in_flight() || instance.undo == Undo::Underway {
            return illegal(event, "what was sent has not been answered for, or is being undone");
        }
        if let Some(outputs) = outputs {
            instance.outputs = Some(outputs.clone());
        }
        instance.why = Some("a person says so".to_owned());
        instance.end(Phase::Succeeded, at);
        self.deviate(DeviationKind::Overridden, Some(step));
        // The consent was to the whole list.
        self.group_mut(event, step)?.void_consent(at);
        self.begin_next(step, at);
        Ok(())
    }

    /// Waits to be tried again. What failed just now is over, and is not.
    pub(super) fn back_off(&mut self, event: &Event, at: Timestamp, step: &InstanceId, until: Timestamp) -> Evolved {
        let instance = self.any_mut(event, step)?;
        let reads = instance.phase == Phase::Running && instance.attempts.is_empty();
        let certain = !instance.happened() && !instance.is_doubted() && !instance.in_flight();
        if !certain || !(reads || instance.phase == Phase::Failed) {
            return illegal(event, "the step has not certainly failed");
        }
        instance.backoffs += 1;
        instance.ended = None;
        instance.why = None;
        instance.enter(Phase::Awaiting(Awaiting::Retry(until)), at);
        Ok(())
    }

    pub(super) fn due(&mut self, event: &Event, at: Timestamp, step: &InstanceId) -> Evolved {
        let group = self.group_mut(event, step)?;
        let found = group.instances.iter_mut().find(|instance| instance.id == *step);
        let waits = |instance: &&mut Instance| matches!(instance.phase, Phase::Awaiting(Awaiting::Retry(_)));
        let Some(instance) = found.filter(waits) else {
            return illegal(event, "the step does not wait to be tried again");
        };
        if instance.attempts.is_empty() {
            instance.enter(Phase::Running, at);
        } else {
            group.release(step, at);
        }
        Ok(())
    }

    pub(super) fn retry(&mut self, event: &Event, at: Timestamp, id: &InstanceId) -> Evolved {
        // A nested runbook that has begun goes on where it is: what it has done stands.
        let has_begun = self.inner.get(id).is_some_and(|scope| matches!(scope.kind, ScopeKind::Nested { .. }));
        let group = self.group_mut(event, id)?;
        let found = group.instances.iter_mut().find(|instance| instance.id == *id);
        let Some(instance) = found.filter(|one| one.phase == Phase::Failed && one.undo != Undo::Underway) else {
            return illegal(event, format!("`{id}` has not failed, or is being undone"));
        };
        instance.ended = None;
        instance.why = None;
        instance.backoffs = 0;
        // What was undone in part is never undone again from its beginning.
        if instance.undo == Undo::Done {
            instance.undo = Undo::None;
        }
        // What passed before may not hold any more.
        instance.verdicts.clear();
        if instance.is_doubted() {
            instance.enter(Phase::InDoubt, at);
            instance.forget_probe();
        } else if instance.happened() {
            instance.checking_since = Some(at);
            instance.enter(Phase::Running, at);
        } else if has_begun {
            instance.enter(Phase::Running, at);
        } else {
            instance.checking_since = None;
            instance.enter(Phase::Pending, at);
            group.void_consent(at);
        }
        self.begin_next(id, at);
        Ok(())
    }

    /// Begins the undo of an instance. `doubted` is its attempt in doubt, if that is what is undone.
    pub(super) fn begin_undo(
        &mut self,
        event: &Event,
        at: Timestamp,
        id: &InstanceId,
        doubted: Option<AttemptId>,
    ) -> Evolved {
        let Some(step) = self.step_of(id).filter(|step| !step.undo.is_empty()) else {
            return illegal(event, format!("`{id}` has no undo"));
        };
        let graph = Arc::new(Graph::of_undo(step));
        let running = self.rollback.is_none();
        let instance = self.any_mut(event, id)?;
        if instance.undo != Undo::None || instance.in_flight() || !(instance.stands() || instance.is_doubted()) {
            return illegal(event, format!("nothing of `{id}` stands that is not under way or being undone"));
        }
        let in_doubt = instance.last().filter(|_| instance.is_doubted()).map(|attempt| attempt.intent.attempt);
        if doubted.is_some() && doubted != in_doubt {
            return illegal(event, "it is not the attempt in doubt");
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

    pub(super) fn undone(&mut self, event: &Event, id: &InstanceId, partly: bool) -> Evolved {
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

    pub(super) fn begin_next(&mut self, id: &InstanceId, at: Timestamp) {
        if let Some(scope) = self.scope_mut(id.scope().as_ref()) {
            scope.begin_next(&id.step(), at);
        }
    }
}

impl Group {
    /// Takes back what was asked and answered. What was sent stays as it is.
    pub(super) fn void_consent(&mut self, at: Timestamp) {
        if self.asked.is_none() && self.confirmed.is_none() {
            return;
        }
        self.asked = None;
        self.confirmed = None;
        self.instances.iter_mut().filter(|one| one.is_unsent()).for_each(|one| one.enter(Phase::Pending, at));
    }

    /// Lets an instance be sent again: at once if the consent to it still stands, else after a new one, which is to the
    /// whole list.
    pub(super) fn release(&mut self, id: &InstanceId, at: Timestamp) {
        let asked = self.asked.as_ref().filter(|_| self.confirmed.is_some());
        let stands = asked.is_some_and(|asked| asked.effects.iter().any(|effect| effect.step == *id));
        let phase = if stands { Phase::Ready } else { Phase::Pending };
        if let Some(instance) = self.instances.iter_mut().find(|instance| instance.id == *id) {
            instance.enter(phase, at);
        }
        if !stands {
            self.void_consent(at);
        }
    }
}
