use ratatui::layout::Rect;
use ratatui::text::Line;

use super::paper::{Paper, Place, wrapped};
use crate::tui::app::Model;
use crate::tui::theme::Role;

/// Asks whether to leave, and says how to come back.
pub(super) fn paper(model: &Model, screen: Rect) -> Paper {
    let theme = model.theme;
    let columns = Paper::columns(Place::Over, screen);
    let mut paper = Paper::new(Place::Over, "Leave");
    let in_flight: Vec<&str> = model.in_flight().iter().map(|step| step.id.as_str()).collect();
    let waits = if in_flight.is_empty() {
        "Nothing is in flight.".to_owned()
    } else {
        format!("In flight, and waited for: {}.", in_flight.join(", "))
    };
    paper.tell(theme, Role::Text, &format!("Nothing more is started. {waits}"), columns);
    if !model.commands.is_empty() {
        let says = format!(
            "Still runs outside of the runbook, and what it says would be lost: {}.",
            model.commands.join("; ")
        );
        paper.tell(theme, Role::Bad, &says, columns);
    }
    paper.lines.push(Line::default());
    paper.tell(theme, Role::Text, "The run stays as it is. To go on with it later:", columns);
    paper.tell(theme, Role::Title, &format!("  callout resume {}", model.board.header.run), columns);
    paper.tail.push(Line::default());
    paper.tail.extend(wrapped(theme, Role::Key, "Enter leaves, Esc stays.", columns));
    paper.keep = 1;
    paper
}
