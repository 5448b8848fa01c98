use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::consent::NOT_READ;
use super::paper::{Paper, Place};
use super::{After, Context, edit};
use crate::effect::Risk;
use crate::engine::Ask;
use crate::projection::{Fact, Mark, StepLine};
use crate::tui::app::Model;
use crate::tui::input::Input;
use crate::tui::keymap::Command;
use crate::tui::theme::Role;
use crate::tui::view::facts;

/// The word that must be typed.
const WORD: &str = "abort";

/// Ends the run, after it has said what stays as it is.
#[derive(Clone, Debug, Default)]
pub(in crate::tui) struct Abort {
    pub(in crate::tui) input: Input,
}

impl Abort {
    pub(super) fn on(&mut self, command: Command, context: Context<'_>) -> After {
        if let Some(edit) = edit(command) {
            self.input.edit(edit);
        }
        match (command, self.reason()) {
            (Command::Confirm, _) if !context.end_shown => After::Say(NOT_READ.to_owned()),
            (Command::Confirm, None) => After::Say(format!("the run goes on: type {WORD}, then press Enter")),
            (Command::Confirm, Some(reason)) => After::Ask(Ask::Abort {
                reason: Some(reason.to_owned()).filter(|reason| !reason.is_empty()),
                undo: false,
            }),
            _ => After::Stay,
        }
    }

    /// What stands behind the word, which may be nothing; `None` unless the word was typed.
    fn reason(&self) -> Option<&str> {
        let behind = self.input.text().trim().strip_prefix(WORD)?;
        (behind.is_empty() || behind.starts_with(' ')).then(|| behind.trim())
    }

    pub(super) fn paper(&self, model: &Model, screen: Rect) -> Paper {
        let theme = model.theme;
        let columns = Paper::columns(Place::Over, screen);
        let mut paper = Paper::new(Place::Over, "Abort");
        paper.tell(
            theme,
            Role::Text,
            "Ends the run for good. Nothing more is started, nothing is sent again, and nothing is undone by this.",
            columns,
        );
        let steps = &model.board.steps;
        let changed =
            |step: &&StepLine| step.mark == Mark::Succeeded && step.risk > Risk::Read && !is_group(steps, step);
        let told: [(&str, Vec<&StepLine>); 3] = [
            ("In flight: waited for, for as long as it takes", model.in_flight()),
            ("In doubt: may have happened, and stays in doubt", marked(steps, Mark::InDoubt)),
            ("Done, and left standing as it is", steps.iter().filter(changed).collect()),
        ];
        for (heading, steps) in told.iter().filter(|(_, steps)| !steps.is_empty()) {
            paper.lines.push(Line::default());
            paper.tell(theme, Role::Title, heading, columns);
            paper.lines.extend(facts::lines(
                &steps.iter().map(|step| standing(step)).collect::<Vec<_>>(),
                theme,
                columns,
            ));
        }
        if told.iter().all(|(_, steps)| steps.is_empty()) {
            paper.lines.push(Line::default());
            paper.tell(theme, Role::Text, "This run has changed nothing so far.", columns);
        }
        let prompt = format!("Type  {WORD}  to end the run, and behind it a reason if you like:");
        paper.tail.push(Line::default());
        paper.tail.extend(super::paper::wrapped(theme, Role::Title, &prompt, columns));
        let typed = self.input.shown(columns.saturating_sub(2), theme.caret());
        paper.tail.push(Line::from(vec![
            Span::styled("> ", theme.style(Role::Key)),
            Span::styled(theme.text(&typed).into_owned(), theme.style(Role::Typed)),
        ]));
        paper.keep = paper.tail.len() - 1;
        paper
    }
}

fn marked(steps: &[StepLine], mark: Mark) -> Vec<&StepLine> {
    steps.iter().filter(|step| step.mark == mark && !is_group(steps, step)).collect()
}

/// Whether a step is the group of items that stand below it, and so would be told twice.
fn is_group(steps: &[StepLine], step: &StepLine) -> bool {
    step.depth == 0 && steps.iter().any(|item| item.depth > 0 && item.id.step().as_str() == step.id.as_str())
}

/// A step, what it did, and how it could be undone.
fn standing(step: &StepLine) -> Fact {
    let undo = step.facts.iter().find(|fact| fact.label == "Undo");
    let text = match undo {
        Some(undo) => format!("{}\nUndo: {}", step.title, undo.text),
        None => step.title.clone(),
    };
    Fact::new(step.id.as_str(), text)
}
