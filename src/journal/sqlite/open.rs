use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::schema::{APPLICATION_ID, MIGRATIONS, OLDEST_LIBRARY, VERSION, settle};
use super::store::{data_version, write_first};
use super::{OpenError, SqliteJournal};
use crate::base::{Entropy, LogId};
use crate::journal::{DecodeError, Draft, FORMAT, Fact, LogEvent, RestoredBy, StoreKind, decode};

/// Which store is to be opened, and what a new one's first entry says.
pub struct Opening<'a> {
    /// The file.
    pub path: &'a Path,
    /// What for.
    pub access: Access,
    /// How long another writer is waited for, here and in every append: 5 s, but for tests.
    pub busy: Duration,
    /// Makes the id of a new log.
    pub entropy: &'a dyn Entropy,
    /// Makes an entry about the log itself: the first of a new one, and those that say that the store was put back. Asked
    /// only when one is made: what it tells may be dear to find out.
    pub first: &'a dyn Fn(Fact) -> Draft,
    /// Names the network file system that a folder is on, if it is on one.
    pub network: &'a dyn Fn(&Path) -> Option<String>,
}

/// What a store is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To append. A store that is not there, or has no tables yet, is made.
    Create(StoreKind),
    /// To append, to a store that is there; of this kind, if one is named.
    Existing(Option<StoreKind>),
    /// To append, to a store that was put in this place just now by a person's wish, which is written down first.
    Restored,
    /// To read, a store that is there; of this kind, if one is named.
    ReadOnly(Option<StoreKind>),
}

impl Access {
    const fn kind(self) -> Option<StoreKind> {
        match self {
            Self::Create(kind) => Some(kind),
            Self::Existing(kind) | Self::ReadOnly(kind) => kind,
            Self::Restored => None,
        }
    }
}

/// Opens a store; takes away again what it made if that fails.
pub(super) fn open(opening: &Opening<'_>) -> Result<SqliteJournal, OpenError> {
    if rusqlite::version_number() < OLDEST_LIBRARY {
        return Err(OpenError::Library { found: rusqlite::version() });
    }
    // A bare file name has no parent, and `:memory:` would mean something else to SQLite than to a person.
    let path = std::path::absolute(opening.path)
        .map_err(|source| OpenError::Open { path: opening.path.to_owned(), source: source.into() })?;
    let path = real_path(&path);
    let folder = path.parent().unwrap_or(&path);
    if !folder.is_dir() {
        return Err(OpenError::NoFolder(folder.to_owned()));
    }
    if let Some(system) = (opening.network)(folder) {
        return Err(OpenError::Network { path, system });
    }
    let made = find_or_make(&path, opening.access)?;
    let opened = open_file(&path, opening);
    // A busy store is being made by somebody else at this moment.
    if made && !matches!(opened, Ok(_) | Err(OpenError::Busy(_))) {
        remove(&path);
    }
    opened
}

/// The one name of a store, with every link followed: that of the file if it is there, else that of its place. What
/// stands beside a store, its locks and its world, is found by this name, so that a store with a second name does not have
/// them twice. A file with two names that are both its own (a hard link) has no one name; none may be given to a store.
///
/// A path that leads nowhere is given back as it is.
pub fn real_path(path: &Path) -> PathBuf {
    let of_folder = || Some(path.parent()?.canonicalize().ok()?.join(path.file_name()?));
    path.canonicalize().ok().or_else(of_folder).unwrap_or_else(|| path.to_owned())
}

/// Tells whether the file had to be made.
///
/// A file that is there is looked at and not opened: closing any descriptor of a file drops every POSIX lock that this
/// process has on it, those of another connection included (sqlite.org/howtocorrupt.html §2.2).
fn find_or_make(path: &Path, access: Access) -> Result<bool, OpenError> {
    let not_a_store = |why: &str| OpenError::NotAStore { path: path.to_owned(), why: why.into() };
    match fs::metadata(path) {
        // SQLite takes a file of less than 512 bytes, its smallest page, for a new one and overwrites it.
        Ok(found) if found.is_file() && (1..512).contains(&found.len()) => {
            return Err(not_a_store("it is too short for one"));
        }
        Ok(found) if found.is_file() => return Ok(false),
        Ok(found) if found.is_dir() => return Err(not_a_store("it is a folder")),
        Ok(_) => return Err(not_a_store("it is not a regular file")),
        Err(err) if err.kind() == ErrorKind::NotFound => {}
        Err(source) => return Err(OpenError::Open { path: path.to_owned(), source: source.into() }),
    }
    if !matches!(access, Access::Create(_)) {
        return Err(OpenError::Missing(path.to_owned()));
    }
    // SQLite gives the files beside it the mode of this one.
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(true),
        Err(err) => match err.kind() {
            ErrorKind::AlreadyExists => Ok(false),
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Err(OpenError::ReadOnly(path.to_owned())),
            ErrorKind::StorageFull => Err(OpenError::Full(path.to_owned())),
            _ => Err(OpenError::Open { path: path.to_owned(), source: err.into() }),
        },
    }
}

fn remove(path: &Path) {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        // What cannot be removed stays behind as an empty store; the error that led here matters more.
        let _ = fs::remove_file(PathBuf::from(name));
    }
}

fn open_file(path: &Path, opening: &Opening<'_>) -> Result<SqliteJournal, OpenError> {
    let fault = |err| OpenError::of(path, err);
    // Also for a reader: a connection that cannot write at all could not take away the files that SQLite puts beside
    // the store while it is open. A file that this user cannot write is opened for reading by this too.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(fault)?;
    settle(&connection, opening.busy).map_err(fault)?;

    let is_read_only = connection.is_readonly("main").map_err(fault)?;
    let mut state = state_of(&mut connection).map_err(fault)?;
    refuse_strangers(path, &state)?;
    if matches!(opening.access, Access::Create(_)) && state.is_empty() {
        if is_read_only {
            return Err(OpenError::ReadOnly(path.to_owned()));
        }
        create(path, &mut connection, opening)?;
        state = state_of(&mut connection).map_err(fault)?;
    }
    let (log, kind) = first_entry(path, &connection, &state)?;
    if let Some(wanted) = opening.access.kind().filter(|wanted| *wanted != kind) {
        return Err(OpenError::OtherKind { path: path.to_owned(), found: kind, wanted });
    }
    match opening.access {
        Access::ReadOnly(_) => connection.pragma_update(None, "query_only", true).map_err(fault)?,
        Access::Create(_) | Access::Existing(_) | Access::Restored if is_read_only => {
            return Err(OpenError::ReadOnly(path.to_owned()));
        }
        Access::Create(_) | Access::Existing(_) | Access::Restored => {
            ensure_wal(path, &connection, opening.busy)?;
            if state.version < VERSION {
                migrate(&mut connection).map_err(fault)?;
            }
        }
    }
    let data_version = data_version(&connection).map_err(fault)?;
    let mut journal = SqliteJournal { connection, path: path.to_owned(), log, kind, data_version };
    match opening.access {
        Access::ReadOnly(_) => {}
        Access::Create(_) | Access::Existing(_) => journal.notice_rollback(RestoredBy::Mark, opening.first)?,
        Access::Restored => journal.notice_rollback(RestoredBy::Command, opening.first)?,
    }
    Ok(journal)
}

/// What the file says of itself.
struct State {
    application: i32,
    version: i32,
    tables: i32,
}

impl State {
    /// Tells whether this is what a kill can leave of a store that was being made. All tables and the first entry come
    /// in one transaction, so there is nothing in between.
    const fn is_empty(&self) -> bool {
        self.tables == 0
    }
}

fn state_of(connection: &mut Connection) -> rusqlite::Result<State> {
    state_in(&connection.transaction()?)
}

/// In one transaction, because another process may be making the tables between two questions.
fn state_in(transaction: &Transaction<'_>) -> rusqlite::Result<State> {
    let number = |sql| transaction.query_row(sql, [], |row| row.get(0));
    Ok(State {
        application: number("PRAGMA application_id")?,
        version: number("PRAGMA user_version")?,
        tables: number("SELECT count(*) FROM sqlite_schema")?,
    })
}

fn refuse_strangers(path: &Path, state: &State) -> Result<(), OpenError> {
    let path = path.to_owned();
    match state {
        State { application: 0, version: 0, tables: 0 } => Ok(()),
        State { application: APPLICATION_ID, version, .. } if *version > VERSION => {
            Err(OpenError::Newer { path, found: *version, known: VERSION })
        }
        State { application: APPLICATION_ID, .. } => Ok(()),
        State { .. } => Err(OpenError::NotAStore { path, why: "it is an SQLite file of another program".into() }),
    }
}

/// Puts the file into WAL mode, which a network file system refuses. A file that already is stays untouched.
fn ensure_wal(path: &Path, connection: &Connection, busy: Duration) -> Result<(), OpenError> {
    let mode = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, String>(0));
    let begun = Instant::now();
    loop {
        let answer = match mode("PRAGMA journal_mode") {
            Ok(found) if found != "wal" => mode("PRAGMA journal_mode = WAL"),
            found => found,
        };
        match answer.map_err(|err| OpenError::of(path, err)) {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => {
                return Err(OpenError::Network { path: path.to_owned(), system: format!("journal mode {mode}") });
            }
            // Two processes that make the same store meet here, and SQLite does not wait in this one place.
            Err(OpenError::Busy(_)) if begun.elapsed() < busy => std::thread::sleep(Duration::from_millis(5)),
            Err(err) => return Err(err),
        }
    }
}

/// Makes the tables and the first entry, unless another process has done so by the time we may write.
fn create(path: &Path, connection: &mut Connection, opening: &Opening<'_>) -> Result<(), OpenError> {
    let fault = |err| OpenError::of(path, err);
    let Access::Create(estate) = opening.access else { return Ok(()) };
    ensure_wal(path, connection, opening.busy)?;
    let created = (opening.first)(Fact::Log(LogEvent::Created { estate }));
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fault)?;
    if !state_in(&transaction).map_err(fault)?.is_empty() {
        return Ok(());
    }
    for migration in MIGRATIONS {
        transaction.execute_batch(migration).map_err(fault)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(fault)?;
    transaction.pragma_update(None, "user_version", VERSION).map_err(fault)?;
    match write_first(&transaction, LogId::new(opening.entropy.uuid()), estate, &created) {
        Ok(()) => transaction.commit().map_err(fault),
        Err(source) => Err(OpenError::unwritten(path, source)),
    }
}

/// Makes a store of an older version one of today's, unless another process has done so by the time we may write.
fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version = state_in(&transaction)?.version;
    for migration in MIGRATIONS.iter().skip(usize::try_from(version).unwrap_or(0)) {
        transaction.execute_batch(migration)?;
    }
    if version < VERSION {
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()
}

/// The log and the kind of estate, as entry 0 says.
fn first_entry(path: &Path, connection: &Connection, state: &State) -> Result<(LogId, StoreKind), OpenError> {
    let damaged = |why: String| OpenError::Damaged { path: path.to_owned(), source: why.into() };
    if state.is_empty() {
        return Err(OpenError::Empty(path.to_owned()));
    }
    let line: String = connection
        .query_row("SELECT body FROM log_record WHERE seq = 0", [], |row| row.get(0))
        .map_err(|err| match err {
            rusqlite::Error::QueryReturnedNoRows => damaged("it has no first entry".into()),
            err => OpenError::of(path, err),
        })?;
    match decode(&line) {
        Ok(entry) => match entry.draft.fact {
            Fact::Log(LogEvent::Created { estate }) => Ok((entry.log, estate)),
            _ => Err(damaged("its first entry is not the beginning of a log".into())),
        },
        Err(DecodeError::Newer { found }) => Err(OpenError::Newer {
            path: path.to_owned(),
            found: i32::try_from(found).unwrap_or(i32::MAX),
            known: i32::try_from(FORMAT).unwrap_or(i32::MAX),
        }),
        Err(err) => Err(damaged(format!("its first entry cannot be read: {err}"))),
    }
}
