//! Runbooks under version control: what is said of a text, texts of a revision, and what a policy lets run.

pub(crate) mod bench;
mod damage;
mod diff;
mod list;
mod policy;
mod revision;
mod signature;
