use clap::{Args as ClapArgs, Subcommand};

use crate::base::Span;

#[derive(Debug, Subcommand)]
pub(crate) enum Sim {
    /// Serve the simulated estate until this is interrupted
    Serve {
        /// The port on 127.0.0.1; without it, any free one
        #[arg(long)]
        port: Option<u16>,
    },
    /// Set the estate's clock forward
    #[command(after_help = "Example:\n  callout sim advance 24h")]
    Advance {
        /// How far, such as 90s, 5m or 24h
        #[arg(value_parser = Span::parse)]
        duration: Span,
    },
    /// Disturb requests that are to come; without options, list what is in force
    #[command(after_help = "\
Examples:
  callout sim fault --method PUT --path /secrets/ --drop-after
  callout sim fault --path slotsswap --status 503
  callout sim fault --path search.run --halfway
  callout sim fault --clear")]
    Fault(Fault),
    /// Begin the estate anew; its clock goes on
    Reset,
    /// List the requests that the estate has received since it is served
    Requests {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

/// A rule for requests, and what happens to those that it hits.
#[derive(Debug, ClapArgs)]
#[group(skip)]
#[expect(clippy::struct_excessive_bools, reason = "each of them is an option of its own on the command line")]
pub(crate) struct Fault {
    /// Hits requests with this method only
    #[arg(long, requires = "blow")]
    pub(crate) method: Option<String>,
    /// Hits requests whose host contains this
    #[arg(long, requires = "blow")]
    pub(crate) host: Option<String>,
    /// Hits requests whose path contains this, upper or lower case
    #[arg(long, requires = "blow")]
    pub(crate) path: Option<String>,
    /// Lets so many of them pass first
    #[arg(long, value_name = "N", requires = "blow")]
    pub(crate) skip: Option<u32>,
    /// Then hits so many; 1 if it is not said
    #[arg(long, value_name = "N", requires = "blow")]
    pub(crate) times: Option<u32>,
    /// With --status: seconds for the header Retry-After
    #[arg(long, value_name = "SECONDS", requires = "status")]
    pub(crate) retry_after: Option<u32>,
    /// With --status: a page instead of JSON, as front ends answer
    #[arg(long, requires = "status")]
    pub(crate) html: bool,
    /// Not carried out, and answered with this status
    #[arg(long, value_name = "CODE", group = "blow")]
    pub(crate) status: Option<u16>,
    /// Not carried out, and the connection is reset
    #[arg(long, group = "blow")]
    pub(crate) drop_before: bool,
    /// Carried out, and the connection is reset instead of an answer
    #[arg(long, group = "blow")]
    pub(crate) drop_after: bool,
    /// Carried out, and answered only after so many seconds
    #[arg(long, value_name = "SECONDS", group = "blow")]
    pub(crate) stall: Option<f64>,
    /// Carried out, and not answered before the rules are removed
    #[arg(long, group = "blow")]
    pub(crate) hold: bool,
    /// Carried out, and what it starts (the run of an indexer) fails halfway
    #[arg(long, group = "blow")]
    pub(crate) halfway: bool,
    /// Carried out, and what it starts reports success with a part of its work left undone
    #[arg(long, group = "blow")]
    pub(crate) short: bool,
    /// Removes all rules
    #[arg(long, group = "blow")]
    pub(crate) clear: bool,
}
