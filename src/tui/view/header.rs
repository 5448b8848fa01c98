use ratatui::text::{Line, Span};

use crate::base::Span as Length;
use crate::plan::Mode;
use crate::projection::Header;
use crate::tui::app::Model;
use crate::tui::text;
use crate::tui::theme::{Role, Theme};

/// What stands between two parts.
const GAP: usize = 2;

/// Where, how real, what, who, and how much time is left: in one line if it fits, else in as many as it takes. Only the
/// bar is left out for want of room; it says nothing that the words beside it do not say.
pub(in crate::tui) fn lines(model: &Model, width: u16) -> Vec<Line<'static>> {
    let width = usize::from(width);
    let header = &model.board.header;
    let theme = model.theme;
    let mut parts = words(header, theme);
    let used: usize = parts.iter().map(|part| part.content.chars().count() + GAP).sum();
    parts.extend(time_left(header, theme, width.saturating_sub(used)));
    flow(parts, width.saturating_sub(1))
}

fn words(header: &Header, theme: Theme) -> Vec<Span<'static>> {
    let part = |said: &str, role| Span::styled(theme.text(said).into_owned(), theme.style(role));
    let reality = if header.simulated { part(" SIMULATED ", Role::Simulated) } else { part(" LIVE ", Role::Live) };
    let environment = Span::styled(theme.text(&header.environment).into_owned(), theme.environment());
    let mut parts = vec![reality];
    let means = if header.mode == Mode::Rehearsal { ": nothing is changed" } else { "" };
    parts.extend(mode_word(header.mode).map(|word| part(&format!(" {word}{means} "), Role::Simulated)));
    parts.extend([environment, part(&header.state, state_role(&header.state))]);
    if header.in_doubt > 0 {
        parts.push(part(&format!("in doubt: {}", header.in_doubt), Role::Doubt));
    }
    if header.deviations > 0 {
        parts.push(part(&format!("deviations: {}", header.deviations), Role::Waiting));
    }
    parts.push(part(&format!("{} @ {}", header.runbook, header.revision), Role::Text));
    parts.push(part(&format!("run {}", header.run), Role::Text));
    parts.extend(header.incidents.iter().map(|incident| part(&format!("incident {incident}"), Role::Text)));
    parts.push(part(&header.operator, Role::Text));
    parts
}

/// The word that a run bears on every screen that is not for real.
pub(in crate::tui) const fn mode_word(mode: Mode) -> Option<&'static str> {
    match mode {
        Mode::Live => None,
        Mode::Drill => Some("DRILL"),
        Mode::Rehearsal => Some("REHEARSAL"),
    }
}

fn state_role(state: &str) -> Role {
    match state {
        "running" => Role::Running,
        "succeeded" => Role::Good,
        "failed" | "aborting" | "rolling back" | "aborted" => Role::Bad,
        _ => Role::Waiting,
    }
}

/// The recovery time objective and what is left of it, with a bar if `room` allows; without one, the time taken.
fn time_left(header: &Header, theme: Theme, room: usize) -> Vec<Span<'static>> {
    let Some(rto) = header.rto else {
        return vec![Span::styled(format!("{} so far", header.elapsed), theme.style(Role::Text))];
    };
    let left = rto.microseconds().saturating_sub(header.elapsed.microseconds());
    let (says, role) = if left < 0 {
        (format!("RTO {rto}, over by {}", Length::from_microseconds(-left)), Role::Bad)
    } else {
        let role = if left < rto.microseconds() / 4 { Role::Doubt } else { Role::Text };
        (format!("RTO {rto}, {} left", Length::from_microseconds(left)), role)
    };
    let style = theme.style(role);
    let cells = room.saturating_sub(text::width(&says) + 1).min(10);
    if cells < 5 {
        return vec![Span::styled(says, style)];
    }
    let whole = usize::try_from(rto.microseconds().max(1)).unwrap_or(usize::MAX);
    let spent = usize::try_from(header.elapsed.microseconds()).unwrap_or(0).min(whole);
    let full = spent.saturating_mul(cells) / whole;
    let (used, free) = theme.bar();
    vec![Span::styled(format!("{says} {}{}", used.repeat(full), free.repeat(cells - full)), style)]
}

/// Lays parts one after the other; a part that does not fit begins a new line.
pub(in crate::tui) fn flow(parts: Vec<Span<'static>>, width: usize) -> Vec<Line<'static>> {
    let mut lines: Vec<Line<'static>> = vec![Line::default()];
    let mut used = 0;
    for part in parts {
        let fits = part.width() <= width;
        let pieces = if fits { vec![part.content.into_owned()] } else { text::wrap(&part.content, width) };
        for piece in pieces {
            let wide = text::width(&piece);
            if used > 0 && used + GAP + wide > width {
                lines.push(Line::default());
                used = 0;
            }
            let gap = match used {
                0 => usize::from(!piece.starts_with(' ')),
                _ => GAP,
            };
            if let Some(line) = lines.last_mut() {
                line.push_span(Span::raw(" ".repeat(gap)));
                line.push_span(Span::styled(piece, part.style));
            }
            used += gap + wide;
        }
    }
    lines
}
