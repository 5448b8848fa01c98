use std::collections::HashMap;

use super::shelf::{Listed, Shelf};
use crate::base::{Span, StepId};
use crate::runbook::check::LEVELS;
use crate::runbook::{Longest, Runbook, Step, StepKind};

/// The milestone at which a runbook's recovery ends.
const RESTORED: &str = "service_restored";

/// How long a runbook is expected to take by the steps' own `expect`, else by what the catalogue says; a step of a list
/// counts once, and the time that people take comes on top.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Forecast {
    /// To its end.
    pub(super) whole: Span,
    /// Until the service is restored; to its end if no step says when that is.
    pub(super) restored: Span,
}

/// Makes forecasts of a shelf's runbooks, of each only once for each level at which it is nested.
pub(super) struct Forecaster<'s> {
    shelf: &'s Shelf,
    made: HashMap<(&'s str, usize), Forecast>,
}

impl<'s> Forecaster<'s> {
    /// One that has made none yet.
    pub(super) fn new(shelf: &'s Shelf) -> Self {
        Self { shelf, made: HashMap::new() }
    }

    /// The longest way through the graph counts.
    pub(super) fn of(&mut self, runbook: &'s Runbook) -> Forecast {
        self.within(runbook, LEVELS)
    }

    fn within(&mut self, runbook: &'s Runbook, levels: usize) -> Forecast {
        if let Some(made) = self.made.get(&(runbook.id.as_str(), levels)) {
            return *made;
        }
        let mut places: HashMap<&StepId, usize> = HashMap::new();
        let mut longest = Longest::default();
        let (mut whole, mut restored) = (Span::ZERO, None);
        for (place, step) in runbook.steps.iter().enumerate() {
            let takes = self.expected(step, levels);
            let end = longest.add(step.needs.iter().filter_map(|need| places.get(need).copied()), takes);
            if step.marks.as_deref() == Some(RESTORED) {
                restored = restored.max(Some(end));
            }
            whole = whole.max(end);
            places.insert(&step.id, place);
        }
        let made = Forecast { whole, restored: restored.unwrap_or(whole) };
        self.made.insert((&runbook.id, levels), made);
        made
    }

    /// How long a step is expected to take: a nested runbook as long as itself, unless the author says.
    fn expected(&mut self, step: &'s Step, levels: usize) -> Span {
        match (&step.kind, step.expect) {
            (StepKind::Runbook(nested), None) => match (self.shelf.find(&nested.runbook), levels.checked_sub(1)) {
                (Some(Listed::Usable(runbook)), Some(levels)) => self.within(runbook, levels).whole,
                _ => Span::ZERO,
            },
            _ => step.expected().unwrap_or(Span::ZERO),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forecast(steps: &str) -> Forecast {
        let text = format!("runbook: r\nformat: 1\nversion: 1.0.0\ntitle: R\nsteps:\n{steps}");
        let runbook = crate::runbook::check("r.yaml", text.as_bytes()).runbook.unwrap();
        Forecaster::new(&Shelf::default()).of(&runbook)
    }

    #[test]
    fn the_longest_way_counts_and_what_follows_the_milestone_only_for_the_whole() {
        let found = forecast(
            "  - {id: a, title: A, wait: {for: 1m}}\n  - {id: b, title: B, wait: {for: 5m}}\n  \
             - {id: c, title: C, needs: [a, b], wait: {for: 2m}, marks: service_restored}\n  \
             - {id: d, title: D, needs: [c], wait: {for: 24h}}\n",
        );
        assert_eq!(found, Forecast { whole: Span::minutes(24 * 60 + 7), restored: Span::minutes(7) });
    }

    #[test]
    fn without_a_milestone_the_service_is_restored_at_the_end() {
        let found = forecast("  - {id: a, title: A, wait: {for: 1m}}\n");
        assert_eq!(found.restored, Span::minutes(1));
    }

    #[test]
    fn eight_levels_of_runbooks_that_nest_often_are_reckoned_at_once() {
        let text = |level: usize| {
            let steps: String = (0..12)
                .map(|step| match level {
                    7 => format!("  - {{id: s{step}, title: S, wait: {{for: 1m}}}}\n"),
                    _ => format!("  - {{id: s{step}, title: S, runbook: r{}}}\n", level + 1),
                })
                .collect();
            format!("runbook: r{level}\nformat: 1\nversion: 1.0.0\ntitle: R\nsteps:\n{steps}")
        };
        let runbooks: Vec<(String, String)> = (0..8).map(|level| (format!("r{level}.yaml"), text(level))).collect();
        let shelf = Shelf::of(runbooks.iter().map(|(file, text)| (file.as_str(), text.as_bytes())));
        // The outer ones are refused by the checker, which must be as quick about it.
        assert!(matches!(shelf.find("r0"), Some(Listed::Broken)));
        let Some(Listed::Usable(runbook)) = shelf.find("r5") else { panic!("{shelf:?}") };
        assert_eq!(Forecaster::new(&shelf).of(runbook).whole, Span::minutes(1));
    }
}
