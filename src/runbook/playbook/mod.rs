//! Playbooks: what to do in a kind of incident, and drill programmes.
//!
//! What comes in: the bytes of a file in `playbooks/`, and the shelf of runbooks that it may name. What goes out: a
//! [`Playbook`], or every finding at once, by the same parser, tables and codes as for runbooks. A guide is read by people
//! and starts nothing by itself. A programme is a graph of `runbook` steps on targets that are bound to a drill; it
//! compiles to an ordinary runbook, so that a drill is planned and run by no other code than a recovery.
//!
//! What a drill is to show, and what is broken before it, is an [`Exercise`], which travels with the plan.
//!
//! Deliberately absent: breaking anything, incidents, people's addresses, and the clock; when a drill is next due is told elsewhere.

mod breakage;
mod call;
mod check;
mod compile;
mod drill;
mod escalation;
mod exercise;
mod forecast;
pub(super) mod grammar;
mod guide;
mod message;
mod model;
mod programme;
mod shelf;

pub use check::{CheckedPlaybook, check_playbook, is_playbook};
pub use exercise::{Breakage, Exercise, Given, Participant, Recovered, Trouble};
pub use model::{
    Alert, AlertSource, Content, Escalation, FirstAction, Guide, IncidentSeverity, Level, Message, Moment, Playbook,
    Role, Suggestion,
};
pub use programme::{Cadence, DrillStep, Programme, target_kind};
pub use shelf::Shelf;
