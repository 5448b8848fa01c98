use std::io::Write;

use serde_json::{Value as Json, json};

use crate::base::{Seq, Timestamp};
use crate::cli::text::columns;
use crate::cli::{Exit, Failure, Setting, store};
use crate::engine;
use crate::journal::{Entry, Fact, Journal as _, RunRow, SqliteJournal, Stage};
use crate::run::{Event, RunPhase};

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
            0 => line.stage.word().to_owned(),
            number => format!("{}, {number} IN DOUBT", line.stage.word()),
        };
        [line.row.run.short(), began, line.row.runbook, state]
    });
    out.write_all(columns(rows).as_bytes())?;
    Ok(Exit::Success)
}

/// A run in the list.
pub(super) struct Line {
    pub(super) row: RunRow,
    /// How far it is. The table tells a run that goes on from one that is rolled back only until its first pause.
    pub(super) stage: Stage,
    pub(super) in_doubt: usize,
    began: Option<Timestamp>,
    changed: Option<Timestamp>,
}

impl Line {
    /// The row of the table, and what it does not tell: moments, and how many steps are in doubt. A run is
    /// folded for that unless its last entry is its end, which says it.
    pub(super) fn of(journal: &mut SqliteJournal, row: &RunRow) -> Result<Self, Failure> {
        let first = entry(journal, row.first)?;
        let last = entry(journal, row.last)?;
        let told = match last.as_ref().map(|entry| &entry.draft.fact) {
            Some(Fact::Run(Event::Finished { in_doubt, .. })) => Some((row.stage, in_doubt.len())),
            _ => None,
        };
        // A run that is open, and one of which something was said after its end.
        let (stage, in_doubt) = match told {
            Some(told) => told,
            None => {
                let entries = journal.of_run(row.run, Seq(0))?;
                let state = engine::fold(journal.log(), row.run, &entries)?;
                (stage(row.stage, state.phase), state.in_doubt().len())
            }
        };
        let at = |entry: Option<Entry>| entry.map(|entry| entry.draft.occurred_at);
        Ok(Self { row: row.clone(), stage, in_doubt, began: at(first), changed: at(last) })
    }

    fn document(&self) -> Json {
        json!({
            "id": self.row.run,
            "short": self.row.run.short(),
            "runbook": self.row.runbook,
            "state": self.stage.word(),
            "open": self.row.stage.is_open(),
            "in_doubt": self.in_doubt,
            "began": self.began,
            "changed": self.changed,
        })
    }
}

/// How far an open run is by its entries; that some of them are lost, only the table knows.
const fn stage(known: Stage, phase: RunPhase) -> Stage {
    match (known, phase) {
        (Stage::Cut, _) | (_, RunPhase::Ended(_)) => known,
        (_, RunPhase::Planned) => Stage::Planned,
        (_, RunPhase::Running) => Stage::Running,
        (_, RunPhase::Paused(_)) => Stage::Paused,
        (_, RunPhase::Aborting) => Stage::Aborting,
        (_, RunPhase::RollingBack) => Stage::RollingBack,
    }
}

fn entry(journal: &SqliteJournal, seq: Seq) -> Result<Option<Entry>, Failure> {
    match journal.lines(seq, 1)?.first() {
        Some(line) => Ok(line.entry()?),
        None => Ok(None),
    }
}
