use std::sync::Arc;

use super::{Group, Instance, Phase};
use crate::base::{InstanceId, StepId, Timestamp};
use crate::plan::Input;
use crate::run::graph::Graph;
use crate::runbook::Step;

/// A graph of steps under way: the run's own, one of a nested runbook, or the undo of an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The instance that it belongs to; none for the run's own runbook. For an undo it ends in `~undo`.
    pub path: Option<InstanceId>,
    /// What it is.
    pub kind: ScopeKind,
    /// The groups, in an order in which they can run.
    pub groups: Vec<Group>,
    graph: Arc<Graph>,
}

/// What a scope is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScopeKind {
    /// The run's own runbook.
    Run,
    /// A nested runbook.
    Nested {
        /// Its name.
        runbook: String,
        /// What it was given.
        inputs: Vec<Input>,
    },
    /// The undo of this instance. Its names are those of the instance.
    Undo {
        /// The instance.
        of: InstanceId,
    },
}

impl Scope {
    pub(in crate::run) fn new(path: Option<InstanceId>, kind: ScopeKind, graph: Arc<Graph>) -> Self {
        let group = |step: &Step| Group::new(InstanceId::within(path.as_ref(), &step.id), step);
        Self { groups: graph.steps().iter().map(group).collect(), path, kind, graph }
    }

    /// How the steps follow each other.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The step of the group at that place.
    pub fn step(&self, at: usize) -> &Step {
        &self.graph.steps()[at]
    }

    /// Each group with its step.
    pub fn each(&self) -> impl Iterator<Item = (&Group, &Step)> {
        self.groups.iter().zip(self.graph.steps())
    }

    /// The group of a step.
    pub fn group(&self, step: &StepId) -> Option<&Group> {
        self.graph.position(step).and_then(|at| self.groups.get(at))
    }

    pub(in crate::run) fn group_mut(&mut self, step: &StepId) -> Option<&mut Group> {
        self.graph.position(step).and_then(|at| self.groups.get_mut(at))
    }

    /// Begins the instances of a step whose turn it is, if they need nobody: the time of each item is its own. A step that
    /// waits for a person has not begun: the person's time is not the machine's.
    pub(in crate::run) fn begin_next(&mut self, step: &StepId, at: Timestamp) {
        let Some(place) = self.graph.position(step) else { return };
        let (group, step) = (&mut self.groups[place], &self.graph.steps()[place]);
        let next = group.at_work(step).filter(|instance| instance.phase == Phase::Running);
        let next: Vec<InstanceId> = next.map(|instance| instance.id.clone()).collect();
        for instance in group.instances.iter_mut().filter(|instance| next.contains(&instance.id)) {
            instance.started.get_or_insert(at);
            instance.checking_since.get_or_insert(at);
        }
    }

    /// The groups whose looks have a time of their own: all but waits.
    pub(in crate::run) fn looking(&mut self) -> impl Iterator<Item = &mut Group> {
        let steps = self.graph.steps();
        self.groups.iter_mut().zip(steps).filter(|(_, step)| !step.kind.is_wait()).map(|(group, _)| group)
    }

    /// Tells whether the group at that place lets the run go on.
    pub(in crate::run) fn is_settled(&self, at: usize) -> bool {
        self.groups[at].is_settled(self.step(at))
    }

    /// Tells whether every group lets the run go on.
    pub fn is_done(&self) -> bool {
        (0..self.groups.len()).all(|at| self.is_settled(at))
    }

    /// Every instance in it, and not those of the runbooks that it nests.
    pub fn instances(&self) -> impl Iterator<Item = &Instance> {
        self.groups.iter().flat_map(|group| &group.instances)
    }

    /// Tells whether a person left something of it undone.
    pub(in crate::run) fn was_left(&self) -> bool {
        self.instances().any(|instance| instance.phase == Phase::Skipped && !instance.passed_by)
    }
}
