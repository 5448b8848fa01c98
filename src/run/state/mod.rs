//! What a run is, as its events tell it.

mod group;
mod instance;
mod run_state;
mod scope;

pub use group::Group;
pub use instance::{Attempt, Awaiting, Instance, Phase, Standing, Undo};
pub use run_state::{RunPhase, RunState, checks};
pub use scope::{Scope, ScopeKind};
