use std::io::Write;

use serde_json::json;

use crate::cli::text::field;
use crate::cli::{Exit, Failure, Setting, store as stores};
use crate::journal::{Point, Remembered, RunRow, StoreKind};

/// Says where the store is and what it holds. Reads no more than the derived tables, but for the last copy.
pub(super) fn info(setting: &Setting, as_json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let Some(journal) = stores::reader(setting)? else { return Err(stores::nothing_yet(setting)?) };
    let runs = journal.runs()?;
    let open: Vec<&RunRow> = runs.iter().filter(|row| row.stage.is_open()).collect();
    let intents = journal.open_intents()?.len();
    let Point { log, entries, root } = journal.point()?;
    let backup = journal.last_backup()?;
    let remembered = journal.remembered()?;
    let path = journal.path().display().to_string();
    let bytes = std::fs::metadata(journal.path()).map(|found| found.len()).ok();
    let last = entries.checked_sub(1);
    if as_json {
        let open: Vec<_> =
            open.iter().map(|row| json!({"id": row.run, "runbook": row.runbook, "state": row.stage.word()})).collect();
        let document = json!({
            "path": path,
            "kind": journal.kind(),
            "log": log,
            "entries": entries,
            "last": last,
            "root": root,
            "runs": runs.len(),
            "open_runs": open.len(),
            "open": open,
            "open_intents": intents,
            "bytes": bytes,
            "backup": backup.map(|(at, point)| json!({"at": at, "entries": point.entries, "root": point.root})),
            "put_back_from": match remembered {
                Remembered::Lost(mark) => json!(mark.point),
                Remembered::Held | Remembered::Nothing => json!(null),
            },
        });
        writeln!(out, "{document:#}")?;
        return Ok(Exit::Success);
    }
    field(out, "Store", &path)?;
    field(out, "Kind", kind_word(journal.kind()))?;
    field(out, "Log", &log.to_string())?;
    let last = last.map(|last| format!(", the last is {last}")).unwrap_or_default();
    field(out, "Entries", &format!("{entries}{last}"))?;
    field(out, "Root", &root.to_string())?;
    field(out, "Runs", &format!("{}, {} open", runs.len(), open.len()))?;
    for row in open {
        field(out, "Open", &format!("{} {} ({})", row.run.short(), row.runbook, row.stage.word()))?;
    }
    field(out, "Intents", &format!("{intents} without an outcome"))?;
    if let Some(bytes) = bytes {
        field(out, "Bytes", &bytes.to_string())?;
    }
    let copied = match backup {
        Some((at, point)) => format!("{at}, {} entries", point.entries),
        None => "none that the log tells of".to_owned(),
    };
    field(out, "Backup", &copied)?;
    if let Remembered::Lost(mark) = remembered {
        let Point { log, entries, .. } = mark.point;
        field(out, "PUT BACK", &format!("it had {entries} entries of the log {log}, and does not hold them"))?;
    }
    Ok(Exit::Success)
}

/// What the store holds, for a person.
pub(in crate::cli::command) const fn kind_word(kind: StoreKind) -> &'static str {
    match kind {
        StoreKind::Live => "live",
        StoreKind::Simulated => "simulated: no evidence of production recovery",
    }
}
