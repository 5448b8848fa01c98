use serde::{Deserialize, Serialize};

use super::{Parameter, ParameterType, Step};
use crate::base::{Span, StepId};
use crate::runbook::Template;

/// A checked runbook. Only the checker makes one from text; the journal gives back what the checker once made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runbook {
    /// The name; equal to the file's stem.
    pub id: String,
    /// The version of the language, 1.
    pub format: u32,
    /// The author's number.
    pub version: String,
    /// What it does, in a few words.
    pub title: String,
    /// The standard operating procedure that it implements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sop: Option<String>,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// When it is the right one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub use_when: Vec<String>,
    /// When it is not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_when: Vec<String>,
    /// What it takes, in the author's order.
    pub parameters: Vec<Parameter>,
    /// The recovery time objective.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rto: Option<Span>,
    /// The recovery point objective: how much of the latest data may be lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rpo: Option<Span>,
    /// What it gives to a runbook that nests it, in the author's order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<RunbookOutput>,
    /// The steps, in an order in which they can run: the author's, but that each stands after those that it needs.
    pub steps: Vec<Step>,
}

impl Runbook {
    /// The most steps that there may be with all that is nested in its place: a plan shows each of them, and nobody can
    /// follow more.
    pub const EXPANDED_MAX: usize = 5_000;

    /// The step of that name.
    pub fn step(&self, id: &StepId) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == *id)
    }
}

/// A value that a runbook gives to the one that nests it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunbookOutput {
    /// The name, `[a-z][a-z0-9_]*`.
    pub name: String,
    /// The declared type; the checker has compared it with that of `value`.
    pub kind: ParameterType,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The value, known once every step that it reads has succeeded.
    pub value: Template,
}
