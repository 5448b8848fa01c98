use std::collections::BTreeMap;

use super::{Adopted, Event, Milestone, Severity, Status};
use crate::base::{Commitment, IncidentId, RunId, Timestamp};
use crate::runbook::{Guide, Role};

/// An incident, as what was said of it comes to.
///
/// It is a fold: `evolve` takes events in any order and in any number, also such as make no sense together, because people
/// in a hurry say things twice, late, and without those before them. The last word counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentState {
    /// Its id.
    pub id: IncidentId,
    /// What is wrong; none before it is declared.
    pub title: Option<Commitment>,
    /// What is known of it.
    pub summary: Option<Commitment>,
    /// How bad it is.
    pub severity: Severity,
    /// How far one is with it.
    pub status: Status,
    /// When the status was last said; none before anything was.
    pub status_at: Option<Timestamp>,
    /// When it was opened again, the last time.
    pub reopened_at: Option<Timestamp>,
    /// Where; empty before it is declared.
    pub environment: String,
    /// When what is counted from or to happened, as was claimed last.
    pub milestones: BTreeMap<Milestone, Timestamp>,
    /// Who does what.
    pub roles: BTreeMap<Role, Commitment>,
    /// The playbook at hand.
    pub playbook: Option<Box<Adopted>>,
    /// The first actions of that playbook that are done, by their number from 1.
    pub ticks: BTreeMap<u8, Tick>,
    /// The runs that belong to it, in the order in which they were attached.
    pub runs: Vec<RunId>,
}

/// A first action that is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tick {
    /// When it was said to be.
    pub at: Timestamp,
    /// What came of it.
    pub remark: Option<Commitment>,
}

impl IncidentState {
    /// An incident of which nothing is known yet.
    pub const fn new(id: IncidentId) -> Self {
        Self {
            id,
            title: None,
            summary: None,
            severity: Severity::Pending,
            status: Status::Investigating,
            status_at: None,
            reopened_at: None,
            environment: String::new(),
            milestones: BTreeMap::new(),
            roles: BTreeMap::new(),
            playbook: None,
            ticks: BTreeMap::new(),
            runs: Vec::new(),
        }
    }

    /// Takes what was said at a moment. An event of another incident, or of none, changes nothing.
    pub fn evolve(&mut self, at: Timestamp, event: &Event) {
        if event.incident() != Some(self.id) {
            return;
        }
        match event {
            Event::Declared { title, severity, environment, started_at, .. } => {
                self.title = Some(title.clone());
                self.severity = *severity;
                self.environment.clone_from(environment);
                self.milestones.insert(Milestone::Declared, at);
                self.milestones.extend(started_at.map(|started| (Milestone::Started, started)));
                self.status_at.get_or_insert(at);
            }
            Event::Renamed { title, .. } => self.title = Some(title.clone()),
            Event::Summarised { summary, .. } => self.summary = Some(summary.clone()),
            Event::SeveritySet { severity, .. } => self.severity = *severity,
            Event::StatusSet { status, .. } => {
                if !self.status.is_open() && status.is_open() {
                    self.reopened_at = Some(at);
                }
                self.status = *status;
                self.status_at = Some(at);
            }
            Event::RoleSet { role, who, .. } => {
                self.roles.insert(*role, who.clone());
            }
            Event::MilestoneSet { milestone, at, .. } => {
                self.milestones.insert(*milestone, *at);
            }
            Event::PlaybookSet { playbook, .. } => {
                let is_other = self.playbook.as_ref().is_none_or(|known| known.id != playbook.id);
                if is_other {
                    self.ticks.clear();
                }
                self.playbook = Some(playbook.clone());
            }
            Event::Ticked { playbook, number, remark, .. } => {
                if self.playbook.as_ref().is_some_and(|known| known.id == *playbook) {
                    self.ticks.insert(*number, Tick { at, remark: remark.clone() });
                }
            }
            Event::Attached { attached, .. } => {
                if !self.runs.contains(attached) {
                    self.runs.push(*attached);
                }
            }
            Event::Detached { detached, .. } => self.runs.retain(|run| run != detached),
            Event::IncidentNoted { .. } | Event::Noted { .. } => {}
        }
    }

    /// The moment from which everything is counted: when the trouble began, else when it was noticed, else when it was
    /// declared. None if nobody has said any of these.
    pub fn began(&self) -> Option<Timestamp> {
        let order = [Milestone::Started, Milestone::Detected, Milestone::Declared];
        order.iter().find_map(|milestone| self.milestones.get(milestone).copied())
    }

    /// When it was over, if it is.
    pub fn ended(&self) -> Option<Timestamp> {
        if self.status.is_open() {
            return None;
        }
        self.milestones.get(&Milestone::Resolved).copied().or(self.status_at)
    }

    /// What the playbook at hand says.
    pub fn guide(&self) -> Option<&Guide> {
        self.playbook.as_ref().map(|playbook| &playbook.guide)
    }
}
