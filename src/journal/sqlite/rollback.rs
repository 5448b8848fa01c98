use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::fault::{append_error, read_error};
use super::mark_file::MarkFile;
use super::read::{SELECT_LINE, line};
use super::store::write;
use super::{SqliteJournal, derived};
use crate::base::{Digest, Seq};
use crate::journal::{
    AppendError, Batch, Draft, Fact, LogEvent, Mark, OpenError, Point, ReadError, Remembered, RestoredBy, RunRow,
};

impl SqliteJournal {
    /// What the store is to the mark beside it. Looks at two entries, however long the log is.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn remembered(&self) -> Result<Remembered, ReadError> {
        // The mark first: what it remembers was durable before, so a log that goes on meanwhile holds it.
        let mark = MarkFile::beside(&self.path).read();
        self.against(mark).map_err(read_error)
    }

    /// How far the log is, by the derived frontier; whoever verifies works it out from the lines.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn point(&self) -> Result<Point, ReadError> {
        let frontier = self.frontier()?;
        Ok(Point { log: self.log, entries: frontier.size(), root: frontier.root() })
    }

    /// Makes the mark remember all that the store holds, before something else is put in the store's place.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(super) fn remember(&self) -> Result<(), ReadError> {
        if let Remembered::Lost(_) = self.remembered()? {
            return Ok(());
        }
        if let Some(mark) = mark_of(&self.connection, self).map_err(read_error)? {
            MarkFile::beside(&self.path).advance(&mark);
        }
        Ok(())
    }

    /// Writes down that the store was put back, if the mark says so, or in any case if a person did it; and with it the
    /// runs that may have gone further than the store tells.
    pub(super) fn notice_rollback(&mut self, by: RestoredBy, draft: &dyn Fn(Fact) -> Draft) -> Result<(), OpenError> {
        let fault = |err| OpenError::of(&self.path, err);
        let is_due = |standing| matches!(standing, Remembered::Lost(_)) || by == RestoredBy::Command;
        let marks = MarkFile::beside(&self.path);
        if !is_due(self.against(marks.read()).map_err(fault)?) {
            return Ok(());
        }
        let unlocked = |source: std::io::Error| OpenError::Open { path: self.path.clone(), source: source.into() };
        // Locked until the mark is right again, so that of two processes that come here one writes and one finds it done.
        let mut marks = marks.locked().map_err(unlocked)?;
        let standing = self.against(marks.mark()).map_err(fault)?;
        if !is_due(standing) {
            return Ok(());
        }
        match self.write_rollback(by, marks.mark(), standing, draft) {
            Ok(mark) => {
                if let Some(mark) = mark {
                    marks
                        .set(&mark)
                        .map_err(|source| OpenError::Open { path: self.path.clone(), source: source.into() })?;
                }
                Ok(())
            }
            Err(err) => Err(OpenError::unwritten(&self.path, err)),
        }
    }

    fn against(&self, mark: Option<Mark>) -> rusqlite::Result<Remembered> {
        let place = mark.map(|mark| mark.point.entries - 1);
        let leaf = match place {
            Some(seq) => leaf_at(&self.connection, seq)?,
            None => None,
        };
        Ok(Remembered::of(mark, self.log, leaf))
    }

    fn write_rollback(
        &mut self,
        by: RestoredBy,
        mark: Option<Mark>,
        standing: Remembered,
        draft: &dyn Fn(Fact) -> Draft,
    ) -> Result<Option<Mark>, AppendError> {
        let (log, kind) = (self.log, self.kind);
        let transaction = self.begin().map_err(append_error)?;
        let frontier = derived::frontier(&transaction).map_err(append_error)?;
        let after = Point { log, entries: frontier.size(), root: frontier.root() };
        let before = mark.map(|mark| mark.point);
        let mut drafts = vec![draft(Fact::Log(LogEvent::Restored { by, before, after }))];
        // A store that holds all that is remembered has lost nothing. Where nothing is remembered, nobody knows.
        if standing != Remembered::Held {
            for row in derived::runs(&transaction, "", []).map_err(append_error)? {
                if row.stage.is_open() {
                    drafts.push(cut(&transaction, &row, draft)?);
                }
            }
        }
        let (_, mark) = write(&transaction, log, kind, &Batch { drafts, ..Batch::default() })?;
        transaction.commit().map_err(append_error)?;
        Ok(mark)
    }
}

/// Says of a run that entries of it are lost. By the estate's clock that was when its last known entry was written: of a
/// simulated one nothing later is known here.
fn cut(transaction: &Transaction<'_>, row: &RunRow, draft: &dyn Fn(Fact) -> Draft) -> Result<Draft, AppendError> {
    let draft = Draft { run: Some(row.run), ..draft(Fact::Log(LogEvent::Cut {})) };
    let last = transaction
        .query_row(&format!("{SELECT_LINE} WHERE seq = ?1"), params![row.last.0], line)
        .optional()
        .map_err(append_error)?;
    let last = last.and_then(|line| line.entry().ok().flatten());
    Ok(match last {
        Some(last) => Draft { occurred_at: last.draft.occurred_at, clock: last.draft.clock, ..draft },
        None => draft,
    })
}

/// What is to be remembered of a log as it stands.
fn mark_of(connection: &Connection, journal: &SqliteJournal) -> rusqlite::Result<Option<Mark>> {
    let frontier = derived::frontier(connection)?;
    let Some(last) = frontier.size().checked_sub(1).map(Seq) else { return Ok(None) };
    let point = Point { log: journal.log, entries: frontier.size(), root: frontier.root() };
    Ok(leaf_at(connection, last.0)?.map(|leaf| Mark { point, leaf, estate: journal.kind }))
}

fn leaf_at(connection: &Connection, seq: u64) -> rusqlite::Result<Option<Digest>> {
    connection
        .query_row("SELECT leaf FROM log_record WHERE seq = ?1", params![seq], |row| row.get(0).map(Digest::from_bytes))
        .optional()
}
