//! Drills: what is broken first, what is measured, and what is told of it.

mod breaking;
mod measured;
mod proven;
mod report;
