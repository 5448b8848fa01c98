use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{foot, hidden, pane};
use crate::base::Timestamp;
use crate::projection::{Mark, StepLine};
use crate::tui::app::{Model, Pane};
use crate::tui::rows;
use crate::tui::text;
use crate::tui::theme::{Branch, Role, Theme};

/// The widest word of a state.
const WORD: usize = 9;
/// The widest length of time, `59m 59s`, with a sign before it; or a time of day.
const TOOK: usize = 8;
/// The deepest level that is indented.
const DEEPEST: usize = 5;
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
    let block = pane(model, Pane::Steps, "Steps");
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let columns = columns(model, usize::from(inner.width));
    let height = usize::from(inner.height);
    let cursor = model.index();
    // The terminal may have shrunk since the list was scrolled.
    let shown = model.rows.shown();
    let row = model.rows.row_of(cursor);
    let top = model.top.clamp((row + 1).saturating_sub(height), row.max(model.top.min(row)));
    for (row, at) in shown.iter().copied().enumerate().skip(top).take(height) {
        let look = if at == cursor { Look::Selected } else { Look::Usual };
        let line = line(model, at, look, &columns);
        let y = inner.y + u16::try_from(row - top).unwrap_or(u16::MAX);
        frame.buffer_mut().set_line(inner.x, y, &line, inner.width);
    }
    hidden(theme, frame, area, top, shown.len().saturating_sub(top + height));
    if let Some((says, role)) = footing(model) {
        foot(frame, area, &says, theme.style(role));
    }
}

/// What the frame says below the list: whether a person is needed, or how the run ended.
fn footing(model: &Model) -> Option<(String, Role)> {
    if let Some(ended) = &model.board.ended {
        return Some((format!(" ended: {} ", model.theme.text(ended)), Role::Title));
    }
    match model.board.needs.len() {
        0 => None,
        1 => Some((" needs you: 1 (g goes there) ".to_owned(), Role::NeedsYou)),
        count => Some((format!(" needs you: {count} (g goes to the next) "), Role::NeedsYou)),
    }
}

fn columns(model: &Model, width: usize) -> Columns {
    let shape = text::width(model.theme.shape(Mark::Pending));
    let shown = model.rows.shown().iter().copied();
    let steps = &model.board.steps;
    let deepest = shown.clone().map(|at| indent(&steps[at])).max().unwrap_or(0);
    let widest = shown.map(|at| text::width(&name(model, at)) + indent(&steps[at])).max().unwrap_or(0);
    let fixed = 1 + shape + 1 + 2 + WORD + 1 + TOOK;
    let room = width.saturating_sub(fixed);
    // A pane is never so narrow that a name has less than its indent.
    let name = widest.min(room.saturating_sub(TITLE_LEAST + 2).max(20)).min(room).max(deepest + 2);
    let title = room.saturating_sub(name + 2);
    if title < TITLE_LEAST { Columns { shape, name: room, title: 0 } } else { Columns { shape, name, title } }
}

/// Whether a line is the selected one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    Usual,
    Selected,
}

fn line(model: &Model, at: usize, look: Look, columns: &Columns) -> Line<'static> {
    let (theme, step) = (model.theme, &model.board.steps[at]);
    let mark = if model.rows.folded(at) > 0 { rows::loudest(&model.board.steps, at) } else { step.mark };
    let state = theme.style(Theme::role(mark));
    let pointer = if look == Look::Selected { theme.pointer() } else { " " };
    let named = padded(&theme.text(&name(model, at)), columns.name.saturating_sub(indent(step)), theme);
    let mut spans = vec![
        Span::styled(pointer, theme.style(Role::Key)),
        Span::styled(hanging(model, at), theme.style(Role::Faint)),
        Span::styled(format!("{:<1$} ", theme.shape(mark), columns.shape), state),
        Span::styled(format!("{named}  "), theme.style(Role::Text)),
    ];
    if columns.title > 0 {
        spans.push(Span::styled(
            format!("{}  ", padded(&title(step, columns.title, theme), columns.title, theme)),
            theme.style(Role::Faint),
        ));
    }
    spans.push(Span::styled(format!("{:<WORD$} ", Theme::word(mark)), state));
    let (time, role) = time(step, model.board.header.now);
    spans.push(Span::styled(format!("{time:>TOOK$}"), theme.style(role)));
    if look == Look::Selected {
        // One look for the whole line: a reversed patchwork of colours cannot be read.
        let rest = spans.split_off(1);
        spans.extend(rest.into_iter().map(|span| span.style(theme.style(Role::Selected))));
    }
    Line::from(spans)
}

/// How long it took, with a sign if that is longer than it should; or when it is due.
fn time(step: &StepLine, now: Timestamp) -> (String, Role) {
    match (step.due, step.took) {
        (Some(due), _) if due.day() == now.day() => (due.clock_face().trim_end_matches('Z').to_owned(), Role::Waiting),
        // The month and the day.
        (Some(due), _) => (due.day().get(5..).unwrap_or_default().to_owned(), Role::Waiting),
        (None, Some(took)) if step.overdue => (format!("!{took}"), Role::Doubt),
        (None, Some(took)) => (took.to_string(), Role::Text),
        (None, None) => (String::new(), Role::Text),
    }
}

/// The lines by which a step hangs from what it stands in.
fn hanging(model: &Model, at: usize) -> String {
    let theme = model.theme;
    let branches = rows::branches(&model.board.steps, at);
    let Some((own, outer)) = branches.split_last() else { return String::new() };
    let beside = |follows: &bool| if *follows { theme.branch(Branch::Beside) } else { "  " };
    let own = theme.branch(if *own { Branch::Between } else { Branch::Last });
    // What lies deeper than there is room for is shown at the deepest level; its whole path stands in the detail.
    outer.iter().take(DEEPEST - 1).map(beside).chain([own]).collect()
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

/// The last part of its path; an item goes by its key, because its group stands above it. Behind it how many lines are
/// folded into it.
fn name(model: &Model, at: usize) -> String {
    let step = &model.board.steps[at];
    let last = match (step.id.key(), step.id.scope()) {
        (Some(key), _) if step.depth > 0 => key.to_owned(),
        (_, Some(scope)) if scope.as_str().ends_with("~undo") => format!("undo {}", step.id.last()),
        _ => step.id.last().to_owned(),
    };
    match model.rows.folded(at) {
        0 => last,
        folded => format!("{last} +{folded}"),
    }
}

fn indent(step: &StepLine) -> usize {
    usize::from(step.depth).min(DEEPEST) * 2
}
