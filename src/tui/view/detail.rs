use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{facts, pane, scrolled};
use crate::tui::app::{Model, Pane};
use crate::tui::text;
use crate::tui::theme::{Role, Theme};

/// Everything about the selected step.
pub(super) fn draw(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let title = model.selected().map_or("no step", |step| step.id.as_str());
    let block = pane(model, Pane::Detail, title);
    let columns = usize::from(block.inner(area).width);
    scrolled(model.theme, frame, block, area, lines(model, columns), model.detail_scroll);
}

/// What the detail says, in lines of at most `columns` cells.
pub(in crate::tui) fn lines(model: &Model, columns: usize) -> Vec<Line<'static>> {
    let theme = model.theme;
    let Some(step) = model.selected() else { return Vec::new() };
    let state = theme.style(Theme::role(step.mark));
    let mut lines = vec![Line::from(vec![
        Span::styled(format!("{} {}", theme.shape(step.mark), Theme::word(step.mark)), state),
        Span::raw(step.took.map(|took| format!("  {took}")).unwrap_or_default()),
        Span::styled(format!("  {}", theme.text(&step.operation)), theme.style(Role::Faint)),
    ])];
    let mut tell = |role: Role, told: &str| {
        let wrapped = text::wrap(&theme.text(told), columns);
        lines.extend(wrapped.into_iter().map(|line| Line::styled(line, theme.style(role))));
    };
    // The frame cuts what it cannot hold.
    if text::width(step.id.as_str()) + 4 > columns {
        tell(Role::Faint, step.id.as_str());
    }
    tell(Role::Title, &step.title);
    if step.overdue {
        tell(Role::Doubt, "It takes longer than it should.");
    } else if !step.remark.is_empty() {
        tell(Role::Text, &step.remark);
    }
    if model.need_of(step).is_some() {
        tell(Role::NeedsYou, "It needs you: press Enter to see what is asked.");
    }
    lines.push(Line::default());
    lines.extend(facts::lines(&step.facts, theme, columns));
    lines
}
