use std::collections::BTreeMap;

use super::library::{Loaded, Source};
use super::playbooks::Startable;
use super::{Failure, Setting};
use crate::plan::Nested;
use crate::runbook::{Runbook, StepKind};

/// The runbooks that a runbook nests, at any depth, each once and sorted by name, with where each was found. They are the
/// very texts that it was checked with: its neighbours, as their files or its commit have them.
///
/// # Errors
/// One of them is not there any more, or is not as it must be.
pub(super) fn nested(setting: &Setting, outer: &Startable) -> Result<Vec<(Nested, Source)>, Failure> {
    let mut wanted = names(&outer.loaded.runbook);
    // Most runbooks nest none, and then nothing beside them is read.
    let shelf = if wanted.is_empty() { Vec::new() } else { outer.shelf(setting)? };
    let mut found: BTreeMap<String, (Nested, Source)> = BTreeMap::new();
    while let Some(name) = wanted.pop() {
        if found.contains_key(&name) {
            continue;
        }
        let source = shelf.iter().find(|source| source.name() == name);
        let source = source.ok_or_else(|| Failure::usage(format!("there is no runbook `{name}` to nest")))?;
        let Loaded { runbook, revision, source, .. } = source.clone().load(setting)?;
        wanted.extend(names(&runbook));
        found.insert(name, (Nested { runbook, revision }, source));
    }
    Ok(found.into_values().collect())
}

fn names(runbook: &Runbook) -> Vec<String> {
    let name = |kind: &StepKind| if let StepKind::Runbook(call) = kind { Some(call.runbook.clone()) } else { None };
    runbook.steps.iter().filter_map(|step| name(&step.kind)).collect()
}
