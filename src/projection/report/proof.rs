use std::collections::BTreeMap;

use super::standing::{StepResult, results};
use crate::base::{Digest, InstanceId, Timestamp, canonical};
use crate::effect::Risk;
use crate::journal::Entry;
use crate::plan::{self, Mode, Outlook};
use crate::run::{Instance, Phase, RunState};
use crate::runbook::{EstateKind, Runbook, StepKind};

/// When a runbook was last proven, by a drill in which it ran to its good end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// When the drill ended.
    pub at: Timestamp,
    /// Whether the estate was the simulator's.
    pub simulated: bool,
    /// The digest of each changing step, as it was then, by its name.
    steps: BTreeMap<String, Option<Digest>>,
    /// The changing steps that the drill did.
    done: usize,
}

/// Finds the text of a runbook that is nested, by its name.
type Find<'a> = &'a dyn Fn(&str) -> Option<&'a Runbook>;

impl Proof {
    /// The runbooks that a run has proven, by name: of a drill those that ran to their good end, itself or nested. None for
    /// every other run.
    pub fn of(state: &RunState, entries: &[Entry]) -> Vec<(String, Self)> {
        if state.plan.mode != Mode::Drill {
            return Vec::new();
        }
        let results = results(state, &Outlook::of(&state.plan), entries);
        let mut proven = Vec::new();
        if !state.plan.runbook.steps.iter().all(|step| matches!(step.kind, StepKind::Runbook(_)))
            && matches!(state.phase, crate::run::RunPhase::Ended(end) if end.is_success())
        {
            proven.push((state.plan.runbook.id.clone(), Self::new(state, &results, &state.plan.runbook, None)));
        }
        for group in state.groups() {
            let Some(StepKind::Runbook(call)) = state.step(group).map(|step| &step.kind) else { continue };
            let Some(nested) = state.plan.nested(&call.runbook) else { continue };
            let well = |one: &&Instance| one.phase == Phase::Succeeded && !one.assumed;
            for instance in group.instances.iter().filter(well) {
                let proof = Self::new(state, &results, &nested.runbook, Some(instance));
                proven.push((nested.runbook.id.clone(), proof));
            }
        }
        proven
    }

    fn new(state: &RunState, results: &[StepResult], runbook: &Runbook, instance: Option<&Instance>) -> Self {
        let scope = instance.map(|instance| &instance.id);
        // What was assumed, overridden, done by a substitute or answered by a script has not been shown to work.
        let did = |name: &String| {
            let id = InstanceId::within(scope, &crate::base::StepId::new(name.clone()));
            match results.iter().find(|result| result.path == id.as_str()) {
                Some(result) => result.standing.is_proven(),
                None => {
                    let all = state.group_of(&id).map(|group| group.instances.as_slice()).unwrap_or_default();
                    !all.is_empty() && all.iter().all(|one| one.phase == Phase::Succeeded)
                }
            }
        };
        let find = |name: &str| state.plan.nested(name).map(|nested| &nested.runbook);
        let steps = changing_steps(runbook, &find);
        Self {
            at: instance.and_then(|instance| instance.ended).unwrap_or(state.changed),
            simulated: state.plan.place.estate == EstateKind::Simulated,
            done: steps.keys().filter(|name| did(name)).count(),
            steps,
        }
    }

    /// Whether what it proved is what the runbook is today: not one of its changing steps has changed, come or gone, nor one
    /// of a runbook that it nests. What only reads, and every text for people, may change. A drill that did none of them
    /// has proven nothing.
    pub fn holds<'a>(&self, runbook: &Runbook, find: &'a dyn Fn(&str) -> Option<&'a Runbook>) -> bool {
        self.is_proof() && self.steps.values().all(Option::is_some) && self.steps == changing_steps(runbook, find)
    }

    /// Whether it has shown anything to work.
    fn is_proof(&self) -> bool {
        self.done > 0 || self.steps.is_empty()
    }

    /// `proven 2026-11-20 (simulated)`, with how much of it if a drill took one of several ways; or that it is not, and why.
    pub fn words<'a>(&self, runbook: &Runbook, find: &'a dyn Fn(&str) -> Option<&'a Runbook>) -> String {
        let simulated = if self.simulated { " (simulated)" } else { "" };
        let (day, all) = (self.at.day(), self.steps.len());
        if !self.is_proof() {
            return format!(
                "not proven: the drill of {day}{simulated} did none of its {all} changing steps as written"
            );
        }
        if !self.holds(runbook, find) {
            return format!("not proven: changed since the drill of {day}{simulated}");
        }
        let part = match all {
            all if all == self.done => String::new(),
            all => format!(", {} of {all} changing steps", self.done),
        };
        format!("proven {day}{simulated}{part}")
    }
}

/// The digest of the content of each step that changes something, by its name: everything that it does, and nothing that is
/// only told of it. None where it cannot be written down, which equals no other.
fn changing_steps(runbook: &Runbook, find: Find<'_>) -> BTreeMap<String, Option<Digest>> {
    within(runbook, find, LEVELS)
}

/// How deep runbooks are looked into; the checker lets none nest more deeply.
const LEVELS: usize = 16;

fn within(runbook: &Runbook, find: Find<'_>, levels: usize) -> BTreeMap<String, Option<Digest>> {
    let changes = |kind: &StepKind| matches!(kind, StepKind::Runbook(_) | StepKind::Manual { .. });
    let changing = runbook.steps.iter().filter(|step| changes(&step.kind) || plan::risk(step) > Risk::Read);
    let digest = |step: &crate::runbook::Step| {
        let mut bare = step.clone();
        (bare.title, bare.why, bare.expect, bare.timeout) = (String::new(), None, None, None);
        let json = serde_json::to_value(&bare).ok()?;
        let mut parts = vec![canonical(&json).ok()?.into_bytes()];
        if let StepKind::Runbook(call) = &step.kind {
            for (name, digest) in within(find(&call.runbook)?, find, levels.checked_sub(1)?) {
                parts.extend([name.into_bytes(), digest?.as_bytes().to_vec()]);
            }
        }
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        Some(Digest::of("changing-step-v2", &parts.join(&0)))
    };
    changing.map(|step| (step.id.to_string(), digest(step))).collect()
}
