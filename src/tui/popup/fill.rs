use ratatui::text::{Line, Span};

use super::edit;
use super::paper::{Paper, wrapped};
use crate::engine::Form;
use crate::projection::{Entry, FormField, Reason};
use crate::tui::input::Input;
use crate::tui::keymap::{Command, Edit};
use crate::tui::theme::{Role, Theme};

/// Fields that a person fills in, one below the other, and what was typed in them.
#[derive(Clone, Debug)]
pub(in crate::tui) struct Fill {
    slots: Vec<Slot>,
    at: usize,
    /// Whether anything was typed since the last Enter: then an Enter is not a key that is held down.
    touched: bool,
}

#[derive(Clone, Debug)]
struct Slot {
    field: FormField,
    /// Whether it is the reason, which is no field of the runbook's.
    is_reason: bool,
    input: Input,
    /// What is wrong with it, as a sentence.
    problem: Option<String>,
}

/// What an Enter in a form means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filled {
    /// There is something left to be filled in.
    NotYet,
    /// It was the last field, and nothing is missing.
    Whole {
        /// Whether something was typed since the last Enter.
        touched: bool,
    },
}

/// How the reference of a secret begins. What begins otherwise may be the secret itself, and is never drawn.
const REFERENCE: &str = "env:";

impl Fill {
    /// The fields of `form`, then the reason; none if there is nothing to fill in.
    pub(super) fn new(form: &[FormField], reason: Reason) -> Option<Self> {
        let slot = |field: &FormField, is_reason| {
            let mut input = Input::default();
            input.insert_all(field.default.as_deref().unwrap_or_default());
            Slot { field: field.clone(), is_reason, input, problem: None }
        };
        let mut slots: Vec<Slot> = form.iter().map(|field| slot(field, false)).collect();
        slots.extend(reason_field(reason).map(|field| slot(&field, true)));
        (!slots.is_empty()).then_some(Self { slots, at: 0, touched: false })
    }

    /// The same fields anew, with what was typed in those that have kept their names.
    pub(super) fn carried(&self, form: &[FormField], reason: Reason) -> Option<Self> {
        let mut fill = Self::new(form, reason)?;
        for slot in &mut fill.slots {
            let same = |old: &&Slot| old.field.name == slot.field.name && old.is_reason == slot.is_reason;
            if let Some(old) = self.slots.iter().find(same) {
                slot.input = old.input.clone();
                slot.problem.clone_from(&old.problem);
            }
        }
        fill.at = self.at.min(fill.slots.len() - 1);
        Some(fill)
    }

    /// Takes a character.
    pub(super) fn insert(&mut self, character: char) {
        self.touch().insert(character);
    }

    /// Takes pasted text.
    pub(super) fn insert_all(&mut self, text: &str) {
        self.touch().insert_all(text);
    }

    fn touch(&mut self) -> &mut Input {
        self.touched = true;
        let slot = &mut self.slots[self.at];
        slot.problem = None;
        &mut slot.input
    }

    /// Moves between the fields, and changes what is typed.
    pub(super) fn on(&mut self, command: Command) {
        let last = self.slots.len() - 1;
        match command {
            Command::NextField => self.at = if self.at == last { 0 } else { self.at + 1 },
            Command::PreviousField => self.at = self.at.checked_sub(1).unwrap_or(last),
            _ => match edit(command) {
                Some(Edit::Left) if self.has_choices() => self.turn(-1),
                Some(Edit::Right) if self.has_choices() => self.turn(1),
                Some(edit) => self.touch().edit(edit),
                None => {}
            },
        }
    }

    /// Takes an Enter: goes on to the next field, or says whether all is there.
    pub(super) fn enter(&mut self) -> Filled {
        let touched = std::mem::take(&mut self.touched);
        if self.at + 1 < self.slots.len() {
            self.at += 1;
            return Filled::NotYet;
        }
        for slot in &mut self.slots {
            slot.problem = problem(slot);
        }
        match self.slots.iter().position(|slot| slot.problem.is_some()) {
            Some(at) => {
                self.at = at;
                Filled::NotYet
            }
            None => Filled::Whole { touched },
        }
    }

    /// What was filled in.
    pub(super) fn form(&self) -> Form {
        let text = |slot: &Slot| Some(slot.input.text().trim().to_owned()).filter(|text| !text.is_empty());
        let (reasons, fields): (Vec<&Slot>, Vec<&Slot>) = self.slots.iter().partition(|slot| slot.is_reason);
        Form {
            typed: None,
            reason: reasons.first().and_then(|slot| text(slot)),
            fields: fields.iter().filter_map(|slot| Some((slot.field.name.clone(), text(slot)?))).collect(),
        }
    }

    /// Puts a refusal to the fields that it names, and goes to the first of them; else it stands at the last field.
    pub(super) fn refuse(&mut self, why: &str) {
        let mut first = None;
        for (at, slot) in self.slots.iter_mut().enumerate() {
            let begin = format!("`{}`: ", slot.field.name);
            let mut said =
                why.split("; `").map(|part| if part.starts_with('`') { part.to_owned() } else { format!("`{part}") });
            slot.problem = said.find_map(|part| part.strip_prefix(&begin).map(str::to_owned));
            if slot.problem.is_some() {
                first.get_or_insert(at);
            }
        }
        self.at = first.unwrap_or_else(|| {
            let last = self.slots.len() - 1;
            self.slots[last].problem = Some(why.to_owned());
            last
        });
        self.touched = false;
    }

    fn has_choices(&self) -> bool {
        !self.slots[self.at].field.choices.is_empty()
    }

    /// Takes the next or the previous of the words to choose from.
    fn turn(&mut self, by: isize) {
        let slot = &self.slots[self.at];
        let choices = &slot.field.choices;
        let chosen = choices.iter().position(|choice| choice == slot.input.text());
        let next = match chosen {
            Some(at) => at.saturating_add_signed(by).min(choices.len() - 1),
            None if by > 0 => 0,
            None => choices.len() - 1,
        };
        let word = choices[next].clone();
        let input = self.touch();
        input.edit(Edit::Clear);
        input.insert_all(&word);
    }

    /// Puts the fields below what is told; the one that is being filled in stays in view.
    pub(super) fn put(&self, paper: &mut Paper, theme: Theme, columns: usize) {
        for (at, slot) in self.slots.iter().enumerate() {
            let is_here = at == self.at;
            if is_here {
                paper.keep = paper.tail.len();
            }
            paper.tail.extend(slot.lines(theme, columns, is_here));
        }
    }

    /// Which field is being filled in, and of how many.
    pub(super) fn place(&self) -> String {
        format!("field {} of {}", self.at + 1, self.slots.len())
    }
}

impl Slot {
    fn lines(&self, theme: Theme, columns: usize, is_here: bool) -> Vec<Line<'static>> {
        let pointer = if is_here { theme.pointer() } else { " " };
        let told = [self.field.description.as_str(), self.wanted(is_here).as_str()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("; ");
        let name = theme.text(&self.field.name).into_owned();
        let room = columns.saturating_sub(2);
        let style = theme.style(if is_here { Role::Title } else { Role::Label });
        let mut lines = Vec::new();
        for (row, piece) in
            crate::tui::text::wrap(&theme.text(&format!("{name}  {told}")), room).into_iter().enumerate()
        {
            let mut spans = vec![Span::styled(format!("{pointer} "), theme.style(Role::Key))];
            match piece.strip_prefix(&name).filter(|_| row == 0) {
                Some(rest) => {
                    spans.push(Span::styled(name.clone(), style));
                    spans.push(Span::styled(rest.to_owned(), theme.style(Role::Text)));
                }
                None => spans.push(Span::styled(piece, theme.style(Role::Text))),
            }
            lines.push(Line::from(spans));
        }
        lines.push(Line::from(vec![
            Span::styled(format!("{pointer} > "), theme.style(Role::Key)),
            Span::styled(self.shown(theme, columns.saturating_sub(4), is_here), theme.style(Role::Typed)),
        ]));
        if let Some(problem) = &self.problem {
            let said = format!("    {}", theme.text(problem));
            lines.extend(wrapped(theme, Role::Bad, &said, columns));
        }
        lines
    }

    /// What is to be written.
    fn wanted(&self, is_here: bool) -> String {
        let may = if self.field.entry == Entry::Optional { " (may be left empty)" } else { "" };
        let keys = if is_here && !self.field.choices.is_empty() { "; ← → choose" } else { "" };
        format!("{}{may}{keys}", self.field.wanted)
    }

    fn shown(&self, theme: Theme, room: usize, is_here: bool) -> String {
        let caret = if is_here { theme.caret() } else { "" };
        if self.field.entry == Entry::Secret && !is_reference(self.input.text()) {
            return format!("{}{caret}", "*".repeat(self.input.text().chars().count().min(room)));
        }
        theme.text(&self.input.shown(room, caret)).into_owned()
    }
}

/// Whether a text is, or may become, the reference of a secret.
fn is_reference(text: &str) -> bool {
    text.starts_with(REFERENCE) || REFERENCE.starts_with(text)
}

/// What can be seen to be wrong without the engine.
fn problem(slot: &Slot) -> Option<String> {
    let text = slot.input.text().trim();
    let (entry, choices) = (slot.field.entry, &slot.field.choices);
    if text.is_empty() {
        let missing = if slot.is_reason { "a reason is needed: this is a deviation" } else { "must be filled in" };
        return (entry != Entry::Optional).then(|| missing.to_owned());
    }
    if entry == Entry::Secret && !text.starts_with(REFERENCE) {
        return Some("give where the secret is, as env:NAME; never the secret itself".to_owned());
    }
    let is_none = !choices.is_empty() && !choices.iter().any(|choice| choice == text);
    is_none.then(|| format!("is none of {}", choices.join(", ")))
}

fn reason_field(reason: Reason) -> Option<FormField> {
    let (entry, description) = match reason {
        Reason::Never => return None,
        Reason::Optional => (Entry::Optional, "Why you say so"),
        Reason::Required => (Entry::Typed, "Why: it is a deviation, and this stands in the audit log with your name"),
    };
    Some(FormField {
        name: "reason".to_owned(),
        description: description.to_owned(),
        wanted: "a sentence".to_owned(),
        choices: Vec::new(),
        default: None,
        headless: None,
        entry,
    })
}
