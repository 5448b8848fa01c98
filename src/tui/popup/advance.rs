use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::paper::{Paper, Place};
use super::{After, Context};
use crate::base::Span as Length;
use crate::engine::Ask;
use crate::projection::Board;
use crate::tui::app::Model;
use crate::tui::keymap::Command;
use crate::tui::text;
use crate::tui::theme::Role;

/// Moves the clock of a simulated estate on.
#[derive(Clone, Debug, Default)]
pub(in crate::tui) struct Advance {
    chosen: usize,
}

/// The lengths that are offered besides the next due time.
const LENGTHS: [Length; 4] = [Length::minutes(1), Length::minutes(10), Length::minutes(60), Length::minutes(24 * 60)];

impl Advance {
    pub(super) fn on(&mut self, command: Command, context: Context<'_>) -> After {
        let offers = offers(context.board);
        match command {
            Command::Up => self.chosen = self.chosen.saturating_sub(1),
            Command::Down => self.chosen = (self.chosen + 1).min(offers.len() - 1),
            Command::Pick(line) if usize::from(line) < offers.len() => self.chosen = usize::from(line),
            Command::Confirm => {
                let chosen = self.chosen.min(offers.len() - 1);
                return After::Ask(Ask::Advance { by: offers[chosen].0 });
            }
            _ => {}
        }
        After::Stay
    }

    pub(super) fn paper(&self, model: &Model, screen: Rect) -> Paper {
        let theme = model.theme;
        let columns = Paper::columns(Place::Over, screen);
        let mut paper = Paper::new(Place::Over, "Move the clock on");
        paper.tell(
            theme,
            Role::Text,
            &format!("The estate's clock says {}.", text::moment(model.board.header.now)),
            columns,
        );
        let offers = offers(&model.board);
        paper.tail.push(Line::default());
        for (at, (_, label)) in offers.iter().enumerate() {
            let is_chosen = at == self.chosen.min(offers.len() - 1);
            let pointer = if is_chosen { theme.pointer() } else { " " };
            paper.tail.push(Line::from(vec![
                Span::styled(format!("{pointer} "), theme.style(Role::Key)),
                Span::styled(format!("{} ", at + 1), theme.style(Role::Faint)),
                Span::styled(
                    text::cut(&theme.text(label), columns.saturating_sub(4), theme.ellipsis()),
                    theme.style(if is_chosen { Role::Selected } else { Role::Text }),
                ),
            ]));
        }
        paper.keep = 1 + self.chosen;
        paper
    }
}

/// What can be chosen; never empty. The next due time comes first, if something is due.
fn offers(board: &Board) -> Vec<(Length, String)> {
    let now = board.header.now;
    let due = board
        .steps
        .iter()
        .filter_map(|step| step.due.filter(|due| *due > now).map(|due| (due, step)))
        .min_by_key(|(due, _)| *due)
        .map(|(due, step)| (due.since(now), format!("to {}, when {} is due", text::moment(due), step.id)));
    due.into_iter().chain(LENGTHS.map(|length| (length, format!("by {length}")))).collect()
}
