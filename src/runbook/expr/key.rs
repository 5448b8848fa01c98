use std::cmp::Ordering;

use super::Typing;
use crate::base::{Decimal, Span, Timestamp, Value};

/// As what values are compared: texts that stand for something else are compared by that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sense {
    /// As they are.
    Plain,
    /// Nothing is known of them.
    Unknown,
    Decimal,
    Duration,
    Timestamp,
    Target,
}

impl Sense {
    pub(super) const fn of(typing: &Typing) -> Self {
        match typing {
            Typing::Decimal => Self::Decimal,
            Typing::Duration => Self::Duration,
            Typing::Timestamp => Self::Timestamp,
            Typing::Target(_) => Self::Target,
            Typing::Unknown => Self::Unknown,
            _ => Self::Plain,
        }
    }

    /// The sense of a comparison of one with the other: what is known of one side counts for both.
    pub(super) const fn with(self, other: Self) -> Self {
        match (self, other) {
            (Self::Plain | Self::Unknown, Self::Decimal | Self::Duration | Self::Timestamp | Self::Target)
            | (Self::Unknown, Self::Plain) => other,
            _ => self,
        }
    }

    /// What is missing in a value that has no key.
    pub(super) const fn wanted(self) -> &'static str {
        match self {
            Self::Plain | Self::Unknown => "a value that can be compared",
            Self::Decimal => "a decimal",
            Self::Duration => "a duration",
            Self::Timestamp => "a timestamp",
            Self::Target => "a target",
        }
    }
}

/// What a value is compared by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key<'a> {
    Boolean(bool),
    Integer(i64),
    Decimal(Decimal),
    Duration(Span),
    Timestamp(Timestamp),
    Text(&'a str),
    /// A resource id in lower case.
    Target(String),
    Whole(&'a Value),
}

impl<'a> Key<'a> {
    /// The key of a value, if it has one in that sense.
    pub(super) fn of(value: &'a Value, sense: Sense) -> Option<Self> {
        let text = value.as_text();
        match (sense, value) {
            // JSON has no other whole numbers; what is a decimal in one answer may be an integer in the next.
            (Sense::Decimal, Value::Integer(number)) => Some(Self::Decimal(Decimal::from(*number))),
            (Sense::Decimal, _) => Decimal::parse(text?).ok().map(Self::Decimal),
            (Sense::Duration, _) => Span::parse(text?).ok().map(Self::Duration),
            (Sense::Timestamp, _) => text?.parse().ok().map(Self::Timestamp),
            (Sense::Target, _) => value.field("id")?.as_text().map(str::to_ascii_lowercase).map(Self::Target),
            (Sense::Plain | Sense::Unknown, Value::Boolean(value)) => Some(Self::Boolean(*value)),
            (Sense::Plain | Sense::Unknown, Value::Integer(number)) => Some(Self::Integer(*number)),
            (Sense::Plain | Sense::Unknown, Value::Text(text)) => Some(Self::Text(text)),
            (Sense::Plain | Sense::Unknown, Value::List(_) | Value::Record(_)) => Some(Self::Whole(value)),
            (Sense::Plain | Sense::Unknown, Value::Secret { .. }) => None,
        }
    }

    /// The order of two keys of one kind; there is none between others.
    pub(super) fn order(&self, other: &Self) -> Option<Ordering> {
        (std::mem::discriminant(self) == std::mem::discriminant(other)).then(|| self.cmp(other))
    }

    /// Tells whether `<` has a meaning for it.
    const fn is_ordered(&self) -> bool {
        matches!(self, Self::Integer(_) | Self::Decimal(_) | Self::Duration(_) | Self::Timestamp(_))
    }
}

/// Compares two values by what they are the same of; none if they are of different kinds.
pub(super) fn order(one: &Value, other: &Value, sense: Sense) -> Option<Ordering> {
    let among = |sense| Key::of(one, sense)?.order(&Key::of(other, sense)?);
    among(sense).or_else(|| match (one, other) {
        // A number of unknown type may come as an integer or as decimal text.
        (Value::Integer(_), Value::Text(_)) | (Value::Text(_), Value::Integer(_)) if loose(sense) => {
            among(Sense::Decimal)
        }
        _ => None,
    })
}

/// As [`order`], but only of numbers, durations and timestamps. Where the type is not known, what both texts are counts.
pub(super) fn order_by_size(one: &Value, other: &Value, sense: Sense) -> Option<Ordering> {
    if loose(sense) && (one.as_text().is_some() || other.as_text().is_some()) {
        return [Sense::Decimal, Sense::Duration, Sense::Timestamp]
            .into_iter()
            .find_map(|sense| Key::of(one, sense)?.order(&Key::of(other, sense)?));
    }
    let (one, other) = (Key::of(one, sense)?, Key::of(other, sense)?);
    if one.is_ordered() { one.order(&other) } else { None }
}

const fn loose(sense: Sense) -> bool {
    matches!(sense, Sense::Plain | Sense::Unknown)
}
