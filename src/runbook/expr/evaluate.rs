use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;

use thiserror::Error;

use super::budget::{Budget, size};
use super::key::{Sense, order, order_by_size};
use super::tree::{Comparison, Node, Segment, Tree};
use super::typing::{Names, Unnamed};
use super::{Expression, Typing};
use crate::base::Value;

/// What the names in an expression stand for.
pub trait Scope {
    /// The value of a root name (`inputs`, `steps`, `item`, `self`), or none if it stands for nothing here.
    fn root(&self, name: &str) -> Option<Value>;

    /// The declared type of what a path stands for. With it, durations, decimals, timestamps and targets are compared by
    /// value; without it, what the other side of the comparison is counts, and texts are compared as texts.
    fn typing(&self, _path: &[&str]) -> Typing {
        Typing::Unknown
    }
}

/// Why an expression has no value. No variant holds anything but the text of the expression and the words for types.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum EvaluateError {
    /// A name stands for nothing.
    #[error("`{0}` stands for nothing here")]
    Unknown(String),
    /// A value has the wrong type.
    #[error("`{text}` is {found}, where {wanted} is needed")]
    Type {
        /// The part of the expression.
        text: String,
        /// Its type.
        found: &'static str,
        /// The type that is needed.
        wanted: &'static str,
    },
    /// The first or last item of an empty list was asked for.
    #[error("`{0}` is empty and has no such item")]
    Empty(String),
    /// The lists are too long for what is done with them.
    #[error("the expression takes more than {} steps", Expression::STEPS_MAX)]
    TooExpensive,
    /// The texts and lists on the way to the value are too large.
    #[error("the expression makes more than {} bytes", Expression::MADE_MAX)]
    TooLarge,
}

impl Expression {
    /// The most steps of an evaluation: one for each part that is worked out, each item that is looked at, and each 64
    /// bytes that are read.
    pub const STEPS_MAX: usize = Budget::STEPS_MAX;
    /// The largest size of all that an evaluation makes, in bytes. What is only passed on does not count.
    pub const MADE_MAX: usize = Budget::BYTES_MAX;

    /// Its value in a scope. `&&`, `||`, `if`, `default`, `any` and `all` read no further than they must.
    ///
    /// # Errors
    /// A name that stands for nothing, a value of the wrong type, the first or last item of an empty list, or more work
    /// than an expression may be. A checked runbook meets the second only in records whose fields the catalogue does not
    /// declare.
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Value, EvaluateError> {
        self.evaluate_within(scope, &mut Budget::new())
    }

    pub(super) fn evaluate_within(&self, scope: &dyn Scope, budget: &mut Budget) -> Result<Value, EvaluateError> {
        // What is wrong with the types shows where a value is used; here they only tell how values are compared.
        let typings = self.typings(&Declared(scope), &mut Vec::new());
        let mut roots = BTreeMap::new();
        find_roots(self.tree(), scope, &mut roots);
        let guarded = roots.values().any(Value::holds_secret);
        let mut evaluator =
            Evaluator { source: self.source(), roots: &roots, typings: &typings, guarded, bound: Vec::new(), budget };
        evaluator.value(self.tree()).map(Cow::into_owned)
    }
}

/// The declared types of a scope.
struct Declared<'a>(&'a dyn Scope);

impl Names for Declared<'_> {
    fn typing(&self, path: &[&str]) -> Result<Typing, Unnamed> {
        Ok(self.0.typing(path))
    }
}

/// Looks every first name of a path up, once.
fn find_roots<'a>(tree: &'a Tree, scope: &dyn Scope, roots: &mut BTreeMap<&'a str, Value>) {
    match &tree.node {
        Node::Literal(_) => {}
        Node::Path(segments) => {
            if let Some(Segment { name, .. }) = segments.first()
                && !roots.contains_key(name.as_str())
                && let Some(value) = scope.root(name)
            {
                roots.insert(name, value);
            }
        }
        Node::Call { arguments, .. } => {
            for argument in arguments {
                find_roots(&argument.body, scope, roots);
            }
        }
        Node::Not(inner) => find_roots(inner, scope, roots),
        Node::Compare { left, right, .. } => {
            find_roots(left, scope, roots);
            find_roots(right, scope, roots);
        }
        Node::All(parts) | Node::Any(parts) => {
            for part in parts {
                find_roots(part, scope, roots);
            }
        }
    }
}

/// A value that was found or made, or why there is none.
pub(super) type Found<'a> = Result<Cow<'a, Value>, EvaluateError>;

/// Works the value of an expression out.
pub(super) struct Evaluator<'a> {
    source: &'a str,
    roots: &'a BTreeMap<&'a str, Value>,
    /// The type of each tree, by its number, as far as it is declared.
    typings: &'a [Typing],
    /// Whether there is any secret to look out for.
    guarded: bool,
    /// The bound names that stand for something here, and the items that they stand for.
    pub(super) bound: Vec<(&'a str, Cow<'a, Value>)>,
    pub(super) budget: &'a mut Budget,
}

impl<'a> Evaluator<'a> {
    /// The value of a part, which may be a secret.
    fn value(&mut self, tree: &'a Tree) -> Found<'a> {
        self.budget.steps(1)?;
        match &tree.node {
            Node::Literal(literal) => Ok(Cow::Borrowed(&literal.value)),
            Node::Path(segments) => self.path(tree, segments),
            Node::Call { function, arguments } => self.perform(function, arguments),
            Node::Not(inner) => Ok(boolean(!self.truth(inner)?)),
            Node::Compare { comparison, left, right } => self.compare(*comparison, left, right).map(boolean),
            Node::All(parts) => self.until(parts, false),
            Node::Any(parts) => self.until(parts, true),
        }
    }

    /// `found` as soon as one part is `found`, else its opposite.
    fn until(&mut self, parts: &'a [Tree], found: bool) -> Found<'a> {
        for part in parts {
            if self.truth(part)? == found {
                return Ok(boolean(found));
            }
        }
        Ok(boolean(!found))
    }

    fn path(&mut self, tree: &Tree, segments: &[Segment]) -> Found<'a> {
        let source = self.source;
        let unknown = || EvaluateError::Unknown(text(source, tree));
        let (root, rest) = segments.split_first().ok_or_else(unknown)?;
        match self.bound.iter().rev().find(|(name, _)| *name == root.name) {
            Some((_, Cow::Borrowed(item))) => field(item, rest).map(Cow::Borrowed).ok_or_else(unknown),
            Some((_, Cow::Owned(item))) => {
                let value = field(item, rest).ok_or_else(unknown)?;
                self.budget.makes(size(value))?;
                Ok(Cow::Owned(value.clone()))
            }
            None => {
                let root = self.roots.get(root.name.as_str()).ok_or_else(unknown)?;
                field(root, rest).map(Cow::Borrowed).ok_or_else(unknown)
            }
        }
    }

    fn compare(&mut self, comparison: Comparison, left: &'a Tree, right: &'a Tree) -> Result<bool, EvaluateError> {
        let (one, other) = (self.open(left)?, self.open(right)?);
        self.budget.reads(size(&one).min(size(&other)))?;
        let sense = self.sense(left).with(self.sense(right));
        let found = if comparison.orders() { order_by_size } else { order }(&one, &other, sense);
        let Some(found) = found else {
            return Err(self.incomparable(comparison, (left, &one), (right, &other), sense));
        };
        Ok(match comparison {
            Comparison::Equal => found == Ordering::Equal,
            Comparison::NotEqual => found != Ordering::Equal,
            Comparison::Less => found == Ordering::Less,
            Comparison::LessOrEqual => found != Ordering::Greater,
            Comparison::Greater => found == Ordering::Greater,
            Comparison::GreaterOrEqual => found != Ordering::Less,
        })
    }

    fn incomparable(
        &self,
        comparison: Comparison,
        (left, one): (&Tree, &Value),
        (right, other): (&Tree, &Value),
        sense: Sense,
    ) -> EvaluateError {
        let none = |value: &Value| super::key::Key::of(value, sense).is_none();
        match (none(one), none(other)) {
            (true, _) => self.mistyped(left, one, sense.wanted()),
            (_, true) => self.mistyped(right, other, sense.wanted()),
            _ if comparison.orders() => {
                self.mistyped(left, one, "a number, duration or timestamp, as on the other side,")
            }
            _ => self.mistyped(right, other, described(one)),
        }
    }

    /// A value that may be looked at.
    pub(super) fn open(&mut self, tree: &'a Tree) -> Found<'a> {
        let value = self.value(tree)?;
        if self.guarded {
            self.budget.reads(size(&value))?;
            if value.holds_secret() {
                return Err(self.mistyped(tree, &value, "a value that may be seen"));
            }
        }
        Ok(value)
    }

    pub(super) fn truth(&mut self, tree: &'a Tree) -> Result<bool, EvaluateError> {
        match self.open(tree)?.as_ref() {
            Value::Boolean(value) => Ok(*value),
            other => Err(self.mistyped(tree, other, "a boolean")),
        }
    }

    /// How the values of a part, or the items of its list, are compared.
    pub(super) fn sense(&self, tree: &Tree) -> Sense {
        self.typings.get(tree.id).map_or(Sense::Unknown, Sense::of)
    }

    pub(super) fn sense_of_items(&self, tree: &Tree) -> Sense {
        match self.typings.get(tree.id) {
            Some(Typing::List(item)) => Sense::of(item),
            _ => Sense::Unknown,
        }
    }

    pub(super) fn mistyped(&self, tree: &Tree, found: &Value, wanted: &'static str) -> EvaluateError {
        EvaluateError::Type { text: self.text(tree), found: described(found), wanted }
    }

    pub(super) fn text(&self, tree: &Tree) -> String {
        text(self.source, tree)
    }
}

/// A part as it is written.
fn text(source: &str, tree: &Tree) -> String {
    source.get(tree.at.clone()).unwrap_or(source).to_owned()
}

pub(super) const fn boolean<'a>(value: bool) -> Cow<'a, Value> {
    Cow::Owned(Value::Boolean(value))
}

/// What stands in a value at the end of a path.
fn field<'v>(value: &'v Value, path: &[Segment]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, segment| value.field(&segment.name))
}

/// What a value is, as it stands after "is".
pub(super) const fn described(value: &Value) -> &'static str {
    match value {
        Value::Boolean(_) => "a boolean",
        Value::Integer(_) => "an integer",
        Value::Text(_) => "a string",
        Value::List(_) => "a list",
        Value::Secret { .. } => "a secret",
        Value::Record(_) => "a record",
    }
}
