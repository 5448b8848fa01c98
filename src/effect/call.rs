use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Request;
use crate::base::Value;

/// The arguments of an operation by parameter name.
pub type Args = BTreeMap<String, Value>;

/// An operation asked for: its name in the catalogue, and its arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The row's name, `keyvault.secret.set`.
    pub action: String,
    /// The arguments; complete and of the declared types once the plan has bound them.
    pub args: Args,
}

impl Call {
    /// An operation with its arguments.
    pub fn new<const N: usize>(action: &str, args: [(&str, Value); N]) -> Self {
        let args = args.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { action: action.to_owned(), args }
    }
}

/// What a hand is sent to do: the operation, and the exact request that was rendered from it.
///
/// A hand that uses an SDK calls the SDK by `call`; the last policy of its pipeline then compares what leaves with
/// `request` and refuses a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errand {
    /// The operation and its arguments.
    pub call: Call,
    /// The request that a person saw, or a read that follows from it.
    pub request: Request,
}
