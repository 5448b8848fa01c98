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

mod bind;
mod given;
mod order;
mod resolve;

pub use bind::{InputProblem, bind_inputs, bind_nested, fit_input};
pub use given::is_reference;

pub(crate) use given::{Reader, Wrong, given, has_length, read_value};
pub(crate) use order::{input_order, order, reads};
