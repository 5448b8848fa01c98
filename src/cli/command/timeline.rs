use std::io::Write;

use serde_json::{Value as Json, json};

use crate::base::{IncidentId, RunId, Seq, Span, Timestamp};
use crate::cli::store::Found;
use crate::cli::text::{body, printable};
use crate::cli::{Exit, Failure, Setting, ledger, store};
use crate::journal::{Journal as _, RunRow, SqliteJournal, StoreKind};
use crate::projection::{Durations, StoryLine, Timeline, TimelineLine};

/// Tells what happened in a run or an incident; without one, in the latest run.
pub(crate) fn timeline(
    setting: &Setting,
    run: Option<&str>,
    as_json: bool,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let Some(mut journal) = store::reader(setting)? else {
        if run.is_some() {
            return Err(store::nothing_yet(setting)?);
        }
        writeln!(out, "{}", if as_json { "[]" } else { "There are no runs yet." })?;
        return Ok(Exit::Success);
    };
    let found = match run {
        Some(text) => match store::find(&journal, text)? {
            Found::Run(row) => Some(row),
            Found::Incident(incident) => return of_incident(&mut journal, incident, as_json, out),
        },
        None => journal.latest_run()?,
    };
    let Some(row) = found else {
        writeln!(out, "{}", if as_json { "[]" } else { "There are no runs yet." })?;
        return Ok(Exit::Success);
    };
    let lines = lines_of(&mut journal, &row)?;
    let durations = Durations::of(&journal.of_run(row.run, Seq(0))?);
    let simulated = journal.kind() == StoreKind::Simulated;
    if as_json {
        let documents = lines.iter().map(|line| document(line, &row, simulated));
        writeln!(out, "{:#}", documents.collect::<Json>())?;
    } else {
        text(&lines, &row, simulated, out)?;
        writeln!(out, "{}", time_of(&durations))?;
    }
    Ok(Exit::Success)
}

/// Tells an incident, with all that its runs did.
fn of_incident(
    journal: &mut SqliteJournal,
    incident: IncidentId,
    as_json: bool,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let board = ledger::board(journal, incident)?;
    if as_json {
        let document = |told: &StoryLine| {
            let line = &told.line;
            json!({
                "incident": incident,
                "run": told.run,
                "at": line.at,
                "told_at": told.told,
                "step": line.step,
                "text": line.text,
                "loud": line.loud,
                "simulated": board.simulated,
            })
        };
        writeln!(out, "{:#}", board.timeline.iter().map(document).collect::<Json>())?;
        return Ok(Exit::Success);
    }
    let watermark = if board.simulated { " (simulated: no evidence of production recovery)" } else { "" };
    writeln!(out, "Incident {}: {}{watermark}", incident.short(), printable(&board.title))?;
    let mut day = String::new();
    for told in &board.timeline {
        write_line(&told.line, told.run, told.told, &mut day, out)?;
    }
    Ok(Exit::Success)
}

/// The story of a run, from all of its entries.
pub(super) fn lines_of(journal: &mut SqliteJournal, row: &RunRow) -> Result<Vec<TimelineLine>, Failure> {
    let mut timeline = Timeline::default();
    for entry in journal.of_run(row.run, Seq(0))? {
        // A text that cannot be read is told as removed; the entry itself stands.
        timeline.push(&entry, &mut |commit| journal.payload(commit).ok().flatten());
    }
    Ok(timeline.lines().to_vec())
}

fn text(lines: &[TimelineLine], row: &RunRow, simulated: bool, out: &mut dyn Write) -> Result<(), Failure> {
    let watermark = if simulated { " (simulated: no evidence of production recovery)" } else { "" };
    writeln!(out, "Run {} of {}{watermark}", row.run.short(), row.runbook)?;
    let mut day = String::new();
    for line in lines {
        write_line(line, None, None, &mut day, out)?;
    }
    Ok(())
}

/// A line, with its date before it if that is another one than the last line's.
fn write_line(
    line: &TimelineLine,
    run: Option<RunId>,
    told: Option<Timestamp>,
    day: &mut String,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let date = line.at.day();
    if date != *day {
        writeln!(out, "{date}")?;
        *day = date;
    }
    let run = run.map(|run| format!("{} ", run.short())).unwrap_or_default();
    let step = line.step.as_ref().map(|step| format!("{step} ")).unwrap_or_default();
    let told = told.map(|told| format!(" (told at {})", told.clock_face())).unwrap_or_default();
    writeln!(out, "{} {run}{step}{}{told}", line.at.clock_face(), body(&line.text, 10))?;
    Ok(())
}

/// Where the time went, people's apart from the machine's.
fn time_of(durations: &Durations) -> String {
    let parts = [
        ("machine", durations.machine),
        ("operator", durations.operator),
        ("Azure", durations.azure),
        ("in doubt", durations.in_doubt),
        ("waiting as written", durations.waiting),
        ("standing still", durations.standing_still),
    ];
    let parts = parts.iter().filter(|(_, span)| *span > Span::ZERO).map(|(name, span)| format!("{name} {span}"));
    let rework = if durations.rework > 0 { format!("; {} further attempts", durations.rework) } else { String::new() };
    format!("Time {}: {}{rework}", durations.total, parts.collect::<Vec<_>>().join(", "))
}

fn document(line: &TimelineLine, row: &RunRow, simulated: bool) -> Json {
    json!({
        "run": row.run,
        "at": line.at,
        "step": line.step,
        "text": line.text,
        "loud": line.loud,
        "simulated": simulated,
    })
}
