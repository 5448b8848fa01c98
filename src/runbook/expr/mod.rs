//! The expression language: typed, total, without input, output or clock.
//!
//! What comes in: the text between `${{` and `}}`. What goes out: an [`Expression`] that can be typed before a run and
//! evaluated in one, or what is wrong with it and at which byte. A secret is opaque: it can be passed on whole, and
//! nothing else. Deliberately absent: loops, conversions, and anything whose cost is not bounded by the text.
//!
//! ```text
//! expression = all { "||" all }
//! all        = compared { "&&" compared }
//! compared   = unary [ ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) unary ]
//! unary      = "!" unary | primary
//! primary    = text | integer | "true" | "false" | "(" expression ")" | name "(" [ expression { "," expression } ] ")" | path
//! path       = name { "." name }            name = letter { letter | digit | "_" | "-" }
//! text       = "'" { any | "''" } "'" | '"' { any | '""' } '"'
//! ```

mod evaluate;
mod expression;
mod lexer;
mod parser;
mod template;
mod tree;
mod typing;

pub use evaluate::{EvaluateError, Scope};
pub use expression::Expression;
pub use template::Template;

pub(crate) use expression::{Flaw, FlawKind};
pub(crate) use typing::{Mistake, Names, Typing, Unnamed};
