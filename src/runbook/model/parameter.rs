use serde::{Deserialize, Serialize};

use crate::base::Value;
use crate::effect::TargetKind;

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
