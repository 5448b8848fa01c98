use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Clear;

use super::{foot, framed, header, hidden};
use crate::tui::app::Model;
use crate::tui::popup::Paper;
use crate::tui::text;
use crate::tui::theme::Role;

/// A paper in its frame: what it tells scrolls, what a person does stays below it.
pub(super) fn draw(model: &Model, paper: &Paper, frame: &mut Frame<'_>, area: Rect) {
    let theme = model.theme;
    let reality = reality(model);
    let block = framed(theme, Role::Asking, &paper.title);
    let inner = block.inner(area);
    frame.render_widget(Clear, area);
    frame.render_widget(block, area);

    let (told, done) = paper.rows(area);
    let scroll = model.popup.as_ref().map_or(0, |popup| popup.scroll).min(paper.end(area));
    let first_of_tail = paper.tail.len().saturating_sub(done).min(paper.keep);
    let tail_at = told.min(paper.lines.len());
    let lines = paper.lines.iter().skip(scroll).take(told).enumerate();
    let tail = paper.tail.iter().skip(first_of_tail).take(done).enumerate().map(|(row, line)| (tail_at + row, line));
    for (row, line) in lines.chain(tail) {
        put(frame, inner, row, line);
    }

    let above = scroll;
    let below = paper.lines.len().saturating_sub(scroll + told);
    let reality = Span::styled(format!(" {reality} "), theme.style(Role::Asking));
    let at = area.x + 4 + u16::try_from(text::width(&paper.title)).unwrap_or(0);
    frame.buffer_mut().set_span(at + 1, area.y, &reality, area.right().saturating_sub(at + 3));
    if let Some(says) = &paper.foot {
        foot(frame, area, &format!(" {says} "), theme.style(Role::Faint));
    }
    hidden(theme, frame, area, above, below);
}

/// How real what is shown is, and which question it is, if there are several.
fn reality(model: &Model) -> String {
    let header = &model.board.header;
    let reality = if header.simulated { "SIMULATED" } else { "LIVE" };
    let mode = header::mode_word(header.mode).map(|word| format!(" {} {word}", model.theme.dot()));
    let place = match model.place_of_question() {
        Some((at, of @ 2..)) => format!(" {} {at} of {of}", model.theme.dot()),
        _ => String::new(),
    };
    format!("{reality}{}{place}", mode.unwrap_or_default())
}

fn put(frame: &mut Frame<'_>, inner: Rect, row: usize, line: &Line<'static>) {
    let Ok(row) = u16::try_from(row) else { return };
    if row < inner.height {
        frame.buffer_mut().set_line(inner.x, inner.y + row, line, inner.width);
    }
}
