use std::collections::BTreeMap;

use super::bind::declared;
use crate::base::Value;
use crate::runbook::{EvaluateError, Expression, Runbook, Scope, Typing};

/// What will be known later: what it is called, and the steps after which it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Later {
    /// The expression, with every step by its whole path: `steps.before.outputs.current`.
    pub label: String,
    /// The steps' paths, in the order in which they are named.
    pub after: Vec<String>,
}

/// A value, or what will be known later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// It is known.
    Now(Value),
    /// It is not.
    Later(Later),
}

/// What an expression comes to before anything has run.
pub(super) enum Worked {
    /// It has this value.
    Value(Value),
    /// It will have one later.
    Later(Later),
    /// It has none, and never will.
    Wrong(String),
}

/// What the names in expressions stand for before anything has run. No step has given anything yet, so `steps` and
/// `self` stand for nothing: what needs them is [`Later`], never a guess.
pub(super) struct Known<'a> {
    values: Value,
    inputs: &'a BTreeMap<String, Given>,
    item: Option<Given>,
    /// What stands before the steps' names of this runbook: nothing, or `outer/`.
    prefix: &'a str,
    itself: &'a str,
    runbook: &'a Runbook,
}

impl<'a> Known<'a> {
    /// The names of a runbook whose steps' paths begin with `prefix`; `itself` is the path of the step that asks.
    pub(super) fn new(
        runbook: &'a Runbook,
        inputs: &'a BTreeMap<String, Given>,
        prefix: &'a str,
        itself: &'a str,
    ) -> Self {
        let known = inputs.iter().filter_map(|(name, given)| match given {
            Given::Now(value) => Some((name.clone(), value.clone())),
            Given::Later(_) => None,
        });
        Self { values: Value::Record(known.collect()), inputs, item: None, prefix, itself, runbook }
    }

    /// The same inside an item of a `for_each`.
    pub(super) fn with_item(&self, item: Option<Given>) -> Self {
        Self { values: self.values.clone(), item, ..*self }
    }

    /// Works an expression out, as far as that goes.
    pub(super) fn work(&self, expression: &Expression) -> Worked {
        match expression.evaluate(self) {
            // `default` takes a name that stands for nothing yet for one that is absent, which would be a guess.
            Ok(_) if expression.source().contains("default") && self.is_later(expression.source()) => {
                Worked::Later(self.later(expression.source()))
            }
            Ok(value) => Worked::Value(value),
            Err(EvaluateError::Unknown(_)) => Worked::Later(self.later(expression.source())),
            Err(why) => Worked::Wrong(why.to_string()),
        }
    }

    /// Whether an expression names something that is not known yet.
    fn is_later(&self, source: &str) -> bool {
        parts(source).into_iter().any(|part| {
            let Part::Path(path) = part else { return false };
            let mut names = path.split('.');
            match (names.next(), names.next()) {
                (Some("steps" | "self"), _) => true,
                (Some("item"), _) => matches!(self.item, Some(Given::Later(_))),
                (Some("inputs"), Some(name)) => matches!(self.inputs.get(name), Some(Given::Later(_))),
                _ => false,
            }
        })
    }

    /// What an expression is called, and which steps it waits for.
    fn later(&self, source: &str) -> Later {
        if let (Some(Given::Later(later)), _) | (_, Some(Given::Later(later))) = (
            self.item.as_ref().filter(|_| source == "item"),
            source.strip_prefix("inputs.").and_then(|name| self.inputs.get(name)),
        ) {
            return later.clone();
        }
        let mut later = Later::default();
        let after = |path: String, known: &mut Later| {
            if !known.after.contains(&path) {
                known.after.push(path);
            }
        };
        for part in parts(source) {
            match part {
                Part::Path(names) => {
                    let mut names: Vec<String> = names.split('.').map(str::to_owned).collect();
                    match (names[0].as_str(), names.get(1).cloned()) {
                        ("steps", Some(step)) => {
                            names[1] = format!("{}{step}", self.prefix);
                            after(names[1].clone(), &mut later);
                        }
                        ("self", Some(_)) => {
                            names.splice(..1, ["steps".to_owned(), self.itself.to_owned()]);
                            after(self.itself.to_owned(), &mut later);
                        }
                        ("inputs", Some(input)) => {
                            if let Some(Given::Later(input)) = self.inputs.get(&input) {
                                input.after.iter().for_each(|path| after(path.clone(), &mut later));
                            }
                        }
                        ("item", _) => {
                            if let Some(Given::Later(item)) = &self.item {
                                item.after.iter().for_each(|path| after(path.clone(), &mut later));
                            }
                        }
                        _ => {}
                    }
                    later.label.push_str(&names.join("."));
                }
                Part::Other(text) => later.label.push_str(text),
            }
        }
        later
    }
}

impl Scope for Known<'_> {
    fn root(&self, name: &str) -> Option<Value> {
        match (name, &self.item) {
            ("inputs", _) => Some(self.values.clone()),
            ("item", Some(Given::Now(item))) => Some(item.clone()),
            _ => None,
        }
    }

    fn typing(&self, path: &[&str]) -> Typing {
        declared(self.runbook, path)
    }
}

/// A piece of an expression's text.
enum Part<'a> {
    /// Names with dots between them, outside quotes.
    Path(&'a str),
    /// Whatever else.
    Other(&'a str),
}

fn parts(source: &str) -> Vec<Part<'_>> {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
    let mut parts = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let (length, is_path) = match first {
            '\'' | '"' => (rest[1..].find(first).map_or(rest.len(), |end| end + 2), false),
            first if first.is_ascii_alphabetic() => (rest.find(|letter| !is_name(letter)).unwrap_or(rest.len()), true),
            first => (first.len_utf8(), false),
        };
        let (part, after) = rest.split_at(length);
        parts.push(if is_path { Part::Path(part) } else { Part::Other(part) });
        rest = after;
    }
    parts
}
