use super::decide::finished;
use super::state::{Instance, Phase, RunState, Scope, ScopeKind, Undo};
use super::{Event, StepEnd};
use crate::base::Value;
use crate::plan::{self, BindError};
use crate::runbook::NestedCall;

/// The beginning of a nested runbook: its inputs are worked out now, and stand from here on.
pub(super) fn enter(state: &RunState, instance: &Instance, call: &NestedCall) -> Result<Event, BindError> {
    let outputs = state.outputs_near(&instance.id);
    let inputs = plan::nested_inputs(&state.plan, call, &state.names(&outputs, instance))?;
    Ok(Event::Entered { step: instance.id.clone(), inputs })
}

/// Tells whether the steps of a scope are to be done as the run stands: it has begun and has not ended.
pub(super) fn is_active(state: &RunState, scope: &Scope) -> bool {
    match &scope.kind {
        ScopeKind::Run => true,
        ScopeKind::Nested { .. } => {
            let instance = scope.path.as_ref().and_then(|path| state.instance(path));
            instance.is_some_and(|instance| instance.phase == Phase::Running)
        }
        ScopeKind::Undo { of } => state.instance(of).is_some_and(|instance| instance.undo == Undo::Underway),
    }
}

/// What comes of a nested runbook whose steps have all ended: the step that nests it ends with its outputs.
pub(super) fn leave(state: &RunState, scope: &Scope) -> Option<Event> {
    let path = scope.path.as_ref()?;
    let (runbook, _) = state.runbook_of(scope);
    let steps = state.outputs_in(scope);
    let names = state.names_in(scope, &steps);
    let mut outputs = std::collections::BTreeMap::new();
    for output in &runbook.outputs {
        match output.value.evaluate(&names) {
            Ok(value) => {
                outputs.insert(output.name.clone(), value);
            }
            Err(why) => {
                let why = format!("its output `{}` cannot be worked out: {why}", output.name);
                return Some(finished(path, StepEnd::Failed, Some(why), None));
            }
        }
    }
    Some(finished(path, StepEnd::Succeeded, None, Some(Value::Record(outputs))))
}
