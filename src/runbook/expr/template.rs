use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::budget::Budget;
use super::evaluate::described;
use super::{EvaluateError, Expression, Flaw, FlawKind, Scope};
use crate::base::Value;

/// Text with holes `${{ expression }}`.
#[derive(Clone)]
pub struct Template {
    source: String,
    parts: Vec<Part>,
}

#[derive(Clone)]
enum Part {
    Text(String),
    /// An expression, and the byte of the template at which it begins.
    Hole(usize, Expression),
}

impl Template {
    /// The largest number of expressions in a text.
    pub const HOLES_MAX: usize = 1_000;

    /// Reads a template.
    ///
    /// # Errors
    /// The byte offset of what is wrong, and a sentence.
    pub fn parse(source: &str) -> Result<Self, (usize, String)> {
        Self::read(source).map_err(|flaw| (flaw.at.start, flaw.message))
    }

    /// Reads a template, with all that a finding needs.
    pub(crate) fn read(source: &str) -> Result<Self, Flaw> {
        let mut parts = Vec::new();
        let mut holes = 0;
        let mut rest = source;
        while let Some((before, after)) = rest.split_once("${{") {
            let at = source.len() - after.len();
            let Some(length) = hole_length(after) else {
                let flaw = Flaw::new(FlawKind::Syntax, at - 3..at, "`${{` has no `}}`");
                return Err(flaw.help("close the expression with `}}`"));
            };
            holes += 1;
            if holes > Self::HOLES_MAX {
                let message = format!("a text has at most {} expressions", Self::HOLES_MAX);
                return Err(Flaw::new(FlawKind::Size, at - 3..at, message).help("split the text"));
            }
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            let inside = &after[..length];
            let lead = inside.len() - inside.trim_start().len();
            parts.push(Part::Hole(at + lead, Expression::read(inside).map_err(|flaw| flaw.moved(at))?));
            rest = &after[length + 2..];
        }
        if !rest.is_empty() || parts.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self { source: source.to_owned(), parts })
    }

    /// The text as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The expressions, each with the byte of the text at which it begins.
    pub fn holes(&self) -> impl Iterator<Item = (usize, &Expression)> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Hole(at, expression) => Some((*at, expression)),
        })
    }

    /// Its pieces in order: text, or an expression.
    pub(super) fn pieces(&self) -> impl Iterator<Item = Result<&str, &Expression>> {
        self.parts.iter().map(|part| match part {
            Part::Text(text) => Ok(text.as_str()),
            Part::Hole(_, expression) => Err(expression),
        })
    }

    /// The expression, if the whole text is one hole: such a template keeps its type.
    pub fn whole(&self) -> Option<(usize, &Expression)> {
        if let [Part::Hole(at, expression)] = self.parts.as_slice() { Some((*at, expression)) } else { None }
    }

    /// The value: a template that is one hole keeps the type of its expression, any other is text.
    ///
    /// # Errors
    /// As [`Expression::evaluate`], for all holes together; and a secret, a list or a record inside text.
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Value, EvaluateError> {
        if let Some((_, expression)) = self.whole() {
            return expression.evaluate(scope);
        }
        let mut budget = Budget::new();
        let mut text = String::new();
        for part in &self.parts {
            let (expression, value) = match part {
                Part::Text(piece) => {
                    text.push_str(piece);
                    continue;
                }
                Part::Hole(_, expression) => (expression, expression.evaluate_within(scope, &mut budget)?),
            };
            if !matches!(value, Value::Text(_) | Value::Integer(_) | Value::Boolean(_)) {
                let (text, found) = (expression.source().to_owned(), described(&value));
                return Err(EvaluateError::Type { text, found, wanted: "text" });
            }
            let piece = value.to_string();
            budget.makes(piece.len())?;
            text.push_str(&piece);
        }
        Ok(Value::Text(text))
    }
}

/// The bytes until the `}}` that closes a hole; one inside a quoted text does not.
fn hole_length(after: &str) -> Option<usize> {
    let mut quote = None;
    for (at, letter) in after.char_indices() {
        match quote {
            Some(open) if open == letter => quote = None,
            None if letter == '\'' || letter == '"' => quote = Some(letter),
            None if after[at..].starts_with("}}") => return Some(at),
            Some(_) | None => {}
        }
    }
    // An unclosed quote is a flaw of the expression, which says so at its place.
    after.find("}}")
}

impl PartialEq for Template {
    /// Two templates are equal if their texts are.
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Template {}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

impl Serialize for Template {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.source)
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let source = String::deserialize(deserializer)?;
        Self::parse(&source).map_err(|(_, why)| de::Error::custom(why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nothing;

    impl Scope for Nothing {
        fn root(&self, _: &str) -> Option<Value> {
            None
        }
    }

    fn value(source: &str) -> Value {
        Template::parse(source).unwrap().evaluate(&Nothing).unwrap()
    }

    #[test]
    fn a_single_hole_keeps_its_type_and_text_around_it_makes_text() {
        assert_eq!(value("${{ 3 }}"), Value::Integer(3));
        assert_eq!(value("n=${{ 3 }}, ${{ true }}"), Value::text("n=3, true"));
        assert_eq!(value(""), Value::text(""));
    }

    #[test]
    fn braces_inside_a_quoted_text_do_not_close_the_hole() {
        assert_eq!(value("${{ '}}' }}!"), Value::text("}}!"));
        assert_eq!(Template::parse("a ${{ 'x }}").unwrap_err().0, 6);
        assert_eq!(Template::parse("a ${{ x").unwrap_err().0, 2);
    }
}
