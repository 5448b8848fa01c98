use super::argument::{Takes, inputs};
use super::limits::{VERIFY, items};
use super::outline::row;
use super::scope::StepNames;
use crate::base::Span;
use crate::effect::Row;
use crate::runbook::fields::Fields;
use crate::runbook::grammar::{PROBE, UNTIL, VERIFY as ENTRY};
use crate::runbook::written::Written;
use crate::runbook::{CallSpec, CheckSpec, Code, Finding, Findings, Place, Until, read};

/// The shortest time between two looks, and the shortest deadline.
const SHORTEST: Span = Span::seconds(1);

/// An operation with its arguments. `head` is the place to point at when one is missing.
pub(super) fn call(
    row: &'static Row,
    fields: &Fields<'_>,
    head: Place,
    names: &StepNames<'_>,
    findings: &mut Findings<'_>,
) -> CallSpec {
    let with = inputs(&Takes::row(row), fields.get("with"), head, names, findings);
    CallSpec { action: row.name.to_owned(), with }
}

/// The entries of `verify`.
pub(super) fn verify(written: &Written, names: &StepNames<'_>, findings: &mut Findings<'_>) -> Vec<CheckSpec> {
    let mut checks = Vec::new();
    for item in items(written, "checks", VERIFY, findings).unwrap_or_default() {
        let Some(fields) = Fields::read(item, &ENTRY, findings) else { continue };
        let until = fields.get("until").and_then(|written| until(written, findings));
        let Some(check) = fields.get("check") else { continue };
        if let Some(row) = row(check, true, findings) {
            let call = call(row, &fields, check.place, names, findings);
            checks.push(CheckSpec { call, until });
        }
    }
    checks
}

/// The probe of a step: a check that is asked once.
pub(super) fn probe(written: &Written, names: &StepNames<'_>, findings: &mut Findings<'_>) -> Option<CheckSpec> {
    let fields = Fields::read(written, &PROBE, findings)?;
    let check = fields.get("check")?;
    let row = row(check, true, findings)?;
    Some(CheckSpec { call: call(row, &fields, check.place, names, findings), until: None })
}

/// How often, and for how long, a check is asked again.
pub(super) fn until(written: &Written, findings: &mut Findings<'_>) -> Option<Until> {
    until_of(&Fields::read(written, &UNTIL, findings)?, findings)
}

/// The same from keys that stand among others.
pub(super) fn until_of(fields: &Fields<'_>, findings: &mut Findings<'_>) -> Option<Until> {
    let every = fields.get("every").and_then(|written| read::span(written, "a length of time", findings));
    let timeout = fields.get("timeout").and_then(|written| read::span(written, "a length of time", findings));
    let (every, timeout) = (every?, timeout?);
    if let (true, Some(written)) = (every < SHORTEST || every > timeout, fields.get("every")) {
        let message = format!("`every` is {every}; it is at least 1s and at most the timeout of {timeout}");
        findings.add(Finding::new(Code::WrongValue, written.place, message).help("write for example `5s`"));
        return None;
    }
    Some(Until { every, timeout })
}

/// A length of time that is at least a second.
pub(super) fn deadline(written: &Written, name: &str, findings: &mut Findings<'_>) -> Option<Span> {
    let span = read::span(written, "a length of time", findings)?;
    if span < SHORTEST {
        let message = format!("`{name}` is {span}; it is at least 1s");
        findings.add(Finding::new(Code::WrongValue, written.place, message).help("write for example `5m`"));
        return None;
    }
    Some(span)
}
