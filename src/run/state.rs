use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Consent, Intent, Item, PauseReason, RunEnd};
use crate::base::{AttemptId, Digest, InstanceId, LogId, RunId, StepId, Timestamp, Value};
use crate::effect::{self, Failure, Field, Handle, ProbeVerdict, Verdict};
use crate::plan::{Names, Plan};
use crate::runbook::{CheckSpec, Step, StepKind};

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
    /// The steps, in the order in which they run.
    pub groups: Vec<Group>,
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
    /// Nothing new is started, and the run ends when nothing is in flight.
    Aborting,
    /// It has ended.
    Ended(RunEnd),
}

/// A step of the graph with its instances: one, or one per item of its `for_each`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
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
}

/// One instance of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Its name.
    pub id: InstanceId,
    /// The item of the `for_each`.
    pub item: Option<Value>,
    /// Its state.
    pub phase: Phase,
    /// When it began; the time in which it waited for a person is not counted.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Since when its checks are being made: after the effect, when its turn came, or when the run was taken up again.
    pub checking_since: Option<Timestamp>,
    /// The last verdict of each of its checks.
    pub verdicts: BTreeMap<u32, Verdict>,
    /// Its tries, oldest first.
    pub attempts: Vec<Attempt>,
    /// What it gave.
    pub outputs: Option<Value>,
    /// Why it ended as it did, where that is not the ordinary end.
    pub why: Option<String>,
}

/// The state of a step instance (DESIGN §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Its needs are not met, or it has not been looked at yet.
    Pending,
    /// It can start.
    Ready,
    /// It waits.
    Awaiting(Awaiting),
    /// It has begun.
    Running,
    /// Its effect may have happened.
    InDoubt,
    /// It did what it should.
    Succeeded,
    /// It did not.
    Failed,
    /// It was not wanted.
    Skipped,
    /// The run ended before it.
    Cancelled,
}

impl Phase {
    /// Tells whether nothing more will come.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Skipped | Self::Cancelled)
    }

    /// The word (DESIGN §2).
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Ready => "ready",
            Self::Awaiting(Awaiting::Confirmation) => "awaiting confirmation",
            Self::Awaiting(Awaiting::Person) => "awaiting a person",
            Self::Awaiting(Awaiting::Time(_)) => "waiting",
            Self::Running => "running",
            Self::InDoubt => "in doubt",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What an instance waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaiting {
    /// A person's consent.
    Confirmation,
    /// A person's decision or report.
    Person,
    /// A time of the estate's clock.
    Time(Timestamp),
}

/// One try of an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// What was written down before it was sent.
    pub intent: Intent,
    /// The fence under which it was.
    pub fence: u64,
    /// When.
    pub sent_at: Timestamp,
    /// How it stands.
    pub standing: Standing,
}

/// How an attempt stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Sent by the process that holds the run now, and not answered yet.
    Open,
    /// The service goes on with it.
    Accepted {
        /// Where to ask.
        handle: Handle,
        /// The service's last word, or why it cannot be followed just now.
        status: Option<String>,
        /// Since when no useful answer has come.
        unreachable_since: Option<Timestamp>,
    },
    /// It may have happened.
    InDoubt {
        /// Since when nothing of ours is under way any more: from here the settling time runs.
        since: Timestamp,
        /// Why.
        why: String,
        /// Whether the service said yes to it.
        said_yes: bool,
        /// What the probe last said; once it has spoken, a person decides.
        probed: Option<ProbeVerdict>,
    },
    /// It happened.
    Succeeded,
    /// It was refused, or was never sent.
    Failed(Failure),
    /// The service accepted it and then came to a bad end; it may have been carried out in part.
    Broken(Failure),
    /// A probe or a person found that it did not happen.
    DidNot,
}

impl RunState {
    /// The group that the run is at: the first that is not over, or that has failed.
    pub fn current(&self) -> Option<&Group> {
        self.groups.iter().find(|group| !group.ended_well())
    }

    /// The step of a group.
    pub fn step(&self, group: &Group) -> Option<&Step> {
        self.plan.runbook.step(&group.step)
    }

    /// The group that an instance, or a group's own name, belongs to.
    pub fn group_of(&self, id: &InstanceId) -> Option<&Group> {
        let step = id.step();
        self.groups.iter().find(|group| group.step == step)
    }

    /// An instance by name.
    pub fn instance(&self, id: &InstanceId) -> Option<&Instance> {
        self.group_of(id)?.instances.iter().find(|instance| instance.id == *id)
    }

    /// Every instance, in the order in which they run.
    pub fn instances(&self) -> impl Iterator<Item = &Instance> {
        self.groups.iter().flat_map(|group| group.instances.iter())
    }

    /// An attempt, and the instance that it is of.
    pub fn attempt(&self, id: AttemptId) -> Option<(&Instance, &Attempt)> {
        self.instances().find_map(|instance| {
            instance.attempts.iter().find(|attempt| attempt.intent.attempt == id).map(|attempt| (instance, attempt))
        })
    }

    /// What the steps have given so far. A `for_each` gives for each output the list of what its items gave, in the order of
    /// the list; an item that gave none, as one that was skipped, is left out.
    pub fn outputs(&self) -> BTreeMap<StepId, Value> {
        let mut outputs = BTreeMap::new();
        for group in &self.groups {
            let mut given = group.instances.iter().filter_map(|instance| instance.outputs.as_ref());
            let value = match self.step(group) {
                Some(step) if step.for_each.is_some() => group.expanded.then(|| lists(step, given)),
                _ => given.next().cloned(),
            };
            if let Some(value) = value {
                outputs.insert(group.step.clone(), value);
            }
        }
        outputs
    }

    /// The names of an instance's expressions.
    pub fn names<'a>(&'a self, outputs: &'a BTreeMap<StepId, Value>, instance: &'a Instance) -> Names<'a> {
        Names::new(&self.plan, outputs).with_item(instance.item.as_ref()).with_self(instance.outputs.as_ref())
    }

    /// Instances whose effect is in doubt, whatever has become of the instance or the run.
    pub fn in_doubt(&self) -> Vec<InstanceId> {
        self.instances().filter(|instance| instance.is_doubted()).map(|instance| instance.id.clone()).collect()
    }

    /// Instances whose effects stand, in whole or perhaps in part.
    pub fn standing(&self) -> Vec<InstanceId> {
        let stands = |instance: &&Instance| {
            let stands = |attempt: &Attempt| matches!(attempt.standing, Standing::Succeeded | Standing::Broken(_));
            instance.attempts.iter().any(stands)
        };
        self.instances().filter(stands).map(|instance| instance.id.clone()).collect()
    }

    /// Tells whether the run has ended.
    pub const fn is_over(&self) -> bool {
        matches!(self.phase, RunPhase::Ended(_))
    }

    /// Tells whether an effect was sent that is neither answered nor given up: what a leaving process waits for.
    pub fn has_open_attempt(&self) -> bool {
        self.instances().any(|instance| instance.last().is_some_and(|attempt| attempt.standing == Standing::Open))
    }
}

impl Group {
    pub(super) fn new(step: &Step) -> Self {
        let id = InstanceId::of(&step.id);
        Self {
            step: step.id.clone(),
            asked: None,
            confirmed: None,
            drifted: None,
            instances: vec![Instance::new(id, None)],
            expanded: step.for_each.is_none(),
        }
    }

    pub(super) fn expand(&mut self, items: &[Item]) {
        self.expanded = true;
        self.instances = items
            .iter()
            .map(|item| Instance::new(InstanceId::item(&self.step, &item.key), Some(item.value.clone())))
            .collect();
    }

    /// The group's own name.
    pub fn id(&self) -> InstanceId {
        InstanceId::of(&self.step)
    }

    /// Tells whether every instance ended well, so that the run can go on. A `for_each` that was skipped as a whole has
    /// no items, and needs none.
    pub fn ended_well(&self) -> bool {
        let skipped = self.instances.iter().all(|instance| instance.phase == Phase::Skipped);
        let well = self.instances.iter().all(|instance| matches!(instance.phase, Phase::Succeeded | Phase::Skipped));
        well && (self.expanded || (skipped && !self.instances.is_empty()))
    }

    /// The instance that the group is at.
    pub fn current(&self) -> Option<&Instance> {
        self.instances.iter().find(|instance| !matches!(instance.phase, Phase::Succeeded | Phase::Skipped))
    }
}

impl Instance {
    pub(super) const fn new(id: InstanceId, item: Option<Value>) -> Self {
        Self {
            id,
            item,
            phase: Phase::Pending,
            started: None,
            ended: None,
            checking_since: None,
            verdicts: BTreeMap::new(),
            attempts: Vec::new(),
            outputs: None,
            why: None,
        }
    }

    /// The last attempt.
    pub fn last(&self) -> Option<&Attempt> {
        self.attempts.last()
    }

    /// Tells whether its effect may have happened, and nobody has said yet whether it did.
    pub fn is_doubted(&self) -> bool {
        self.last().is_some_and(|attempt| matches!(attempt.standing, Standing::InDoubt { .. }))
    }

    /// Tells whether an attempt before the last one was in doubt: then a conflict may be the trace of our own.
    pub fn was_doubted(&self) -> bool {
        let earlier = self.attempts.split_last().map(|(_, earlier)| earlier).unwrap_or_default();
        earlier.iter().any(|attempt| matches!(attempt.standing, Standing::DidNot | Standing::InDoubt { .. }))
    }

    /// Tells whether the effect is known to have happened.
    pub fn happened(&self) -> bool {
        self.last().is_some_and(|attempt| attempt.standing == Standing::Succeeded)
    }

    /// The first of its checks that has not passed yet.
    pub fn next_check(&self, checks: usize) -> Option<u32> {
        (0..u32::try_from(checks).unwrap_or(u32::MAX))
            .find(|index| !matches!(self.verdicts.get(index), Some(Verdict::Pass { .. })))
    }
}

/// For each output of a step's operation the list of what the items gave. An empty list of items gives empty lists.
fn lists<'a>(step: &Step, given: impl Iterator<Item = &'a Value>) -> Value {
    let given: Vec<&Value> = given.collect();
    let row = step.kind.call().and_then(|call| effect::find(&call.action));
    let names = row.map(|row| row.outputs).unwrap_or_default().iter().map(|output| output.name);
    let list = |name: &str| Value::List(given.iter().filter_map(|outputs| outputs.field(name).cloned()).collect());
    Value::Record(names.map(|name| (name.to_owned(), list(name))).collect())
}

/// The checks of a step in their order: of a check step itself, then what must hold afterwards.
pub fn checks(step: &Step) -> Vec<&CheckSpec> {
    let own = if let StepKind::Check(check) = &step.kind { Some(check) } else { None };
    own.into_iter().chain(&step.verify).collect()
}
