//! What may be asked of the world, and what can come back.
//!
//! What comes in: a [`Call`], the name of an operation with its arguments. What goes out: the exact [`Request`], what
//! an answer means, and everything that must be known of the operation before it is sent: risk, class, probe, undo,
//! permissions, documentation. All of it stands in the catalogue, one [`Row`] per operation, as data and pure
//! functions; an operation *is* its row, and nothing about an operation is written down anywhere else.
//!
//! Deliberately absent: the hands themselves. This room says through its ports ([`Hands`], [`Timer`], [`Files`]) what it
//! wants of them; `world` implements the ports and `engine` calls them. No function here reads a clock, a file or the network.

mod answer;
mod by_hand;
mod call;
mod catalogue;
mod corroboration;
mod evidence;
mod meaning;
mod port;
mod request;
mod risk;
mod row;
mod target;

pub use answer::{Handle, HandleKind, Reply, Sent};
pub use by_hand::{ByHand, Line, Piece, Script, Told};
pub use call::{Args, Call, Errand};
pub use catalogue::{catalogue, find};
pub use corroboration::{corroborated, corroboration};
pub use evidence::Evidence;
pub use meaning::{Failure, Meaning, Progress, meaning, progress, refusal};
pub use port::{Files, Hands, Timer};
pub use request::{Condition, Json, Method, Request, Service};
pub use risk::{Class, Risk};
pub use row::{
    Answers, ChangeFacts, Field, Follow, Loss, Output, Parameter, Presence, Probe, ProbeContext, ProbeVerdict,
    RenderError, Row, Type, Unreadable, Verdict,
};
pub use target::{Address, TargetKind};
