//! The trouble, as people tell it.
//!
//! What comes in and goes out: [`Event`]s that anybody may append beside a run's own. They never block anyone, and no
//! decision of a run reads them. Deliberately absent so far: lifecycle, severity and roles, which need nothing but more
//! events and a fold of them here.

mod event;

pub use event::Event;
