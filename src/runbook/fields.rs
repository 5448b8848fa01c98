use super::written::{Entry, Form, Written};
use super::{Code, Finding, Findings, Place};
use crate::base::did_you_mean;

/// The keys that a mapping may have: the language's grammar as data. The parser compares mappings with it, and the JSON
/// Schema is written from it.
pub(crate) struct Table {
    /// What the mapping is, with its article: `a step`.
    pub(crate) what: &'static str,
    /// Its keys, in the order in which they are usually written.
    pub(crate) keys: &'static [Key],
}

/// A key that a mapping may have.
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) need: Need,
    /// What its value looks like.
    pub(crate) shape: Shape,
    /// What it says, in one sentence.
    pub(crate) summary: &'static str,
}

/// What a value looks like, as far as it can be told without its surroundings.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    /// Text that is not blank.
    Text,
    /// Text with holes `${{ }}`.
    Template,
    /// An expression, with or without `${{ }}` around it.
    Expression,
    /// A name of lower-case letters, digits and hyphens, beginning with a letter: a runbook, a step, an environment.
    Name,
    /// A name of lower-case letters, digits and underscores, beginning with a letter: a parameter, a field, an output.
    Identifier,
    /// Three numbers with points between.
    Version,
    /// A whole number, bare, within these bounds.
    Integer(i64, i64),
    /// `true` or `false`, bare.
    Boolean,
    /// A length of time.
    Span,
    /// One of these words.
    Words(&'static [&'static str]),
    /// The name of an operation of the catalogue.
    Operation,
    /// A regular expression.
    Pattern,
    /// A list, each item of this shape.
    List(&'static Shape),
    /// A mapping from names that the author chooses to values of this shape.
    Map(&'static Shape),
    /// A mapping with these keys.
    Table(&'static Table),
    /// Any of these shapes.
    Either(&'static [Shape]),
    /// What it may be, only its surroundings tell: an argument, a default, an input.
    Anything,
}

/// Whether a key must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// It must.
    Required,
    /// It need not.
    Optional,
}

/// A key that must be there.
pub(crate) const fn required(name: &'static str, shape: Shape, summary: &'static str) -> Key {
    Key { name, need: Need::Required, shape, summary }
}

/// A key that need not be there.
pub(crate) const fn optional(name: &'static str, shape: Shape, summary: &'static str) -> Key {
    Key { name, need: Need::Optional, shape, summary }
}

/// A mapping whose keys have been compared with their table.
pub(crate) struct Fields<'w> {
    /// The place to point at when something is missing.
    pub(crate) head: Place,
    entries: Vec<&'w Entry>,
}

impl<'w> Fields<'w> {
    /// Compares a mapping with its table. Unknown, missing and unsupported keys are findings; the known ones can be read.
    pub(crate) fn read(written: &'w Written, table: &Table, findings: &mut Findings<'_>) -> Option<Self> {
        let Form::Mapping(entries) = &written.form else {
            if !matches!(written.form, Form::Refused) {
                let message = format!("{} is a mapping, and here stands {}", table.what, written.described());
                let keys: Vec<_> = table.keys.iter().filter(|key| key.need == Need::Required).collect();
                let finding = Finding::new(Code::WrongType, written.head(), message);
                findings.add(finding.help(match keys.as_slice() {
                    [] => format!("its keys are {}", list(table.keys.iter().map(|key| key.name))),
                    keys => format!("write its keys: {}", list(keys.iter().map(|key| key.name))),
                }));
            }
            return None;
        };
        let head = written.head();
        let mut known = Vec::new();
        for entry in entries {
            match table.keys.iter().find(|key| key.name == entry.key) {
                Some(_) => known.push(entry),
                None => {
                    let message = format!("{} has no key `{}`", table.what, entry.key);
                    let names = || table.keys.iter().map(|key| key.name);
                    let help = match did_you_mean(&entry.key, names()) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("its keys are {}", list(names())),
                    };
                    findings.add(Finding::new(Code::UnknownKey, entry.key_place, message).help(help));
                }
            }
        }
        for key in table.keys.iter().filter(|key| key.need == Need::Required) {
            if !entries.iter().any(|entry| entry.key == key.name) {
                let message = format!("{} needs the key `{}`", table.what, key.name);
                findings.add(Finding::new(Code::MissingKey, head, message).help(format!("add `{}: …`", key.name)));
            }
        }
        Some(Self { head, entries: known })
    }

    /// Forgets a key that has no meaning here, about which there is a finding.
    pub(crate) fn forget(&mut self, name: &str) {
        self.entries.retain(|entry| entry.key != name);
    }

    /// The entry of a key.
    pub(crate) fn entry(&self, name: &str) -> Option<&'w Entry> {
        self.entries.iter().copied().find(|entry| entry.key == name)
    }

    /// The value of a key.
    pub(crate) fn get(&self, name: &str) -> Option<&'w Written> {
        self.entry(name).map(|entry| &entry.value)
    }

    /// Every known entry, in the author's order.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &'w Entry> {
        self.entries.iter().copied()
    }
}

/// Names for a person: `a`, `b` and `c`; of very many, the first and how many more there are.
pub(crate) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 40;
    let mut rest = names.into_iter();
    let names: Vec<String> = rest.by_ref().take(SHOWN).map(|name| format!("`{name}`")).collect();
    let more = rest.count();
    if more > 0 {
        return format!("{} and {more} more", names.join(", "));
    }
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => "none".to_owned(),
    }
}
