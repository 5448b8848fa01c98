use super::in_clear::secret_in_clear;
use super::limits::{CHOICES, FIELDS, items, meaningless, within};
use super::outline::Gives;
use super::parameter::is_well_formed;
use super::prose::prose;
use super::scope::{StepNames, template};
use crate::base::{Decimal, Timestamp};
use crate::runbook::expr::Typing;
use crate::runbook::fields::{Fields, list};
use crate::runbook::grammar::{FIELD, MANUAL};
use crate::runbook::pattern::Pattern;
use crate::runbook::written::{Entry, Form, Written};
use crate::runbook::{Code, FieldKind, Finding, Findings, ManualField, Template, read};

/// The types of fields, each with the keys that only some of them have.
const KINDS: [(&str, &[&str]); 7] = [
    ("string", &["pattern", "default", "headless"]),
    ("number", &["min", "max", "default", "headless"]),
    ("choice", &["choices", "default", "headless"]),
    ("date", &["default", "headless"]),
    ("timestamp", &["default", "headless"]),
    ("secret", &[]),
    ("evidence", &[]),
];

/// What a person is to do, and what to fill in.
pub(super) fn manual(
    written: &Written,
    names: &StepNames<'_>,
    findings: &mut Findings<'_>,
) -> Option<(Template, Vec<ManualField>)> {
    let fields = Fields::read(written, &MANUAL, findings)?;
    let instruction = fields.get("instruction").and_then(|written| prose(written, "an instruction", names, findings));
    let entries = fields.get("fields").map(|written| entries(written, findings)).unwrap_or_default();
    let fields = entries.iter().filter_map(|entry| field(entry, names, findings)).collect();
    Some((instruction?, fields))
}

/// The outputs of a manual step: its fields.
pub(super) fn gives(written: &Written, quiet: &mut Findings<'_>) -> Gives {
    let entries = written.entry("fields").map(|fields| entries(&fields.value, quiet)).unwrap_or_default();
    let typing = |entry: &Entry| {
        let word = entry.value.entry("type").and_then(|entry| entry.value.scalar());
        word.and_then(|word| sample(&word.text)).map_or(Typing::Unknown, |kind| Typing::from(&kind))
    };
    let outputs = entries.iter().map(|entry| (entry.key.clone(), typing(entry))).collect();
    Gives { by: "the manual step".to_owned(), outputs }
}

fn entries<'w>(written: &'w Written, findings: &mut Findings<'_>) -> &'w [Entry] {
    match &written.form {
        Form::Mapping(entries) => within(entries, FIELDS, "fields", |entry| entry.key_place, findings),
        Form::Refused => &[],
        Form::Scalar(_) | Form::List(_) => {
            let message = format!("`fields` is a mapping, and here stands {}", written.described());
            let help = "write for example `ticket: {type: string}`";
            findings.add(Finding::new(Code::WrongType, written.head(), message).help(help));
            &[]
        }
    }
}

fn field(entry: &Entry, names: &StepNames<'_>, findings: &mut Findings<'_>) -> Option<ManualField> {
    if !is_well_formed(&entry.key) {
        let message = format!("`{}` is not a name for a field", entry.key);
        let help = "write lower-case letters, digits and underscores, beginning with a letter, at most 63";
        findings.add(Finding::new(Code::MalformedName, entry.key_place, message).help(help));
    }
    let fields = Fields::read(&entry.value, &FIELD, findings)?;
    let description = fields.get("description").and_then(|written| read::text(written, "a text", findings));
    let written = fields.get("type")?;
    let words = KINDS.map(|(word, keys)| (word, (word, keys)));
    let (word, own_keys) = read::word(written, "a type of field", &words, findings)?;
    let others = ["pattern", "choices", "min", "max", "default", "headless"].into_iter();
    let others: Vec<&str> = others.filter(|key| !own_keys.contains(key)).collect();
    meaningless(&fields, &others, &format!("a field of type `{word}`"), findings);
    if word == "secret" {
        for written in others.iter().filter_map(|key| fields.get(key)) {
            secret_in_clear(written, "take it out and rotate it; a person fills it in", findings);
        }
    }
    let kind = kind(word, &fields, findings)?;
    let own = |key: &str| fields.get(key).filter(|_| own_keys.contains(&key));
    let default = own("default").and_then(|written| beforehand(written, "a default", &kind, names, findings));
    let headless = own("headless").and_then(|written| beforehand(written, "a value", &kind, names, findings));
    Some(ManualField { name: entry.key.clone(), kind, description, default, headless })
}

/// A kind of that name without its details.
fn sample(word: &str) -> Option<FieldKind> {
    Some(match word {
        "string" => FieldKind::String { pattern: None },
        "number" => FieldKind::Number { min: None, max: None },
        "choice" => FieldKind::Choice { choices: Vec::new() },
        "date" => FieldKind::Date,
        "timestamp" => FieldKind::Timestamp,
        "secret" => FieldKind::Secret,
        "evidence" => FieldKind::Evidence,
        _ => return None,
    })
}

fn kind(word: &str, fields: &Fields<'_>, findings: &mut Findings<'_>) -> Option<FieldKind> {
    let mut kind = sample(word)?;
    match &mut kind {
        FieldKind::String { pattern } => {
            *pattern = fields.get("pattern").and_then(|written| self::pattern(written, findings));
        }
        FieldKind::Number { min, max } => {
            let mut bound = |key: &str| fields.get(key).and_then(|written| number(written, key, findings));
            (*min, *max) = (bound("min"), bound("max"));
            if let (Some(least), Some(largest), Some(written)) = (&*min, &*max, fields.get("min"))
                && Decimal::parse(least).ok() > Decimal::parse(largest).ok()
            {
                let message = format!("`min` is {least}, and `max` is only {largest}");
                findings.add(Finding::new(Code::WrongValue, written.place, message).help("exchange them"));
            }
        }
        FieldKind::Choice { choices } => {
            let Some(written) = fields.get("choices") else {
                let finding = Finding::new(Code::MissingKey, fields.head, "a field of type `choice` needs its words");
                findings.add(finding.help("add `choices: [ONE, OTHER]`"));
                return None;
            };
            *choices = words(written, findings);
        }
        FieldKind::Date | FieldKind::Timestamp | FieldKind::Secret | FieldKind::Evidence => {}
    }
    Some(kind)
}

fn pattern(written: &Written, findings: &mut Findings<'_>) -> Option<String> {
    let text = &read::scalar(written, "a pattern", findings)?.text;
    if let Err(message) = Pattern::parse(text) {
        findings.add(Finding::new(Code::Pattern, written.place, message));
        return None;
    }
    Some(text.clone())
}

fn words(written: &Written, findings: &mut Findings<'_>) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for item in items(written, "choices", CHOICES, findings).unwrap_or_default() {
        let Some(word) = read::text(item, "a choice", findings) else { continue };
        if words.contains(&word) {
            let finding = Finding::new(Code::DuplicateName, item.place, format!("the choice `{word}` stands twice"));
            findings.add(finding.help("remove one of the two"));
        } else {
            words.push(word);
        }
    }
    if let ([only], Form::List(_)) = (words.as_slice(), &written.form) {
        let finding = Finding::new(Code::WrongValue, written.head(), format!("`{only}` is the only choice"));
        findings.add(finding.help("write at least two words"));
    }
    words
}

fn number(written: &Written, key: &str, findings: &mut Findings<'_>) -> Option<String> {
    let text = &read::scalar(written, &format!("`{key}`"), findings)?.text;
    match Decimal::parse(text) {
        Ok(_) => Some(text.clone()),
        Err(message) => {
            findings.add(Finding::new(Code::WrongValue, written.place, message));
            None
        }
    }
}

/// What stands in the field beforehand, or is taken for an answer. Text without holes is compared with the type at once.
fn beforehand(
    written: &Written,
    what: &str,
    kind: &FieldKind,
    names: &StepNames<'_>,
    findings: &mut Findings<'_>,
) -> Option<Template> {
    let text = &read::scalar(written, what, findings)?.text;
    let (template, own) = template(written, text, names, findings)?;
    if template.holes().next().is_none() {
        fits(text, kind).map_err(|why| findings.add(Finding::new(Code::Default, written.place, why))).ok()?;
        return Some(template);
    }
    let wanted = Typing::from(kind);
    // A whole number is a number, and what a person is shown as a choice or a date may come from any text.
    if own.fits(&wanted) || (wanted == Typing::Decimal && own == Typing::Integer) {
        return Some(template);
    }
    let code = if own.is_secret() { Code::SecretLeak } else { Code::Default };
    let message = format!("the field takes {wanted}, and `{text}` is {own}");
    findings.add(Finding::new(code, written.place, message));
    None
}

/// Tells whether a text can be filled in; else why not, as a sentence without its full stop.
pub(super) fn fits(text: &str, kind: &FieldKind) -> Result<(), String> {
    match kind {
        FieldKind::String { pattern: Some(pattern) } if !Pattern::parse(pattern)?.matches(text) => {
            Err(format!("`{text}` does not match the pattern `{pattern}`"))
        }
        FieldKind::Number { min, max } => {
            let number = Decimal::parse(text)?;
            match (min, max) {
                (Some(min), _) if number < Decimal::parse(min)? => Err(format!("{text} is less than {min}")),
                (_, Some(max)) if number > Decimal::parse(max)? => Err(format!("{text} is more than {max}")),
                _ => Ok(()),
            }
        }
        FieldKind::Choice { choices } if !choices.is_empty() && !choices.iter().any(|choice| choice == text) => {
            Err(format!("`{text}` is not one of {}", list(choices.iter().map(String::as_str))))
        }
        FieldKind::Date if text.parse::<jiff::civil::Date>().is_err() || text.len() != 10 => {
            Err(format!("`{text}` is not a day, as `2026-03-01`"))
        }
        FieldKind::Timestamp if text.parse::<Timestamp>().is_err() => {
            Err(format!("`{text}` is not a moment, as `2026-03-01T03:10:00Z`"))
        }
        _ => Ok(()),
    }
}
