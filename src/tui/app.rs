use std::sync::Arc;

use ratatui::layout::{Rect, Size};

use super::keymap::Mode;
use super::layout::{self, Areas};
use super::msg::Moment;
use super::popup::{Paper, Popup};
use super::questions::Questions;
use super::rows::{self, Rows};
use super::theme::{Setting, Theme};
use super::view::{detail, timeline};
use crate::base::InstanceId;
use crate::projection::{Board, Mark, Need, StepLine};

/// What the screen itself knows: where the person looks, what is open, what is typed; and the latest board.
///
/// Only [`update`](super::update()) changes it, and [`draw`](super::draw) only reads it.
#[derive(Clone, Debug)]
pub struct Model {
    pub(super) board: Arc<Board>,
    pub(super) theme: Theme,
    pub(super) size: Size,
    pub(super) now: Moment,
    pub(super) pane: Pane,
    /// The selected step, by name: steps may be added above it.
    pub(super) cursor: Option<InstanceId>,
    /// Which lines of the graph are shown.
    pub(super) rows: Rows,
    /// The first of these that is in view.
    pub(super) top: usize,
    /// Whether the selection goes where the run goes.
    pub(super) follow: bool,
    pub(super) detail_scroll: usize,
    /// How many lines of the timeline lie below what is shown.
    pub(super) timeline_back: usize,
    pub(super) popup: Option<Popup>,
    pub(super) questions: Questions,
    /// The commands outside of the runbook that run, each as it was written.
    pub(super) commands: Vec<String>,
    pub(super) leaving: Leaving,
    pub(super) stopped: bool,
    /// What the engine remarks.
    pub(super) remark: Option<String>,
    /// What the screen says about the last key.
    pub(super) said: Option<String>,
}

/// A part of the screen that can have the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pane {
    Steps,
    Detail,
    Timeline,
}

/// How far a person is with leaving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaving {
    No,
    /// Once what is in flight has come back.
    Waiting,
    /// At once.
    AtOnce,
}

impl Model {
    /// A screen of 80 by 24 cells that shows `board` and follows the run. If the board needs a person, the question is
    /// open.
    pub fn new(board: Arc<Board>, setting: Setting) -> Self {
        let mut model = Self {
            board,
            theme: Theme::new(setting),
            size: Size::new(80, 24),
            now: Moment::default(),
            pane: Pane::Steps,
            cursor: None,
            rows: Rows::default(),
            top: 0,
            follow: true,
            detail_scroll: 0,
            timeline_back: 0,
            popup: None,
            questions: Questions::default(),
            commands: Vec::new(),
            leaving: Leaving::No,
            stopped: false,
            remark: None,
            said: None,
        };
        model.go_along();
        model.open_by_itself();
        model.settle();
        model
    }

    /// The moment at which the screen changes although nothing happens, if there is one: then it wants to be told the
    /// time and drawn again.
    pub fn wakes_at(&self) -> Option<Moment> {
        self.popup.as_ref()?.opens_at().filter(|at| *at > self.now)
    }

    /// Whether the run has ended, as far as the board says.
    pub(super) fn has_ended(&self) -> bool {
        self.board.ended.is_some()
    }

    /// What the keyboard is for.
    pub(super) fn mode(&self) -> Mode {
        match &self.popup {
            Some(popup) => popup.mode(),
            None if self.has_ended() => Mode::Ended,
            None => Mode::Browse,
        }
    }

    /// The whole terminal.
    pub(super) const fn screen(&self) -> Rect {
        Rect::new(0, 0, self.size.width, self.size.height)
    }

    /// Where everything stands on a terminal of the size that was last told.
    pub(super) fn areas(&self) -> Areas {
        layout::areas(self, self.screen(), self.paper(self.screen()).as_ref())
    }

    /// What is open, laid out for `screen`.
    pub(super) fn paper(&self, screen: Rect) -> Option<Paper> {
        self.popup.as_ref().and_then(|popup| popup.paper(self, screen))
    }

    /// The place of the selected step.
    pub(super) fn index(&self) -> usize {
        let cursor = self.cursor.as_ref();
        self.board.steps.iter().position(|step| Some(&step.id) == cursor).unwrap_or(0)
    }

    /// The selected step.
    pub(super) fn selected(&self) -> Option<&StepLine> {
        self.board.steps.get(self.index())
    }

    /// What is in flight: the steps that run, without the groups that only contain them.
    pub(super) fn in_flight(&self) -> Vec<&StepLine> {
        let steps = &self.board.steps;
        let is_group = |at: usize| rows::end(steps, at) > at + 1;
        steps
            .iter()
            .enumerate()
            .filter(|(at, step)| step.mark == Mark::Running && !is_group(*at))
            .map(|(_, step)| step)
            .collect()
    }

    /// What waits for a person, if it belongs to `step` or to the group of `step`.
    pub(super) fn need_of(&self, step: &StepLine) -> Option<&Need> {
        self.board.need_of(&step.id)
    }

    /// Selects a step.
    pub(super) fn select(&mut self, index: usize) {
        let Some(step) = self.board.steps.get(index) else { return };
        if self.cursor.as_ref() != Some(&step.id) {
            self.cursor = Some(step.id.clone());
            self.detail_scroll = 0;
        }
    }

    /// Selects what the run is at, if the selection follows it.
    pub(super) fn go_along(&mut self) {
        if self.follow {
            let at = self.whereabouts().unwrap_or_else(|| self.index());
            self.select(at);
        }
    }

    /// Selects a step, and opens what it stands in.
    pub(super) fn go_to(&mut self, index: usize) {
        self.rows.reveal(&self.board.steps, index);
        self.select(index);
    }

    /// Selects the line `by` rows farther down, or up.
    pub(super) fn move_by(&mut self, by: isize) {
        let shown = self.rows.shown();
        let row = self.rows.row_of(self.index()).saturating_add_signed(by).min(shown.len().saturating_sub(1));
        if let Some(at) = shown.get(row).copied() {
            self.go_to(at);
        }
    }

    /// Takes a new board, and keeps everything where the person's eyes are.
    pub(super) fn take(&mut self, board: Arc<Board>) {
        let row = self.rows.row_of(self.index()).saturating_sub(self.top);
        let lines_before = if self.timeline_back > 0 { self.timeline_lines() } else { 0 };
        self.board = board;
        self.settle_rows();
        self.top = self.rows.row_of(self.index()).saturating_sub(row);
        if self.timeline_back > 0 {
            self.timeline_back += self.timeline_lines().saturating_sub(lines_before);
        }
        self.go_along();
    }

    /// Brings all scrolled positions back to where something is, after anything has changed.
    pub(super) fn settle(&mut self) {
        self.settle_rows();
        let paper = self.paper(self.screen());
        let areas = layout::areas(self, self.screen(), paper.as_ref());
        self.show_cursor(areas.steps);
        // To find an end is dear, and this is done for every key. What is not scrolled has none to exceed.
        if self.detail_scroll > 0 {
            self.detail_scroll = self.detail_scroll.min(self.detail_end(areas.detail));
        }
        if self.timeline_back > 0 {
            self.timeline_back = self.timeline_back.min(self.timeline_end(areas.timeline));
        }
        if let (Some(popup), Some(paper)) = (&mut self.popup, paper) {
            let end = paper.end(areas.paper);
            popup.scroll = popup.scroll.min(end);
            popup.end_visible = popup.scroll == end;
        }
    }

    fn settle_rows(&mut self) {
        let (cursor, room) = (self.index(), layout::rows_at_most(self.screen()));
        self.rows.settle(&self.board, cursor, room);
        // What is folded away cannot be selected.
        if let Some(at) = self.rows.shown().get(self.rows.row_of(cursor)).copied() {
            self.select(at);
        }
    }

    /// Scrolls the steps as little as is needed to see the selected one.
    fn show_cursor(&mut self, steps: Rect) {
        let height = usize::from(steps.height.saturating_sub(2));
        // In a narrow terminal the steps may not be shown at all; then there is nothing to scroll.
        if height > 0 {
            let row = self.rows.row_of(self.index());
            self.top = self.top.clamp((row + 1).saturating_sub(height), row);
            self.top = self.top.min(self.rows.shown().len().saturating_sub(height));
        }
    }

    /// The farthest that the detail can be scrolled in `area`.
    pub(super) fn detail_end(&self, area: Rect) -> usize {
        let width = usize::from(area.width.saturating_sub(4));
        detail::lines(self, width).len().saturating_sub(usize::from(area.height.saturating_sub(2)))
    }

    /// The farthest that the timeline can be scrolled back in `area`.
    pub(super) fn timeline_end(&self, area: Rect) -> usize {
        self.timeline_lines().saturating_sub(usize::from(area.height.saturating_sub(2)))
    }

    fn timeline_lines(&self) -> usize {
        timeline::lines(self, usize::from(self.size.width.saturating_sub(4))).len()
    }

    /// Where the run is: what needs a person, else what runs, in doubt or waits, an item before its group.
    fn whereabouts(&self) -> Option<usize> {
        let steps = &self.board.steps;
        let asked = self.asking().and_then(|need| steps.iter().position(|step| step.id == need.step));
        let at = |mark: Mark| steps.iter().position(|step| step.mark == mark);
        let item = |mark: Mark| steps.iter().position(|step| step.mark == mark && step.depth > 0);
        let order = [Mark::NeedsYou, Mark::Running, Mark::InDoubt, Mark::Waiting, Mark::Failed];
        asked
            .or_else(|| order[..3].iter().find_map(|mark| item(*mark)))
            .or_else(|| order.into_iter().find_map(at))
            .or_else(|| steps.iter().rposition(|step| step.mark == Mark::Succeeded))
    }
}
