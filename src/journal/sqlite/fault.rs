use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use thiserror::Error;

use crate::journal::{AppendError, ReadError, StoreKind};

/// Why a store cannot be opened. Nothing was created, and nothing that was there has been changed.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The folder that the store should stand in is not there.
    #[error("there is no folder `{}` for the store; create it, or name another file with --store", .0.display())]
    NoFolder(PathBuf),
    /// There is no store, and none was to be made.
    #[error("there is no store `{}`; the first run makes it", .0.display())]
    Missing(PathBuf),
    /// The store has not one entry, and was opened only to be read.
    #[error("the store `{}` is empty: nothing has been recorded in it yet", .0.display())]
    Empty(PathBuf),
    /// It is something else.
    #[error("`{}` is not a store of callout: {why}", path.display())]
    NotAStore {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        why: String,
    },
    /// A newer program made it.
    #[error("the store `{}` has version {found}, and this program knows versions up to {known}; use a newer callout", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i32,
        /// The greatest version that this program knows.
        known: i32,
    },
    /// It belongs to the other kind of estate.
    #[error("the store `{}` holds {}, and {} were asked for; name another file with --store", path.display(), word(*found), word(*wanted))]
    OtherKind {
        /// The file.
        path: PathBuf,
        /// What it holds.
        found: StoreKind,
        /// What was wanted.
        wanted: StoreKind,
    },
    /// The file, or the folder that it stands in, cannot be written.
    #[error("`{}` cannot be written: the file or its folder is read-only for this user", .0.display())]
    ReadOnly(PathBuf),
    /// It stands where locks of several processes do not hold.
    #[error("the store `{}` is on a network file system ({system}), where its locks do not hold; name a file on a local disk with --store", path.display())]
    Network {
        /// The file.
        path: PathBuf,
        /// The name of the file system.
        system: String,
    },
    /// The disk is full.
    #[error("the disk with the store `{}` is full", .0.display())]
    Full(PathBuf),
    /// Another program has kept the store to itself for longer than was waited.
    #[error("another program has been writing to the store `{}` for too long; try again when it has finished", .0.display())]
    Busy(PathBuf),
    /// The parts of the file contradict each other.
    #[error("the store `{}` is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The program was built with an SQLite that can corrupt a store.
    #[error("this program was built with SQLite {found}, which can corrupt a store; at least 3.51.3 is needed")]
    Library {
        /// The version of the library.
        found: &'static str,
    },
    /// Anything else.
    #[error("failed to open the store `{}`", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl OpenError {
    /// What an error of SQLite means for opening `path`.
    pub(super) fn of(path: &Path, err: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match err.sqlite_error_code() {
            _ if is_full(&err) => Self::Full(path),
            Some(ErrorCode::NotADatabase) => Self::NotAStore { path, why: "it is not an SQLite file".into() },
            Some(ErrorCode::DatabaseBusy) => Self::Busy(path),
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly(path),
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { path, source: err.into() },
            _ => Self::Open { path, source: err.into() },
        }
    }

    /// What it means for opening `path` that an entry could not be written that comes before all others.
    pub(super) fn unwritten(path: &Path, err: AppendError) -> Self {
        let path = path.to_owned();
        match err {
            AppendError::Full => Self::Full(path),
            AppendError::Busy => Self::Busy(path),
            source => Self::Open { path, source: source.into() },
        }
    }
}

const fn word(kind: StoreKind) -> &'static str {
    match kind {
        StoreKind::Live => "runs against Azure",
        StoreKind::Simulated => "simulated runs",
    }
}

/// What an error of SQLite means for an append.
pub(super) fn append_error(err: rusqlite::Error) -> AppendError {
    match err.sqlite_error_code() {
        _ if is_full(&err) => AppendError::Full,
        Some(ErrorCode::DatabaseBusy) => AppendError::Busy,
        _ => AppendError::Write(err.into()),
    }
}

/// A full disk shows in two ways: a page that cannot be written, and the file of shared memory that cannot be extended.
fn is_full(err: &rusqlite::Error) -> bool {
    err.sqlite_error()
        .is_some_and(|err| err.code == ErrorCode::DiskFull || err.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE)
}

/// What an error of SQLite means for a reader.
pub(super) fn read_error(err: rusqlite::Error) -> ReadError {
    ReadError::Store(err.into())
}
