use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::base::{Clock as _, Digest, Timestamp};
use crate::cli::command::audit::whole;
use crate::cli::entry::draft;
use crate::cli::{Exit, Failure, Setting, store as stores};
use crate::journal::{Batch, Channel, Fact, Journal as _, LogEvent, Point};
use crate::world::{SystemClock, SystemEntropy};

/// Copies the store, checks the copy from end to end, and writes down in the log that it was made. On a disk that is full
/// the copy counts all the same.
pub(super) fn backup(setting: &Setting, copy: Option<PathBuf>, out: &mut dyn Write) -> Result<Exit, Failure> {
    let Some(journal) = stores::reader(setting)? else { return Err(stores::nothing_yet(setting)?) };
    if let Some(fault) = journal.quick_check()?.first() {
        let what = format!("the store `{}` is damaged, so it is not copied: {fault}", journal.path().display());
        return Err(Failure::new(Exit::Failed, what).hint(stores::DAMAGED));
    }
    let copy = copy.unwrap_or_else(|| beside(journal.path(), SystemClock.host_now()));
    journal.backup(&copy)?;
    let point = look_through(setting, &copy)?;
    let file = File::open(&copy).and_then(Digest::of_stream).map_err(|error| {
        Failure::new(Exit::Failed, format!("the copy `{}` cannot be read", copy.display())).because(&error)
    })?;
    writeln!(out, "{} is copied to {}, and the copy is sound.", journal.path().display(), copy.display())?;
    writeln!(out, "It holds {} entries of the log {}, root {}; SHA-256 {file}.", point.entries, point.log, point.root)?;
    drop(journal);
    if let Err(failure) = record(setting, point, file) {
        writeln!(out, "The log does not tell of it: {}.", failure.what)?;
    }
    Ok(Exit::Success)
}

/// A file beside the store, named after the moment: `journal.db.20261120T031000Z.backup`.
fn beside(store: &Path, now: Timestamp) -> PathBuf {
    let moment: String = now.to_string().chars().take(19).filter(char::is_ascii_alphanumeric).collect();
    let mut name = store.as_os_str().to_owned();
    name.push(format!(".{moment}Z.backup"));
    PathBuf::from(name)
}

/// Verifies a copy as `callout audit verify` verifies a store, after asking SQLite; how far it goes.
///
/// # Errors
/// It is damaged, or no store.
pub(super) fn look_through(setting: &Setting, copy: &Path) -> Result<Point, Failure> {
    let journal = stores::at(setting, copy)?;
    let damaged = |fault: &dyn std::fmt::Display| {
        Failure::new(Exit::Failed, format!("the copy `{}` is damaged: {fault}", copy.display()))
    };
    if let Some(fault) = journal.quick_check()?.first() {
        return Err(damaged(fault));
    }
    whole(&journal).map_err(|error| damaged(&error))?;
    Ok(journal.point()?)
}

fn record(setting: &Setting, point: Point, file: Digest) -> Result<(), Failure> {
    let mut journal = stores::writer(setting)?;
    let draft = draft(setting, &SystemEntropy::open()?, Channel::Cli, Fact::Log(LogEvent::BackedUp { point, file }));
    journal.append(&Batch { drafts: vec![draft], ..Batch::default() })?;
    Ok(())
}
