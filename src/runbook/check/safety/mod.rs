//! What is dangerous in a runbook that otherwise makes sense.
//!
//! What comes in: the lowered steps, with the places where they were written. What goes out: findings, one file per
//! theme. Each looks for what can hurt silently; what is certain is an error, what is usually right a warning, and what is
//! only worth knowing a note. Deliberately absent: whatever needs an environment. Two inputs may turn out to be one
//! target, and only a plan can tell.

mod change;
mod condition;
mod failure;
mod generated;
mod hard_coded;
mod inspection;
mod objective;
mod order;
mod parallel;
mod patience;
mod person;
mod places;
mod reading;
mod shape;
mod subject;
mod undo;

pub(super) use inspection::inspect;
pub(super) use places::Places;
pub(super) use subject::Subject;
