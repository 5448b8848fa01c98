use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{foot, hidden, pane};
use crate::projection::{Mark, StepLine};
use crate::tui::app::{Model, Pane};
use crate::tui::text;
use crate::tui::theme::{Role, Theme};

/// The widest word of a state.
const WORD: usize = 9;
/// The widest length of time, `59m 59s`.
const TOOK: usize = 7;
/// A title that has less room than this is left to the detail.
const TITLE_LEAST: usize = 8;

/// The widths of the columns that depend on the pane.
struct Columns {
    shape: usize,
    name: usize,
    title: usize,
}

/// The graph in the order in which it runs.
pub(super) fn draw(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let theme = model.theme;
    let steps = &model.board.steps;
    let block = pane(model, Pane::Steps, "Steps");
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let columns = columns(model, usize::from(inner.width));
    let height = usize::from(inner.height);
    let cursor = model.index();
    // The terminal may have shrunk since the list was scrolled.
    let top = model.top.clamp((cursor + 1).saturating_sub(height), cursor.max(model.top.min(cursor)));
    for (row, at) in (top..steps.len()).take(height).enumerate() {
        let is_last = steps.get(at + 1).is_none_or(|next| next.depth == 0);
        let line = line(&steps[at], at == cursor, is_last, &columns, theme);
        let y = inner.y + u16::try_from(row).unwrap_or(u16::MAX);
        frame.buffer_mut().set_line(inner.x, y, &line, inner.width);
    }
    hidden(theme, frame, area, top, steps.len().saturating_sub(top + height));
    if let Some((says, role)) = footing(model) {
        foot(frame, area, &says, theme.style(role));
    }
}

/// What the frame says below the list: whether a person is needed, or how the run ended.
fn footing(model: &Model) -> Option<(String, Role)> {
    if let Some(ended) = &model.board.ended {
        return Some((format!(" ended: {} ", model.theme.text(ended)), Role::Title));
    }
    model.board.need().is_some().then(|| (" needs you: 1 (g goes there) ".to_owned(), Role::NeedsYou))
}

fn columns(model: &Model, width: usize) -> Columns {
    let shape = text::width(model.theme.shape(Mark::Pending));
    let widest = model.board.steps.iter().map(|step| text::width(name(step)) + indent(step)).max().unwrap_or(0);
    let fixed = 1 + shape + 1 + 2 + WORD + 1 + TOOK;
    let room = width.saturating_sub(fixed);
    // A pane is never so narrow that a name has less than its indent.
    let name = widest.min(room.saturating_sub(TITLE_LEAST + 2).max(20)).min(room).max(2);
    let title = room.saturating_sub(name + 2);
    if title < TITLE_LEAST { Columns { shape, name: room, title: 0 } } else { Columns { shape, name, title } }
}

fn line(step: &StepLine, is_selected: bool, is_last: bool, columns: &Columns, theme: Theme) -> Line<'static> {
    let state = theme.style(Theme::role(step.mark));
    let (between, last) = theme.branches();
    let branch = match (step.depth, is_last) {
        (0, _) => "",
        (_, true) => last,
        (_, false) => between,
    };
    let pointer = if is_selected { theme.pointer() } else { " " };
    let named = padded(&theme.text(name(step)), columns.name - indent(step), theme);
    let mut spans = vec![
        Span::styled(pointer, theme.style(Role::Key)),
        Span::styled(branch, theme.style(Role::Faint)),
        Span::styled(format!("{:<1$} ", theme.shape(step.mark), columns.shape), state),
        Span::styled(format!("{named}  "), theme.style(Role::Text)),
    ];
    if columns.title > 0 {
        spans.push(Span::styled(
            format!("{}  ", padded(&title(step, columns.title, theme), columns.title, theme)),
            theme.style(Role::Faint),
        ));
    }
    spans.push(Span::styled(format!("{:<WORD$} ", Theme::word(step.mark)), state));
    let took = step.took.map(|took| took.to_string()).unwrap_or_default();
    spans.push(Span::styled(format!("{took:>TOOK$}"), theme.style(Role::Text)));
    if is_selected {
        // One look for the whole line: a reversed patchwork of colours cannot be read.
        let rest = spans.split_off(1);
        spans.extend(rest.into_iter().map(|span| span.style(theme.style(Role::Selected))));
    }
    Line::from(spans)
}

/// The title and the remark; if they do not fit, the remark, because it is news.
fn title(step: &StepLine, room: usize, theme: Theme) -> String {
    let (title, remark) = (theme.text(&step.title), theme.text(&step.remark));
    if remark.is_empty() {
        return title.into_owned();
    }
    let both = format!("{title} {} {remark}", theme.dot());
    if text::width(&both) <= room || title.is_empty() { both } else { remark.into_owned() }
}

fn padded(text: &str, width: usize, theme: Theme) -> String {
    let cut = text::cut(text, width, theme.ellipsis());
    let gap = width.saturating_sub(text::width(&cut));
    cut + &" ".repeat(gap)
}

/// An item goes by its key, because its group stands above it.
fn name(step: &StepLine) -> &str {
    step.id.key().filter(|_| step.depth > 0).unwrap_or(step.id.as_str())
}

const fn indent(step: &StepLine) -> usize {
    if step.depth == 0 { 0 } else { 2 }
}
