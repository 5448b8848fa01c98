use std::io::Write;
use std::path::Path;

use super::{take_all_runs, tell_cut};
use crate::cli::entry::draft;
use crate::cli::environment::estate;
use crate::cli::{Exit, Failure, Setting, store as stores};
use crate::journal::{Channel, OpenError, Replacement, Salvage, StoreKind, Wreck, real_path};
use crate::runbook::EstateKind;
use crate::world::SystemEntropy;

/// Begins a new log in the place of a damaged one. All of it is written before it takes the place, so a power cut leaves
/// either the one or the other.
pub(super) fn succeed(setting: &Setting, out: &mut dyn Write) -> Result<Exit, Failure> {
    let path = real_path(&stores::place(setting)?);
    if !path.is_file() {
        return Err(stores::nothing_yet(setting)?);
    }
    let runs = take_all_runs(&path)?;
    let wreck = Wreck::of(&path)?;
    let salvage = wreck.survey()?;
    let fault = ours_and_damaged(setting, &path, &salvage)?;
    let replacement = Replacement::empty(&path)?;
    let kind = kind(setting, &salvage)?;
    let mut successor = stores::make(setting, replacement.path(), kind)?;
    let entropy = SystemEntropy::open()?;
    let repeated = wreck.hand_over(&salvage, &mut successor, &|fact| draft(setting, &entropy, Channel::Cli, fact))?;
    let log = successor.log();
    // Into one file, which alone takes the place.
    drop(successor.withdraw()?);
    let aside = replacement.take_place("damaged")?;
    drop(runs);
    writeln!(out, "The store was damaged: {fault}.")?;
    if let Some(aside) = aside {
        writeln!(out, "It is kept untouched as {}; SHA-256 {}.", aside.display(), salvage.predecessor.file)?;
    }
    let whole = salvage.predecessor.whole.map_or(0, |point| point.entries);
    writeln!(
        out,
        "The log {log} succeeds it: {whole} of its entries are whole, and {repeated} of them, those of the runs that were \
         open, are repeated."
    )?;
    tell_cut(&mut stores::at(setting, &path)?, out)?;
    Ok(Exit::Success)
}

/// What is wrong with the store.
///
/// # Errors
/// Nothing is, or it is no store of ours at all, as far as anything tells.
fn ours_and_damaged(setting: &Setting, path: &Path, salvage: &Salvage) -> Result<String, Failure> {
    match stores::at(setting, path) {
        Err(
            error @ (OpenError::Newer { .. }
            | OpenError::Network { .. }
            | OpenError::Busy(_)
            | OpenError::Library { .. }),
        ) => {
            return Err(error.into());
        }
        Err(error @ OpenError::NotAStore { .. }) if salvage.predecessor.marked.is_none() => return Err(error.into()),
        Err(OpenError::Empty(_)) if salvage.predecessor.marked.is_none() => return Err(stores::nothing_yet(setting)?),
        Ok(_) | Err(_) => {}
    }
    salvage.fault.clone().ok_or_else(|| {
        Failure::usage(format!("nothing is wrong with the store `{}`", path.display()))
            .hint("a log is succeeded only if it is damaged; `callout doctor` looks at it")
    })
}

/// The kind of the successor: that of the log, else of the environment that was named.
fn kind(setting: &Setting, salvage: &Salvage) -> Result<StoreKind, Failure> {
    if let Some(kind) = salvage.kind {
        return Ok(kind);
    }
    Ok(match estate(setting)? {
        EstateKind::Live => StoreKind::Live,
        EstateKind::Simulated => StoreKind::Simulated,
    })
}
