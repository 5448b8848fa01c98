//! Azure Database for PostgreSQL, flexible server: the part of it that Resource Manager speaks of.
//!
//! What comes in: a server, as a target. What goes out: rows that read it, bring its data back beside it, configure it,
//! lock it and delete it. Deliberately absent: what is in its databases, which is `sql`'s.

mod delete;
mod firewall;
mod lock;
mod name;
mod parameters;
mod password;
mod restore;
mod server;

pub(super) use delete::DELETE;
pub(super) use firewall::{DELETE as FIREWALL_DELETE, LIST as FIREWALL_LIST, SET as FIREWALL_SET};
pub(super) use lock::{DELETE as LOCK_DELETE, GET as LOCK_GET, SET as LOCK_SET};
pub(super) use name::CHECK as NAME_CHECK;
pub(super) use parameters::{GET as PARAMETERS_GET, SET as PARAMETERS_SET};
pub(super) use password::RESET;
pub(super) use restore::{GEO_RESTORE, RESTORE};
pub(super) use server::{GET, LIST};
