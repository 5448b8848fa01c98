use serde::{Deserialize, Serialize};

use crate::base::InstanceId;

/// Why a run is paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseReason {
    /// A person asked for it.
    Asked,
    /// A headless run met a question that nothing answers.
    Unanswered,
    /// A headless run met a wait that is due later than it sits out.
    Parked,
    /// The session ended.
    Left,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunEnd {
    /// Every step succeeded or was not wanted.
    Succeeded,
    /// Every step succeeded or was not wanted, and something was done otherwise than as written.
    SucceededWithDeviations,
    /// What was to be undone could not be undone whole.
    Failed,
    /// A person ended it, or a gate's answer did.
    Aborted,
    /// A person ended it, and what was to be undone has been undone.
    RolledBack,
}

impl RunEnd {
    /// Tells whether the run did what it was for.
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Succeeded | Self::SucceededWithDeviations)
    }

    /// The words for a person.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::SucceededWithDeviations => "succeeded with deviations",
            Self::Failed => "failed",
            Self::Aborted => "aborted",
            Self::RolledBack => "rolled back",
        }
    }
}

/// How an instance ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepEnd {
    /// It did what it should, and what must hold afterwards holds.
    Succeeded,
    /// It did not; a person may try again.
    Failed,
    /// Its condition did not hold, or it had no items.
    Skipped,
    /// The run went another way: by a gate's choice, or because of a failure.
    PassedBy,
    /// Nothing was sent, and its outputs are invented: a rehearsal.
    Assumed,
    /// The run ended before it.
    Cancelled,
}

/// Something that was done otherwise than as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// What.
    pub kind: DeviationKind,
    /// Of which step, if it is of one.
    pub step: Option<InstanceId>,
}

/// The kinds of deviations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviationKind {
    /// A step was left out by a person's word.
    Skipped,
    /// A person declared that a step's purpose is met.
    Overridden,
    /// A person brought about by other means what an effect in doubt was to do.
    ByHand,
    /// The run went on after a failure, as the runbook says.
    FailedOn,
    /// A step's effect was undone while the run went on.
    Undone,
    /// A command outside the runbook.
    Adhoc,
}

impl DeviationKind {
    /// The word for a person.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Skipped => "skipped",
            Self::Overridden => "overridden",
            Self::ByHand => "done by hand",
            Self::FailedOn => "failed, and the run went on",
            Self::Undone => "undone",
            Self::Adhoc => "ad-hoc command",
        }
    }
}

/// Who spoke about an effect in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReconciledBy {
    /// The row's probe.
    Probe,
    /// A person.
    Person,
    /// A person who brought about by other means what the effect was to do: whether it happened matters no more.
    ByHand,
    /// Its undo, after which nothing of it stands, whether it happened or not.
    Undo,
}
