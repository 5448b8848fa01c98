//! Paints the desk. Nothing here changes anything but how far something is scrolled, to where something is.

mod around;
mod incident;
mod list;
mod sheets;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span, Text};

use super::desk_model::{DeskModel, DeskPane};
use super::sheet::Sheet;
use crate::tui::layout::{WIDE, is_enough};
use crate::tui::text;
use crate::tui::theme::Role;
use crate::tui::view::scrolled;

/// Where everything stands. An area that is not shown is empty.
#[derive(Clone, Copy, Default)]
struct Areas {
    header: Rect,
    /// The list of incidents and runs; or what can be done.
    main: Rect,
    playbook: Rect,
    timeline: Rect,
    footer: Rect,
}

/// Paints the desk over the whole of `frame`.
pub fn draw(model: &DeskModel, frame: &mut Frame<'_>) {
    let screen = frame.area();
    let header = around::header(model, screen.width);
    if !is_enough(screen) {
        let says =
            format!("{}x{} cells are too small for Callout: make the terminal larger", screen.width, screen.height);
        let mut lines = header;
        lines.extend(text::wrap(&says, usize::from(screen.width)).into_iter().map(Line::from));
        frame.render_widget(Text::from(lines), screen);
        return;
    }
    let areas = areas(model, screen);
    frame.render_widget(Text::from(header), areas.header);
    if model.open().is_some() {
        incident::draw(model, frame, areas.main, areas.playbook, areas.timeline);
    } else {
        list::draw(model, frame, areas.main);
    }
    frame.render_widget(around::footer(model, usize::from(screen.width)), areas.footer);
    if let Some(sheet) = &model.sheet {
        sheets::draw(model, sheet, frame, screen);
    }
}

/// Brings all scrolled positions back to where something is.
pub(super) fn settle(model: &mut DeskModel) {
    let screen = Rect::new(0, 0, model.size.width, model.size.height);
    if !is_enough(screen) {
        return;
    }
    let areas = areas(model, screen);
    if model.open().is_some() {
        let end = |lines: usize, area: Rect| lines.saturating_sub(usize::from(area.height.saturating_sub(2)));
        let columns = |area: Rect| usize::from(area.width.saturating_sub(4));
        if model.scroll > 0 && !areas.playbook.is_empty() {
            let lines = incident::playbook(model, columns(areas.playbook)).len();
            model.scroll = model.scroll.min(end(lines, areas.playbook));
        }
        if model.back > 0 {
            let lines = incident::timeline(model, columns(areas.timeline)).len();
            model.back = model.back.min(end(lines, areas.timeline));
        }
    }
    let end = model.sheet.as_ref().map(|sheet| sheets::end(model, sheet, screen));
    match (&mut model.sheet, end) {
        (Some(Sheet::Read(read)), Some(end)) => read.scroll = read.scroll.min(end),
        (Some(Sheet::Start(start)), Some(end)) => start.scroll = start.scroll.min(end),
        _ => {}
    }
}

fn areas(model: &DeskModel, screen: Rect) -> Areas {
    let header = u16::try_from(around::header(model, screen.width).len()).unwrap_or(1);
    let [header, body, footer] =
        Layout::vertical([Constraint::Length(header), Constraint::Fill(1), Constraint::Length(1)]).areas(screen);
    let mut areas = Areas { header, footer, main: body, ..Areas::default() };
    if model.open().is_none() {
        return areas;
    }
    let is_wide = screen.width >= WIDE;
    let timeline = if is_wide { (body.height / 3).clamp(4, 16) } else { (body.height / 5).clamp(3, 6) };
    let [upper, lower] = Layout::vertical([Constraint::Fill(1), Constraint::Length(timeline)]).areas(body);
    areas.timeline = lower;
    if is_wide {
        let [left, right] = Layout::horizontal([Constraint::Percentage(54), Constraint::Fill(1)]).areas(upper);
        (areas.main, areas.playbook) = (left, right);
        return areas;
    }
    (areas.main, areas.playbook) = match model.pane {
        DeskPane::Do => (upper, Rect::default()),
        DeskPane::Playbook => (Rect::default(), upper),
        DeskPane::Timeline => {
            areas.timeline = body;
            (Rect::default(), Rect::default())
        }
    };
    areas
}

/// A text in lines of at most `columns` cells, the first behind `lead`, the others below it.
fn told(model: &DeskModel, lead: &str, text: &str, role: Role, columns: usize) -> Vec<Line<'static>> {
    let theme = model.theme;
    let lead = theme.text(lead).into_owned();
    let indent = text::width(&lead);
    let mut lines = Vec::new();
    for (row, piece) in text::wrap(&theme.text(text), columns.saturating_sub(indent)).into_iter().enumerate() {
        let start = if row == 0 { lead.clone() } else { " ".repeat(indent) };
        lines.push(Line::from(vec![
            Span::styled(start, theme.style(if role == Role::Text { Role::Faint } else { role })),
            Span::styled(piece, theme.style(role)),
        ]));
    }
    lines
}

/// A heading, with a line of nothing above it unless it is the first.
fn heading(model: &DeskModel, text: &str, lines: &mut Vec<Line<'static>>) {
    if !lines.is_empty() {
        lines.push(Line::default());
    }
    lines.push(Line::styled(model.theme.text(text).into_owned(), model.theme.style(Role::Label)));
}

/// Draws lines in the frame of a pane.
fn pane(
    model: &DeskModel,
    title: &str,
    has_focus: bool,
    frame: &mut Frame<'_>,
    area: Rect,
    lines: Vec<Line<'static>>,
    scroll: usize,
) {
    let theme = model.theme;
    let block = if has_focus && model.sheet.is_none() {
        crate::tui::view::framed(theme, Role::Focus, &format!("{} {title}", theme.focus()))
    } else {
        crate::tui::view::framed(theme, Role::Frame, title)
    };
    scrolled(theme, frame, block, area, lines, scroll);
}
