//! The catalogue: one row per operation.
//!
//! Rows stand in one file per service. To add an operation, write its row; confirmation, class, probe, undo,
//! permission, documentation and schema are derived from it. What is checked of an argument before it becomes part of
//! an address stands in `argument`, what is read of an answer in `reading`.

mod activity;
mod argument;
mod consumers;
mod copy;
mod health;
mod http;
mod instances;
mod keyvault;
mod metrics;
mod place;
mod postgres;
mod power;
mod preview;
mod reading;
mod references;
mod rehost;
mod reissue;
mod search;
mod settings;
mod settings_replace;
mod slots;
mod sql;
mod storage;
mod swap;
mod table;
mod versions;
mod webapp;

pub use table::{catalogue, find};
