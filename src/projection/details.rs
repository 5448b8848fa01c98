use super::Fact;
use crate::base::Timestamp;
use crate::effect::{self, Field, Verdict};
use crate::plan;
use crate::run::{Group, Instance, Phase, RunState, Standing, checks};
use crate::runbook::{Step, StepKind};

/// What a person may want to know of a step, or of one instance of it.
pub(super) fn details(
    state: &RunState,
    step: &Step,
    group: &Group,
    instance: Option<&Instance>,
    now: Timestamp,
) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut add = |label: &str, text: String| {
        if !text.is_empty() {
            facts.push(Fact::new(label, text));
        }
    };
    add("Why", step.why.clone().unwrap_or_default());
    what(state, step, group, instance, &mut add);
    if let Some(asked) = &group.asked {
        let of = |field: &Field| format!("{}: {}", field.name, field.value);
        let effects = asked.effects.iter().filter(|effect| instance.is_none_or(|instance| instance.id == effect.step));
        let before: Vec<String> = effects.flat_map(|effect| effect.fields.iter().map(of)).collect();
        add("Before", before.join("\n"));
    }
    if let Some((before, now)) = &group.drifted {
        add("Changed", super::timeline::changes(before, now).join("\n"));
    }
    if let Some(instance) = instance {
        of_instance(step, instance, now, &mut add);
    }
    facts
}

fn what(state: &RunState, step: &Step, group: &Group, instance: Option<&Instance>, add: &mut impl FnMut(&str, String)) {
    let scope = state.scope(group.id.scope().as_ref());
    let preview = match scope {
        Some(scope) => {
            let (runbook, inputs) = state.runbook_of(scope);
            plan::preview(runbook, inputs, step)
        }
        None => plan::preview(&state.plan.runbook, &state.plan.inputs, step),
    };
    let told = instance.filter(|instance| instance.phase != Phase::Pending).and_then(|instance| {
        let (StepKind::Manual { instruction: text, .. } | StepKind::Gate { question: text, .. }) = &step.kind else {
            return None;
        };
        let outputs = state.outputs_near(&instance.id);
        text.evaluate(&state.names(&outputs, instance)).ok().map(|text| text.to_string())
    });
    add("Does", told.unwrap_or(preview.summary));
    let bound = instance.or_else(|| state.instance(&group.id)).and_then(|instance| {
        let spec = step.kind.call()?;
        let outputs = state.outputs_near(&instance.id);
        plan::bind(spec, &state.names(&outputs, instance)).ok()
    });
    match (bound, preview.sends, preview.unknown) {
        (Some(bound), _, _) => add("Sends", bound.request.shown()),
        (None, Some(sends), _) => add("Sends", sends),
        (None, None, Some(why)) => add("Sends", format!("known once earlier steps have run ({why})")),
        (None, None, None) => {}
    }
    let row = effect::find(&preview.operation);
    if let Some(row) = row.filter(|row| row.change.is_some()) {
        add("Risk", format!("{}, class {}", preview.risk, row.class));
    }
    add("Undo", preview.undo.unwrap_or_default());
    add("Touches", row.and_then(|row| row.change.as_ref()).map(|change| change.touches.to_owned()).unwrap_or_default());
    add("Expected", preview.expect.map(|span| span.to_string()).unwrap_or_default());
    add("Then", preview.verify.join(", "));
}

fn of_instance(step: &Step, instance: &Instance, now: Timestamp, add: &mut impl FnMut(&str, String)) {
    if let Some(attempt) = instance.last() {
        let intent = &attempt.intent;
        let mut text = format!("{} sent {}", intent.number, attempt.sent_at.clock_face());
        text.push_str(&match &attempt.standing {
            Standing::Open => format!(", no answer yet ({})", now.since(attempt.sent_at)),
            Standing::Accepted { status, .. } => {
                format!(", accepted; {}", status.as_deref().unwrap_or("the service goes on with it"))
            }
            Standing::InDoubt { why, .. } => format!(", IN DOUBT: {why}"),
            Standing::Succeeded => ", it happened".to_owned(),
            Standing::Failed(failure) => format!(", failed: {} ({})", failure.message, failure.code),
            Standing::Broken(failure) => format!(
                ", accepted and then failed, perhaps carried out in part: {} ({})",
                failure.message, failure.code
            ),
            Standing::DidNot => ", it did not happen".to_owned(),
            Standing::Undone => ", undone".to_owned(),
            Standing::ByHand => ", and then done by hand".to_owned(),
        });
        add("Attempt", text);
        add("Correlation", intent.attempt.to_string());
    }
    let all = checks(step);
    let seen = instance.verdicts.iter().map(|(index, verdict)| {
        let name = all.get(*index as usize).map(|check| check.call.action.as_str()).unwrap_or_default();
        let word = match verdict {
            Verdict::Pass { .. } => "pass",
            Verdict::Fail { .. } => "not yet",
            Verdict::CannotObserve { .. } => "cannot observe",
        };
        format!("{name}: {word}, {}", verdict.seen())
    });
    add("Checked", seen.collect::<Vec<_>>().join("\n"));
    if instance.backoffs > 0 {
        add("Tried again", format!("{} times by itself", instance.backoffs));
    }
    add("Gave", instance.outputs.as_ref().map(super::timeline::brief).unwrap_or_default());
    add("Ended", instance.why.clone().unwrap_or_default());
}
