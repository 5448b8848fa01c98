use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Expression, Template};
use crate::base::{Encoding, Span, StepId, Value};
use crate::effect::{Risk, TargetKind};

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
    /// The steps, in an order in which they can run: the author's, but that each stands after those that it needs.
    pub steps: Vec<Step>,
}

impl Runbook {
    /// The step of that name.
    pub fn step(&self, id: &StepId) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == *id)
    }
}

/// A parameter that a runbook declares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// The name, `[a-z][a-z0-9_]*`.
    pub name: String,
    /// The type of the input.
    pub kind: ParameterType,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it is when no input is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
}

/// The type of an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum ParameterType {
    /// Text, perhaps with a pattern that it must match whole: a regular expression without look-around and back
    /// references, as the crate `regex-lite` reads it.
    String {
        /// The pattern.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pattern: Option<String>,
        /// The only allowed texts, if there are any.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        choices: Vec<String>,
    },
    /// A whole number.
    Integer {
        /// The least.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<i64>,
        /// The largest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<i64>,
    },
    /// `true` or `false`.
    Boolean,
    /// A length of time.
    Duration,
    /// A resource of the environment, by name.
    Target {
        /// Of which kind.
        of: TargetKind,
    },
    /// A list.
    List {
        /// Of which type.
        of: Box<ParameterType>,
    },
}

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
    /// One instance per item of this list, in its order; inside, `item` is the item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_each: Option<Expression>,
    /// What kind of step it is.
    pub kind: StepKind,
    /// What must hold afterwards, checked in order; in their expressions `self` is this step, which has succeeded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub verify: Vec<CheckSpec>,
    /// How it is undone, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undo: Vec<UndoStep>,
    /// The risk, if the runbook raises the row's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<Risk>,
    /// How long it is expected to take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Span>,
    /// The milestone that its end marks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marks: Option<String>,
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
    },
    /// A person decides.
    Gate {
        /// What is to be decided.
        question: Template,
        /// The choices; the first lets the run go on, every other one ends it.
        choices: Vec<String>,
        /// The choice that a headless run takes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        headless: Option<String>,
    },
    /// Waits for a length of estate time, with no living process and no lock.
    Wait {
        /// How long.
        span: Span,
    },
}

/// An operation with its arguments as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallSpec {
    /// The row's name.
    pub action: String,
    /// The arguments by parameter name.
    pub with: BTreeMap<String, Argument>,
}

/// A check with its arguments as written, and how long it may take to become true.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckSpec {
    /// The operation that reads.
    pub call: CallSpec,
    /// Asks again until it passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Until>,
}

/// How often, and for how long, a check is asked again. Both by the estate's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Until {
    /// The time between two looks.
    pub every: Span,
    /// The time after which it has failed.
    pub timeout: Span,
}

/// An entry of `undo`: a small step; in its expressions `self` is the step being undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoStep {
    /// The operation.
    pub call: CallSpec,
    /// One instance per item of this list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_each: Option<Expression>,
}

/// An argument as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Argument {
    /// Text with holes; a single hole keeps the type of its expression.
    Template {
        /// The text.
        text: Template,
    },
    /// A value without holes that is not text.
    Literal {
        /// The value.
        value: Value,
    },
    /// Named arguments.
    Record {
        /// By name.
        fields: BTreeMap<String, Argument>,
    },
    /// Arguments in order.
    List {
        /// The items.
        items: Vec<Argument>,
    },
    /// A fresh random secret.
    Generate {
        /// How many random bytes.
        bytes: u16,
        /// How they are written.
        encoding: Encoding,
    },
    /// Another version of the very secret that `vault` and `name` beside it say.
    VersionOf {
        /// The version.
        version: Template,
    },
}
