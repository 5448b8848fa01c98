//! From YAML text to environments.
//!
//! What comes in: the bytes of a user's own configuration file, or of one file of a library's `environments/`. What goes
//! out: checked environments, all of them live, or every finding. Both have the same keys; a library's file holds one
//! environment, which is called as the file is.
//!
//! Deliberately absent: whether a file may take effect. A user's own configuration is trusted because it is the user's;
//! what was found in a library takes effect only once its hash is trusted, and that is decided in `cli`.

mod address;
mod environment;
mod file;
mod sign_in;
mod target;

pub use file::{CheckedEnvironment, check_environment, parse_environments};
