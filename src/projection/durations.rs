use std::collections::BTreeSet;

use crate::base::{AttemptId, InstanceId, Span, Timestamp};
use crate::journal::{Entry, Fact};
use crate::plan::Plan;
use crate::run::{Event, PauseReason};
use crate::runbook::{Step, StepKind};

/// Where the time of a run went, by the estate's clock. People's time is never counted as the machine's.
///
/// The parts do not overlap and add up to the whole. Where several things go on at once, a moment belongs to the first of
/// these that is among them: standing still, Azure, in doubt, operator, waiting, machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Durations {
    /// From the first entry to the last.
    pub total: Span,
    /// Between a question and its answer.
    pub operator: Span,
    /// Between the sending of an effect and its outcome.
    pub azure: Span,
    /// From a doubt to the word that ended it.
    pub in_doubt: Span,
    /// Waits that the runbook asks for.
    pub waiting: Span,
    /// Paused, or held by nobody.
    pub standing_still: Span,
    /// Everything else: reads, checks, and the program itself.
    pub machine: Span,
    /// How many attempts were made beyond the first of each instance.
    pub rework: u32,
}

/// What goes on at a moment.
#[derive(Default)]
struct Open {
    plan: Option<Plan>,
    asked: BTreeSet<InstanceId>,
    sent: BTreeSet<AttemptId>,
    /// Those of them that the service has accepted: it goes on with them whoever looks.
    accepted: BTreeSet<AttemptId>,
    doubted: BTreeSet<AttemptId>,
    waits: BTreeSet<InstanceId>,
    paused: bool,
}

impl Durations {
    /// The parts in the words of a report, and last the whole.
    pub fn parts(&self) -> [(&'static str, Span); 7] {
        [
            ("Machine", self.machine),
            ("Operator, and approval", self.operator),
            ("Azure", self.azure),
            ("In doubt", self.in_doubt),
            ("Waiting, as written", self.waiting),
            ("Standing still", self.standing_still),
            ("Together", self.total),
        ]
    }

    /// Adds the entries of a run up, in the order of the log.
    pub fn of(entries: &[Entry]) -> Self {
        let mut sums = Self::default();
        let mut open = Open::default();
        let mut last: Option<Timestamp> = None;
        for entry in entries {
            let Fact::Run(event) = &entry.draft.fact else { continue };
            let at = entry.draft.occurred_at;
            if matches!(event, Event::Taken { .. }) {
                open.leave();
            }
            if let Some(last) = last {
                sums.add(&open, at.since(last));
            }
            open.take_up(event);
            sums.rework += u32::from(matches!(event, Event::Intent(intent) if intent.number > 1));
            last = Some(at);
        }
        sums
    }

    fn add(&mut self, open: &Open, span: Span) {
        let part = if open.paused {
            &mut self.standing_still
        } else if !open.sent.is_empty() {
            &mut self.azure
        } else if !open.doubted.is_empty() {
            &mut self.in_doubt
        } else if !open.asked.is_empty() {
            &mut self.operator
        } else if !open.waits.is_empty() {
            &mut self.waiting
        } else {
            &mut self.machine
        };
        for sum in [part, &mut self.total] {
            *sum = Span::from_microseconds(sum.microseconds() + span.microseconds());
        }
    }
}

impl Open {
    /// Another process has taken the run up: since the last entry nobody was asked, what was in the air was in doubt unless
    /// the service had accepted it, and where nothing went on or waited for a time the run stood still.
    fn leave(&mut self) {
        self.asked.clear();
        let unanswered = self.sent.difference(&self.accepted).copied();
        self.doubted.extend(unanswered);
        self.sent.retain(|attempt| self.accepted.contains(attempt));
        self.paused = self.sent.is_empty() && self.doubted.is_empty() && self.waits.is_empty();
    }

    fn take_up(&mut self, event: &Event) {
        match event {
            Event::Planned { plan, .. } => self.plan = Some(plan.as_ref().clone()),
            // What paused a run may have ended with the process that heard it.
            Event::Taken { .. } | Event::Continued => self.paused = false,
            Event::Paused { why } => self.paused = *why != PauseReason::Parked,
            Event::Readied { step, consent } if consent.is_some() || self.is_for_a_person(step) => {
                self.asked.insert(step.clone());
            }
            Event::Confirmed { step, .. } | Event::Decided { step, .. } => {
                self.asked.remove(&step.group());
            }
            Event::Intent(intent) => {
                self.sent.insert(intent.attempt);
            }
            Event::Accepted { attempt, .. } => {
                self.accepted.insert(*attempt);
            }
            Event::Succeeded { attempt, .. } | Event::Failed { attempt, .. } => {
                self.sent.remove(attempt);
                self.doubted.remove(attempt);
            }
            Event::InDoubt { attempt, .. } => {
                self.sent.remove(attempt);
                self.doubted.insert(*attempt);
            }
            Event::Reconciled { attempt, open: false, .. } => {
                self.doubted.remove(attempt);
            }
            Event::Waiting { step, .. } | Event::BackingOff { step, .. } => {
                self.waits.insert(step.clone());
            }
            Event::Due { step } => {
                self.waits.remove(step);
            }
            Event::StepFinished { step, .. } | Event::Overridden { step, .. } | Event::Skipped { step, .. } => {
                self.waits.retain(|wait| wait != step && wait.group() != *step);
                self.asked.remove(&step.group());
            }
            _ => {}
        }
    }

    fn is_for_a_person(&self, id: &InstanceId) -> bool {
        let step = self.plan.as_ref().and_then(|plan| step_of(plan, id));
        step.is_some_and(|step| matches!(step.kind, StepKind::Gate { .. } | StepKind::Manual { .. }))
    }
}

/// The step of an instance, in the runbook in which it stands. What undoes a step is none.
fn step_of<'a>(plan: &'a Plan, id: &InstanceId) -> Option<&'a Step> {
    let Some(scope) = id.scope() else { return plan.runbook.step(&id.step()) };
    if scope.is_undo() {
        return None;
    }
    let StepKind::Runbook(call) = &step_of(plan, &scope)?.kind else { return None };
    plan.nested(&call.runbook)?.runbook.step(&id.step())
}
