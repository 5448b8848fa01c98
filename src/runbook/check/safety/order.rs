use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::condition;
use crate::base::StepId;
use crate::runbook::{Leads, OnFailure, Step, StepKind};

/// Which steps wait for which, and which are never both done.
pub(super) struct Order<'a> {
    steps: &'a [Step],
    places: HashMap<&'a str, usize>,
    /// For each step, the steps that it needs, directly or through others, as bits.
    needs: Bits,
    /// As `needs`, where a step is also taken to wait for the step whose failure it handles.
    before: Bits,
    /// What can turn out differently: at a gate, the choices with which the run goes on; of steps with one answer to their
    /// failure, that none fails or that one does. For each of these, whether each step is done.
    turns: Vec<Vec<Vec<bool>>>,
    /// The steps that are done only after a failure.
    for_failure: Vec<bool>,
}

/// For each step, a set of steps.
struct Bits(Vec<Vec<u64>>);

impl Bits {
    /// Takes a relation, and whatever follows from it: what a step is before, that one's successors are after, too.
    fn closed(direct: &[Vec<usize>]) -> Self {
        let mut sets = vec![vec![0_u64; direct.len().div_ceil(64)]; direct.len()];
        let mut changes = true;
        while changes {
            changes = false;
            for (step, earlier) in direct.iter().enumerate() {
                for &one in earlier {
                    let mut inherited = sets[one].clone();
                    inherited[one / 64] |= 1 << (one % 64);
                    for (own, inherited) in sets[step].iter_mut().zip(inherited) {
                        changes |= inherited & !*own != 0;
                        *own |= inherited;
                    }
                }
            }
        }
        Self(sets)
    }

    fn has(&self, step: usize, other: usize) -> bool {
        self.0.get(step).and_then(|set| set.get(other / 64)).is_some_and(|bits| bits >> (other % 64) & 1 == 1)
    }
}

impl<'a> Order<'a> {
    /// Takes steps that stand after those that they need; none if one does not.
    pub(super) fn new(steps: &'a [Step]) -> Option<Self> {
        let places: HashMap<&str, usize> =
            steps.iter().enumerate().map(|(index, step)| (step.id.as_str(), index)).collect();
        let place = |id: &StepId| places.get(id.as_str()).copied();
        let mut needs = Vec::with_capacity(steps.len());
        for (index, step) in steps.iter().enumerate() {
            let earlier: Option<Vec<usize>> = step.needs.iter().map(place).collect();
            needs.push(earlier.filter(|earlier| earlier.iter().all(|need| *need < index))?);
        }
        let mut answers: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let mut before = needs.clone();
        for (index, step) in steps.iter().enumerate() {
            if let OnFailure::GoTo(answer) = &step.on_failure
                && let Some(answer) = place(answer).filter(|answer| *answer != index)
            {
                answers.entry(answer).or_default().push(index);
                before[answer].push(index);
            }
        }
        let closed = Bits::closed(&needs);
        let mut turns: Vec<_> = steps.iter().filter_map(|gate| choices(gate, steps, &needs)).collect();
        let mut for_failure = vec![false; steps.len()];
        for (answer, failing) in &answers {
            let turn = outcomes(*answer, failing, &needs, &closed);
            if let Some(well) = turn.first() {
                for_failure.iter_mut().zip(well).for_each(|(only, done)| *only |= !done);
            }
            turns.push(turn);
        }
        Some(Self { steps, places, needs: closed, before: Bits::closed(&before), turns, for_failure })
    }

    /// The steps, in an order in which they can run.
    pub(super) const fn steps(&self) -> &'a [Step] {
        self.steps
    }

    /// The place of a step in that order.
    pub(super) fn place(&self, id: &StepId) -> Option<usize> {
        self.places.get(id.as_str()).copied()
    }

    /// Tells whether `step` needs `earlier`, directly or through others.
    pub(super) fn needs(&self, step: usize, earlier: usize) -> bool {
        self.needs.has(step, earlier)
    }

    /// Tells whether the step is done only after a failure.
    pub(super) fn is_for_failure(&self, step: usize) -> bool {
        self.for_failure.get(step).is_some_and(|only| *only)
    }

    /// Tells whether nothing keeps two steps from being under way at the same time, or in either order.
    pub(super) fn are_parallel(&self, one: usize, other: usize) -> bool {
        one != other
            && !self.before.has(one, other)
            && !self.before.has(other, one)
            && !self.exclude_each_other(one, other)
    }

    /// Tells whether at most one of two steps is done: by the choices of a gate, by a failure, or by their conditions.
    pub(super) fn exclude_each_other(&self, one: usize, other: usize) -> bool {
        let apart = |turn: &Vec<Vec<bool>>| !turn.iter().any(|done| done[one] && done[other]);
        self.turns.iter().any(apart)
            || condition::exclude_each_other(self.steps[one].when.as_ref(), self.steps[other].when.as_ref())
    }
}

/// What is done when nothing fails to which `answer` is the answer, and what when one of them does.
fn outcomes(answer: usize, failing: &[usize], needs: &[Vec<usize>], closed: &Bits) -> Vec<Vec<bool>> {
    let mut well = vec![true; needs.len()];
    for step in 0..needs.len() {
        well[step] = step != answer && (needs[step].is_empty() || needs[step].iter().any(|need| well[*need]));
    }
    let failed = failing.iter().map(|failed| {
        // What needs the failed step is skipped, but where it needs the answer as well, the two ways meet again.
        let goes_on = |step| !closed.has(step, *failed) || step == answer || closed.has(step, answer);
        (0..needs.len()).map(goes_on).collect()
    });
    std::iter::once(well).chain(failed).collect()
}

/// For each choice of a gate that does not end the run, whether each step is done if it is taken.
fn choices(gate: &Step, steps: &[Step], needs: &[Vec<usize>]) -> Option<Vec<Vec<bool>>> {
    let StepKind::Gate { choices, .. } = &gate.kind else { return None };
    let mut led: HashMap<&StepId, BTreeSet<usize>> = HashMap::new();
    for (index, choice) in choices.iter().enumerate() {
        if let Leads::To(to) = &choice.leads {
            for step in to {
                led.entry(step).or_default().insert(index);
            }
        }
    }
    let going = choices.iter().enumerate().filter(|(_, choice)| choice.leads != Leads::End);
    let of_choice = going.map(|(choice, _)| {
        let mut done = vec![true; steps.len()];
        for (index, step) in steps.iter().enumerate() {
            let is_led = led.get(&step.id).is_none_or(|choices| choices.contains(&choice));
            done[index] = is_led && (needs[index].is_empty() || needs[index].iter().any(|need| done[*need]));
        }
        done
    });
    let turn: Vec<Vec<bool>> = of_choice.collect();
    // A gate that leads nowhere says nothing of any two steps.
    (!turn.is_empty()).then_some(turn)
}

#[cfg(test)]
mod tests {
    use super::super::subject::tests::{refresh, step};
    use super::*;
    use crate::runbook::{Choice, Expression, Template};

    fn gate(choices: &[(&str, &[&str])]) -> StepKind {
        let choice = |(name, leads): &(&str, &[&str])| Choice {
            name: (*name).to_owned(),
            leads: Leads::To(leads.iter().map(|id| StepId::new(*id)).collect()),
        };
        let question = Template::parse("Which?").unwrap();
        StepKind::Gate { question, choices: choices.iter().map(choice).collect(), headless: None }
    }

    #[test]
    fn the_branches_of_a_gate_exclude_each_other_until_they_meet() {
        let steps = [
            step("which", [], gate(&[("a", &["a"]), ("b", &["b"])])),
            refresh("a", ["which"], "x"),
            refresh("b", ["which"], "x"),
            refresh("after-a", ["a"], "x"),
            refresh("both", ["a", "b"], "x"),
        ];
        let order = Order::new(&steps).unwrap();
        assert!(order.exclude_each_other(1, 2) && order.exclude_each_other(2, 3));
        assert!(!order.exclude_each_other(1, 3) && !order.exclude_each_other(2, 4));
        assert!(order.needs(3, 0) && !order.needs(0, 3));
    }

    #[test]
    fn what_handles_a_failure_comes_after_it_and_never_with_what_rests_on_success() {
        let mut steps = [refresh("rescue", [], "x"), refresh("try", [], "x"), refresh("then", ["try"], "x")];
        steps[1].on_failure = OnFailure::GoTo(StepId::new("rescue"));
        let order = Order::new(&steps).unwrap();
        assert!(!order.are_parallel(0, 1), "the one comes after the other");
        assert!(!order.are_parallel(0, 2), "only one of the two is done");
        assert!(order.is_for_failure(0) && !order.is_for_failure(2));
    }

    #[test]
    fn where_the_ways_of_success_and_failure_meet_again_both_have_been_gone() {
        let mut steps = [refresh("try", [], "x"), refresh("rescue", [], "x"), refresh("both", ["try", "rescue"], "x")];
        steps[0].on_failure = OnFailure::GoTo(StepId::new("rescue"));
        let order = Order::new(&steps).unwrap();
        assert!(!order.is_for_failure(2) && !order.exclude_each_other(2, 0) && !order.exclude_each_other(2, 1));
    }

    #[test]
    fn one_answer_to_two_failures_goes_with_the_success_of_either() {
        let mut steps = [
            refresh("one", [], "x"),
            refresh("two", [], "x"),
            refresh("then", ["one"], "x"),
            refresh("rescue", [], "x"),
        ];
        steps[0].on_failure = OnFailure::GoTo(StepId::new("rescue"));
        steps[1].on_failure = OnFailure::GoTo(StepId::new("rescue"));
        assert!(Order::new(&steps).unwrap().are_parallel(2, 3), "`two` may fail while `then` is done");
    }

    #[test]
    fn opposite_conditions_exclude_each_other() {
        let mut steps = [refresh("a", [], "x"), refresh("b", [], "x")];
        assert!(Order::new(&steps).unwrap().are_parallel(0, 1));
        steps[0].when = Some(Expression::parse("inputs.full").unwrap());
        steps[1].when = Some(Expression::parse("!inputs.full").unwrap());
        assert!(!Order::new(&steps).unwrap().are_parallel(0, 1));
    }

    #[test]
    fn nothing_is_said_of_steps_that_go_round_in_a_circle() {
        assert!(Order::new(&[refresh("a", ["b"], "x"), refresh("b", ["a"], "x")]).is_none());
        assert!(Order::new(&[refresh("a", ["missing"], "x")]).is_none());
    }
}
