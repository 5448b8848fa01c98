use std::io::Write;

use crate::cli::args::SchemaOf;
use crate::cli::{Exit, Failure};
use crate::runbook::{environment_schema, playbook_schema, runbook_schema};

/// Prints the JSON Schema of a kind of file.
pub(crate) fn schema(of: SchemaOf, out: &mut dyn Write) -> Result<Exit, Failure> {
    let schema = match of {
        SchemaOf::Runbook => runbook_schema(),
        SchemaOf::Playbook => playbook_schema(),
        SchemaOf::Environment => environment_schema(),
    };
    writeln!(out, "{schema:#}")?;
    Ok(Exit::Success)
}
