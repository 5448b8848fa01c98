use crate::base::StepId;
use crate::runbook::{Leads, OnFailure, Runbook, Step, StepKind};

/// What a runbook asks for that the state machine of this version does not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beyond {
    /// The step.
    pub step: StepId,
    /// The key or kind, in the language's words.
    pub what: &'static str,
}

/// Everything in a runbook that is checked and planned, and that a run of it would not honour.
///
/// A run of such a runbook must be refused before it begins: a rule that is not enforced must not look as if it were
/// (DESIGN §4.8). `undo` and what belongs to it are not among these, because undo is shown and left to the operator, and
/// says so. Neither is `drill`, which has no meaning outside a drill.
pub fn beyond(runbook: &Runbook) -> Vec<Beyond> {
    runbook.steps.iter().flat_map(of).collect()
}

fn of(step: &Step) -> Vec<Beyond> {
    let kind = match &step.kind {
        StepKind::Manual { fields, .. } if !fields.is_empty() => Some("manual: fields"),
        StepKind::Manual { .. } if step.for_each.is_some() => Some("manual: for_each"),
        StepKind::Gate { choices, .. } if choices.iter().any(|choice| matches!(choice.leads, Leads::To(_))) => {
            Some("gate: choices that lead to steps")
        }
        StepKind::WaitCheck(_) => Some("wait: check"),
        StepKind::Runbook(_) => Some("runbook"),
        _ => None,
    };
    let keys = [
        (step.probe.is_some(), "probe"),
        (step.retry.is_some(), "retry"),
        (step.timeout.is_some(), "timeout"),
        (step.on_failure != OnFailure::Ask, "on_failure"),
    ];
    let keys = keys.into_iter().filter(|(there, _)| *there).map(|(_, key)| key);
    kind.into_iter().chain(keys).map(|what| Beyond { step: step.id.clone(), what }).collect()
}
