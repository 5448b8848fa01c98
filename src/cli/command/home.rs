use std::io::Write;

use super::incident::cells;
use super::runs::Line;
use crate::cli::ledger::{last_known, outline};
use crate::cli::text::columns;
use crate::cli::{Exit, Failure, Setting, store};

/// Says what to do next: the open incidents and runs, and the first commands.
pub(crate) async fn home(setting: &Setting, out: &mut dyn Write) -> Result<Exit, Failure> {
    if let Some(mut journal) = store::reader(setting)? {
        let now = last_known(&journal).await?;
        let ids = journal.incidents()?;
        let boards = ids.into_iter().map(|id| outline(&mut journal, id)).collect::<Result<Vec<_>, Failure>>()?;
        let open: Vec<_> = boards.iter().filter(|board| board.status.is_open()).collect();
        if !open.is_empty() {
            writeln!(out, "Open incidents")?;
            let rows = open.into_iter().map(|board| {
                let [id, began, state, long, title] = cells(board, now);
                [format!("  {id}"), began, state, long, title]
            });
            out.write_all(columns(rows).as_bytes())?;
            writeln!(out)?;
        }
    }
    let open = match store::reader(setting)? {
        Some(mut journal) => {
            let rows = journal.open_runs()?;
            rows.iter().map(|row| Line::of(&mut journal, row)).collect::<Result<Vec<_>, Failure>>()?
        }
        None => Vec::new(),
    };
    if open.is_empty() {
        writeln!(out, "No run is open.")?;
    } else {
        writeln!(out, "Open runs")?;
        let rows = open.into_iter().map(|line| {
            let doubt = if line.in_doubt > 0 { format!("{} IN DOUBT", line.in_doubt) } else { String::new() };
            [format!("  {}", line.row.run.short()), line.row.runbook, line.stage.word().to_owned(), doubt]
        });
        out.write_all(columns(rows).as_bytes())?;
    }
    writeln!(out, "\nCommands")?;
    let commands = [
        ("callout list", "the runbooks and playbooks"),
        ("callout plan RUNBOOK", "what one would do exactly, and nothing done"),
        ("callout run RUNBOOK", "run it"),
        ("callout resume [RUN]", "take up an open run where it is"),
        ("callout incident declare TITLE", "something is wrong: begin its timeline"),
        ("callout timeline [RUN|INCIDENT]", "what happened"),
        ("callout doctor", "what is configured, signed in and reachable"),
        ("callout --help", "everything else"),
    ];
    let rows = commands.map(|(command, what)| [format!("  {command}"), what.to_owned()]);
    out.write_all(columns(rows).as_bytes())?;
    Ok(Exit::Success)
}
