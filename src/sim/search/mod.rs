//! AI Search: one service with an index, an alias for it, a data source and an indexer; its data plane (specification
//! 2024-07-01, aliases 2024-09-01-preview) and its resource (2023-11-01).
//!
//! # Causal honesty
//!
//! An indexer takes its time, runs by its schedule whether or not anybody still wants its index, and writes only what has
//! changed since its last run. An alias takes seconds to reach the readers. Statistics lag behind the count. Fields cannot
//! be changed in place, and an index that an alias stands for cannot be deleted.
//!
//! # Deliberately absent
//!
//! Scores (documents come in the order of their keys), languages, vectors, skills, synonyms, suggestions, keys.

mod body;
mod document;
mod index;
mod indexer;
mod query;
pub(crate) mod resource;
mod service;
pub(crate) mod view;
pub(crate) mod wire;

pub(crate) use document::is_manual;
pub(crate) use indexer::Twist;
pub(crate) use service::{Changed, Search};
