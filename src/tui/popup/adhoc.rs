use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::paper::{Paper, Place, wrapped};
use super::{After, edit};
use crate::tui::app::Model;
use crate::tui::input::Input;
use crate::tui::keymap::Command;
use crate::tui::theme::Role;

/// A command outside of the runbook, while it is being written.
#[derive(Clone, Debug, Default)]
pub(in crate::tui) struct Adhoc {
    pub(in crate::tui) input: Input,
}

impl Adhoc {
    pub(super) fn on(&mut self, command: Command) -> After {
        if let Some(edit) = edit(command) {
            self.input.edit(edit);
        }
        match (command, self.words()) {
            (Command::Confirm, Some(words)) if words.is_empty() => {
                After::Say("there is nothing to run yet; Esc closes".to_owned())
            }
            (Command::Confirm, Some(words)) => After::Run(words),
            (Command::Confirm, None) => After::Say("a quotation mark is open: close it, then press Enter".to_owned()),
            _ => After::Stay,
        }
    }

    /// The command word by word, quoted as in a shell; none while a quotation mark is open.
    fn words(&self) -> Option<Vec<String>> {
        shlex::split(self.input.text())
    }

    pub(super) fn paper(&self, model: &Model, screen: Rect) -> Paper {
        let theme = model.theme;
        let columns = Paper::columns(Place::Over, screen);
        let mut paper = Paper::new(Place::Over, "Command outside of the runbook");
        let told = "Runs on this computer, as you, at once: without a shell, and without a keyboard. Callout does not know what \
                    it changes and cannot undo it. The command and what it says (up to 256 KiB, secrets that are known taken \
                    out) go on the timeline and into the audit log, as a deviation. No secrets.";
        paper.tell(theme, Role::Text, told, columns);
        let typed = self.input.shown(columns.saturating_sub(2), theme.caret());
        paper.tail = vec![
            Line::default(),
            Line::from(vec![
                Span::styled("> ", theme.style(Role::Key)),
                Span::styled(theme.text(&typed).into_owned(), theme.style(Role::Typed)),
            ]),
        ];
        let words = match self.words() {
            Some(words) if words.len() > 1 => format!("runs  {}", words.join(&format!(" {} ", theme.dot()))),
            _ => "for example  az webapp list --output table".to_owned(),
        };
        paper.tail.extend(wrapped(theme, Role::Faint, &words, columns));
        paper.keep = 1;
        paper
    }
}
