//! Azure Database for PostgreSQL, flexible server: what Resource Manager says of it (Microsoft.DBforPostgreSQL 2022-12-01),
//! and PostgreSQL's own protocol, over TLS, on the port on which HTTP is served too.
//!
//! # What holds
//!
//! The apps write to the server that their connection secret names, as long as they run, it is ready, its firewall lets
//! Azure in and the password is right; so the newest row tells when a writer was stopped. A restore makes a new server
//! with the rows and the passwords of its moment, and with nothing else: no rules, no locks, the parameters' defaults, no
//! standby. Whoever asks from outside comes from [`OPERATOR`] and needs a rule for it.
//!
//! # The SQL that is understood
//!
//! ```text
//! SELECT item {, item} [FROM table] [WHERE column test {AND column test}] [ORDER BY column [ASC|DESC]] [LIMIT n]
//! SHOW name | BEGIN … | SET … | COMMIT | ROLLBACK | ALTER ROLE role [WITH] option {option}
//! option LOGIN | NOLOGIN | PASSWORD 'text'
//! item   * | value [comparison value] [AS name]
//! value  count(*) | count(column) | min(column) | max(column) | sum(column) | column | 'text' | number | true | false
//!        | now() | version() | current_user | current_database() | pg_is_in_recovery() | inet_server_addr()
//!        | pg_snapshot_xmax(pg_current_snapshot())
//! test   comparison literal | IS [NOT] NULL                 comparison  = | <> | != | < | <= | > | >=
//! table  messages | conversations | schema_migrations | pg_stat_activity | pg_roles | pg_settings
//! ```
//!
//! Everything else is refused with PostgreSQL's own codes. What is asked is answered from the estate's rows.

mod arm;
mod body;
mod data;
mod door;
mod fleet;
mod lock;
mod place;
mod query;
mod role;
mod server;
mod session;
mod statement;
mod table;
mod token;

pub(crate) use arm::{answer, provider};
pub(crate) use door::{Authority, serve};
#[cfg(test)]
pub(crate) use fleet::Act;
pub(crate) use fleet::{Change, Client, Fleet, found};
pub(crate) use place::{AZURE, OPERATOR, SUFFIX};
