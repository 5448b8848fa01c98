use std::borrow::Cow;
use std::collections::BTreeSet;

use super::budget::size;
use super::evaluate::{Evaluator, Found, boolean};
use super::function::Act;
use super::key::{Key, order};
use super::tree::{Argument, Tree};
use super::{EvaluateError, Function};
use crate::base::{Span, Timestamp, Value};

/// The items of a list, found or made.
type Items<'a> = Vec<Cow<'a, Value>>;

impl<'a> Evaluator<'a> {
    /// What a function gives.
    pub(super) fn perform(&mut self, function: &Function, arguments: &'a [Argument]) -> Found<'a> {
        let bodies: Vec<&'a Tree> = arguments.iter().map(|argument| &argument.body).collect();
        // The parser has counted the arguments.
        match (function.act, bodies.as_slice()) {
            (Act::If, &[condition, value, otherwise]) => {
                if self.truth(condition)? {
                    self.open(value)
                } else {
                    self.open(otherwise)
                }
            }
            (Act::Default, &[value, otherwise]) => match self.open(value) {
                Err(EvaluateError::Unknown(_) | EvaluateError::Empty(_)) => self.open(otherwise),
                found => found,
            },
            (Act::Contains, &[whole, part]) => self.contains(whole, part),
            (Act::Length, &[whole]) => self.length(whole),
            (Act::First, &[list]) => self.items(list)?.into_iter().next().ok_or_else(|| self.empty(list)),
            (Act::Last, &[list]) => self.items(list)?.pop().ok_or_else(|| self.empty(list)),
            (Act::Sort, &[list]) => self.sort(list),
            (Act::Unique, &[list]) => self.unique(list),
            (Act::Join, &[list, separator]) => self.join(list, separator),
            (Act::Split, &[text, separator]) => self.split(text, separator),
            (Act::Lower, &[text]) => {
                let text = self.read(text)?;
                // A letter may take three times as many bytes in lower case.
                self.budget.makes(text.len() * 3)?;
                Ok(Cow::Owned(Value::Text(text.to_lowercase())))
            }
            (Act::StartsWith, &[text, start]) => Ok(boolean(self.read(text)?.starts_with(self.read(start)?.as_ref()))),
            (Act::EndsWith, &[text, end]) => Ok(boolean(self.read(text)?.ends_with(self.read(end)?.as_ref()))),
            (Act::Before, &[moment, span]) => self.moved(moment, span, Timestamp::before),
            (Act::After, &[moment, span]) => self.moved(moment, span, Timestamp::after),
            (Act::Filter, &[list, _]) => self.filter(list, &arguments[1]),
            (Act::Map, &[list, _]) => self.map(list, &arguments[1]),
            (Act::Any, &[list, _]) => self.until_item(list, &arguments[1], true),
            (Act::All, &[list, _]) => self.until_item(list, &arguments[1], false),
            _ => Err(EvaluateError::Unknown(function.usage.to_owned())),
        }
    }

    fn contains(&mut self, whole: &'a Tree, part: &'a Tree) -> Found<'a> {
        let (value, wanted) = (self.open(whole)?, self.open(part)?);
        self.budget.reads(size(&value))?;
        match value.as_ref() {
            Value::Text(text) => match wanted.as_ref() {
                Value::Text(wanted) => Ok(boolean(text.contains(wanted.as_str()))),
                other => Err(self.mistyped(part, other, "a string")),
            },
            Value::List(items) => {
                self.budget.steps(items.len())?;
                let sense = self.sense_of_items(whole).with(self.sense(part));
                for item in items {
                    let Some(found) = order(item, &wanted, sense) else {
                        let wrong = Key::of(&wanted, sense).is_none();
                        let (tree, value) = if wrong { (part, wanted.as_ref()) } else { (whole, value.as_ref()) };
                        return Err(self.mistyped(tree, value, "a value of the same type as the other argument"));
                    };
                    if found.is_eq() {
                        return Ok(boolean(true));
                    }
                }
                Ok(boolean(false))
            }
            other => Err(self.mistyped(whole, other, "a list or a string")),
        }
    }

    fn length(&mut self, whole: &'a Tree) -> Found<'a> {
        let value = self.open(whole)?;
        let length = match value.as_ref() {
            Value::List(items) => items.len(),
            Value::Text(text) => {
                self.budget.reads(text.len())?;
                text.chars().count()
            }
            other => return Err(self.mistyped(whole, other, "a list or a string")),
        };
        Ok(Cow::Owned(Value::Integer(i64::try_from(length).unwrap_or(i64::MAX))))
    }

    fn sort(&mut self, list: &'a Tree) -> Found<'a> {
        let (items, sense) = (self.items(list)?, self.sense_of_items(list));
        self.read_all(&items)?;
        let mut keyed = Vec::with_capacity(items.len());
        for item in &items {
            let key =
                Key::of(item, sense).filter(|key| !matches!(key, Key::Boolean(_) | Key::Whole(_) | Key::Target(_)));
            let Some(key) = key else { return Err(self.mixed(list)) };
            keyed.push((key, item));
        }
        if keyed.windows(2).any(|pair| pair[0].0.order(&pair[1].0).is_none()) {
            return Err(self.mixed(list));
        }
        keyed.sort_by(|(one, _), (other, _)| one.cmp(other));
        let sorted: Items<'a> = keyed.into_iter().map(|(_, item)| item.clone()).collect();
        self.list(sorted)
    }

    fn unique(&mut self, list: &'a Tree) -> Found<'a> {
        let (items, sense) = (self.items(list)?, self.sense_of_items(list));
        self.read_all(&items)?;
        let (mut seen, mut kept) = (BTreeSet::new(), Vec::new());
        for item in &items {
            let Some(key) = Key::of(item, sense) else { return Err(self.mistyped(list, item, sense.wanted())) };
            if seen.insert(key) {
                kept.push(item.clone());
            }
        }
        self.list(kept)
    }

    fn join(&mut self, list: &'a Tree, separator: &'a Tree) -> Found<'a> {
        let (items, separator) = (self.items(list)?, self.read(separator)?);
        let mut text = String::new();
        for (index, item) in items.iter().enumerate() {
            let piece = match item.as_ref() {
                Value::Text(_) | Value::Integer(_) | Value::Boolean(_) => item.to_string(),
                other => return Err(self.mistyped(list, other, "a list of what can stand inside text")),
            };
            let between = if index > 0 { separator.as_ref() } else { "" };
            self.budget.makes(between.len() + piece.len())?;
            text.push_str(between);
            text.push_str(&piece);
        }
        Ok(Cow::Owned(Value::Text(text)))
    }

    fn split(&mut self, text: &'a Tree, separator: &'a Tree) -> Found<'a> {
        let (text, separator) = (self.read(text)?, self.read(separator)?);
        let mut parts = Vec::new();
        let mut push = |part: &str| {
            let part = Value::text(part);
            self.budget.steps(1)?;
            self.budget.makes(size(&part))?;
            parts.push(part);
            Ok::<(), EvaluateError>(())
        };
        if separator.is_empty() {
            push(&text)?;
        } else {
            text.split(separator.as_ref()).try_for_each(push)?;
        }
        Ok(Cow::Owned(Value::List(parts)))
    }

    fn moved(&mut self, moment: &'a Tree, span: &'a Tree, by: fn(Timestamp, Span) -> Timestamp) -> Found<'a> {
        let (start, length) = (self.read(moment)?, self.read(span)?);
        let wrong = |tree: &Tree, wanted| EvaluateError::Type { text: self.text(tree), found: "a string", wanted };
        let start: Timestamp = start.parse().map_err(|_| wrong(moment, "a timestamp"))?;
        let length = Span::parse(&length).map_err(|_| wrong(span, "a duration"))?;
        Ok(Cow::Owned(Value::Text(by(start, length).to_string())))
    }

    fn filter(&mut self, list: &'a Tree, condition: &'a Argument) -> Found<'a> {
        let mut kept = Vec::new();
        for item in self.items(list)? {
            if let Cow::Owned(item) = &item {
                self.budget.makes(size(item))?;
            }
            if self.with(condition, item.clone(), Self::truth)? {
                kept.push(item);
            }
        }
        self.list(kept)
    }

    fn map(&mut self, list: &'a Tree, value: &'a Argument) -> Found<'a> {
        let mut values = Vec::new();
        for item in self.items(list)? {
            let value = self.with(value, item, Self::open)?;
            self.budget.makes(size(&value))?;
            values.push(value.into_owned());
        }
        Ok(Cow::Owned(Value::List(values)))
    }

    /// `found` as soon as the condition is `found` for an item, else its opposite.
    fn until_item(&mut self, list: &'a Tree, condition: &'a Argument, found: bool) -> Found<'a> {
        for item in self.items(list)? {
            if self.with(condition, item, Self::truth)? == found {
                return Ok(boolean(found));
            }
        }
        Ok(boolean(!found))
    }

    /// Does something with an argument while its name stands for an item.
    fn with<T>(
        &mut self,
        argument: &'a Argument,
        item: Cow<'a, Value>,
        act: impl FnOnce(&mut Self, &'a Tree) -> Result<T, EvaluateError>,
    ) -> Result<T, EvaluateError> {
        let name = argument.bound.as_ref().map_or("", |bound| bound.name.as_str());
        self.bound.push((name, item));
        let result = act(self, &argument.body);
        self.bound.pop();
        result
    }

    /// The items of a list that may be looked at.
    fn items(&mut self, tree: &'a Tree) -> Result<Items<'a>, EvaluateError> {
        let items: Items<'a> = match self.open(tree)? {
            Cow::Borrowed(Value::List(items)) => items.iter().map(Cow::Borrowed).collect(),
            Cow::Owned(Value::List(items)) => items.into_iter().map(Cow::Owned).collect(),
            other => return Err(self.mistyped(tree, &other, "a list")),
        };
        self.budget.steps(items.len())?;
        Ok(items)
    }

    /// A text that may be looked at.
    fn read(&mut self, tree: &'a Tree) -> Result<Cow<'a, str>, EvaluateError> {
        let text = match self.open(tree)? {
            Cow::Borrowed(Value::Text(text)) => Cow::Borrowed(text.as_str()),
            Cow::Owned(Value::Text(text)) => Cow::Owned(text),
            other => return Err(self.mistyped(tree, &other, "a string")),
        };
        self.budget.reads(text.len())?;
        Ok(text)
    }

    fn read_all(&mut self, items: &Items<'a>) -> Result<(), EvaluateError> {
        items.iter().try_for_each(|item| self.budget.reads(size(item)))
    }

    /// A list of items that were found or made.
    fn list(&mut self, items: Items<'a>) -> Found<'a> {
        items.iter().try_for_each(|item| self.budget.makes(size(item)))?;
        Ok(Cow::Owned(Value::List(items.into_iter().map(Cow::into_owned).collect())))
    }

    fn mixed(&self, list: &Tree) -> EvaluateError {
        let (found, wanted) =
            ("a list of other or several types", "a list of only texts, numbers, durations or timestamps");
        EvaluateError::Type { text: self.text(list), found, wanted }
    }

    fn empty(&self, list: &Tree) -> EvaluateError {
        EvaluateError::Empty(self.text(list))
    }
}
