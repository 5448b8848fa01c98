use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::Clear;

use super::{heading, told};
use crate::projection::Fact;
use crate::tui::desk::desk_model::DeskModel;
use crate::tui::desk::deskkeys::{self, Mode};
use crate::tui::desk::sheet::{Choose, Reading, Sheet, Write};
use crate::tui::desk::start::Start;
use crate::tui::text;
use crate::tui::theme::Role;
use crate::tui::view::{facts, framed, scrolled};

/// The widest that a sheet is, with its frame.
const WIDTH: u16 = 84;

/// What is open, over the lower part of the screen; a plan and a help take all of it but the header and the footer.
pub(super) fn draw(model: &DeskModel, sheet: &Sheet, frame: &mut Frame<'_>, screen: Rect) {
    let laid = lay(model, sheet, screen);
    frame.render_widget(Clear, laid.area);
    let block = framed(model.theme, Role::Asking, &laid.title);
    let inner = block.inner(laid.area);
    let head = u16::try_from(laid.head.len()).unwrap_or(u16::MAX).min(inner.height);
    scrolled(model.theme, frame, block, laid.area, Vec::new(), 0);
    let (above, below) =
        (Rect { height: head, ..inner }, Rect { y: inner.y + head, height: inner.height - head, ..inner });
    frame.render_widget(Text::from(laid.head), above);
    let shown: Vec<Line<'static>> =
        laid.rest.iter().skip(laid.scroll).take(usize::from(below.height)).cloned().collect();
    let hidden = laid.rest.len().saturating_sub(laid.scroll + usize::from(below.height));
    frame.render_widget(Text::from(shown), below);
    if hidden > 0 || laid.scroll > 0 {
        let (up, down) = model.theme.hidden();
        let says = format!(" {up} {} {down} {hidden} more ", laid.scroll);
        let width = u16::try_from(text::width(&says)).unwrap_or(0);
        let x = laid.area.right().saturating_sub(width + 2).max(laid.area.x);
        let style = model.theme.style(Role::NeedsYou);
        frame.buffer_mut().set_span(x, laid.area.bottom().saturating_sub(1), &Span::styled(says, style), width);
    }
}

/// The farthest that what is open can be scrolled.
pub(super) fn end(model: &DeskModel, sheet: &Sheet, screen: Rect) -> usize {
    let laid = lay(model, sheet, screen);
    let room = usize::from(laid.area.height.saturating_sub(2)).saturating_sub(laid.head.len());
    laid.rest.len().saturating_sub(room)
}

/// A sheet as it is laid out: what stays, and below it what scrolls.
struct Laid {
    title: String,
    area: Rect,
    head: Vec<Line<'static>>,
    rest: Vec<Line<'static>>,
    scroll: usize,
}

fn lay(model: &DeskModel, sheet: &Sheet, screen: Rect) -> Laid {
    let wide = |width: u16| Rect { width, x: screen.x + (screen.width - width) / 2, ..screen };
    let area = match sheet {
        Sheet::Start(_) => wide(screen.width.min(120)),
        _ => wide(screen.width.min(WIDTH)),
    };
    let columns = usize::from(area.width.saturating_sub(4));
    let (title, head, rest, scroll) = match sheet {
        Sheet::Choose(choose) => (choose.title.clone(), choice(model, choose, columns), Vec::new(), 0),
        Sheet::Write(write) => (write.title.clone(), writing(model, write, columns), Vec::new(), 0),
        Sheet::Read(read) => {
            let rest = match &read.text {
                Reading::Text(text) => told(model, "", text, Role::Text, columns),
                Reading::Keys => keys(model, columns),
            };
            (read.title.clone(), Vec::new(), rest, read.scroll)
        }
        Sheet::Start(start) => {
            let title = format!("Start {} for this incident", start.runbook);
            (title, inputs(model, start, columns), plan(model, start, columns), start.scroll)
        }
    };
    // The header and the footer stay in view: a person must see what is real, and which keys there are.
    let most = screen.height.saturating_sub(3);
    let height = u16::try_from(head.len() + rest.len() + 2).unwrap_or(u16::MAX).min(most);
    let area = Rect { y: screen.bottom().saturating_sub(height + 1), height, ..area };
    Laid { title, area, head, rest, scroll }
}

fn choice(model: &DeskModel, choose: &Choose, columns: usize) -> Vec<Line<'static>> {
    let theme = model.theme;
    let width = choose.lines.iter().map(|(word, _)| text::width(word)).max().unwrap_or(0);
    let mut lines = Vec::new();
    for (at, (word, meaning)) in choose.lines.iter().enumerate() {
        let is_here = at == choose.at;
        let pointer = if is_here { theme.pointer() } else { " " };
        let role = if is_here { Role::Title } else { Role::Text };
        let lead = format!("{pointer} {} {word:<width$}  ", at + 1);
        lines.extend(told(model, &lead, meaning, role, columns));
    }
    lines
}

fn writing(model: &DeskModel, write: &Write, columns: usize) -> Vec<Line<'static>> {
    let theme = model.theme;
    let mut lines = told(model, "", write.told, Role::Text, columns);
    lines.push(Line::default());
    let typed = write.input.shown(columns.saturating_sub(2), theme.caret());
    lines.push(Line::from(vec![
        Span::styled("> ", theme.style(Role::Key)),
        Span::styled(theme.text(&typed).into_owned(), theme.style(Role::Typed)),
    ]));
    lines
}

fn inputs(model: &DeskModel, start: &Start, columns: usize) -> Vec<Line<'static>> {
    let theme = model.theme;
    let width = start.slots.iter().map(|slot| text::width(&slot.name)).max().unwrap_or(0);
    let mut lines = Vec::new();
    for (at, slot) in start.slots.iter().enumerate() {
        let is_here = at == start.at;
        let pointer = if is_here { theme.pointer() } else { " " };
        let room = columns.saturating_sub(width + 5);
        let shown = if is_here { slot.input.shown(room, theme.caret()) } else { slot.input.text().to_owned() };
        let empty = slot.input.text().is_empty();
        let (shown, role) = if empty && !is_here {
            (format!("({})", slot.wanted), Role::Faint)
        } else {
            (shown, if is_here { Role::Typed } else { Role::Text })
        };
        let shown = text::cut(&theme.text(&shown), room, theme.ellipsis());
        lines.push(Line::from(vec![
            Span::styled(format!("{pointer} {:<width$} > ", slot.name), theme.style(Role::Label)),
            Span::styled(shown, theme.style(role)),
        ]));
    }
    let (says, role) = match &start.plan {
        _ if start.changed => ("Changed: Enter shows what it would do with this.", Role::Doubt),
        Ok(_) => ("Enter starts the run; each change is still asked for by itself.", Role::NeedsYou),
        Err(_) => ("It cannot be started so:", Role::Bad),
    };
    lines.push(Line::default());
    lines.extend(told(model, "", says, role, columns));
    lines.push(Line::default());
    lines
}

fn plan(model: &DeskModel, start: &Start, columns: usize) -> Vec<Line<'static>> {
    match &start.plan {
        Ok(lines) => lines.iter().flat_map(|line| told(model, "", line, Role::Text, columns)).collect(),
        Err(why) => told(model, "", why, Role::Text, columns),
    }
}

/// All keys, from the table that they are read by: those of what lies below first.
fn keys(model: &DeskModel, columns: usize) -> Vec<Line<'static>> {
    let below = if model.open().is_some() { Mode::Incident } else { Mode::Home };
    let mut headings = Mode::HEADINGS;
    headings.sort_by_key(|(mode, _)| *mode != below);
    let mut lines = Vec::new();
    for (mode, said) in headings {
        heading(model, said, &mut lines);
        let keys: Vec<Fact> = deskkeys::rows(mode).map(|row| Fact::new(row.shown, row.help)).collect();
        lines.extend(facts::lines(&keys, model.theme, columns));
    }
    lines
}
