use std::collections::BTreeSet;

use super::forecast::{Forecast, Graph, Time};
use super::walk::Walk;
use super::{CallPreview, Mode, Plan, TargetName, clash};
use crate::base::Span;
use crate::effect::{Class, Risk};
use crate::runbook::{OnFailure, Retry, Runbook, Until};

/// What would happen, with nothing done: every step of a plan in order, nested runbooks expanded in their place.
///
/// It follows from the plan alone: no clock, no observed state, no order of a hash table. What an earlier step has yet to
/// tell is marked, and never guessed.
#[derive(Clone, Debug)]
pub struct Outlook {
    /// The steps, each after those that it needs.
    pub steps: Vec<StepPreview>,
    /// The layers: the steps of one need only those of layers before. By index into `steps`.
    pub layers: Vec<Vec<usize>>,
    /// The longest way through all of it.
    pub whole: Forecast,
    /// The longest way to the step that marks `service_restored`, if one does.
    pub restored: Option<Forecast>,
    /// What the runbook promises.
    pub rto: Option<Span>,
    /// What somebody should look at before it is run, as sentences.
    pub warnings: Vec<String>,
    /// The sum of it.
    pub summary: Summary,
}

/// What a step would do.
#[derive(Clone, Debug)]
pub struct StepPreview {
    /// The name, below that of the steps that nest it: `outer/inner`.
    pub path: String,
    /// The runbook that it stands in.
    pub runbook: String,
    /// What it does, in a few words.
    pub title: String,
    /// Why it is there.
    pub why: Option<String>,
    /// The steps that it needs, by index; for a first step of a nested runbook, the step that nests it.
    pub needs: Vec<usize>,
    /// The layer, from 0.
    pub layer: usize,
    /// Whether it is on the longest way.
    pub is_critical: bool,
    /// The alternatives of which one must hold for it to be done; without any it is always done.
    pub only_if: Vec<Branch>,
    /// Its own condition.
    pub when: Option<When>,
    /// The list, if it is done for each item of one.
    pub each: Option<Each>,
    /// What is done.
    pub kind: Kind,
    /// What a drill does not do, if this is its substitute: `webapp.restart`.
    pub stands_for: Option<String>,
    /// What it is confirmed by.
    pub consent: Consent,
    /// The risk.
    pub risk: Risk,
    /// What is done once, or for each item of a known list, or for any item of an unknown one.
    pub instances: Vec<StepInstance>,
    /// How long it takes; with several items, all of them.
    pub time: Time,
    /// Whether anything says how long one instance takes, and how long.
    pub expect: Option<Span>,
    /// The milestone that its end marks.
    pub marks: Option<String>,
    /// The way back.
    pub undo: UndoPreview,
    /// What the run does when it has failed.
    pub on_failure: OnFailure,
    /// When it is tried again.
    pub retry: Option<Retry>,
    /// When it counts as stuck.
    pub timeout: Option<Span>,
}

/// One instance of a step.
#[derive(Clone, Debug)]
pub struct StepInstance {
    /// The item's key; none for a step that is done once, or whose list is not known.
    pub key: Option<String>,
    /// What is asked of the world, if anything is.
    pub call: Option<CallPreview>,
    /// How a check is asked again.
    pub until: Option<Until>,
    /// What must hold afterwards.
    pub verify: Vec<CheckPreview>,
    /// What else tells whether the effect happened.
    pub probe: Option<CheckPreview>,
    /// How it is undone, in order.
    pub undo: Vec<CheckPreview>,
}

/// A further call of a step, and how it is asked again.
#[derive(Clone, Debug)]
pub struct CheckPreview {
    /// What is asked.
    pub call: CallPreview,
    /// How it is asked again.
    pub until: Option<Until>,
    /// The item of a list of its own.
    pub key: Option<String>,
    /// The list of its own, if that is not known yet.
    pub each: Option<String>,
}

/// A choice at a gate that leads here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// The gate's path.
    pub gate: String,
    /// The choices; one of them must be taken.
    pub choices: Vec<String>,
}

/// A step's own condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct When {
    /// The expression.
    pub source: String,
    /// Whether it holds, if that is known.
    pub holds: Option<bool>,
    /// The steps after which it is known.
    pub known_after: Vec<String>,
}

/// The list of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Each {
    /// The expression, or what it will be.
    pub source: String,
    /// How many items there are, if that is known.
    pub count: Option<usize>,
    /// The steps after which it is known.
    pub known_after: Vec<String>,
    /// How many there may be.
    pub at_most: u32,
    /// How many at a time.
    pub max_parallel: u32,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Asks something of the world.
    Action,
    /// Reads and judges.
    Check,
    /// A person does this.
    Manual {
        /// What to do.
        instruction: String,
        /// What is filled in, each with what it is.
        fields: Vec<(String, String)>,
    },
    /// A person decides.
    Gate {
        /// What is to be decided.
        question: String,
        /// The choices, each with what follows it.
        choices: Vec<(String, String)>,
    },
    /// Waits so long.
    Wait {
        /// How long.
        span: Span,
    },
    /// Waits until then.
    WaitUntil {
        /// The moment, or what will tell it.
        at: String,
    },
    /// Waits until its check passes.
    WaitCheck,
    /// Does what stands in the steps below it.
    Runbook {
        /// The runbook.
        name: String,
        /// Its inputs as far as they are known.
        inputs: Vec<(String, String)>,
    },
    /// Is left out of a drill.
    Skipped {
        /// Why.
        why: String,
    },
}

impl Kind {
    /// The word of the language; `skip` for what a drill leaves out.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Action => "action",
            Self::Check => "check",
            Self::Manual { .. } => "manual",
            Self::Gate { .. } => "gate",
            Self::Wait { .. } | Self::WaitUntil { .. } | Self::WaitCheck => "wait",
            Self::Runbook { .. } => "runbook",
            Self::Skipped { .. } => "skip",
        }
    }
}

/// What a step is confirmed by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Consent {
    /// Nothing is asked.
    None,
    /// The operator acknowledges.
    Acknowledge,
    /// The operator types this.
    ReadBack {
        /// The text.
        text: String,
        /// Whether a second person must agree.
        second_person: bool,
    },
}

/// The way back from a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UndoPreview {
    /// The catalogue's sentence, for a change whose runbook says nothing of its own.
    pub sentence: Option<String>,
    /// Until when, as a phrase: `for 24h after it has succeeded`.
    pub until: Option<String>,
    /// Why there is no way back.
    pub point_of_no_return: Option<String>,
}

/// The sum of an outlook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many steps there are, those of nested runbooks among them, and without those that only nest others.
    pub steps: usize,
    /// How many only read.
    pub reads: usize,
    /// How many change something.
    pub changes: usize,
    /// How many of those are destructive, or worse.
    pub destructive: usize,
    /// How many people do or decide, with nothing asked of the world.
    pub manual: usize,
    /// How many wait.
    pub waits: usize,
    /// How many are certainly skipped, by their condition or by the drill.
    pub skipped: usize,
    /// The steps at which a person does, decides or confirms something.
    pub people: Vec<usize>,
    /// The permissions that are needed, undo and checks included.
    pub permissions: BTreeSet<String>,
    /// The resources that are changed, as far as they are known.
    pub changed: BTreeSet<TargetName>,
    /// The resources that are only read.
    pub read: BTreeSet<TargetName>,
}

impl StepPreview {
    /// Whether it is certain that nothing of it is done.
    pub fn is_skipped(&self) -> bool {
        matches!(self.kind, Kind::Skipped { .. }) || self.when.as_ref().is_some_and(|when| when.holds == Some(false))
    }

    /// The row's class, if it asks something of the world.
    pub fn class(&self) -> Option<Class> {
        self.instances.first()?.call.as_ref()?.row.map(|row| row.class)
    }

    /// Whether it changes something.
    pub fn changes(&self) -> bool {
        self.class().is_some_and(|class| class != Class::R)
    }

    /// Everything that it may ask of the world, undo included.
    pub fn calls(&self) -> impl Iterator<Item = &CallPreview> {
        self.instances.iter().flat_map(|instance| {
            let further = instance.verify.iter().chain(&instance.probe).chain(&instance.undo);
            instance.call.iter().chain(further.map(|check| &check.call))
        })
    }
}

impl Outlook {
    /// What the plan would do.
    pub fn of(plan: &Plan) -> Self {
        let (mut steps, is_cut) = Walk::steps(plan);
        let graph = Graph {
            needs: steps.iter().map(|step| step.needs.clone()).collect(),
            times: steps.iter().map(|step| step.time).collect(),
        };
        let of_each = graph.layers();
        let mut layers = vec![Vec::new(); of_each.iter().max().map_or(0, |last| last + 1)];
        for (index, layer) in of_each.iter().enumerate() {
            layers[*layer].push(index);
            steps[index].layer = *layer;
        }
        let whole = graph.forecast(0..steps.len());
        for index in &whole.path {
            steps[*index].is_critical = true;
        }
        let marks = |step: &StepPreview| step.marks.as_deref() == Some("service_restored") && !step.is_skipped();
        let ends: Vec<usize> = (0..steps.len()).filter(|index| marks(&steps[*index])).collect();
        let restored = (!ends.is_empty()).then(|| graph.forecast(ends));
        let mut warnings = clash::warnings(&steps, &graph, plan.mode);
        if is_cut {
            let most = Runbook::EXPANDED_MAX;
            warnings.push(format!("there are more than {most} steps; the last of those that are nested are not shown"));
        }
        let summary = Summary::of(&steps);
        Self { steps, layers, whole, restored, rto: plan.runbook.rto, warnings, summary }
    }

    /// The forecast that the recovery time objective is compared with: until the service is restored, or else the whole.
    pub fn until_restored(&self) -> &Forecast {
        self.restored.as_ref().unwrap_or(&self.whole)
    }

    /// Whether the forecast, which has no time for people in it, keeps the objective; none without an objective.
    pub fn keeps_rto(&self) -> Option<bool> {
        self.rto.map(|rto| self.until_restored().at_least() <= rto)
    }
}

impl Summary {
    fn of(steps: &[StepPreview]) -> Self {
        let mut sum = Self::default();
        for (index, step) in steps.iter().enumerate() {
            if !matches!(step.kind, Kind::Runbook { .. }) {
                sum.count(step);
            }
            if step.is_skipped() {
                continue;
            }
            sum.people.extend(step.time.person.then_some(index));
            for call in step.calls() {
                let Some(row) = call.row else { continue };
                sum.permissions.extend(row.permissions.iter().map(|&permission| permission.to_owned()));
                let set = if row.change.is_some() { &mut sum.changed } else { &mut sum.read };
                set.extend(call.targets.iter().cloned());
            }
        }
        sum.read.retain(|target| !sum.changed.contains(target));
        sum
    }

    fn count(&mut self, step: &StepPreview) {
        self.steps += 1;
        if step.is_skipped() {
            self.skipped += 1;
        } else if step.kind.word() == "wait" {
            self.waits += 1;
        } else if step.changes() {
            self.changes += 1;
            self.destructive += usize::from(step.risk >= Risk::Destructive);
        } else if step.time.person {
            self.manual += 1;
        } else {
            self.reads += 1;
        }
    }
}

/// Whether a mode changes the world.
pub(super) const fn changes_the_world(mode: Mode) -> bool {
    match mode {
        Mode::Live | Mode::Drill => true,
        Mode::Rehearsal => false,
    }
}
