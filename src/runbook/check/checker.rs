use std::collections::{BTreeMap, BTreeSet};

use super::header::runbook;
use super::library::{Library, Signature, nested};
use crate::runbook::written::Written;
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
/// gets only the findings up to that place. A runbook that nests another one must be checked together with it, by
/// [`check_all`].
pub fn check(file: &str, bytes: &[u8]) -> Checked {
    let checked = check_all(&[(file, bytes)]).pop();
    checked.unwrap_or(Checked { runbook: None, findings: Vec::new() })
}

/// Checks files of a library together, each as [`check`] does; the answers stand in the order of the files.
///
/// A runbook nests another one of the same folder by its name. That other one is looked at for its parameters and outputs,
/// whether it has errors of its own or not.
pub fn check_all(files: &[(&str, &[u8])]) -> Vec<Checked> {
    let mut read: Vec<Result<Read<'_>, Finding>> = files.iter().map(|(file, bytes)| Read::new(file, bytes)).collect();
    let wanted: BTreeSet<(String, String)> = read
        .iter()
        .flatten()
        .flat_map(|file| {
            file.written.iter().flat_map(nested).map(|(name, ..)| (file.folder.to_owned(), name.to_owned()))
        })
        .collect();
    let mut libraries: BTreeMap<&str, Library> = BTreeMap::new();
    // A runbook that nobody nests needs no signature, and most are of that kind.
    let signed = |file: &&Read<'_>| wanted.contains(&(file.folder.to_owned(), file.stem.to_owned()));
    for file in read.iter().flatten() {
        let library = libraries.entry(file.folder).or_default();
        library.know(file.stem);
        if let Some(written) = file.written.as_ref().filter(|_| signed(&file)) {
            library.add(file.stem, Signature::read(written, file.findings.source()));
        }
    }
    let nothing = Library::default();
    let checked = read.drain(..).map(|file| match file {
        Ok(Read { folder, stem, mut findings, written }) => {
            let library = libraries.get(folder).unwrap_or(&nothing);
            let runbook = written.and_then(|written| runbook(stem, &written, library, &mut findings));
            let runbook = runbook.filter(|_| !findings.any_error());
            Checked { runbook, findings: findings.into_sorted() }
        }
        Err(finding) => Checked { runbook: None, findings: vec![finding] },
    });
    checked.collect()
}

/// A file that could be read as text, and perhaps as YAML.
struct Read<'s> {
    folder: &'s str,
    stem: &'s str,
    findings: Findings<'s>,
    written: Option<Written>,
}

impl<'s> Read<'s> {
    fn new(file: &'s str, bytes: &'s [u8]) -> Result<Self, Finding> {
        let mut findings = Findings::new(parse::text(bytes)?);
        let written = parse::parse(&mut findings);
        let folder = file.rsplit_once(['/', '\\']).map_or("", |(folder, _)| folder);
        Ok(Self { folder, stem: stem(file), findings, written })
    }
}

/// The file's name without folders and ending.
pub(crate) fn stem(file: &str) -> &str {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")).unwrap_or(name)
}
