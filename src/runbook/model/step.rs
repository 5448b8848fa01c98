use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::gate::short;
use super::{Argument, CallSpec, CheckSpec, Choice, ForEach, ManualField, OnFailure, Retry, UndoStep, UndoUntil};
use crate::base::{Span, StepId};
use crate::effect::{self, Risk};
use crate::runbook::{Expression, Template};

/// A step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The name, unique in the runbook.
    pub id: StepId,
    /// What it does, in a few words.
    pub title: String,
    /// Why it is there, for a stranger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The steps that must have ended well before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<StepId>,
    /// The step is skipped unless this holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Expression>,
    /// One instance per item of a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_each: Option<ForEach>,
    /// What kind of step it is.
    pub kind: StepKind,
    /// What must hold afterwards, checked in order; in their expressions `self` is this step, which has succeeded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub verify: Vec<CheckSpec>,
    /// Tells whether the effect happened, where the row's own probe cannot: a pass says that it did, a failure that it
    /// did not, and "cannot observe" neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<CheckSpec>,
    /// How it is undone, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undo: Vec<UndoStep>,
    /// Until when it can be undone, if not for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo_until: Option<UndoUntil>,
    /// Why there is no way back once it has begun, if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point_of_no_return: Option<String>,
    /// When a failed attempt is made again by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// How long an attempt, or a person, may take before the step counts as stuck and somebody is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Span>,
    /// What the run does when the step has failed.
    #[serde(default, skip_serializing_if = "OnFailure::is_ask")]
    pub on_failure: OnFailure,
    /// The risk, if the runbook raises the row's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<Risk>,
    /// How long it is expected to take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Span>,
    /// The milestone that its end marks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marks: Option<String>,
    /// What is done in its place in a drill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drill: Option<DrillSubstitute>,
}

/// What kind of step it is, and what only that kind has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum StepKind {
    /// Asks something of the world.
    Action(CallSpec),
    /// Reads the world and judges.
    Check(CheckSpec),
    /// A person does something and says so.
    Manual {
        /// What the person is to do.
        instruction: Template,
        /// What the person fills in; each becomes an output.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        fields: Vec<ManualField>,
    },
    /// A person decides.
    Gate {
        /// What is to be decided.
        question: Template,
        /// The choices, at least two, each with what follows it.
        #[serde(with = "short")]
        choices: Vec<Choice>,
        /// The choice that a headless run takes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        headless: Option<String>,
    },
    /// Waits for a length of estate time, with no living process and no lock.
    Wait {
        /// How long.
        span: Span,
    },
    /// Waits until a moment by the estate's clock; a moment that has passed is no wait.
    WaitUntil {
        /// The moment: an expression of type timestamp.
        at: Template,
    },
    /// Waits until a check passes. Its `until` is always there: how often it asks, and for how long at most.
    WaitCheck(CheckSpec),
    /// Does what another runbook says, as part of this run.
    Runbook(NestedCall),
}

impl Step {
    /// How long it is expected to take, once: what a wait waits, else what the author says, else what the operation
    /// usually takes. None if nobody says.
    pub fn expected(&self) -> Option<Span> {
        let usual = || effect::find(&self.kind.call()?.action)?.change.as_ref().map(|change| change.expect);
        if let StepKind::Wait { span } = &self.kind { Some(*span) } else { self.expect.or_else(usual) }
    }

    /// A step with nothing but its kind.
    pub fn new(id: StepId, title: impl Into<String>, kind: StepKind) -> Self {
        Self {
            id,
            title: title.into(),
            why: None,
            needs: Vec::new(),
            when: None,
            for_each: None,
            kind,
            verify: Vec::new(),
            probe: None,
            undo: Vec::new(),
            undo_until: None,
            point_of_no_return: None,
            retry: None,
            timeout: None,
            on_failure: OnFailure::Ask,
            confirm: None,
            expect: None,
            marks: None,
            drill: None,
        }
    }
}

impl StepKind {
    /// The word of the language.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Action(_) => "action",
            Self::Check(_) => "check",
            Self::Manual { .. } => "manual",
            Self::Gate { .. } => "gate",
            Self::Wait { .. } | Self::WaitUntil { .. } | Self::WaitCheck(_) => "wait",
            Self::Runbook(_) => "runbook",
        }
    }

    /// The operation that the step asks for, or that it reads until it passes.
    pub const fn call(&self) -> Option<&CallSpec> {
        match self {
            Self::Action(call) => Some(call),
            Self::Check(check) | Self::WaitCheck(check) => Some(&check.call),
            Self::Manual { .. } | Self::Gate { .. } | Self::Wait { .. } | Self::WaitUntil { .. } | Self::Runbook(_) => {
                None
            }
        }
    }

    /// Whether it is over by the clock or a look alone, and so is no recovery work.
    pub const fn is_wait(&self) -> bool {
        matches!(self, Self::Wait { .. } | Self::WaitUntil { .. } | Self::WaitCheck(_))
    }
}

/// A runbook inside a runbook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NestedCall {
    /// Its name, in the same library.
    pub runbook: String,
    /// Its inputs, by parameter.
    pub with: BTreeMap<String, Argument>,
}

/// What is done in the place of a step in a drill. The step's own `verify`, `probe` and `undo` are about what was not done,
/// and are not done either.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DrillSubstitute {
    /// Nothing.
    Skip {
        /// Why, for the drill's report.
        why: String,
    },
    /// This operation, of the same role as the step's own; it gives the outputs that other steps read.
    Call(CallSpec),
    /// A person says what was done.
    Manual {
        /// What the person is to do.
        instruction: Template,
        /// What the person fills in; among them the outputs that other steps read.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        fields: Vec<ManualField>,
    },
}
