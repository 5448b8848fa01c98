use std::collections::{BTreeMap, BTreeSet};

use super::Setting;
use super::library::Source;
use crate::runbook::{Checked, Code, check_all};

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

fn check(sources: &[Source]) -> Vec<Checked> {
    let names: Vec<String> = sources.iter().map(|source| source.file().to_string_lossy().into_owned()).collect();
    let files: Vec<(&str, &[u8])> =
        names.iter().map(String::as_str).zip(sources.iter().map(|source| source.bytes.as_slice())).collect();
    check_all(&files)
}
