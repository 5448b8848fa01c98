//! The world file, its lock, and the file that tells where the world is served.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::change::Record;
use super::error::SimError;

/// The newest format of the file that this program reads, and the one that it writes.
const FORMAT: u32 = 1;
const KIND: &str = "callout simulated estate";

/// The first line of a world file.
#[derive(Serialize, Deserialize)]
struct Header {
    kind: String,
    format: u32,
}

/// An open world file, held exclusively: the lock goes when this value, or the process, goes.
pub(crate) struct Store {
    path: PathBuf,
    file: File,
    lock: File,
}

impl Store {
    /// Takes the lock and reads the file, creating both where they are missing.
    ///
    /// A torn last line (the server was killed while it wrote) is dropped: it was never answered.
    pub(crate) fn open(path: &Path) -> Result<(Self, Vec<Record>), SimError> {
        let lock = take_lock(path)?;
        // An endpoint that a killed server left behind must not be taken for ours while we start.
        remove_endpoint(path)?;
        let failed = |source| SimError::Open { path: path.to_owned(), source };
        let mut file = private().read(true).append(true).create(true).open(path).map_err(failed)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(failed)?;
        let whole = text.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        let records = read(path, &text[..whole], &text[whole..])?;
        if whole < text.len() {
            file.set_len(whole as u64).map_err(failed)?;
            file.seek(SeekFrom::End(0)).map_err(failed)?;
        }
        let mut store = Self { path: path.to_owned(), file, lock };
        if whole == 0 {
            store.write_line(&Header { kind: KIND.to_owned(), format: FORMAT })?;
        }
        Ok((store, records))
    }

    /// Appends one record. When this returns, the record is with the operating system and survives the end of this
    /// process, though not a power failure: it is a drill's world.
    pub(crate) fn append(&mut self, record: &Record) -> Result<(), SimError> {
        self.write_line(record)
    }

    fn write_line(&mut self, line: &impl Serialize) -> Result<(), SimError> {
        let failed = |source| SimError::Append { path: self.path.clone(), source };
        let before = self.file.metadata().map_err(failed)?.len();
        let mut text = serde_json::to_vec(line).map_err(|error| failed(error.into()))?;
        text.push(b'\n');
        self.file.write_all(&text).map_err(|source| {
            // Half a line must not stand before the next whole one. If even this fails the file is damaged, and the
            // next start says so.
            let _ = self.file.set_len(before);
            failed(source)
        })
    }

    /// Tells others where the world is served.
    pub(crate) fn publish(&self, endpoint: &str) -> Result<(), SimError> {
        let path = beside(&self.path, "endpoint");
        let written = || {
            let mut file = private().write(true).create(true).truncate(true).open(&path)?;
            file.write_all(endpoint.as_bytes())
        };
        written().map_err(|source| SimError::Endpoint { path: path.clone(), source })
    }

    /// Lets go of the world: nobody serves it from now on.
    pub(crate) fn close(&self) {
        // The lock alone decides; an endpoint file that stays behind is not believed without it.
        let _ = remove_endpoint(&self.path);
        let _ = self.lock.unlock();
    }
}

/// The endpoint of whoever holds the lock of the world file; nothing if nobody does, or if it is still starting.
pub(crate) fn endpoint(world_file: &Path) -> Result<Option<String>, SimError> {
    let path = beside(world_file, "lock");
    let failed = |source| SimError::Lock { path: path.clone(), source };
    let lock = match File::open(&path) {
        Ok(lock) => lock,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    match lock.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::Error(error)) => Err(failed(error)),
        Err(TryLockError::WouldBlock) => {
            let path = beside(world_file, "endpoint");
            match fs::read_to_string(&path) {
                Ok(text) => Ok(Some(text).filter(|text| !text.is_empty())),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(source) => Err(SimError::Endpoint { path, source }),
            }
        }
    }
}

fn take_lock(world_file: &Path) -> Result<File, SimError> {
    let path = beside(world_file, "lock");
    let failed = |source| SimError::Lock { path: path.clone(), source };
    let lock = private().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(SimError::AlreadyServed { endpoint: endpoint(world_file)? }),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

fn remove_endpoint(world_file: &Path) -> Result<(), SimError> {
    let path = beside(world_file, "endpoint");
    match fs::remove_file(&path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(SimError::Endpoint { path, source }),
        _ => Ok(()),
    }
}

/// Reads the whole lines of a file; `torn` is what stands after the last of them.
fn read(path: &Path, whole: &[u8], torn: &[u8]) -> Result<Vec<Record>, SimError> {
    let mut lines = whole.split(|&byte| byte == b'\n').enumerate();
    let Some((_, first)) = lines.next().filter(|(_, first)| !first.is_empty()) else {
        // Nothing, or a header that was torn: a new file. Anything else without a line end is not ours.
        let opening = format!("{{\"kind\":\"{KIND}\"");
        let ours = torn.iter().zip(opening.as_bytes()).all(|(found, expected)| found == expected);
        return if whole.is_empty() && ours {
            Ok(Vec::new())
        } else {
            Err(SimError::NotOurs { path: path.to_owned() })
        };
    };
    let header = serde_json::from_slice::<Header>(first).ok().filter(|header| header.kind == KIND);
    let Some(header) = header else { return Err(SimError::NotOurs { path: path.to_owned() }) };
    if header.format > FORMAT {
        return Err(SimError::Newer { path: path.to_owned(), found: header.format, known: FORMAT });
    }
    lines
        .filter(|(_, line)| !line.is_empty())
        .map(|(at, line)| {
            serde_json::from_slice(line).map_err(|source| SimError::Damaged {
                path: path.to_owned(),
                line: at + 1,
                source,
            })
        })
        .collect()
}

/// `X.sim.jsonl` and `lock` give `X.sim.jsonl.lock`.
fn beside(world_file: &Path, suffix: &str) -> PathBuf {
    let mut name = world_file.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}

/// Files that only their owner reads: the world file holds the simulated secrets in plain.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
