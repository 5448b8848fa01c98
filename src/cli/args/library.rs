use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

use crate::base::Digest;

#[derive(Debug, Subcommand)]
pub(crate) enum New {
    /// A runbook that checks clean, to be filled in
    Runbook {
        /// Its name, which is its file's name too
        name: String,
    },
}

/// A kind of file that has a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaOf {
    Runbook,
    Playbook,
    Environment,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Trust {
    /// The library's folder; without it, the library of the current folder
    pub(crate) path: Option<PathBuf>,
    /// Trust without a question, if this is the digest of the content
    #[arg(long, value_name = "HEX", value_parser = digest, conflicts_with_all = ["list", "revoke"])]
    pub(crate) digest: Option<Digest>,
    /// List the libraries that are trusted
    #[arg(long, conflicts_with_all = ["path", "revoke"])]
    pub(crate) list: bool,
    /// Trust the library no longer
    #[arg(long)]
    pub(crate) revoke: bool,
}

/// How findings are said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// For a person
    Text,
    /// For a program
    Json,
    /// For a forge, which shows them beside the lines: SARIF 2.1.0
    Sarif,
}

fn digest(text: &str) -> Result<Digest, String> {
    Digest::parse(text).ok_or_else(|| "a digest is 64 lower-case hexadecimal digits".into())
}
