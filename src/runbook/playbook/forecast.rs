use std::collections::HashMap;

use super::shelf::{Listed, Shelf};
use crate::base::{Span, StepId};
use crate::effect;
use crate::runbook::{Runbook, Step, StepKind};

/// The milestone at which a runbook's recovery ends.
const RESTORED: &str = "service_restored";

/// Runbooks nest each other only a few levels deep, and what is deeper adds nothing.
const LEVELS: usize = 8;

/// How long a runbook is expected to take by the steps' own `expect`, else by what the catalogue says; a step of a list
/// counts once, and the time that people take comes on top.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Forecast {
    /// To its end.
    pub(super) whole: Span,
    /// Until the service is restored; to its end if no step says when that is.
    pub(super) restored: Span,
}

impl Forecast {
    /// The longest way through the graph counts.
    pub(super) fn of(runbook: &Runbook, shelf: &Shelf) -> Self {
        Self::within(runbook, shelf, LEVELS)
    }

    fn within(runbook: &Runbook, shelf: &Shelf, levels: usize) -> Self {
        let mut ends: HashMap<&StepId, Span> = HashMap::new();
        let (mut whole, mut restored) = (Span::ZERO, None);
        for step in &runbook.steps {
            let start = step.needs.iter().filter_map(|need| ends.get(need)).max().copied().unwrap_or(Span::ZERO);
            let end = plus(start, expected(step, shelf, levels));
            if step.marks.as_deref() == Some(RESTORED) {
                restored = restored.max(Some(end));
            }
            whole = whole.max(end);
            ends.insert(&step.id, end);
        }
        Self { whole, restored: restored.unwrap_or(whole) }
    }
}

fn expected(step: &Step, shelf: &Shelf, levels: usize) -> Span {
    match (&step.kind, step.expect) {
        (StepKind::Wait { span }, _) => *span,
        (_, Some(expect)) => expect,
        (StepKind::Runbook(nested), None) => match (shelf.find(&nested.runbook), levels.checked_sub(1)) {
            (Some(Listed::Usable(runbook)), Some(levels)) => Forecast::within(runbook, shelf, levels).whole,
            _ => Span::ZERO,
        },
        (kind, None) => {
            let row = kind.call().and_then(|call| effect::find(&call.action));
            row.and_then(|row| row.change.as_ref()).map_or(Span::ZERO, |change| change.expect)
        }
    }
}

/// Both together.
pub(super) const fn plus(one: Span, other: Span) -> Span {
    Span::from_microseconds(one.microseconds().saturating_add(other.microseconds()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forecast(steps: &str) -> Forecast {
        let text = format!("runbook: r\nformat: 1\nversion: 1.0.0\ntitle: R\nsteps:\n{steps}");
        let runbook = crate::runbook::check("r.yaml", text.as_bytes()).runbook.unwrap();
        Forecast::of(&runbook, &Shelf::default())
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
}
