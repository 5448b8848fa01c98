//! From what the author wrote to a checked runbook.
//!
//! What comes in: the bytes of a file. What goes out: a `Runbook`, if there is no error, and every finding. First the
//! outline is read (parameters, steps and their needs), then the graph, and last each step with its expressions, which
//! may name anything in the outline. Deliberately absent: environments and targets; a runbook is checked once for all.

mod argument;
mod checker;
mod graph;
mod header;
mod ordered;
mod outline;
mod parameter;
mod scope;
mod step;

pub(crate) use checker::stem;
pub use checker::{Checked, check};
pub(crate) use header::{format, version};
pub(crate) use ordered::{Ordered, ordered};
pub(crate) use outline::{STEPS_MAX, row};
pub(crate) use scope::template;
