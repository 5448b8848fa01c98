//! Paints the model. Nothing here changes anything.

pub(super) mod detail;
pub(super) mod facts;
mod footer;
pub(super) mod header;
mod paper;
mod steps;
pub(super) mod timeline;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Block, Padding};

use super::app::{Model, Pane};
use super::layout;
use super::theme::{Role, Theme};

/// Paints `model` over the whole of `frame`. The layout is drawn in `layout`.
pub fn draw(model: &Model, frame: &mut Frame<'_>) {
    let screen = frame.area();
    if !layout::is_enough(screen) {
        too_small(model, frame, screen);
        return;
    }
    let paper = model.paper(screen);
    let areas = layout::areas(model, screen, paper.as_ref());
    frame.render_widget(Text::from(header::lines(model, screen.width)), areas.header);
    if !areas.steps.is_empty() {
        steps::draw(model, frame, areas.steps);
    }
    if !areas.detail.is_empty() && areas.detail != areas.paper {
        detail::draw(model, frame, areas.detail);
    }
    timeline::draw(model, frame, areas.timeline);
    footer::draw(model, frame, areas.footer);
    if let Some(paper) = paper {
        paper::draw(model, &paper, frame, areas.paper);
    }
}

fn too_small(model: &Model, frame: &mut Frame<'_>, screen: Rect) {
    let says = format!("{}x{} cells are too small for Callout: make the terminal larger", screen.width, screen.height);
    let mut lines = header::lines(model, screen.width);
    lines.extend(super::text::wrap(&says, usize::from(screen.width)).into_iter().map(Line::from));
    frame.render_widget(Text::from(lines), screen);
}

/// The frame of a pane or a paper, with its name.
pub(super) fn framed(theme: Theme, role: Role, title: &str) -> Block<'static> {
    let heading = format!(" {} ", theme.text(title));
    let style = on_frame(theme.style(if role == Role::Frame { Role::Text } else { role }));
    Block::bordered()
        .border_set(theme.border(role))
        .border_style(theme.style(role))
        .title_top(Line::styled(heading, style))
        .padding(Padding::horizontal(1))
}

/// The frame of a pane, which shows whether it has the focus.
fn pane(model: &Model, pane: Pane, title: &str) -> Block<'static> {
    if model.pane == pane && model.popup.is_none() {
        framed(model.theme, Role::Focus, &format!("{} {title}", model.theme.focus()))
    } else {
        framed(model.theme, Role::Frame, title)
    }
}

/// Draws the lines that `scroll` shows inside of `block`, and says in the frame how many there are above and below.
pub(super) fn scrolled(
    theme: Theme,
    frame: &mut Frame<'_>,
    block: Block<'static>,
    area: Rect,
    lines: Vec<Line<'static>>,
    scroll: usize,
) {
    let inner = block.inner(area);
    let height = usize::from(inner.height);
    let below = lines.len().saturating_sub(scroll + height);
    let shown: Vec<Line<'static>> = lines.into_iter().skip(scroll).take(height).collect();
    frame.render_widget(block, area);
    frame.render_widget(Text::from(shown), inner);
    hidden(theme, frame, area, scroll, below);
}

/// Says in the frame how many lines are hidden.
fn hidden(theme: Theme, frame: &mut Frame<'_>, area: Rect, above: usize, below: usize) {
    let (up, down) = theme.hidden();
    let style = on_frame(theme.style(Role::NeedsYou));
    let mut put = |says: String, y: u16| {
        let width = u16::try_from(super::text::width(&says)).unwrap_or(0);
        if width + 4 < area.width {
            frame.buffer_mut().set_span(area.right() - width - 2, y, &Span::styled(says, style), width);
        }
    };
    if above > 0 {
        put(format!(" {up} {above} more above "), area.y);
    }
    if below > 0 {
        put(format!(" {down} {below} more below "), area.bottom().saturating_sub(1));
    }
}

/// Puts a text into the lower frame, at the left.
fn foot(frame: &mut Frame<'_>, area: Rect, says: &str, style: Style) {
    let (x, y) = (area.x + 2, area.bottom().saturating_sub(1));
    frame.buffer_mut().set_span(x, y, &Span::styled(says, on_frame(style)), area.width.saturating_sub(4));
}

/// The style of a text that stands in a frame, with nothing of the frame's own style left.
fn on_frame(style: Style) -> Style {
    Style::reset().patch(style)
}
