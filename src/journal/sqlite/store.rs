use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::fault::{append_error, read_error};
use super::mark_file::MarkFile;
use super::{Opening, derived, open};
use crate::base::{Digest, LogId, RunId, Seq};
use crate::journal::{
    AppendError, Batch, Change, Draft, Entry, Frontier, Head, Journal, Line, Mark, OpenError, Point, ReadError,
    StoreKind, admit, changes, text_digest,
};

/// The journal in an SQLite file. One connection, for one thread at a time; further ones, in this process or others,
/// are opened on the same path.
#[derive(Debug)]
pub struct SqliteJournal {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    pub(super) log: LogId,
    pub(super) kind: StoreKind,
    /// `PRAGMA data_version` when it was last asked for: it moves when any other connection commits.
    pub(super) data_version: i64,
}

impl SqliteJournal {
    /// Opens a store, or makes a new one if `opening` says so.
    ///
    /// Opening a store that is there writes nothing to it and reads no more than two entries, unless it is opened to append
    /// and the mark beside it remembers more than it holds: then it is written down first that the store was put back.
    ///
    /// # Errors
    /// See [`OpenError`]; nothing has been created then.
    pub fn open(opening: &Opening<'_>) -> Result<Self, OpenError> {
        open::open(opening)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The id of the log.
    pub const fn log(&self) -> LogId {
        self.log
    }

    /// Which kind of estate the store belongs to.
    pub const fn kind(&self) -> StoreKind {
        self.kind
    }

    /// Begins to write. Immediate, because a transaction that begins by reading and then writes is refused at once when
    /// another one has written in between, however long the busy timeout is.
    pub(super) fn begin(&mut self) -> rusqlite::Result<Transaction<'_>> {
        self.connection.transaction_with_behavior(TransactionBehavior::Immediate)
    }
}

impl Journal for SqliteJournal {
    fn append(&mut self, batch: &Batch) -> Result<Vec<Entry>, AppendError> {
        let (log, kind) = (self.log, self.kind);
        let transaction = self.begin().map_err(append_error)?;
        let (entries, mark) = write(&transaction, log, kind, batch)?;
        // An error here says that the entries may not be on the disk. SQLite then drops them; only if the machine
        // stops before the next append, a recovery may find them again. They announce what was not done, which is
        // the harmless direction: an intent without an effect is in doubt, and its probe says so.
        transaction.commit().map_err(append_error)?;
        if let Some(mark) = mark {
            MarkFile::beside(&self.path).advance(&mark);
        }
        Ok(entries)
    }

    fn of_run(&mut self, run: RunId, from: Seq) -> Result<Vec<Entry>, ReadError> {
        self.entries_of(run, from)
    }

    fn changed(&mut self) -> Result<bool, ReadError> {
        let now = data_version(&self.connection).map_err(read_error)?;
        Ok(std::mem::replace(&mut self.data_version, now) != now)
    }

    fn payload(&mut self, commit: &Digest) -> Result<Option<String>, ReadError> {
        let found = self.salted_payload(commit)?;
        found.map(|salted| String::from_utf8(salted.bytes)).transpose().map_err(|err| ReadError::Store(err.into()))
    }
}

/// Moves whenever another connection has committed; own commits leave it as it is (sqlite.org/pragma.html).
pub(super) fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA data_version", [], |row| row.get(0))
}

/// Writes the first entry of a new log.
pub(super) fn write_first(
    transaction: &Transaction<'_>,
    log: LogId,
    kind: StoreKind,
    created: &Draft,
) -> Result<(), AppendError> {
    derived::put_frontier(transaction, &Frontier::default()).map_err(append_error)?;
    write(transaction, log, kind, &Batch { drafts: vec![created.clone()], ..Batch::default() }).map(drop)
}

/// Writes a batch, and gives what is to be remembered of the log once it is durable; none for an empty log.
pub(super) fn write(
    transaction: &Transaction<'_>,
    log: LogId,
    kind: StoreKind,
    batch: &Batch,
) -> Result<(Vec<Entry>, Option<Mark>), AppendError> {
    let row = match batch.holder {
        Some(holder) => {
            derived::runs(transaction, "WHERE run = ?1", params![holder.run.to_string()]).map_err(append_error)?.pop()
        }
        None => None,
    };
    admit(batch, row.as_ref())?;
    keep_texts(transaction, batch).map_err(append_error)?;

    let mut head = head(transaction, log).map_err(append_error)?;
    let mut frontier = derived::frontier(transaction).map_err(append_error)?;
    let mut entries = Vec::new();
    for draft in &batch.drafts {
        let (entry, line) = head.place(draft)?;
        insert(transaction, draft, &line)?;
        frontier.push(line.leaf);
        for change in changes(&entry) {
            refuse_held(transaction, &change)?;
            derived::apply(transaction, &change).map_err(append_error)?;
        }
        entries.push(entry);
    }
    derived::put_frontier(transaction, &frontier).map_err(append_error)?;
    let point = Point { log, entries: frontier.size(), root: frontier.root() };
    Ok((entries, head.prev.map(|leaf| Mark { point, leaf, estate: kind })))
}

fn head(transaction: &Transaction<'_>, log: LogId) -> rusqlite::Result<Head> {
    let last = transaction
        .query_row("SELECT seq, leaf FROM log_record ORDER BY seq DESC LIMIT 1", [], |row| {
            Ok((row.get::<_, u64>(0)?, Digest::from_bytes(row.get(1)?)))
        })
        .optional()?;
    Ok(match last {
        Some((seq, leaf)) => Head { log, next: Seq(seq + 1), prev: Some(leaf) },
        None => Head::of_new(log),
    })
}

fn insert(transaction: &Transaction<'_>, draft: &Draft, line: &Line) -> Result<(), AppendError> {
    let sql = "INSERT INTO log_record (seq, body, leaf) VALUES (?1, ?2, ?3)";
    match transaction.execute(sql, params![line.seq.0, line.text, line.leaf.as_bytes()]) {
        Ok(_) => Ok(()),
        // Seq and prev come from this transaction, so the only rule left to break is that an id is used once.
        Err(err) if err.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            Err(AppendError::Entry(format!("its id {} may already be in the log: {err}", draft.id)))
        }
        Err(err) => Err(append_error(err)),
    }
}

fn refuse_held(transaction: &Transaction<'_>, change: &Change) -> Result<(), AppendError> {
    let Change::Locked { run, keys, .. } = change else { return Ok(()) };
    // What undoes a doubted attempt of its own run goes beside it.
    let sql = "SELECT run FROM open_intent AS held WHERE lock_key = ?1 AND NOT (run = ?2 AND EXISTS (
                 SELECT 1 FROM log_record AS record
                 WHERE record.run = ?2 AND kind = 'step.undoing' AND body ->> '$.data.doubted' = held.attempt))";
    for key in keys {
        let held: Option<String> = transaction
            .query_row(sql, params![key, run.to_string()], |row| row.get(0))
            .optional()
            .map_err(append_error)?;
        if let Some(run) = held {
            let run = run.parse().map_err(|err: uuid::Error| AppendError::Write(err.into()))?;
            return Err(AppendError::Held { key: key.clone(), run });
        }
    }
    Ok(())
}

fn keep_texts(transaction: &Transaction<'_>, batch: &Batch) -> rusqlite::Result<()> {
    for text in &batch.texts {
        transaction.execute(
            "INSERT INTO text (digest, bytes) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![text_digest(text).as_bytes(), text.as_bytes()],
        )?;
    }
    for payload in &batch.payloads {
        transaction.execute(
            "INSERT INTO payload (commitment, salt, bytes) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            params![payload.commitment.commit.as_bytes(), payload.salt, payload.text.as_bytes()],
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::read::OF_INCIDENT;
    use super::*;
    use crate::base::{ClockSource, Commitment, Entropy, EntryId, HostClock, Timestamp};
    use crate::incident;
    use crate::journal::{Access, Actor, Authn, Channel, Fact, Tool, Writer};
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;
    use uuid::Uuid;

    struct Counting(AtomicU64);

    impl Entropy for Counting {
        fn uuid(&self) -> Uuid {
            Uuid::from_u64_pair(7, self.0.fetch_add(1, Ordering::Relaxed))
        }

        fn salt(&self) -> [u8; 32] {
            [7; 32]
        }
    }

    fn open(folder: &Path) -> SqliteJournal {
        let opening = Opening {
            path: &folder.join("journal.db"),
            access: Access::Create(StoreKind::Live),
            busy: Duration::from_secs(5),
            entropy: &Counting(AtomicU64::new(0)),
            first: &|fact| draft(u64::MAX, fact),
            network: &|_| None,
        };
        SqliteJournal::open(&opening).unwrap()
    }

    fn note(number: u64) -> Draft {
        draft(number, Fact::Incident(incident::Event::Noted { text: Commitment::to_text("x", &[7; 32]) }))
    }

    fn draft(number: u64, fact: Fact) -> Draft {
        Draft {
            id: EntryId::new(Uuid::from_u64_pair(8, number)),
            recorded_at: Timestamp::from_seconds(0),
            host_clock: HostClock::default(),
            occurred_at: Timestamp::from_seconds(0),
            clock: ClockSource::System,
            run: None,
            fence: None,
            actor: Actor { authn: Authn::None, tenant: None, object: None, os_user: None },
            writer: Writer { host: None, tool: Tool::this(None) },
            channel: Channel::Cli,
            refs: Vec::new(),
            fact,
        }
    }

    #[test]
    fn every_connection_has_the_settings_that_durability_rests_on() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let ask = |name: &str| -> String {
            let answer: rusqlite::types::Value =
                store.connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0)).unwrap();
            match answer {
                rusqlite::types::Value::Integer(number) => number.to_string(),
                rusqlite::types::Value::Text(text) => text,
                other => panic!("{other:?}"),
            }
        };
        let settings = [
            ("journal_mode", "wal"),
            ("synchronous", "2"),
            ("fullfsync", "1"),
            ("checkpoint_fullfsync", "1"),
            ("foreign_keys", "1"),
            ("recursive_triggers", "1"),
            ("trusted_schema", "0"),
            ("cell_size_check", "1"),
            ("secure_delete", "1"),
            ("mmap_size", "0"),
            ("busy_timeout", "5000"),
        ];
        for (name, value) in settings {
            assert_eq!(ask(name), value, "{name}");
        }
    }

    #[test]
    fn the_entries_of_a_run_are_found_by_an_index() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let sql = "EXPLAIN QUERY PLAN SELECT seq FROM log_record WHERE run = ?1 AND seq >= ?2 ORDER BY seq";
        let plan: String = store.connection.query_row(sql, params!["x", 0], |row| row.get(3)).unwrap();
        assert!(plan.contains("SEARCH") && plan.contains("log_record_run"), "{plan}");
    }

    #[test]
    fn the_entries_of_an_incident_are_found_by_an_index() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let sql = format!("EXPLAIN QUERY PLAN SELECT seq FROM log_record WHERE {OF_INCIDENT} ORDER BY seq");
        let plan: String = store.connection.query_row(&sql, params!["x"], |row| row.get(3)).unwrap();
        assert!(plan.contains("SEARCH") && plan.contains("log_record_incident"), "{plan}");
    }

    #[test]
    fn a_store_of_the_first_version_becomes_one_of_today_when_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = open(folder.path());
        store.append(&Batch { drafts: vec![note(1)], ..Batch::default() }).unwrap();
        store.connection.execute_batch("DROP INDEX log_record_incident; PRAGMA user_version = 1").unwrap();
        drop(store);
        let store = open(folder.path());
        let version: i32 = store.connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
        let sql = "SELECT count(*) FROM sqlite_schema WHERE name = 'log_record_incident'";
        let indexes: i32 = store.connection.query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!((version, indexes, store.lines(Seq(0), 10).unwrap().len()), (2, 1, 2));
    }

    #[test]
    fn a_full_disk_is_told_and_nothing_of_the_batch_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = open(folder.path());
        let pages: i64 = store.connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        store.connection.query_row(&format!("PRAGMA max_page_count = {}", pages + 2), [], |_| Ok(())).unwrap();
        let drafts: Vec<Draft> = (0..100).map(note).collect();
        let err = store.append(&Batch { drafts: drafts.clone(), ..Batch::default() }).unwrap_err();
        assert!(matches!(err, AppendError::Full), "{err:?}");
        assert_eq!(store.lines(Seq(0), 1000).unwrap().len(), 1);
        store.connection.query_row("PRAGMA max_page_count = 1000000", [], |_| Ok(())).unwrap();
        assert_eq!(store.append(&Batch { drafts, ..Batch::default() }).unwrap().len(), 100);
    }
}
