use crate::base::{InstanceId, did_you_mean};
use crate::cli::Failure;
use crate::run::RunState;

/// The step that a person means.
///
/// # Errors
/// The run has none of that name so far; the nearest one is named.
pub(super) fn step(state: &RunState, written: &str) -> Result<InstanceId, Failure> {
    let id = InstanceId::from(written);
    if state.instance(&id).is_some() {
        return Ok(id);
    }
    if let Some(group) = state.group_of(&id) {
        let items: Vec<&str> = group.instances.iter().map(|instance| instance.id.as_str()).collect();
        let what = format!("`{written}` is done for each item of a list");
        let hint =
            if items.is_empty() { "it has no items".to_owned() } else { format!("name one: {}", items.join(", ")) };
        return Err(Failure::usage(what).hint(hint));
    }
    Err(unknown(state, written))
}

/// The step that a person means, or all items of a list together.
///
/// # Errors
/// As [`step`].
pub(super) fn step_or_group(state: &RunState, written: &str) -> Result<InstanceId, Failure> {
    let id = InstanceId::from(written);
    if state.group_of(&id).is_some_and(|group| group.id == id) { Ok(id) } else { step(state, written) }
}

fn unknown(state: &RunState, written: &str) -> Failure {
    let mut names: Vec<&str> = Vec::new();
    for group in state.groups() {
        names.push(group.id.as_str());
        names.extend(group.instances.iter().map(|instance| instance.id.as_str()));
    }
    names.dedup();
    let near = did_you_mean(written, names.iter().copied()).map(|near| format!("did you mean `{near}`?"));
    // Whoever leaves out the way to it means it all the same.
    let inner = || {
        let tail = format!("/{written}");
        names.iter().find(|name| name.ends_with(&tail)).map(|name| format!("did you mean `{name}`?"))
    };
    let run = state.id.short();
    let hint = inner().or(near).unwrap_or_else(|| format!("`callout show {run}` lists them"));
    Failure::usage(format!("run {run} has no step `{written}` so far")).hint(hint)
}
