use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use serde::Deserialize;
use thiserror::Error;

use super::mark_file::{MarkFile, beside};
use super::read::{SELECT_LINE, line};
use super::schema::settle;
use super::swap::{SwapError, copy_into, new_file};
use crate::base::{Commitment, Digest, LogId, RunId, Seq};
use crate::incident;
use crate::journal::{
    AppendError, Batch, Derived, Draft, Entry, Fact, Frontier, Holder, Journal as _, Line, LogEvent, Payload, Point,
    Predecessor, ReadError, Reference, Relation, RunRow, Salted, SqliteJournal, StoreKind, commitments, leaf_of,
};
use crate::run::Event;

/// A store that may be damaged, in a copy: nothing that is read here changes a byte of the store itself.
#[derive(Debug)]
pub struct Wreck {
    copy: PathBuf,
    connection: Option<Connection>,
    store: PathBuf,
    file: Digest,
    wal: Option<Digest>,
}

/// What is whole of a damaged log.
#[derive(Debug)]
pub struct Salvage {
    /// What the successor says of it.
    pub predecessor: Predecessor,
    /// The kind of estate, as its first entry or else the mark says; none if neither can be read.
    pub kind: Option<StoreKind>,
    /// The runs that were open where it breaks off, in the order in which they began.
    pub open: Vec<RunRow>,
    /// What is wrong with it, as a sentence fragment; none if the log is whole to its end and SQLite finds the file sound.
    pub fault: Option<String>,
}

impl Wreck {
    /// Copies what is there of the store.
    ///
    /// # Errors
    /// It cannot be read as a file, or there is no room for the copy.
    pub fn of(store: &Path) -> Result<Self, SwapError> {
        let digest = |path: &Path| File::open(path).and_then(Digest::of_stream).ok();
        let unread = || SwapError::File { path: store.to_owned(), source: std::io::Error::other("it cannot be read") };
        let file = digest(store).ok_or_else(unread)?;
        let wal = beside(store, "-wal");
        let copy = beside(store, &format!(".salvage-{}", std::process::id()));
        new_file(&copy)?;
        let mut wreck = Self { copy: copy.clone(), connection: None, store: store.to_owned(), file, wal: digest(&wal) };
        copy_into(store, &copy)?;
        if wreck.wal.is_some() {
            let copy = beside(&copy, "-wal");
            new_file(&copy)?;
            copy_into(&wal, &copy)?;
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        wreck.connection = Connection::open_with_flags(&copy, flags)
            .and_then(|connection| settle(&connection, Duration::ZERO).map(|()| connection))
            .ok();
        Ok(wreck)
    }

    /// Reads the log up to where it breaks off. A line counts only if it has its leaf, its place and the leaf before it.
    ///
    /// # Errors
    /// A whole line is of a newer program, which could mean anything.
    pub fn survey(&self) -> Result<Salvage, ReadError> {
        let mut survey = Survey::default();
        let mut fault = self.each(&mut |line| survey.take_up(line))?;
        let mark = MarkFile::beside(&self.store).read();
        let whole = survey
            .last
            .map(|(log, leaf)| (Point { log, entries: survey.frontier.size(), root: survey.frontier.root() }, leaf));
        if whole.is_none() && fault.is_none() {
            fault = Some("not one entry can be read".to_owned());
        }
        if fault.is_none() {
            fault = self.quick_check();
        }
        let mut open: Vec<RunRow> = survey.derived.runs.into_values().filter(|row| row.stage.is_open()).collect();
        open.sort_by_key(|row| row.first);
        let predecessor = Predecessor {
            whole: whole.map(|(point, _)| point),
            leaf: whole.map(|(_, leaf)| leaf),
            marked: mark.map(|mark| mark.point),
            file: self.file,
            wal: self.wal,
            repeated: 0,
        };
        Ok(Salvage { predecessor, kind: survey.kind.or(mark.map(|mark| mark.estate)), open, fault })
    }

    /// Writes into a new log that it succeeds this one: its first entry after the beginning names the predecessor, then come
    /// the entries of the runs that were open and what was said of incidents, each once more and word for word, with the
    /// texts that they name, and for each such run that the rest of it is lost. Gives the number of repeated entries.
    ///
    /// # Errors
    /// The new log cannot be written, or its entries are not what the survey found.
    pub fn hand_over(
        &self,
        salvage: &Salvage,
        successor: &mut SqliteJournal,
        draft: &dyn Fn(Fact) -> Draft,
    ) -> Result<u64, HandOverError> {
        let end = salvage.predecessor.whole.map_or(0, |point| point.entries);
        let is_open = |run: Option<RunId>| run.is_some_and(|run| salvage.open.iter().any(|row| row.run == run));
        let of_incident =
            |entry: &Entry| matches!(&entry.draft.fact, Fact::Incident(said) if said.incident().is_some());
        let mut entries = Vec::new();
        // The chain has been surveyed; here it is only read again, up to where it was whole.
        self.each(&mut |line| {
            if line.seq.0 >= end {
                return Ok(Some("the rest is not whole".to_owned()));
            }
            let entry = line.entry()?.filter(|entry| is_open(entry.draft.run) || of_incident(entry));
            entries.extend(entry.map(|entry| (entry, line.text.clone())));
            Ok(None)
        })?;
        let repeated = entries.len() as u64;
        let predecessor = Predecessor { repeated, ..salvage.predecessor.clone() };
        let first = draft(Fact::Log(LogEvent::Succeeds(predecessor)));
        successor.append(&Batch { drafts: vec![first], ..Batch::default() })?;
        let mut held: BTreeMap<RunId, Holder> = BTreeMap::new();
        for (entry, text) in &entries {
            let batch = self.once_more(entry, text, &mut held);
            successor.append(&batch)?;
        }
        for row in &salvage.open {
            let last = entries.iter().rev().find(|(entry, _)| entry.draft.run == Some(row.run));
            let cut = Draft { run: Some(row.run), ..draft(Fact::Log(LogEvent::Cut {})) };
            let cut = match last {
                Some((last, _)) => Draft { occurred_at: last.draft.occurred_at, clock: last.draft.clock, ..cut },
                None => cut,
            };
            successor.append(&Batch { drafts: vec![cut], ..Batch::default() })?;
        }
        Ok(repeated)
    }

    /// The batch that repeats an entry: the same id, times, actor and fact, and a reference to where it stood.
    fn once_more(&self, entry: &Entry, text: &str, held: &mut BTreeMap<RunId, Holder>) -> Batch {
        let Entry { log, seq, draft, .. } = entry;
        let mut refs = draft.refs.clone();
        refs.push(Reference { log: *log, seq: *seq, rel: Relation::Repeats });
        let mut batch = Batch { drafts: vec![Draft { refs, ..draft.clone() }], ..Batch::default() };
        if let (Fact::Run(event), Some(run)) = (&draft.fact, draft.run) {
            let holder = held.entry(run).or_insert(Holder { run, version: 0, fence: 0 });
            batch.holder = Some(*holder);
            holder.version += 1;
            if let Event::Taken { fence, .. } = event {
                holder.fence = *fence;
            }
            if let Event::Planned { plan, .. } = event {
                let nested = plan.nested.iter().map(|nested| &nested.revision.text);
                batch.texts =
                    [&plan.revision.text].into_iter().chain(nested).filter_map(|text| self.text(text)).collect();
            }
        }
        if let Fact::Incident(incident::Event::PlaybookSet { playbook, .. }) = &draft.fact {
            batch.texts = self.text(&playbook.text).into_iter().collect();
        }
        let record = serde_json::from_str(text).unwrap_or_default();
        batch.payloads = commitments(&record).into_iter().filter_map(|commitment| self.payload(commitment)).collect();
        batch
    }

    /// Every line in its order until `take` says what is wrong with one or the file breaks off, which is given back.
    fn each(
        &self,
        take: &mut dyn FnMut(&Line) -> Result<Option<String>, ReadError>,
    ) -> Result<Option<String>, ReadError> {
        let Some(connection) = &self.connection else { return Ok(Some("it cannot be opened".into())) };
        let broken = |err: rusqlite::Error| Ok(Some(err.to_string()));
        let mut select = match connection.prepare(&format!("{SELECT_LINE} ORDER BY seq")) {
            Ok(select) => select,
            Err(err) => return broken(err),
        };
        let mut rows = match select.query([]) {
            Ok(rows) => rows,
            Err(err) => return broken(err),
        };
        loop {
            let next = match rows.next() {
                Ok(Some(row)) => line(row),
                Ok(None) => return Ok(None),
                Err(err) => return broken(err),
            };
            match next {
                Ok(line) => {
                    if let Some(fault) = take(&line)? {
                        return Ok(Some(fault));
                    }
                }
                Err(err) => return broken(err),
            }
        }
    }

    /// The first fault that SQLite finds in the file, if it finds one.
    fn quick_check(&self) -> Option<String> {
        let said = self.connection.as_ref()?.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
        said.map_or_else(|err| Some(err.to_string()), |said| (said != "ok").then_some(said))
    }

    fn text(&self, digest: &Digest) -> Option<String> {
        let sql = "SELECT bytes FROM text WHERE digest = ?1";
        let bytes: Vec<u8> = self.connection.as_ref()?.query_row(sql, [digest.as_bytes()], |row| row.get(0)).ok()?;
        String::from_utf8(bytes).ok()
    }

    /// The text of a commitment, if it is there and is the one that was committed to.
    fn payload(&self, commitment: Commitment) -> Option<Payload> {
        let sql = "SELECT salt, bytes FROM payload WHERE commitment = ?1";
        let read = |row: &rusqlite::Row<'_>| Ok(Salted { salt: row.get(0)?, bytes: row.get(1)? });
        let kept = self.connection.as_ref()?.query_row(sql, [commitment.commit.as_bytes()], read).ok()?;
        let text = String::from_utf8(kept.bytes.clone()).ok().filter(|_| kept.fits(&commitment))?;
        Some(Payload { commitment, salt: kept.salt, text })
    }
}

impl Drop for Wreck {
    fn drop(&mut self) {
        self.connection = None;
        for suffix in ["", "-wal", "-shm", "-journal"] {
            // What cannot be removed is a copy, and in nobody's way but that of the next one.
            let _ = fs::remove_file(beside(&self.copy, suffix));
        }
    }
}

/// A log as far as it has been read.
#[derive(Default)]
struct Survey {
    last: Option<(LogId, Digest)>,
    kind: Option<StoreKind>,
    frontier: Frontier,
    derived: Derived,
}

/// Where a record says that it stands.
#[derive(Deserialize)]
struct Place {
    log: LogId,
    seq: Seq,
    prev: Option<Digest>,
}

impl Survey {
    /// Takes up the next line, or says what is wrong with it.
    fn take_up(&mut self, line: &Line) -> Result<Option<String>, ReadError> {
        let seq = self.frontier.size();
        if leaf_of(line.text.as_bytes()) != line.leaf {
            return Ok(Some(format!("entry {seq}: the record does not have that leaf")));
        }
        let is_here = |place: &Place| {
            let fits = self.last.is_none_or(|(log, _)| log == place.log);
            fits && place.seq.0 == seq && line.seq.0 == seq && place.prev == self.last.map(|(_, leaf)| leaf)
        };
        let Some(place) = serde_json::from_str::<Place>(&line.text).ok().filter(is_here) else {
            return Ok(Some(format!("entry {seq}: the record does not say that this is its place in the log")));
        };
        if let Some(Entry { draft: Draft { fact: Fact::Log(LogEvent::Created { estate }), .. }, .. }) = line.entry()? {
            self.kind = Some(estate);
        }
        self.derived.take_up(line)?;
        self.frontier.push(line.leaf);
        self.last = Some((place.log, line.leaf));
        Ok(None)
    }
}

/// Why a log cannot be handed over to its successor.
#[derive(Debug, Error)]
pub enum HandOverError {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The successor cannot be written.
    #[error(transparent)]
    Append(#[from] AppendError),
}
