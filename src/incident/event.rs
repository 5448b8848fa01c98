use serde::{Deserialize, Serialize};

use super::{Milestone, Severity, Status};
use crate::base::{Commitment, Digest, IncidentId, RunId, Timestamp};
use crate::runbook::{Guide, Role};

/// What people say of an incident or a run. Anyone may append these at any time; they never block anyone.
///
/// Texts of people, names among them, are kept beside the log; only their commitments stand here. A moment in an event is
/// one that somebody claims; when it was said, the entry tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data")]
pub enum Event {
    /// A note on the timeline of a run; the entry names the run.
    #[serde(rename = "timeline.noted")]
    Noted {
        /// The text, kept beside the log.
        text: Commitment,
    },
    /// There is an incident. Usually the first of its events; an incident of which this is not known yet is told all the
    /// same.
    #[serde(rename = "incident.declared")]
    Declared {
        /// The incident.
        incident: IncidentId,
        /// What is wrong, in a few words.
        title: Commitment,
        /// How bad it is.
        severity: Severity,
        /// Where.
        environment: String,
        /// When the trouble began, if somebody knows.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        started_at: Option<Timestamp>,
    },
    /// It is called otherwise from here on.
    #[serde(rename = "incident.renamed")]
    Renamed {
        /// The incident.
        incident: IncidentId,
        /// What is wrong, in a few words.
        title: Commitment,
    },
    /// What is known of it, in a sentence or two, for those who are told.
    #[serde(rename = "incident.summarised")]
    Summarised {
        /// The incident.
        incident: IncidentId,
        /// The sentences.
        summary: Commitment,
    },
    /// It is worse, or less bad, than was thought.
    #[serde(rename = "incident.severity_set")]
    SeveritySet {
        /// The incident.
        incident: IncidentId,
        /// How bad it is.
        severity: Severity,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Commitment>,
    },
    /// How far one is with it.
    #[serde(rename = "incident.status_set")]
    StatusSet {
        /// The incident.
        incident: IncidentId,
        /// How far.
        status: Status,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Commitment>,
    },
    /// Somebody takes a role; whoever had it hands it over.
    #[serde(rename = "incident.role_set")]
    RoleSet {
        /// The incident.
        incident: IncidentId,
        /// The role.
        role: Role,
        /// Who: a person's name.
        who: Commitment,
    },
    /// When something happened that is counted from or to.
    #[serde(rename = "incident.milestone_set")]
    MilestoneSet {
        /// The incident.
        incident: IncidentId,
        /// What happened.
        milestone: Milestone,
        /// When, as somebody claims.
        at: Timestamp,
    },
    /// A note on the timeline of an incident.
    #[serde(rename = "incident.noted")]
    IncidentNoted {
        /// The incident.
        incident: IncidentId,
        /// The text.
        text: Commitment,
        /// When it happened, if it is told later.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<Timestamp>,
    },
    /// A playbook is at hand from here on, in place of any other.
    #[serde(rename = "incident.playbook_set")]
    PlaybookSet {
        /// The incident.
        incident: IncidentId,
        /// The playbook.
        playbook: Box<Adopted>,
    },
    /// One of the playbook's first actions is done.
    #[serde(rename = "incident.ticked")]
    Ticked {
        /// The incident.
        incident: IncidentId,
        /// The playbook.
        playbook: String,
        /// Which of its first actions, from 1.
        number: u8,
        /// What came of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remark: Option<Commitment>,
    },
    /// A run belongs to an incident, with all that it did before. The entry names the run too.
    #[serde(rename = "run.attached")]
    Attached {
        /// The incident.
        incident: IncidentId,
        /// The run, once more.
        attached: RunId,
    },
    /// A run does not belong to an incident after all. The entry names the run too.
    #[serde(rename = "run.detached")]
    Detached {
        /// The incident.
        incident: IncidentId,
        /// The run, once more.
        detached: RunId,
    },
}

impl Event {
    /// The incident that it is about; none for a note on a run.
    pub const fn incident(&self) -> Option<IncidentId> {
        match self {
            Self::Noted { .. } => None,
            Self::Declared { incident, .. }
            | Self::Renamed { incident, .. }
            | Self::Summarised { incident, .. }
            | Self::SeveritySet { incident, .. }
            | Self::StatusSet { incident, .. }
            | Self::RoleSet { incident, .. }
            | Self::MilestoneSet { incident, .. }
            | Self::IncidentNoted { incident, .. }
            | Self::PlaybookSet { incident, .. }
            | Self::Ticked { incident, .. }
            | Self::Attached { incident, .. }
            | Self::Detached { incident, .. } => Some(*incident),
        }
    }

    /// The run that it is about beside the incident, which the entry names too.
    pub const fn run(&self) -> Option<RunId> {
        match self {
            Self::Attached { attached: run, .. } | Self::Detached { detached: run, .. } => Some(*run),
            _ => None,
        }
    }
}

/// A playbook as it stood when it was taken up for an incident. Editing the file never touches the incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adopted {
    /// Its name.
    pub id: String,
    /// The author's number.
    pub version: String,
    /// The kind of incident, in a few words.
    pub title: String,
    /// The SHA-256 of the file's bytes, under the domain `text-v1`; the store keeps the text under it.
    pub text: Digest,
    /// Where the file was found, for a person: `built in`, `3f2a91c clean`, `not in git`.
    pub revision: String,
    /// What it says.
    pub guide: Guide,
}
