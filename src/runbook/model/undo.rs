use serde::{Deserialize, Serialize};

use super::{CallSpec, CheckSpec, ForEach, Until};
use crate::base::{Span, StepId};

/// An entry of `undo`: a small step; in its expressions `self` is the step being undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoStep {
    /// The operation.
    pub call: CallSpec,
    /// Whether it changes something or looks.
    #[serde(default, skip_serializing_if = "CallRole::is_action")]
    pub role: CallRole,
    /// One instance per item of a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_each: Option<ForEach>,
    /// For a check: asks again until it passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Until>,
    /// What must hold afterwards, checked in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub verify: Vec<CheckSpec>,
}

impl UndoStep {
    /// An action with nothing else.
    pub const fn new(call: CallSpec) -> Self {
        Self { call, role: CallRole::Action, for_each: None, until: None, verify: Vec::new() }
    }
}

/// What an operation is used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallRole {
    /// It does what it does.
    #[default]
    Action,
    /// It reads, and is judged.
    Check,
}

impl CallRole {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
    const fn is_action(&self) -> bool {
        matches!(self, Self::Action)
    }
}

/// Until when a step can be undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UndoUntil {
    /// For so long after the step has succeeded, by the estate's clock.
    For(Span),
    /// Until this later step begins.
    Step(StepId),
}
