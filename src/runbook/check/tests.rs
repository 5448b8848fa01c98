//! What the checker takes and what it refuses, rule by rule, each with the smallest runbook that shows it.

mod branch;
mod each;
mod grammar;
mod kinds;
mod library;

use super::{Checked, check, check_all};
use crate::runbook::{Code, Runbook, Severity, Step};

/// The lines before the steps of the runbooks here.
const HEAD: &str = "runbook: r\nformat: 1\nversion: 1.0.0\ntitle: R\nparameters:\n  app: {type: webapp}\n\
    \x20 apps: {type: list, of: webapp}\n  vault: {type: keyvault}\n  name: {type: string}\n  count: {type: integer}\nsteps:\n";

/// Checks a runbook of these steps, each written in one line of flow style.
fn steps(steps: &[&str]) -> Checked {
    check("r.yaml", text(steps).as_bytes())
}

fn text(steps: &[&str]) -> String {
    steps.iter().fold(HEAD.to_owned(), |text, step| format!("{text}  - {{title: T, {step}}}\n"))
}

/// The runbook of steps that are right; notes and warnings do not count.
fn good(lines: &[&str]) -> Runbook {
    let checked = steps(lines);
    checked.runbook.unwrap_or_else(|| panic!("{}\n{:#?}", text(lines), checked.findings))
}

/// The only step, or the first.
fn first(line: &str) -> Step {
    good(&[line]).steps.swap_remove(0)
}

/// The errors, each with its code and the text that it points at.
fn errors(lines: &[&str]) -> Vec<(Code, String)> {
    let text = text(lines);
    let findings = steps(lines).findings.into_iter();
    let errors = findings.filter(|finding| finding.severity() == Severity::Error);
    errors.map(|finding| (finding.code, text[finding.place.start..finding.place.end].to_owned())).collect()
}

/// Holds that there is one error, of this code and at this text.
#[track_caller]
fn refused(lines: &[&str], code: Code, at: &str) {
    assert_eq!(errors(lines), [(code, at.to_owned())], "{}", text(lines));
}
