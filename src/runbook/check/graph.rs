use std::collections::VecDeque;

use super::outline::Sketch;
use crate::runbook::{Code, Finding, Findings};

/// The order of the steps, and which steps have certainly ended before which.
pub(super) struct Graph {
    /// An order in which the steps can run: the author's, but that each step stands after those that it needs, and after
    /// those whose failure it answers.
    pub(super) order: Vec<usize>,
    /// How many of them are in no cycle and behind none.
    pub(super) sound: usize,
    /// For each step, the steps whose `on_failure` goes on with it.
    pub(super) answers: Vec<Vec<usize>>,
    /// For each step, the steps that have ended when it starts, directly or through others, as bits.
    before: Vec<Vec<u64>>,
}

impl Graph {
    /// Takes the needs of the steps; a cycle is a finding, and its steps stand at the end of the order.
    pub(super) fn new(sketches: &[Sketch<'_>], findings: &mut Findings<'_>) -> Self {
        let mut answers = vec![Vec::new(); sketches.len()];
        let by_needs = order(sketches, &answers);
        below(sketches, &by_needs, findings);
        if by_needs.len() < sketches.len() {
            cycles(sketches, &by_needs, findings);
        } else {
            answers = answered(sketches, findings);
        }
        let mut order = order(sketches, &answers);
        let sound = order.len();
        let before = before(sketches, &answers, &order);
        if sound < sketches.len() {
            let left: Vec<usize> = (0..sketches.len()).filter(|step| !order.contains(step)).collect();
            order.extend(left);
        }
        Self { order, sound, answers, before }
    }

    /// Tells whether `earlier` has certainly ended when `step` starts; whether it has ended well is another question.
    pub(super) fn precedes(&self, earlier: usize, step: usize) -> bool {
        self.before.get(step).is_some_and(|bits| has(bits, earlier))
    }
}

fn has(bits: &[u64], step: usize) -> bool {
    bits.get(step / 64).is_some_and(|bits| bits >> (step % 64) & 1 == 1)
}

/// For each step, those whose failure it answers. One that could not come after them is a finding.
fn answered(sketches: &[Sketch<'_>], findings: &mut Findings<'_>) -> Vec<Vec<usize>> {
    let mut answers: Vec<Vec<usize>> = vec![Vec::new(); sketches.len()];
    for (step, sketch) in sketches.iter().enumerate() {
        let Some((answer, place)) = sketch.go_to else { continue };
        if comes_after(sketches, &answers, step, answer) {
            let message = format!("`{}` cannot go on with `{}`, which comes before it", sketch.id, sketches[answer].id);
            let finding = Finding::new(Code::GoTo, place, message);
            let help = "name a step that is done only then, and that this step does not need";
            findings.add(finding.related(sketches[answer].place, "here").help(help));
        } else {
            answers[answer].push(step);
        }
    }
    answers
}

/// Tells whether `late` starts after `early`, by needs or as an answer to a failure.
fn comes_after(sketches: &[Sketch<'_>], answers: &[Vec<usize>], late: usize, early: usize) -> bool {
    let mut seen = vec![false; sketches.len()];
    let mut open = vec![late];
    while let Some(step) = open.pop() {
        if step == early {
            return true;
        }
        if !std::mem::replace(&mut seen[step], true) {
            open.extend(sketches[step].needs.iter().map(|(need, _)| *need).chain(answers[step].iter().copied()));
        }
    }
    false
}

/// What has ended before each step. Of several steps whose failure it answers, only what all of them have before them.
fn before(sketches: &[Sketch<'_>], answers: &[Vec<usize>], order: &[usize]) -> Vec<Vec<u64>> {
    let words = sketches.len().div_ceil(64);
    let mut before = vec![vec![0_u64; words]; sketches.len()];
    let upto = |step: usize, before: &[Vec<u64>]| {
        let mut bits = before[step].clone();
        bits[step / 64] |= 1 << (step % 64);
        bits
    };
    for &step in order {
        let mut own = vec![0; words];
        for &(need, _) in &sketches[step].needs {
            own.iter_mut().zip(upto(need, &before)).for_each(|(own, bits)| *own |= bits);
        }
        let common = answers[step].iter().map(|failed| upto(*failed, &before));
        let common = common.reduce(|one, two| one.iter().zip(two).map(|(one, two)| one & two).collect());
        own.iter_mut().zip(common.unwrap_or_default()).for_each(|(own, bits)| *own |= bits);
        before[step] = own;
    }
    before
}

/// Always takes the first step, in the author's order, whose needs, and those whose failure it answers, have been taken.
fn order(sketches: &[Sketch<'_>], answers: &[Vec<usize>]) -> Vec<usize> {
    let mut order = Vec::with_capacity(sketches.len());
    let mut taken = vec![false; sketches.len()];
    let ready = |step: usize, taken: &[bool]| {
        let earlier = sketches[step].needs.iter().map(|(need, _)| need).chain(&answers[step]);
        !taken[step] && { earlier }.all(|earlier| taken[*earlier])
    };
    while let Some(step) = (0..sketches.len()).find(|step| ready(*step, &taken)) {
        taken[step] = true;
        order.push(step);
    }
    order
}

fn below(sketches: &[Sketch<'_>], ordered: &[usize], findings: &mut Findings<'_>) {
    for (step, sketch) in sketches.iter().enumerate() {
        // What could not be ordered is in a cycle or behind one, and the cycle is the finding.
        for &(need, place) in sketch.needs.iter().filter(|(need, _)| *need > step && ordered.contains(need)) {
            let message = format!("`{}` needs `{}`, which stands further down", sketch.id, sketches[need].id);
            let finding = Finding::new(Code::NeedsBelow, place, message);
            findings.add(finding.related(sketches[need].place, "here").help("move this step below it"));
        }
    }
}

/// One finding for each step, in the author's order, that needs itself through others and is not in a cycle that has
/// been reported: its shortest cycle.
fn cycles(sketches: &[Sketch<'_>], ordered: &[usize], findings: &mut Findings<'_>) {
    let mut done = vec![false; sketches.len()];
    for step in ordered {
        done[*step] = true;
    }
    for start in 0..sketches.len() {
        if done[start] {
            continue;
        }
        if let Some(cycle) = shortest(sketches, start) {
            report(sketches, &cycle, findings);
            for step in cycle {
                done[step] = true;
            }
        }
    }
}

/// The shortest way along the needs from a step back to itself: each step needs the next, and the last the first.
fn shortest(sketches: &[Sketch<'_>], start: usize) -> Option<Vec<usize>> {
    let mut came_from: Vec<Option<usize>> = vec![None; sketches.len()];
    let mut open = VecDeque::from([start]);
    while let Some(step) = open.pop_front() {
        for &(need, _) in &sketches[step].needs {
            if need == start {
                let mut cycle = vec![step];
                while let Some(before) = cycle.last().and_then(|step| came_from[*step]) {
                    cycle.push(before);
                }
                cycle.reverse();
                return Some(cycle);
            }
            if came_from[need].is_none() {
                came_from[need] = Some(step);
                open.push_back(need);
            }
        }
    }
    None
}

fn report(sketches: &[Sketch<'_>], cycle: &[usize], findings: &mut Findings<'_>) {
    let (Some(first), Some(last)) = (cycle.first(), cycle.last()) else { return };
    let names: Vec<&str> = cycle.iter().chain([first]).map(|step| sketches[*step].id.as_str()).collect();
    let closing = sketches[*last].needs.iter().find(|(need, _)| need == first);
    let place = closing.map_or(sketches[*last].place, |(_, place)| *place);
    let message = format!("steps need each other in a circle: {}", names.join(" → "));
    findings.add(Finding::new(Code::Cycle, place, message).help("remove one of these needs"));
}
