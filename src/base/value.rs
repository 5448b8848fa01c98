use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::SecretRef;

/// What flows between inputs, steps and outputs. There is no floating point, and a secret is only ever a reference.
///
/// In JSON a value is written plainly; a secret is `{"$secret": {…}}`, a key that no record can have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number of at most 53 bits.
    Integer(i64),
    /// Text.
    Text(String),
    /// Values in order.
    List(Vec<Value>),
    /// A reference to a secret.
    Secret {
        /// Where the secret is to be had.
        #[serde(rename = "$secret")]
        secret: SecretRef,
    },
    /// Named fields; the names are ours (`[a-z][a-z0-9_]*`), never foreign data.
    Record(BTreeMap<String, Value>),
}

impl Value {
    /// Text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A record of the given fields.
    pub fn record<const N: usize>(fields: [(&str, Value); N]) -> Self {
        Self::Record(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// The text, if this is text.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The items, if this is a list.
    pub fn as_list(&self) -> Option<&[Value]> {
        if let Self::List(items) = self { Some(items) } else { None }
    }

    /// A field, if this is a record that has it.
    pub fn field(&self, name: &str) -> Option<&Value> {
        if let Self::Record(fields) = self { fields.get(name) } else { None }
    }

    /// The word for this value's type, as the runbook language says it.
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Boolean(_) => "boolean",
            Self::Integer(_) => "integer",
            Self::Text(_) => "string",
            Self::List(_) => "list",
            Self::Secret { .. } => "secret",
            Self::Record(_) => "record",
        }
    }

    /// Tells whether a secret stands anywhere inside.
    pub fn holds_secret(&self) -> bool {
        match self {
            Self::Secret { .. } => true,
            Self::List(items) => items.iter().any(Self::holds_secret),
            Self::Record(fields) => fields.values().any(Self::holds_secret),
            Self::Boolean(_) | Self::Integer(_) | Self::Text(_) => false,
        }
    }
}

impl fmt::Display for Value {
    /// Writes the value for a person: text bare, a target by its name, a secret as its reference.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    item.fmt(f)?;
                }
                Ok(())
            }
            Self::Secret { secret } => secret.fmt(f),
            Self::Record(fields) => match fields.get("name") {
                Some(name) => name.fmt(f),
                None => {
                    for (index, (name, value)) in fields.iter().enumerate() {
                        let separator = if index > 0 { ", " } else { "" };
                        write!(f, "{separator}{name}: {value}")?;
                    }
                    Ok(())
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_survives_json_as_a_reference_and_a_record_stays_a_record() {
        let secret = Value::Secret { secret: SecretRef::Environment { name: "TOKEN".into() } };
        let value = Value::record([("kind", Value::text("environment")), ("inner", secret)]);
        let json = serde_json::to_string(&value).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), value);
        assert!(value.holds_secret());
    }

    #[test]
    fn a_target_is_shown_by_its_name() {
        let app = Value::record([("name", Value::text("chatbot-web")), ("id", Value::text("/subscriptions/…"))]);
        assert_eq!(Value::List(vec![app, Value::Integer(2)]).to_string(), "chatbot-web, 2");
    }
}
