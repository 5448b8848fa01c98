//! From what the author wrote to a checked runbook.
//!
//! What comes in: the bytes of a file, or of all files of a library. What goes out for each: a `Runbook`, if there is no
//! error, and every finding. First the outline is read (parameters, steps and their needs), then the graph and its branches,
//! and last each step with its expressions, which may name anything in the outline. Of a runbook that another one nests,
//! only its signature counts. Deliberately absent: environments and targets; a runbook is checked once for all.

mod argument;
mod branch;
mod call;
mod checker;
mod drill;
mod each;
mod failure;
mod gate;
mod graph;
mod header;
mod in_clear;
mod kind;
mod library;
mod limits;
mod manual;
mod nested;
mod ordered;
mod outline;
mod output;
mod parameter;
mod prose;
mod safety;
mod scope;
mod step;
mod undo;
mod wait;
mod worlds;

pub(crate) use checker::stem;
pub use checker::{Checked, check, check_all};
pub(crate) use header::{format, version};
pub(crate) use limits::{LEVELS, STEPS, beyond};
pub(crate) use ordered::{Ordered, ordered};
pub(crate) use outline::row;
pub(crate) use scope::template;

#[cfg(test)]
mod tests;
