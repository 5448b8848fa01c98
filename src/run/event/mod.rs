//! What is written down about a run: its events, and what others ask of its holder.

mod consent;
mod ending;
mod request;
mod run_event;

pub use consent::{Consent, ConsentBy, EffectConsent, Intent};
pub use ending::{Deviation, DeviationKind, PauseReason, ReconciledBy, RunEnd, StepEnd};
pub use request::{Adhoc, Request, Resolution};
pub use run_event::Event;
