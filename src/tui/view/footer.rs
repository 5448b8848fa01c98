use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::plan::Mode;
use crate::tui::app::{Leaving, Model};
use crate::tui::keymap::{self, Command};
use crate::tui::popup::Kind;
use crate::tui::text;
use crate::tui::theme::Role;

/// One line: what the screen has to say, or else the keys that do something here.
pub(super) fn draw(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let theme = model.theme;
    let line = if let Some(Kind::Search(search)) = model.popup.as_ref().map(|popup| &popup.kind) {
        search.line(model)
    } else if let Some((role, says)) = says(model) {
        let room = usize::from(area.width).saturating_sub(2);
        let says = text::cut(&theme.text(&says), room, theme.ellipsis());
        Line::from(vec![Span::raw(" "), Span::styled(says, theme.style(role))])
    } else {
        hints(model, usize::from(area.width))
    };
    frame.render_widget(line, area);
}

/// What the screen has to say, the most urgent first.
fn says(model: &Model) -> Option<(Role, String)> {
    if let Some(said) = &model.said {
        return Some((Role::NeedsYou, said.clone()));
    }
    if let Some(waits) = leaving(model) {
        return Some((Role::Doubt, waits));
    }
    if let Some(remark) = &model.remark {
        return Some((Role::Doubt, remark.clone()));
    }
    if let Some(command) = model.commands.first().filter(|_| model.popup.is_none()) {
        return Some((Role::Running, format!("runs outside of the runbook: {command}")));
    }
    let ended = model.board.ended.as_ref().filter(|_| model.popup.is_none())?;
    let header = &model.board.header;
    let caveat = match (header.mode, header.simulated) {
        (Mode::Rehearsal, _) => " Rehearsal: nothing was changed.",
        (_, true) => " Simulated: no evidence of production recovery.",
        (Mode::Drill, false) => " Drill: on targets of the drill.",
        (Mode::Live, false) => "",
    };
    Some((Role::Title, format!("q leaves. Ended: {ended}{caveat}")))
}

fn leaving(model: &Model) -> Option<String> {
    let in_flight: Vec<&str> = model.in_flight().iter().map(|step| step.id.as_str()).collect();
    match model.leaving {
        Leaving::No => None,
        Leaving::Waiting if in_flight.is_empty() => {
            Some("leaving: nothing is in flight. Ctrl-C leaves at once.".to_owned())
        }
        Leaving::Waiting => Some(format!("leaving: waiting for {}. Ctrl-C leaves it in doubt.", in_flight.join(", "))),
        Leaving::AtOnce => Some("leaving at once: what is in flight stays in doubt".to_owned()),
    }
}

/// Whether a command would do something now; the footer does not tell of others.
fn does_something(model: &Model, command: Command) -> bool {
    match command {
        Command::Need if model.popup.is_some() => model.board.needs.len() > 1,
        Command::Need => model.board.need().is_some(),
        Command::Advance => model.board.header.simulated,
        Command::Follow => !model.follow,
        Command::Unfold => model.rows.shown().len() < model.board.steps.len(),
        Command::Adhoc => model.board.header.mode != Mode::Rehearsal,
        Command::PageDown => match model.paper(model.screen()) {
            Some(paper) => paper.end(model.areas().paper) > 0,
            None => model.detail_end(model.areas().detail) > 0,
        },
        _ => true,
    }
}

/// As many keys as fit, the most useful first, and always the one that shows the others.
fn hints(model: &Model, width: usize) -> Line<'static> {
    let theme = model.theme;
    let asked = format!("needs you: {}", model.board.needs.len());
    let word = |word, command| {
        if command == Command::Need && model.popup.is_none() && model.board.needs.len() > 1 {
            asked.as_str()
        } else {
            word
        }
    };
    let mut hints: Vec<(&str, &str)> = keymap::hints(model.mode())
        .filter(|(_, _, command)| does_something(model, *command))
        .map(|(key, said, command)| (key, word(said, command)))
        .collect();
    let last = hints.pop();
    let wide = |(key, word): &(&str, &str)| text::width(&theme.text(key)) + text::width(&theme.text(word)) + 4;
    let mut room = width.saturating_sub(last.as_ref().map_or(0, wide));
    let mut shown: Vec<(&str, &str)> = Vec::new();
    for hint in hints {
        if wide(&hint) > room {
            break;
        }
        room -= wide(&hint);
        shown.push(hint);
    }
    let mut spans = Vec::new();
    for (key, word) in shown.into_iter().chain(last) {
        spans.push(Span::styled(format!(" {}", theme.text(key)), theme.style(Role::Key)));
        spans.push(Span::styled(format!(" {}  ", theme.text(word)), theme.style(Role::Text)));
    }
    Line::from(spans)
}
