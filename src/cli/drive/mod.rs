//! A run, driven: the rooms joined into one session, and a face to it.
//!
//! A session is a store, a lease on the run, an estate with its hands, and the engine. A face is whoever answers its
//! questions: the screen, a person at plain lines, or nobody (headless). All three see the same board and ask through
//! the same handle; none of them knows how an answer is carried out.

mod closing;
mod desk;
mod ending;
mod face;
mod headless;
mod held;
mod lines;
mod plain;
mod session;
mod start;
mod talk;
mod teller;
mod tick;
mod wish;

pub(crate) use desk::desk;
pub(crate) use ending::{Ending, abort};
pub(crate) use start::{drill, resume, run};
pub(crate) use teller::show_way_back;
pub(crate) use tick::tick;
