use std::sync::Arc;

use ratatui::layout::Size;

use super::deskkeys::Mode;
use super::sheet::Sheet;
use super::start::Start;
use crate::base::{IncidentId, RunId};
use crate::projection::{Desk, IncidentBoard};
use crate::tui::theme::{Setting, Theme};

/// What the desk itself knows: where the person looks, what is open, what is typed; and the latest that was shown.
///
/// Only [`update_desk`](super::update_desk) changes it, and [`draw_desk`](super::draw_desk) only reads it.
#[derive(Clone, Debug)]
pub struct DeskModel {
    pub(super) desk: Arc<Desk>,
    pub(super) theme: Theme,
    pub(super) size: Size,
    pub(super) pane: DeskPane,
    /// Which line of the list, or of what can be done, is selected.
    pub(super) at: usize,
    /// How far the playbook is scrolled.
    pub(super) scroll: usize,
    /// How many lines of the timeline lie below what is shown.
    pub(super) back: usize,
    pub(super) sheet: Option<Sheet>,
    /// What the screen says about the last key.
    pub(super) said: Option<String>,
    /// How many answers have been shown.
    pub(super) answered: Option<u64>,
}

/// A part of an incident's screen that can have the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DeskPane {
    Do,
    Playbook,
    Timeline,
}

/// A line that something can be done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Incident(IncidentId),
    /// A first action, by its number from 1.
    First(u8),
    /// A runbook of the playbook, by its place.
    Runbook(usize),
    Run(RunId),
}

impl DeskModel {
    /// A desk of 80 by 24 cells. If it begins with an incident of which a run is open, that run is selected.
    pub fn new(desk: Arc<Desk>, setting: Setting) -> Self {
        let answered = desk.answer.as_ref().map(|answer| answer.number);
        let said = desk.answer.as_ref().map(|answer| answer.text.clone()).filter(|text| !text.is_empty());
        let mut model = Self {
            desk,
            theme: Theme::new(setting),
            size: Size::new(80, 24),
            pane: DeskPane::Do,
            at: 0,
            scroll: 0,
            back: 0,
            sheet: None,
            said,
            answered,
        };
        model.at = model.going_on().unwrap_or(0);
        model
    }

    /// The place of the first run of the incident that can still go on: whoever comes back from it wants it next.
    fn going_on(&self) -> Option<usize> {
        let run = self.open()?.runs.iter().find(|line| line.open)?.run;
        self.items().iter().position(|item| *item == Item::Run(run))
    }

    /// The incident that is looked at.
    pub(super) fn open(&self) -> Option<&IncidentBoard> {
        self.desk.open.as_ref()
    }

    /// What the keyboard is for.
    pub(super) fn mode(&self) -> Mode {
        match &self.sheet {
            Some(Sheet::Choose(_)) => Mode::Choose,
            Some(Sheet::Write(_)) => Mode::Write,
            Some(Sheet::Read(_)) => Mode::Read,
            Some(Sheet::Start(_)) => Mode::Start,
            None if self.desk.open.is_some() => Mode::Incident,
            None => Mode::Home,
        }
    }

    /// Everything that something can be done with, in the order in which it is shown.
    pub(super) fn items(&self) -> Vec<Item> {
        let Some(open) = self.open() else {
            let incidents = self.desk.incidents.iter().map(|line| Item::Incident(line.id));
            return incidents.chain(self.desk.runs.iter().map(|line| Item::Run(line.run))).collect();
        };
        let guide = open.guide();
        let first = guide.map_or(0, |guide| u8::try_from(guide.first_five.len()).unwrap_or(0));
        let runbooks = guide.map_or(0, |guide| guide.runbooks.len());
        let runs = open.runs.iter().map(|line| Item::Run(line.run));
        (1..=first).map(Item::First).chain((0..runbooks).map(Item::Runbook)).chain(runs).collect()
    }

    /// What is selected.
    pub(super) fn selected(&self) -> Option<Item> {
        self.items().get(self.at).copied()
    }

    /// Takes what is shown now, and keeps everything where the person's eyes are.
    pub(super) fn take(&mut self, desk: Arc<Desk>) {
        let selected = self.selected();
        let was = self.open().map(|open| open.id);
        self.desk = desk;
        let items = self.items();
        if was == self.open().map(|open| open.id) {
            let same = items.iter().position(|item| Some(*item) == selected);
            self.at = same.unwrap_or_else(|| self.at.min(items.len().saturating_sub(1)));
        } else {
            (self.at, self.scroll, self.back, self.pane) = (0, 0, 0, DeskPane::Do);
            // Coming back, the incident that was looked at is selected.
            let back = was.and_then(|was| items.iter().position(|item| *item == Item::Incident(was)));
            self.at = back.unwrap_or_default();
        }
        let answer = self.desk.answer.as_ref().filter(|answer| Some(answer.number) != self.answered);
        if let Some(answer) = answer {
            self.answered = Some(answer.number);
            self.said = Some(answer.text.clone()).filter(|text| !text.is_empty());
        }
        self.take_start();
    }

    /// Opens the page of a runbook that is about to be started, or takes the one that was made anew.
    fn take_start(&mut self) {
        let Some(page) = &self.desk.start else { return };
        match &self.sheet {
            Some(Sheet::Start(before)) if before.number == page.number => {}
            Some(Sheet::Start(before)) => self.sheet = Some(Sheet::Start(Start::new(page, Some(before)))),
            None => self.sheet = Some(Sheet::Start(Start::new(page, None))),
            Some(_) => {}
        }
    }
}
