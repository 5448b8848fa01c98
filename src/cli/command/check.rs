use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::base::did_you_mean;
use crate::cli::args::CheckFormat;
use crate::cli::findings::{colour, document, tally};
use crate::cli::library::{ENVIRONMENTS, Library, Source, files_of};
use crate::cli::sarif::sarif;
use crate::cli::text::count;
use crate::cli::{Exit, Failure, Setting};
use crate::runbook::{Code, Finding, Severity, check as check_text, check_environment, render_findings};

/// Checks runbooks and environments: those of the library, or the files and folders that are named.
pub(crate) fn check(
    setting: &Setting,
    paths: &[PathBuf],
    format: CheckFormat,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let sources = if paths.is_empty() { library(setting)? } else { named(setting, paths)? };
    let checked: Vec<(Source, Vec<Finding>)> = sources
        .into_iter()
        .map(|source| {
            let findings = if is_environment(setting, &source) {
                check_environment(&source.shown, &source.bytes).findings
            } else {
                check_text(&source.shown, &source.bytes).findings
            };
            (source, findings)
        })
        .collect();
    match format {
        CheckFormat::Text => text(setting, &checked, out)?,
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

/// The runbooks of the library, and its environments.
fn library(setting: &Setting) -> Result<Vec<Source>, Failure> {
    let library = Library::of(setting)?;
    let mut sources = library.sources(setting)?;
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

fn text(setting: &Setting, checked: &[(Source, Vec<Finding>)], out: &mut dyn Write) -> Result<(), Failure> {
    for (source, findings) in checked.iter().filter(|(_, findings)| !findings.is_empty()) {
        let text = String::from_utf8_lossy(&source.bytes);
        writeln!(out, "{}", render_findings(findings, &source.shown, &text, colour(setting.colour)))?;
    }
    let all: Vec<Finding> = checked.iter().flat_map(|(_, findings)| findings.iter().cloned()).collect();
    let environments = checked.iter().filter(|(source, _)| is_environment(setting, source)).count();
    let runbooks = count(checked.len() - environments, "runbook");
    match environments {
        0 => writeln!(out, "{runbooks}: {}", tally(&all))?,
        _ => writeln!(out, "{runbooks}, {}: {}", count(environments, "environment"), tally(&all))?,
    }
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
