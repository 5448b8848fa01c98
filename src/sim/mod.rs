//! Azure for drills: an island that speaks only wires.
//!
//! # What comes in, what goes out
//!
//! HTTP/1.1 requests on a loopback port come in, with the name of the real host in the `Host` header; the answers that
//! Microsoft's specifications and recordings describe go out. Nothing else: this room imports no other room, not even the
//! catalogue of operations, because a simulator that shares the client's table cannot catch the table's errors.
//!
//! ```text
//!  wire ─ server ─ world ─┬─ signin                    login.microsoftonline.com
//!   (may be cut)          ├─ vault::wire               chatbot-kv.vault.azure.net
//!                         ├─ web::arm                  management.azure.com, with postgres::arm under it
//!                         ├─ search::wire              chatbot-search.search.windows.net
//!                         ├─ storage::wire             chatbotstorage.{blob,queue}.core.windows.net
//!                         ├─ page                      *.azurewebsites.net: the apps themselves
//!                         └─ control                   /_sim/…: clock, faults, swaps, ingestion, requests, estate
//!  the same port, by its first byte: postgres::door        *.postgres.database.azure.com, over TLS
//!        every change:  append to the file  →  apply to the estate  →  answer
//! ```
//!
//! # Causal honesty
//!
//! The estate is a pure value: change by change, each at a moment of the estate's clock, with everything that
//! comes due in between (a reference that is fetched anew after 24 hours, a swap that completes) happening at *its* moment.
//! So an app goes on with the cached old secret until something really makes it fetch the new one, and replaying the file
//! gives the same world that was served.
//!
//! The clock stands still while nobody serves the estate and never goes backwards, not across `kill -9` either.
//!
//! # Where a document is written
//!
//! Bodies of answers are written as JSON text in the code (`json!`), in the shape in which they travel: whoever compares
//! them with the specification sees one thing, not a type and its rename rules. Everything that is kept is typed.
//!
//! # Deliberately absent
//!
//! TLS for HTTP (clients rewrite `https://HOST/…` to the loopback port), permissions and roles, deployment of new builds, deletion
//! and recovery of secrets, swaps that fail by themselves, and a defence against a hostile client: the tokens are marked,
//! not signed, and the file holds the simulated secrets in plain.

mod answer;
mod asked;
mod breakage;
mod change;
mod clock;
mod control;
mod error;
mod estate;
mod fault;
mod host;
mod ingestion;
mod log;
mod page;
mod postgres;
mod search;
mod server;
mod signin;
mod storage;
mod store;
#[cfg(test)]
mod tests;
mod vault;
mod web;
mod wire;
mod world;

pub use clock::Speed;
pub use error::SimError;
pub use server::{Server, Setting, find, serve};
