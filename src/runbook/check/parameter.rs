use std::ops::Range;

use super::in_clear::secret_in_clear;
use super::limits::{PARAMETERS, WORDS, within};
use super::scope::{self, template};
use crate::base::{Decimal, Span, Value, did_you_mean};
use crate::effect::TargetKind;
use crate::runbook::expr::{Names, Typing, Unnamed};
use crate::runbook::fields::{Fields, list};
use crate::runbook::grammar::{LENGTH, PARAMETER, TYPES};
use crate::runbook::inputs::{Reader, Wrong, has_length, order, reads};
use crate::runbook::pattern::Pattern;
use crate::runbook::written::{Form, Written};
use crate::runbook::{Code, DefaultFrom, Finding, Findings, Length, Parameter, ParameterType, Template, read};

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
    let mut defaults = Vec::new();
    for entry in within(entries, PARAMETERS, "parameters", |entry| entry.key_place, findings) {
        if !is_well_formed(&entry.key) {
            let message = format!("`{}` is not a name for a parameter", entry.key);
            let help = "write lower-case letters, digits and underscores, beginning with a letter, at most 63";
            findings.add(Finding::new(Code::MalformedName, entry.key_place, message).help(help));
        }
        if let Some((parameter, default)) = parameter(&entry.key, &entry.value, findings) {
            parameters.push(parameter);
            defaults.push(default);
        }
    }
    // A default may name any other input, so all of them are known first.
    for (index, default) in defaults.iter().enumerate() {
        let Some(written) = default else { continue };
        let made = default_of(&parameters, index, written, findings);
        match made {
            Some(Made::Known(value)) => parameters[index].default = Some(value),
            Some(Made::From(from)) => parameters[index].default_from = Some(from),
            None => {}
        }
    }
    circles(&mut parameters, &defaults, findings);
    parameters
}

/// Tells whether a name has the shape of a parameter's or field's name, `[a-z][a-z0-9_]{0,62}`.
pub(super) fn is_well_formed(name: &str) -> bool {
    name.len() <= 63
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// A parameter without its default, and its default as written.
fn parameter<'w>(
    name: &str,
    written: &'w Written,
    findings: &mut Findings<'_>,
) -> Option<(Parameter, Option<&'w Written>)> {
    let fields = Fields::read(written, &PARAMETER, findings)?;
    let description = fields.get("description").and_then(|written| read::text(written, "a text", findings));
    let kind = kind(&fields, findings)?;
    let parameter = Parameter { name: name.to_owned(), kind, description, default: None, default_from: None };
    Some((parameter, fields.get("default")))
}

/// The keys that bound a value of some types only.
const BOUNDS: [&str; 6] = ["of", "pattern", "choices", "min", "max", "length"];

/// The keys that bound one value of a type.
fn bounds_of(word: &str) -> &'static [&'static str] {
    match word {
        "string" => &["pattern", "choices"],
        "integer" | "decimal" | "duration" => &["min", "max"],
        _ => &[],
    }
}

/// The type that `type`, and what belongs to it, say.
pub(super) fn kind(fields: &Fields<'_>, findings: &mut Findings<'_>) -> Option<ParameterType> {
    let written = fields.get("type")?;
    let word = read::scalar(written, "a type", findings)?.text.as_str();
    let of = fields.get("of").and_then(Written::scalar).map(|scalar| scalar.text.as_str());
    let item = if word == "list" { of.unwrap_or_default() } else { word };
    for entry in fields.entries().filter(|entry| BOUNDS.contains(&entry.key.as_str())) {
        let key = entry.key.as_str();
        let has_meaning = match key {
            "of" => word == "list",
            "length" => ["string", "list"].contains(&word),
            _ => bounds_of(item).contains(&key),
        };
        if !has_meaning {
            let of = if word == "list" { format!(" of `{item}`") } else { String::new() };
            let message = format!("`{key}` has no meaning for a parameter of type `{word}`{of}");
            findings.add(Finding::new(Code::KeyOfOtherKind, entry.key_place, message).help("remove it"));
        }
    }
    let length = fields.get("length").and_then(|written| length(written, findings));
    if word != "list" {
        return single(word, written, fields, length, findings);
    }
    let Some(of) = fields.get("of") else {
        let message = "a list needs the key `of`, which says of what";
        findings.add(Finding::new(Code::MissingKey, written.place, message).help("add for example `of: webapp`"));
        return None;
    };
    let item = read::scalar(of, "the type of the items", findings)?.text.as_str();
    if item == "list" {
        let message = "a list holds no lists";
        findings.add(Finding::new(Code::WrongValue, of.place, message).help("declare a parameter for each of them"));
        return None;
    }
    // What bounds one value bounds each item of the list; only `length` is the list's own.
    Some(ParameterType::List { of: Box::new(single(item, of, fields, None, findings)?), length })
}

/// The type of one value: of the parameter itself, or of an item of its list.
fn single(
    word: &str,
    written: &Written,
    fields: &Fields<'_>,
    length: Option<Length>,
    findings: &mut Findings<'_>,
) -> Option<ParameterType> {
    Some(match word {
        "string" => {
            let pattern = fields.get("pattern").and_then(|written| pattern(written, findings));
            let choices = fields.get("choices");
            let choices = choices.map(|written| words(written, findings)).unwrap_or_default();
            ParameterType::String { pattern, choices, length }
        }
        "integer" => {
            let (min, max) = bounds(fields, findings, read::integer);
            ParameterType::Integer { min, max }
        }
        "decimal" => {
            let (min, max) = bounds(fields, findings, decimal);
            ParameterType::Decimal { min, max }
        }
        "duration" => {
            let span = |written: &Written, _: &str, findings: &mut Findings<'_>| -> Option<Span> {
                read::span(written, "a length of time", findings)
            };
            let (min, max) = bounds(fields, findings, span);
            ParameterType::Duration { min, max }
        }
        "boolean" => ParameterType::Boolean,
        "timestamp" => ParameterType::Timestamp,
        "secret" => ParameterType::Secret,
        _ => match TargetKind::ALL.into_iter().find(|kind| kind.word() == word) {
            Some(of) => ParameterType::Target { of },
            None => {
                let help = match did_you_mean(word, TYPES) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("the types are {}", list(TYPES)),
                };
                findings
                    .add(Finding::new(Code::WrongValue, written.place, format!("`{word}` is not a type")).help(help));
                return None;
            }
        },
    })
}

/// The only texts that are allowed.
fn words(written: &Written, findings: &mut Findings<'_>) -> Vec<String> {
    let items = read::list(written, "a list of texts", findings).unwrap_or_default();
    let items = within(items, WORDS, "values", Written::head, findings);
    items.iter().filter_map(|item| read::text(item, "an item of the list", findings)).collect()
}

/// `min` and `max`, of whatever type they are.
fn bounds<T: PartialOrd + std::fmt::Display>(
    fields: &Fields<'_>,
    findings: &mut Findings<'_>,
    read: impl Fn(&Written, &str, &mut Findings<'_>) -> Option<T>,
) -> (Option<T>, Option<T>) {
    let min = fields.get("min").and_then(|written| read(written, "`min`", findings));
    let max = fields.get("max").and_then(|written| read(written, "`max`", findings));
    if let (Some(least), Some(largest), Some(written)) = (&min, &max, fields.get("min"))
        && least > largest
    {
        let message = format!("`min` is {least}, and `max` is only {largest}");
        findings.add(Finding::new(Code::WrongValue, written.place, message).help("exchange them"));
    }
    (min, max)
}

fn decimal(written: &Written, what: &str, findings: &mut Findings<'_>) -> Option<Decimal> {
    let text = &read::scalar(written, what, findings)?.text;
    let wrong = |message| findings.add(Finding::new(Code::WrongValue, written.place, message));
    Decimal::parse(text).map_err(wrong).ok()
}

fn length(written: &Written, findings: &mut Findings<'_>) -> Option<Length> {
    let fields = Fields::read(written, &LENGTH, findings)?;
    let (min, max) = bounds(&fields, findings, |written, what, findings| {
        let number = read::integer(written, what, findings)?;
        let count = u32::try_from(number).ok().filter(|count| *count <= 10_000);
        if count.is_none() {
            let message = format!("{what} of a length is 0 to 10000, and here stands {number}");
            findings.add(Finding::new(Code::WrongValue, written.place, message));
        }
        count
    });
    Some(Length { min, max })
}

fn pattern(written: &Written, findings: &mut Findings<'_>) -> Option<String> {
    let text = &read::scalar(written, "a pattern", findings)?.text;
    if let Err(message) = Pattern::parse(text) {
        findings.add(Finding::new(Code::Pattern, written.place, message));
        return None;
    }
    Some(text.clone())
}

/// A default.
enum Made {
    /// It is known from the beginning.
    Known(Value),
    /// It is made from other inputs.
    From(DefaultFrom),
}

fn default_of(parameters: &[Parameter], index: usize, written: &Written, findings: &mut Findings<'_>) -> Option<Made> {
    let kind = &parameters[index].kind;
    let names = Others { parameters, own: &parameters[index].name };
    let (ParameterType::List { of, length }, Form::List(items)) = (kind, &written.form) else {
        if matches!(kind, ParameterType::List { .. }) && !has_hole(written) {
            read::list(written, "a list", findings);
            return None;
        }
        return one(written, &Reader::new(kind), &names, findings);
    };
    let reader = Reader::new(of);
    let made: Vec<Option<Made>> = items.iter().map(|item| one(item, &reader, &names, findings)).collect();
    if items.iter().any(has_hole) {
        // A text without holes is a template as well.
        let template = |item: &Written| Template::read(&item.scalar()?.text).ok();
        let templates: Option<Vec<Template>> = items.iter().map(template).collect();
        return templates.map(DefaultFrom::Items).map(Made::From);
    }
    let known = |made| if let Some(Made::Known(value)) = made { Some(value) } else { None };
    match has_length(made.into_iter().map(known).collect::<Option<_>>()?, *length) {
        Ok(value) => Some(Made::Known(value)),
        Err(wrong) => {
            unfit(wrong, written, findings);
            None
        }
    }
}

fn has_hole(written: &Written) -> bool {
    written.scalar().is_some_and(|scalar| scalar.text.contains("${{"))
}

/// What to do about the default of a secret.
const NO_SECRET: &str = "remove the default; the operator or the environment gives a reference";

/// The default of a whole parameter or of one item.
fn one(written: &Written, reader: &Reader<'_>, names: &Others<'_>, findings: &mut Findings<'_>) -> Option<Made> {
    let kind = reader.kind();
    let text = &read::scalar(written, "a default", findings)?.text;
    if has_hole(written) {
        let mut quiet = Findings::new(findings.source());
        let found = template(written, text, names, &mut quiet);
        let fits = found.is_some_and(|(_, typing)| can_be(&typing, kind));
        if matches!(kind, ParameterType::Secret) && !fits && secret_in_clear(written, NO_SECRET, findings) {
            return None;
        }
        let (template, typing) = template(written, text, names, findings)?;
        if !can_be(&typing, kind) {
            let code = if typing.is_secret() { Code::SecretLeak } else { Code::Default };
            let message = format!("the default is {typing}, and the parameter takes {}", Typing::from(kind));
            findings.add(Finding::new(code, written.place, message));
            return None;
        }
        return Some(Made::From(DefaultFrom::Whole(template)));
    }
    if matches!(kind, ParameterType::Secret) {
        let message = "a runbook says no secret, and not where one is kept either";
        findings.add(Finding::new(Code::SecretInClear, written.place, message).help(NO_SECRET));
        return None;
    }
    match reader.read(text) {
        Ok(value) => Some(Made::Known(value)),
        Err(wrong) => {
            unfit(wrong, written, findings);
            None
        }
    }
}

fn unfit(Wrong { message, help }: Wrong, written: &Written, findings: &mut Findings<'_>) {
    findings.add(Finding::new(Code::Default, written.place, message).maybe_help(help));
}

/// Whether what a template makes may become an input of a type: it is of that type, or it is text (for a list: texts),
/// which is read as if it had been typed. A secret is never made of text.
fn can_be(typing: &Typing, kind: &ParameterType) -> bool {
    let item = if let ParameterType::List { of, .. } = kind { of } else { kind };
    let text = ParameterType::String { pattern: None, choices: Vec::new(), length: None };
    let text = match kind {
        ParameterType::List { .. } => ParameterType::List { of: Box::new(text), length: None },
        _ => text,
    };
    let reads_text = !matches!(item, ParameterType::Secret);
    typing.fits(kind) || (reads_text && typing.fits(&text))
}

/// What a default may name: the other inputs.
struct Others<'a> {
    parameters: &'a [Parameter],
    own: &'a str,
}

impl Names for Others<'_> {
    fn typing(&self, path: &[&str]) -> Result<Typing, Unnamed> {
        let wrong = |segment, message: String, help: &str| {
            Err(Unnamed { segment, code: Code::UnknownName, message, help: Some(help.to_owned()) })
        };
        match path {
            ["inputs", own, ..] if *own == self.own => {
                wrong(1, format!("`{own}` is the very input that this is the default of"), "name another input")
            }
            ["inputs", ..] => scope::input(self.parameters, path),
            _ => {
                let root = path.first().copied().unwrap_or_default();
                wrong(
                    0,
                    format!("`{root}` stands for nothing in a default"),
                    "a default names other inputs: `inputs.NAME`",
                )
            }
        }
    }
}

/// Defaults that are made from each other have no value. Those of a circle, and what is made from them, are removed.
fn circles(parameters: &mut [Parameter], defaults: &[Option<&Written>], findings: &mut Findings<'_>) {
    let stuck = order(parameters).stuck;
    for (index, name, part, at) in turning(parameters, &stuck, defaults) {
        // A default that names itself has its finding already.
        if parameters[index].name == name {
            continue;
        }
        let message = format!("the default of `{}` needs `{name}`, whose own default needs it", parameters[index].name);
        let place = part.place_within(findings.source(), &at);
        findings
            .add(Finding::new(Code::Default, place, message).help("give one of them a default that stands by itself"));
    }
    for index in stuck {
        parameters[index].default_from = None;
    }
}

/// Of what is stuck, those on a circle themselves, each with the first input on it that it needs, and where.
fn turning<'w>(
    parameters: &[Parameter],
    stuck: &[usize],
    defaults: &[Option<&'w Written>],
) -> Vec<(usize, String, &'w Written, Range<usize>)> {
    let needs = |index: usize| {
        let written = defaults[index];
        let parts = written.map_or(&[][..], |written| match &written.form {
            Form::List(items) => items.as_slice(),
            _ => std::slice::from_ref(written),
        });
        parts.iter().flat_map(|part| {
            let template = part.scalar().and_then(|scalar| Template::read(&scalar.text).ok());
            template.iter().flat_map(reads).map(|(name, at)| (name, part, at)).collect::<Vec<_>>()
        })
    };
    let mut left: Vec<usize> = stuck.to_vec();
    // Whoever nobody on the circle needs only hangs on it.
    loop {
        let needed =
            |index: &usize| left.iter().any(|reader| needs(*reader).any(|(name, ..)| name == parameters[*index].name));
        let kept: Vec<usize> = left.iter().copied().filter(needed).collect();
        if kept.len() == left.len() {
            break;
        }
        left = kept;
    }
    let on_it = |name: &str| left.iter().any(|index| parameters[*index].name == name);
    left.iter()
        .filter_map(|index| {
            let (name, part, at) = needs(*index).find(|(name, ..)| on_it(name))?;
            Some((*index, name, part, at))
        })
        .collect()
}
