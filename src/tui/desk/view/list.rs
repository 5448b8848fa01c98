use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{heading, pane, told};
use crate::projection::{IncidentLine, RunLine};
use crate::tui::desk::desk_model::DeskModel;
use crate::tui::text;
use crate::tui::theme::Role;

/// The incidents, and beside them the runs that can still go on.
pub(super) fn draw(model: &DeskModel, frame: &mut Frame<'_>, area: Rect) {
    let columns = usize::from(area.width.saturating_sub(4));
    let (lines, cursor) = lines(model, columns);
    let height = usize::from(area.height.saturating_sub(2));
    let scroll = (cursor + 1).saturating_sub(height).min(lines.len().saturating_sub(height));
    pane(model, "Incidents and runs", true, frame, area, lines, scroll);
}

/// The lines, and which of them is selected.
fn lines(model: &DeskModel, columns: usize) -> (Vec<Line<'static>>, usize) {
    let desk = &model.desk;
    let mut lines = Vec::new();
    let mut cursor = 0;
    let mut at = 0;
    let mut put = |lines: &mut Vec<Line<'static>>, text: String, role: Role| {
        let is_here = at == model.at;
        if is_here {
            cursor = lines.len();
        }
        lines.push(row(model, &text, role, is_here, columns));
        at += 1;
    };
    heading(model, "Incidents", &mut lines);
    if desk.incidents.is_empty() {
        lines.extend(told(
            model,
            "  ",
            "There are none. d declares one; everything about it can be said later.",
            Role::Text,
            columns,
        ));
    }
    for line in &desk.incidents {
        let role = if line.status.is_open() { Role::Text } else { Role::Faint };
        put(&mut lines, incident(model, line, columns), role);
    }
    heading(model, "Open runs", &mut lines);
    if desk.runs.is_empty() {
        lines.extend(told(
            model,
            "  ",
            "There are none. `callout run RUNBOOK` begins one, or a playbook of an incident.",
            Role::Text,
            columns,
        ));
    }
    for line in &desk.runs {
        put(&mut lines, run(line), Role::Text);
    }
    (lines, cursor)
}

fn row(model: &DeskModel, text: &str, role: Role, is_here: bool, columns: usize) -> Line<'static> {
    let theme = model.theme;
    let (pointer, role) = if is_here { (theme.pointer(), Role::Selected) } else { (" ", role) };
    let text = text::cut(&theme.text(text), columns.saturating_sub(2), theme.ellipsis());
    Line::from(vec![Span::styled(format!("{pointer} "), theme.style(Role::Key)), Span::styled(text, theme.style(role))])
}

fn incident(model: &DeskModel, line: &IncidentLine, columns: usize) -> String {
    let length = line.ended.unwrap_or(model.desk.now).since(line.began);
    let length = if line.ended.is_some() { format!("took {length}") } else { format!("for {length}") };
    let ticked = line.ticked.map(|(done, of)| format!("  {done}/{of} done")).unwrap_or_default();
    let began = if columns > 100 { format!("  {}", line.began.minute()) } else { String::new() };
    format!(
        "{}  {:<7}  {:<13}{began}  {length:<12}{ticked}  {}",
        line.id.short(),
        line.severity,
        line.status,
        line.title
    )
}

fn run(line: &RunLine) -> String {
    format!("{}  {}  {}", line.run.short(), line.runbook, line.state)
}
