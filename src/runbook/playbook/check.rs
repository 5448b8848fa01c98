use super::drill::programme;
use super::grammar::{DRILL, GUIDE};
use super::guide::guide;
use super::model::{Content, Playbook};
use super::shelf::Shelf;
use crate::base::{StepId, did_you_mean};
use crate::runbook::check::{format, stem, version};
use crate::runbook::fields::Fields;
use crate::runbook::written::{Form, Written};
use crate::runbook::{Code, Finding, Findings, parse, read};

/// What checking a playbook gives.
#[derive(Clone, Debug)]
pub struct CheckedPlaybook {
    /// The playbook; none if there is an error among the findings.
    pub playbook: Option<Playbook>,
    /// Every finding, in the order of the text.
    pub findings: Vec<Finding>,
}

/// Checks the bytes of a playbook, as [`check`](crate::runbook::check()) does those of a runbook: any bytes give an
/// answer. `file` is the file's name or path; only its stem matters, which must be the playbook's name. What is wrong with
/// a runbook itself is not said here, but where a programme could not be compiled because of it.
pub fn check_playbook(file: &str, bytes: &[u8], shelf: &Shelf) -> CheckedPlaybook {
    let text = match parse::text(bytes) {
        Ok(text) => text,
        Err(finding) => return CheckedPlaybook { playbook: None, findings: vec![finding] },
    };
    let mut findings = Findings::new(text);
    let written = parse::parse(&mut findings);
    let playbook = written.and_then(|written| playbook(stem(file), &written, shelf, &mut findings));
    let playbook = playbook.filter(|_| !findings.any_error());
    CheckedPlaybook { playbook, findings: findings.into_sorted() }
}

/// Tells whether a file of unknown kind is a playbook: it has the key `playbook` at its top. What cannot be read is none.
pub fn is_playbook(bytes: &[u8]) -> bool {
    let read = |text| parse::parse(&mut Findings::new(text));
    parse::text(bytes).ok().and_then(read).is_some_and(|written| written.entry("playbook").is_some())
}

fn playbook(stem: &str, written: &Written, shelf: &Shelf, findings: &mut Findings<'_>) -> Option<Playbook> {
    let is_drill = is_drill(written);
    let fields = Fields::read(written, if is_drill { &DRILL } else { &GUIDE }, findings)?;
    let format = fields.get("format").and_then(|written| format(written, findings));
    let id = fields.get("playbook").and_then(|written| id(stem, written, shelf, findings));
    let version = fields.get("version").and_then(|written| version(written, findings));
    let title = fields.get("title").and_then(|written| read::title(written, findings));
    let owner = fields.get("owner").and_then(|written| read::text(written, "a text", findings));
    let content = if is_drill {
        let written = fields.get("programme");
        written.and_then(|written| programme(written, shelf, findings)).map(Content::Programme)
    } else {
        guide(&fields, shelf, findings).map(Content::Guide)
    };
    Some(Playbook { id: id?, format: format?, version: version?, title: title?, owner: owner?, content: content? })
}

/// A file with the key `programme` is a drill programme; so is one that has it misspelt and nothing of a guide.
fn is_drill(written: &Written) -> bool {
    let Form::Mapping(entries) = &written.form else { return false };
    let own = |key: &str| !DRILL.keys.iter().any(|known| known.name == key);
    let is_guide = |key: &str| own(key) && GUIDE.keys.iter().any(|known| known.name == key);
    let is_near = || did_you_mean("programme", entries.iter().map(|entry| entry.key.as_str())).is_some();
    written.entry("programme").is_some() || (!entries.iter().any(|entry| is_guide(&entry.key)) && is_near())
}

fn id(stem: &str, written: &Written, shelf: &Shelf, findings: &mut Findings<'_>) -> Option<String> {
    let id = &read::scalar(written, "the playbook's name", findings)?.text;
    if !StepId::is_well_formed(id) {
        let message = format!("`{id}` is not a name for a playbook");
        let help = "write lower-case letters, digits and hyphens, beginning with a letter";
        findings.add(Finding::new(Code::MalformedName, written.place, message).help(help));
        return None;
    }
    if id != stem {
        let message = format!("the playbook calls itself `{id}`, and its file `{stem}`");
        let help = format!("write `playbook: {stem}`, or rename the file to `{id}.yaml`");
        findings.add(Finding::new(Code::PlaybookNameIsNotFile, written.place, message).help(help));
    }
    if shelf.find(id).is_some() {
        let message = format!("there is a runbook `{id}` already");
        let help = "name the playbook after the kind of incident, and the runbook after what it does";
        findings.add(Finding::new(Code::PlaybookIsRunbook, written.place, message).help(help));
    }
    Some(id.clone())
}
