mod backup;
mod info;
mod release;
mod restore;
mod succeed;

use std::io::Write;
use std::path::Path;

pub(super) use info::kind_word;

use crate::cli::args::Store;
use crate::cli::{Exit, Failure, Setting, store as stores};
use crate::journal::{Held, Journal as _, RunLease, RunRow, SqliteJournal, Stage};

/// Looks at the store, copies it, or puts something else in its place.
pub(crate) fn store(setting: &Setting, store: &Store, out: &mut dyn Write) -> Result<Exit, Failure> {
    match store {
        Store::Info { json } => info::info(setting, *json, out),
        Store::Backup { file, out: path } => {
            let copy = file.as_ref().or(path.as_ref()).map(|path| setting.here.join(path));
            backup::backup(setting, copy, out)
        }
        Store::Restore { backup } => restore::restore(setting, &setting.here.join(backup), out),
        Store::Succeed => succeed::succeed(setting, out),
        Store::Release { run, reason } => release::release(setting, run, reason, out),
    }
}

/// Takes every run of the store, so that none is driven while its file is replaced.
///
/// # Errors
/// One is held, or it cannot be told.
fn take_all_runs(store: &Path) -> Result<Vec<RunLease>, Failure> {
    RunLease::take_all(store)?.map_err(|held| {
        let names = held.iter().map(|Held { run, pid }| match pid {
            Some(pid) => format!("{} by process {pid}", run.short()),
            None => run.short(),
        });
        let names: Vec<String> = names.collect();
        Failure::usage(format!("a run is held: {}", names.join(", ")))
            .hint("leave it where it is driven (`callout pause RUN` does not let it go), and try again")
    })
}

/// Says which runs begin nothing before somebody has looked, and how to look.
fn tell_cut(journal: &mut SqliteJournal, out: &mut dyn Write) -> Result<(), Failure> {
    let cut: Vec<RunRow> = journal.open_runs()?.into_iter().filter(|row| row.stage == Stage::Cut).collect();
    for row in &cut {
        let entries = journal.of_run(row.run, row.last)?;
        let last = entries.first().map(|entry| entry.draft.recorded_at.minute()).unwrap_or_default();
        writeln!(
            out,
            "Run {} of {} was open; what it did after {last} is not known, and it begins nothing before somebody has \
             looked: {}.",
            row.run.short(),
            row.runbook,
            stores::how_to_look(row.run)
        )?;
    }
    Ok(())
}
