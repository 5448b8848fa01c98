use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::mark_file::beside;
use crate::base::RunId;

/// The right to write the events of a run. While it lives, no other process gets one for the same run.
///
/// It is an exclusive lock on a file that is never deleted (a deleted one would let two processes lock two files of the
/// same name). The kernel drops the lock when the last descriptor of it is closed: when this value is dropped, or when
/// the process and every child that inherited the descriptor are gone, however they ended. The fence of the run guards
/// against what a lock cannot: a holder that was stopped, lost its run, and wakes up.
#[derive(Debug)]
pub struct RunLease {
    file: File,
}

/// A run that another process holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The run.
    pub run: RunId,
    /// The process, as far as is known.
    pub pid: Option<u32>,
}

/// Why it cannot be told whether a run is held.
#[derive(Debug, Error)]
#[error("failed to lock the run with `{}`", path.display())]
pub struct LeaseError {
    path: PathBuf,
    #[source]
    source: io::Error,
}

impl RunLease {
    /// Takes the run, if nobody holds it; never waits.
    ///
    /// # Errors
    /// The lock file cannot be made, or the file system has no locks.
    pub fn take(store: &Path, run: RunId) -> Result<Option<Self>, LeaseError> {
        let path = lock_file(store, run);
        let attempt = || -> io::Result<Option<Self>> {
            if let Some(folder) = path.parent() {
                DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            }
            let mut file =
                OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(err)) => return Err(err),
            }
            file.set_len(0)?;
            writeln!(file, "{}", std::process::id())?;
            Ok(Some(Self { file }))
        };
        attempt().map_err(|source| LeaseError { path: path.clone(), source })
    }

    /// Takes every run that anybody has ever held, or names those that are held now. Whoever has them all may be sure that no
    /// run is driven in the meantime, but for one that is begun only now.
    ///
    /// # Errors
    /// As [`RunLease::take`].
    pub fn take_all(store: &Path) -> Result<Result<Vec<Self>, Vec<Held>>, LeaseError> {
        let folder = folder(store);
        let failed = |source| LeaseError { path: folder.clone(), source };
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(Ok(Vec::new())),
            Err(err) => return Err(failed(err)),
        };
        let (mut taken, mut held) = (Vec::new(), Vec::new());
        for entry in entries {
            let name = entry.map_err(failed)?.file_name();
            let run = name.to_str().and_then(|name| name.strip_suffix(".lock")?.parse().ok());
            let Some(run) = run else { continue };
            match Self::take(store, run)? {
                Some(lease) => taken.push(lease),
                None => held.push(Held { run, pid: Self::holder_pid(store, run) }),
            }
        }
        Ok(if held.is_empty() { Ok(taken) } else { Err(held) })
    }

    /// The process that took the run last; none if nobody ever has. To be asked right after [`RunLease::take`] gave
    /// none, for a person to look at: a process that is gone stays written here until the next one takes the run.
    pub fn holder_pid(store: &Path, run: RunId) -> Option<u32> {
        fs::read_to_string(lock_file(store, run)).ok()?.trim().parse().ok()
    }
}

impl AsFd for RunLease {
    /// For a child that must keep the run held for as long as it lives: it inherits this descriptor.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

fn lock_file(store: &Path, run: RunId) -> PathBuf {
    folder(store).join(format!("{run}.lock"))
}

fn folder(store: &Path) -> PathBuf {
    beside(store, ".locks")
}
