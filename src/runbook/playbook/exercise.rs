use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Playbook, Role};
use crate::base::{InstanceId, Span, StepId};

/// What a drill is to show, fixed before it begins: it travels with the plan, and so the plan's digest covers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exercise {
    /// What is assumed to have happened.
    pub scenario: String,
    /// What is broken before it begins, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub breaks: Vec<Breakage>,
    /// How long the recovery may take, all runbooks together.
    pub rto: Span,
    /// How much of the latest data may be lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rpo: Option<Span>,
    /// What the loss is measured by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovered: Option<Recovered>,
    /// How much of the steps the drill must prove, in percent of all, 1 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<u8>,
    /// Who is to do what.
    pub participants: Vec<Participant>,
    /// How often it is drilled, in words.
    pub cadence: String,
    /// What must hold for the drill to have succeeded.
    pub success_criteria: Vec<String>,
    /// What it says nothing about, each with why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_tested: Vec<String>,
    /// The steps that clear away what the drill has made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cleanup: Vec<StepId>,
}

/// Who is to take which part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    /// The part.
    pub role: Role,
    /// Who, as the programme describes them.
    pub who: String,
}

/// Something that is broken before a drill begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breakage {
    /// What happens.
    #[serde(rename = "break")]
    pub trouble: Trouble,
    /// The resource, which is one of those that are bound to the drill.
    pub of: String,
    /// What of the resource, where the trouble is about a part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl fmt::Display for Breakage {
    /// A phrase for a person: `the index docs of chatbot-search is deleted`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (of, name) = (&self.of, self.name.as_deref().unwrap_or_default());
        match self.trouble {
            Trouble::BadRelease => write!(f, "a bad release is swapped into {of}"),
            Trouble::SecretLeaked => write!(f, "the secret {name} of {of} has leaked"),
            Trouble::IndexDeleted => write!(f, "the index {name} of {of} is deleted"),
            Trouble::RowsCorrupted => write!(f, "rows of {of} are corrupted"),
        }
    }
}

/// The troubles that a drill can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// A release that does not work was swapped into production.
    BadRelease,
    /// Somebody has seen a secret who is not meant to.
    SecretLeaked,
    /// An index is gone.
    IndexDeleted,
    /// Rows of a database hold what they must not.
    RowsCorrupted,
}

impl Trouble {
    /// The troubles by their words.
    pub const WORDS: [(&'static str, Self); 4] = [
        ("bad_release", Self::BadRelease),
        ("secret_leaked", Self::SecretLeaked),
        ("index_deleted", Self::IndexDeleted),
        ("rows_corrupted", Self::RowsCorrupted),
    ];

    /// Whether it is about a part of the resource, which must then be named.
    pub const fn is_of_a_part(self) -> bool {
        matches!(self, Self::SecretLeaked | Self::IndexDeleted)
    }
}

/// Which outputs of the programme's steps say how far the data came back. Each is a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovered {
    /// When the newest row was written that came back: what was measured.
    pub newest: Given,
    /// The point that was restored to: what is claimed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<Given>,
}

/// An output of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// The step of the programme, or one inside of the runbook that it runs: `restore/recovered`.
    pub step: InstanceId,
    /// Its output.
    pub output: String,
}

impl Playbook {
    /// What the drill is to show; none for a guide.
    pub fn exercise(&self) -> Option<Exercise> {
        let programme = self.programme()?;
        let participants =
            programme.participants.iter().map(|(role, who)| Participant { role: *role, who: who.clone() });
        let cleanup = programme.steps.iter().filter(|step| step.is_cleanup).map(|step| step.id.clone());
        Some(Exercise {
            scenario: programme.scenario.clone(),
            breaks: programme.breaks.clone(),
            rto: programme.rto,
            rpo: programme.rpo,
            recovered: programme.recovered.clone(),
            coverage: programme.coverage,
            participants: participants.collect(),
            cadence: programme.cadence.to_string(),
            success_criteria: programme.success_criteria.clone(),
            not_tested: programme.not_tested.clone(),
            cleanup: cleanup.collect(),
        })
    }
}
