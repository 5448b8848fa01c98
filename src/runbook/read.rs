//! Values of one type, read from what the author wrote.

use super::written::{Form, Quoting, Scalar, Written};
use super::{Code, Finding, Findings};
use crate::base::{Span, did_you_mean};

/// The largest whole number that every JSON reader keeps exactly.
const INTEGER_MAX: u64 = (1 << 53) - 1;

/// The longest length of time: longer waits belong into a calendar.
const SPAN_MAX: Span = Span::minutes(366 * 24 * 60);

/// A scalar; `what` says with its article what it is: `a title`.
pub(crate) fn scalar<'w>(written: &'w Written, what: &str, findings: &mut Findings<'_>) -> Option<&'w Scalar> {
    let found = written.scalar();
    if found.is_none() {
        wrong_type(written, what, findings);
    }
    found
}

/// A text that is not blank.
pub(crate) fn text(written: &Written, what: &str, findings: &mut Findings<'_>) -> Option<String> {
    let text = scalar(written, what, findings)?.text.trim();
    if text.is_empty() {
        findings.add(Finding::new(Code::WrongValue, written.place, format!("{what} must not be empty")));
        return None;
    }
    Some(text.to_owned())
}

/// What something is, in a few words on one line.
pub(crate) fn title(written: &Written, findings: &mut Findings<'_>) -> Option<String> {
    let title = text(written, "a title", findings)?;
    let breaks = |letter: char| letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}');
    if title.contains(breaks) {
        let message = "a title stands on one line and has no control characters";
        let help = "say the rest in `why` or in a comment";
        findings.add(Finding::new(Code::WrongValue, written.place, message).help(help));
        return None;
    }
    Some(title)
}

/// The items of a list.
pub(crate) fn list<'w>(written: &'w Written, what: &str, findings: &mut Findings<'_>) -> Option<&'w [Written]> {
    if let Form::List(items) = &written.form {
        return Some(items);
    }
    wrong_type(written, what, findings);
    None
}

/// A list of texts.
pub(crate) fn texts(written: &Written, what: &str, findings: &mut Findings<'_>) -> Vec<String> {
    let items = list(written, what, findings).unwrap_or_default();
    items.iter().filter_map(|item| text(item, "an item of the list", findings)).collect()
}

/// A whole number, written bare.
pub(crate) fn integer(written: &Written, what: &str, findings: &mut Findings<'_>) -> Option<i64> {
    let scalar = scalar(written, what, findings)?;
    let number = (scalar.quoting == Quoting::Plain).then(|| whole_number(&scalar.text)).flatten();
    if number.is_none() {
        let message = format!("{what} is a whole number, and here stands `{}`", scalar.text);
        findings
            .add(Finding::new(Code::WrongValue, written.place, message).help("write for example `3`, without quotes"));
    }
    number
}

/// `true` or `false`, written bare.
pub(crate) fn boolean(written: &Written, what: &str, findings: &mut Findings<'_>) -> Option<bool> {
    let scalar = scalar(written, what, findings)?;
    let value = (scalar.quoting == Quoting::Plain).then(|| truth(&scalar.text)).flatten();
    if value.is_none() {
        let message = format!("{what} is `true` or `false`, and here stands `{}`", scalar.text);
        findings.add(Finding::new(Code::WrongValue, written.place, message).help("write `true` or `false`"));
    }
    value
}

/// A length of time, at most 366 days.
pub(crate) fn span(written: &Written, what: &str, findings: &mut Findings<'_>) -> Option<Span> {
    let scalar = scalar(written, what, findings)?;
    match bounded_span(&scalar.text) {
        Ok(span) => Some(span),
        Err(message) => {
            findings
                .add(Finding::new(Code::WrongValue, written.place, message).help("write for example `5m` or `24h`"));
            None
        }
    }
}

/// One of some words.
pub(crate) fn word<T: Copy>(
    written: &Written,
    what: &str,
    words: &[(&'static str, T)],
    findings: &mut Findings<'_>,
) -> Option<T> {
    let scalar = scalar(written, what, findings)?;
    if let Some((_, value)) = words.iter().find(|(word, _)| *word == scalar.text) {
        return Some(*value);
    }
    let help = match did_you_mean(&scalar.text, words.iter().map(|(word, _)| *word)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("write one of {}", super::fields::list(words.iter().map(|(word, _)| *word))),
    };
    let message = format!("`{}` is not {what}", scalar.text);
    findings.add(Finding::new(Code::WrongValue, written.place, message).help(help));
    None
}

/// A whole number of at most 53 bits in decimal digits.
pub(crate) fn whole_number(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let all_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    text.parse::<i64>().ok().filter(|value| all_digits && value.unsigned_abs() <= INTEGER_MAX)
}

/// `true` or `false`.
pub(crate) fn truth(text: &str) -> Option<bool> {
    match text {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// A length of time, at most 366 days; else a sentence.
pub(crate) fn bounded_span(text: &str) -> Result<Span, String> {
    let span = Span::parse(text)?;
    if span > SPAN_MAX { Err(format!("`{text}` is longer than 366 days")) } else { Ok(span) }
}

fn wrong_type(written: &Written, what: &str, findings: &mut Findings<'_>) {
    if !matches!(written.form, Form::Refused) {
        let message = format!("{what} is expected, and here stands {}", written.described());
        findings.add(Finding::new(Code::WrongType, written.head(), message));
    }
}
