use std::io::Write;

use serde_json::{Value as Json, json};

use crate::cli::library::{Library, Source};
use crate::cli::text::columns;
use crate::cli::{Exit, Failure, Setting};
use crate::runbook::check;

/// Lists the runbooks of the library. One that has errors is listed too, and says so.
pub(crate) fn list(setting: &Setting, as_json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let lines: Vec<Line> =
        Library::of(setting)?.sources(setting)?.iter().map(Line::of).collect::<Result<_, Failure>>()?;
    if as_json {
        writeln!(out, "{:#}", lines.iter().map(Line::document).collect::<Json>())?;
        return Ok(Exit::Success);
    }
    if lines.is_empty() {
        writeln!(out, "The library has no runbooks.")?;
    }
    out.write_all(
        columns(lines.into_iter().map(|line| [line.runbook, line.version, line.title, line.revision])).as_bytes(),
    )?;
    Ok(Exit::Success)
}

struct Line {
    runbook: String,
    version: String,
    title: String,
    revision: String,
    file: String,
    usable: bool,
}

impl Line {
    fn of(source: &Source) -> Result<Self, Failure> {
        let revision = source.revision()?.origin.to_string();
        let file = source.shown.clone();
        Ok(match check(&source.shown, &source.bytes).runbook {
            Some(runbook) => Self {
                runbook: runbook.id,
                version: runbook.version,
                title: runbook.title,
                revision,
                file,
                usable: true,
            },
            None => {
                let title = "cannot be used: `callout check` says why".to_owned();
                Self { runbook: source.name(), version: "-".to_owned(), title, revision, file, usable: false }
            }
        })
    }

    fn document(&self) -> Json {
        json!({
            "runbook": self.runbook,
            "version": self.version,
            "title": self.title,
            "revision": self.revision,
            "file": self.file,
            "usable": self.usable,
        })
    }
}
