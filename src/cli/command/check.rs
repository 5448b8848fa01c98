use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::base::did_you_mean;
use crate::cli::args::CheckFormat;
use crate::cli::findings::{colour, document, tally};
use crate::cli::library::{ENVIRONMENTS, Library, Source, files_of};
use crate::cli::playbooks::{self, Checker};
use crate::cli::sarif::sarif;
use crate::cli::text::count;
use crate::cli::{Exit, Failure, Setting, nesting};
use crate::runbook::{Code, Finding, Severity, check_environment, render_findings};

/// Checks runbooks, playbooks and environments: those of the library, or the files and folders that are named.
pub(crate) fn check(
    setting: &Setting,
    paths: &[PathBuf],
    format: CheckFormat,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let sources = if paths.is_empty() { library(setting)? } else { named(setting, paths)? };
    let (environments, sources): (Vec<_>, Vec<_>) =
        sources.into_iter().partition(|source| is_environment(setting, source));
    let (playbooks, runbooks): (Vec<_>, Vec<_>) = sources.into_iter().partition(Checker::is_one);
    let counts = [(runbooks.len(), "runbook"), (playbooks.len(), "playbook"), (environments.len(), "environment")];
    let asked = runbooks.len();
    let mut checked: Vec<(Source, Vec<Finding>)> = nesting::checked(setting, runbooks)
        .into_iter()
        .take(asked)
        .map(|(source, checked)| (source, checked.findings))
        .collect();
    let mut beside = Checker::new(setting);
    for source in playbooks {
        let findings = beside.check(&source)?.findings;
        checked.push((source, findings));
    }
    for source in environments {
        let findings = check_environment(&source.shown, &source.bytes).findings;
        checked.push((source, findings));
    }
    match format {
        CheckFormat::Text => text(setting, &checked, counts, out)?,
        CheckFormat::Json => {
            let documents = checked.iter().flat_map(|(source, findings)| {
                let text = String::from_utf8_lossy(&source.bytes).into_owned();
                findings.iter().map(move |finding| document(finding, &source.shown, &text))
            });
            writeln!(out, "{:#}", documents.collect::<Json>())?;
        }
        CheckFormat::Sarif => writeln!(out, "{:#}", sarif(&checked))?,
    }
    let is_error = |finding: &Finding| finding.severity() == Severity::Error;
    Ok(if checked.iter().any(|(_, findings)| findings.iter().any(is_error)) { Exit::Failed } else { Exit::Success })
}

/// Everything in the library.
fn library(setting: &Setting) -> Result<Vec<Source>, Failure> {
    let library = Library::of(setting)?;
    let mut sources = library.sources(setting)?;
    sources.extend(playbooks::sources(setting, &library)?);
    if let Library::Folder(folder) = &library {
        let environments = folder.join(ENVIRONMENTS);
        if environments.is_dir() {
            for file in files_of(&environments)? {
                sources.push(Source::read(setting, &file)?);
            }
        }
    }
    Ok(sources)
}

/// What a file is, its folder says.
fn is_environment(setting: &Setting, source: &Source) -> bool {
    let path = setting.here.join(&source.shown);
    path.parent().and_then(Path::file_name).is_some_and(|folder| folder == ENVIRONMENTS)
}

fn named(setting: &Setting, paths: &[PathBuf]) -> Result<Vec<Source>, Failure> {
    let mut sources = Vec::new();
    for path in paths {
        let path = setting.here.join(path);
        if path.is_dir() {
            for file in files_of(&path)? {
                sources.push(Source::read(setting, &file)?);
            }
        } else {
            sources.push(Source::read(setting, &path)?);
        }
    }
    Ok(sources)
}

fn text(
    setting: &Setting,
    checked: &[(Source, Vec<Finding>)],
    counts: [(usize, &str); 3],
    out: &mut dyn Write,
) -> Result<(), Failure> {
    for (source, findings) in checked.iter().filter(|(_, findings)| !findings.is_empty()) {
        let text = String::from_utf8_lossy(&source.bytes);
        writeln!(out, "{}", render_findings(findings, &source.shown, &text, colour(setting.colour)))?;
    }
    let all: Vec<Finding> = checked.iter().flat_map(|(_, findings)| findings.iter().cloned()).collect();
    let is_empty = checked.is_empty();
    let counts = counts.into_iter().filter(|(number, one)| *number > 0 || (is_empty && *one == "runbook"));
    let counts: Vec<String> = counts.map(|(number, one)| count(number, one)).collect();
    writeln!(out, "{}: {}", counts.join(", "), tally(&all))?;
    Ok(())
}

/// Explains a code.
pub(crate) fn explain(code: &str, out: &mut dyn Write) -> Result<Exit, Failure> {
    let wanted = code.to_ascii_uppercase();
    let Some(found) = Code::ALL.iter().find(|known| known.id() == wanted) else {
        let near = did_you_mean(&wanted, Code::ALL.iter().map(|known| known.id()));
        let hint = near.map_or_else(|| "codes look like RB203".to_owned(), |near| format!("did you mean {near}?"));
        return Err(Failure::usage(format!("there is no code `{code}`")).hint(hint));
    };
    writeln!(out, "{}, {}: {}\n\n{}", found.id(), found.severity().word(), found.title(), found.explanation())?;
    Ok(Exit::Success)
}
