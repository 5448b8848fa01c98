//! The one loop that awaits.
//!
//! What comes in: asks of people, answers of hands, the passing of time. What goes out: entries in the journal, then
//! errands to the hands, and boards for whoever looks. The same holder can do less: what is due and nothing else
//! (`due`), or a single word of a person's, without any hands (`apart`). Take one input · decide · append · evolve · publish · start what
//! is owed. Deliberately absent: `world`; the loop gets its hands by value and knows only their ports.

mod apart;
mod asked;
mod dispatcher;
mod due;
mod errands;
mod executor;
mod handle;
mod open;
mod pace;
mod record;
mod relations;

pub use apart::{Said, Word, WordError, allows};
pub use dispatcher::Engine;
pub use due::is_due;
pub use handle::{Ask, Form, Handle, Remark};
pub use open::{EngineError, Ports, Readiness, Stopped, StoreFault, fold};
pub use record::Who;
