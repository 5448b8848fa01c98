use serde::{Deserialize, Serialize};

use crate::runbook::Template;

/// A field that a person fills in at a manual step. It becomes the step's output of the same name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManualField {
    /// The name, `[a-z][a-z0-9_]*`.
    pub name: String,
    /// What is to be filled in.
    pub kind: FieldKind,
    /// What it is, for the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What stands in it beforehand; the person may change it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Template>,
    /// What a run without a person takes. Never for a secret or for evidence. What it gives is checked like any answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headless: Option<Template>,
}

/// The type of a manual field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum FieldKind {
    /// Text, perhaps with a pattern as for a parameter.
    String {
        /// The pattern, matched whole.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pattern: Option<String>,
    },
    /// A number, perhaps with decimals; the output is of type decimal.
    Number {
        /// The least, in decimal digits.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<String>,
        /// The largest, in decimal digits.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<String>,
    },
    /// One of some words; the output is a string.
    Choice {
        /// The words, at least two.
        choices: Vec<String>,
    },
    /// A day, `2026-03-01`; the output is a string.
    Date,
    /// A moment, RFC 3339; the output is a timestamp.
    Timestamp,
    /// A secret. It is asked for when a request needs it and goes nowhere else; the output is a reference.
    Secret,
    /// A file. Its bytes are stored with their digest; the output is a record with `name`, `sha256` and `bytes`.
    Evidence,
}
