//! From what an operator gives to the inputs of a run.
//!
//! What comes in: texts by name, the inputs that an environment supplies, the defaults of a runbook. What goes out: a value
//! for every parameter, or every problem at once, each with what to write instead. A text is read by its type (`given`),
//! then names are exchanged for the environment's resources and references (`resolve`); a default that is made from
//! other inputs comes after them (`order`).
//!
//! Deliberately absent: a secret's text. An input of type `secret` is a reference, with its version where it names a
//! vault: the latest version may be another one by the time the request is sent, and then what was confirmed would not
//! be what runs. What is not a reference is refused in words that do not repeat it.

use crate::base::Value;
use crate::runbook::ParameterType;

mod bind;
mod given;
mod order;
mod resolve;

pub use bind::{InputProblem, bind_inputs};
pub use given::is_reference;

pub(crate) use given::{Wrong, given, has_length};
pub(crate) use order::{order, reads};

/// Reads a value of a type where no environment is at hand: text as an operator types it, or a value that fits already.
/// Targets stay names, and of references to secrets only those to an environment variable can be had.
///
/// # Errors
/// A sentence that says what does not fit.
pub(crate) fn read_value(kind: &ParameterType, value: &Value) -> Result<Value, String> {
    let read = given::from_value(kind, value).map_err(|wrong| match wrong.help {
        Some(help) => format!("{}; {help}", wrong.message),
        None => wrong.message,
    })?;
    match (kind, &read) {
        (ParameterType::Secret, Value::Text(_)) => Err("give the secret as `env:NAME`".to_owned()),
        _ => Ok(read),
    }
}
