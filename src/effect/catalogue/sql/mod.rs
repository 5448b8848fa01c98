//! What is in a PostgreSQL server's databases: questions, and changes of a role: its password, and whether it may sign in.
//!
//! What comes in: a server, a login and where its password is kept. What goes out: requests whose body only our own hand
//! understands (`sql`, and how it is to be asked), because PostgreSQL speaks no HTTP. Every question is one statement in a
//! read-only transaction with a limit of time and of rows. Deliberately absent: any other statement that changes data. A
//! function that changes something although its transaction is read-only (`pg_terminate_backend`) is not kept out here;
//! the login's own rights are what does that.

mod login;
mod newest;
mod password;
mod query;
mod request;
mod role;

pub(super) use login::LOGIN;
pub(super) use newest::NEWEST;
pub(super) use password::PASSWORD;
pub(super) use query::{CHECK, QUERY};
pub(super) use request::{NAME, VAULT, host, identifier, is_identifier, stored_secret};
pub(super) use role::{DISABLE, ENABLE, GET};
