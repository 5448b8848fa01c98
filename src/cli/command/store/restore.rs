use std::io::Write;
use std::path::Path;

use super::backup::look_through;
use super::{take_all_runs, tell_cut};
use crate::cli::{Exit, Failure, Setting, store as stores};
use crate::journal::{OpenError, Point, Replacement, SqliteJournal, StoreKind, real_path};

/// Puts a copy in the store's place. The copy is looked through first, what stood there is kept, and the log says what
/// happened, before anybody can append anything else.
pub(super) fn restore(setting: &Setting, backup: &Path, out: &mut dyn Write) -> Result<Exit, Failure> {
    let path = real_path(&stores::place(setting)?);
    if !backup.is_file() {
        return Err(Failure::usage(format!("there is no file `{}`", backup.display())));
    }
    if real_path(backup) == path {
        return Err(Failure::usage("the copy is the store itself").hint("name a file that `callout store backup` made"));
    }
    let runs = take_all_runs(&path)?;
    let replacement = Replacement::copy_of(backup, &path)?;
    let copied = look_through(setting, replacement.path())?;
    let kind = stores::at(setting, replacement.path())?.kind();
    let before = match stores::at(setting, &path) {
        Ok(present) => Some(same_kind(&present, kind).and_then(|()| Ok((present.point()?, present.withdraw()?)))?),
        Err(OpenError::Missing(_) | OpenError::Empty(_) | OpenError::Damaged { .. } | OpenError::NotAStore { .. }) => {
            None
        }
        Err(error) => return Err(error.into()),
    };
    let (before, withdrawn) = before.unzip();
    let aside = replacement.take_place("before")?;
    drop(withdrawn);
    let mut journal = stores::restored(setting, &path)?;
    drop(runs);
    writeln!(out, "{} is put in the place of {}.", backup.display(), path.display())?;
    if let Some(aside) = aside {
        writeln!(out, "What stood there is kept as {}.", aside.display())?;
    }
    tell_loss(before, copied, out)?;
    tell_cut(&mut journal, out)?;
    Ok(Exit::Success)
}

fn same_kind(present: &SqliteJournal, kind: StoreKind) -> Result<(), Failure> {
    if present.kind() == kind {
        return Ok(());
    }
    let error = OpenError::OtherKind { path: present.path().to_owned(), found: present.kind(), wanted: kind };
    Err(error.into())
}

fn tell_loss(before: Option<Point>, after: Point, out: &mut dyn Write) -> Result<(), Failure> {
    match before {
        None => writeln!(out, "The log now has {} entries; what it had before could not be read.", after.entries)?,
        Some(before) if before.log != after.log => writeln!(
            out,
            "It is another log: {} with {} entries, where {} with {} entries stood.",
            after.log, after.entries, before.log, before.entries
        )?,
        Some(before) => match before.entries.checked_sub(after.entries) {
            Some(0) => writeln!(out, "Nothing is lost: both have {} entries.", after.entries)?,
            Some(lost) => {
                writeln!(
                    out,
                    "The log is put back from {} to {} entries: {lost} are not in it any more.",
                    before.entries, after.entries
                )?;
            }
            None => writeln!(
                out,
                "The copy has {} entries, more than the {} that stood there.",
                after.entries, before.entries
            )?,
        },
    }
    Ok(())
}
