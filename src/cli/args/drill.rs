use clap::Subcommand;

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
}

fn participant(text: &str) -> Result<(Role, String), String> {
    let (role, name) = text.split_once('=').ok_or("write ROLE=NAME, as in observer=\"A. Nother\"")?;
    let role = Role::parse(role).ok_or("the roles are commander, operator, approver, observer and scribe")?;
    match name.trim() {
        "" => Err("the name is missing".into()),
        name => Ok((role, name.to_owned())),
    }
}
