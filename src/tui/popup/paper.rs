use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::tui::layout;
use crate::tui::text;
use crate::tui::theme::{Role, Theme};

/// A popup as it is laid out: what it tells, which scrolls, and below it what a person does, which stays.
#[derive(Clone, Debug)]
pub(in crate::tui) struct Paper {
    pub(in crate::tui) place: Place,
    pub(in crate::tui) title: String,
    /// What it tells.
    pub(in crate::tui) lines: Vec<Line<'static>>,
    /// What a person does.
    pub(in crate::tui) tail: Vec<Line<'static>>,
    /// The line of the tail that shows, even where the tail does not fit.
    pub(in crate::tui) keep: usize,
    /// A remark in the lower frame.
    pub(in crate::tui) foot: Option<String>,
}

/// Where a paper lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tui) enum Place {
    /// In place of the detail, or rising over the panes where there is no room beside them.
    Detail,
    /// Over the panes.
    Over,
}

impl Paper {
    /// A paper that only tells.
    pub(in crate::tui) fn new(place: Place, title: impl Into<String>) -> Self {
        Self { place, title: title.into(), lines: Vec::new(), tail: Vec::new(), keep: 0, foot: None }
    }

    /// The columns inside a paper, without the frame and a space on either side.
    pub(in crate::tui) fn columns(place: Place, screen: Rect) -> usize {
        usize::from(layout::paper_width(screen, place).saturating_sub(4))
    }

    /// The rows that it takes if nothing is to be scrolled, with its frame.
    pub(in crate::tui) fn height(&self) -> u16 {
        u16::try_from(self.lines.len() + self.tail.len() + 2).unwrap_or(u16::MAX)
    }

    /// The rows for what it tells and for what a person does, in `area`. At least three rows tell.
    pub(in crate::tui) fn rows(&self, area: Rect) -> (usize, usize) {
        let inner = usize::from(area.height.saturating_sub(2));
        let tail = self.tail.len().min(inner.saturating_sub(self.lines.len().min(3)));
        (inner - tail, tail)
    }

    /// The farthest that it can be scrolled in `area`.
    pub(in crate::tui) fn end(&self, area: Rect) -> usize {
        self.lines.len().saturating_sub(self.rows(area).0)
    }

    /// Adds a text that wraps.
    pub(in crate::tui) fn tell(&mut self, theme: Theme, role: Role, told: &str, columns: usize) {
        self.lines.extend(wrapped(theme, role, told, columns));
    }
}

/// A text as lines of at most `columns` cells.
pub(in crate::tui) fn wrapped(theme: Theme, role: Role, told: &str, columns: usize) -> Vec<Line<'static>> {
    let style = theme.style(role);
    text::wrap(&theme.text(told), columns).into_iter().map(|line| Line::from(Span::styled(line, style))).collect()
}
