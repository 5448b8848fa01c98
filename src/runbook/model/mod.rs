//! What a checked runbook is.
//!
//! Nothing here comes from text directly: only the checker makes these, and the journal gives back what the checker once
//! made. A run carries them as data, so a field that was added later has a default that means what its absence meant,
//! and is not written while it has it: an older plan keeps its digest.

mod call;
mod failure;
mod for_each;
mod gate;
mod manual;
mod parameter;
mod runbook;
mod step;
mod undo;

pub use call::{Argument, CallSpec, CheckSpec, Until};
pub use failure::{OnFailure, Retry, RetryCause};
pub use for_each::{ForEach, Items};
pub use gate::{Choice, Leads};
pub use manual::{FieldKind, ManualField};
pub use parameter::{DefaultFrom, Length, Parameter, ParameterType};
pub use runbook::{Runbook, RunbookOutput};
pub use step::{DrillSubstitute, NestedCall, Step, StepKind};
pub use undo::{CallRole, UndoStep, UndoUntil};
