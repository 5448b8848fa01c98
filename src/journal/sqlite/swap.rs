use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode};
use thiserror::Error;

use super::SqliteJournal;
use super::fault::read_error;
use super::mark_file::{MarkFile, beside};
use crate::journal::ReadError;

/// Why a file cannot be put in the place of a store, or copied from it. What was there is there still.
#[derive(Debug, Error)]
pub enum SwapError {
    /// Another program has the store open, though it may only look at it.
    #[error("another program has the store `{}` open", .0.display())]
    Open(PathBuf),
    /// There is a file where one is to be made.
    #[error("there is already a file `{}`", .0.display())]
    There(PathBuf),
    /// It is no copy but a store at work: part of it stands in the file beside it.
    #[error("`{}` is no copy of a store, but a store that is being written to", .0.display())]
    AtWork(PathBuf),
    /// A file cannot be written, read, renamed or synced.
    #[error("failed to handle the file `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        #[source]
        source: io::Error,
    },
    /// The store cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl SwapError {
    fn of(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        |source| match source.kind() {
            ErrorKind::AlreadyExists => Self::There(path.to_owned()),
            _ => Self::File { path: path.to_owned(), source },
        }
    }
}

impl SqliteJournal {
    /// Copies the store, as it is at one moment, to a file that is not there yet; others may go on writing meanwhile, and
    /// do not make the copy begin anew. The copy and its name are on the disk when this returns, and only its owner may
    /// read it.
    ///
    /// # Errors
    /// The store cannot be read, or the copy cannot be made. What was begun of it is taken away.
    pub fn backup(&self, copy: &Path) -> Result<(), SwapError> {
        // SQLite fills an empty file; making it first settles its mode, and that no other file is written over.
        let file = new_file(copy)?;
        let made = self.copy_pages(copy).map_err(|err| SwapError::Read(read_error(err)));
        let made = made.and_then(|()| file.sync_all().map_err(SwapError::of(copy))).and_then(|()| sync_folder_of(copy));
        if made.is_err() {
            // The error that led here matters more than a file that stays behind.
            let _ = fs::remove_file(copy);
        }
        made
    }

    /// All pages in one step, within one read transaction: of a log in WAL mode that is one moment, and hinders no writer.
    fn copy_pages(&self, copy: &Path) -> rusqlite::Result<()> {
        let mut target = Connection::open(copy)?;
        let backup = Backup::new(&self.connection, &mut target)?;
        match backup.step(-1)? {
            StepResult::Done => Ok(()),
            _ => Err(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY), None)),
        }
    }

    /// Makes sure that no other program has the store open, takes all of it up into its one file, and makes the mark beside
    /// it remember it whole. The value that is given back keeps others out for as long as it lives.
    ///
    /// # Errors
    /// Another program has it open, or it cannot be read or written.
    pub fn withdraw(self) -> Result<Withdrawn, SwapError> {
        self.remember()?;
        let busy = |err: rusqlite::Error| match err.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => SwapError::Open(self.path.clone()),
            _ => SwapError::Read(read_error(err)),
        };
        let connection = &self.connection;
        // Leaving WAL mode needs the file for oneself, which is the only way to ask whether one has it; it also takes the
        // other file up into this one.
        connection.busy_timeout(std::time::Duration::ZERO).map_err(busy)?;
        connection.pragma_update(None, "query_only", false).map_err(busy)?;
        let mode = connection.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get::<_, String>(0));
        if mode.map_err(busy)? != "delete" {
            return Err(SwapError::Open(self.path.clone()));
        }
        connection.execute_batch("BEGIN EXCLUSIVE").map_err(busy)?;
        Ok(Withdrawn { _journal: self })
    }
}

/// A store that no other program has open, and that none can open while this lives.
#[derive(Debug)]
pub struct Withdrawn {
    _journal: SqliteJournal,
}

/// A file that is to take the place of a store. It stands beside the store until then, and is taken away again if it never
/// comes to that.
#[derive(Debug)]
pub struct Replacement {
    path: PathBuf,
    store: PathBuf,
}

impl Replacement {
    /// A copy of a file, byte for byte, for its owner only.
    ///
    /// # Errors
    /// It cannot be made, is at work, or another replacement is being prepared.
    pub fn copy_of(file: &Path, store: &Path) -> Result<Self, SwapError> {
        if fs::metadata(beside(file, "-wal")).is_ok_and(|wal| wal.len() > 0) {
            return Err(SwapError::AtWork(file.to_owned()));
        }
        let replacement = Self::empty(store)?;
        copy_into(file, &replacement.path)?;
        Ok(replacement)
    }

    /// An empty file, to become a store.
    ///
    /// # Errors
    /// It cannot be made, or another replacement is being prepared.
    pub fn empty(store: &Path) -> Result<Self, SwapError> {
        let path = beside(store, &format!(".new-{}", std::process::id()));
        new_file(&path)?;
        Ok(Self { path, store: store.to_owned() })
    }

    /// Where it stands for now.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts it in the store's place. What stood there is kept beside it under another name, made of `word` and a number if
    /// need be, whose path is given back; none if nothing stood there. At no moment is there no store, unless the former one
    /// has a file beside it that could not be taken up. Whoever calls this has closed the replacement.
    ///
    /// # Errors
    /// The files cannot be linked, renamed or synced.
    pub fn take_place(self, word: &str) -> Result<Option<PathBuf>, SwapError> {
        File::open(&self.path).and_then(|file| file.sync_all()).map_err(SwapError::of(&self.path))?;
        let aside = if self.store.exists() { Some(set_aside(&self.store, word)?) } else { None };
        fs::rename(&self.path, &self.store).map_err(SwapError::of(&self.store))?;
        // A new log brings the mark that was made while it was written; a copy has none, and is judged by the one that is
        // there.
        if let Some(mark) = MarkFile::beside(&self.path).read() {
            let path = beside(&self.store, ".mark");
            MarkFile::beside(&self.store)
                .locked()
                .and_then(|mut marks| marks.set(&mark))
                .map_err(SwapError::of(&path))?;
        }
        sync_folder_of(&self.store)?;
        Ok(aside)
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-shm", "-journal", ".mark"] {
            // Most are not there, and after taking the store's place none is.
            let _ = fs::remove_file(beside(&self.path, suffix));
        }
    }
}

/// Gives a store a second name, and takes what stands beside it there.
fn set_aside(store: &Path, word: &str) -> Result<PathBuf, SwapError> {
    let mut number = 1_u32;
    let aside = loop {
        let number_word = if number == 1 { String::new() } else { format!("-{number}") };
        let aside = beside(store, &format!(".{word}{number_word}"));
        match fs::hard_link(store, &aside) {
            Ok(()) => break aside,
            Err(err) if err.kind() == ErrorKind::AlreadyExists => number += 1,
            Err(err) => return Err(SwapError::of(&aside)(err)),
        }
    };
    for suffix in ["-wal", "-journal"] {
        let (from, to) = (beside(store, suffix), beside(&aside, suffix));
        match fs::rename(&from, &to) {
            Err(err) if err.kind() != ErrorKind::NotFound => return Err(SwapError::of(&from)(err)),
            _ => {}
        }
    }
    // An index of the other file's content, made anew by whoever opens them.
    let _ = fs::remove_file(beside(store, "-shm"));
    Ok(aside)
}

/// Makes a file for its owner only, where there is none.
pub(super) fn new_file(path: &Path) -> Result<File, SwapError> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(SwapError::of(path))
}

/// Copies the bytes of a file into one that is there.
pub(super) fn copy_into(from: &Path, to: &Path) -> Result<(), SwapError> {
    let mut source = File::open(from).map_err(SwapError::of(from))?;
    let mut target = OpenOptions::new().write(true).truncate(true).open(to).map_err(SwapError::of(to))?;
    io::copy(&mut source, &mut target).map(drop).map_err(SwapError::of(to))
}

/// A file's name is on the disk only when its folder is.
fn sync_folder_of(path: &Path) -> Result<(), SwapError> {
    match path.parent() {
        Some(folder) => File::open(folder).and_then(|folder| folder.sync_all()).map_err(SwapError::of(folder)),
        None => Ok(()),
    }
}
