use thiserror::Error;

use super::Expression;
use super::tree::{Comparison, Function, Node, Segment, Tree};
use crate::base::Value;

/// What the names in an expression stand for.
pub trait Scope {
    /// The value of a root name (`inputs`, `steps`, `item`, `self`), or none if it stands for nothing here.
    fn root(&self, name: &str) -> Option<Value>;
}

/// Why an expression has no value.
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
    /// The first item of an empty list was asked for.
    #[error("`{0}` is empty and has no first item")]
    Empty(String),
}

impl Expression {
    /// Its value in a scope. `&&` and `||` read no further than they must.
    ///
    /// # Errors
    /// A name that stands for nothing, a value of the wrong type, or the first item of an empty list. A checked runbook
    /// meets the second only in records whose fields the catalogue does not declare.
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Value, EvaluateError> {
        Evaluator { source: self.source(), scope }.value(self.tree())
    }
}

struct Evaluator<'a> {
    source: &'a str,
    scope: &'a dyn Scope,
}

impl Evaluator<'_> {
    fn value(&self, tree: &Tree) -> Result<Value, EvaluateError> {
        match &tree.node {
            Node::Text(text) => Ok(Value::text(text)),
            Node::Integer(value) => Ok(Value::Integer(*value)),
            Node::Boolean(value) => Ok(Value::Boolean(*value)),
            Node::Path(segments) => self.path(tree, segments),
            Node::Call { function, arguments } => self.call(*function, arguments),
            Node::Not(inner) => Ok(Value::Boolean(!self.boolean(inner)?)),
            Node::Compare { comparison, left, right } => self.compare(*comparison, left, right).map(Value::Boolean),
            Node::All(parts) => self.until(parts, false),
            Node::Any(parts) => self.until(parts, true),
        }
    }

    /// `found` as soon as one part is `found`, else its opposite.
    fn until(&self, parts: &[Tree], found: bool) -> Result<Value, EvaluateError> {
        for part in parts {
            if self.boolean(part)? == found {
                return Ok(Value::Boolean(found));
            }
        }
        Ok(Value::Boolean(!found))
    }

    fn path(&self, tree: &Tree, segments: &[Segment]) -> Result<Value, EvaluateError> {
        let unknown = || EvaluateError::Unknown(self.text(tree));
        let (root, rest) = segments.split_first().ok_or_else(unknown)?;
        let mut value = self.scope.root(&root.name).ok_or_else(unknown)?;
        for segment in rest {
            value = match value {
                Value::Record(mut fields) => fields.remove(&segment.name).ok_or_else(unknown)?,
                _ => return Err(unknown()),
            };
        }
        Ok(value)
    }

    fn call(&self, function: Function, arguments: &[Tree]) -> Result<Value, EvaluateError> {
        let Some(list) = arguments.first() else { return Err(EvaluateError::Empty(function.usage().to_owned())) };
        let items = self.list(list)?;
        match function {
            Function::Length => Ok(Value::Integer(i64::try_from(items.len()).unwrap_or(i64::MAX))),
            Function::First => items.into_iter().next().ok_or_else(|| EvaluateError::Empty(self.text(list))),
            Function::Contains => {
                let Some(wanted) = arguments.get(1) else { return Err(EvaluateError::Empty(self.text(list))) };
                let value = self.open(wanted)?;
                Ok(Value::Boolean(items.contains(&value)))
            }
        }
    }

    fn compare(&self, comparison: Comparison, left: &Tree, right: &Tree) -> Result<bool, EvaluateError> {
        if comparison.orders() {
            let (left, right) = (self.integer(left)?, self.integer(right)?);
            return Ok(match comparison {
                Comparison::Less => left < right,
                Comparison::LessOrEqual => left <= right,
                Comparison::Greater => left > right,
                Comparison::GreaterOrEqual | Comparison::Equal | Comparison::NotEqual => left >= right,
            });
        }
        let (one, other) = (self.open(left)?, self.open(right)?);
        if one.type_name() != other.type_name() {
            return Err(self.mistyped(right, &other, one.type_name()));
        }
        Ok((one == other) == (comparison == Comparison::Equal))
    }

    /// A value that may be looked at.
    fn open(&self, tree: &Tree) -> Result<Value, EvaluateError> {
        let value = self.value(tree)?;
        if value.holds_secret() { Err(self.mistyped(tree, &value, "a value that may be seen")) } else { Ok(value) }
    }

    fn boolean(&self, tree: &Tree) -> Result<bool, EvaluateError> {
        match self.value(tree)? {
            Value::Boolean(value) => Ok(value),
            other => Err(self.mistyped(tree, &other, "a boolean")),
        }
    }

    fn integer(&self, tree: &Tree) -> Result<i64, EvaluateError> {
        match self.value(tree)? {
            Value::Integer(value) => Ok(value),
            other => Err(self.mistyped(tree, &other, "an integer")),
        }
    }

    fn list(&self, tree: &Tree) -> Result<Vec<Value>, EvaluateError> {
        match self.value(tree)? {
            Value::List(items) => Ok(items),
            other => Err(self.mistyped(tree, &other, "a list")),
        }
    }

    fn mistyped(&self, tree: &Tree, found: &Value, wanted: &'static str) -> EvaluateError {
        EvaluateError::Type { text: self.text(tree), found: found.type_name(), wanted }
    }

    fn text(&self, tree: &Tree) -> String {
        self.source.get(tree.at.clone()).unwrap_or(self.source).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SecretRef;

    struct Fixed;

    impl Scope for Fixed {
        fn root(&self, name: &str) -> Option<Value> {
            let secret = Value::Secret { secret: SecretRef::Environment { name: "TOKEN".into() } };
            let texts = |texts: [&str; 2]| Value::List(texts.map(Value::text).to_vec());
            (name == "inputs").then(|| {
                Value::record([
                    ("app", Value::text("web")),
                    ("count", Value::Integer(3)),
                    ("names", texts(["web", "worker"])),
                    ("none", Value::List(Vec::new())),
                    ("key", secret),
                ])
            })
        }
    }

    fn value(source: &str) -> Result<Value, EvaluateError> {
        Expression::parse(source).unwrap().evaluate(&Fixed)
    }

    #[test]
    fn every_operator_and_function_has_its_meaning() {
        for source in [
            "inputs.app == 'web'",
            "inputs.app != \"we\"\"b\"",
            "inputs.count < 4 && inputs.count <= 3 && inputs.count > 2 && inputs.count >= 3",
            "!(inputs.count == 4) || false",
            "contains(inputs.names, 'worker')",
            "length(inputs.none) == 0",
            "first(inputs.names) == inputs.app",
            "true || inputs.missing",
            "!false && !!true",
            "-3 < 0",
        ] {
            assert_eq!(value(source), Ok(Value::Boolean(true)), "{source}");
        }
        assert_eq!(value("false || true && false"), Ok(Value::Boolean(false)));
    }

    #[test]
    fn what_has_no_value_says_which_part_and_why() {
        assert_eq!(value("inputs.missing"), Err(EvaluateError::Unknown("inputs.missing".into())));
        assert_eq!(value("first(inputs.none)"), Err(EvaluateError::Empty("inputs.none".into())));
        let error = value("true && inputs.app").unwrap_err().to_string();
        assert_eq!(error, "`inputs.app` is string, where a boolean is needed");
    }

    #[test]
    fn a_secret_is_passed_on_whole_and_never_looked_at() {
        assert!(value("inputs.key").unwrap().holds_secret());
        assert!(matches!(value("inputs.key == inputs.key"), Err(EvaluateError::Type { .. })));
        assert!(matches!(value("contains(inputs.names, inputs.key)"), Err(EvaluateError::Type { .. })));
    }

    #[test]
    fn five_thousand_parentheses_are_refused_and_not_followed() {
        assert!(Expression::parse(&"(".repeat(1_900)).unwrap_err().1.contains("levels deep"));
        assert!(Expression::parse(&"!".repeat(1_900)).unwrap_err().1.contains("levels deep"));
        assert!(Expression::parse(&"(".repeat(5_000)).unwrap_err().1.contains("bytes"));
    }

    #[test]
    fn a_flaw_is_at_its_own_byte() {
        for (source, at) in [("inputs.a = 1", 9), ("  inputs.", 9), ("contains(a)", 0), ("a == b == c", 7), ("'x", 0)] {
            assert_eq!(Expression::parse(source).unwrap_err().0, at, "{source}");
        }
    }
}
