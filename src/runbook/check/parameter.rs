use crate::base::{Value, did_you_mean};
use crate::effect::TargetKind;
use crate::runbook::fields::{Fields, list};
use crate::runbook::grammar::PARAMETER;
use crate::runbook::inputs::given;
use crate::runbook::pattern::Pattern;
use crate::runbook::written::{Form, Written};
use crate::runbook::{Code, Finding, Findings, Parameter, ParameterType, read};

/// Types that belong to the language, but not to this version.
const LATER: [&str; 11] = [
    "decimal",
    "timestamp",
    "secret",
    "postgres",
    "containerapp",
    "search",
    "storage",
    "redis",
    "cognitive",
    "acr",
    "resource",
];

/// The kinds of targets that this version knows.
pub(crate) const TARGET_KINDS: [TargetKind; 2] = [TargetKind::Webapp, TargetKind::Keyvault];

/// The parameters, in the author's order.
pub(super) fn parameters(written: &Written, findings: &mut Findings<'_>) -> Vec<Parameter> {
    let Form::Mapping(entries) = &written.form else {
        if !matches!(written.form, Form::Refused) {
            let message = format!("`parameters` is a mapping, and here stands {}", written.described());
            let help = "write for example `app: {type: webapp}`";
            findings.add(Finding::new(Code::WrongType, written.head(), message).help(help));
        }
        return Vec::new();
    };
    let mut parameters = Vec::new();
    for entry in entries {
        if !is_well_formed(&entry.key) {
            let message = format!("`{}` is not a name for a parameter", entry.key);
            let help = "write lower-case letters, digits and underscores, beginning with a letter, at most 63";
            findings.add(Finding::new(Code::MalformedName, entry.key_place, message).help(help));
        }
        parameters.extend(parameter(&entry.key, &entry.value, findings));
    }
    parameters
}

/// Tells whether a name has the shape of a parameter's or field's name, `[a-z][a-z0-9_]{0,62}`.
pub(super) fn is_well_formed(name: &str) -> bool {
    name.len() <= 63
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn parameter(name: &str, written: &Written, findings: &mut Findings<'_>) -> Option<Parameter> {
    let fields = Fields::read(written, &PARAMETER, findings)?;
    let description = fields.get("description").and_then(|written| read::text(written, "a text", findings));
    let kind = kind(&fields, findings)?;
    let default = fields.get("default").and_then(|written| default(written, &kind, findings));
    Some(Parameter { name: name.to_owned(), kind, description, default })
}

fn kind(fields: &Fields<'_>, findings: &mut Findings<'_>) -> Option<ParameterType> {
    let written = fields.get("type")?;
    let word = read::scalar(written, "a type", findings)?.text.as_str();
    let own_keys: &[&str] = match word {
        "string" => &["pattern", "choices"],
        "integer" => &["min", "max"],
        "list" => &["of"],
        _ => &[],
    };
    for entry in fields.entries() {
        let of_some = ["pattern", "choices", "min", "max", "of"].contains(&entry.key.as_str());
        if of_some && !own_keys.contains(&entry.key.as_str()) {
            let message = format!("`{}` has no meaning for a parameter of type `{word}`", entry.key);
            findings.add(Finding::new(Code::KeyOfOtherKind, entry.key_place, message).help("remove it"));
        }
    }
    match word {
        "string" => {
            let pattern = fields.get("pattern").and_then(|written| pattern(written, findings));
            let choices = fields.get("choices");
            let choices = choices.map(|written| read::texts(written, "a list of texts", findings)).unwrap_or_default();
            Some(ParameterType::String { pattern, choices })
        }
        "integer" => {
            let min = fields.get("min").and_then(|written| read::integer(written, "`min`", findings));
            let max = fields.get("max").and_then(|written| read::integer(written, "`max`", findings));
            if let (Some(least), Some(largest), Some(written)) = (min, max, fields.get("min"))
                && least > largest
            {
                let message = format!("`min` is {least}, and `max` is only {largest}");
                findings.add(Finding::new(Code::WrongValue, written.place, message).help("exchange them"));
            }
            Some(ParameterType::Integer { min, max })
        }
        "list" => {
            let Some(of) = fields.get("of") else {
                let message = "a list needs the key `of`, which says of what";
                findings
                    .add(Finding::new(Code::MissingKey, written.place, message).help("add for example `of: webapp`"));
                return None;
            };
            Some(ParameterType::List { of: Box::new(item_kind(of, findings)?) })
        }
        _ => simple(word, written, findings),
    }
}

fn item_kind(written: &Written, findings: &mut Findings<'_>) -> Option<ParameterType> {
    match read::scalar(written, "the type of the items", findings)?.text.as_str() {
        "string" => Some(ParameterType::String { pattern: None, choices: Vec::new() }),
        "integer" => Some(ParameterType::Integer { min: None, max: None }),
        "list" => {
            let message = "a list of lists is not supported by this version";
            findings.add(Finding::new(Code::NotSupported, written.place, message));
            None
        }
        word => simple(word, written, findings),
    }
}

fn simple(word: &str, written: &Written, findings: &mut Findings<'_>) -> Option<ParameterType> {
    match word {
        "boolean" => return Some(ParameterType::Boolean),
        "duration" => return Some(ParameterType::Duration),
        _ => {}
    }
    if let Some(of) = TARGET_KINDS.into_iter().find(|kind| kind.word() == word) {
        return Some(ParameterType::Target { of });
    }
    if LATER.contains(&word) {
        let message = format!("the type `{word}` is not supported by this version");
        findings.add(Finding::new(Code::NotSupported, written.place, message));
        return None;
    }
    let words = ["string", "integer", "boolean", "duration", "list"];
    let words = words.into_iter().chain(TARGET_KINDS.iter().map(|kind| kind.word()));
    let help = match did_you_mean(word, words.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the types are {}", list(words)),
    };
    findings.add(Finding::new(Code::WrongValue, written.place, format!("`{word}` is not a type")).help(help));
    None
}

fn pattern(written: &Written, findings: &mut Findings<'_>) -> Option<String> {
    let text = &read::scalar(written, "a pattern", findings)?.text;
    if let Err(message) = Pattern::parse(text) {
        findings.add(Finding::new(Code::Pattern, written.place, message));
        return None;
    }
    Some(text.clone())
}

fn default(written: &Written, kind: &ParameterType, findings: &mut Findings<'_>) -> Option<Value> {
    match (kind, &written.form) {
        (ParameterType::List { of }, Form::List(items)) => {
            let items = items.iter().filter_map(|item| default(item, of, findings)).collect();
            return Some(Value::List(items));
        }
        (ParameterType::List { .. }, _) => {
            read::list(written, "a list", findings);
            return None;
        }
        _ => {}
    }
    let text = &read::scalar(written, "a default", findings)?.text;
    if text.contains("${{") {
        let message = "a default that is an expression is not supported by this version";
        findings.add(Finding::new(Code::NotSupported, written.place, message).help("write a fixed value"));
        return None;
    }
    match given(kind, text) {
        Ok(value) => Some(value),
        Err(message) => {
            findings.add(Finding::new(Code::Default, written.place, message));
            None
        }
    }
}
