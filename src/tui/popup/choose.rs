use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::asked::Asked;
use super::consent::{NOT_HEARD, NOT_READ, heard, told};
use super::paper::{Paper, Place, wrapped};
use super::read_back::ReadBack;
use super::{After, Context, edit};
use crate::engine::{Ask, Form};
use crate::projection::{Answer, Choice, Mark, Question};
use crate::tui::app::Model;
use crate::tui::keymap::{Command, Mode};
use crate::tui::text;
use crate::tui::theme::{Role, Theme};

/// Asks a person to decide: a gate, a manual step, what is in doubt, what has failed.
#[derive(Clone, Debug)]
pub(in crate::tui) struct Choose {
    pub(in crate::tui) asked: Asked,
    /// The line that is chosen. None is at first, unless the first one only looks: Enter alone must not decide.
    chosen: Option<usize>,
    /// The text that the chosen line wants typed.
    pub(in crate::tui) typing: Option<ReadBack>,
}

impl Choose {
    pub(in crate::tui) fn new(asked: Asked, choices: &[Choice]) -> Self {
        let only_looks = choices.first().is_some_and(|choice| choice.answer == Answer::ProbeAgain);
        Self { asked, chosen: only_looks.then_some(0), typing: None }
    }

    pub(super) const fn mode(&self) -> Mode {
        if self.typing.is_some() { Mode::ReadBack } else { Mode::Choose }
    }

    pub(super) fn on(&mut self, command: Command, context: Context<'_>) -> After {
        match (command, &mut self.typing) {
            (Command::Back, Some(_)) => self.typing = None,
            (Command::Back, None) => return After::Close,
            (Command::Confirm, Some(_)) => return self.confirm_typed(context),
            (Command::Confirm, None) => return self.confirm(context),
            (_, Some(read_back)) => {
                if let Some(edit) = edit(command) {
                    read_back.edit(edit);
                }
            }
            (Command::Up, None) => self.choose(self.chosen.map_or(0, |chosen| chosen.saturating_sub(1))),
            (Command::Down, None) => self.choose(self.chosen.map_or(0, |chosen| chosen + 1)),
            (Command::Pick(line), None) => self.choose(usize::from(line)),
            _ => {}
        }
        After::Stay
    }

    pub(super) fn on_character(&mut self, character: char) {
        if let Some(read_back) = self.typing.as_mut().filter(|_| self.asked.was_drawn()) {
            read_back.insert(character);
        }
    }

    fn choices(&self) -> (&str, &[Choice]) {
        match &self.asked.question {
            Question::Choose { question, choices } => (question, choices),
            Question::Acknowledge { .. } | Question::ReadBack { .. } => ("", &[]),
        }
    }

    fn choose(&mut self, line: usize) {
        if line < self.choices().1.len() {
            self.chosen = Some(line);
        }
    }

    fn choice(&self) -> Option<&Choice> {
        self.choices().1.get(self.chosen?)
    }

    fn confirm(&mut self, context: Context<'_>) -> After {
        let is_heard = self.asked.knock(context.now);
        let Some(choice) = self.choice().cloned() else {
            return After::Say("nothing is chosen yet: choose a line with ↑↓ or its number".to_owned());
        };
        if !context.end_shown {
            return After::Say(NOT_READ.to_owned());
        }
        if !is_heard {
            return After::Say(NOT_HEARD.to_owned());
        }
        match choice.read_back {
            Some(expected) => {
                self.typing = Some(ReadBack::new(&expected));
                After::Stay
            }
            None => {
                After::Ask(Ask::Choose { step: self.asked.step.clone(), answer: choice.answer, form: Form::default() })
            }
        }
    }

    fn confirm_typed(&self, context: Context<'_>) -> After {
        let (Some(read_back), Some(choice)) = (&self.typing, self.choice()) else { return After::Stay };
        if !context.end_shown {
            return After::Say(NOT_READ.to_owned());
        }
        match read_back.typed() {
            Some(typed) => After::Ask(Ask::Choose {
                step: self.asked.step.clone(),
                answer: choice.answer.clone(),
                form: Form::typed(Some(typed.to_owned())),
            }),
            None => After::Say(format!("{}: type it exactly, then press Enter", read_back.progress())),
        }
    }

    pub(super) fn paper(&self, model: &Model, screen: Rect, is_read: bool) -> Paper {
        let theme = model.theme;
        let columns = Paper::columns(Place::Detail, screen);
        let step = model.board.steps.iter().find(|step| step.id == self.asked.step);
        let what = match step.map(|step| step.mark) {
            Some(Mark::InDoubt) => "IN DOUBT",
            Some(Mark::Failed) => "Failed",
            _ => "Decide",
        };
        let mut paper = told(model, &self.asked, what, columns);
        match (&self.typing, self.choice()) {
            (Some(read_back), Some(choice)) => {
                paper.tail.push(Line::default());
                paper.tail.extend(wrapped(theme, Role::Selected, &choice.label, columns));
                paper.tail.extend(read_back.lines(theme, columns, "Esc for the other choices"));
                paper.keep = paper.tail.len().saturating_sub(1);
            }
            _ => self.list(&mut paper, theme, columns),
        }
        if self.typing.is_none() {
            let does = match self.choice() {
                Some(choice) if choice.read_back.is_some() => "Enter goes on; a text must be typed then.",
                Some(_) => "Press Enter to decide, Esc to leave it.",
                None => "Choose a line with ↑↓, or Esc to leave it.",
            };
            paper.tail.extend(heard(theme, &self.asked, model.now, is_read, does, columns));
        }
        paper
    }

    fn list(&self, paper: &mut Paper, theme: Theme, columns: usize) {
        let (question, choices) = self.choices();
        paper.tail.push(Line::default());
        paper.tail.extend(wrapped(theme, Role::Title, question, columns));
        for (at, choice) in choices.iter().enumerate() {
            let is_chosen = self.chosen == Some(at);
            let pointer = if is_chosen { theme.pointer() } else { " " };
            let style = theme.style(if is_chosen { Role::Selected } else { Role::Text });
            let typed = if choice.read_back.is_some() { "  (a text must be typed)" } else { "" };
            let label = format!("{}{typed}", theme.text(&choice.label));
            if is_chosen {
                paper.keep = paper.tail.len();
            }
            for (row, line) in text::wrap(&label, columns.saturating_sub(4)).into_iter().enumerate() {
                let number = if row == 0 { format!("{} ", at + 1) } else { "  ".to_owned() };
                paper.tail.push(Line::from(vec![
                    Span::styled(format!("{pointer} "), theme.style(Role::Key)),
                    Span::styled(number, theme.style(Role::Faint)),
                    Span::styled(line, style),
                ]));
            }
        }
    }
}
