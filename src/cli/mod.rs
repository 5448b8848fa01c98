//! Arguments in, exit code out: the composition root.
//!
//! What comes in: a command line, the environment, the files that they name. What goes out: text on two streams and an
//! exit code. Here, and only here, the rooms are joined: `main` is the table of contents, each command is a short function
//! in `command`, and what several of them need (library, environment, store, estate) has a file of its own. Errors of all
//! rooms become a `Failure` here, with an exit code and a hint.
//!
//! Deliberately absent: decisions about a run, SQL, HTTP, and any second place that reads the environment (`setting`) or
//! the command line (`args`). Nobody imports this room but `src/main.rs`.

mod args;
mod command;
mod drive;
mod entry;
mod environment;
mod estate;
mod failure;
mod findings;
mod ledger;
mod library;
mod log;
mod main;
mod nesting;
mod playbooks;
mod policy;
mod prepare;
mod revision;
mod sarif;
mod setting;
mod signers;
mod store;
mod text;
mod trust;
mod version;

pub use main::main;

pub(crate) use failure::{Exit, Failure};
pub(crate) use setting::Setting;
