use std::collections::BTreeMap;

use rusqlite::{OptionalExtension as _, Row, params};

use super::SqliteJournal;
use super::derived;
use super::fault::read_error;
use crate::base::{AttemptId, Digest, IncidentId, RunId, Seq, Timestamp};
use crate::journal::{Entry, Fact, Frontier, Line, LockRow, LogEvent, Point, ReadError, RunRow, Salted};

/// The columns that [`line()`] reads.
pub(super) const SELECT_LINE: &str = "SELECT seq, body, leaf FROM log_record";

/// A row of [`SELECT_LINE`].
pub(super) fn line(row: &Row<'_>) -> rusqlite::Result<Line> {
    Ok(Line { seq: Seq(row.get(0)?), text: row.get(1)?, leaf: Digest::from_bytes(row.get(2)?) })
}

impl SqliteJournal {
    /// At most `limit` lines from `from` on, as they are stored: no line is read for what it means, so newer kinds and
    /// damaged lines come out too. Because the log only grows, pages that are read one after another fit together.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn lines(&self, from: Seq, limit: u32) -> Result<Vec<Line>, ReadError> {
        let read = || {
            let mut select =
                self.connection.prepare(&format!("{SELECT_LINE} WHERE seq >= ?1 ORDER BY seq LIMIT ?2"))?;
            select.query_map(params![from.0, limit], line)?.collect::<rusqlite::Result<Vec<Line>>>()
        };
        read().map_err(read_error)
    }

    /// Every run, the one that began last first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn runs(&self) -> Result<Vec<RunRow>, ReadError> {
        derived::runs(&self.connection, "", []).map_err(read_error)
    }

    /// The runs that can still go on, the one that began last first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn open_runs(&self) -> Result<Vec<RunRow>, ReadError> {
        Ok(self.runs()?.into_iter().filter(|row| row.stage.is_open()).collect())
    }

    /// The run that began last, whatever has become of it.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn latest_run(&self) -> Result<Option<RunRow>, ReadError> {
        let latest = derived::runs(&self.connection, "WHERE first = (SELECT max(first) FROM run)", []);
        Ok(latest.map_err(read_error)?.pop())
    }

    /// The runs that a person can mean by `text`: a whole id, the beginning of one (at least four digits), or the short
    /// id that the program shows ([`RunId::short`]). Hyphens and capitals do not matter.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn find_runs(&self, text: &str) -> Result<Vec<RunRow>, ReadError> {
        let Some(digits) = id_digits(text) else { return Ok(Vec::new()) };
        let is_meant = |run: RunId| run.uuid().as_simple().to_string().starts_with(&digits) || run.short() == digits;
        Ok(self.runs()?.into_iter().filter(|row| is_meant(row.run)).collect())
    }

    /// Every incident, the one of which something was said first last.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn incidents(&self) -> Result<Vec<IncidentId>, ReadError> {
        let sql = "SELECT body ->> '$.incident' AS incident FROM log_record WHERE (body ->> '$.incident') IS NOT NULL
                   GROUP BY incident ORDER BY min(seq) DESC";
        let read = || {
            let mut select = self.connection.prepare(sql)?;
            select.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<String>>>()
        };
        // What is no id was not written by this program; it is told with the whole log and belongs to no incident.
        Ok(read().map_err(read_error)?.iter().filter_map(|text| text.parse().ok()).collect())
    }

    /// The incidents that a person can mean by `text`, as [`Self::find_runs`].
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn find_incidents(&self, text: &str) -> Result<Vec<IncidentId>, ReadError> {
        let Some(digits) = id_digits(text) else { return Ok(Vec::new()) };
        let is_meant = |incident: &IncidentId| {
            incident.uuid().as_simple().to_string().starts_with(&digits) || incident.short() == digits
        };
        Ok(self.incidents()?.into_iter().filter(is_meant).collect())
    }

    /// What was said of an incident, in the order of the log; without what its runs did.
    ///
    /// # Errors
    /// The store cannot be read, or an entry cannot.
    pub fn of_incident(&self, incident: IncidentId) -> Result<Vec<Entry>, ReadError> {
        self.entries(OF_INCIDENT, params![incident.to_string()])
    }

    /// A text that entries name by its digest ([`crate::journal::text_digest`]), as a runbook's revision does.
    ///
    /// # Errors
    /// The store cannot be read, or holds something under that digest that is not text.
    pub fn text(&self, digest: &Digest) -> Result<Option<String>, ReadError> {
        let found = self.text_bytes(digest)?;
        found.map(String::from_utf8).transpose().map_err(|err| ReadError::Store(err.into()))
    }

    /// What the store holds under that digest, for whoever verifies it: the bytes, whether they are that text or not.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn text_bytes(&self, digest: &Digest) -> Result<Option<Vec<u8>>, ReadError> {
        self.connection
            .query_row("SELECT bytes FROM text WHERE digest = ?1", params![digest.as_bytes()], |row| row.get(0))
            .optional()
            .map_err(read_error)
    }

    /// The salt and the text of a commitment, for whoever verifies it; none if the text has been removed.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn salted_payload(&self, commit: &Digest) -> Result<Option<Salted>, ReadError> {
        self.connection
            .query_row("SELECT salt, bytes FROM payload WHERE commitment = ?1", params![commit.as_bytes()], |row| {
                Ok(Salted { salt: row.get(0)?, bytes: row.get(1)? })
            })
            .optional()
            .map_err(read_error)
    }

    /// The Merkle frontier as the last append left it. Derived: whoever verifies computes it from the lines.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn frontier(&self) -> Result<Frontier, ReadError> {
        derived::frontier(&self.connection).map_err(read_error)
    }

    /// The attempts whose outcome is not known, each with its intent, as the derived table says. Since a holder may be at work
    /// on them they need not be in doubt.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn open_intents(&self) -> Result<BTreeMap<AttemptId, LockRow>, ReadError> {
        let standing = derived::standing(&self.connection).map_err(read_error)?;
        Ok(standing.locks.into_values().map(|lock| (lock.attempt, lock)).collect())
    }

    /// The last copy of the store that the log tells of: when it was made, and how far it goes. Reads the log backwards until
    /// it finds one.
    ///
    /// # Errors
    /// The store cannot be read, or the entry cannot.
    pub fn last_backup(&self) -> Result<Option<(Timestamp, Point)>, ReadError> {
        let sql = format!("{SELECT_LINE} WHERE kind = 'log.backed_up' ORDER BY seq DESC LIMIT 1");
        let last = self.connection.query_row(&sql, [], line).optional().map_err(read_error)?;
        let entry = last.map(|line| line.entry()).transpose()?.flatten();
        Ok(entry.and_then(|entry| match entry.draft.fact {
            Fact::Log(LogEvent::BackedUp { point, .. }) => Some((entry.draft.recorded_at, point)),
            _ => None,
        }))
    }

    /// Asks SQLite for faults in the file; an empty list is a sound file. Reads all of it.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn quick_check(&self) -> Result<Vec<String>, ReadError> {
        let read = || {
            let mut check = self.connection.prepare("PRAGMA quick_check")?;
            check.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()
        };
        let said = read().map_err(read_error)?;
        Ok(said.into_iter().filter(|line| line != "ok").collect())
    }

    /// Tells whether the derived tables say what the log says. Reads all of it.
    ///
    /// # Errors
    /// The store cannot be read, or an entry cannot.
    pub fn derived_is_right(&mut self) -> Result<bool, ReadError> {
        // One transaction, so that no append falls between the log and the tables.
        let transaction = self.connection.transaction().map_err(read_error)?;
        let right = derived::from_log(&transaction)?;
        let standing = (
            derived::standing(&transaction).map_err(read_error)?,
            derived::frontier(&transaction).map_err(read_error)?,
        );
        Ok(standing == right)
    }

    /// Makes the derived tables again from the log.
    ///
    /// # Errors
    /// The store cannot be read or written, or an entry cannot be read; then the tables stay as they were.
    pub fn rebuild_derived(&mut self) -> Result<(), ReadError> {
        let transaction = self.begin().map_err(read_error)?;
        derived::rebuild(&transaction)?;
        transaction.commit().map_err(read_error)
    }

    /// The entries of a run, by the index on it.
    pub(super) fn entries_of(&self, run: RunId, from: Seq) -> Result<Vec<Entry>, ReadError> {
        self.entries("run = ?1 AND seq >= ?2", params![run.to_string(), from.0])
    }

    fn entries(&self, condition: &str, parameters: impl rusqlite::Params) -> Result<Vec<Entry>, ReadError> {
        let sql = format!("{SELECT_LINE} WHERE {condition} ORDER BY seq");
        let mut select = self.connection.prepare(&sql).map_err(read_error)?;
        let mut rows = select.query(parameters).map_err(read_error)?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next().map_err(read_error)? {
            entries.extend(line(row).map_err(read_error)?.entry()?);
        }
        Ok(entries)
    }
}

/// The condition that the index on incidents answers.
pub(super) const OF_INCIDENT: &str = "(body ->> '$.incident') = ?1";

/// The digits of an id, or of its beginning; none if it cannot be one.
fn id_digits(text: &str) -> Option<String> {
    let digits = text.replace('-', "").to_ascii_lowercase();
    (digits.len() >= 4 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(digits)
}
