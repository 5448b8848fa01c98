//! Callout: runbooks for the engineer who is woken at 03:10.
//!
//! # A step's journey
//!
//! ```text
//! text → Written → Runbook → Plan → a person consents to a step digest → decide gives events →
//! journal.append (durable) → evolve → owed → executor → world → the outcome comes back as an input → decide …
//! ```
//!
//! # The rooms, in the order in which a step travels
//!
//! ```text
//!  dry bank: no runtime, no clock, no disk, no randomness                                    wet bank
//!  base → effect → runbook → plan → run → incident → journal* → projection │ engine → world → tui → cli
//!                                         *entry, chain: dry; sqlite: wet  │        sim: an island, speaks only wires
//! ```
//!
//! A room imports only rooms before it; `tests/tidy.rs` holds the exact list. There is exactly one loop, in
//! [`engine`]: take one input · decide · append · evolve · publish · start what is owed. Screen, plain output and export
//! never ask anyone: they fold the journal.

pub mod base;
pub mod cli;
pub mod effect;
pub mod engine;
pub mod incident;
pub mod journal;
pub mod plan;
pub mod projection;
pub mod run;
pub mod runbook;
pub mod sim;
pub mod tui;
pub mod world;
