use std::collections::BTreeMap;

use super::{FormField, IncidentBoard, RunLine};
use crate::base::{IncidentId, Timestamp};
use crate::incident::{Severity, Status};

/// What lies before a person who is about to begin: incidents and runs, and one incident if it is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desk {
    /// Where.
    pub environment: String,
    /// Whether the estate is simulated.
    pub simulated: bool,
    /// What the estate's clock shows.
    pub now: Timestamp,
    /// The incidents, those that are open first.
    pub incidents: Vec<IncidentLine>,
    /// The runs that can still go on.
    pub runs: Vec<RunLine>,
    /// The playbooks that an incident can take up, each with its title.
    pub playbooks: Vec<(String, String)>,
    /// What drills have proven of the runbooks, in words, by the runbook's name.
    pub drilled: BTreeMap<String, String>,
    /// The incident that is looked at.
    pub open: Option<IncidentBoard>,
    /// The runbook that is about to be started for it.
    pub start: Option<StartPage>,
    /// The answer to what was asked last; none before anything was.
    pub answer: Option<DeskAnswer>,
}

/// An incident in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentLine {
    /// Its id.
    pub id: IncidentId,
    /// What is wrong.
    pub title: String,
    /// How bad it is.
    pub severity: Severity,
    /// How far one is with it.
    pub status: Status,
    /// Since when.
    pub began: Timestamp,
    /// When it was over, if it is.
    pub ended: Option<Timestamp>,
    /// How many first actions are ticked, and of how many; none without a playbook.
    pub ticked: Option<(usize, usize)>,
}

impl IncidentLine {
    /// The line of an incident.
    pub fn of(board: &IncidentBoard) -> Self {
        let IncidentBoard { id, title, severity, status, began, ended, .. } = board;
        let ticked = board.guide().map(|guide| (board.ticks.len(), guide.first_five.len()));
        let (title, severity, status) = (title.clone(), *severity, *status);
        Self { id: *id, title, severity, status, began: *began, ended: *ended, ticked }
    }
}

/// A runbook before it is started: its inputs, and what it would do with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartPage {
    /// How many pages there were before; a page that was made anew has another number.
    pub number: u64,
    /// The incident that the run is to belong to.
    pub incident: IncidentId,
    /// The runbook.
    pub runbook: String,
    /// Its inputs, each with what stands in it beforehand.
    pub fields: Vec<FormField>,
    /// The plan in lines; or why there is none, as a sentence.
    pub plan: Result<Vec<String>, String>,
}

/// What came of something that was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskAnswer {
    /// How many answers there were before.
    pub number: u64,
    /// A sentence for the person; empty if there is nothing to say.
    pub text: String,
}
