//! The catalogue: one row per operation.
//!
//! Rows stand in one file per service. To add an operation, write its row; confirmation, class, probe, undo,
//! permission, documentation and schema are derived from it. What is checked of an argument before it becomes part of
//! an address stands in `argument`, what is read of an answer in `reading`.

mod argument;
mod consumers;
mod health;
mod http;
mod keyvault;
mod postgres;
mod reading;
mod references;
mod search;
mod sql;
mod storage;
mod swap;
mod table;
mod versions;
mod webapp;

pub use table::{catalogue, find};
