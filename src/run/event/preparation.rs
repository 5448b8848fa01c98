use serde::{Deserialize, Serialize};

use crate::base::{Commitment, Digest, Timestamp};
use crate::runbook::{Breakage, Role};

/// What stands when a drill begins: what it is to show, who takes part, and what was broken for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preparation {
    /// The digest of the plan's exercise: objectives and scenario were fixed before anything was broken.
    pub exercise: Digest,
    /// Who takes part, as far as somebody said. A name is personal and stands beside the log.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<Attendee>,
    /// What was broken, in the order of the programme.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken: Vec<Broken>,
}

/// Who takes a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendee {
    /// The part.
    pub role: Role,
    /// The name.
    pub name: Commitment,
}

/// Something that was broken, or that a person has to break.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broken {
    /// What.
    pub breakage: Breakage,
    /// By whom.
    pub by: BrokenBy,
    /// When, by the estate's clock; none where a person does it, as nothing tells when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

/// Who breaks an estate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BrokenBy {
    /// The simulator, at a known moment.
    Simulator,
    /// A person: the program never breaks anything in a live environment.
    Person,
}
