//! Git, read and never written: what a file's text is to its repository, at a revision and in its history.

mod history;
mod tags;
mod work_tree;

pub use history::{CommitFacts, HISTORY_MOST, Last};
pub use tags::{Tag, Tags};
pub use work_tree::{Committed, GitState, WorkTree, blob_id};
