use super::grammar::MESSAGE;
use super::model::{Message, Moment};
use crate::base::did_you_mean;
use crate::effect::Type;
use crate::runbook::check::template;
use crate::runbook::expr::{Names, Typing, Unnamed};
use crate::runbook::fields::{Fields, list};
use crate::runbook::written::Written;
use crate::runbook::{Code, Finding, Findings, Place, read};

/// What a message may say of an incident.
const FIELDS: [(&str, Type); 5] = [
    ("title", Type::String),
    ("severity", Type::String),
    ("started_at", Type::Timestamp),
    ("environment", Type::String),
    ("summary", Type::String),
];

/// The messages; two for one audience and moment are a finding.
pub(super) fn messages(written: &Written, findings: &mut Findings<'_>) -> Vec<Message> {
    let mut messages: Vec<(Place, Message)> = Vec::new();
    for item in read::list(written, "a list of messages", findings).unwrap_or_default() {
        let Some((place, message)) = message(item, findings) else { continue };
        let is_same =
            |(_, known): &&(Place, Message)| known.audience == message.audience && known.moment == message.moment;
        if let Some((first, _)) = messages.iter().find(is_same) {
            let words =
                format!("there is a message for {} at the moment `{}` already", message.audience, message.moment);
            let finding = Finding::new(Code::MessageTwice, place, words);
            findings.add(finding.related(*first, "the first").help("make one of the two"));
        }
        messages.push((place, message));
    }
    messages.into_iter().map(|(_, message)| message).collect()
}

fn message(item: &Written, findings: &mut Findings<'_>) -> Option<(Place, Message)> {
    let fields = Fields::read(item, &MESSAGE, findings)?;
    let audience = fields.get("audience").and_then(|written| read::text(written, "an audience", findings));
    let moment = fields.get("moment").and_then(|written| read::word(written, "a moment", &Moment::WORDS, findings));
    let text = fields.get("text").and_then(|written| {
        read::text(written, "the text of a message", findings)?;
        let text = &read::scalar(written, "the text of a message", findings)?.text;
        let (template, typing) = template(written, text, &IncidentNames, findings)?;
        if !typing.fits(Typing::String) {
            let message = format!("a message is a text, and this is {typing}");
            findings.add(Finding::new(Code::NotText, written.place, message).help("write a sentence around it"));
        }
        Some(template)
    });
    let place = fields.get("audience").map_or(fields.head, |written| written.place);
    Some((place, Message { audience: audience?, moment: moment?, text: text? }))
}

/// What the holes of a message may read.
struct IncidentNames;

impl Names for IncidentNames {
    fn typing(&self, path: &[&str]) -> Result<Typing, Unnamed> {
        let names = || FIELDS.iter().map(|(name, _)| *name);
        let unnamed = |segment, message: String, help: String| {
            Err(Unnamed { segment, code: Code::NoIncidentField, message, help: Some(help) })
        };
        match path {
            ["incident"] => unnamed(0, "`incident` alone says nothing".to_owned(), "write `incident.title`".to_owned()),
            ["incident", name, rest @ ..] => match FIELDS.iter().find(|(known, _)| known == name) {
                Some((_, kind)) if rest.is_empty() => Ok(Typing::from(*kind)),
                Some(_) => unnamed(2, format!("`incident.{name}` has no fields"), format!("write `incident.{name}`")),
                None => {
                    let help = match did_you_mean(name, names()) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("its fields are {}", list(names())),
                    };
                    unnamed(1, format!("an incident has no field `{name}`"), help)
                }
            },
            other => {
                let root = other.first().copied().unwrap_or_default();
                let message = format!("`{root}` stands for nothing in a message");
                unnamed(0, message, "a message reads `incident.title` and the like; texts stand in quotes".to_owned())
            }
        }
    }
}
