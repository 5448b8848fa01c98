use super::argument::fitting;
use super::branch::Reader;
use super::limits::{OUTPUTS, within};
use super::outline::Outline;
use super::parameter::{self, is_well_formed};
use super::scope::{Own, StepNames};
use crate::runbook::expr::Typing;
use crate::runbook::fields::Fields;
use crate::runbook::grammar::RUNBOOK_OUTPUT;
use crate::runbook::written::{Entry, Form, Written};
use crate::runbook::{Argument, Code, Finding, Findings, RunbookOutput, read};

/// What a runbook gives to one that nests it.
pub(super) fn outputs(written: &Written, outline: &Outline<'_>, findings: &mut Findings<'_>) -> Vec<RunbookOutput> {
    let Form::Mapping(entries) = &written.form else {
        if !super::limits::is_refused(written) {
            let message = format!("`outputs` is a mapping, and here stands {}", written.described());
            let help = "write for example `version: {type: string, value: '${{ steps.set.outputs.version }}'}`";
            findings.add(Finding::new(Code::WrongType, written.head(), message).help(help));
        }
        return Vec::new();
    };
    let entries = within(entries, OUTPUTS, "outputs", |entry| entry.key_place, findings);
    entries.iter().filter_map(|entry| output(entry, outline, findings)).collect()
}

fn output(entry: &Entry, outline: &Outline<'_>, findings: &mut Findings<'_>) -> Option<RunbookOutput> {
    if !is_well_formed(&entry.key) {
        let message = format!("`{}` is not a name for an output", entry.key);
        let help = "write lower-case letters, digits and underscores, beginning with a letter, at most 63";
        findings.add(Finding::new(Code::MalformedName, entry.key_place, message).help(help));
    }
    let fields = Fields::read(&entry.value, &RUNBOOK_OUTPUT, findings)?;
    let kind = parameter::kind(&fields, findings);
    let description = fields.get("description").and_then(|written| read::text(written, "a text", findings));
    let names = StepNames { outline, reader: Reader::End, item: None, own: Own::Absent, is_done_in_drills: true };
    let kind = kind?;
    let wanted = Typing::from(&kind);
    let written = fields.get("value")?;
    let text = &read::scalar(written, "a value", findings)?.text;
    let Argument::Template { text: value } = fitting(written, &entry.key, &wanted, &names, findings)? else {
        let message = format!("`{}` is {wanted}, and `{text}` stands here as a text", entry.key);
        let help = format!("write it as an expression: `${{{{ {text} }}}}`");
        findings.add(Finding::new(Code::ArgumentType, written.place, message).help(help));
        return None;
    };
    Some(RunbookOutput { name: entry.key.clone(), kind, description, value })
}
