use serde::{Deserialize, Serialize};

use super::{ConsentBy, PauseReason};
use crate::base::{AttemptId, Commitment, InstanceId, Span, Value};
use crate::run::{Input, Instance, RunState};

/// What another process asks of a run's holder, through the journal. It is a wish: the holder answers with events, of which
/// the last resort is `run.declined`, or not at all if the run has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data")]
pub enum Request {
    /// End the run.
    #[serde(rename = "request.abort")]
    Abort {
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Commitment>,
        /// Whether what stands is to be undone before.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        undo: bool,
    },
    /// Start nothing new.
    #[serde(rename = "request.pause")]
    Pause {},
    /// Go on after a pause.
    #[serde(rename = "request.continue")]
    Continue {},
    /// Decide a gate, or report a manual step done.
    #[serde(rename = "request.decide")]
    Decide {
        /// The step.
        step: InstanceId,
        /// The choice; `done` for a manual step.
        choice: String,
        /// What was filled in, by the names of the fields.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fields: Option<Value>,
    },
    /// Leave a step out.
    #[serde(rename = "request.skip")]
    Skip {
        /// The step.
        step: InstanceId,
        /// Why.
        reason: Commitment,
    },
    /// Declare that what a step is for is so.
    #[serde(rename = "request.override")]
    Override {
        /// The step.
        step: InstanceId,
        /// Why.
        reason: Commitment,
        /// What it gives.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outputs: Option<Value>,
    },
    /// Try a failed step again.
    #[serde(rename = "request.retry")]
    Retry {
        /// The step.
        step: InstanceId,
    },
    /// Undo a step.
    #[serde(rename = "request.undo")]
    Undo {
        /// The step.
        step: InstanceId,
    },
    /// Say what became of an effect in doubt.
    #[serde(rename = "request.resolve")]
    Resolve {
        /// The step.
        step: InstanceId,
        /// The attempt that was seen in doubt. If another one has been made since, nothing is said of that.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attempt: Option<AttemptId>,
        /// What is said.
        word: Resolution,
    },
    /// A command outside the runbook was performed; the holder is to note it.
    #[serde(rename = "request.adhoc")]
    Adhoc(Adhoc),
}

impl Request {
    /// The request as the run takes it.
    pub fn input(self) -> Input {
        let how = ConsentBy::Enter;
        match self {
            Self::Abort { reason, undo } => Input::Abort { reason, undo },
            Self::Pause {} => Input::Pause { why: PauseReason::Asked },
            Self::Continue {} => Input::Continue,
            Self::Decide { step, choice, fields } => Input::Decide { step, choice, fields, how },
            Self::Skip { step, reason } => Input::Skip { step, reason },
            Self::Override { step, reason, outputs } => Input::Override { step, reason, outputs },
            Self::Retry { step } => Input::Retry { step },
            Self::Undo { step } => Input::Undo { step },
            Self::Resolve { step, word, .. } => Input::Resolve { step, word },
            Self::Adhoc(adhoc) => Input::Adhoc(adhoc),
        }
    }

    /// Whether it speaks of an attempt that is no longer the last one of its step.
    pub fn is_outdated(&self, state: &RunState) -> bool {
        let Self::Resolve { step, attempt: Some(seen), .. } = self else { return false };
        let last = state.instance(step).and_then(Instance::last);
        last.is_none_or(|last| last.intent.attempt != *seen)
    }

    /// The kind, as the journal says it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Abort { .. } => "request.abort",
            Self::Pause {} => "request.pause",
            Self::Continue {} => "request.continue",
            Self::Decide { .. } => "request.decide",
            Self::Skip { .. } => "request.skip",
            Self::Override { .. } => "request.override",
            Self::Retry { .. } => "request.retry",
            Self::Undo { .. } => "request.undo",
            Self::Resolve { .. } => "request.resolve",
            Self::Adhoc(_) => "request.adhoc",
        }
    }
}

/// A command outside the runbook that was performed during a run, and what it said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adhoc {
    /// The command, word by word, redacted.
    pub command: Vec<String>,
    /// Its exit code; none if a signal ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
    /// How long it took, by the host's clock.
    pub took: Span,
    /// What it said on both of its outputs, redacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Commitment>,
}

/// What a person says of an effect in doubt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "word", rename_all = "snake_case")]
pub enum Resolution {
    /// It happened.
    Adopt {
        /// What it gave, where the probe could not tell.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outputs: Option<Value>,
        /// Why the person thinks so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Commitment>,
    },
    /// It did not; it may be sent again, after a new consent.
    DidNot {
        /// What was typed: the read-back of the consent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        typed: Option<String>,
        /// Why the person thinks so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Commitment>,
    },
    /// Whatever became of it, a person has brought about by other means what it was to do: a deviation.
    ByHand {
        /// What it gives to later steps.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outputs: Option<Value>,
        /// What was done, and why.
        reason: Commitment,
    },
    /// Whatever became of it, it is to be undone. The step counts as failed, and its undo begins.
    Undo {
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Commitment>,
    },
    /// The step counts as failed. Whether it happened stays in doubt.
    GiveUp,
}
