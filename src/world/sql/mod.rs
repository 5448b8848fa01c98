//! The hand for SQL: PostgreSQL's own protocol, signed in by a secret that is resolved just before it is needed.
//!
//! What comes in: a request whose body says who signs in, where the password is kept, and one statement. What goes out: a
//! table, the server's refusal, or why nobody could ask. Every connection is TLS, the server's certificate is verified
//! under the server's real name, and no connection is used twice. Deliberately absent: any judgement, and any statement
//! that a request does not hold.

mod asking;
mod hand;
mod login;
mod trust;

pub(super) use hand::Sql;
