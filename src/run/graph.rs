use std::collections::{BTreeMap, BTreeSet};

use crate::base::StepId;
use crate::plan::Mode;
use crate::runbook::{CallRole, CheckSpec, DrillSubstitute, Leads, OnFailure, Step, StepKind, UndoStep};

/// The steps of a runbook, or the entries of an undo, as a run does them, and how they follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    steps: Vec<Step>,
    index: BTreeMap<StepId, usize>,
    needs: Vec<Vec<usize>>,
    /// For each step the gate whose choices lead to it, and those choices.
    led: Vec<Option<(usize, Vec<String>)>>,
    /// For each step those whose failure it answers.
    answers: Vec<Vec<usize>>,
}

impl Graph {
    /// The graph of a runbook's steps as they are done in that mode.
    pub(super) fn of(steps: &[Step], mode: Mode) -> Self {
        Self::from(steps.iter().map(|step| in_mode(step, mode)).collect::<Vec<_>>())
    }

    /// The graph of an undo: its entries one after the other, named by their numbers from 1.
    pub(super) fn of_undo(undone: &Step) -> Self {
        let name = |index: usize| StepId::new((index + 1).to_string());
        let entries = undone.undo.iter().enumerate();
        let steps = entries.map(|(index, entry)| {
            let needs = index.checked_sub(1).map(name).into_iter().collect();
            Step { needs, ..entry_step(name(index), entry) }
        });
        Self::from(steps.collect::<Vec<_>>())
    }

    /// The steps, in an order in which they can run.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Where the step of that name stands.
    pub fn position(&self, step: &StepId) -> Option<usize> {
        self.index.get(step).copied()
    }

    pub(super) fn needs(&self, at: usize) -> &[usize] {
        &self.needs[at]
    }

    pub(super) fn led(&self, at: usize) -> Option<&(usize, Vec<String>)> {
        self.led[at].as_ref()
    }

    pub(super) fn answers(&self, at: usize) -> &[usize] {
        &self.answers[at]
    }

    /// Where the step stands that answers the failure of this one.
    pub(super) fn answer_to(&self, at: usize) -> Option<usize> {
        match &self.steps[at].on_failure {
            OnFailure::GoTo(answer) => self.position(answer),
            _ => None,
        }
    }

    /// Tells whether `later` needs `earlier`, directly or through others.
    pub(super) fn precedes(&self, earlier: usize, later: usize) -> bool {
        let mut seen = BTreeSet::new();
        let mut open = vec![later];
        while let Some(at) = open.pop() {
            for &need in &self.needs[at] {
                if need == earlier {
                    return true;
                }
                if seen.insert(need) {
                    open.push(need);
                }
            }
        }
        false
    }
}

impl From<Vec<Step>> for Graph {
    fn from(steps: Vec<Step>) -> Self {
        let index: BTreeMap<StepId, usize> = steps.iter().enumerate().map(|(at, step)| (step.id.clone(), at)).collect();
        let needs = steps.iter().map(|step| step.needs.iter().filter_map(|need| index.get(need).copied()).collect());
        let needs = needs.collect();
        let mut led: Vec<Option<(usize, Vec<String>)>> = vec![None; steps.len()];
        let mut answers = vec![Vec::new(); steps.len()];
        for (at, step) in steps.iter().enumerate() {
            if let StepKind::Gate { choices, .. } = &step.kind {
                for choice in choices {
                    let Leads::To(targets) = &choice.leads else { continue };
                    for target in targets.iter().filter_map(|target| index.get(target)) {
                        led[*target].get_or_insert_with(|| (at, Vec::new())).1.push(choice.name.clone());
                    }
                }
            }
            if let OnFailure::GoTo(answer) = &step.on_failure
                && let Some(answer) = index.get(answer)
            {
                answers[*answer].push(at);
            }
        }
        Self { steps, index, needs, led, answers }
    }
}

/// A step as it is done in a mode: in a drill its substitute, if it has one. What the step would verify, probe and undo is
/// about what is then not done.
fn in_mode(step: &Step, mode: Mode) -> Step {
    let Some(substitute) = step.drill.as_ref().filter(|_| mode == Mode::Drill) else { return step.clone() };
    let kind = match substitute {
        // The step is skipped when its turn comes.
        DrillSubstitute::Skip { .. } => return step.clone(),
        DrillSubstitute::Call(call) => match &step.kind {
            StepKind::Check(check) => StepKind::Check(CheckSpec { call: call.clone(), until: check.until }),
            _ => StepKind::Action(call.clone()),
        },
        DrillSubstitute::Manual { instruction, fields } => {
            StepKind::Manual { instruction: instruction.clone(), fields: fields.clone() }
        }
    };
    Step {
        kind,
        verify: Vec::new(),
        probe: None,
        undo: Vec::new(),
        undo_until: None,
        point_of_no_return: None,
        retry: None,
        confirm: None,
        ..step.clone()
    }
}

/// An entry of an undo as a step of its own.
fn entry_step(id: StepId, entry: &UndoStep) -> Step {
    let title = format!("Undo: {}", entry.call.action);
    let kind = match entry.role {
        CallRole::Action => StepKind::Action(entry.call.clone()),
        CallRole::Check => StepKind::Check(CheckSpec { call: entry.call.clone(), until: entry.until }),
    };
    Step { for_each: entry.for_each.clone(), verify: entry.verify.clone(), ..Step::new(id, title, kind) }
}
