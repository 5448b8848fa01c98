use std::collections::BTreeMap;

use super::measure::{Measured, Verdict};
use super::people::Person;
use super::report::{Cleanup, Say};
use super::standing::{Standing, StepResult};
use crate::base::{InstanceId, Timestamp};
use crate::incident;
use crate::journal::{Entry, Fact};
use crate::run::{Event, RunPhase, RunState};
use crate::runbook::{EstateKind, Role};

/// What a drill has come to, as far as something may follow from it.
pub(super) struct Found<'a> {
    pub(super) measured: &'a Measured,
    pub(super) steps: &'a [StepResult],
    pub(super) people: &'a [Person],
    pub(super) cleanup: &'a [Cleanup],
}

/// What was done otherwise than as written, each with its step and why.
pub(super) fn deviations(state: &RunState, entries: &[Entry], say: Say<'_>) -> Vec<String> {
    let mut reasons: BTreeMap<&InstanceId, String> = BTreeMap::new();
    for entry in entries {
        let Fact::Run(Event::Skipped { step, reason } | Event::Overridden { step, reason, .. }) = &entry.draft.fact
        else {
            continue;
        };
        reasons.insert(step, say(reason));
    }
    let told = state.deviations().into_iter().map(|one| {
        let step = one.step.as_ref().map(|step| format!("{step}: ")).unwrap_or_default();
        let reason = one.step.as_ref().and_then(|step| reasons.get(step).or_else(|| reasons.get(&step.group())));
        let reason = reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
        format!("{step}{}{reason}", one.kind.word())
    });
    told.collect()
}

/// What people noted on the run.
pub(super) fn notes(entries: &[Entry], say: Say<'_>) -> Vec<(Timestamp, String)> {
    let noted = entries.iter().filter_map(|entry| match &entry.draft.fact {
        Fact::Incident(incident::Event::Noted { text }) => Some((entry.draft.occurred_at, say(text))),
        _ => None,
    });
    noted.collect()
}

/// Everything that somebody has to see to, from what the log says.
pub(super) fn remediation(
    state: &RunState,
    found: &Found<'_>,
    deviations: &[String],
    notes: &[(Timestamp, String)],
) -> Vec<String> {
    let mut items = Vec::new();
    if let RunPhase::Ended(end) = state.phase
        && !end.is_success()
    {
        items.push(format!("The drill did not come to its end: the run is {}", end.word().replace('_', " ")));
    }
    let missed = found.measured.objectives.iter().filter(|objective| objective.verdict != Verdict::Met);
    items.extend(missed.map(|objective| format!("Objective {objective}")));
    if found.measured.coverage.verdict.is_some_and(|verdict| verdict != Verdict::Met) {
        items.push(format!("Objective {}", found.measured.coverage));
    }
    items.extend(found.steps.iter().filter_map(|step| match &step.standing {
        Standing::Failed(why) => Some(format!("Failed: {}: {why}", step.path)),
        _ => None,
    }));
    items.extend(state.in_doubt().iter().map(|step| format!("Still in doubt: {step}")));
    items.extend(found.cleanup.iter().filter_map(|one| match (one.done, one.checks) {
        (false, _) => Some(format!("Not cleared away: {}", one.step)),
        (true, 0) => Some(format!("Cleared away, and nothing has looked whether it is: {}", one.step)),
        (true, _) => None,
    }));
    // The program itself writes most of what a scribe would.
    let missing = found.people.iter().filter(|one| one.named.is_none() && one.role != Role::Scribe);
    let missing: Vec<&str> = missing.map(|one| one.role.word()).collect();
    if !missing.is_empty() {
        items.push(format!("Nobody was named as {}", missing.join(", ")));
    }
    items.extend(deviations.iter().map(|deviation| format!("Deviation: {deviation}")));
    items.extend(notes.iter().map(|(_, note)| format!("Noted: {note}")));
    items
}

/// What the drill says nothing about: as its programme says, and as the log does.
pub(super) fn not_tested(state: &RunState, steps: &[StepResult]) -> Vec<String> {
    let mut said: Vec<String> =
        state.plan.exercise.iter().flat_map(|exercise| exercise.not_tested.iter().cloned()).collect();
    let named = |is: &dyn Fn(&StepResult) -> bool| {
        steps.iter().filter(|step| is(step)).map(|step| step.path.as_str()).collect::<Vec<_>>().join(", ")
    };
    let silent = named(&|step| step.changes && !step.standing.is_proven());
    if !silent.is_empty() {
        said.push(format!("These steps, which change something and were not proven: {silent}"));
    }
    let unasked = named(&|step| step.standing.is_answered_by_a_script());
    if !unasked.is_empty() {
        said.push(format!("What people would have decided, and in what time, where a script answered: {unasked}"));
    }
    if state.plan.place.estate == EstateKind::Simulated {
        said.push("Azure itself; the estate was the simulator's, as far as its makers know the real one".to_owned());
    }
    said
}
