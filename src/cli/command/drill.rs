use std::io::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;

use super::audit::whole;
use crate::base::Seq;
use crate::cli::args::ReportFormat;
use crate::cli::text::columns;
use crate::cli::{Exit, Failure, Setting, store};
use crate::engine;
use crate::journal::{Entry, Fact, Journal as _, Line, RunRow, SqliteJournal};
use crate::plan::Mode;
use crate::projection::{Chain, DrillLine, Integrity, Proof, Report, VerifyError};
use crate::run::Event;

/// Tells what a drill has shown; without a run, the latest drill.
pub(crate) fn report(
    setting: &Setting,
    run: Option<&str>,
    format: ReportFormat,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let Some(mut journal) = store::reader(setting)? else { return Err(store::nothing_yet(setting)?) };
    let row = match run {
        Some(text) => store::find_run(&journal, text)?,
        None => latest(&journal)?,
    };
    let entries = journal.of_run(row.run, Seq(0))?;
    if !is_drill(&journal, &row)? {
        let what = format!("the run {} of {} is no drill", row.run.short(), row.runbook);
        return Err(
            Failure::usage(what).hint("`callout drill history` lists the drills; `callout timeline` tells any run")
        );
    }
    let integrity = integrity(&journal, &entries)?;
    let report = of(&mut journal, &row, &entries, integrity)?;
    match format {
        ReportFormat::Markdown => out.write_all(report.markdown().as_bytes())?,
        ReportFormat::Json => writeln!(out, "{:#}", report.document())?,
        ReportFormat::Html => writeln!(out, "{}", report.html())?,
    }
    Ok(Exit::Success)
}

/// Lists the drills of the store, the latest first.
pub(crate) fn history(setting: &Setting, as_json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let mut lines = Vec::new();
    if let Some(mut journal) = store::reader(setting)? {
        for row in journal.runs()? {
            if is_drill(&journal, &row)? {
                let entries = journal.of_run(row.run, Seq(0))?;
                // The chain is a matter of the report; a list of drills would verify the whole log for each.
                let integrity = Integrity {
                    log: journal.log(),
                    entries: 0,
                    root: String::new(),
                    span: span(&entries),
                    head: None,
                    chain: Chain::Refused("not looked at".to_owned()),
                };
                lines.push(DrillLine::of(&of(&mut journal, &row, &entries, integrity)?));
            }
        }
    }
    if as_json {
        writeln!(out, "{:#}", lines.iter().map(|line| line.document().clone()).collect::<Json>())?;
        return Ok(Exit::Success);
    }
    if lines.is_empty() {
        writeln!(out, "There are no drills yet.")?;
    }
    let rows = lines.into_iter().map(|line| {
        let simulated = if line.simulated { "simulated" } else { "LIVE" };
        let coverage = format!("{} % of the steps proven", line.percent);
        let [programme, at] = [line.programme, line.at.minute()];
        [
            line.run.short(),
            at,
            programme,
            simulated.to_owned(),
            line.state,
            line.verdict.to_owned(),
            line.objectives.into_iter().chain([coverage]).collect::<Vec<_>>().join("; "),
        ]
    });
    out.write_all(columns(rows).as_bytes())?;
    Ok(Exit::Success)
}

/// For each runbook that a drill of the store has proven, the latest proof, by the runbook's name.
///
/// # Errors
/// The store cannot be read.
pub(super) fn proofs(setting: &Setting) -> Result<Vec<(String, Proof)>, Failure> {
    let mut proven: Vec<(String, Proof)> = Vec::new();
    let Some(mut journal) = store::reader(setting)? else { return Ok(proven) };
    for row in journal.runs()? {
        if !is_drill(&journal, &row)? {
            continue;
        }
        let entries = journal.of_run(row.run, Seq(0))?;
        for (runbook, proof) in Proof::of(&engine::fold(journal.log(), row.run, &entries)?, &entries) {
            match proven.iter_mut().find(|(known, _)| *known == runbook) {
                Some((_, known)) if known.at >= proof.at => {}
                Some((_, known)) => *known = proof,
                None => proven.push((runbook, proof)),
            }
        }
    }
    Ok(proven)
}

/// The latest drill.
fn latest(journal: &SqliteJournal) -> Result<RunRow, Failure> {
    for row in journal.runs()? {
        if is_drill(journal, &row)? {
            return Ok(row);
        }
    }
    Err(Failure::usage("there are no drills yet")
        .hint("`callout drill run quarterly-dr` holds the one that is built in"))
}

/// Whether a run is a drill, which its first entry says.
fn is_drill(journal: &SqliteJournal, row: &RunRow) -> Result<bool, Failure> {
    let first = journal.lines(row.first, 1)?;
    let entry = first.first().map(Line::entry).transpose()?.flatten();
    let fact = entry.as_ref().map(|entry| &entry.draft.fact);
    Ok(matches!(fact, Some(Fact::Run(Event::Planned { plan, .. })) if plan.mode == Mode::Drill))
}

fn of(journal: &mut SqliteJournal, row: &RunRow, entries: &[Entry], integrity: Integrity) -> Result<Report, Failure> {
    let state = engine::fold(journal.log(), row.run, entries)?;
    // A text that cannot be read is told as removed; the entry itself stands.
    Ok(Report::of(&state, entries, integrity, &mut |commit| journal.payload(commit).ok().flatten()))
}

fn span(entries: &[Entry]) -> (Seq, Seq) {
    let seq = |entry: Option<&Entry>| entry.map_or(Seq(0), |entry| entry.seq);
    (seq(entries.first()), seq(entries.last()))
}

/// Verifies the log to its last entry.
fn integrity(journal: &SqliteJournal, entries: &[Entry]) -> Result<Integrity, Failure> {
    let frontier = journal.frontier()?;
    let span = span(entries);
    let chain = match whole(journal) {
        Ok(_) => Chain::Verified,
        Err(VerifyError::Fault(fault)) => Chain::Refused(fault.to_string()),
        Err(VerifyError::Read(error)) => return Err(error.into()),
    };
    Ok(Integrity {
        log: journal.log(),
        entries: frontier.size(),
        root: STANDARD.encode(frontier.root().as_bytes()),
        span,
        head: journal.lines(span.1, 1)?.first().map(|line| line.leaf),
        chain,
    })
}
