use std::collections::BTreeMap;

use super::fields::Fields;
use super::grammar::ANSWERS;
use super::written::{Entry, Form, Written};
use super::{Code, Finding, Findings, parse, read};
use crate::base::Digest;

/// What the operator says beforehand, for a run without a terminal. Steps are addressed as `step`, `step[key]` or
/// `outer/inner`; whether there is such a step is not known here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// The digest of the plan that these answers are for. A protected environment demands it.
    pub plan: Option<Digest>,
    /// The read-back for a step, or `ok`, which acknowledges.
    pub confirm: BTreeMap<String, String>,
    /// The choice at a gate.
    pub gate: BTreeMap<String, String>,
    /// The manual steps that a person has done, each with what was filled in, by the names of its fields and as it is typed:
    /// a file by its path, a secret by its reference.
    pub manual: BTreeMap<String, BTreeMap<String, String>>,
}

/// Reads an answers file.
///
/// # Errors
/// Every finding, up to 100.
pub fn parse_answers(bytes: &[u8]) -> Result<Answers, Vec<Finding>> {
    let text = parse::text(bytes).map_err(|finding| vec![finding])?;
    let mut findings = Findings::new(text);
    let answers = parse::parse(&mut findings).and_then(|written| answers(&written, &mut findings));
    match answers {
        Some(answers) if !findings.any_error() => Ok(answers),
        _ => Err(findings.into_sorted()),
    }
}

fn answers(written: &Written, findings: &mut Findings<'_>) -> Option<Answers> {
    let fields = Fields::read(written, &ANSWERS, findings)?;
    let plan = fields.get("plan").and_then(|written| digest(written, findings));
    let texts = |name: &str, findings: &mut Findings<'_>| -> BTreeMap<String, String> {
        let entries = fields.get(name).map(|written| by_step(name, written, findings)).unwrap_or_default();
        let answer = |entry: &Entry, findings: &mut Findings<'_>| {
            Some((entry.key.clone(), read::text(&entry.value, "an answer", findings)?))
        };
        entries.iter().filter_map(|entry| answer(entry, findings)).collect()
    };
    let confirm = texts("confirm", findings);
    let gate = texts("gate", findings);
    let entries = fields.get("manual").map(|written| by_step("manual", written, findings)).unwrap_or_default();
    let manual = entries.iter().filter_map(|entry| Some((entry.key.clone(), filled(&entry.value, findings)?)));
    let manual = manual.collect();
    Some(Answers { plan, confirm, gate, manual })
}

/// `ok`, or what was filled in.
fn filled(written: &Written, findings: &mut Findings<'_>) -> Option<BTreeMap<String, String>> {
    let Form::Mapping(entries) = &written.form else {
        return read::word(written, "an answer to a manual step", &[("ok", ())], findings).map(|()| BTreeMap::new());
    };
    let field = |entry: &Entry| Some((entry.key.clone(), read::text(&entry.value, "the value of a field", findings)?));
    Some(entries.iter().filter_map(field).collect())
}

fn by_step<'w>(name: &str, written: &'w Written, findings: &mut Findings<'_>) -> &'w [Entry] {
    match &written.form {
        Form::Mapping(entries) => return entries,
        Form::Refused => {}
        Form::Scalar(_) | Form::List(_) => {
            let message = format!("`{name}` is a mapping, and here stands {}", written.described());
            let help = format!("write `{name}: {{STEP: ANSWER}}`");
            findings.add(Finding::new(Code::WrongType, written.head(), message).help(help));
        }
    }
    &[]
}

fn digest(written: &Written, findings: &mut Findings<'_>) -> Option<Digest> {
    let text = &read::scalar(written, "a plan digest", findings)?.text;
    let digest = Digest::parse(text);
    if digest.is_none() {
        let message = format!("`{text}` is not a plan digest");
        let help = "copy the 64 hexadecimal digits that `callout plan` shows";
        findings.add(Finding::new(Code::WrongValue, written.place, message).help(help));
    }
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_texts_by_step_and_yes_is_a_word() {
        let text = "confirm: {restart: chatbot-web, 'refresh[chatbot-web]': ok}\ngate: {go: yes}\nmanual: {tell: ok, note-owner: {owner: platform-oncall}}\n";
        let answers = parse_answers(text.as_bytes()).unwrap();
        assert_eq!(answers.confirm["refresh[chatbot-web]"], "ok");
        assert_eq!(answers.gate["go"], "yes");
        assert!(answers.manual["tell"].is_empty());
        assert_eq!(answers.manual["note-owner"]["owner"], "platform-oncall");
    }

    #[test]
    fn every_fault_is_found_at_once() {
        let findings = parse_answers(b"confrm: {}\nplan: abc\ngate: [go]\nmanual: {tell: done}\n").unwrap_err();
        let codes: Vec<_> = findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, [Code::UnknownKey, Code::WrongValue, Code::WrongType, Code::WrongValue]);
    }
}
