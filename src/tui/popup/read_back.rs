use ratatui::text::{Line, Span};

use super::paper::wrapped;
use crate::tui::input::Input;
use crate::tui::keymap::Edit;
use crate::tui::theme::{Role, Theme};

/// A text that must be typed exactly, and what was typed of it.
#[derive(Clone, Debug)]
pub(in crate::tui) struct ReadBack {
    expected: String,
    input: Input,
}

impl ReadBack {
    pub(in crate::tui) fn new(expected: &str) -> Self {
        Self { expected: expected.to_owned(), input: Input::default() }
    }

    pub(in crate::tui) fn insert(&mut self, character: char) {
        self.input.insert(character);
    }

    pub(in crate::tui) fn edit(&mut self, edit: Edit) {
        self.input.edit(edit);
    }

    /// What was typed, if it is what must be typed.
    pub(in crate::tui) fn typed(&self) -> Option<&str> {
        Some(self.input.text()).filter(|typed| *typed == self.expected)
    }

    /// How much of it is right, `7 of 11 match`.
    pub(in crate::tui) fn progress(&self) -> String {
        let (typed, expected) = (self.input.text(), &self.expected);
        let matching = typed.chars().zip(expected.chars()).take_while(|(typed, expected)| typed == expected).count();
        let (typed, expected) = (typed.chars().count(), expected.chars().count());
        if typed > matching {
            format!("{matching} of {expected} match, then it differs")
        } else {
            format!("{matching} of {expected} match")
        }
    }

    /// What a person does, `go_back` saying what Escape does.
    pub(in crate::tui) fn lines(&self, theme: Theme, columns: usize, go_back: &str) -> Vec<Line<'static>> {
        let mut lines = vec![Line::default()];
        let prompt = format!("Type  {}  to go on, {go_back}:", self.expected);
        lines.extend(wrapped(theme, Role::Title, &prompt, columns));
        let progress = match self.typed() {
            Some(_) => format!("{}: Enter consents", self.progress()),
            None => self.progress(),
        };
        let room = columns.saturating_sub(progress.len() + 4);
        let typed = self.input.shown(room, theme.caret());
        let gap = room.saturating_sub(crate::tui::text::width(&typed)).min(24) + 2;
        lines.push(Line::from(vec![
            Span::styled("> ", theme.style(Role::Key)),
            Span::styled(theme.text(&typed).into_owned(), theme.style(Role::Typed)),
            Span::raw(" ".repeat(gap)),
            Span::styled(progress, theme.style(Role::Text)),
        ]));
        lines
    }
}
