//! The expression language: typed, total, without input, output or clock.
//!
//! What comes in: the text between `${{` and `}}`. What goes out: an [`Expression`] that can be typed before a run and
//! evaluated in one, or what is wrong with it and at which byte. Every expression has a value or a reason for having none,
//! after a bounded number of steps and with a bounded size. A secret is opaque: it can be passed on whole, and nothing else.
//!
//! Deliberately absent: arithmetic (moments are moved by `before` and `after`), loops other than over the items of a list,
//! conversions, picking an item by its number, and functions of the author's own.
//!
//! # The grammar
//!
//! Blanks may stand between any two of these, and around the whole.
//!
//! ```text
//! expression = all { "||" all }
//! all        = compared { "&&" compared }
//! compared   = unary [ ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) unary ]
//! unary      = "!" unary | primary
//! primary    = literal | "(" expression ")" | call | path
//! call       = function "(" argument { "," argument } ")"
//! argument   = [ bound "=>" ] expression
//! path       = name { "." name }
//! literal    = text | decimal | integer | duration | "true" | "false"
//! ```
//!
//! No blank may stand inside these.
//!
//! ```text
//! name       = ( letter | "_" ) { letter | digit | "_" | "-" }
//! bound      = small { small | digit | "_" }
//! text       = "'" { any but "'" | "''" } "'" | '"' { any but '"' | '""' } '"'
//! integer    = [ "-" ] digit { digit }
//! decimal    = integer "." digit { digit }
//! duration   = digit { digit } unit { digit { digit } unit }
//! unit       = "h" | "m" | "s" | "ms"
//! ```
//!
//! Letters and digits are those of ASCII. An integer has at most 53 bits, a decimal at most 18 digits before and after the
//! point, a duration's units stand from the largest to the smallest. `true` and `false` are no paths, and a name before
//! `(` is a function: one of [`Function::ALL`], which says how many arguments it takes and which of them begin with a
//! bound name; those must, and no other may. A bound name has at most 63 letters, stands for an item only inside its
//! argument, and is none of `inputs steps item self run true false` nor a name that is bound already where it stands.
//! A text has at most [`Expression::BYTES_MAX`] bytes, and parentheses, `!` and arguments may stand in each other
//! [`Expression::DEPTH_MAX`] times.
//!
//! # The types
//!
//! A [`Typing`] is a string, integer, decimal, boolean, duration, timestamp, secret, target, record, a list of one of them,
//! or unknown, which is what stands in a record whose fields are not declared. Both sides of a comparison have one type; an
//! integer written out may stand beside a decimal, and a quoted text that is a moment beside a timestamp. `<` and its kin
//! compare integers, decimals, durations and timestamps, `==` and `!=` also strings, booleans and targets. Decimals,
//! durations and timestamps are compared by value, targets by their resource ids without regard to case (Resource Manager,
//! "resource names and ids"), strings by their code points. `&&` and `||` look no further than they must.
//!
//! What a value of unknown type is, shows in the run: with `<` two texts are compared if both are decimals, both durations
//! or both timestamps; with `==` as texts, unless the other side's type is known. Anything else is an error, never a guess.

mod budget;
mod evaluate;
mod expression;
mod function;
mod key;
mod lexer;
mod normal;
mod parser;
mod paths;
mod perform;
mod template;
mod tree;
mod typing;
mod typist;

#[cfg(test)]
mod tests;

pub use evaluate::{EvaluateError, Scope};
pub use expression::Expression;
pub use function::Function;
pub use template::Template;
pub use typing::Typing;

pub(crate) use expression::{Flaw, FlawKind};
pub(crate) use typing::{Names, Unnamed};
pub(crate) use typist::Mistake;
