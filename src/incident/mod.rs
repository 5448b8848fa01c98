//! The trouble, as people tell it.
//!
//! What comes in: what somebody says ([`Word`]), and what was said before ([`IncidentState`], a fold of events). What goes
//! out: [`Event`]s that anybody may append, beside a run's own, and sentences for the person. Who is to be called next and
//! what others are told is worked out here too, from the playbook that travels with the incident.
//!
//! They never block anyone: no word is refused, no decision of a run reads an incident, and a run needs none. Deliberately
//! absent: time of its own, texts of people (only their commitments stand in events), sending anything to anybody.

mod decide;
mod event;
mod incident_state;
mod next_call;
mod telling;
#[cfg(test)]
mod tests;
mod words;

pub use decide::{Said, Word, decide, to_come};
pub use event::{Adopted, Event};
pub use incident_state::{IncidentState, Tick};
pub use next_call::NextCall;
pub use telling::Telling;
pub use words::{Milestone, Severity, Status};
