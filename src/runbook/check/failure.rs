use super::call::deadline;
use super::limits::{items, number};
use super::outline::Outline;
use crate::base::{Span, did_you_mean};
use crate::runbook::fields::{Fields, list};
use crate::runbook::grammar::{GO_TO, ON_FAILURE, RETRY};
use crate::runbook::written::{Form, Written};
use crate::runbook::{Code, Finding, Findings, OnFailure, Retry, RetryCause, read};

/// The step that `on_failure` goes on with, as written.
pub(super) fn go_to(written: &Written) -> Option<&Written> {
    written.entry("go_to").map(|entry| &entry.value)
}

/// `on_failure` of the step number `step`, whose keys are `fields`.
pub(super) fn on_failure(
    step: usize,
    fields: &Fields<'_>,
    outline: &Outline<'_>,
    findings: &mut Findings<'_>,
) -> Option<OnFailure> {
    let Some(written) = fields.get("on_failure") else { return Some(OnFailure::Ask) };
    if let Form::Mapping(_) = written.form {
        let answer = Fields::read(written, &GO_TO, findings)?;
        let name = answer.get("go_to")?;
        let found = outline.step(name, findings)?;
        if found == step {
            let message = format!("`{}` cannot go on with itself", outline.sketches[step].id);
            findings
                .add(Finding::new(Code::GoTo, name.place, message).help("write `on_failure: retry`, and a `retry`"));
            return None;
        }
        return Some(OnFailure::GoTo(outline.sketches[found].id.clone()));
    }
    let words = ON_FAILURE.map(|word| (word, word));
    let word = read::word(written, "a way to go on after a failure", &words, findings)?;
    let needs = |key: &str, findings: &mut Findings<'_>| {
        if fields.entry(key).is_none() {
            let message = format!("`on_failure: {key}` needs the key `{key}`, which this step has not");
            let help =
                if key == "retry" { "add for example `retry: {attempts: 3}`" } else { "add `undo`, or write `ask`" };
            findings.add(Finding::new(Code::NeedsOther, written.place, message).help(help));
        }
    };
    Some(match word {
        "retry" => {
            needs("retry", findings);
            OnFailure::Retry
        }
        "continue" => OnFailure::Continue,
        "undo" => {
            needs("undo", findings);
            OnFailure::Undo
        }
        _ => OnFailure::Ask,
    })
}

/// `retry`.
pub(super) fn retry(written: &Written, findings: &mut Findings<'_>) -> Option<Retry> {
    let fields = Fields::read(written, &RETRY, findings)?;
    let attempts = number(&fields, &RETRY, "attempts", findings).and_then(|number| u8::try_from(number).ok());
    let span = |name: &str, usual: Span, findings: &mut Findings<'_>| match fields.get(name) {
        Some(written) => deadline(written, name, findings),
        None => Some(usual),
    };
    let delay = span("delay", Retry::DELAY, findings);
    let longest = span("max_delay", delay.unwrap_or(Retry::DELAY).max(Retry::MAX_DELAY), findings);
    if let (Some(delay), Some(longest), Some(written)) = (delay, longest, fields.get("max_delay"))
        && longest < delay
    {
        let message = format!("`max_delay` is {longest}, and the first pause may already be {delay}");
        findings.add(Finding::new(Code::WrongValue, written.place, message).help("exchange them"));
    }
    let only_on = match fields.get("only_on") {
        Some(written) => causes(written, findings),
        None => Retry::ONLY_ON.to_vec(),
    };
    Some(Retry { attempts: attempts?, delay: delay?, max_delay: longest?, only_on })
}

fn causes(written: &Written, findings: &mut Findings<'_>) -> Vec<RetryCause> {
    let mut causes = Vec::new();
    for item in items(written, "causes", 20, findings).unwrap_or_default() {
        let Some(text) = read::text(item, "a cause", findings) else { continue };
        let words = || RetryCause::WORDS.iter().map(|(word, _)| *word);
        let finding = match RetryCause::parse(&text) {
            Some(cause) if causes.contains(&cause) => {
                let finding = Finding::new(Code::DuplicateName, item.place, format!("`{text}` stands twice"));
                finding.help("remove one of the two")
            }
            Some(cause) => {
                causes.push(cause);
                continue;
            }
            None => {
                let help = match did_you_mean(&text, words()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("write {}, or the service's own code, as `RoleAssignmentNotFound`", list(words())),
                };
                let message = format!("`{text}` is not a cause of a failure");
                Finding::new(Code::WrongValue, item.place, message).help(help)
            }
        };
        findings.add(finding);
    }
    causes
}
