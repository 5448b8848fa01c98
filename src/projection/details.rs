use super::{Answer, Choice, Fact, Need, Question};
use crate::base::Timestamp;
use crate::effect::{self, Field, ProbeVerdict, Risk, Verdict};
use crate::plan;
use crate::run::{self, Awaiting, Group, Instance, Phase, RunPhase, RunState, Standing, checks};
use crate::runbook::{self, Leads, Step, StepKind};

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
    what(state, step, instance, &mut add);
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

fn what(state: &RunState, step: &Step, instance: Option<&Instance>, add: &mut impl FnMut(&str, String)) {
    let preview = plan::preview(&state.plan, step);
    let told = instance.filter(|instance| instance.phase != Phase::Pending).and_then(|instance| {
        let (StepKind::Manual { instruction: text, .. } | StepKind::Gate { question: text, .. }) = &step.kind else {
            return None;
        };
        let outputs = state.outputs();
        text.evaluate(&state.names(&outputs, instance)).ok().map(|text| text.to_string())
    });
    add("Does", told.unwrap_or(preview.summary));
    let bound = instance.or_else(|| state.instance(&crate::base::InstanceId::of(&step.id))).and_then(|instance| {
        let spec = step.kind.call()?;
        let outputs = state.outputs();
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
    add("Gave", instance.outputs.as_ref().map(super::timeline::brief).unwrap_or_default());
    add("Ended", instance.why.clone().unwrap_or_default());
}

/// What waits for a person.
pub(super) fn need(state: &RunState, now: Timestamp) -> Option<Need> {
    let (group, instance) = match state.phase {
        RunPhase::Running | RunPhase::Paused(_) => {
            let group = state.current()?;
            (group, group.current()?)
        }
        // After its end a run asks only for word on what it left in doubt.
        RunPhase::Ended(_) => {
            let instance = state.instances().find(|instance| instance.is_doubted())?;
            return doubt(state, instance, now);
        }
        RunPhase::Planned | RunPhase::Aborting => return None,
    };
    let step = state.step(group)?;
    let outputs = state.outputs();
    let text = |template: &crate::runbook::Template| {
        template
            .evaluate(&state.names(&outputs, instance))
            .map_or_else(|_| template.source().to_owned(), |text| text.to_string())
    };
    let ask = |question: Question, facts: Vec<Fact>| {
        Some(Need { step: instance.id.clone(), title: step.title.clone(), facts, question, drifted: false })
    };
    let mut facts = details(state, step, group, Some(instance), now);
    // What a person is asked to do or to decide stands in the question itself.
    if instance.phase == Phase::Awaiting(Awaiting::Person) {
        facts.retain(|fact| fact.label != "Does");
    }
    match instance.phase {
        Phase::Awaiting(Awaiting::Confirmation) => {
            let asked = group.asked.as_ref()?;
            if step.for_each.is_some() {
                facts = group_facts(state, step, group, now);
            }
            let question = if asked.risk >= Risk::Destructive {
                Question::ReadBack { digest: asked.digest, risk: asked.risk, expected: asked.read_back.clone() }
            } else {
                Question::Acknowledge { digest: asked.digest }
            };
            let drifted = group.drifted.is_some();
            Some(Need { step: group.id(), title: step.title.clone(), facts, question, drifted })
        }
        Phase::Awaiting(Awaiting::Person) => match &step.kind {
            StepKind::Gate { question, choices, .. } => {
                let choices = choices.iter().map(|runbook::Choice { name, leads }| Choice {
                    answer: Answer::Decide(name.clone()),
                    label: if *leads == Leads::End { format!("{name} (ends the run)") } else { name.clone() },
                    read_back: None,
                });
                ask(Question::Choose { question: text(question), choices: choices.collect() }, facts)
            }
            StepKind::Manual { instruction, .. } => {
                let done =
                    Choice { answer: Answer::Decide("done".into()), label: "It is done".into(), read_back: None };
                ask(Question::Choose { question: text(instruction), choices: vec![done] }, facts)
            }
            _ => None,
        },
        Phase::InDoubt => doubt(state, instance, now),
        Phase::Failed => {
            let label = if instance.is_doubted() {
                "Probe again; nothing is sent"
            } else if instance.happened() {
                "Check again (the effect itself happened and is not sent again)"
            } else {
                "Try again, after a new look and a new consent"
            };
            let choices = vec![
                Choice { answer: Answer::Retry, label: label.into(), read_back: None },
                Choice { answer: Answer::Abort, label: "Abort the run".into(), read_back: Some("abort".into()) },
            ];
            let why = instance.why.clone().unwrap_or_default();
            ask(Question::Choose { question: format!("`{}` has failed: {why}", instance.id), choices }, facts)
        }
        _ => None,
    }
}

fn group_facts(state: &RunState, step: &Step, group: &Group, now: Timestamp) -> Vec<Fact> {
    let mut facts = details(state, step, group, None, now);
    facts.retain(|fact| fact.label != "Sends" && fact.label != "Before");
    for instance in group.instances.iter().filter(|instance| !instance.phase.is_over()) {
        let own = details(state, step, group, Some(instance), now);
        let key = instance.id.key().unwrap_or_default();
        for fact in own.into_iter().filter(|fact| fact.label == "Sends" || fact.label == "Before") {
            facts.push(Fact::new(&fact.label, format!("{key}\n{}", fact.text)));
        }
    }
    facts
}

fn seen(probed: &ProbeVerdict) -> &str {
    match probed {
        ProbeVerdict::Happened { seen, .. } | ProbeVerdict::DidNot { seen } | ProbeVerdict::Unknown { seen } => seen,
    }
}

/// What is asked about an effect in doubt, once its probe has spoken. Until then there is nothing to decide, and nothing
/// is hidden: the board shows the doubt.
fn doubt(state: &RunState, instance: &Instance, now: Timestamp) -> Option<Need> {
    let group = state.group_of(&instance.id)?;
    let step = state.step(group)?;
    let attempt = instance.last()?;
    let Standing::InDoubt { probed: Some(probed), .. } = &attempt.standing else { return None };
    let mut facts = details(state, step, group, Some(instance), now);
    facts.push(Fact::new("Seen now", seen(probed)));
    let question = Question::Choose { question: "Did it happen?".into(), choices: doubt_choices(state, instance) };
    Some(Need { step: instance.id.clone(), title: step.title.clone(), facts, question, drifted: false })
}

fn doubt_choices(state: &RunState, instance: &Instance) -> Vec<Choice> {
    let row = instance.last().and_then(|attempt| effect::find(&attempt.intent.action));
    let over = state.is_over();
    let simple = |answer: Answer, label: &str| Choice { answer, label: label.to_owned(), read_back: None };
    let mut choices = vec![simple(Answer::ProbeAgain, "Probe again (recommended)")];
    if over || row.is_none_or(|row| row.outputs.is_empty()) {
        let label = if over { "It happened" } else { "It happened: go on with what is observed" };
        choices.push(simple(Answer::Adopt, label));
    }
    let label =
        if over { "It did not happen" } else { "It did not: ask for consent anew, then send it as a new attempt" };
    let read_back = run::read_back_of(state, &instance.id);
    choices.push(Choice { answer: Answer::SendAgain, label: label.to_owned(), read_back });
    if !over {
        choices.push(simple(Answer::GiveUp, "Give up: the step counts as failed, and the doubt stays"));
    }
    choices
}
