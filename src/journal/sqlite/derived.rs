use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use super::fault::read_error;
use super::read::{SELECT_LINE, line};
use crate::base::{AttemptId, Digest, RunId, Seq};
use crate::journal::{Change, Derived, Frontier, LockRow, ReadError, RunRow, Stage};

/// Takes up a change, in the transaction of the append that makes it.
pub(super) fn apply(transaction: &Transaction<'_>, change: &Change) -> rusqlite::Result<()> {
    match change {
        Change::Grew { run, seq } => {
            let RunRow { run, runbook, stage, fence, version, first, last } = RunRow::begun(*run, *seq);
            transaction.execute(
                "INSERT INTO run (run, runbook, stage, fence, version, first, last)
                 VALUES (?1, ?2, ?3, ?4, ?5 + 1, ?6, ?7)
                 ON CONFLICT (run) DO UPDATE SET version = version + 1, last = excluded.last",
                params![run.to_string(), runbook, stage.word(), fence, version, first.0, last.0],
            )
        }
        Change::Planned { run, runbook } => {
            transaction.execute("UPDATE run SET runbook = ?2 WHERE run = ?1", params![run.to_string(), runbook])
        }
        Change::Taken { run, fence } => {
            transaction.execute("UPDATE run SET fence = ?2 WHERE run = ?1", params![run.to_string(), fence])
        }
        Change::Stage { run, stage } => {
            let run = run.to_string();
            let standing = transaction
                .query_row("SELECT stage FROM run WHERE run = ?1", params![run], |row| parsed(row, 0, Stage::parse))
                .optional()?;
            if standing.is_some_and(|standing| stage.follows(standing)) {
                transaction.execute("UPDATE run SET stage = ?2 WHERE run = ?1", params![run, stage.word()])?;
            }
            Ok(0)
        }
        Change::Released { run } => transaction.execute(
            "UPDATE run SET stage = ?2 WHERE run = ?1 AND stage = ?3",
            params![run.to_string(), Stage::Paused.word(), Stage::Cut.word()],
        ),
        Change::Locked { run, attempt, seq, keys } => {
            // A key that what undoes it shares stays with the attempt that is undone.
            let mut insert = transaction.prepare(
                "INSERT INTO open_intent (lock_key, run, attempt, seq) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (lock_key) DO NOTHING",
            )?;
            keys.iter().try_for_each(|key| {
                insert.execute(params![key, run.to_string(), attempt.to_string(), seq.0]).map(drop)
            })?;
            Ok(keys.len())
        }
        Change::Freed { attempt } => {
            transaction.execute("DELETE FROM open_intent WHERE attempt = ?1", params![attempt.to_string()])
        }
    }
    .map(drop)
}

/// The frontier as the last append left it.
pub(super) fn frontier(connection: &Connection) -> rusqlite::Result<Frontier> {
    connection.query_row("SELECT size, roots FROM frontier", [], |row| {
        let roots: Vec<u8> = row.get(1)?;
        let roots = roots.chunks_exact(32).filter_map(|root| root.try_into().ok().map(Digest::from_bytes)).collect();
        Frontier::from_roots(row.get(0)?, roots).ok_or(rusqlite::Error::InvalidQuery)
    })
}

/// Writes the frontier.
pub(super) fn put_frontier(connection: &Connection, frontier: &Frontier) -> rusqlite::Result<()> {
    let roots: Vec<u8> = frontier.roots().iter().flat_map(|root| *root.as_bytes()).collect();
    connection.execute(
        "INSERT INTO frontier (only_row, size, roots) VALUES (0, ?1, ?2)
         ON CONFLICT (only_row) DO UPDATE SET size = excluded.size, roots = excluded.roots",
        params![frontier.size(), roots],
    )?;
    Ok(())
}

/// What stands in the tables.
pub(super) fn standing(connection: &Connection) -> rusqlite::Result<Derived> {
    let mut derived = Derived::default();
    for row in runs(connection, "", [])? {
        derived.runs.insert(row.run, row);
    }
    let mut select = connection.prepare("SELECT lock_key, run, attempt, seq FROM open_intent")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let lock = LockRow {
            run: parsed(row, 1, |text| text.parse().ok())?,
            attempt: parsed(row, 2, |text| text.parse::<AttemptId>().ok())?,
            seq: Seq(row.get(3)?),
        };
        derived.locks.insert(row.get(0)?, lock);
    }
    Ok(derived)
}

/// What should stand in the tables, by the log alone.
pub(super) fn from_log(connection: &Connection) -> Result<(Derived, Frontier), ReadError> {
    let (mut derived, mut frontier) = (Derived::default(), Frontier::default());
    let mut select = connection.prepare(&format!("{SELECT_LINE} ORDER BY seq")).map_err(read_error)?;
    let mut rows = select.query([]).map_err(read_error)?;
    while let Some(row) = rows.next().map_err(read_error)? {
        let line = line(row).map_err(read_error)?;
        derived.take_up(&line)?;
        frontier.push(line.leaf);
    }
    Ok((derived, frontier))
}

/// Throws the tables away and makes them again.
pub(super) fn rebuild(transaction: &Transaction<'_>) -> Result<(), ReadError> {
    let (derived, frontier) = from_log(transaction)?;
    write_all(transaction, &derived, &frontier).map_err(read_error)
}

/// The runs that a condition selects, the latest first.
pub(super) fn runs(
    connection: &Connection,
    condition: &str,
    parameters: impl rusqlite::Params,
) -> rusqlite::Result<Vec<RunRow>> {
    let sql =
        format!("SELECT run, runbook, stage, fence, version, first, last FROM run {condition} ORDER BY first DESC");
    let mut select = connection.prepare(&sql)?;
    let rows = select.query_map(parameters, |row| {
        Ok(RunRow {
            run: parsed(row, 0, |text| text.parse::<RunId>().ok())?,
            runbook: row.get(1)?,
            stage: parsed(row, 2, Stage::parse)?,
            fence: row.get(3)?,
            version: row.get(4)?,
            first: Seq(row.get(5)?),
            last: Seq(row.get(6)?),
        })
    })?;
    rows.collect()
}

fn write_all(transaction: &Transaction<'_>, derived: &Derived, frontier: &Frontier) -> rusqlite::Result<()> {
    transaction.execute_batch("DELETE FROM run; DELETE FROM open_intent;")?;
    for RunRow { run, runbook, stage, fence, version, first, last } in derived.runs.values() {
        transaction.execute(
            "INSERT INTO run (run, runbook, stage, fence, version, first, last) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![run.to_string(), runbook, stage.word(), fence, version, first.0, last.0],
        )?;
    }
    for (key, LockRow { run, attempt, seq }) in &derived.locks {
        let change =
            Change::Locked { run: *run, attempt: *attempt, seq: *seq, keys: [key.clone()].into_iter().collect() };
        apply(transaction, &change)?;
    }
    put_frontier(transaction, frontier)
}

/// A text column as what it stands for.
fn parsed<T>(row: &Row<'_>, column: usize, parse: impl Fn(&str) -> Option<T>) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    parse(&text).ok_or_else(|| {
        let why = format!("`{text}` does not belong there").into();
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, why)
    })
}
