//! AI Search: the service, its indexes, aliases, data sources and indexers, and what a query finds.
//!
//! What comes in: a service, and names of things in it. Every name becomes part of an address, so `place` checks it.
//!
//! A thing is read from the list of all of its kind and never by its own address: there its absence is a refusal (404), and
//! a check could not tell it from a service that cannot be observed.
//!
//! Deliberately absent: admin and query keys. Each row signs in with a token, and so needs a role on the service.

mod alias;
mod documents;
mod index;
mod indexer;
mod place;
mod run;
mod service;
mod source;

pub(super) use alias::{GET as ALIAS_GET, SET as ALIAS_SET};
pub(super) use documents::{COUNT, DISTINCT, QUERY};
pub(super) use index::{
    CREATE as INDEX_CREATE, DELETE as INDEX_DELETE, GET as INDEX_GET, STATISTICS as INDEX_STATISTICS,
    UPDATE as INDEX_UPDATE,
};
pub(super) use indexer::{DELETE as INDEXER_DELETE, GET as INDEXER_GET, SET as INDEXER_SET};
pub(super) use run::{RESET as INDEXER_RESET, RUN as INDEXER_RUN, STATUS as INDEXER_STATUS};
pub(super) use service::{GET as SERVICE_GET, QUOTA as SERVICE_QUOTA};
pub(super) use source::GET as SOURCE_GET;
