use std::collections::BTreeMap;

use super::standing::StepResult;
use crate::base::{InstanceId, Timestamp};
use crate::effect::Verdict;
use crate::journal::{Entry, Fact};
use crate::plan::Outlook;
use crate::run::{Event, Phase, RunState};

/// Something that a drill wrote to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touched {
    /// Its id or address, as the lock's key of the effect has it.
    pub what: String,
    /// How many effects it had.
    pub effects: usize,
    /// Whether it is one of the resources that were bound to the drill, or a part of one.
    pub is_bound: bool,
}

/// Something that was looked at, and what was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The step, or the item of its list.
    pub step: InstanceId,
    /// Whether it was as it must be.
    pub passed: bool,
    /// What was seen.
    pub seen: String,
}

/// A milestone of a recovery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Which, `service_restored`.
    pub name: String,
    /// The step that marks it with its end.
    pub step: String,
    /// When that was.
    pub at: Timestamp,
}

/// Everything that effects were sent to, by the keys that they held, in the order of these.
pub(super) fn touched(state: &RunState, entries: &[Entry]) -> Vec<Touched> {
    let mut all: BTreeMap<String, usize> = BTreeMap::new();
    for entry in entries {
        let Fact::Run(Event::Intent(intent)) = &entry.draft.fact else { continue };
        for lock in &intent.locks {
            *all.entry(lock.clone()).or_default() += 1;
        }
    }
    let bounds = &state.plan.place.drill;
    let touched = all.into_iter().map(|(what, effects)| Touched { is_bound: is_bound(bounds, &what), what, effects });
    touched.collect()
}

/// Whether a key is of a bound resource: its id or a part of it, or an address whose host is named after it.
fn is_bound(bounds: &[String], key: &str) -> bool {
    let host = key.strip_prefix("https://").and_then(|rest| rest.split(['.', '/']).next());
    bounds.iter().any(|bound| match host {
        Some(host) => bound.rsplit('/').next().is_some_and(|name| name.eq_ignore_ascii_case(host)),
        None => {
            let (bound, key) = (bound.to_ascii_lowercase(), key.to_ascii_lowercase());
            key.strip_prefix(&bound).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        }
    })
}

/// What the last look of every check saw, in the order of the graph.
pub(super) fn seen(state: &RunState) -> Vec<Seen> {
    let verdicts = state.instances().flat_map(|one| one.verdicts.values().map(|verdict| (one.id.clone(), verdict)));
    let seen = verdicts.map(|(step, verdict)| Seen {
        step,
        passed: matches!(verdict, Verdict::Pass { .. }),
        seen: verdict.seen().to_owned(),
    });
    seen.collect()
}

/// The milestones that were reached, in the order of time.
pub(super) fn milestones(state: &RunState, outlook: &Outlook, results: &[StepResult]) -> Vec<Reached> {
    let mut reached = Vec::new();
    for step in &outlook.steps {
        let Some(name) = &step.marks else { continue };
        let well = |id: &InstanceId| {
            let instances = state.group_of(id).map(|group| group.instances.as_slice()).unwrap_or_default();
            !instances.is_empty() && instances.iter().all(|one| one.phase == Phase::Succeeded)
        };
        let Some(at) = results.iter().find(|result| result.path == step.path).and_then(|result| result.ended) else {
            continue;
        };
        if well(&InstanceId::from(step.path.as_str())) {
            reached.push(Reached { name: name.clone(), step: step.path.clone(), at });
        }
    }
    reached.sort_by_key(|milestone| milestone.at);
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_neighbour_with_a_similar_name_is_not_bound() {
        let bounds = vec!["/subscriptions/s/resourcegroups/g/providers/p/sites/web".to_owned()];
        for (key, expected) in [
            ("/subscriptions/s/resourceGroups/g/providers/p/sites/web", true),
            ("/subscriptions/s/resourcegroups/g/providers/p/sites/web/slots/staging", true),
            ("/subscriptions/s/resourcegroups/g/providers/p/sites/web2", false),
            ("https://web.vault.azure.net/secrets/a", true),
            ("https://web2.vault.azure.net/secrets/web", false),
        ] {
            assert_eq!(is_bound(&bounds, key), expected, "{key}");
        }
    }
}
