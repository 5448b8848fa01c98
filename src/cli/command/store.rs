use std::io::Write;
use std::path::Path;

use serde_json::json;

use crate::cli::args::Store;
use crate::cli::text::field;
use crate::cli::{Exit, Failure, Setting, store as stores};
use crate::journal::{SqliteJournal, StoreKind};

/// Looks at the store, or copies it.
pub(crate) fn store(setting: &Setting, store: &Store, out: &mut dyn Write) -> Result<Exit, Failure> {
    match store {
        Store::Info { json } => info(setting, *json, out),
        Store::Backup { file } => backup(setting, &setting.here.join(file), out),
    }
}

fn info(setting: &Setting, as_json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let Some(journal) = stores::reader(setting)? else { return Err(stores::nothing_yet(setting)?) };
    let runs = journal.runs()?;
    let open = runs.iter().filter(|row| row.stage.is_open()).count();
    let frontier = journal.frontier()?;
    let path = journal.path().display().to_string();
    let bytes = std::fs::metadata(journal.path()).map(|found| found.len()).ok();
    if as_json {
        let document = json!({
            "path": path,
            "kind": journal.kind(),
            "log": journal.log(),
            "entries": frontier.size(),
            "root": frontier.root(),
            "runs": runs.len(),
            "open_runs": open,
            "bytes": bytes,
        });
        writeln!(out, "{document:#}")?;
        return Ok(Exit::Success);
    }
    field(out, "Store", &path)?;
    field(out, "Kind", kind_word(journal.kind()))?;
    field(out, "Log", &journal.log().to_string())?;
    field(out, "Entries", &frontier.size().to_string())?;
    field(out, "Root", &frontier.root().to_string())?;
    field(out, "Runs", &format!("{}, {open} open", runs.len()))?;
    if let Some(bytes) = bytes {
        field(out, "Bytes", &bytes.to_string())?;
    }
    Ok(Exit::Success)
}

/// What the store holds, for a person.
pub(super) const fn kind_word(kind: StoreKind) -> &'static str {
    match kind {
        StoreKind::Live => "live",
        StoreKind::Simulated => "simulated: no evidence of production recovery",
    }
}

fn backup(setting: &Setting, copy: &Path, out: &mut dyn Write) -> Result<Exit, Failure> {
    let Some(journal) = stores::reader(setting)? else { return Err(stores::nothing_yet(setting)?) };
    let failed = |why: &dyn std::error::Error| {
        Failure::usage(format!("the store cannot be copied to `{}`", copy.display()))
            .because(why)
            .hint("the folder must be there, and the file must not")
    };
    journal.backup(copy).map_err(|error| failed(&error))?;
    let faults = check(setting, copy)?;
    if let Some(fault) = faults.first() {
        return Err(Failure::new(Exit::Failed, format!("the copy `{}` is damaged: {fault}", copy.display())));
    }
    writeln!(out, "{} is copied to {}, and the copy is sound.", journal.path().display(), copy.display())?;
    Ok(Exit::Success)
}

fn check(setting: &Setting, copy: &Path) -> Result<Vec<String>, Failure> {
    let journal: SqliteJournal = stores::at(setting, copy)?;
    Ok(journal.quick_check()?)
}
