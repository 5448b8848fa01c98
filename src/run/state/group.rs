use super::{Instance, Phase};
use crate::base::{Digest, InstanceId, StepId};
use crate::effect::{self, Field};
use crate::plan::Item;
use crate::run::Consent;
use crate::run::proceed::AT_WORK_MAX;
use crate::runbook::{OnFailure, Step, StepKind};

/// A step of the graph with its instances: one, or one per item of its `for_each`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its own name; the instances of a `for_each` add their keys to it.
    pub id: InstanceId,
    /// The step.
    pub step: StepId,
    /// What a person was asked, since it was last asked.
    pub asked: Option<Consent>,
    /// The digest that was consented to; void when what was observed has drifted.
    pub confirmed: Option<Digest>,
    /// What drifted since the last consent, until there is a new one: what it was, and what it is.
    pub drifted: Option<(Vec<Field>, Vec<Field>)>,
    /// The instances; before the expansion of a `for_each` the group itself stands for them.
    pub instances: Vec<Instance>,
    /// Whether a `for_each` has its items.
    pub expanded: bool,
    /// How many of its instances may be under way at a time.
    pub(in crate::run) wide: usize,
}

impl Group {
    pub(in crate::run) fn new(id: InstanceId, step: &Step) -> Self {
        Self {
            step: step.id.clone(),
            asked: None,
            confirmed: None,
            drifted: None,
            instances: vec![Instance::new(id.clone(), None)],
            expanded: step.for_each.is_none(),
            wide: step.for_each.as_ref().map_or(1, |each| width(step, each.max_parallel)),
            id,
        }
    }

    pub(in crate::run) fn expand(&mut self, items: &[Item]) {
        self.expanded = true;
        let instance = |item: &Item| Instance::new(self.id.item(&item.key), Some(item.value.clone()));
        self.instances = items.iter().map(instance).collect();
    }

    /// Tells whether the run can go on after it: each instance ended well, or failed where the runbook says how to go on. A
    /// `for_each` that was skipped as a whole, or whose list could not be worked out, has no items, and needs none.
    pub fn is_settled(&self, step: &Step) -> bool {
        self.instances.iter().all(|instance| instance.is_settled(step))
    }

    /// Tells whether anything has been done about it.
    pub fn has_begun(&self) -> bool {
        self.asked.is_some() || self.instances.iter().any(|instance| instance.phase != Phase::Pending)
    }

    /// Tells whether the run went another way.
    pub fn is_passed_by(&self) -> bool {
        !self.instances.is_empty() && self.instances.iter().all(|instance| instance.passed_by)
    }

    /// An instance that has failed although the run goes on.
    pub fn failed(&self) -> Option<&Instance> {
        self.instances.iter().find(|instance| instance.phase == Phase::Failed)
    }

    /// The instances whose turn it is: as many of those that are not settled as may be under way at a time, and after one
    /// that has failed only those that had begun.
    pub fn at_work<'a>(&'a self, step: &'a Step) -> impl Iterator<Item = &'a Instance> {
        let has_failed = self.instances.iter().any(|one| one.phase == Phase::Failed && !one.is_settled(step));
        let open = self.instances.iter().filter(|instance| !instance.is_settled(step)).take(self.wide);
        open.filter(move |instance| !has_failed || instance.has_begun())
    }
}

impl Instance {
    /// Tells whether nothing more is to come of it, and the run can go on. What is in doubt is never settled.
    pub fn is_settled(&self, step: &Step) -> bool {
        let goes_on = matches!(step.on_failure, OnFailure::Continue | OnFailure::GoTo(_));
        match self.phase {
            Phase::Succeeded | Phase::Skipped | Phase::Cancelled => true,
            Phase::Failed => goes_on && !self.is_doubted(),
            _ => false,
        }
    }

    /// Tells whether its turn has come, and something is being done about it, or has been: of a group that reads, all
    /// instances are running, but not all are at work.
    pub(in crate::run) fn has_begun(&self) -> bool {
        use super::Awaiting::{Retry, Time};
        match self.phase {
            Phase::Failed | Phase::InDoubt | Phase::Awaiting(Time(_) | Retry(_)) => true,
            Phase::Running => self.started.is_some() || !self.attempts.is_empty(),
            _ => !self.attempts.is_empty(),
        }
    }

    /// Tells whether nothing of it is under way, so that it can be asked about anew. What waits to be tried again keeps its
    /// time, whatever becomes of the others.
    pub(in crate::run) const fn is_unsent(&self) -> bool {
        use super::Awaiting::{Confirmation, Person};
        matches!(self.phase, Phase::Pending | Phase::Ready | Phase::Awaiting(Confirmation | Person))
    }

    /// Tells whether it can be left out: no effect of it stands, is under way, is in doubt, or is being undone.
    pub fn can_be_left(&self) -> bool {
        let untouched =
            !self.happened() && !self.is_doubted() && !self.in_flight() && self.undo != super::Undo::Underway;
        untouched
            && matches!(self.phase, Phase::Pending | Phase::Ready | Phase::Awaiting(_) | Phase::Running | Phase::Failed)
    }
}

/// How many instances may be under way at a time. What only reads begins as a whole, so it never takes more room than there
/// is for all of the run.
fn width(step: &Step, max_parallel: u32) -> usize {
    let wide = max_parallel.max(1) as usize;
    let reads = match &step.kind {
        StepKind::Check(_) => true,
        StepKind::Action(spec) => effect::find(&spec.action).is_some_and(|row| row.change.is_none()),
        _ => false,
    };
    if reads { wide.min(AT_WORK_MAX) } else { wide }
}
