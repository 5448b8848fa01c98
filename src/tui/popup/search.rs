use ratatui::text::{Line, Span};

use super::{After, Context, edit};
use crate::projection::Board;
use crate::tui::app::Model;
use crate::tui::input::Input;
use crate::tui::keymap::Command;
use crate::tui::theme::Role;

/// Finds a step by a part of its name, title or operation. The selection goes along while it is typed.
#[derive(Clone, Debug)]
pub(in crate::tui) struct Search {
    pub(in crate::tui) input: Input,
    /// Where the search began, and where Escape leads back to.
    origin: usize,
    /// Which of the matches is selected.
    nth: usize,
}

impl Search {
    pub(in crate::tui) fn new(origin: usize) -> Self {
        Self { input: Input::default(), origin, nth: 0 }
    }

    pub(super) fn on(&mut self, command: Command, context: Context<'_>) -> After {
        let count = self.matches(context.board).len();
        match command {
            Command::Confirm => return After::Close,
            Command::Back => return After::Return(self.origin),
            Command::Up => self.nth = self.nth.checked_sub(1).unwrap_or(count.saturating_sub(1)),
            Command::Down => self.nth = if self.nth + 1 < count { self.nth + 1 } else { 0 },
            _ => {
                if let Some(edit) = edit(command) {
                    self.input.edit(edit);
                    self.nth = 0;
                }
            }
        }
        self.jump(context.board)
    }

    /// Selects the match; where nothing matches, the place where the search began.
    pub(super) fn jump(&mut self, board: &Board) -> After {
        let matches = self.matches(board);
        self.nth = self.nth.min(matches.len().saturating_sub(1));
        After::Select(matches.get(self.nth).copied().unwrap_or(self.origin))
    }

    fn matches(&self, board: &Board) -> Vec<usize> {
        let sought = self.input.text().to_lowercase();
        let holds = |text: &str| text.to_lowercase().contains(&sought);
        let found = board.steps.iter().enumerate();
        found
            .filter(|_| !sought.is_empty())
            .filter(|(_, step)| holds(step.id.as_str()) || holds(&step.title) || holds(&step.operation))
            .map(|(at, _)| at)
            .collect()
    }

    /// The line in the footer.
    pub(in crate::tui) fn line(&self, model: &Model) -> Line<'static> {
        let theme = model.theme;
        let count = self.matches(&model.board).len();
        let says = match count {
            _ if self.input.text().is_empty() => "type a part of a step's name or title".to_owned(),
            0 => "no step matches".to_owned(),
            _ => {
                let selected = model.selected().map(|step| step.id.to_string()).unwrap_or_default();
                format!("{} of {count}: {selected}", self.nth + 1)
            }
        };
        let typed = self.input.shown(28, theme.caret());
        Line::from(vec![
            Span::styled(" / ", theme.style(Role::Key)),
            Span::styled(theme.text(&typed).into_owned(), theme.style(Role::Typed)),
            Span::raw("   "),
            Span::styled(theme.text(&says).into_owned(), theme.style(Role::Text)),
        ])
    }
}
