use ratatui::text::{Line, Span};

use crate::projection::Fact;
use crate::tui::text;
use crate::tui::theme::{Role, Theme};

/// Labelled texts, the labels in a column of at most a third; a longer label stands on a line of its own. Texts wrap;
/// nothing is left out.
pub(in crate::tui) fn lines(facts: &[Fact], theme: Theme, columns: usize) -> Vec<Line<'static>> {
    let labels: Vec<String> = facts.iter().map(|fact| theme.text(&fact.label).into_owned()).collect();
    let label = labels.iter().map(|label| text::width(label)).filter(|width| *width <= columns / 3).max().unwrap_or(0);
    let indent = (label + 2).min(columns / 2);
    let mut lines = Vec::new();
    for (fact, label) in facts.iter().zip(labels) {
        let wrapped = text::wrap(&theme.text(&fact.text), columns.saturating_sub(indent));
        let value = theme.style(role(fact));
        let mut rows = wrapped.into_iter();
        if text::width(&label) + 2 <= indent {
            let gap = " ".repeat(indent - text::width(&label));
            let first = rows.next().unwrap_or_default();
            lines.push(Line::from(vec![
                Span::styled(label, theme.style(Role::Label)),
                Span::raw(gap),
                Span::styled(first, value),
            ]));
        } else {
            let own = text::wrap(&label, columns);
            lines.extend(own.into_iter().map(|row| Line::styled(row, theme.style(Role::Label))));
        }
        lines.extend(rows.map(|row| Line::from(vec![Span::raw(" ".repeat(indent)), Span::styled(row, value)])));
    }
    lines
}

/// A risk that hurts is seen at once; everything else is text.
fn role(fact: &Fact) -> Role {
    let is_harmful =
        fact.label == "Risk" && ["destructive", "irreversible"].iter().any(|risk| fact.text.starts_with(risk));
    if is_harmful { Role::Bad } else { Role::Text }
}
