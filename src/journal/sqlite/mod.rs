//! The store: the log in one SQLite file, and the locks of runs beside it.
//!
//! What comes in: a path, batches, questions. What goes out: entries that are on the disk, lines as they are stored, and
//! sentences about files that are no store of ours. The only place that knows SQL. Deliberately absent: a thread of its
//! own (whoever must not block brings one), an export, and a verdict on the chain: lines go out as they are, and
//! `projection` judges them.

mod derived;
mod fault;
mod lease;
mod mark_file;
mod open;
mod read;
mod rollback;
mod salvage;
mod schema;
mod store;
mod swap;

pub use fault::OpenError;
pub use lease::{Held, LeaseError, RunLease};
pub use open::{Access, Opening, real_path};
pub use salvage::{HandOverError, Salvage, Wreck};
pub use store::SqliteJournal;
pub use swap::{Replacement, SwapError, Withdrawn};
