use ratatui::layout::Rect;
use ratatui::text::Line;

use super::paper::{Paper, Place};
use crate::projection::{Fact, Mark};
use crate::tui::app::Model;
use crate::tui::keymap::{self, Mode};
use crate::tui::theme::{Role, Theme};
use crate::tui::view::facts;

/// The marks in the order in which a step may wear them.
const MARKS: [Mark; 13] = [
    Mark::Pending,
    Mark::NeedsYou,
    Mark::Waiting,
    Mark::Retrying,
    Mark::Running,
    Mark::Succeeded,
    Mark::Failed,
    Mark::InDoubt,
    Mark::Skipped,
    Mark::Assumed,
    Mark::Undoing,
    Mark::Undone,
    Mark::PartlyUndone,
];

/// All keys, from the table that they are read by: those of `mode` first.
pub(super) fn paper(model: &Model, screen: Rect, mode: Mode) -> Paper {
    let theme = model.theme;
    let columns = Paper::columns(Place::Over, screen);
    let mut paper = Paper::new(Place::Over, "Help");
    let mut headings = Mode::HEADINGS;
    headings.sort_by_key(|(told, _)| *told != mode);
    for (mode, heading) in headings {
        paper.tell(theme, Role::Title, heading, columns);
        let keys: Vec<Fact> = keymap::rows(mode).map(|row| Fact::new(row.shown, row.help)).collect();
        paper.lines.extend(facts::lines(&keys, theme, columns));
        paper.lines.push(Line::default());
    }
    paper.tell(theme, Role::Title, "Marks", columns);
    let marks = MARKS.map(|mark| Fact::new(theme.shape(mark), Theme::word(mark)));
    paper.lines.extend(facts::lines(&marks, theme, columns));
    paper
}
