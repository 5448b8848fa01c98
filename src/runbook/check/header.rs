use super::library::Library;
use super::outline::Outline;
use super::output::outputs;
use super::safety::{Places, Subject, inspect};
use super::step;
use crate::base::{Span, StepId};
use crate::runbook::fields::Fields;
use crate::runbook::grammar::{OBJECTIVES, RUNBOOK};
use crate::runbook::written::Written;
use crate::runbook::{Code, Finding, Findings, Runbook, read};

/// The version of the language that this program reads.
const FORMAT: i64 = 1;

/// The runbook; whatever could not be read has a finding.
pub(super) fn runbook(
    stem: &str,
    written: &Written,
    library: &Library,
    findings: &mut Findings<'_>,
) -> Option<Runbook> {
    let fields = Fields::read(written, &RUNBOOK, findings)?;
    let format = fields.get("format").and_then(|written| format(written, findings));
    let id = fields.get("runbook").and_then(|written| id(stem, written, findings));
    let version = fields.get("version").and_then(|written| version(written, findings));
    let title = fields.get("title").and_then(|written| read::title(written, findings));
    let sop = fields.get("sop").and_then(|written| read::text(written, "a text", findings));
    let owner = fields.get("owner").and_then(|written| read::text(written, "a text", findings));
    let texts = |name: &str, findings: &mut Findings<'_>| {
        fields.get(name).map(|written| read::texts(written, "a list of texts", findings)).unwrap_or_default()
    };
    let use_when = texts("use_when", findings);
    let not_when = texts("not_when", findings);
    let (rto, rpo) = fields.get("objectives").map(|written| objectives(written, findings)).unwrap_or_default();
    let outline = Outline::read(fields.get("parameters"), fields.get("steps"), library, findings);
    let steps = step::steps(stem, &outline, findings);
    library.count(written, findings);
    let outputs = fields.get("outputs").map(|written| outputs(written, &outline, findings)).unwrap_or_default();
    let lowered = (steps.as_slice(), outline.sketches.len());
    let subject = Subject::new(lowered, (rto, rpo), Places::new(written));
    inspect(&subject.beside(&outline.parameters, library), findings);
    Some(Runbook {
        id: id?,
        format: format?,
        version: version?,
        title: title?,
        sop,
        owner,
        use_when,
        not_when,
        parameters: outline.parameters,
        rto,
        rpo,
        outputs,
        steps,
    })
}

/// The version of the language; one that is not known is a finding.
pub(crate) fn format(written: &Written, findings: &mut Findings<'_>) -> Option<u32> {
    let number = read::integer(written, "`format`", findings)?;
    if number != FORMAT {
        let message = format!("format {number} is not known to this program");
        findings.add(Finding::new(Code::UnknownFormat, written.place, message).help("write `format: 1`"));
        return None;
    }
    u32::try_from(number).ok()
}

fn id(stem: &str, written: &Written, findings: &mut Findings<'_>) -> Option<String> {
    let id = &read::scalar(written, "the runbook's name", findings)?.text;
    if !StepId::is_well_formed(id) {
        let message = format!("`{id}` is not a name for a runbook");
        let help = "write lower-case letters, digits and hyphens, beginning with a letter";
        findings.add(Finding::new(Code::MalformedName, written.place, message).help(help));
        return None;
    }
    if id != stem {
        let message = format!("the runbook calls itself `{id}`, and its file `{stem}`");
        let help = format!("write `runbook: {stem}`, or rename the file to `{id}.yaml`");
        findings.add(Finding::new(Code::NameIsNotFile, written.place, message).help(help));
    }
    Some(id.clone())
}

/// The author's number.
pub(crate) fn version(written: &Written, findings: &mut Findings<'_>) -> Option<String> {
    let text = read::text(written, "a version", findings)?;
    let number = |part: &str| !part.is_empty() && part.len() <= 9 && part.bytes().all(|byte| byte.is_ascii_digit());
    if text.split('.').count() != 3 || !text.split('.').all(number) {
        let message = format!("`{text}` is not a version");
        findings.add(Finding::new(Code::WrongValue, written.place, message).help("write three numbers, as `1.2.0`"));
        return None;
    }
    Some(text)
}

fn objectives(written: &Written, findings: &mut Findings<'_>) -> (Option<Span>, Option<Span>) {
    let Some(fields) = Fields::read(written, &OBJECTIVES, findings) else { return (None, None) };
    let mut span = |name: &str| fields.get(name).and_then(|written| read::span(written, "a length of time", findings));
    (span("rto"), span("rpo"))
}
