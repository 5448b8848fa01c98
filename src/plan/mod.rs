//! What would happen, exactly, and nothing done.
//!
//! What comes in: a checked runbook, its revision, inputs and an environment. What goes out: the [`Plan`] and its
//! digest; for a step that can start, the bound call with its exact request ([`bind()`]) and the digest that a person
//! consents to ([`step_digest`]); for a step that cannot start yet, a [`Preview`]; for two texts of one runbook, what their
//! difference means for what can break ([`risk_diff`]).
//!
//! Deliberately absent: the world. The plan digest covers revision, inputs, environment and graph; observed state comes
//! in only as the fields of a step digest, read by somebody else.

mod bind;
mod diff;
mod digest;
mod model;
mod preview;

pub use bind::{BindError, Bound, Names, bind, risk};
pub use diff::{Concern, Deed, Loss, RiskDiff, risk_diff};
pub use digest::{StepPlace, group_digest, step_digest};
pub use model::{Input, Mode, Origin, Place, Plan, Revision};
pub use preview::{Preview, preview};
