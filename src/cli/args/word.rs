use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

use super::Headless;
use crate::cli::Failure;

/// Values by name, as they were typed.
pub(crate) type Named = Vec<(String, String)>;

/// Which step of which run.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Of {
    /// The run's id, or at least the last four digits of it
    pub(crate) run: String,
    /// The step, as `callout show RUN` names it: `step`, `step[key]` or `outer/inner`
    pub(crate) step: String,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Answer {
    #[command(flatten)]
    pub(crate) of: Of,
    /// The gate's choice first; then what is to be filled in, each NAME=VALUE: a file by its path, a secret as env:NAME
    #[arg(value_name = "CHOICE|NAME=VALUE")]
    words: Vec<String>,
}

impl Answer {
    /// The choice, if one was said, and what was filled in.
    ///
    /// # Errors
    /// As [`named`].
    pub(crate) fn choice(&self) -> Result<(Option<&str>, Named), Failure> {
        match self.words.split_first() {
            Some((choice, fields)) if !choice.contains('=') => Ok((Some(choice), named(fields)?)),
            _ => Ok((None, named(&self.words)?)),
        }
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Skip {
    #[command(flatten)]
    pub(crate) of: Of,
    /// Why; it is a deviation
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Override {
    #[command(flatten)]
    pub(crate) of: Of,
    /// Why; it is a deviation
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// What the step would have given, for later steps that read it
    #[arg(value_name = "NAME=VALUE")]
    outputs: Vec<String>,
}

impl Override {
    /// What the step would have given.
    ///
    /// # Errors
    /// As [`named`].
    pub(crate) fn outputs(&self) -> Result<Named, Failure> {
        named(&self.outputs)
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Again {
    #[command(flatten)]
    pub(crate) of: Of,
    /// Why, as a note on the timeline
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Resolve {
    #[command(flatten)]
    pub(crate) of: Of,
    /// What became of it
    #[arg(value_enum)]
    pub(crate) word: Resolved,
    /// Why; needed for what was done by hand, which is a deviation
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// The read-back of the step's consent, which `did-not` asks for
    #[arg(long, value_name = "TEXT")]
    pub(crate) typed: Option<String>,
    /// What it gave, for later steps that read it
    #[arg(value_name = "NAME=VALUE")]
    outputs: Vec<String>,
}

impl Resolve {
    /// What the step gave.
    ///
    /// # Errors
    /// As [`named`].
    pub(crate) fn outputs(&self) -> Result<Named, Failure> {
        named(&self.outputs)
    }
}

/// What a person says of an effect in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Resolved {
    /// It happened; the run goes on
    Adopt,
    /// It did not; consent is asked for anew before it is sent again
    DidNot,
    /// Whatever became of it, it has been brought about by other means
    ByHand,
    /// Whatever became of it, it is to be undone
    Undo,
    /// The step counts as failed, and the doubt stays
    GiveUp,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Adhoc {
    /// The run's id, or at least the last four digits of it
    pub(crate) run: String,
    /// Let the command have the terminal to itself, as an editor needs it; what it says is not kept then
    #[arg(long)]
    pub(crate) attached: bool,
    /// The command and its arguments, behind `--`
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Evidence {
    /// The run's id, or at least the last four digits of it
    pub(crate) run: String,
    /// Only what was given to this step
    pub(crate) step: Option<String>,
    /// Give back the piece whose SHA-256 begins so
    #[arg(long, value_name = "HEX")]
    pub(crate) hash: Option<String>,
    /// The file to make; without it, standard output
    #[arg(long, value_name = "FILE", requires = "hash")]
    pub(crate) out: Option<PathBuf>,
    /// The list as JSON: {sha256, bytes, origin, step, name}
    #[arg(long, conflicts_with = "hash")]
    pub(crate) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Abort {
    /// The run's id, or at least the last four digits of it
    pub(crate) run: String,
    /// Undo what stands before the run ends, as far as the runbook says how; each undo is confirmed by itself
    #[arg(long)]
    pub(crate) undo: bool,
    /// Why, for the timeline
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    #[command(flatten)]
    pub(crate) headless: Headless,
}

/// Words of the form NAME=VALUE. They are taken apart here and not by clap, which repeats what it refuses: it may be a
/// secret.
///
/// # Errors
/// One of them has no name or no `=`; the sentence does not repeat it.
fn named(words: &[String]) -> Result<Named, Failure> {
    let named = words.iter().zip(1..).map(|(text, number)| match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(Failure::usage(format!("the value number {number} is not written NAME=VALUE"))
            .hint("what was written is not repeated here, as it may be a secret")),
    });
    named.collect()
}
