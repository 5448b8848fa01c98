use super::state::RunState;
use crate::base::Value;
use crate::effect::Type;
use crate::plan::{Bound, Mode};

/// The guard of a drill: why an effect may not be sent in one, if it may not.
///
/// It is asked when consent is, and again just before the intent, of the targets that were resolved for the very request.
/// What an effect reaches beside its arguments counts as well, if its arguments are a part of it: a swap of a slot changes
/// the site too.
pub(super) fn stranger(state: &RunState, bound: &Bound) -> Option<String> {
    if state.plan.mode != Mode::Drill {
        return None;
    }
    let reached = targets(bound);
    let is_part = |whole: &String| reached.iter().any(|id| id.starts_with(&format!("{whole}/")));
    let locks = bound.row.change.as_ref().map(|change| (change.locks)(&bound.call.args)).unwrap_or_default();
    let wholes = locks.into_iter().map(|key| key.to_ascii_lowercase()).filter(is_part);
    let bounds = &state.plan.place.drill;
    let stranger = reached.iter().cloned().chain(wholes).find(|id| !bounds.contains(id))?;
    let name = stranger.rsplit('/').next().unwrap_or(&stranger);
    Some(format!("this is a drill, and `{name}` is not bound to it: nothing was sent"))
}

/// The ids of the targets among the arguments, in lower case.
fn targets(bound: &Bound) -> Vec<String> {
    let takes = |kind: &Type| match kind {
        Type::Target(_) => true,
        Type::List(of) => matches!(of, Type::Target(_)),
        _ => false,
    };
    let names = bound.row.parameters.iter().filter(|parameter| takes(&parameter.kind)).map(|parameter| parameter.name);
    let values = names.filter_map(|name| bound.call.args.get(name));
    let each = values.flat_map(|value| value.as_list().map_or_else(|| vec![value], |items| items.iter().collect()));
    let id = |value: &Value| value.field("id").and_then(Value::as_text).map(str::to_ascii_lowercase);
    each.filter_map(id).collect()
}
