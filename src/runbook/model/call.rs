use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::{Encoding, Span, Value};
use crate::runbook::Template;

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
    /// One version of a secret in the vault that `vault` beside it says.
    VersionOf {
        /// The version.
        version: Template,
        /// The secret's name; the one that `name` beside it says, if it is not given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        secret: Option<Template>,
    },
}
