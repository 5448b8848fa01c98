use super::decide::finished;
use super::state::{RunState, Scope};
use super::{Event, StepEnd};
use crate::base::{InstanceId, Span, Timestamp, Value};
use crate::effect::{self, Type};
use crate::plan::Mode;
use crate::runbook::{CallSpec, Step, StepKind};

/// Tells whether nothing may be changed, and what would have been is assumed.
pub(super) fn rehearses(state: &RunState) -> bool {
    state.plan.mode == Mode::Rehearsal
}

/// Tells whether anything has been assumed so far: then a check that does not hold proves nothing.
pub(super) fn has_assumed(state: &RunState) -> bool {
    state.scopes().flat_map(Scope::instances).any(|instance| instance.assumed)
}

/// The end of an instance in a rehearsal, if nothing is done for it: a change, or a wait.
pub(super) fn assume(id: &InstanceId, step: &Step, now: Timestamp) -> Event {
    let outputs = step.kind.call().map(|call| outputs(call, now));
    let why = match &step.kind {
        StepKind::Action(_) => "assumed: nothing was sent",
        _ => "assumed: nobody waits in a rehearsal",
    };
    finished(id, StepEnd::Assumed, Some(why.to_owned()), outputs)
}

/// Outputs that a change might have given: of the declared types, and plainly invented.
fn outputs(call: &CallSpec, now: Timestamp) -> Value {
    let outputs = effect::find(&call.action).map(|row| row.outputs).unwrap_or_default();
    Value::Record(
        outputs.iter().map(|output| (output.name.to_owned(), invented(output.kind, output.name, now))).collect(),
    )
}

fn invented(kind: Type, name: &str, now: Timestamp) -> Value {
    match kind {
        Type::String => Value::text(format!("assumed-{name}")),
        Type::Integer => Value::Integer(0),
        Type::Decimal => Value::text("0"),
        Type::Boolean => Value::Boolean(false),
        Type::Duration => Value::text(Span::ZERO.to_string()),
        Type::Timestamp => Value::text(now.to_string()),
        Type::List(_) => Value::List(Vec::new()),
        Type::Secret | Type::Target(_) | Type::Record => {
            Value::record([("name", Value::text(format!("assumed-{name}")))])
        }
    }
}
