use std::collections::BTreeMap;

use super::Mode;
use super::forecast::Graph;
use super::outlook::{Branch, StepPreview, changes_the_world};

/// How many steps a warning names.
const NAMED: usize = 5;

/// What somebody should look at before the plan is run: changes of one target between which there is no order, although
/// nothing in the runbook's text says that it is one target.
pub(super) fn warnings(steps: &[StepPreview], graph: &Graph, mode: Mode) -> Vec<String> {
    if !changes_the_world(mode) {
        return Vec::new();
    }
    let mut holders: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut warnings = Vec::new();
    for (index, step) in steps.iter().enumerate().filter(|(_, step)| !step.is_skipped()) {
        let calls = || step.instances.iter().filter_map(|instance| Some((instance, instance.call.as_ref()?)));
        let mut own: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (instance, call) in calls() {
            for lock in &call.locks {
                let name = instance.key.as_ref().map_or(step.path.clone(), |key| format!("{}[{key}]", step.path));
                own.entry(lock).or_default().push(name);
            }
        }
        for (lock, names) in own {
            holders.entry(lock).or_default().push(index);
            if names.len() > 1 && step.each.as_ref().is_some_and(|each| each.max_parallel > 1) {
                warnings.push(sentence(&names, lock));
            }
        }
    }
    let ancestors = graph.ancestors();
    let ordered = |one: usize, other: usize| {
        let is_before = |one: usize, other: usize| ancestors[other][one / 64] & (1 << (one % 64)) != 0;
        is_before(one, other) || is_before(other, one) || excluded(&steps[one].only_if, &steps[other].only_if)
    };
    for (lock, indices) in holders {
        let unordered =
            indices.iter().filter(|one| indices.iter().any(|other| other != *one && !ordered(**one, *other)));
        let names: Vec<String> = unordered.map(|index| steps[*index].path.clone()).collect();
        if !names.is_empty() {
            warnings.push(sentence(&names, lock));
        }
    }
    warnings
}

/// Whether two steps stand behind different choices of one gate, so that at most one of them is done.
fn excluded(one: &[Branch], other: &[Branch]) -> bool {
    let apart = |one: &Branch, other: &Branch| {
        one.gate == other.gate && !one.choices.iter().any(|choice| other.choices.contains(choice))
    };
    !one.is_empty() && !other.is_empty() && one.iter().all(|one| other.iter().all(|other| apart(one, other)))
}

fn sentence(names: &[String], lock: &str) -> String {
    let mut shown: Vec<String> = names.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
    if names.len() > NAMED {
        shown.push(format!("{} more", names.len() - NAMED));
    }
    let last = shown.pop().unwrap_or_default();
    format!(
        "{} and {last} change the same target ({lock}) and nothing orders them: whichever begins later waits for the other, \
         and it is not said which that is; let one need the other",
        shown.join(", ")
    )
}
