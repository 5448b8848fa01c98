//! The command line as clap reads it; doc comments are the help texts. The only place that knows clap.

mod command;
mod sim;
mod word;

pub(crate) use command::{
    Args, Audit, CheckFormat, Command, Drill, ExportFormat, Global, Headless, Inputs, New, PlanFormat, Run, SchemaOf,
    Speed, Store, Trust,
};
pub(crate) use sim::{Fault, Sim};
pub(crate) use word::{Abort, Adhoc, Again, Answer, Override, Resolve, Resolved, Skip};
