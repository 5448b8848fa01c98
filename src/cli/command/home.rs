use std::io::Write;

use super::runs::Line;
use crate::cli::text::columns;
use crate::cli::{Exit, Failure, Setting, store};

/// Says what to do next: the open runs, and the first commands.
pub(crate) fn home(setting: &Setting, out: &mut dyn Write) -> Result<Exit, Failure> {
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
        ("callout timeline [RUN]", "what happened"),
        ("callout doctor", "what is configured, signed in and reachable"),
        ("callout --help", "everything else"),
    ];
    let rows = commands.map(|(command, what)| [format!("  {command}"), what.to_owned()]);
    out.write_all(columns(rows).as_bytes())?;
    Ok(Exit::Success)
}
