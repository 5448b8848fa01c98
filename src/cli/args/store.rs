use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Verify a bundle, or the store itself
    ///
    /// Exit code 1 if it is refused. A rewrite of all its files that is consistent in itself cannot be seen without a
    /// checkpoint that was kept elsewhere; the verdict says so.
    Verify {
        /// The folder of a bundle; without it, the store
        bundle: Option<PathBuf>,
    },
    /// Write the whole log out
    #[command(after_help = "\
Examples:
  callout audit export --format jsonl | sha256sum
  callout audit export --format bundle --out evidence/ && python3 evidence/verify.py evidence/")]
    Export {
        /// jsonl: the records as they are stored; csv: for a spreadsheet; bundle: a folder that a stranger can verify
        #[arg(long, value_enum, default_value_t = ExportFormat::Jsonl)]
        format: ExportFormat,
        /// The file, or for a bundle the folder; without it, standard output
        #[arg(long, value_name = "PATH", required_if_eq("format", "bundle"))]
        out: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Store {
    /// Say where the store is and what it holds
    Info {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Copy the store, while others may be writing to it, and check the copy
    ///
    /// The store itself is looked through first; the copy is one moment of it, and the log says that it was made.
    Backup {
        /// The file to make; it must not be there yet. Without it, one beside the store, named after the moment
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        /// The same, as an option
        #[arg(long, value_name = "FILE", conflicts_with = "file")]
        out: Option<PathBuf>,
    },
    /// Put a copy in the store's place, and keep what stood there
    ///
    /// Refused while a run is held or another program has the store open. What the copy does not hold is lost: the log says
    /// so, and a run that is open in it begins nothing before somebody has looked (`callout store release`).
    Restore {
        /// The copy, as `callout store backup` made it
        backup: PathBuf,
    },
    /// Begin a new log in the place of one that is damaged
    ///
    /// The new log names the damaged one and its last whole entry, and repeats the entries of the runs that were open, so
    /// that they can be gone on with. The damaged file is kept untouched under another name. Refused if nothing is wrong.
    Succeed,
    /// Let a run of which entries are lost go on, after looking at what it did
    #[command(after_help = "\
Example:
  callout store release 4f2a91c3 --reason \"new-version had been set, the rest had not; see the vault's list\"")]
    Release {
        /// The run's id, or at least the last four digits of it
        run: String,
        /// What was found in the estate
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// How the log is written out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    Jsonl,
    Csv,
    Bundle,
}
