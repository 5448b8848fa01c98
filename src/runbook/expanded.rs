use std::collections::BTreeMap;

use super::check::LEVELS;

/// What a runbook consists of when its steps are counted: its own, and the runbooks that it nests, each with how often.
pub(crate) type Parts<'s> = (usize, Vec<(&'s str, usize)>);

/// Counts the steps of runbooks with all that is nested in its place. Each runbook is looked at once for each level, so
/// that the count costs little where the runbooks would make millions of steps.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expanded<'s> {
    counted: BTreeMap<(&'s str, usize), usize>,
}

impl<'s> Expanded<'s> {
    /// The steps of a runbook that is nested, or the largest number there is. What is nested more than [`LEVELS`] deep,
    /// or in a circle, is a finding of its own and counts only so far down; what is not known counts nothing.
    pub(crate) fn steps(&mut self, name: &'s str, parts: &dyn Fn(&str) -> Option<Parts<'s>>) -> usize {
        self.down(name, LEVELS, parts)
    }

    fn down(&mut self, name: &'s str, levels: usize, parts: &dyn Fn(&str) -> Option<Parts<'s>>) -> usize {
        if let Some(known) = self.counted.get(&(name, levels)) {
            return *known;
        }
        let Some((own, nested)) = parts(name).filter(|_| levels > 0) else { return 0 };
        let count = nested.into_iter().fold(own, |sum, (next, times)| {
            sum.saturating_add(self.down(next, levels - 1, parts).saturating_mul(times))
        });
        self.counted.insert((name, levels), count);
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_nested_often_is_counted_as_often_and_a_circle_ends() {
        let parts = |name: &str| -> Option<Parts<'static>> {
            Some(match name {
                "leaf" => (3, vec![]),
                "twice" => (2, vec![("leaf", 2), ("gone", 9)]),
                "deep" => (500, vec![("deep", 500)]),
                _ => return None,
            })
        };
        let mut expanded = Expanded::default();
        assert_eq!(expanded.steps("twice", &parts), 8);
        assert_eq!(expanded.steps("gone", &parts), 0);
        assert_eq!(expanded.steps("deep", &parts), usize::MAX);
    }
}
