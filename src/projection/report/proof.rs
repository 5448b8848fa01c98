use std::collections::BTreeMap;

use crate::base::{Digest, InstanceId, Timestamp, canonical};
use crate::effect::Risk;
use crate::plan::{self, Mode, Plan};
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

impl Proof {
    /// The runbooks that a run has proven, by name: of a drill those that ran to their good end, itself or nested. None for
    /// every other run.
    pub fn of(state: &RunState) -> Vec<(String, Self)> {
        if state.plan.mode != Mode::Drill {
            return Vec::new();
        }
        let mut proven = Vec::new();
        if !state.plan.runbook.steps.iter().all(|step| matches!(step.kind, StepKind::Runbook(_)))
            && matches!(state.phase, crate::run::RunPhase::Ended(end) if end.is_success())
        {
            proven.push((state.plan.runbook.id.clone(), Self::new(state, &state.plan, &state.plan.runbook, None)));
        }
        for group in state.groups() {
            let Some(StepKind::Runbook(call)) = state.step(group).map(|step| &step.kind) else { continue };
            let Some(nested) = state.plan.nested(&call.runbook) else { continue };
            let well = |one: &&Instance| one.phase == Phase::Succeeded && !one.assumed;
            for instance in group.instances.iter().filter(well) {
                let proof = Self::new(state, &state.plan, &nested.runbook, Some(instance));
                proven.push((nested.runbook.id.clone(), proof));
            }
        }
        proven
    }

    fn new(state: &RunState, plan: &Plan, runbook: &Runbook, instance: Option<&Instance>) -> Self {
        let scope = instance.map(|instance| &instance.id);
        let did = |name: &String| {
            let id = InstanceId::within(scope, &crate::base::StepId::new(name.clone()));
            let group = state.group_of(&id);
            group.is_some_and(|group| group.instances.iter().any(|one| one.phase == Phase::Succeeded))
        };
        let steps = changing_steps(runbook);
        Self {
            at: instance.and_then(|instance| instance.ended).unwrap_or(state.changed),
            simulated: plan.place.estate == EstateKind::Simulated,
            done: steps.keys().filter(|name| did(name)).count(),
            steps,
        }
    }

    /// Whether what it proved is what the runbook is today: not one of its changing steps has changed, come or gone. What
    /// only reads, and every text for people, may change.
    pub fn holds(&self, runbook: &Runbook) -> bool {
        self.steps.values().all(Option::is_some) && self.steps == changing_steps(runbook)
    }

    /// `proven 2026-11-20 (simulated)`, with how much of it if a drill took one of several ways; or that it is not, and why.
    pub fn words(&self, runbook: &Runbook) -> String {
        let simulated = if self.simulated { " (simulated)" } else { "" };
        if !self.holds(runbook) {
            return format!("not proven: changed since the drill of {}{simulated}", self.at.day());
        }
        let part = match self.steps.len() {
            all if all == self.done => String::new(),
            all => format!(", {} of {all} changing steps", self.done),
        };
        format!("proven {}{simulated}{part}", self.at.day())
    }
}

/// The digest of the content of each step that changes something, by its name: everything that it does, and nothing that is
/// only told of it. None where it cannot be written down, which equals no other.
fn changing_steps(runbook: &Runbook) -> BTreeMap<String, Option<Digest>> {
    let changes = |kind: &StepKind| matches!(kind, StepKind::Runbook(_) | StepKind::Manual { .. });
    let changing = runbook.steps.iter().filter(|step| changes(&step.kind) || plan::risk(step) > Risk::Read);
    let digest = |step: &crate::runbook::Step| {
        let mut bare = step.clone();
        (bare.title, bare.why, bare.expect, bare.timeout) = (String::new(), None, None, None);
        let json = serde_json::to_value(&bare).ok()?;
        Some(Digest::of("changing-step-v1", canonical(&json).ok()?.as_bytes()))
    };
    changing.map(|step| (step.id.to_string(), digest(step))).collect()
}
