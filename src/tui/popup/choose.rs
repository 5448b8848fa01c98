use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::asked::Asked;
use super::consent::{NOT_HEARD, NOT_READ, heard, told};
use super::fill::{Fill, Filled};
use super::paper::{Paper, Place, wrapped};
use super::read_back::ReadBack;
use super::{After, Context, edit, way_back};
use crate::engine::{Ask, Form};
use crate::projection::{Answer, Choice, Mark, Need, Question};
use crate::tui::app::Model;
use crate::tui::keymap::{Command, Mode};
use crate::tui::questions::only_looks;
use crate::tui::text;
use crate::tui::theme::{Role, Theme};

/// Asks a person to decide: a gate, a manual step, what is in doubt, what has failed.
#[derive(Clone, Debug)]
pub(in crate::tui) struct Choose {
    pub(in crate::tui) asked: Asked,
    /// The line that is chosen. None is at first, unless the first one only looks: Enter alone must not decide.
    chosen: Option<usize>,
    /// What was filled in with each of the choices, whichever is chosen in the end.
    fills: Vec<(Answer, Fill)>,
    stage: Stage,
}

/// How far a person is with a decision.
#[derive(Clone, Debug)]
enum Stage {
    /// A line is to be chosen.
    List,
    /// What belongs to the chosen line is filled in.
    Fill,
    /// The text that the chosen line wants is typed.
    ReadBack(ReadBack),
}

impl Choose {
    pub(in crate::tui) fn new(asked: Asked, choices: &[Choice]) -> Self {
        let looks_first = choices.first().is_some_and(|choice| only_looks(&choice.answer));
        Self { asked, chosen: looks_first.then_some(0), fills: Vec::new(), stage: Stage::List }
    }

    /// The same for the question as it is now, with what was filled in. A text that had to be typed must be typed again.
    pub(super) fn anew(self, need: &Need) -> Self {
        let changed = self.asked.question != need.question;
        let answer = self.choice().map(|choice| choice.answer.clone());
        let is_filling = matches!(self.stage, Stage::Fill);
        let mut asked = Asked::new(need);
        asked.changed = changed;
        let mut choose = Self { asked, chosen: None, fills: Vec::new(), stage: Stage::List };
        choose.fills = choose.carried(&self.fills);
        choose.chosen = choose.choices().1.iter().position(|choice| Some(&choice.answer) == answer.as_ref());
        if is_filling && choose.fill().is_some() {
            choose.stage = Stage::Fill;
        }
        choose
    }

    /// Takes the question as it is now, if nothing of it that a person goes by has changed: the choices are the same, and
    /// what is chosen reads the same.
    pub(super) fn takes(&mut self, need: &Need) -> bool {
        let (Question::Choose { question, choices }, Question::Choose { question: old, choices: before }) =
            (&need.question, &self.asked.question)
        else {
            return false;
        };
        let same_answers = choices.iter().map(|choice| &choice.answer).eq(before.iter().map(|choice| &choice.answer));
        let same_choice = self.chosen.is_none_or(|at| choices.get(at) == before.get(at));
        let takes = question == old && same_answers && same_choice;
        if takes {
            self.asked.question = need.question.clone();
            self.fills = self.carried(&self.fills);
        }
        takes
    }

    fn carried(&self, fills: &[(Answer, Fill)]) -> Vec<(Answer, Fill)> {
        let carried = |(answer, fill): &(Answer, Fill)| {
            let choice = self.choices().1.iter().find(|choice| choice.answer == *answer)?;
            Some((answer.clone(), fill.carried(&choice.form, choice.reason)?))
        };
        fills.iter().filter_map(carried).collect()
    }

    pub(super) const fn mode(&self) -> Mode {
        match self.stage {
            Stage::List => Mode::Choose,
            Stage::Fill => Mode::Form,
            Stage::ReadBack(_) => Mode::ReadBack,
        }
    }

    pub(super) fn on(&mut self, command: Command, context: Context<'_>) -> After {
        match (command, &mut self.stage) {
            (Command::Back, Stage::ReadBack(_)) => {
                self.stage = if self.fill().is_some() { Stage::Fill } else { Stage::List };
            }
            (Command::Back, Stage::Fill) => self.stage = Stage::List,
            (Command::Back, Stage::List) => return After::Close,
            (Command::Confirm, Stage::List) => return self.confirm(context),
            (Command::Confirm, Stage::Fill) => return self.confirm_fill(context),
            (Command::Confirm, Stage::ReadBack(_)) => return self.confirm_typed(context),
            (_, Stage::ReadBack(read_back)) => {
                if let Some(edit) = edit(command) {
                    read_back.edit(edit);
                }
            }
            (_, Stage::Fill) => {
                if let Some(fill) = self.fill_mut() {
                    fill.on(command);
                }
            }
            (Command::Up, Stage::List) => self.choose(self.chosen.map_or(0, |chosen| chosen.saturating_sub(1))),
            (Command::Down, Stage::List) => self.choose(self.chosen.map_or(0, |chosen| chosen + 1)),
            (Command::Pick(line), Stage::List) => self.choose(usize::from(line)),
            _ => {}
        }
        After::Stay
    }

    pub(super) fn on_character(&mut self, character: char) {
        match &mut self.stage {
            Stage::ReadBack(read_back) if self.asked.was_drawn() => read_back.insert(character),
            Stage::Fill => {
                if let Some(fill) = self.fill_mut() {
                    fill.insert(character);
                }
            }
            _ => {}
        }
    }

    /// Takes pasted text into the field that is being filled in.
    pub(super) fn on_paste(&mut self, text: &str) {
        if let Some(fill) = self.fill_mut() {
            fill.insert_all(text);
        }
    }

    /// Takes what is wrong with the answer that was given. Returns false if there is nothing in it to be put right.
    pub(super) fn refuse(&mut self, why: &str) -> bool {
        let Some(fill) = self.fill_mut() else { return false };
        fill.refuse(why);
        self.stage = Stage::Fill;
        true
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

    /// What belongs to the chosen line and was filled in.
    fn fill(&self) -> Option<&Fill> {
        let answer = &self.choice()?.answer;
        self.fills.iter().find(|(of, _)| of == answer).map(|(_, fill)| fill)
    }

    fn fill_mut(&mut self) -> Option<&mut Fill> {
        let answer = self.choice()?.answer.clone();
        self.fills.iter_mut().find(|(of, _)| *of == answer).map(|(_, fill)| fill)
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
        if self.fill().is_none() {
            self.fills.extend(Fill::new(&choice.form, choice.reason).map(|fill| (choice.answer.clone(), fill)));
        }
        if self.fill().is_some() {
            self.asked.rest(context.now);
            self.stage = Stage::Fill;
            return After::Stay;
        }
        self.go_on(&choice)
    }

    fn confirm_fill(&mut self, context: Context<'_>) -> After {
        let is_heard = self.asked.knock(context.now);
        self.asked.rest(context.now);
        let Some(choice) = self.choice().cloned() else { return After::Stay };
        match self.fill_mut().map(Fill::enter) {
            // Who only presses Enter may be holding it.
            Some(Filled::Whole { touched: false }) if !is_heard => After::Say(NOT_HEARD.to_owned()),
            Some(Filled::Whole { .. }) => self.go_on(&choice),
            Some(Filled::NotYet) | None => After::Stay,
        }
    }

    /// What is left to be done once a line is chosen and filled in.
    fn go_on(&mut self, choice: &Choice) -> After {
        if let Some(expected) = &choice.read_back {
            self.stage = Stage::ReadBack(ReadBack::new(expected));
            return After::Stay;
        }
        After::Ask(self.ask(choice, None))
    }

    fn ask(&self, choice: &Choice, typed: Option<String>) -> Ask {
        let form = self.fill().map(Fill::form).unwrap_or_default();
        Ask::Choose { step: self.asked.step.clone(), answer: choice.answer.clone(), form: Form { typed, ..form } }
    }

    fn confirm_typed(&self, context: Context<'_>) -> After {
        let (Stage::ReadBack(read_back), Some(choice)) = (&self.stage, self.choice()) else { return After::Stay };
        if !context.end_shown {
            return After::Say(NOT_READ.to_owned());
        }
        match read_back.typed() {
            Some(typed) => After::Ask(self.ask(choice, Some(typed.to_owned()))),
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
        match (&self.stage, self.choice(), self.fill()) {
            (Stage::ReadBack(read_back), Some(choice), _) => {
                self.tell_chosen(&mut paper, choice, model, columns);
                paper.tail.extend(read_back.lines(theme, columns, "Esc to go back"));
                paper.keep = paper.tail.len().saturating_sub(1);
            }
            (Stage::Fill, Some(choice), Some(fill)) => {
                self.tell_chosen(&mut paper, choice, model, columns);
                fill.put(&mut paper, theme, columns);
                let next = if choice.read_back.is_some() { "goes on; a text must be typed then" } else { "sends it" };
                paper.foot = Some(format!("{}; Enter on the last {next}", fill.place()));
            }
            _ => {
                self.list(&mut paper, theme, columns);
                let does = match self.choice() {
                    Some(choice) if choice.reason != crate::projection::Reason::Never || !choice.form.is_empty() => {
                        "Enter goes on; something is to be filled in then."
                    }
                    Some(choice) if choice.read_back.is_some() => "Enter goes on; a text must be typed then.",
                    Some(_) => "Press Enter to decide, Esc to leave it.",
                    None => "Choose a line with ↑↓, or Esc to leave it.",
                };
                paper.tail.extend(heard(theme, &self.asked, model.now, is_read, does, columns));
            }
        }
        paper
    }

    /// What is being decided, once a line is chosen: the question moves up to what is told.
    fn tell_chosen(&self, paper: &mut Paper, choice: &Choice, model: &Model, columns: usize) {
        let theme = model.theme;
        paper.lines.push(Line::default());
        paper.tell(theme, Role::Title, self.choices().0, columns);
        if matches!(choice.answer, Answer::Abort | Answer::RollBack) {
            paper.lines.push(Line::default());
            way_back::tell(paper, model, choice.answer == Answer::RollBack, columns);
        }
        paper.tail.push(Line::default());
        paper.tail.extend(wrapped(theme, Role::Selected, &choice.label, columns));
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
