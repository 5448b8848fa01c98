use super::argument::fitting;
use super::call::{call, until_of};
use super::limits::{meaningless, only_one};
use super::scope::StepNames;
use crate::base::Timestamp;
use crate::effect::Row;
use crate::runbook::expr::Typing;
use crate::runbook::fields::Fields;
use crate::runbook::grammar::WAIT;
use crate::runbook::written::Written;
use crate::runbook::{Argument, CheckSpec, Code, Finding, Findings, StepKind, Template, read};

/// A wait: for a length of time, until a moment, or until a check passes. `row` is that of the check.
pub(super) fn wait(
    written: &Written,
    row: Option<&'static Row>,
    names: &StepNames<'_>,
    findings: &mut Findings<'_>,
) -> Option<StepKind> {
    let fields = Fields::read(written, &WAIT, findings)?;
    let what = only_one(&fields, &WAIT, &["for", "until", "check"], findings)?;
    let value = fields.get(what)?;
    if what == "check" {
        let call = row.map(|row| call(row, &fields, value.place, names, findings));
        let until = until_of(&fields, findings);
        for key in ["every", "timeout"].into_iter().filter(|key| fields.entry(key).is_none()) {
            let message = format!("a wait for a check needs the key `{key}`");
            let help = if key == "every" { "add for example `every: 30s`" } else { "add for example `timeout: 1h`" };
            findings.add(Finding::new(Code::MissingKey, value.place, message).help(help));
        }
        return Some(StepKind::WaitCheck(CheckSpec { call: call?, until: Some(until?) }));
    }
    meaningless(&fields, &["with", "every", "timeout"], "a wait without `check`", findings);
    if what == "for" {
        return Some(StepKind::Wait { span: read::span(value, "a length of time", findings)? });
    }
    Some(StepKind::WaitUntil { at: moment(value, names, findings)? })
}

fn moment(written: &Written, names: &StepNames<'_>, findings: &mut Findings<'_>) -> Option<Template> {
    let text = &read::scalar(written, "a moment", findings)?.text;
    if text.contains("${{") {
        let argument = fitting(written, "until", &Typing::Timestamp, names, findings)?;
        return if let Argument::Template { text } = argument { Some(text) } else { None };
    }
    if text.parse::<Timestamp>().is_err() {
        let message = format!("`{text}` is not a moment");
        let help = "write it as `2026-03-01T03:10:00Z`, or as an expression of type timestamp";
        findings.add(Finding::new(Code::NotAMoment, written.place, message).help(help));
        return None;
    }
    Template::read(text).ok()
}
