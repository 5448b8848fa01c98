use clap::Subcommand;

use super::{Headless, Inputs};

#[derive(Debug, Subcommand)]
pub(crate) enum Drill {
    /// Run a drill programme: for real, and only on the targets that it binds
    Run {
        /// The programme's name, or its file
        programme: String,
        #[command(flatten)]
        inputs: Inputs,
        #[command(flatten)]
        headless: Headless,
    },
}
