use std::collections::BTreeMap;

use super::known::{Given, Known, Later, Worked};
use super::stand_in::StandIns;
use crate::base::{SecretRef, Value};
use crate::effect::{Args, Row, Type};
use crate::runbook::{Argument, Template};

/// The arguments of a call as far as they are known, with stand-ins for the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Arguments {
    pub(super) args: Args,
    pub(super) stand_ins: StandIns,
    /// Those for which nothing can stand, by name.
    pub(super) left_out: Vec<(String, Later)>,
    /// What can never be worked out.
    pub(super) wrong: Option<String>,
}

impl Arguments {
    /// Works the arguments out, as [`bind`](super::bind()) will.
    pub(super) fn of(with: &BTreeMap<String, Argument>, row: Option<&Row>, known: &Known<'_>) -> Self {
        let mut done = Self::default();
        for (name, argument) in with {
            let parameter = row.and_then(|row| row.parameters.iter().find(|parameter| parameter.name == name));
            let kind = parameter.map_or(Type::String, |parameter| parameter.kind);
            if let Some(value) = done.value(name, argument, kind, known, with) {
                done.args.insert(name.clone(), value);
            }
        }
        done
    }

    fn value(
        &mut self,
        name: &str,
        argument: &Argument,
        kind: Type,
        known: &Known<'_>,
        with: &BTreeMap<String, Argument>,
    ) -> Option<Value> {
        match argument {
            Argument::Template { text } => self.template(name, text, kind, known),
            Argument::Literal { value } => Some(value.clone()),
            Argument::Record { fields } => {
                let fields = fields.iter().filter_map(|(field, argument)| {
                    Some((field.clone(), self.value(field, argument, Type::String, known, with)?))
                });
                Some(Value::Record(fields.collect()))
            }
            Argument::List { items } => {
                let of = if let Type::List(of) = kind { *of } else { Type::String };
                Some(Value::List(items.iter().filter_map(|item| self.value(name, item, of, known, with)).collect()))
            }
            Argument::Generate { bytes, encoding } => {
                Some(Value::Secret { secret: SecretRef::Generate { bytes: *bytes, encoding: *encoding } })
            }
            Argument::VersionOf { version, secret } => {
                let version = match self.whole_or_text(version, known)? {
                    Given::Now(version) => version.to_string(),
                    Given::Later(later) => self.stand_ins.version(&later),
                };
                let own = match secret {
                    Some(secret) => Some(match self.whole_or_text(secret, known)? {
                        Given::Now(name) => name.to_string(),
                        Given::Later(later) => self.stand_ins.text(&later),
                    }),
                    None => None,
                };
                let beside = |name: &str| with.get(name).and_then(|beside| self.clone().beside(beside, known));
                let url = beside("vault").and_then(|vault| vault.field("url").map(ToString::to_string));
                let named = own.or_else(|| beside("name").map(|name| name.to_string()));
                let secret =
                    SecretRef::Version { vault: url.unwrap_or_default(), name: named.unwrap_or_default(), version };
                Some(Value::Secret { secret })
            }
        }
    }

    /// The value of an argument beside another one.
    fn beside(mut self, argument: &Argument, known: &Known<'_>) -> Option<Value> {
        self.value("", argument, Type::String, known, &BTreeMap::new())
    }

    fn template(&mut self, name: &str, text: &Template, kind: Type, known: &Known<'_>) -> Option<Value> {
        match self.whole_or_text(text, known)? {
            Given::Now(value) => Some(value),
            Given::Later(later) => {
                let value = self.stand_ins.value(kind, &later);
                if value.is_none() {
                    self.left_out.push((name.to_owned(), later));
                }
                value
            }
        }
    }

    /// The value of a template: later only if it is one hole, else a text in which stand-ins may stand. None if it never
    /// has one.
    fn whole_or_text(&mut self, template: &Template, known: &Known<'_>) -> Option<Given> {
        if let Some((_, expression)) = template.whole() {
            return match known.work(expression) {
                Worked::Value(value) => Some(Given::Now(value)),
                Worked::Later(later) => Some(Given::Later(later)),
                Worked::Wrong(why) => {
                    self.wrong.get_or_insert(why);
                    None
                }
            };
        }
        let mut text = String::new();
        let mut done = 0;
        for (at, expression) in template.holes() {
            let source = template.source();
            let open = source[..at].rfind("${{").unwrap_or(at);
            text.push_str(&source[done..open]);
            let end = at + expression.source().len();
            done = source[end..].find("}}").map_or(source.len(), |close| end + close + 2);
            match known.work(expression) {
                Worked::Value(value) => text.push_str(&value.to_string()),
                Worked::Later(later) => text.push_str(&self.stand_ins.text(&later)),
                Worked::Wrong(why) => {
                    self.wrong.get_or_insert(why);
                    return None;
                }
            }
        }
        text.push_str(&template.source()[done..]);
        Some(Given::Now(Value::Text(text)))
    }
}

/// A text for a person with every hole filled as far as it is known, the rest as `«steps.…»`.
pub(super) fn told(template: &Template, known: &Known<'_>) -> String {
    let mut arguments = Arguments::default();
    match arguments.whole_or_text(template, known) {
        Some(Given::Now(value)) => arguments.stand_ins.put_back(&value.to_string()),
        Some(Given::Later(later)) => format!("«{}»", later.label),
        None => template.source().to_owned(),
    }
}

/// The value of an argument for a nested runbook's input, as far as it is known.
pub(super) fn given(argument: &Argument, known: &Known<'_>) -> Given {
    let mut arguments = Arguments::default();
    let value = match argument {
        Argument::Template { text } => arguments.whole_or_text(text, known),
        other => arguments.value("", other, Type::String, known, &BTreeMap::new()).map(Given::Now),
    };
    match value {
        Some(Given::Now(value)) if arguments.stand_ins.all().next().is_none() => Given::Now(value),
        Some(Given::Now(value)) => {
            let label = arguments.stand_ins.put_back(&value.to_string());
            let mut after: Vec<String> = arguments.stand_ins.after().cloned().collect();
            after.sort();
            after.dedup();
            Given::Later(Later { label, after })
        }
        Some(later) => later,
        None => Given::Later(Later { label: arguments.wrong.unwrap_or_default(), after: Vec::new() }),
    }
}
