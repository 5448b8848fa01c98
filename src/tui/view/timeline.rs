use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{pane, scrolled};
use crate::projection::TimelineLine;
use crate::tui::app::{Model, Pane};
use crate::tui::text;
use crate::tui::theme::{Role, Theme};

/// What happened, the latest at the bottom.
pub(super) fn draw(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let now = text::moment(model.board.header.now);
    let block = pane(model, Pane::Timeline, &format!("Timeline {} now {now}", model.theme.dot()));
    let inner = block.inner(area);
    let lines = lines(model, usize::from(inner.width));
    let end = lines.len().saturating_sub(usize::from(inner.height));
    let scroll = end.saturating_sub(model.timeline_back);
    scrolled(model.theme, frame, block, area, lines, scroll);
}

/// What the timeline says, in lines of at most `columns` cells. The date stands in each line once there is more than
/// one.
pub(in crate::tui) fn lines(model: &Model, columns: usize) -> Vec<Line<'static>> {
    let timeline = &model.board.timeline;
    let date = |line: &TimelineLine| text::moment(line.at).split(' ').next().map(str::to_owned);
    let is_one_day = timeline.windows(2).all(|pair| date(&pair[0]) == date(&pair[1]));
    timeline.iter().flat_map(|line| entry(line, is_one_day, columns, model.theme)).collect()
}

fn entry(line: &TimelineLine, is_one_day: bool, columns: usize, theme: Theme) -> Vec<Line<'static>> {
    let at = if is_one_day { line.at.clock_face() } else { text::moment(line.at) };
    // What must not be missed has a sign as well as a colour.
    let sign = if line.loud { "! " } else { "  " };
    let step = line.step.as_ref().map(|step| format!("{step}  ")).unwrap_or_default();
    let indent = text::width(&at) + 1 + sign.len();
    let told = theme.text(&format!("{step}{}", line.text)).into_owned();
    let role = if line.loud { Role::Doubt } else { Role::Text };
    let mut lines = Vec::new();
    for (row, piece) in text::wrap(&told, columns.saturating_sub(indent)).into_iter().enumerate() {
        let start = if row == 0 { format!("{at} ") } else { " ".repeat(text::width(&at) + 1) };
        lines.push(Line::from(vec![
            Span::styled(start, theme.style(Role::Faint)),
            Span::styled(if row == 0 { sign } else { "  " }, theme.style(role)),
            Span::styled(piece, theme.style(role)),
        ]));
    }
    lines
}
