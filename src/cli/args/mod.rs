//! The command line as clap reads it; doc comments are the help texts. The only place that knows clap.

mod command;
mod sim;

pub(crate) use command::{
    Args, Audit, CheckFormat, Command, ExportFormat, Global, Headless, New, PlanFormat, Run, SchemaOf, Speed, Store,
    Trust,
};
pub(crate) use sim::{Fault, Sim};
