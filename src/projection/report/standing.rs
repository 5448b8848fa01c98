use std::collections::BTreeMap;

use crate::base::{InstanceId, Span, Timestamp};
use crate::journal::{Entry, Fact};
use crate::plan::{Kind, Outlook, StepPreview};
use crate::run::{ConsentBy, DeviationKind, Event, Instance, Phase, RunState};

/// What a drill says of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It was done as it would be in an emergency, and what must hold afterwards held.
    Proven,
    /// Something else was done in its place; how.
    Substituted(String),
    /// It was not done; why.
    NotReached(String),
    /// It was tried, and did not end well; why.
    Failed(String),
}

/// How a question was answered that nobody was asked.
const BY_A_SCRIPT: &str = "answered by the options of a script, and by no person";

impl Standing {
    /// Whether it asks a person, and the options of a script have answered.
    pub(super) fn is_answered_by_a_script(&self) -> bool {
        matches!(self, Self::Substituted(how) if how == BY_A_SCRIPT)
    }

    /// Whether the drill proved it.
    pub const fn is_proven(&self) -> bool {
        matches!(self, Self::Proven)
    }

    /// The word for a person and for a program.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Substituted(_) => "substituted",
            Self::NotReached(_) => "not reached",
            Self::Failed(_) => "failed",
        }
    }

    /// How it was substituted, or why it was not reached or failed.
    pub fn why(&self) -> &str {
        match self {
            Self::Proven => "",
            Self::Substituted(why) | Self::NotReached(why) | Self::Failed(why) => why,
        }
    }
}

/// A step of a drill, the items of its list taken together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepResult {
    /// The name, below that of the steps that nest it.
    pub path: String,
    /// What it does, in a few words.
    pub title: String,
    /// Whether it changes something.
    pub changes: bool,
    /// What the drill says of it.
    pub standing: Standing,
    /// When it began.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// How long it was expected to take.
    pub expected: Span,
    /// How many attempts were made; more than the number of its items is rework.
    pub attempts: usize,
    /// How many things it was done for; 1 unless it has a list.
    pub items: usize,
    /// Who consented or decided, if anybody was asked.
    pub consent: Option<ConsentBy>,
}

/// What became of every step but those that only nest others, in the order of the plan.
pub(super) fn results(state: &RunState, outlook: &Outlook, entries: &[Entry]) -> Vec<StepResult> {
    let consents = consents(entries);
    let deviations: BTreeMap<InstanceId, DeviationKind> =
        state.deviations().into_iter().filter_map(|one| Some((one.step?, one.kind))).collect();
    let leaves = outlook.steps.iter().filter(|step| !matches!(step.kind, Kind::Runbook { .. }));
    let result = |step: &StepPreview| {
        let id = InstanceId::from(step.path.as_str());
        let instances = state.group_of(&id).map(|group| group.instances.as_slice()).unwrap_or_default();
        let consent = consents.get(&id).copied();
        let standings = instances.iter().map(|one| of_instance(one, step, consent, deviations.get(&one.id)));
        let worst = standings.max_by_key(rank);
        StepResult {
            path: step.path.clone(),
            title: step.title.clone(),
            changes: step.changes(),
            standing: worst.unwrap_or_else(|| Standing::NotReached("what nests it was not begun".to_owned())),
            started: instances
                .iter()
                .filter_map(|one| one.started.or(one.ended.filter(|_| one.phase == Phase::Succeeded)))
                .min(),
            ended: instances.iter().filter(|one| one.phase != Phase::Skipped).filter_map(|one| one.ended).max(),
            expected: crate::runbook::plus(step.time.machine, step.time.waiting),
            attempts: instances.iter().map(|one| one.attempts.len()).sum(),
            items: instances.len(),
            consent,
        }
    };
    leaves.map(result).collect()
}

/// How a step was consented to, or decided, for a person.
pub(super) const fn consent(how: ConsentBy) -> &'static str {
    match how {
        ConsentBy::Enter => "by Enter",
        ConsentBy::ReadBack => "read back",
        ConsentBy::Headless => "by a script",
    }
}

/// Of the items of a list, the one that says the least for the step counts.
const fn rank(standing: &Standing) -> u8 {
    match standing {
        Standing::Proven => 0,
        Standing::Substituted(_) => 1,
        Standing::NotReached(_) => 2,
        Standing::Failed(_) => 3,
    }
}

fn of_instance(
    instance: &Instance,
    step: &StepPreview,
    consent: Option<ConsentBy>,
    deviation: Option<&DeviationKind>,
) -> Standing {
    let why = || instance.why.clone().unwrap_or_default();
    match instance.phase {
        _ if instance.is_doubted() => Standing::Failed("it may have happened: nobody knows".to_owned()),
        Phase::Succeeded if instance.assumed => Standing::Substituted("assumed".to_owned()),
        Phase::Succeeded => match (deviation, &step.kind) {
            (Some(kind @ (DeviationKind::Overridden | DeviationKind::ByHand)), _) => {
                Standing::Substituted(kind.word().to_owned())
            }
            (_, Kind::Manual { .. } | Kind::Gate { .. }) if consent == Some(ConsentBy::Headless) => {
                Standing::Substituted(BY_A_SCRIPT.to_owned())
            }
            _ => match &step.stands_for {
                Some(operation) => Standing::Substituted(format!("the drill does something else than {operation}")),
                None => Standing::Proven,
            },
        },
        Phase::Skipped if matches!(step.kind, Kind::Skipped { .. }) => Standing::NotReached(why()),
        Phase::Skipped if instance.passed_by => Standing::NotReached("not on the way that was taken".to_owned()),
        Phase::Skipped => Standing::NotReached(why()),
        Phase::Failed => Standing::Failed(why()),
        Phase::Cancelled => Standing::NotReached("the run ended before it".to_owned()),
        _ => Standing::NotReached("the run has not come to its end".to_owned()),
    }
}

/// How each step was consented to, or decided, the last time that it was.
fn consents(entries: &[Entry]) -> BTreeMap<InstanceId, ConsentBy> {
    let given = entries.iter().filter_map(|entry| match &entry.draft.fact {
        Fact::Run(Event::Confirmed { step, how, .. } | Event::Decided { step, how, .. }) => Some((step.group(), *how)),
        _ => None,
    });
    given.collect()
}
