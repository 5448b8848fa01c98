//! The command line as clap reads it; doc comments are the help texts. The only place that knows clap.

mod command;
mod drill;
mod incident;
mod library;
mod run;
mod sim;
mod store;
mod word;

pub(crate) use command::{Args, Command, Global, Speed};
pub(crate) use drill::{Drill, ReportFormat};
pub(crate) use incident::{Declare, Incident, moment_of};
pub(crate) use library::{CheckFormat, New, SchemaOf, Trust};
pub(crate) use run::{Headless, Inputs, PlanFormat, Run, RunMode};
pub(crate) use sim::{Fault, Sim};
pub(crate) use store::{Audit, ExportFormat, Store};
pub(crate) use word::{Abort, Adhoc, Again, Answer, Evidence, Override, Resolve, Resolved, Skip};
