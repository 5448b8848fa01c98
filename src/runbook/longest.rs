use crate::base::Span;

/// The longest way through a graph of things that take time: the one arithmetic of every forecast. Every node stands
/// after those that it needs; a need further down counts for nothing, because a circle is a finding of its own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Longest {
    /// When each node ends at the earliest.
    ends: Vec<Span>,
    /// Which of those that it needs ends last; of several the earliest node.
    before: Vec<Option<usize>>,
}

impl Longest {
    /// Adds a node that needs some of those before it and takes so long; gives when it ends.
    pub(crate) fn add(&mut self, needs: impl IntoIterator<Item = usize>, takes: Span) -> Span {
        let last = self.latest(needs);
        let end = plus(last.map_or(Span::ZERO, |last| self.ends[last]), takes);
        self.ends.push(end);
        self.before.push(last);
        end
    }

    /// When a node that needs these can begin.
    pub(crate) fn start(&self, needs: impl IntoIterator<Item = usize>) -> Span {
        self.latest(needs).map_or(Span::ZERO, |last| self.ends[last])
    }

    /// Of some nodes the one that ends last; of several the earliest.
    pub(crate) fn latest(&self, nodes: impl IntoIterator<Item = usize>) -> Option<usize> {
        let known = nodes.into_iter().filter(|node| *node < self.ends.len());
        known.reduce(|last, node| if self.ends[node] > self.ends[last] { node } else { last })
    }

    /// The longest way to a node, itself included, first to last.
    pub(crate) fn way(&self, last: usize) -> Vec<usize> {
        let mut way: Vec<usize> =
            std::iter::successors(Some(last), |node| self.before.get(*node).copied().flatten()).collect();
        way.reverse();
        way
    }
}

/// Both together, or the longest span there is.
pub(crate) const fn plus(one: Span, other: Span) -> Span {
    Span::from_microseconds(one.microseconds().saturating_add(other.microseconds()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_ways_of_one_length_the_earlier_is_taken_and_a_need_further_down_is_none() {
        let mut longest = Longest::default();
        for needs in [&[][..], &[], &[1, 0, 7]] {
            longest.add(needs.iter().copied(), Span::seconds(5));
        }
        assert_eq!(longest.way(2), [1, 2]);
        assert_eq!(longest.latest([1, 0, 9]), Some(1));
        assert_eq!(longest.start([2, 0]), Span::seconds(10));
    }
}
