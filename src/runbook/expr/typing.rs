use std::fmt;

use crate::base::did_you_mean;
use crate::effect::{TargetKind, Type};
use crate::runbook::{Code, FieldKind, ParameterType};

/// What is known of a value's type before it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typing {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// A number that need not be whole, as decimal text.
    Decimal,
    /// `true` or `false`.
    Boolean,
    /// A length of time, as text.
    Duration,
    /// A moment, as text.
    Timestamp,
    /// A reference to a secret.
    Secret,
    /// A resource: a record of `name`, `id` and, where it has one, `url`.
    Target(TargetKind),
    /// A record; what is in it is not declared.
    Record,
    /// A list of such items.
    List(Box<Typing>),
    /// It stands in a record whose fields are not declared, or something is wrong with it already.
    Unknown,
}

impl Typing {
    /// A list of such items.
    pub fn list(item: impl Into<Self>) -> Self {
        Self::List(Box::new(item.into()))
    }

    /// Tells whether a value of this type can be taken for one of type `wanted`.
    pub fn fits(&self, wanted: impl Into<Self>) -> bool {
        self.can_be(&wanted.into())
    }

    pub(super) fn can_be(&self, wanted: &Self) -> bool {
        match (self, wanted) {
            // Decimals, moments and lengths of time are texts that have been looked at, and a target is a record.
            (Self::Unknown, _)
            | (_, Self::Unknown)
            | (Self::Target(_), Self::Record)
            | (Self::Decimal | Self::Timestamp | Self::Duration, Self::String) => true,
            (Self::List(own), Self::List(wanted)) => own.can_be(wanted),
            (own, wanted) => own == wanted,
        }
    }

    /// The type of a value that is of either type, if there is one.
    pub(super) fn common(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::Unknown, _) | (_, Self::Unknown) => Some(Self::Unknown),
            (Self::List(one), Self::List(other)) => one.common(other).map(Self::list),
            (one, other) if one.can_be(other) => Some(other.clone()),
            (one, other) if other.can_be(one) => Some(one.clone()),
            _ => None,
        }
    }

    /// Tells whether it is, or may hold, a secret.
    pub fn is_secret(&self) -> bool {
        match self {
            Self::Secret => true,
            Self::List(item) => item.is_secret(),
            _ => false,
        }
    }

    /// Tells whether `==` has a meaning for it.
    pub(super) const fn is_comparable(&self) -> bool {
        !matches!(self, Self::Record | Self::List(_) | Self::Secret)
    }

    /// Tells whether `<` has a meaning for it.
    pub(super) const fn is_ordered(&self) -> bool {
        matches!(self, Self::Integer | Self::Decimal | Self::Duration | Self::Timestamp | Self::Unknown)
    }

    /// Tells whether it can stand inside text.
    pub(super) const fn is_plain(&self) -> bool {
        self.is_ordered() || matches!(self, Self::String | Self::Boolean)
    }

    /// The type of what stands in a value of this type at the end of a path; unknown if nothing does.
    #[must_use]
    pub fn along(self, path: &[&str]) -> Self {
        self.descend(path, 0).unwrap_or(Self::Unknown)
    }

    /// The type at the end of a path whose first `at` names lead to a value of this type.
    ///
    /// # Errors
    /// The name that stands for nothing.
    pub(crate) fn descend(self, path: &[&str], at: usize) -> Result<Self, Unnamed> {
        const FIELDS: [&str; 3] = ["name", "id", "url"];
        // Of any resource only what Resource Manager knows of all is known.
        let fields = if self == Self::Target(TargetKind::Resource) { &FIELDS[..2] } else { &FIELDS[..] };
        let Some(field) = path.get(at) else { return Ok(self) };
        let unnamed = |message, help| Unnamed { segment: at, code: Code::Operand, message, help };
        match self {
            Self::Target(_) if fields.contains(field) => Self::String.descend(path, at + 1),
            Self::Target(_) => {
                let help = match did_you_mean(field, fields.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("its fields are {}", crate::runbook::fields::list(fields.iter().copied())),
                };
                Err(unnamed(format!("{self} has no field `{field}`"), Some(help)))
            }
            Self::Record | Self::Unknown => Ok(Self::Unknown),
            _ => {
                let text = path.get(..at).unwrap_or_default().join(".");
                let help = match self {
                    Self::List(_) => {
                        Some(format!("write `first({text})`, or `map({text}, name => name.{field})` for all of them"))
                    }
                    _ => None,
                };
                Err(unnamed(format!("`{text}` is {self} and has no fields"), help))
            }
        }
    }

    /// The word, without an article.
    fn word(&self) -> String {
        match self {
            Self::String => "string".to_owned(),
            Self::Integer => "integer".to_owned(),
            Self::Decimal => "decimal".to_owned(),
            Self::Boolean => "boolean".to_owned(),
            Self::Duration => "duration".to_owned(),
            Self::Timestamp => "timestamp".to_owned(),
            Self::Secret => "secret".to_owned(),
            Self::Target(kind) => kind.to_string(),
            Self::Record => "record".to_owned(),
            Self::List(item) => format!("list of {}", item.word()),
            Self::Unknown => "unknown type".to_owned(),
        }
    }
}

impl fmt::Display for Typing {
    /// Writes what stands after "is": `a string`, `an integer`, `a list of webapp`, `of unknown type`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.word();
        let before = match self {
            Self::Unknown => "of",
            _ if word.starts_with(['a', 'e', 'i', 'o']) => "an",
            _ => "a",
        };
        write!(f, "{before} {word}")
    }
}

impl From<Type> for Typing {
    fn from(kind: Type) -> Self {
        match kind {
            Type::String => Self::String,
            Type::Integer => Self::Integer,
            Type::Decimal => Self::Decimal,
            Type::Boolean => Self::Boolean,
            Type::Duration => Self::Duration,
            Type::Timestamp => Self::Timestamp,
            Type::Secret => Self::Secret,
            Type::Target(kind) => Self::Target(kind),
            Type::Record => Self::Record,
            Type::List(item) => Self::list(*item),
        }
    }
}

impl From<&ParameterType> for Typing {
    /// The type of the inputs of a parameter.
    fn from(kind: &ParameterType) -> Self {
        match kind {
            ParameterType::String { .. } => Self::String,
            ParameterType::Integer { .. } => Self::Integer,
            ParameterType::Decimal { .. } => Self::Decimal,
            ParameterType::Boolean => Self::Boolean,
            ParameterType::Duration { .. } => Self::Duration,
            ParameterType::Timestamp => Self::Timestamp,
            ParameterType::Secret => Self::Secret,
            ParameterType::Target { of } => Self::Target(*of),
            ParameterType::List { of, .. } => Self::list(&**of),
        }
    }
}

impl From<&FieldKind> for Typing {
    /// The type of the output that a person's answer becomes.
    fn from(kind: &FieldKind) -> Self {
        match kind {
            FieldKind::String { .. } | FieldKind::Choice { .. } | FieldKind::Date => Self::String,
            FieldKind::Number { .. } => Self::Decimal,
            FieldKind::Timestamp => Self::Timestamp,
            FieldKind::Secret => Self::Secret,
            FieldKind::Evidence => Self::Record,
        }
    }
}

impl From<&Self> for Typing {
    fn from(typing: &Self) -> Self {
        typing.clone()
    }
}

/// What the paths of an expression stand for before a run.
pub(crate) trait Names {
    /// The type of a path.
    fn typing(&self, path: &[&str]) -> Result<Typing, Unnamed>;

    /// The same where something else is taken if nothing is there: of what need not be there, only the type counts.
    fn typing_if_there(&self, path: &[&str]) -> Result<Typing, Unnamed> {
        self.typing(path)
    }
}

/// A path that stands for nothing.
#[derive(Debug)]
pub(crate) struct Unnamed {
    /// The name in it that is wrong, counted from 0.
    pub(crate) segment: usize,
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}
