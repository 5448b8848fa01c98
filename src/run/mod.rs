//! The run's state machine.
//!
//! What comes in: [`Input`]s, from people, hands and the clock. What goes out: [`Event`]s to be journaled, and
//! [`Command`]s, what is owed to the world as the run stands. Three functions tell all of it: [`decide()`] says what comes
//! of an input, [`RunState::evolve`] folds an event, [`owed()`] reads what is owed from the state alone. Resume is not a
//! feature: whoever folds the journal owes the same, and an intent of an older fence without an answer *is* in doubt.
//!
//! Deliberately absent: any `await`, the journal, the ports, and any knowledge of whether there was a crash. An event
//! that the state does not allow is an error, never ignored.

mod beyond;
mod decide;
mod event;
mod evolve;
mod input;
mod outcome;
mod owed;
mod state;

#[cfg(test)]
mod tests;

pub use beyond::{Beyond, beyond};
pub use decide::{Refusal, decide};
pub use event::{
    Consent, ConsentBy, EffectConsent, Event, Intent, Item, PauseReason, ReconciledBy, Request, RunEnd, StepEnd,
};
pub use evolve::IllegalEvent;
pub use input::{Input, Observation, Resolution};
pub use outcome::read_back_of;
pub use owed::{Bindable, Command, fields, observation, owed, probe};
pub use state::{Attempt, Awaiting, Group, Instance, Phase, RunPhase, RunState, Standing, checks};
