use std::collections::BTreeMap;

use crate::base::InstanceId;
use crate::projection::{Board, Mark, StepLine};

/// Which lines of the graph are shown: what a line nests can be folded into it, and lines that were skipped one after the
/// other into the first of them.
///
/// A person's word about a line holds for good. Without one, what has ended or has not begun is folded when there is less
/// room than lines, unless the selection is in it; so the list does not close under anybody's eyes.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    said: BTreeMap<InstanceId, Fold>,
    /// The places of the lines that are shown, in order.
    shown: Vec<usize>,
    /// How many lines there are.
    lines: usize,
}

/// Whether what a line nests is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fold {
    Open,
    Folded,
}

impl Rows {
    /// The places of the lines that are shown, in order.
    pub(super) fn shown(&self) -> &[usize] {
        &self.shown
    }

    /// In which row a line is shown; if it is folded away, the row of what it is folded into.
    pub(super) fn row_of(&self, at: usize) -> usize {
        self.shown.partition_point(|shown| *shown <= at).saturating_sub(1)
    }

    /// Takes a person's word about what a line nests.
    pub(super) fn say(&mut self, line: &InstanceId, fold: Fold) {
        self.said.insert(line.clone(), fold);
    }

    /// Opens everything in which a line stands.
    pub(super) fn reveal(&mut self, steps: &[StepLine], at: usize) {
        if let Some(first) = (0..at).rev().find(|first| skipped_end(steps, *first) > at) {
            self.say(&steps[first].id, Fold::Open);
        }
        let mut inner = at;
        while let Some(outer) = parent(steps, inner) {
            self.say(&steps[outer].id, Fold::Open);
            inner = outer;
        }
    }

    /// Works out anew what is shown, in `room` rows if that can be, with the line at `cursor` selected.
    pub(super) fn settle(&mut self, board: &Board, cursor: usize, room: usize) {
        let steps = &board.steps;
        let is_tight = steps.len() > room;
        self.shown.clear();
        self.lines = steps.len();
        let mut at = 0;
        while at < steps.len() {
            self.shown.push(at);
            let end = fold_end(steps, at);
            let inside = at + 1..end;
            let folded = match self.said.get(&steps[at].id) {
                Some(fold) => *fold == Fold::Folded,
                None => {
                    is_tight
                        && !inside.contains(&cursor)
                        && steps[inside.clone()].iter().all(|line| is_quiet(board, line))
                }
            };
            at = if folded { end } else { at + 1 };
        }
    }

    /// How many lines are folded into the one at that place, if it is shown.
    pub(super) fn folded(&self, at: usize) -> usize {
        let Ok(row) = self.shown.binary_search(&at) else { return 0 };
        self.shown.get(row + 1).map_or(self.lines, |next| *next) - at - 1
    }
}

/// The place behind everything that the line at `at` nests.
pub(super) fn end(steps: &[StepLine], at: usize) -> usize {
    let nested = steps[at + 1..].iter().take_while(|line| line.depth > steps[at].depth);
    at + 1 + nested.count()
}

/// The place behind everything that can be folded into the line at `at`.
pub(super) fn fold_end(steps: &[StepLine], at: usize) -> usize {
    end(steps, at).max(skipped_end(steps, at))
}

/// The place behind the lines that were skipped, if the one at `at` is the first of enough of them.
fn skipped_end(steps: &[StepLine], at: usize) -> usize {
    let is_like = |other: usize| {
        let line = &steps[other];
        line.depth == steps[at].depth && line.mark == Mark::Skipped && end(steps, other) == other + 1
    };
    if !is_like(at) || (at > 0 && is_like(at - 1)) {
        return at + 1;
    }
    let others = (at + 1..steps.len()).take_while(|other| is_like(*other)).count();
    if others + 1 >= SKIPPED_LEAST { at + 1 + others } else { at + 1 }
}

/// So many lines in a row that were skipped are worth folding.
const SKIPPED_LEAST: usize = 3;

/// The line in which the one at `at` stands.
pub(super) fn parent(steps: &[StepLine], at: usize) -> Option<usize> {
    let depth = steps.get(at)?.depth;
    steps[..at].iter().rposition(|line| line.depth < depth)
}

/// For each level from the second on whether a line follows that hangs from the same one: how the branches are drawn.
pub(super) fn branches(steps: &[StepLine], at: usize) -> Vec<bool> {
    let follows = |level: u8| {
        let next = steps[at + 1..].iter().find(|line| line.depth <= level);
        next.is_some_and(|line| line.depth == level)
    };
    (1..=steps[at].depth).map(follows).collect()
}

/// What a line looks like into which others are folded: as the one of them that needs the most attention.
pub(super) fn loudest(steps: &[StepLine], at: usize) -> Mark {
    let inside = &steps[at..fold_end(steps, at)];
    let loud = [Mark::InDoubt, Mark::NeedsYou, Mark::Failed, Mark::PartlyUndone];
    let found = loud.into_iter().find(|mark| inside.iter().any(|line| line.mark == *mark));
    found.unwrap_or(steps[at].mark)
}

/// Whether a line is passed over without loss: it has ended as it should, or has not begun.
fn is_quiet(board: &Board, line: &StepLine) -> bool {
    let rests = matches!(
        line.mark,
        Mark::Pending | Mark::Succeeded | Mark::Skipped | Mark::Cancelled | Mark::Assumed | Mark::Undone
    );
    rests && board.need_of(&line.id).is_none()
}
