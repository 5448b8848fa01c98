use std::collections::VecDeque;

use super::outline::Sketch;
use crate::runbook::{Code, Finding, Findings};

/// The order of the steps, and which steps have certainly ended well before which.
pub(super) struct Graph {
    /// An order in which the steps can run: the author's, but that each step stands after those that it needs.
    pub(super) order: Vec<usize>,
    /// For each step, the steps that it needs, directly or through others, as bits.
    before: Vec<Vec<u64>>,
}

impl Graph {
    /// Takes the needs of the steps; a cycle is a finding, and its steps stand at the end of the order.
    pub(super) fn new(sketches: &[Sketch<'_>], findings: &mut Findings<'_>) -> Self {
        let mut order = order(sketches);
        below(sketches, &order, findings);
        let words = sketches.len().div_ceil(64);
        let mut before = vec![vec![0_u64; words]; sketches.len()];
        for &step in &order {
            for &(need, _) in &sketches[step].needs {
                let inherited = before[need].clone();
                for (own, inherited) in before[step].iter_mut().zip(inherited) {
                    *own |= inherited;
                }
                before[step][need / 64] |= 1 << (need % 64);
            }
        }
        if order.len() < sketches.len() {
            cycles(sketches, &order, findings);
            let left: Vec<usize> = (0..sketches.len()).filter(|step| !order.contains(step)).collect();
            order.extend(left);
        }
        Self { order, before }
    }

    /// Tells whether `earlier` has certainly ended well when `step` starts.
    pub(super) fn precedes(&self, earlier: usize, step: usize) -> bool {
        self.before
            .get(step)
            .and_then(|bits| bits.get(earlier / 64))
            .is_some_and(|bits| bits >> (earlier % 64) & 1 == 1)
    }
}

/// Always takes the first step, in the author's order, whose needs have been taken.
fn order(sketches: &[Sketch<'_>]) -> Vec<usize> {
    let mut order = Vec::with_capacity(sketches.len());
    let mut taken = vec![false; sketches.len()];
    let ready = |step: usize, taken: &[bool]| !taken[step] && sketches[step].needs.iter().all(|(need, _)| taken[*need]);
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
