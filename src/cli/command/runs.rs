use std::io::Write;

use serde_json::{Value as Json, json};

use crate::base::{Seq, Timestamp};
use crate::cli::text::columns;
use crate::cli::{Exit, Failure, Setting, store};
use crate::engine;
use crate::journal::{Entry, Fact, Journal as _, RunRow, SqliteJournal};
use crate::run::Event;

/// Lists the runs of the store, the latest first.
pub(crate) fn runs(setting: &Setting, as_json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let lines = match store::reader(setting)? {
        Some(mut journal) => {
            let rows = journal.runs()?;
            rows.iter().map(|row| Line::of(&mut journal, row)).collect::<Result<Vec<_>, Failure>>()?
        }
        None => Vec::new(),
    };
    if as_json {
        writeln!(out, "{:#}", lines.iter().map(Line::document).collect::<Json>())?;
        return Ok(Exit::Success);
    }
    if lines.is_empty() {
        writeln!(out, "There are no runs yet.")?;
    }
    let rows = lines.into_iter().map(|line| {
        let began = line.began.map(Timestamp::minute).unwrap_or_default();
        let state = match line.in_doubt {
            0 => line.row.stage.word().to_owned(),
            number => format!("{}, {number} IN DOUBT", line.row.stage.word()),
        };
        [line.row.run.short(), began, line.row.runbook, state]
    });
    out.write_all(columns(rows).as_bytes())?;
    Ok(Exit::Success)
}

/// A run in the list.
pub(super) struct Line {
    pub(super) row: RunRow,
    pub(super) in_doubt: usize,
    began: Option<Timestamp>,
    changed: Option<Timestamp>,
}

impl Line {
    /// The row of the table, and what it does not tell: moments, and how many steps are in doubt. Only a run that is
    /// still open is folded for that; how an ended one ended, its last entry says.
    pub(super) fn of(journal: &mut SqliteJournal, row: &RunRow) -> Result<Self, Failure> {
        let first = entry(journal, row.first)?;
        let last = entry(journal, row.last)?;
        let in_doubt = if row.stage.is_open() {
            let entries = journal.of_run(row.run, Seq(0))?;
            engine::fold(journal.log(), row.run, &entries)?.in_doubt().len()
        } else {
            match last.as_ref().map(|entry| &entry.draft.fact) {
                Some(Fact::Run(Event::Finished { in_doubt, .. })) => in_doubt.len(),
                _ => 0,
            }
        };
        let at = |entry: Option<Entry>| entry.map(|entry| entry.draft.occurred_at);
        Ok(Self { row: row.clone(), in_doubt, began: at(first), changed: at(last) })
    }

    fn document(&self) -> Json {
        json!({
            "id": self.row.run,
            "short": self.row.run.short(),
            "runbook": self.row.runbook,
            "state": self.row.stage.word(),
            "open": self.row.stage.is_open(),
            "in_doubt": self.in_doubt,
            "began": self.began,
            "changed": self.changed,
        })
    }
}

fn entry(journal: &SqliteJournal, seq: Seq) -> Result<Option<Entry>, Failure> {
    match journal.lines(seq, 1)?.first() {
        Some(line) => Ok(line.entry()?),
        None => Ok(None),
    }
}
