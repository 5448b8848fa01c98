//! The one loop that awaits.
//!
//! What comes in: asks of people, answers of hands, the passing of time. What goes out: entries in the journal, then
//! errands to the hands, and boards for whoever looks. Take one input · decide · append · evolve · publish · start what
//! is owed. Deliberately absent: `world`; the loop gets its hands by value and knows only their ports.

mod asked;
mod dispatcher;
mod executor;
mod handle;
mod open;
mod pace;
mod record;
mod relations;

pub use dispatcher::Engine;
pub use handle::{Ask, Form, Handle};
pub use open::{EngineError, Ports, Stopped, StoreFault, fold};
pub use record::Who;
