use thiserror::Error;

use super::{Draft, Entry};
use crate::base::{Commitment, Digest, RunId, Seq};

/// What is appended together: all of it, or nothing.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// The entries, in order.
    pub drafts: Vec<Draft>,
    /// For a holder's entries: what the holder believes of the run.
    pub holder: Option<Holder>,
    /// Texts whose commitments the entries hold.
    pub payloads: Vec<Payload>,
    /// Texts that entries name by their digest (runbooks), kept for people and exports.
    pub texts: Vec<String>,
}

/// What a holder believes of its run; if it is not so, another process has taken the run and nothing is appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The run.
    pub run: RunId,
    /// How many entries of the run (`run.*`, `step.*`, `effect.*`) the log holds.
    pub version: u64,
    /// The fence of the last `run.taken`; 0 before the first.
    pub fence: u64,
}

/// A text beside the log.
#[derive(Clone, Debug)]
pub struct Payload {
    /// What the entry holds.
    pub commitment: Commitment,
    /// The salt.
    pub salt: [u8; 32],
    /// The text.
    pub text: String,
}

/// The single truth. One log, many processes; each append is one transaction.
pub trait Journal: Send {
    /// Appends a batch. On return the entries are on the disk (`fsync`); on an error none of them is, and never will be.
    ///
    /// # Errors
    /// See [`AppendError`]: nothing that the batch announces may be done then.
    fn append(&mut self, batch: &Batch) -> Result<Vec<Entry>, AppendError>;

    /// The entries of a run from `from` on, requests and notes included, in the order of the log.
    ///
    /// # Errors
    /// The store cannot be read, or holds what this program cannot.
    fn of_run(&mut self, run: RunId, from: Seq) -> Result<Vec<Entry>, ReadError>;

    /// Tells whether any process has appended since the last call. Cheap: it may be asked ten times a second.
    ///
    /// # Errors
    /// The store cannot be read.
    fn changed(&mut self) -> Result<bool, ReadError>;

    /// A text beside the log, if it is still there.
    ///
    /// # Errors
    /// The store cannot be read.
    fn payload(&mut self, commit: &Digest) -> Result<Option<String>, ReadError>;
}

/// Why nothing was appended.
#[derive(Debug, Error)]
pub enum AppendError {
    /// Another process has taken the run.
    #[error("another process has taken the run")]
    Superseded,
    /// Another effect holds one of the keys: that is a wait, not a failure.
    #[error("`{key}` is held by another effect, of run {run}")]
    Held {
        /// The key.
        key: String,
        /// Whose effect it is.
        run: RunId,
    },
    /// Entries of the run were lost when the store was restored or succeeded, and nobody has looked since.
    #[error("entries of the run {run} are lost, so it begins no effect before somebody has looked at what it did")]
    Cut {
        /// The run.
        run: RunId,
    },
    /// Another writer has held the store for longer than five seconds.
    #[error("another program has been writing to the store for more than 5 s")]
    Busy,
    /// The disk is full.
    #[error("the disk is full")]
    Full,
    /// An entry has no canonical form, or its id is already there: our own fault.
    #[error("an entry cannot be written: {0}")]
    Entry(String),
    /// The store cannot be written for any other reason.
    #[error("failed to write the store")]
    Write(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Why the journal cannot be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// An entry cannot be read.
    #[error("entry {seq} cannot be read: {why}")]
    Entry {
        /// Which.
        seq: Seq,
        /// Why.
        why: String,
    },
    /// The store cannot be read.
    #[error("failed to read the store")]
    Store(#[source] Box<dyn std::error::Error + Send + Sync>),
}
