use ratatui::text::{Line, Span};

use crate::tui::desk::desk_model::DeskModel;
use crate::tui::desk::deskkeys;
use crate::tui::text;
use crate::tui::theme::Role;
use crate::tui::view::header::flow;

/// Where, how real, and of an incident: how bad, how far, how long, what; and who is to be called.
pub(super) fn header(model: &DeskModel, width: u16) -> Vec<Line<'static>> {
    let (theme, desk) = (model.theme, &model.desk);
    let part = |said: &str, role| Span::styled(theme.text(said).into_owned(), theme.style(role));
    let reality = if desk.simulated { part(" SIMULATED ", Role::Simulated) } else { part(" LIVE ", Role::Live) };
    let environment = Span::styled(theme.text(&desk.environment).into_owned(), theme.environment());
    let mut parts = vec![reality, environment];
    let Some(open) = &desk.open else {
        parts.push(part("callout", Role::Title));
        parts.push(part(&text::moment(desk.now), Role::Faint));
        return flow(parts, usize::from(width).saturating_sub(1));
    };
    let over = !open.status.is_open();
    let length = open.elapsed(desk.now);
    parts.push(part(&format!("incident {}", open.id.short()), Role::Text));
    parts.push(part(open.severity.word(), if over { Role::Text } else { Role::Bad }));
    parts.push(part(open.status.word(), if over { Role::Good } else { Role::Running }));
    parts.push(part(&if over { format!("took {length}") } else { format!("for {length}") }, Role::Doubt));
    parts.push(part(&open.title, Role::Title));
    let mut lines = flow(parts, usize::from(width).saturating_sub(1));
    let (due, next) = open.calls(desk.now);
    let mut people: Vec<Span<'static>> =
        open.roles.iter().map(|(role, who)| part(&format!("{}: {who}", role.word()), Role::Text)).collect();
    if let Some(due) = due {
        people.push(part(&format!("call now: {}", due.level.who), Role::NeedsYou));
    }
    if let Some((next, within)) = next.and_then(|next| Some((next, next.within?))) {
        people.push(part(&format!("in {within}: {}", next.level.who), Role::Waiting));
    }
    if !people.is_empty() {
        lines.extend(flow(people, usize::from(width).saturating_sub(1)));
    }
    lines
}

/// What the desk has to say, or else as many keys as fit, and always the one that shows the others.
pub(super) fn footer(model: &DeskModel, width: usize) -> Line<'static> {
    let theme = model.theme;
    if let Some(said) = &model.said {
        let says = text::cut(&theme.text(said), width.saturating_sub(2), theme.ellipsis());
        return Line::from(vec![Span::raw(" "), Span::styled(says, theme.style(Role::NeedsYou))]);
    }
    let mut hints: Vec<(&str, &str)> = deskkeys::hints(model.mode()).collect();
    let last = hints.pop();
    let wide = |(key, word): &(&str, &str)| text::width(&theme.text(key)) + text::width(&theme.text(word)) + 4;
    let mut room = width.saturating_sub(last.as_ref().map_or(0, wide));
    let mut spans = Vec::new();
    let fitting = hints.into_iter().take_while(|hint| {
        let fits = wide(hint) <= room;
        room = room.saturating_sub(wide(hint));
        fits
    });
    for (key, word) in fitting.collect::<Vec<_>>().into_iter().chain(last) {
        spans.push(Span::styled(format!(" {}", theme.text(key)), theme.style(Role::Key)));
        spans.push(Span::styled(format!(" {}  ", theme.text(word)), theme.style(Role::Text)));
    }
    Line::from(spans)
}
