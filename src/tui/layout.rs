use ratatui::layout::{Constraint, Layout, Rect};

use super::app::{Model, Pane};
use super::popup::{Paper, Place};
use super::view::header;

/// Below this width the panes stack.
pub(super) const WIDE: u16 = 100;
/// Below this the screen says that it is too small, and takes no decision.
const LEAST: (u16, u16) = (60, 16);
/// A timeline keeps its frame and one line, whatever is asked.
const TIMELINE_LEAST: u16 = 3;

/// Where everything stands.
///
/// ```text
/// 100 columns and more              below
/// ┌ header ───────────────────┐    ┌ header ─────────┐
/// │ steps    │ detail, or     │    │ the pane with   │
/// │          │ what is asked  │    │ the focus       │
/// ├──────────┴────────────────┤    │                 │
/// │ timeline                  │    ├ timeline, folded│
/// └ footer ───────────────────┘    └ footer ─────────┘
/// ```
///
/// What is asked takes the place of the detail, and of as much of the timeline as it needs; in a narrow terminal it
/// rises from the footer over the panes. It brings all its facts with it, so nothing that is decided on is covered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Areas {
    pub(super) header: Rect,
    pub(super) steps: Rect,
    pub(super) detail: Rect,
    pub(super) timeline: Rect,
    pub(super) footer: Rect,
    /// What is open.
    pub(super) paper: Rect,
}

/// Whether the terminal is large enough to show anything that is to be decided on.
pub(super) const fn is_enough(screen: Rect) -> bool {
    screen.width >= LEAST.0 && screen.height >= LEAST.1
}

/// Divides `screen`. An area that is not shown is empty.
pub(super) fn areas(model: &Model, screen: Rect, paper: Option<&Paper>) -> Areas {
    let [header, body, footer] = Layout::vertical([
        Constraint::Length(u16::try_from(header::lines(model, screen.width).len()).unwrap_or(1)),
        Constraint::Fill(1),
        Constraint::Length(1),
    ])
    .areas(screen);
    let mut areas = Areas { header, footer, ..Areas::default() };
    if screen.width >= WIDE {
        wide(&mut areas, body, paper);
    } else {
        stacked(&mut areas, model, body);
    }
    if let Some(paper) = paper.filter(|paper| areas.paper.is_empty() || paper.place == Place::Over) {
        areas.paper = risen(body, paper);
    }
    areas
}

/// How many lines of the graph there is room for, if as little as can be is left to the rest.
pub(super) fn rows_at_most(screen: Rect) -> usize {
    // The header has two lines in most terminals, the footer one, and the list a frame.
    let body = screen.height.saturating_sub(3);
    let timeline = if screen.width >= WIDE { wished_timeline(body) } else { folded_timeline(body) };
    usize::from(body.saturating_sub(timeline + 2))
}

const fn wished_timeline(body: u16) -> u16 {
    let wished = body / 4;
    if wished < TIMELINE_LEAST + 1 {
        TIMELINE_LEAST + 1
    } else if wished > 14 {
        14
    } else {
        wished
    }
}

const fn folded_timeline(body: u16) -> u16 {
    if body >= 18 { TIMELINE_LEAST + 1 } else { TIMELINE_LEAST }
}

/// The width of what is open, before its height is known.
pub(super) fn paper_width(screen: Rect, place: Place) -> u16 {
    match place {
        Place::Detail if screen.width >= WIDE => screen.width - left_width(screen.width),
        Place::Detail => screen.width,
        Place::Over => screen.width.min(84),
    }
}

fn wide(areas: &mut Areas, body: Rect, paper: Option<&Paper>) {
    let wished = wished_timeline(body.height);
    let asked = paper.filter(|paper| paper.place == Place::Detail);
    let timeline = match asked {
        Some(paper) => body.height.saturating_sub(paper.height()).clamp(TIMELINE_LEAST, wished),
        None => wished,
    };
    let [upper, lower] = Layout::vertical([Constraint::Fill(1), Constraint::Length(timeline)]).areas(body);
    let [left, right] =
        Layout::horizontal([Constraint::Length(left_width(body.width)), Constraint::Fill(1)]).areas(upper);
    areas.steps = left;
    areas.timeline = lower;
    areas.detail = right;
    if asked.is_some() {
        areas.paper = right;
    }
}

const fn left_width(width: u16) -> u16 {
    let wished = width * 2 / 5;
    if wished < 46 {
        46
    } else if wished > 76 {
        76
    } else {
        wished
    }
}

/// The timeline takes what the steps leave over, but no more than half of the height.
fn stacked(areas: &mut Areas, model: &Model, body: Rect) {
    let folded = folded_timeline(body.height);
    let steps = u16::try_from(model.rows.shown().len() + 2).unwrap_or(u16::MAX);
    let folded = match model.pane {
        Pane::Steps => body.height.saturating_sub(steps).clamp(folded, (body.height / 2).max(folded)),
        Pane::Detail | Pane::Timeline => folded,
    };
    let [upper, lower] = Layout::vertical([Constraint::Fill(1), Constraint::Length(folded)]).areas(body);
    areas.timeline = lower;
    match model.pane {
        Pane::Steps => areas.steps = upper,
        Pane::Detail => areas.detail = upper,
        Pane::Timeline => areas.timeline = body,
    }
}

fn risen(body: Rect, paper: &Paper) -> Rect {
    let height = paper.height().min(body.height);
    let width = match paper.place {
        Place::Detail => body.width,
        Place::Over => paper_width(body, Place::Over),
    };
    Rect { x: body.x + (body.width - width) / 2, y: body.bottom() - height, width, height }
}
