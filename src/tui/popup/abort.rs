use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::consent::NOT_READ;
use super::paper::{Paper, Place, wrapped};
use super::{After, Context, edit, way_back};
use crate::engine::Ask;
use crate::projection::Board;
use crate::tui::app::Model;
use crate::tui::input::Input;
use crate::tui::keymap::Command;
use crate::tui::theme::Role;

/// Ends the run and leaves everything as it is.
const LEAVE: &str = "abort";
/// Ends the run and undoes what can be undone.
const UNDO: &str = "undo";

/// Ends the run, after it has said what would be undone and what stays as it is. Each way has a word of its own, so that
/// neither can be taken for the other.
#[derive(Clone, Debug, Default)]
pub(in crate::tui) struct Abort {
    pub(in crate::tui) input: Input,
    /// Why the engine did not take it.
    pub(super) problem: Option<String>,
}

/// What was typed: the word, and what stands behind it.
struct Typed<'a> {
    undo: bool,
    reason: &'a str,
}

impl Abort {
    pub(super) fn on(&mut self, command: Command, context: Context<'_>) -> After {
        if let Some(edit) = edit(command) {
            self.input.edit(edit);
        }
        if command != Command::Confirm {
            return After::Stay;
        }
        if !context.end_shown {
            return After::Say(NOT_READ.to_owned());
        }
        let can_undo = can_undo(context.board);
        match self.typed() {
            Some(Typed { undo: true, .. }) if !can_undo => {
                After::Say(format!("nothing can be undone: type {LEAVE} to end the run as it is"))
            }
            Some(Typed { undo, reason }) => {
                After::Ask(Ask::Abort { reason: Some(reason.to_owned()).filter(|reason| !reason.is_empty()), undo })
            }
            None if can_undo => After::Say(format!("the run goes on: type {LEAVE} or {UNDO}, then press Enter")),
            None => After::Say(format!("the run goes on: type {LEAVE}, then press Enter")),
        }
    }

    /// What is asked for, once one of the words was typed.
    fn typed(&self) -> Option<Typed<'_>> {
        let (word, reason) = self.input.text().trim().split_once(' ').unwrap_or((self.input.text().trim(), ""));
        match word {
            LEAVE => Some(Typed { undo: false, reason: reason.trim() }),
            UNDO => Some(Typed { undo: true, reason: reason.trim() }),
            _ => None,
        }
    }

    pub(super) fn paper(&self, model: &Model, screen: Rect) -> Paper {
        let theme = model.theme;
        let columns = Paper::columns(Place::Over, screen);
        let mut paper = Paper::new(Place::Over, "Abort");
        paper.tell(
            theme,
            Role::Text,
            "Ends the run for good. Nothing more is started, and nothing is sent again.",
            columns,
        );
        paper.lines.push(Line::default());
        way_back::tell(&mut paper, model, false, columns);
        paper.tail.push(Line::default());
        if let Some(problem) = &self.problem {
            paper.tail.extend(wrapped(theme, Role::Bad, problem, columns));
        }
        let can_undo = can_undo(&model.board);
        let undo = (UNDO, "end the run and undo what can be undone; each undo asks again");
        let leave = (LEAVE, "end the run and leave everything as it is");
        for (word, does) in std::iter::once(leave).chain(can_undo.then_some(undo)) {
            let is_typed = self.typed().is_some_and(|typed| typed.undo == (word == UNDO));
            let role = if is_typed { Role::Selected } else { Role::Title };
            paper.tail.extend(wrapped(theme, role, &format!("Type  {word}  to {does}"), columns));
        }
        paper.tail.extend(wrapped(theme, Role::Faint, "and behind the word a reason, if you like.", columns));
        let typed = self.input.shown(columns.saturating_sub(2), theme.caret());
        paper.tail.push(Line::from(vec![
            Span::styled("> ", theme.style(Role::Key)),
            Span::styled(theme.text(&typed).into_owned(), theme.style(Role::Typed)),
        ]));
        paper.keep = paper.tail.len() - 1;
        paper
    }
}

/// Whether anything could be undone now, or may turn out to have to be.
fn can_undo(board: &Board) -> bool {
    !board.way_back.undone.is_empty() || board.busy
}
