//! Runbooks that nest others: reading them once, checking them together, and planning what was checked.

use std::collections::{BTreeMap, BTreeSet};

use super::library::{Loaded, Source};
use super::version::Trees;
use super::{Failure, Setting};
use crate::plan::Nested;
use crate::runbook::{Checked, Code, Runbook, StepKind, check_all};

/// Checks files together. Where one nests a runbook that is not among them, what stands beside the files is looked at too,
/// and stands behind them in the answer.
pub(crate) fn checked(setting: &Setting, mut sources: Vec<Source>) -> Vec<(Source, Checked)> {
    let mut checked = check(&sources);
    let is_open = |checked: &Checked| checked.findings.iter().any(|finding| finding.code == Code::UnknownRunbook);
    if checked.iter().any(is_open) {
        let known: BTreeSet<String> = sources.iter().map(|source| source.shown.clone()).collect();
        let beside: BTreeMap<String, Source> = sources
            .iter()
            .zip(&checked)
            .filter(|(_, checked)| is_open(checked))
            .flat_map(|(source, _)| source.neighbours(setting))
            .filter(|source| !known.contains(&source.shown))
            .map(|source| (source.shown.clone(), source))
            .collect();
        sources.extend(beside.into_values());
        checked = check(&sources);
    }
    sources.into_iter().zip(checked).collect()
}

/// Checks these files together, and looks at no others.
pub(super) fn together(sources: Vec<Source>) -> Vec<(Source, Checked)> {
    let checked = check(&sources);
    sources.into_iter().zip(checked).collect()
}

fn check(sources: &[Source]) -> Vec<Checked> {
    let names: Vec<String> = sources.iter().map(|source| source.file().to_string_lossy().into_owned()).collect();
    let files: Vec<(&str, &[u8])> =
        names.iter().map(String::as_str).zip(sources.iter().map(|source| source.bytes.as_slice())).collect();
    check_all(&files)
}

/// The runbooks that a runbook nests, at any depth, each once and sorted by name, with where each was found. They are the
/// very texts that it was checked with; no file is read again.
///
/// # Errors
/// One of them is not there, or is not as it must be; or its repository cannot be read.
pub(super) fn nested(setting: &Setting, outer: &Loaded) -> Result<Vec<(Nested, Source)>, Failure> {
    let mut wanted = names(&outer.runbook);
    let mut found: BTreeMap<String, (Nested, Source)> = BTreeMap::new();
    let mut trees = Trees::default();
    while let Some(name) = wanted.pop() {
        if found.contains_key(&name) {
            continue;
        }
        let beside = outer.beside.iter().find(|(source, _)| source.name() == name);
        let (source, checked) =
            beside.ok_or_else(|| Failure::usage(format!("there is no runbook `{name}` to nest")))?;
        let runbook = checked.runbook.clone().ok_or_else(|| source.refused(&checked.findings, setting))?;
        wanted.extend(names(&runbook));
        let revision = source.revision(&mut trees)?;
        found.insert(name, (Nested { runbook, revision }, source.clone()));
    }
    Ok(found.into_values().collect())
}

fn names(runbook: &Runbook) -> Vec<String> {
    let name = |kind: &StepKind| if let StepKind::Runbook(call) = kind { Some(call.runbook.clone()) } else { None };
    runbook.steps.iter().filter_map(|step| name(&step.kind)).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::cli::args::Args;
    use crate::cli::playbooks::Startable;

    fn waiting(name: &str, version: &str) -> String {
        let head = format!("runbook: {name}\nformat: 1\nversion: {version}\ntitle: Wait\nsteps:\n");
        head + "  - {id: rest, title: Rest, wait: {for: 1s}}\n"
    }

    const DRILL: &str = "\
playbook: drill
format: 1
version: 1.0.0
title: A drill
owner: nobody
programme:
  scenario: Something happened
  environment: sim
  targets: [chatbot-web]
  objectives: {rto: 2h}
  participants: {commander: One, operator: Two}
  cadence: quarterly
  success_criteria: [All is well]
  steps:
    - {id: a, title: A, runbook: inner}
";

    #[test]
    fn what_is_planned_is_what_was_checked_even_if_a_file_has_changed_since() {
        let library = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(library.path().join(name), text).unwrap();
        for folder in ["runbooks", "playbooks"] {
            fs::create_dir(library.path().join(folder)).unwrap();
        }
        let outer = waiting("outer", "1.0.0").replace("wait: {for: 1s}", "runbook: inner");
        write("runbooks/outer.yaml", &outer);
        write("playbooks/drill.yaml", DRILL);
        let global = Args::read(["callout".into(), "list".into()]).unwrap().global;
        let setting = Setting { library: Some(library.path().to_owned()), ..Setting::read(&global).unwrap() };
        for name in ["outer", "drill"] {
            write("runbooks/inner.yaml", &waiting("inner", "1.0.0"));
            let startable = Startable::find(&setting, name).unwrap();
            write("runbooks/inner.yaml", &waiting("inner", "6.6.6"));
            let nested = nested(&setting, &startable.loaded).unwrap();
            let versions: Vec<String> = nested.iter().map(|(nested, _)| nested.runbook.version.clone()).collect();
            assert_eq!(versions, ["1.0.0"], "{name}");
        }
    }
}
