use std::fmt;
use std::ops::Range;

use super::tree::{Comparison, Function, Node, Tree};
use super::{Expression, Template};
use crate::effect::Type;
use crate::runbook::Code;

/// What is known of a value's type before it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Typing {
    /// It is of this type.
    Known(Type),
    /// It stands in a record whose fields are not declared, or something is wrong with it already.
    Unknown,
}

impl Typing {
    /// Tells whether a value of this type can be taken for one of type `wanted`.
    pub(crate) fn fits(self, wanted: Type) -> bool {
        let Self::Known(own) = self else { return true };
        match (own, wanted) {
            // Moments and lengths of time are texts that have been looked at.
            (Type::Timestamp | Type::Duration, Type::String) | (Type::Target(_), Type::Record) => true,
            (Type::List(own), Type::List(wanted)) => Self::Known(*own).fits(*wanted),
            (own, wanted) => own == wanted,
        }
    }

    /// Tells whether it is, or may hold, a secret.
    pub(crate) const fn is_secret(self) -> bool {
        matches!(self, Self::Known(Type::Secret | Type::List(Type::Secret)))
    }
}

impl fmt::Display for Typing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(kind) => write!(f, "{} {kind}", article(*kind)),
            Self::Unknown => f.write_str("of unknown type"),
        }
    }
}

const fn article(kind: Type) -> &'static str {
    match kind {
        Type::Integer => "an",
        Type::String
        | Type::Boolean
        | Type::Duration
        | Type::Timestamp
        | Type::Secret
        | Type::Target(_)
        | Type::Record
        | Type::List(_) => "a",
    }
}

/// What the paths of an expression stand for before a run.
pub(crate) trait Names {
    /// The type of a path.
    fn typing(&self, path: &[&str]) -> Result<Typing, Unnamed>;
}

/// A path that stands for nothing.
pub(crate) struct Unnamed {
    /// The name in it that is wrong, counted from 0.
    pub(crate) segment: usize,
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

/// Something that is wrong with the meaning of an expression.
#[derive(Debug)]
pub(crate) struct Mistake {
    /// Where, in bytes of the expression's or template's text.
    pub(crate) at: Range<usize>,
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl Expression {
    /// The type of its value; what is wrong is added to `mistakes`.
    pub(crate) fn typing(&self, names: &dyn Names, mistakes: &mut Vec<Mistake>) -> Typing {
        Typist { source: self.source(), names, mistakes }.tree(self.tree())
    }
}

impl Template {
    /// The type of its value; what is wrong is added to `mistakes`.
    pub(crate) fn typing(&self, names: &dyn Names, mistakes: &mut Vec<Mistake>) -> Typing {
        let mut typed = |at: usize, expression: &Expression| {
            let mut own = Vec::new();
            let typing = expression.typing(names, &mut own);
            mistakes.extend(
                own.into_iter().map(|mistake| Mistake { at: mistake.at.start + at..mistake.at.end + at, ..mistake }),
            );
            typing
        };
        if let Some((at, expression)) = self.whole() {
            return typed(at, expression);
        }
        let holes: Vec<_> = self.holes().map(|(at, hole)| (at, hole, typed(at, hole))).collect();
        for (at, hole, typing) in holes {
            let text = hole.source();
            let (code, help) = match typing {
                _ if typing.is_secret() => {
                    (Code::SecretLeak, "pass it whole, to a parameter that takes a secret".into())
                }
                Typing::Known(Type::Target(_)) => (Code::NotText, format!("write `{text}.name` or `{text}.url`")),
                Typing::Known(Type::Record | Type::List(_)) => (Code::NotText, "pass it whole, without text".into()),
                Typing::Known(_) | Typing::Unknown => continue,
            };
            let message = format!("`{text}` is {typing} and cannot stand inside text");
            mistakes.push(Mistake { at: at..at + text.len(), code, message, help: Some(help) });
        }
        Typing::Known(Type::String)
    }
}

struct Typist<'a> {
    source: &'a str,
    names: &'a dyn Names,
    mistakes: &'a mut Vec<Mistake>,
}

impl Typist<'_> {
    fn tree(&mut self, tree: &Tree) -> Typing {
        match &tree.node {
            Node::Text(_) => Typing::Known(Type::String),
            Node::Integer(_) => Typing::Known(Type::Integer),
            Node::Boolean(_) => Typing::Known(Type::Boolean),
            Node::Path(segments) => {
                let path: Vec<&str> = segments.iter().map(|segment| segment.name.as_str()).collect();
                self.names.typing(&path).unwrap_or_else(|unnamed| {
                    let at = segments.get(unnamed.segment).map_or(tree.at.clone(), |segment| segment.at.clone());
                    let Unnamed { code, message, help, .. } = unnamed;
                    self.mistakes.push(Mistake { at, code, message, help });
                    Typing::Unknown
                })
            }
            Node::Call { function, arguments } => self.call(*function, arguments),
            Node::Not(inner) => self.condition(std::slice::from_ref(inner)),
            Node::All(parts) | Node::Any(parts) => self.condition(parts),
            Node::Compare { comparison, left, right } => self.compare(*comparison, left, right),
        }
    }

    fn condition(&mut self, parts: &[Tree]) -> Typing {
        for part in parts {
            let typing = self.tree(part);
            self.want(part, typing, Type::Boolean);
        }
        Typing::Known(Type::Boolean)
    }

    fn call(&mut self, function: Function, arguments: &[Tree]) -> Typing {
        let typings: Vec<Typing> = arguments.iter().map(|argument| self.tree(argument)).collect();
        let (Some(list), Some(typing)) = (arguments.first(), typings.first()) else { return Typing::Unknown };
        let item = match typing {
            Typing::Known(Type::List(item)) => Typing::Known(**item),
            Typing::Unknown => Typing::Unknown,
            Typing::Known(_) => {
                self.mistyped(list, *typing, "a list");
                Typing::Unknown
            }
        };
        match function {
            Function::First => item,
            Function::Length => Typing::Known(Type::Integer),
            Function::Contains => {
                if let (Some(value), Some(typing)) = (arguments.get(1), typings.get(1)) {
                    self.seen(list, item);
                    self.seen(value, *typing);
                    if let Typing::Known(item) = item {
                        self.want(value, *typing, item);
                    }
                }
                Typing::Known(Type::Boolean)
            }
        }
    }

    fn compare(&mut self, comparison: Comparison, left: &Tree, right: &Tree) -> Typing {
        let (one, other) = (self.tree(left), self.tree(right));
        let seen = self.seen(left, one) & self.seen(right, other);
        if seen && comparison.orders() {
            self.want(left, one, Type::Integer);
            self.want(right, other, Type::Integer);
        } else if seen {
            let comparable = |typing: Typing| {
                !matches!(typing, Typing::Known(Type::Duration | Type::Timestamp | Type::Record | Type::List(_)))
            };
            for (tree, typing) in [(left, one), (right, other)] {
                if !comparable(typing) {
                    self.mistyped(tree, typing, "a string, integer, boolean or target");
                }
            }
            if let (true, true, Typing::Known(wanted)) = (comparable(one), comparable(other), one) {
                self.want(right, other, wanted);
            }
        }
        Typing::Known(Type::Boolean)
    }

    /// Adds a mistake unless the value may be looked at.
    fn seen(&mut self, tree: &Tree, typing: Typing) -> bool {
        if !typing.is_secret() {
            return true;
        }
        let message = format!("`{}` is a secret and cannot be looked at", self.text(tree));
        let help = Some("pass it whole, to a parameter that takes a secret".to_owned());
        self.mistakes.push(Mistake { at: tree.at.clone(), code: Code::SecretLeak, message, help });
        false
    }

    fn want(&mut self, tree: &Tree, typing: Typing, wanted: Type) {
        if !typing.fits(wanted) {
            self.mistyped(tree, typing, &Typing::Known(wanted).to_string());
        }
    }

    fn mistyped(&mut self, tree: &Tree, typing: Typing, wanted: &str) {
        let message = format!("`{}` is {typing}, where {wanted} is needed", self.text(tree));
        self.mistakes.push(Mistake { at: tree.at.clone(), code: Code::Operand, message, help: None });
    }

    fn text(&self, tree: &Tree) -> &str {
        self.source.get(tree.at.clone()).unwrap_or(self.source)
    }
}
