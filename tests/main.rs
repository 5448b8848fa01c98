//! The integration tests, in one binary: linked once, and run side by side.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "the exceptions that tests have from these lints do not reach the functions that tests call"
)]
#![expect(clippy::disallowed_methods, reason = "a test starts the program and reads the machine; it is in no room")]

mod audit;
mod beside;
mod check;
mod cli;
mod corpus;
mod coverage;
mod crash;
mod db_restore;
mod drill;
mod drive;
mod environments;
mod incident;
mod journal;
mod leaked;
mod microsoft;
mod panic;
mod picture;
mod plan;
mod playbooks;
mod record;
mod restore;
mod rollback;
mod rotation;
mod schema;
mod screens;
mod search;
mod secrets;
mod signals;
mod specification;
mod store;
mod support;
mod swap;
mod tidy;
mod trust;
mod versions;
mod webapp;
mod words;
mod world;
