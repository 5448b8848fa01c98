use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::{Decimal, Span, Value};
use crate::effect::TargetKind;
use crate::runbook::Template;

/// A parameter that a runbook declares. Each has a value in every run: there is nothing that may be absent, and so nothing
/// that an expression would have to guard against.
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
    /// What it is when no input is given, made from other inputs. Never beside `default`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_from: Option<DefaultFrom>,
}

impl Parameter {
    /// Whether a run, or a runbook that nests this one, must give it.
    pub const fn is_required(&self) -> bool {
        self.default.is_none() && self.default_from.is_none()
    }
}

/// A default that is made from other inputs when they are bound. What comes out is looked at like an input that was
/// given; the default of a target is its name, its resource id, or another input of the same kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum DefaultFrom {
    /// One template for the whole value.
    Whole(Template),
    /// A template for each item of a list.
    Items(Vec<Template>),
}

impl fmt::Display for DefaultFrom {
    /// The templates as they were written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(template) => f.write_str(template.source()),
            Self::Items(templates) => {
                f.write_str(&templates.iter().map(Template::source).collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// How many characters a text, or items a list, may have. Both bounds belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Length {
    /// The least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<u32>,
    /// The largest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
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
        /// How many characters it may have.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        length: Option<Length>,
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
    /// A number that need not be whole; its value is the shortest decimal text.
    Decimal {
        /// The least.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<Decimal>,
        /// The largest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<Decimal>,
    },
    /// `true` or `false`.
    Boolean,
    /// A length of time.
    Duration {
        /// The least.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<Span>,
        /// The largest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<Span>,
    },
    /// A moment; its value is RFC 3339 text in UTC with six decimals.
    Timestamp,
    /// A secret, given as a reference to where it is kept and never as its text.
    Secret,
    /// A resource of the environment, by name or by its resource id.
    Target {
        /// Of which kind.
        of: TargetKind,
    },
    /// A list.
    List {
        /// Of which type; never of lists.
        of: Box<ParameterType>,
        /// How many items it may have.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        length: Option<Length>,
    },
}
