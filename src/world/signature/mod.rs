//! SSH signatures of commits and tags, verified in this process against a list of keys that the operator trusts.

mod allowed;
mod verdict;

pub use allowed::{AllowedSigners, usual_allowed_signers};
pub use verdict::{Signature, Signed, judge};
