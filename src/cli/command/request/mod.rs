//! Words to a run from beside it: to its holder through the journal, or if nobody holds it by taking it for that moment.

mod abort;
mod adhoc;
mod deliver;
mod note;
mod post;
mod step;
mod word;

pub(crate) use abort::abort;
pub(crate) use adhoc::{adhoc, performed};
pub(crate) use note::{note, pause};
pub(crate) use word::{answer, override_step, resolve, retry, skip, undo};
