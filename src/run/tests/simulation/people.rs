use super::super::*;
use super::chance::Chance;
use super::world;
use crate::base::{Commitment, Digest};
use crate::run::Adhoc;

/// What somebody might say as the run stands: sensible or not, and not always what is asked.
pub(super) fn somebody(chance: &mut Chance, state: &RunState, may_abort: bool) -> Input {
    let all: Vec<InstanceId> = state.instances().map(|instance| instance.id.clone()).collect();
    let anything = |chance: &mut Chance| chance.pick(&all).cloned().unwrap_or_else(|| "s0".into());
    let of = |phase: fn(Phase) -> bool| -> Vec<InstanceId> {
        state.instances().filter(|instance| phase(instance.phase)).map(|instance| instance.id.clone()).collect()
    };
    let failed = of(|phase| phase == Phase::Failed);
    let doubted = state.in_doubt();
    match chance.below(100) {
        0..40 => consent(chance, state).unwrap_or(Input::Continue),
        40..60 => {
            let waiting = of(|phase| phase == Phase::Awaiting(Awaiting::Person));
            let Some(step) = chance.pick(&waiting).cloned() else { return Input::Continue };
            decide_on(state, step, chance.below(3), chance.percent(80))
        }
        60..72 => {
            let Some(step) = chance.pick(&doubted).cloned() else { return Input::Continue };
            resolve(chance.below(6), state, step)
        }
        72..80 => Input::Retry { step: chance.pick(&failed).cloned().unwrap_or_else(|| anything(chance)) },
        80..84 => Input::Skip { step: anything(chance), reason: reason() },
        84..86 => Input::Skip { step: anything(chance).group(), reason: reason() },
        86..89 => Input::Override { step: anything(chance), reason: reason(), outputs: None },
        89..93 => Input::Undo { step: chance.pick(&failed).cloned().unwrap_or_else(|| anything(chance)) },
        93 => Input::Pause { why: PauseReason::Asked },
        94..97 => Input::Continue,
        97 => Input::Adhoc(Adhoc { command: vec!["az".into()], exit: Some(0), took: Span::ZERO, output: None }),
        _ if may_abort => Input::Abort { reason: None, undo: chance.percent(60) },
        _ => Input::Continue,
    }
}

fn consent(chance: &mut Chance, state: &RunState) -> Option<Input> {
    let groups = state.groups();
    let asking = groups.iter().filter(|group| group.asked.is_some() && group.confirmed.is_none());
    let group = chance.pick(&asking.collect::<Vec<_>>()).copied()?;
    let asked = group.asked.as_ref()?;
    let right = chance.percent(90);
    let digest = if right { asked.digest } else { Digest::of("step-v1", b"another") };
    let typed = chance.percent(95).then(|| asked.read_back.clone());
    Some(Input::Consent { step: group.id.clone(), digest, typed, how: ConsentBy::ReadBack })
}

fn decide_on(state: &RunState, step: InstanceId, choice: usize, well: bool) -> Input {
    let (choice, fields) = match state.step_of(&step).map(|step| &step.kind) {
        Some(StepKind::Gate { choices, .. }) => {
            let known = choices.get(choice).or_else(|| choices.first());
            (known.map(|known| known.name.clone()).unwrap_or_default(), None)
        }
        Some(StepKind::Manual { fields, .. }) => {
            let given = if well { "3" } else { "many" };
            let wanted = !fields.is_empty();
            ("done".to_owned(), wanted.then(|| Value::record([("how_many", Value::text(given))])))
        }
        _ => ("done".to_owned(), None),
    };
    Input::Decide { step, choice, fields, how: ConsentBy::Enter }
}

fn resolve(word: usize, state: &RunState, step: InstanceId) -> Input {
    let action = state.instance(&step).and_then(Instance::last).map(|attempt| attempt.intent.action.clone());
    let outputs = action.map(|action| world::outputs(&action)).filter(|outputs| *outputs != Value::record([]));
    let word = match word {
        0 | 1 => Resolution::Adopt { outputs, reason: None },
        2 => Resolution::DidNot { typed: read_back_of(state, &step), reason: None },
        3 => Resolution::ByHand { outputs, reason: reason() },
        4 => Resolution::Undo { reason: None },
        _ => Resolution::GiveUp,
    };
    Input::Resolve { step, word }
}

fn reason() -> Commitment {
    Commitment::to_text("because", &[7; 32])
}

/// What a careful person says to whatever the run asks next; the other things to say if that is refused follow.
pub(super) fn careful(state: &RunState, tries: usize) -> Vec<Input> {
    if matches!(state.phase, RunPhase::Paused(_)) {
        return vec![Input::Continue];
    }
    let mut said = Vec::new();
    for group in state.groups() {
        if let Some(asked) = group.asked.as_ref().filter(|_| group.confirmed.is_none()) {
            let typed = Some(asked.read_back.clone());
            let step = group.id.clone();
            said.push(Input::Consent { step, digest: asked.digest, typed, how: ConsentBy::ReadBack });
        }
    }
    for instance in state.instances() {
        let step = || instance.id.clone();
        match instance.phase {
            Phase::Awaiting(Awaiting::Person) => said.push(decide_on(state, step(), 0, true)),
            Phase::InDoubt if instance.was_probed() => {
                said.extend([resolve(0, state, step()), resolve(2, state, step())]);
            }
            Phase::Failed => {
                if tries < 3 || instance.is_doubted() {
                    said.push(Input::Retry { step: step() });
                }
                said.push(Input::Skip { step: step(), reason: reason() });
                said.push(Input::Override { step: step(), reason: reason(), outputs: None });
            }
            _ => {}
        }
    }
    said
}
