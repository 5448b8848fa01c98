use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Attempt, Group, Instance, Phase, Scope, ScopeKind, Standing};
use crate::base::{AttemptId, Digest, InstanceId, LogId, RunId, StepId, Timestamp, Value};
use crate::effect;
use crate::plan::{Input, Names, Plan};
use crate::run::{Deviation, DeviationKind, PauseReason, Preparation, RunEnd};
use crate::runbook::{CheckSpec, Runbook, Step, StepKind};

/// A run: the fold of its events, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunState {
    /// The log that holds it.
    pub log: LogId,
    /// Its id.
    pub id: RunId,
    /// What runs.
    pub plan: Arc<Plan>,
    /// The plan's digest.
    pub digest: Digest,
    /// How it stands as a whole.
    pub phase: RunPhase,
    /// The fence of the last `run.taken`; 0 before the first.
    pub fence: u64,
    /// How many events it has.
    pub version: u64,
    /// When it was planned.
    pub began: Timestamp,
    /// When it last changed.
    pub changed: Timestamp,
    /// How a drill was prepared, once it was.
    pub prepared: Option<Preparation>,
    pub(in crate::run) deviations: Vec<Deviation>,
    /// Whether what stands is to be undone once nothing is in flight any more.
    pub(in crate::run) undo_wanted: bool,
    /// What is being undone, in this order.
    pub(in crate::run) rollback: Option<Vec<InstanceId>>,
    /// The run's own runbook.
    pub(in crate::run) root: Scope,
    /// Nested runbooks that have begun, and undos, by what they belong to.
    pub(in crate::run) inner: BTreeMap<InstanceId, Scope>,
}

/// How a run stands as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunPhase {
    /// Nothing has begun.
    Planned,
    /// Steps start when they can.
    Running,
    /// Nothing new is started.
    Paused(PauseReason),
    /// Nothing new is started, and the run ends, or is rolled back, when nothing is in flight.
    Aborting,
    /// What stands is being undone.
    RollingBack,
    /// It has ended.
    Ended(RunEnd),
}

impl RunState {
    /// The scope of that path; without one the run's own runbook.
    pub fn scope(&self, path: Option<&InstanceId>) -> Option<&Scope> {
        path.map_or(Some(&self.root), |path| self.inner.get(path))
    }

    pub(in crate::run) fn scope_mut(&mut self, path: Option<&InstanceId>) -> Option<&mut Scope> {
        match path {
            None => Some(&mut self.root),
            Some(path) => self.inner.get_mut(path),
        }
    }

    /// Every scope: the run's own, then those inside by their paths.
    pub fn scopes(&self) -> impl Iterator<Item = &Scope> {
        std::iter::once(&self.root).chain(self.inner.values())
    }

    /// Every group, in the order in which a person reads them: what an instance nests, and its undo, follow its group.
    pub fn groups(&self) -> Vec<&Group> {
        let mut groups = Vec::new();
        self.collect(&self.root, &mut groups);
        groups
    }

    fn collect<'a>(&'a self, scope: &'a Scope, groups: &mut Vec<&'a Group>) {
        for group in &scope.groups {
            groups.push(group);
            if self.inner.is_empty() {
                continue;
            }
            for instance in &group.instances {
                for inner in [self.inner.get(&instance.id), self.inner.get(&instance.id.undo())].into_iter().flatten() {
                    self.collect(inner, groups);
                }
            }
        }
    }

    /// The step of a group.
    pub fn step(&self, group: &Group) -> Option<&Step> {
        let scope = self.scope(group.id.scope().as_ref())?;
        scope.graph().position(&group.step).map(|at| scope.step(at))
    }

    /// The step of an instance, or of a group by its own name.
    pub fn step_of(&self, id: &InstanceId) -> Option<&Step> {
        self.group_of(id).and_then(|group| self.step(group))
    }

    /// The group that an instance, or a group's own name, belongs to.
    pub fn group_of(&self, id: &InstanceId) -> Option<&Group> {
        self.scope(id.scope().as_ref())?.group(&id.step()).filter(|group| group.id == id.group())
    }

    /// An instance by name.
    pub fn instance(&self, id: &InstanceId) -> Option<&Instance> {
        self.group_of(id)?.instances.iter().find(|instance| instance.id == *id)
    }

    /// Every instance, in the order of [`RunState::groups`].
    pub fn instances(&self) -> impl Iterator<Item = &Instance> {
        self.groups().into_iter().flat_map(|group| &group.instances)
    }

    pub(in crate::run) fn instances_mut(&mut self) -> impl Iterator<Item = &mut Instance> {
        let scopes = std::iter::once(&mut self.root).chain(self.inner.values_mut());
        scopes.flat_map(|scope| &mut scope.groups).flat_map(|group| &mut group.instances)
    }

    /// An attempt, and the instance that it is of.
    pub fn attempt(&self, id: AttemptId) -> Option<(&Instance, &Attempt)> {
        let instances = self.scopes().flat_map(Scope::instances);
        let mut attempts = instances.flat_map(|instance| instance.attempts.iter().map(move |one| (instance, one)));
        attempts.find(|(_, attempt)| attempt.intent.attempt == id)
    }

    /// What the steps around an instance have given so far, as its expressions read it. A `for_each` gives for each output
    /// the list of what its items gave, in the order of the list; an item that gave none, as one that was skipped, is left
    /// out.
    pub fn outputs_near(&self, id: &InstanceId) -> BTreeMap<StepId, Value> {
        self.outputs_in(self.naming(id))
    }

    pub(in crate::run) fn outputs_in(&self, scope: &Scope) -> BTreeMap<StepId, Value> {
        let given = |(group, step): (&Group, &Step)| {
            let mut given = group.instances.iter().filter_map(|instance| instance.outputs.as_ref());
            let value = if step.for_each.is_some() {
                group.expanded.then(|| self.lists(step, given))
            } else {
                given.next().cloned()
            };
            value.map(|value| (group.step.clone(), value))
        };
        scope.each().filter_map(given).collect()
    }

    /// The names of an instance's expressions. `outputs` are those of [`RunState::outputs_near`] it.
    pub fn names<'a>(&'a self, outputs: &'a BTreeMap<StepId, Value>, instance: &'a Instance) -> Names<'a> {
        // The entry of an undo reads what the step that it undoes would.
        let undone = match self.scope(instance.id.scope().as_ref()).map(|scope| &scope.kind) {
            Some(ScopeKind::Undo { of }) => self.instance(of),
            _ => None,
        };
        let item = instance.item.as_ref().or_else(|| undone.and_then(|undone| undone.item.as_ref()));
        self.names_in(self.naming(&instance.id), outputs)
            .with_item(item)
            .with_self(undone.unwrap_or(instance).outputs.as_ref())
    }

    pub(in crate::run) fn names_in<'a>(&'a self, scope: &'a Scope, outputs: &'a BTreeMap<StepId, Value>) -> Names<'a> {
        let (runbook, inputs) = self.runbook_of(scope);
        Names::within(runbook, inputs, outputs)
    }

    /// The runbook whose steps a scope is of, and what it was given.
    pub fn runbook_of<'a>(&'a self, scope: &'a Scope) -> (&'a Runbook, &'a [Input]) {
        match &scope.kind {
            ScopeKind::Nested { runbook, inputs } => {
                let nested = self.plan.nested(runbook).map_or(&self.plan.runbook, |nested| &nested.runbook);
                (nested, inputs)
            }
            ScopeKind::Undo { of } => self.runbook_of(self.naming(of)),
            ScopeKind::Run => (&self.plan.runbook, &self.plan.inputs),
        }
    }

    /// The scope whose names an instance's expressions are about.
    fn naming(&self, id: &InstanceId) -> &Scope {
        match self.scope(id.scope().as_ref()) {
            Some(Scope { kind: ScopeKind::Undo { of }, .. }) => self.naming(of),
            Some(scope) => scope,
            None => &self.root,
        }
    }

    /// Instances whose effect is in doubt, whatever has become of the instance or the run.
    pub fn in_doubt(&self) -> Vec<InstanceId> {
        self.instances().filter(|instance| instance.is_doubted()).map(|instance| instance.id.clone()).collect()
    }

    /// Instances whose effects stand, in whole or perhaps in part. What an undo has done is not among them.
    pub fn standing(&self) -> Vec<InstanceId> {
        let stands = |instance: &&Instance| instance.stands() && !instance.id.is_undo();
        self.instances().filter(stands).map(|instance| instance.id.clone()).collect()
    }

    /// What was done otherwise than as written: first what people did, oldest first, then what failed and did not stop the
    /// run.
    pub fn deviations(&self) -> Vec<Deviation> {
        let mut deviations = self.deviations.clone();
        for (group, step) in self.scopes().flat_map(Scope::each) {
            let failed = |one: &&Instance| one.phase == Phase::Failed && one.is_settled(step);
            let failed = group.instances.iter().filter(failed);
            deviations.extend(
                failed.map(|instance| Deviation { kind: DeviationKind::FailedOn, step: Some(instance.id.clone()) }),
            );
        }
        deviations
    }

    /// Tells whether the run is a drill programme's and has yet to be prepared.
    pub fn is_unprepared(&self) -> bool {
        self.plan.exercise.is_some() && self.prepared.is_none()
    }

    /// Tells whether the run has ended.
    pub const fn is_over(&self) -> bool {
        matches!(self.phase, RunPhase::Ended(_))
    }

    /// Tells whether a step has failed and waits for a person's word.
    pub fn has_failed(&self) -> bool {
        let failed = |(group, step): (&Group, &Step)| group.failed().is_some_and(|instance| !instance.is_settled(step));
        self.scopes().flat_map(Scope::each).any(failed)
    }

    /// Tells whether what stands is being undone, also while that is paused.
    pub const fn is_rolling_back(&self) -> bool {
        self.rollback.is_some() && !self.is_over()
    }

    /// Tells whether an effect was sent that is neither answered nor given up: what a leaving process waits for.
    pub fn has_open_attempt(&self) -> bool {
        let open = |instance: &Instance| instance.last().is_some_and(|attempt| attempt.standing == Standing::Open);
        self.scopes().flat_map(Scope::instances).any(open)
    }

    /// For each output of a step the list of what the items gave. An empty list of items gives empty lists.
    fn lists<'a>(&self, step: &Step, given: impl Iterator<Item = &'a Value>) -> Value {
        let given: Vec<&Value> = given.collect();
        let names: Vec<&str> = match &step.kind {
            StepKind::Manual { fields, .. } => fields.iter().map(|field| field.name.as_str()).collect(),
            StepKind::Runbook(call) => {
                let nested = self.plan.nested(&call.runbook).map(|nested| &nested.runbook.outputs);
                nested.into_iter().flatten().map(|output| output.name.as_str()).collect()
            }
            kind => {
                let row = kind.call().and_then(|call| effect::find(&call.action));
                row.map(|row| row.outputs).unwrap_or_default().iter().map(|output| output.name).collect()
            }
        };
        let list = |name: &str| Value::List(given.iter().filter_map(|outputs| outputs.field(name).cloned()).collect());
        Value::Record(names.into_iter().map(|name| (name.to_owned(), list(name))).collect())
    }
}

/// The checks of a step in their order: of a check step itself, then what must hold afterwards.
pub fn checks(step: &Step) -> Vec<&CheckSpec> {
    let own = match &step.kind {
        StepKind::Check(check) | StepKind::WaitCheck(check) => Some(check),
        _ => None,
    };
    own.into_iter().chain(&step.verify).collect()
}
