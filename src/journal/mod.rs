//! The single truth: one append-only, hash-chained log per store.
//!
//! What comes in: drafts of entries. What goes out: entries in their places, durable. The dry half is the entry, its
//! canonical line ([`encode`], [`decode`]), the chain ([`leaf_of`], [`Frontier`], [`checkpoint`]), the rules by which a
//! batch is admitted and placed, what the derived tables are ([`changes`]), the port [`Journal`] and a journal in memory
//! that keeps all of these rules. The wet half, `sqlite`, keeps the same rules on a disk. Deliberately absent: any
//! meaning of an event beyond the derived tables (a list of runs, the lock keys of open intents, the Merkle frontier),
//! none of which a verifier trusts.

mod chain;
mod codec;
mod derive;
mod entry;
mod mark;
mod memory;
mod place;
mod port;
mod sqlite;
mod writer;

pub use chain::{Frontier, checkpoint, leaf_of};
pub use codec::{DecodeError, EncodeError, decode, encode, is_remark};
pub use derive::{Change, Derived, LockRow, RunRow, Stage, changes};
pub use entry::{Actor, Authn, Channel, Draft, Entry, FORMAT, Fact, LogEvent, Predecessor, RestoredBy, StoreKind};
pub use mark::{Mark, Point, Remembered};
pub use memory::MemoryJournal;
pub use place::{Head, Line, Salted, admit, commitments, text_digest};
pub use port::{AppendError, Batch, Holder, Journal, Payload, ReadError};
pub use sqlite::{
    Access, HandOverError, Held, LeaseError, OpenError, Opening, Replacement, RunLease, Salvage, SqliteJournal,
    SwapError, Withdrawn, Wreck, real_path,
};
pub use writer::{Reference, Relation, Tool, Writer};
