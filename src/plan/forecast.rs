use crate::base::Span;
use crate::runbook::{Longest, plus};

/// How long something takes, as far as the runbook and the catalogue say. Three kinds of time are never added up: what
/// machines need, what is only waited for, and what people need, which nobody knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Time {
    /// What machines need.
    pub machine: Span,
    /// What is only waited for.
    pub waiting: Span,
    /// Whether a person must do, decide or confirm something.
    pub person: bool,
    /// Whether neither the runbook nor the catalogue says how long it takes.
    pub unknown: bool,
}

/// The longest way through a graph, and what it takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forecast {
    /// What machines need on it.
    pub machine: Span,
    /// What is only waited for on it.
    pub waiting: Span,
    /// The nodes on it at which a person is needed; how long that takes is not known.
    pub people: Vec<usize>,
    /// The nodes on it of which nothing says how long they take.
    pub unknown: Vec<usize>,
    /// The nodes on it, first to last.
    pub path: Vec<usize>,
}

impl Forecast {
    /// The least that it takes: machines and waits, and no time for people.
    pub fn at_least(&self) -> Span {
        plus(self.machine, self.waiting)
    }
}

/// A graph of things that take time. Every node stands after those that it needs.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// What each node needs, by index.
    pub needs: Vec<Vec<usize>>,
    /// How long each takes.
    pub times: Vec<Time>,
}

impl Graph {
    /// The layer of each node: the first layer needs nothing, every other one only what stands in those before.
    pub fn layers(&self) -> Vec<usize> {
        let mut layers: Vec<usize> = Vec::with_capacity(self.needs.len());
        for needs in &self.needs {
            let layer = needs.iter().filter_map(|need| layers.get(*need)).max().map_or(0, |layer| layer + 1);
            layers.push(layer);
        }
        layers
    }

    /// The longest way that ends in one of `ends`; of equally long ones that of the earliest nodes.
    pub fn forecast(&self, ends: impl IntoIterator<Item = usize>) -> Forecast {
        let mut longest = Longest::default();
        for (needs, time) in self.needs.iter().zip(&self.times) {
            longest.add(needs.iter().copied(), plus(time.machine, time.waiting));
        }
        let path = longest.latest(ends).map(|last| longest.way(last)).unwrap_or_default();
        let mut forecast = Forecast::default();
        for node in &path {
            let time = self.times[*node];
            forecast.machine = plus(forecast.machine, time.machine);
            forecast.waiting = plus(forecast.waiting, time.waiting);
            forecast.people.extend(time.person.then_some(*node));
            forecast.unknown.extend(time.unknown.then_some(*node));
        }
        Forecast { path, ..forecast }
    }

    /// For each node, those that have certainly ended when it begins, as bits.
    pub fn ancestors(&self) -> Vec<Vec<u64>> {
        let words = self.needs.len().div_ceil(64);
        let mut all: Vec<Vec<u64>> = Vec::with_capacity(self.needs.len());
        for needs in &self.needs {
            let mut own = vec![0_u64; words];
            for need in needs.iter().copied().filter(|need| *need < all.len()) {
                own.iter_mut().zip(&all[need]).for_each(|(bits, more)| *bits |= more);
                own[need / 64] |= 1 << (need % 64);
            }
            all.push(own);
        }
        all
    }
}

/// So many times as long.
pub(super) fn times(one: Span, times: usize) -> Span {
    Span::from_microseconds(one.microseconds().saturating_mul(i64::try_from(times).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(nodes: &[(&[usize], u32, u32)]) -> Graph {
        let time = |(machine, waiting): (u32, u32)| Time {
            machine: Span::seconds(machine),
            waiting: Span::seconds(waiting),
            ..Time::default()
        };
        Graph {
            needs: nodes.iter().map(|(needs, ..)| needs.to_vec()).collect(),
            times: nodes.iter().map(|(_, machine, waiting)| time((*machine, *waiting))).collect(),
        }
    }

    #[test]
    fn a_layer_holds_what_needs_only_earlier_layers() {
        let graph = graph(&[(&[], 1, 0), (&[], 1, 0), (&[0], 1, 0), (&[0, 2], 1, 0), (&[1], 1, 0)]);
        assert_eq!(graph.layers(), [0, 0, 1, 2, 1]);
    }

    #[test]
    fn the_longest_way_counts_and_waiting_is_apart_from_work() {
        let graph = graph(&[(&[], 5, 0), (&[0], 10, 0), (&[0], 1, 60), (&[1, 2], 2, 0)]);
        let forecast = graph.forecast([3]);
        assert_eq!(forecast.path, [0, 2, 3]);
        assert_eq!((forecast.machine, forecast.waiting), (Span::seconds(8), Span::seconds(60)));
        assert_eq!(graph.forecast([1]).path, [0, 1], "what comes after is not counted");
        assert_eq!(graph.forecast([]), Forecast::default());
    }

    #[test]
    fn of_two_ways_of_one_length_the_earlier_is_told_every_time() {
        let graph = graph(&[(&[], 5, 0), (&[], 5, 0), (&[1, 0], 1, 0)]);
        assert_eq!(graph.forecast([2]).path, [1, 2]);
        assert_eq!(graph.forecast([0, 1]).path, [0]);
    }

    #[test]
    fn what_stands_before_a_node_is_known_across_the_words_of_its_bits() {
        let chain: Vec<(Vec<usize>, u32, u32)> =
            (0..130_usize).map(|node| (node.checked_sub(1).into_iter().collect(), 1, 0)).collect();
        let chain: Vec<(&[usize], u32, u32)> = chain.iter().map(|(needs, a, b)| (needs.as_slice(), *a, *b)).collect();
        let ancestors = graph(&chain).ancestors();
        assert_eq!(ancestors[129].iter().map(|bits| bits.count_ones()).sum::<u32>(), 129);
        assert_eq!(ancestors[0].iter().map(|bits| bits.count_ones()).sum::<u32>(), 0);
    }
}
