use std::collections::BTreeMap;

use super::in_clear::secret_in_clear;
use super::parameter::is_well_formed;
use super::scope::{StepNames, template};
use crate::base::{Decimal, Encoding, Timestamp, Value, did_you_mean};
use crate::effect::{Class, Presence, Row};
use crate::runbook::expr::Typing;
use crate::runbook::fields::{Fields, list};
use crate::runbook::grammar::GENERATE;
use crate::runbook::inputs::Reader;
use crate::runbook::written::{Entry, Form, Quoting, Written};
use crate::runbook::{Argument, Code, Finding, Findings, Parameter, ParameterType, Place, read};

/// What can be given to an operation or a runbook.
pub(super) struct Takes<'a> {
    /// What takes it: `` `webapp.get` ``.
    what: String,
    parameters: Vec<Slot<'a>>,
    /// The operation; none for a runbook.
    row: Option<&'static Row>,
}

/// One thing that can be given.
struct Slot<'a> {
    name: &'a str,
    typing: Typing,
    is_required: bool,
    summary: &'a str,
    /// For a runbook's parameter: its declared type, which says more than `typing`.
    declared: Option<&'a ParameterType>,
}

impl Takes<'static> {
    /// What an operation takes.
    pub(super) fn row(row: &'static Row) -> Self {
        let slot = |parameter: &'static crate::effect::Parameter| Slot {
            name: parameter.name,
            typing: parameter.kind.into(),
            is_required: parameter.presence == Presence::Required,
            summary: parameter.summary,
            declared: None,
        };
        Self { what: format!("`{}`", row.name), parameters: row.parameters.iter().map(slot).collect(), row: Some(row) }
    }
}

impl<'a> Takes<'a> {
    /// What a runbook takes.
    pub(super) fn runbook(name: &str, parameters: &'a [Parameter]) -> Self {
        let slot = |parameter: &'a Parameter| Slot {
            name: &parameter.name,
            typing: Typing::from(&parameter.kind),
            is_required: parameter.is_required(),
            summary: parameter.description.as_deref().unwrap_or_default(),
            declared: Some(&parameter.kind),
        };
        Self { what: format!("the runbook `{name}`"), parameters: parameters.iter().map(slot).collect(), row: None }
    }
}

/// What is given in `with`, compared with what is taken. `head` is the place to point at when something is missing.
pub(super) fn inputs(
    takes: &Takes<'_>,
    with: Option<&Written>,
    head: Place,
    names: &StepNames<'_>,
    findings: &mut Findings<'_>,
) -> BTreeMap<String, Argument> {
    let mut arguments = BTreeMap::new();
    let Takes { what, parameters, row } = takes;
    let entries = with.and_then(|written| mapping(written, "`with`", findings)).unwrap_or_default();
    for entry in entries {
        let Some(slot) = parameters.iter().find(|slot| slot.name == entry.key) else {
            let known = || parameters.iter().map(|slot| slot.name);
            let help = match did_you_mean(&entry.key, known()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it takes {}", list(known())),
            };
            let message = format!("{what} has no parameter `{}`", entry.key);
            findings.add(Finding::new(Code::UnknownArgument, entry.key_place, message).help(help));
            continue;
        };
        let reader = slot.declared.map(Reader::new);
        let wanted = Wanted { name: slot.name, row: *row, typing: slot.typing.clone(), declared: reader.as_ref() };
        if let Some(argument) = argument(&entry.value, &wanted, names, findings) {
            arguments.insert(entry.key.clone(), argument);
        }
    }
    for slot in parameters.iter().filter(|slot| slot.is_required) {
        if !entries.iter().any(|entry| entry.key == slot.name) {
            let about = if slot.summary.is_empty() { String::new() } else { format!(": {}", slot.summary) };
            let message = format!("{what} needs the argument `{}`{about}", slot.name);
            let place = with.map_or(head, Written::head);
            let finding = Finding::new(Code::MissingArgument, place, message.trim_end_matches('.').to_owned());
            findings.add(finding.help(format!("add `{}: …` to `with`; it takes {}", slot.name, slot.typing)));
        }
    }
    arguments
}

/// A value of one type, under the name `name`.
pub(super) fn fitting(
    written: &Written,
    name: &str,
    typing: &Typing,
    names: &StepNames<'_>,
    findings: &mut Findings<'_>,
) -> Option<Argument> {
    let wanted = Wanted { name, row: None, typing: typing.clone(), declared: None };
    argument(written, &wanted, names, findings)
}

/// What is expected of an argument.
struct Wanted<'a> {
    name: &'a str,
    /// The row, if this is an argument of its own and not a part of one.
    row: Option<&'static Row>,
    typing: Typing,
    /// For a runbook's parameter: its declared type.
    declared: Option<&'a Reader<'a>>,
}

fn mapping<'w>(written: &'w Written, what: &str, findings: &mut Findings<'_>) -> Option<&'w [Entry]> {
    match &written.form {
        Form::Mapping(entries) => return Some(entries),
        Form::Refused => {}
        Form::Scalar(_) | Form::List(_) => {
            let message = format!("{what} is a mapping, and here stands {}", written.described());
            findings.add(Finding::new(Code::WrongType, written.head(), message));
        }
    }
    None
}

fn argument(
    written: &Written,
    wanted: &Wanted<'_>,
    names: &StepNames<'_>,
    findings: &mut Findings<'_>,
) -> Option<Argument> {
    if wanted.typing == Typing::Secret {
        // A finding shows the line and may quote the value: where that may be the secret itself, only that is said.
        let mut quiet = Findings::new(findings.source());
        argument_of(written, wanted, names, &mut quiet);
        let help = "write `{generate: {bytes: 32, encoding: base64url}}` or `{version_of: …}`";
        if quiet.any_error() && secret_in_clear(written, help, findings) {
            return None;
        }
    }
    argument_of(written, wanted, names, findings)
}

fn argument_of(
    written: &Written,
    wanted: &Wanted<'_>,
    names: &StepNames<'_>,
    findings: &mut Findings<'_>,
) -> Option<Argument> {
    match &written.form {
        Form::Refused => None,
        Form::Scalar(_) => scalar(written, wanted, names, findings),
        Form::List(items) => {
            let typing = match &wanted.typing {
                Typing::List(item) => Typing::clone(item),
                Typing::Unknown => Typing::Unknown,
                _ => {
                    mistyped(written, wanted, "a list", findings);
                    return None;
                }
            };
            let reader = match wanted.declared.map(Reader::kind) {
                Some(ParameterType::List { of, .. }) => Some(Reader::new(of)),
                _ => None,
            };
            let wanted = Wanted { name: wanted.name, row: None, typing, declared: reader.as_ref() };
            let items = items.iter().filter_map(|item| argument(item, &wanted, names, findings)).collect();
            Some(Argument::List { items })
        }
        Form::Mapping(entries) => match entries.as_slice() {
            [entry] if entry.key == "generate" || entry.key == "version_of" => {
                secret(entry, None, wanted, names, findings)
            }
            [one, other] if one.key == "version_of" && other.key == "secret" => {
                secret(one, Some(other), wanted, names, findings)
            }
            [one, other] if one.key == "secret" && other.key == "version_of" => {
                secret(other, Some(one), wanted, names, findings)
            }
            entries => record(written, entries, wanted, names, findings),
        },
    }
}

fn scalar(
    written: &Written,
    wanted: &Wanted<'_>,
    names: &StepNames<'_>,
    findings: &mut Findings<'_>,
) -> Option<Argument> {
    let scalar = read::scalar(written, &format!("a value for `{}`", wanted.name), findings)?;
    if scalar.text.contains("${{") {
        let (text, typing) = template(written, &scalar.text, names, findings)?;
        if !typing.fits(&wanted.typing) {
            let what = text.whole().map_or_else(|| "the text".to_owned(), |(_, hole)| format!("`{}`", hole.source()));
            if typing.is_secret() {
                leak(written.place, wanted, findings);
            } else {
                mistyped(written, wanted, &format!("{what}, which is {typing}"), findings);
            }
        } else if typing.is_secret() && wanted.typing == Typing::Unknown {
            leak(written.place, wanted, findings);
        }
        return Some(Argument::Template { text });
    }
    let argument = literal(written, wanted, findings)?;
    // What a runbook's parameter demands beyond its type.
    if let Some(Err(why)) = wanted.declared.map(|reader| reader.read(&scalar.text)) {
        let message = format!("`{}` is wrong: {}", wanted.name, why.message);
        findings.add(Finding::new(Code::WrongValue, written.place, message).maybe_help(why.help));
        return None;
    }
    Some(argument)
}

/// A scalar without holes.
fn literal(written: &Written, wanted: &Wanted<'_>, findings: &mut Findings<'_>) -> Option<Argument> {
    let scalar = written.scalar()?;
    let plain = scalar.quoting == Quoting::Plain;
    let text = scalar.text.as_str();
    let value = |value| Some(Argument::Literal { value });
    match &wanted.typing {
        // Inside a record the author's own type counts, as YAML's core schema has it.
        Typing::Unknown => match (read::whole_number(text), read::truth(text)) {
            (Some(number), _) if plain => value(Value::Integer(number)),
            (_, Some(truth)) if plain => value(Value::Boolean(truth)),
            _ => as_text(written, findings),
        },
        Typing::String => as_text(written, findings),
        Typing::Integer => value(Value::Integer(read::integer(written, &format!("`{}`", wanted.name), findings)?)),
        Typing::Boolean => value(Value::Boolean(read::boolean(written, &format!("`{}`", wanted.name), findings)?)),
        Typing::Duration => {
            read::span(written, "a length of time", findings)?;
            as_text(written, findings)
        }
        Typing::Timestamp if text.parse::<Timestamp>().is_ok() => as_text(written, findings),
        Typing::Decimal if Decimal::parse(text).is_ok() => as_text(written, findings),
        Typing::Secret => {
            mistyped(written, wanted, "a text", findings);
            None
        }
        Typing::Target(kind) => {
            let message = format!("`{}` takes a {kind}, and `{text}` is only a text", wanted.name);
            let help = format!("declare a parameter of type `{kind}` and write `${{{{ inputs.NAME }}}}`");
            findings.add(Finding::new(Code::ArgumentType, written.place, message).help(help));
            None
        }
        Typing::Timestamp | Typing::Decimal | Typing::Record | Typing::List(_) => {
            mistyped(written, wanted, &format!("`{text}`"), findings);
            None
        }
    }
}

fn as_text(written: &Written, findings: &mut Findings<'_>) -> Option<Argument> {
    let text = &read::scalar(written, "a text", findings)?.text;
    // A text without holes is always a template.
    crate::runbook::Template::read(text).ok().map(|text| Argument::Template { text })
}

/// `generate`, or `version_of` with or without the `secret` that it is of.
fn secret(
    entry: &Entry,
    of: Option<&Entry>,
    wanted: &Wanted<'_>,
    names: &StepNames<'_>,
    findings: &mut Findings<'_>,
) -> Option<Argument> {
    if wanted.typing != Typing::Secret {
        leak(entry.key_place, wanted, findings);
        return None;
    }
    if entry.key == "generate" && wanted.declared.is_some() {
        let message = "a fresh secret is made by the operation that stores it, and cannot be handed to a runbook";
        let help = "store it in a step of its own first";
        findings.add(Finding::new(Code::ArgumentType, entry.key_place, message).help(help));
        return None;
    }
    // Only what is made with a mark is found again, and with it the secret.
    if entry.key == "generate" && wanted.row.is_some_and(|row| row.class != Class::B) {
        let message = "a fresh secret would be lost: this operation does not store it";
        let help = "store it in a step of its own first, with `keyvault.secret.set`, and give its version here";
        findings.add(Finding::new(Code::ArgumentType, entry.key_place, message).help(help));
        return None;
    }
    if entry.key == "generate" {
        return generate(&entry.value, findings);
    }
    let beside = |name: &str| wanted.row.is_some_and(|row| row.parameters.iter().any(|known| known.name == name));
    if !beside("vault") || !(beside("name") || of.is_some()) {
        let message = "`version_of` means the secret that `vault` and `name` beside it say, and there are none";
        findings.add(Finding::new(Code::ArgumentType, entry.key_place, message));
        return None;
    }
    let mut text = |name: &'static str, written: &Written| {
        let wanted = Wanted { name, row: None, typing: Typing::String, declared: None };
        match argument(written, &wanted, names, findings)? {
            Argument::Template { text } => Some(text),
            _ => None,
        }
    };
    let version = text("version_of", &entry.value);
    let secret = of.map(|of| text("secret", &of.value));
    Some(Argument::VersionOf { version: version?, secret: secret.map_or(Some(None), |named| named.map(Some))? })
}

fn generate(written: &Written, findings: &mut Findings<'_>) -> Option<Argument> {
    const ENCODINGS: [(&str, Encoding); 2] = [("base64url", Encoding::Base64url), ("hex", Encoding::Hex)];
    let fields = Fields::read(written, &GENERATE, findings)?;
    let encoding = match fields.get("encoding") {
        Some(written) => read::word(written, "an encoding", &ENCODINGS, findings),
        None => Some(Encoding::Base64url),
    };
    let written = fields.get("bytes")?;
    let number = read::integer(written, "`bytes`", findings)?;
    let bytes = u16::try_from(number).ok().filter(|bytes| (16..=512).contains(bytes));
    if bytes.is_none() {
        let message = format!("a secret has 16 to 512 random bytes, and here stands {number}");
        findings.add(Finding::new(Code::WrongValue, written.place, message).help("write 32"));
    }
    Some(Argument::Generate { bytes: bytes?, encoding: encoding? })
}

fn record(
    written: &Written,
    entries: &[Entry],
    wanted: &Wanted<'_>,
    names: &StepNames<'_>,
    findings: &mut Findings<'_>,
) -> Option<Argument> {
    if !matches!(wanted.typing, Typing::Record | Typing::Unknown) {
        let found = if wanted.typing == Typing::Secret {
            "a mapping other than `generate` or `version_of`"
        } else {
            "a mapping"
        };
        mistyped(written, wanted, found, findings);
        return None;
    }
    let mut fields = BTreeMap::new();
    for entry in entries {
        if !is_well_formed(&entry.key) {
            let message = format!("`{}` is not a name for a field", entry.key);
            let help = "field names are lower-case letters, digits and underscores; other names travel as values";
            findings.add(Finding::new(Code::MalformedName, entry.key_place, message).help(help));
            continue;
        }
        let wanted = Wanted { name: &entry.key, row: None, typing: Typing::Unknown, declared: None };
        if let Some(argument) = argument(&entry.value, &wanted, names, findings) {
            fields.insert(entry.key.clone(), argument);
        }
    }
    Some(Argument::Record { fields })
}

fn mistyped(written: &Written, wanted: &Wanted<'_>, found: &str, findings: &mut Findings<'_>) {
    let message = format!("`{}` takes {}, and here stands {found}", wanted.name, wanted.typing);
    findings.add(Finding::new(Code::ArgumentType, written.head(), message));
}

fn leak(place: Place, wanted: &Wanted<'_>, findings: &mut Findings<'_>) {
    let message = format!("`{}` does not take a secret, so it could be seen there", wanted.name);
    let help = "a secret goes only to a parameter of type secret";
    findings.add(Finding::new(Code::SecretLeak, place, message).help(help));
}
