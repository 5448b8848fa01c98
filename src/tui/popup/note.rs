use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::paper::{Paper, Place};
use super::{After, edit};
use crate::engine::Ask;
use crate::tui::app::Model;
use crate::tui::input::Input;
use crate::tui::keymap::Command;
use crate::tui::theme::Role;

/// A note for the timeline, while it is being written.
#[derive(Clone, Debug, Default)]
pub(in crate::tui) struct Note {
    pub(in crate::tui) input: Input,
}

impl Note {
    pub(super) fn on(&mut self, command: Command) -> After {
        if let Some(edit) = edit(command) {
            self.input.edit(edit);
        }
        let text = self.input.text().trim();
        match command {
            Command::Confirm if text.is_empty() => After::Say("there is nothing to keep yet; Esc closes".to_owned()),
            Command::Confirm => After::Ask(Ask::Note { text: text.to_owned() }),
            _ => After::Stay,
        }
    }

    pub(super) fn paper(&self, model: &Model, screen: Rect) -> Paper {
        let theme = model.theme;
        let columns = Paper::columns(Place::Over, screen);
        let mut paper = Paper::new(Place::Over, "Note");
        let told = "It goes on the timeline, with your name and the time, and stays in the audit log. No secrets.";
        paper.tell(theme, Role::Text, told, columns);
        let typed = self.input.shown(columns.saturating_sub(2), theme.caret());
        paper.tail = vec![
            Line::default(),
            Line::from(vec![
                Span::styled("> ", theme.style(Role::Key)),
                Span::styled(theme.text(&typed).into_owned(), theme.style(Role::Typed)),
            ]),
        ];
        paper.keep = 1;
        paper
    }
}
