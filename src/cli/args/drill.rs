use clap::{Subcommand, ValueEnum};

use super::{Headless, Inputs};
use crate::runbook::Role;

#[derive(Debug, Subcommand)]
pub(crate) enum Drill {
    /// Run a drill programme: for real, and only on the targets that it binds
    Run {
        /// The programme's name, or its file
        programme: String,
        /// Who takes part, once for each: commander, operator, approver, observer or scribe, and the name
        #[arg(long = "who", value_name = "ROLE=NAME", value_parser = participant)]
        who: Vec<(Role, String)>,
        #[command(flatten)]
        inputs: Inputs,
        #[command(flatten)]
        headless: Headless,
    },
    /// Tell what a drill has shown: people, objectives, times, deviations, and what was not tested
    #[command(after_help = "\
Example:
  callout drill report --format html > report.html")]
    Report {
        /// The run's id, or at least the last four digits of it; without it, the latest drill
        run: Option<String>,
        /// markdown and html for people, json for a program
        #[arg(long, value_enum, default_value_t = ReportFormat::Markdown)]
        format: ReportFormat,
    },
    /// List the drills, with what came of them
    History {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

/// How the report of a drill is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// Markdown
    Markdown,
    /// For a program
    Json,
    /// One page that needs nothing else
    Html,
}

fn participant(text: &str) -> Result<(Role, String), String> {
    let (role, name) = text.split_once('=').ok_or("write ROLE=NAME, as in observer=\"A. Nother\"")?;
    let role = Role::parse(role).ok_or("the roles are commander, operator, approver, observer and scribe")?;
    match name.trim() {
        "" => Err("the name is missing".into()),
        name => Ok((role, name.to_owned())),
    }
}
