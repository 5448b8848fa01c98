//! The run's state machine.
//!
//! What comes in: [`Input`]s, from people, hands and the clock. What goes out: [`Event`]s to be journaled, and
//! [`Command`]s, what is owed to the world as the run stands. Three functions tell all of it: [`decide()`] says what comes
//! of an input, [`RunState::evolve`] folds an event, [`owed()`] reads what is owed from the state alone. Resume is not a
//! feature: whoever folds the journal owes the same, and an intent of an older fence without an answer *is* in doubt.
//!
//! Deliberately absent: any `await`, the journal, the ports, and any knowledge of whether there was a crash. An event
//! that the state does not allow is an error, never ignored.

mod assumed;
mod decide;
mod drill;
mod event;
mod evolve;
mod form;
mod graph;
mod input;
mod nesting;
mod outcome;
mod owed;
mod person;
mod proceed;
mod retry;
mod state;
mod turn;
mod undo;

#[cfg(test)]
mod tests;

pub use decide::{Refusal, decide};
pub use event::{
    Adhoc, Attendee, Broken, BrokenBy, Consent, ConsentBy, Deviation, DeviationKind, EffectConsent, Event, Intent,
    PauseReason, Preparation, ReconciledBy, Request, Resolution, RunEnd, StepEnd,
};
pub use evolve::IllegalEvent;
pub use form::{FormProblem, fill, fill_outputs};
pub use graph::Graph;
pub use input::{Input, Observation};
pub use outcome::read_back_of;
pub use owed::{Bindable, Command, fields, observation, owed, probe};
pub use state::{
    Attempt, Awaiting, Group, Instance, Phase, RunPhase, RunState, Scope, ScopeKind, Standing, Undo, checks,
};
pub use undo::{Undoable, WayBack, bars_the_way_back, undoable, undoable_in_doubt, way_back};
