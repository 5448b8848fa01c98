//! What would happen, exactly, and nothing done.
//!
//! What comes in: a checked runbook, its revision, inputs and an environment. What goes out: the [`Plan`] and its
//! digest; for a step that can start, the bound call with its exact request ([`bind()`]) and the digest that a person
//! consents to ([`step_digest`]); for a step that cannot start yet, a [`Preview`]; of the whole an [`Outlook`]: layers,
//! forecast, every request as far as it can be known, what is asked of people, and how it is undone; the same as a
//! [`checklist()`] that needs nothing but a shell; and for two texts of one runbook, what their difference means for what
//! can break ([`risk_diff`]).
//!
//! Deliberately absent: the world. The plan digest covers revision, inputs, environment and graph; observed state comes
//! in only as the fields of a step digest, read by somebody else.

mod arguments;
mod bind;
mod call_preview;
mod checklist;
mod clash;
mod diff;
mod digest;
mod expand;
mod forecast;
mod foreseen;
mod items;
mod known;
pub(crate) mod markdown;
mod model;
mod nested;
mod outlook;
mod preview;
mod shell;
mod stand_in;
#[cfg(test)]
mod tests;
mod walk;

pub use bind::{BindError, Bound, Names, bind, risk};
pub use call_preview::{CallPreview, TargetName};
pub use checklist::checklist;
pub use diff::{Concern, Deed, Loss, RiskDiff, risk_diff};
pub use digest::{StepPlace, group_digest, step_digest};
pub use expand::{Item, expand};
pub use forecast::{Forecast, Graph, Time};
pub use foreseen::nested_problems;
pub use model::{Input, Mode, Nested, Origin, Place, Plan, Revision};
pub use nested::nested_inputs;
pub use outlook::{
    Branch, CheckPreview, Consent, Each, Kind, Outlook, StepInstance, StepPreview, Summary, UndoPreview, When,
};
pub use preview::{Preview, preview};
