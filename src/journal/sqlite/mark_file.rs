use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::journal::Mark;

/// The file beside a store that remembers how far its log was ([`Mark`]): the store's name and `.mark`.
///
/// It is written after an append is durable and never synced, so it costs no more than a small write. Promised: while the
/// machine stays up, whoever opens the store sees every append that has returned, so a file that was put back is noticed.
/// Not promised: after a power cut the mark may be some seconds behind, or unreadable, which counts as none; and a process
/// that is killed between its append and the mark leaves it one append behind. It is never ahead of the log: the log is on
/// the disk first. A mark that cannot be written is passed over, as the log is what counts.
pub(super) struct MarkFile {
    path: PathBuf,
}

impl MarkFile {
    pub(super) fn beside(store: &Path) -> Self {
        Self { path: beside(store, ".mark") }
    }

    /// What it remembers; none if it is not there, or cannot be read.
    pub(super) fn read(&self) -> Option<Mark> {
        let mut file = File::open(&self.path).ok()?;
        file.lock_shared().ok()?;
        content(&mut file)
    }

    /// Remembers this, unless the mark remembers the same log from further on: of two processes that have appended one
    /// after the other, either may come here first.
    pub(super) fn advance(&self, mark: &Mark) {
        // A mark is for noticing accidents; an accident of its own must not hinder anybody.
        let _ = self.locked().and_then(|mut locked| {
            let later = |known: Mark| known.point.log == mark.point.log && known.point.entries >= mark.point.entries;
            if locked.mark().is_some_and(later) { Ok(()) } else { locked.set(mark) }
        });
    }

    /// Keeps others from reading and changing it. Never to be asked for within a transaction: whoever holds this begins one.
    pub(super) fn locked(&self) -> io::Result<LockedMark> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(&self.path)?;
        file.lock()?;
        Ok(LockedMark { file })
    }
}

/// The mark, while nobody else can change it.
pub(super) struct LockedMark {
    file: File,
}

impl LockedMark {
    /// What it remembers.
    pub(super) fn mark(&mut self) -> Option<Mark> {
        content(&mut self.file)
    }

    /// Remembers this, whatever it remembered before.
    pub(super) fn set(&mut self, mark: &Mark) -> io::Result<()> {
        let text = mark.text();
        self.file.rewind()?;
        self.file.write_all(text.as_bytes())?;
        self.file.set_len(text.len() as u64)
    }
}

fn content(file: &mut File) -> Option<Mark> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.read_to_string(&mut text).ok()?;
    Mark::parse(&text)
}

/// The path of what stands beside a store.
pub(super) fn beside(store: &Path, suffix: &str) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
