use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

use crate::cli::Failure;
use crate::effect::Risk;
use crate::plan::Mode;

#[derive(Debug, ClapArgs)]
pub(crate) struct Run {
    /// A runbook's name, or its file, perhaps as a commit has it
    #[arg(value_name = "RUNBOOK[@REV]")]
    pub(crate) runbook: String,
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    /// How the run executes
    #[arg(long, value_enum, default_value_t = RunMode::Live)]
    pub(crate) mode: RunMode,
    /// The incident that the run belongs to
    #[arg(long, value_name = "ID")]
    pub(crate) incident: Option<String>,
    #[command(flatten)]
    pub(crate) headless: Headless,
}

#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Inputs {
    /// An input, once for each; a list is written with commas
    #[arg(short = 'i', long = "input", value_name = "NAME=VALUE")]
    inputs: Vec<String>,
}

impl Inputs {
    /// The inputs by name. They are taken apart here and not by clap, which repeats what it refuses: it may be a secret.
    ///
    /// # Errors
    /// One of them has no name or no `=`; the sentence does not repeat it.
    pub(crate) fn named(&self) -> Result<Vec<(String, String)>, Failure> {
        let named = self.inputs.iter().zip(1..).map(|(text, number)| match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
            _ => Err(Failure::usage(format!("the input number {number} (`-i`) is not written NAME=VALUE"))
                .hint("what was written is not repeated here, as it may be a secret")),
        });
        named.collect()
    }
}

/// How a run goes when nobody is asked.
#[derive(Clone, Debug, ClapArgs)]
#[expect(clippy::struct_field_names, reason = "a field is named as its option is")]
pub(crate) struct Headless {
    /// Ask nobody; pause where a person is needed
    #[arg(long)]
    pub(crate) headless: bool,
    /// Answers that were given beforehand, as YAML: `confirm: {…}`, `gate: {…}`, `manual: {…}`
    #[arg(long, value_name = "FILE", requires = "headless")]
    pub(crate) answers: Option<PathBuf>,
    /// Confirm what is not riskier than this: reversible, destructive or irreversible
    #[arg(long, value_name = "RISK", requires = "headless", value_parser = risk)]
    pub(crate) yes: Option<Risk>,
}

/// How a run executes, or would.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RunMode {
    /// For real, in whatever environment it is
    Live,
    /// For real, on targets that are bound to a drill
    Drill,
    /// Reads and checks run, changes are assumed
    Rehearsal,
}

impl RunMode {
    /// The mode.
    pub(crate) const fn mode(self) -> Mode {
        match self {
            Self::Live => Mode::Live,
            Self::Drill => Mode::Drill,
            Self::Rehearsal => Mode::Rehearsal,
        }
    }
}

/// How a plan is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanFormat {
    /// For a person
    Text,
    /// For a program
    Json,
    /// Markdown with `az` commands that a person can paste, without this program
    Checklist,
}

fn risk(text: &str) -> Result<Risk, String> {
    Risk::parse(text)
        .filter(|risk| *risk > Risk::Read)
        .ok_or_else(|| "it is reversible, destructive or irreversible".into())
}
