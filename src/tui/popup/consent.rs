use ratatui::layout::Rect;
use ratatui::text::Line;

use super::asked::Asked;
use super::paper::{Paper, Place, wrapped};
use super::read_back::ReadBack;
use super::{After, Context, edit};
use crate::base::Digest;
use crate::engine::Ask;
use crate::projection::Question;
use crate::tui::app::Model;
use crate::tui::keymap::{Command, Mode};
use crate::tui::msg::Moment;
use crate::tui::theme::{Role, Theme};
use crate::tui::view::facts;

/// Asks for the operator's consent to a step: an Enter, or a text that is typed.
#[derive(Clone, Debug)]
pub(in crate::tui) struct Consent {
    pub(in crate::tui) asked: Asked,
    pub(in crate::tui) read_back: Option<ReadBack>,
}

impl Consent {
    pub(in crate::tui) fn new(asked: Asked) -> Self {
        let read_back = match &asked.question {
            Question::ReadBack { expected, .. } => Some(ReadBack::new(expected)),
            Question::Acknowledge { .. } | Question::Choose { .. } => None,
        };
        Self { asked, read_back }
    }

    pub(super) const fn mode(&self) -> Mode {
        if self.read_back.is_some() { Mode::ReadBack } else { Mode::Acknowledge }
    }

    pub(super) fn on(&mut self, command: Command, context: Context<'_>) -> After {
        match (command, &mut self.read_back) {
            (Command::Back, _) => After::Close,
            (Command::Confirm, _) => self.confirm(context),
            (_, Some(read_back)) => {
                if let Some(edit) = edit(command) {
                    read_back.edit(edit);
                }
                After::Stay
            }
            _ => After::Stay,
        }
    }

    pub(super) fn on_character(&mut self, character: char) {
        // What was typed before the question stood on the screen was not meant for it.
        if let Some(read_back) = self.read_back.as_mut().filter(|_| self.asked.was_drawn()) {
            read_back.insert(character);
        }
    }

    fn confirm(&mut self, context: Context<'_>) -> After {
        let is_heard = self.asked.knock(context.now);
        if !context.end_shown {
            return After::Say(NOT_READ.to_owned());
        }
        let Some(digest) = self.digest() else { return After::Stay };
        let typed = match &self.read_back {
            Some(read_back) => match read_back.typed() {
                Some(typed) => Some(typed.to_owned()),
                None => return After::Say(format!("{}: type it exactly, then press Enter", read_back.progress())),
            },
            None if !is_heard => return After::Say(NOT_HEARD.to_owned()),
            None => None,
        };
        After::Ask(Ask::Consent { step: self.asked.step.clone(), digest, typed })
    }

    const fn digest(&self) -> Option<Digest> {
        match &self.asked.question {
            Question::Acknowledge { digest } | Question::ReadBack { digest, .. } => Some(*digest),
            Question::Choose { .. } => None,
        }
    }

    pub(super) fn paper(&self, model: &Model, screen: Rect, is_read: bool) -> Paper {
        let theme = model.theme;
        let columns = Paper::columns(Place::Detail, screen);
        let what = if self.read_back.is_some() { "Read back" } else { "Acknowledge" };
        let mut paper = told(model, &self.asked, what, columns);
        paper.tail = match &self.read_back {
            Some(read_back) => read_back.lines(theme, columns, "Esc to leave it"),
            None => {
                heard(theme, &self.asked, model.now, is_read, "Press Enter to acknowledge, Esc to leave it.", columns)
            }
        };
        paper.keep = paper.tail.len().saturating_sub(1);
        paper.foot = self.digest().map(|digest| format!("digest {}", digest.short()));
        paper
    }
}

pub(super) const NOT_READ: &str = "Enter does not count yet: there is more below; PgDn shows it";
pub(super) const NOT_HEARD: &str = "Enter does not count yet: let it go, read, and press it again";

/// What a question tells: its heading and all its facts.
pub(super) fn told(model: &Model, asked: &Asked, what: &str, columns: usize) -> Paper {
    let theme = model.theme;
    let mut paper = Paper::new(Place::Detail, format!("{what} {} {}", theme.dot(), asked.step));
    if asked.changed {
        let changed = "What is shown here has changed since it was opened. Nothing was confirmed; read it again.";
        paper.tell(theme, Role::Bad, changed, columns);
        paper.lines.push(Line::default());
    }
    if let Some(need) = model.board.needs.iter().find(|need| need.step == asked.step) {
        paper.tell(theme, Role::Title, &need.title, columns);
        paper.lines.push(Line::default());
        paper.lines.extend(facts::lines(&need.facts, theme, columns));
    }
    paper
}

/// The line that says whether Enter counts, and what it does. It never changes its height.
pub(super) fn heard(
    theme: Theme,
    asked: &Asked,
    now: Moment,
    is_read: bool,
    does: &str,
    columns: usize,
) -> Vec<Line<'static>> {
    let (role, says) = if !is_read {
        (Role::NeedsYou, "More below: PgDn or Space; then Enter counts.")
    } else if asked.is_open(now) {
        (Role::Key, does)
    } else {
        (Role::Faint, "Read it; Enter does not count yet.")
    };
    let mut lines = vec![Line::default()];
    lines.extend(wrapped(theme, role, says, columns));
    lines
}
