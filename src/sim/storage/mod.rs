//! Storage: one account with a container of manuals and the queues of the ingestion, and as much of its data plane as an
//! operator looks at (specification 2024-08-04). A blob has a name, a size and a moment, and no content.

mod account;
pub(crate) mod wire;

pub(crate) use account::{Account, Changed, DOCS, Message};
