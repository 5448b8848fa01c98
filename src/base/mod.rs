//! The words everybody shares.
//!
//! What comes in: nothing; this room imports no other. What goes out: ids, timestamps and the [`Clock`] port, the
//! [`Value`] that flows from step to step, exact decimals, references to secrets, digests and canonical JSON, the hints that end
//! an error, and foreign text as it may be shown. What is deliberately absent: the time itself, randomness, files, and any domain decision. A [`Value`]
//! cannot hold a secret's text, only a [`SecretRef`]; that is what keeps secrets out of the journal by type.

mod canonical;
mod commitment;
mod decimal;
mod digest;
mod entropy;
mod hint;
mod host_clock;
mod id;
mod legible;
mod secret;
mod time;
mod value;

pub use canonical::{CanonicalError, canonical};
pub use commitment::Commitment;
pub use decimal::Decimal;
pub use digest::Digest;
pub use entropy::Entropy;
pub use hint::did_you_mean;
pub use host_clock::{HostClock, Uptime};
pub use id::{AttemptId, EntryId, HostId, IncidentId, InstanceId, LogId, RunId, Seq, StepId};
pub use legible::{is_visible, legible, one_line};
pub use secret::{Encoding, SecretRef};
pub use time::{Clock, ClockSource, Span, Timestamp};
pub use value::Value;
