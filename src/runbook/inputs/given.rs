use std::cell::OnceCell;

use super::resolve::is_version;
use crate::base::{Decimal, SecretRef, Timestamp, Value};
use crate::runbook::pattern::Pattern;
use crate::runbook::read::{bounded_span, truth, whole_number};
use crate::runbook::{Length, ParameterType};

/// Why a value does not fit.
#[derive(Debug)]
pub(crate) struct Wrong {
    /// What is wrong, as a sentence without its full stop.
    pub(crate) message: String,
    /// What to write instead.
    pub(crate) help: Option<String>,
}

impl From<String> for Wrong {
    fn from(message: String) -> Self {
        Self { message, help: None }
    }
}

impl Wrong {
    pub(super) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: Some(help.into()) }
    }
}

/// An input as an operator types it; the items of a list stand between commas.
pub(super) fn from_text(kind: &ParameterType, text: &str) -> Result<Value, Wrong> {
    let ParameterType::List { of, length } = kind else { return given(kind, text) };
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    let reader = Reader::new(of);
    has_length(items.map(|item| reader.read(item)).collect::<Result<_, _>>()?, *length)
}

/// A value that an environment or a default supplies: of the right type already, or text that has yet to be read.
pub(super) fn from_value(kind: &ParameterType, value: &Value) -> Result<Value, Wrong> {
    match (kind, value) {
        (ParameterType::List { of, length }, Value::List(items)) => {
            let reader = Reader::new(of);
            has_length(items.iter().map(|item| reader.take(item)).collect::<Result<_, _>>()?, *length)
        }
        (ParameterType::List { .. }, Value::Text(text)) => from_text(kind, text),
        _ => Reader::new(kind).take(value),
    }
}

/// Reads values of one type; its pattern is made ready once for all of them.
pub(crate) struct Reader<'k> {
    kind: &'k ParameterType,
    pattern: OnceCell<Result<Pattern, String>>,
}

impl<'k> Reader<'k> {
    /// Of that type; of a list's items where it is no list that is read.
    pub(crate) const fn new(kind: &'k ParameterType) -> Self {
        Self { kind, pattern: OnceCell::new() }
    }

    /// The type.
    pub(crate) const fn kind(&self) -> &'k ParameterType {
        self.kind
    }

    /// One value, of the right type already or as text.
    fn take(&self, value: &Value) -> Result<Value, Wrong> {
        match (self.kind, value) {
            (_, Value::Text(text)) => self.read(text),
            (_, Value::Integer(number)) => self.read(&number.to_string()),
            (_, Value::Boolean(truth)) => self.read(&truth.to_string()),
            // Another input: the checker has seen that it is of the same type.
            (ParameterType::Secret, Value::Secret { .. }) | (ParameterType::Target { .. }, Value::Record(_)) => {
                Ok(value.clone())
            }
            (kind, other) => Err(format!("it is a {}, where {} is needed", other.type_name(), described(kind)).into()),
        }
    }

    /// Whether a text matches the pattern of the type, if it has one.
    fn matches(&self, wanted: &str, text: &str) -> Result<bool, Wrong> {
        match self.pattern.get_or_init(|| Pattern::parse(wanted)) {
            Ok(pattern) => Ok(pattern.matches(text)),
            Err(why) => Err(why.clone().into()),
        }
    }
}

/// Reads a value of a type where no environment is at hand: text as an operator types it, or a value that fits already.
/// Targets stay names, and of references to secrets only those to an environment variable can be had.
///
/// # Errors
/// A sentence that says what does not fit.
pub(crate) fn read_value(kind: &ParameterType, value: &Value) -> Result<Value, String> {
    let read = from_value(kind, value).map_err(|wrong| match wrong.help {
        Some(help) => format!("{}; {help}", wrong.message),
        None => wrong.message,
    })?;
    match (kind, &read) {
        (ParameterType::Secret, Value::Text(_)) => Err("give the secret as `env:NAME`".to_owned()),
        _ => Ok(read),
    }
}

/// Reads one value from text, as [`Reader::read`] does.
pub(crate) fn given(kind: &ParameterType, text: &str) -> Result<Value, Wrong> {
    Reader::new(kind).read(text)
}

impl Reader<'_> {
    /// Reads one value from text. A target stays a name or an id, and a secret of a vault its reference, because the
    /// environment is not known here.
    ///
    /// # Errors
    /// What the text is not. A text that should be a reference to a secret is never repeated.
    pub(crate) fn read(&self, text: &str) -> Result<Value, Wrong> {
        if let ParameterType::String { pattern: Some(wanted), .. } = self.kind
            && !self.matches(wanted, text)?
        {
            return Err(format!("`{text}` does not match the pattern `{wanted}`").into());
        }
        plain(self.kind, text)
    }
}

/// The same without the pattern.
fn plain(kind: &ParameterType, text: &str) -> Result<Value, Wrong> {
    match kind {
        ParameterType::String { choices, length, .. } => string(text, choices, *length),
        ParameterType::Integer { min, max } => {
            let number = whole_number(text).ok_or_else(|| format!("`{text}` is not a whole number"))?;
            within(number, *min, *max)?;
            Ok(Value::Integer(number))
        }
        ParameterType::Decimal { min, max } => {
            let number = Decimal::parse(text)?;
            within(number, *min, *max)?;
            Ok(Value::text(number.to_string()))
        }
        ParameterType::Boolean => {
            let truth = truth(text).ok_or_else(|| format!("`{text}` is neither `true` nor `false`"))?;
            Ok(Value::Boolean(truth))
        }
        ParameterType::Duration { min, max } => {
            within(bounded_span(text)?, *min, *max)?;
            Ok(Value::text(text))
        }
        ParameterType::Timestamp => {
            let help = "write for example `2026-11-20T03:10:00Z`, with its offset from UTC";
            let moment = text.parse::<Timestamp>();
            let moment = moment.map_err(|_| Wrong::new(format!("`{text}` is not a moment (RFC 3339)"), help))?;
            Ok(Value::text(moment.to_string()))
        }
        ParameterType::Secret => reference(text),
        ParameterType::Target { .. } if text.trim().is_empty() => {
            Err("the name of a resource is empty".to_owned().into())
        }
        ParameterType::Target { .. } => Ok(Value::text(text.trim())),
        ParameterType::List { .. } => Err(format!("`{text}` is not a list").into()),
    }
}

fn string(text: &str, choices: &[String], length: Option<Length>) -> Result<Value, Wrong> {
    if !choices.is_empty() && !choices.iter().any(|choice| choice == text) {
        let choices = crate::runbook::fields::list(choices.iter().map(String::as_str));
        return Err(format!("`{text}` is not one of {choices}").into());
    }
    counted(text.chars().count(), length, "character")?;
    Ok(Value::text(text))
}

fn within<T: PartialOrd + Copy + std::fmt::Display>(
    found: T,
    least: Option<T>,
    largest: Option<T>,
) -> Result<(), Wrong> {
    match (least, largest) {
        (Some(least), _) if found < least => Err(format!("{found} is less than {least}").into()),
        (_, Some(largest)) if found > largest => Err(format!("{found} is more than {largest}").into()),
        _ => Ok(()),
    }
}

/// The items as a list, if there are as many as there may be.
pub(crate) fn has_length(items: Vec<Value>, length: Option<Length>) -> Result<Value, Wrong> {
    counted(items.len(), length, "item")?;
    Ok(Value::List(items))
}

fn counted(found: usize, length: Option<Length>, what: &str) -> Result<(), Wrong> {
    let Some(Length { min, max }) = length else { return Ok(()) };
    let is = |bound: Option<u32>| bound.map(|bound| bound as usize);
    let plural = if found == 1 { "" } else { "s" };
    match (is(min), is(max)) {
        (Some(least), _) if found < least => {
            Err(format!("it has {found} {what}{plural}, and needs at least {least}").into())
        }
        (_, Some(largest)) if found > largest => {
            Err(format!("it has {found} {what}{plural}, and may have {largest}").into())
        }
        _ => Ok(()),
    }
}

/// Tells whether a text has the shape of a reference to a secret: it says where one is kept, and is none.
pub fn is_reference(text: &str) -> bool {
    reference(text).is_ok()
}

/// `env:NAME`, or `VAULT/SECRET@VERSION`, which stays text until the vault is known.
fn reference(text: &str) -> Result<Value, Wrong> {
    let text = text.trim();
    if let Some(name) = text.strip_prefix("env:") {
        // POSIX.1-2024 §8.1, for portable names; lower-case letters are allowed as everywhere.
        let fine = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let is_name =
            name.len() <= 128 && name.bytes().all(fine) && !name.starts_with(|first: char| first.is_ascii_digit());
        if is_name && !name.is_empty() {
            return Ok(Value::Secret { secret: SecretRef::Environment { name: name.to_owned() } });
        }
    } else if is_version(text) {
        return Ok(Value::text(text));
    }
    Err(Wrong::new(
        "it is not a reference to a secret",
        "write `env:NAME` for an environment variable, or `VAULT/SECRET@VERSION` with the version's 32 digits; if a secret \
         itself was written there, rotate it",
    ))
}

fn described(kind: &ParameterType) -> String {
    match kind {
        ParameterType::String { .. } => "a string".to_owned(),
        ParameterType::Integer { .. } => "an integer".to_owned(),
        ParameterType::Decimal { .. } => "a decimal".to_owned(),
        ParameterType::Boolean => "a boolean".to_owned(),
        ParameterType::Duration { .. } => "a duration".to_owned(),
        ParameterType::Timestamp => "a timestamp".to_owned(),
        ParameterType::Secret => "a reference to a secret".to_owned(),
        ParameterType::Target { of } => format!("a {of}"),
        ParameterType::List { of, .. } => format!("a list, each item {}", described(of)),
    }
}
