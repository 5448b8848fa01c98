use super::call::{self, Bounds};
use super::escalation::{escalation, severity};
use super::grammar::{ALERT, FIRST_ACTION, ROLES, SUGGESTION};
use super::message::messages;
use super::model::{Alert, AlertSource, FirstAction, Guide, IncidentSeverity, Role, Suggestion};
use super::shelf::{Listed, Shelf};
use crate::runbook::check::row;
use crate::runbook::fields::{Fields, Table};
use crate::runbook::written::{Form, Written};
use crate::runbook::{Code, Finding, Findings, read};

/// So many first actions fit on the first screen, and into a head that was just woken.
const FIRST: usize = 5;

/// The guide; whatever could not be read has a finding.
pub(super) fn guide(fields: &Fields<'_>, shelf: &Shelf, findings: &mut Findings<'_>) -> Option<Guide> {
    let symptoms = fields.get("symptoms").and_then(|written| sentences(written, "a symptom", findings));
    let alerts = fields.get("alerts").map(|written| alerts(written, findings)).unwrap_or_default();
    let severity = fields.get("severity").and_then(|written| severities(written, findings));
    let first_five = fields.get("first_five").and_then(|written| first(written, shelf, findings));
    let escalation = fields.get("escalation").and_then(|written| escalation(written, findings));
    let roles = fields.get("roles").and_then(|written| roles(written, &ROLES, findings));
    let messages = fields.get("messages").map(|written| messages(written, findings)).unwrap_or_default();
    let runbooks = fields.get("runbooks").and_then(|written| suggestions(written, shelf, findings));
    let exit_criteria = fields.get("exit_criteria").and_then(|written| sentences(written, "a criterion", findings));
    Some(Guide {
        symptoms: symptoms?,
        alerts,
        severity: severity?,
        first_five: first_five?,
        escalation: escalation?,
        roles: roles?,
        messages,
        runbooks: runbooks?,
        exit_criteria: exit_criteria?,
    })
}

/// The items of a list that must say something; `what` is one of them, with its article.
pub(super) fn filled<'w>(written: &'w Written, what: &str, findings: &mut Findings<'_>) -> Option<&'w [Written]> {
    let items = read::list(written, "a list", findings)?;
    if items.is_empty() {
        let finding = Finding::new(Code::NothingListed, written.place, "the list is empty");
        findings.add(finding.help(format!("write at least {what}")));
        return None;
    }
    Some(items)
}

/// A list of sentences that must say something.
pub(super) fn sentences(written: &Written, what: &str, findings: &mut Findings<'_>) -> Option<Vec<String>> {
    filled(written, what, findings)?;
    Some(read::texts(written, "a list", findings))
}

/// `roles` and `participants`, in the order of [`Role::ALL`].
pub(super) fn roles(written: &Written, table: &Table, findings: &mut Findings<'_>) -> Option<Vec<(Role, String)>> {
    let fields = Fields::read(written, table, findings)?;
    let who = |role: Role, findings: &mut Findings<'_>| {
        let written = fields.get(role.word())?;
        Some((role, read::text(written, "who it is", findings)?))
    };
    Some(Role::ALL.into_iter().filter_map(|role| who(role, findings)).collect())
}

fn alerts(written: &Written, findings: &mut Findings<'_>) -> Vec<Alert> {
    let items = read::list(written, "a list of alerts", findings).unwrap_or_default();
    let alert = |item: &Written, findings: &mut Findings<'_>| {
        if !matches!(item.form, Form::Mapping(_)) {
            let name = read::text(item, "an alert's name", findings)?;
            return Some(Alert { name, source: AlertSource::Any });
        }
        let fields = Fields::read(item, &ALERT, findings)?;
        let name = fields.get("name").and_then(|written| read::text(written, "an alert's name", findings));
        let source = fields.get("source");
        let source = source.and_then(|written| read::word(written, "a source", &AlertSource::WORDS, findings));
        Some(Alert { name: name?, source: source? })
    };
    items.iter().filter_map(|item| alert(item, findings)).collect()
}

/// Keys are severities: an unknown one is a wrong word rather than a wrong key.
fn severities(written: &Written, findings: &mut Findings<'_>) -> Option<Vec<(IncidentSeverity, String)>> {
    let Form::Mapping(entries) = &written.form else {
        if !matches!(written.form, Form::Refused) {
            let message = format!("`severity` is a mapping, and here stands {}", written.described());
            let finding = Finding::new(Code::WrongType, written.head(), message);
            findings.add(finding.help("write `sev1: …` with the sentence that says when it is"));
        }
        return None;
    };
    if entries.is_empty() {
        let finding = Finding::new(Code::NothingListed, written.place, "no severity is said");
        findings.add(finding.help("write `sev1: …` with the sentence that says when it is"));
    }
    let mut found = Vec::new();
    for entry in entries {
        let severity = severity(&entry.key, entry.key_place, findings);
        let when = read::text(&entry.value, "a sentence that says when", findings);
        found.extend(severity.zip(when));
    }
    found.sort_by_key(|(severity, _)| *severity);
    Some(found)
}

fn first(written: &Written, shelf: &Shelf, findings: &mut Findings<'_>) -> Option<Vec<FirstAction>> {
    let items = filled(written, "a first action", findings)?;
    if let Some(sixth) = items.get(FIRST) {
        let message = format!("there are {} first actions, and at most {FIRST} are allowed", items.len());
        let help = "keep those that help before anything is understood; the rest belongs into a runbook";
        findings.add(Finding::new(Code::TooManyFirstActions, sixth.head(), message).help(help));
    }
    Some(items.iter().filter_map(|item| first_action(item, shelf, findings)).collect())
}

fn first_action(item: &Written, shelf: &Shelf, findings: &mut Findings<'_>) -> Option<FirstAction> {
    if !matches!(item.form, Form::Mapping(_)) {
        let text = read::text(item, "a sentence", findings)?;
        return Some(FirstAction { text, runbook: None, check: None });
    }
    let fields = Fields::read(item, &FIRST_ACTION, findings)?;
    let text = fields.get("do").and_then(|written| read::text(written, "a sentence", findings));
    let runbook = fields.get("runbook").and_then(|written| call::runbook(written, shelf, findings));
    let check = fields.get("check").and_then(|written| row(written, true, findings));
    let check = check.map(|row| row.name.to_owned());
    Some(FirstAction { text: text?, runbook: runbook.map(|(name, _)| name), check })
}

fn suggestions(written: &Written, shelf: &Shelf, findings: &mut Findings<'_>) -> Option<Vec<Suggestion>> {
    let items = filled(written, "a runbook", findings)?;
    Some(items.iter().filter_map(|item| suggestion(item, shelf, findings)).collect())
}

fn suggestion(item: &Written, shelf: &Shelf, findings: &mut Findings<'_>) -> Option<Suggestion> {
    let fields = Fields::read(item, &SUGGESTION, findings)?;
    let when = fields.get("when").and_then(|written| read::text(written, "a sentence that says when", findings));
    let (name, listed) = call::runbook(fields.get("runbook")?, shelf, findings)?;
    // One that is broken is found where it stands; the guide is needed all the same.
    let (with, open) = match listed {
        Listed::Usable(runbook) => {
            let with = call::inputs(runbook, fields.get("with"), Bounds::Open, findings);
            let is_given = |name: &str| with.iter().any(|(known, _)| known == name);
            let open = runbook.parameters.iter().filter(|one| one.is_required() && !is_given(&one.name));
            let open = open.map(|parameter| parameter.name.clone()).collect();
            (with, open)
        }
        Listed::Broken => (Vec::new(), Vec::new()),
    };
    Some(Suggestion { runbook: name, when: when?, with, open })
}
