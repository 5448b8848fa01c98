//! What is written down about a run: its events, and what others ask of its holder.

mod consent;
mod ending;
mod preparation;
mod request;
mod run_event;

pub use consent::{Consent, ConsentBy, EffectConsent, Intent};
pub use ending::{Deviation, DeviationKind, PauseReason, ReconciledBy, RunEnd, StepEnd};
pub use preparation::{Attendee, Broken, BrokenBy, Preparation};
pub use request::{Adhoc, Request, Resolution};
pub use run_event::Event;
