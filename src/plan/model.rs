use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::{Digest, Value};
use crate::runbook::{EstateKind, Exercise, Resources, Runbook};

/// What would happen: a runbook of one revision, bound to its inputs and its environment.
///
/// This is what a run carries with it; the file may change or vanish.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The graph.
    pub runbook: Runbook,
    /// Where its text came from.
    pub revision: Revision,
    /// What was given, in the order of the parameters.
    pub inputs: Vec<Input>,
    /// Where it runs.
    pub place: Place,
    /// How it runs.
    pub mode: Mode,
    /// The runbooks that it nests, at any depth, each once and sorted by name. A plan without any is written as before
    /// there were any, and keeps its digest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nested: Vec<Nested>,
    /// What names mean where it runs, for the inputs of what it nests; none if it nests nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
    /// What a drill programme is to show; none for every other run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exercise: Option<Box<Exercise>>,
}

/// A runbook that another one nests, as it stood when the plan was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nested {
    /// The graph.
    pub runbook: Runbook,
    /// Where its text came from.
    pub revision: Revision,
}

impl Plan {
    /// The nested runbook of that name.
    pub fn nested(&self, name: &str) -> Option<&Nested> {
        self.nested.iter().find(|nested| nested.runbook.id == name)
    }
}

/// Which text a runbook is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// The SHA-256 of the file's bytes, under the domain `text-v1`; the store keeps the text under it.
    pub text: Digest,
    /// Where the file was found.
    pub origin: Origin,
}

/// Where a runbook's file was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "from")]
pub enum Origin {
    /// Built into the program.
    Shipped,
    /// A file of a git repository.
    Git {
        /// The commit that was asked for, else the one that is checked out; 40 hexadecimal digits.
        commit: String,
        /// The blob id of the text: the commit's own, or of a dirty file the one that git would give it.
        blob: String,
        /// Whether the file differs from the commit's.
        dirty: bool,
    },
    /// A file outside any git work tree.
    File,
}

impl fmt::Display for Origin {
    /// The origin for a person: `built in`, `3f2a91c clean`, `3f2a91c dirty`, `not in git`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shipped => f.write_str("built in"),
            Self::Git { commit, dirty, .. } => {
                let word = if *dirty { "dirty" } else { "clean" };
                write!(f, "{} {word}", commit.get(..7).unwrap_or(commit))
            }
            Self::File => f.write_str("not in git"),
        }
    }
}

/// An input by name. Names of inputs are foreign text and so never JSON keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The parameter.
    pub name: String,
    /// What was given.
    pub value: Value,
}

/// The facts of an environment that a run depends on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The environment's name.
    pub environment: String,
    /// Whether it is real.
    pub estate: EstateKind,
    /// The tenant.
    pub tenant: String,
    /// The subscription.
    pub subscription: String,
    /// Whether it asks for more than usual.
    pub protected: bool,
    /// What a drill may change: the Resource Manager ids of the targets that are bound to it, in lower case. Empty in every
    /// other mode.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drill: Vec<String>,
}

/// How a run executes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// For real, in whatever environment it is.
    Live,
    /// For real, on targets that are bound to a drill.
    Drill,
    /// Reads and checks run, changes are assumed.
    Rehearsal,
}
