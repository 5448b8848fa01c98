use super::header::runbook;
use crate::runbook::{Finding, Findings, Runbook, parse};

/// What checking a file gives.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The runbook; none if there is an error among the findings.
    pub runbook: Option<Runbook>,
    /// Every finding, in the order of the text.
    pub findings: Vec<Finding>,
}

/// Checks the bytes of a runbook. `file` is the file's name or path; only its stem matters, which must be the runbook's
/// name.
///
/// Any bytes give an answer: there is no input that panics, and limits on size, nesting, parts and steps bound time and
/// memory. A file with several faults gets all of their findings (up to 100), but what cannot be read as YAML to its end
/// gets only the findings up to that place.
pub fn check(file: &str, bytes: &[u8]) -> Checked {
    let text = match parse::text(bytes) {
        Ok(text) => text,
        Err(finding) => return Checked { runbook: None, findings: vec![finding] },
    };
    let mut findings = Findings::new(text);
    let runbook = parse::parse(&mut findings).and_then(|written| runbook(stem(file), &written, &mut findings));
    let runbook = runbook.filter(|_| !findings.any_error());
    Checked { runbook, findings: findings.into_sorted() }
}

/// The file's name without folders and ending.
pub(crate) fn stem(file: &str) -> &str {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")).unwrap_or(name)
}
