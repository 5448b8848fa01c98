use ratatui::text::Line;

use super::paper::Paper;
use crate::projection::Fact;
use crate::tui::app::Model;
use crate::tui::theme::Role;
use crate::tui::view::facts;

/// Says what ending the run does with what it has done: what would be undone in which order, what cannot be and why, and
/// what is in flight or in doubt. `undoes` tells whether it is settled that what can be undone is.
pub(super) fn tell(paper: &mut Paper, model: &Model, undoes: bool, columns: usize) {
    let way = &model.board.way_back;
    let undone = way
        .undone
        .iter()
        .enumerate()
        .map(|(at, one)| Fact::new(&format!("{}. {}", at + 1, one.step), one.entries.join(", then ")));
    let left = way.left.iter().map(|(step, why)| Fact::new(step.as_str(), why.clone()));
    let doubt = "may have happened; it is told apart before anything is undone, or stays in doubt";
    let in_doubt = way.in_doubt.iter().map(|step| Fact::new(step.as_str(), doubt));
    let title = |step: &str| {
        let line = model.board.steps.iter().find(|line| line.id.as_str() == step);
        line.map(|line| line.title.clone()).unwrap_or_default()
    };
    let by_hand = way.by_hand.iter().map(|step| Fact::new(step.as_str(), title(step.as_str())));
    let can = if undoes { "Undone, in this order" } else { "Can be undone, in this order" };
    let told: [(&str, Vec<Fact>); 5] = [
        ("In flight: waited for, for as long as it takes", in_flight(model)),
        (can, undone.collect()),
        ("Cannot be undone, and stays as it is", left.collect()),
        ("In doubt", in_doubt.collect()),
        ("Done by people, who alone can take back what it changed", by_hand.collect()),
    ];
    let theme = model.theme;
    let is_empty = told.iter().all(|(_, facts)| facts.is_empty());
    for (heading, facts) in told.into_iter().filter(|(_, facts)| !facts.is_empty()) {
        paper.tell(theme, Role::Title, heading, columns);
        paper.lines.extend(facts::lines(&facts, theme, columns));
        paper.lines.push(Line::default());
    }
    if is_empty {
        paper.tell(theme, Role::Text, "This run has changed nothing so far.", columns);
    } else {
        paper.lines.pop();
    }
}

fn in_flight(model: &Model) -> Vec<Fact> {
    model.in_flight().into_iter().map(|step| Fact::new(step.id.as_str(), step.title.clone())).collect()
}
