use std::sync::Arc;

use crate::base::{IncidentId, RunId};
use crate::incident::{Severity, Word};
use crate::projection::Desk;
use crate::tui::msg::Key;

/// Everything that can change the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeskMsg {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted.
    Paste(String),
    /// The terminal has this size, in cells.
    Resize {
        /// The width.
        columns: u16,
        /// The height.
        rows: u16,
    },
    /// It looks like this now.
    Desk(Arc<Desk>),
}

/// What the desk wants written down or shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeskAsk {
    /// Show an incident; or none.
    Look(Option<IncidentId>),
    /// Something is said of an incident.
    Say(IncidentId, Word<String>),
    /// An incident takes up the playbook of that name.
    Adopt(IncidentId, String),
    /// There is an incident; show it.
    Declare {
        /// What is wrong.
        title: String,
        /// How bad it is.
        severity: Severity,
        /// The playbook, by its name.
        playbook: Option<String>,
    },
    /// Show what a runbook would do for an incident; an input that is not given is the playbook's or the environment's.
    Prepare {
        /// The incident.
        incident: IncidentId,
        /// The runbook.
        runbook: String,
        /// What the person has filled in, each name with its value.
        inputs: Vec<(String, String)>,
    },
    /// No runbook is to be started after all.
    Forget,
}

/// How a person left the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeskExit {
    /// To go.
    Left,
    /// To take up a run.
    Resume(RunId),
    /// To start a runbook for an incident.
    Start {
        /// The incident.
        incident: IncidentId,
        /// The runbook.
        runbook: String,
        /// The inputs, each name with its value.
        inputs: Vec<(String, String)>,
    },
}

/// What the model wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeskRequest {
    /// Ask whoever keeps the store.
    Ask(DeskAsk),
    /// Draw every cell anew.
    Redraw,
    /// Take the screen down.
    Exit(DeskExit),
}
