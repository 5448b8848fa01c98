use ratatui::layout::Rect;
use ratatui::text::Line;

use super::fill::{Fill, Filled};
use super::paper::{Paper, Place, wrapped};
use super::{After, Context};
use crate::base::InstanceId;
use crate::engine::Ask;
use crate::projection::{Answer, Reason, StepLine};
use crate::tui::app::Model;
use crate::tui::keymap::Command;
use crate::tui::theme::Role;

/// A person's word about a step, whatever it asks: that it is left out, or that it counts as done.
#[derive(Clone, Debug)]
pub(in crate::tui) struct Word {
    step: InstanceId,
    title: String,
    says: Says,
    pub(super) fill: Fill,
}

/// What is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tui) enum Says {
    /// It is left out.
    Skip,
    /// It counts as succeeded.
    Override,
}

impl Word {
    /// About that step; none if there is nothing to be said in that way.
    pub(in crate::tui) fn new(step: &StepLine, says: Says) -> Option<Self> {
        let form = if says == Says::Override { step.gives.as_slice() } else { &[] };
        let fill = Fill::new(form, Reason::Required)?;
        Some(Self { step: step.id.clone(), title: step.title.clone(), says, fill })
    }

    pub(super) fn on(&mut self, command: Command, context: Context<'_>) -> After {
        if command != Command::Confirm {
            self.fill.on(command);
            return After::Stay;
        }
        // A reason was typed, so no key is merely held down; what is asked for must have been read.
        match self.fill.enter() {
            Filled::NotYet => After::Stay,
            Filled::Whole { .. } if !context.end_shown => After::Say(super::consent::NOT_READ.to_owned()),
            Filled::Whole { .. } => {
                let answer = match self.says {
                    Says::Skip => Answer::Skip,
                    Says::Override => Answer::Override,
                };
                After::Ask(Ask::Choose { step: self.step.clone(), answer, form: self.fill.form() })
            }
        }
    }

    pub(super) fn paper(&self, model: &Model, screen: Rect) -> Paper {
        let theme = model.theme;
        let columns = Paper::columns(Place::Over, screen);
        let (what, told) = match self.says {
            Says::Skip => (
                "Skip",
                "It is not done, and what needs it goes on without it. Nothing is sent, and nothing is undone.",
            ),
            Says::Override => (
                "Override",
                "It is not done by this run and counts as succeeded, because you say that what it is for is so. What needs \
                 it goes on, and reads what you fill in here.",
            ),
        };
        let mut paper = Paper::new(Place::Over, format!("{what} {} {}", theme.dot(), self.step));
        paper.tell(theme, Role::Title, &self.title, columns);
        paper.tell(theme, Role::Text, told, columns);
        paper.tail.push(Line::default());
        self.fill.put(&mut paper, theme, columns);
        paper.tail.extend(wrapped(
            theme,
            Role::Faint,
            "Enter on the last line says so, Esc leaves it as it is.",
            columns,
        ));
        paper
    }
}
