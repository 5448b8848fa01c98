use std::collections::{BTreeMap, BTreeSet};

use crate::base::{AttemptId, InstanceId, Span, StepId, Timestamp};
use crate::journal::{Entry, Fact};
use crate::run::{Event, PauseReason};
use crate::runbook::{Step, StepKind};

/// Where the time of a run went, by the estate's clock. People's time is never counted as the machine's.
///
/// The parts do not overlap where one thing happens at a time, as it does in a run of this version; they need not add up
/// to the whole, because a run also stands still (paused, or between two processes).
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

/// What began and has not ended.
#[derive(Default)]
struct Open {
    people: BTreeSet<StepId>,
    asked: BTreeMap<InstanceId, Timestamp>,
    sent: BTreeMap<AttemptId, Timestamp>,
    doubted: BTreeMap<AttemptId, Timestamp>,
    waits: BTreeMap<InstanceId, Timestamp>,
    paused: Option<Timestamp>,
}

impl Durations {
    /// Adds the entries of a run up, in the order of the log.
    pub fn of(entries: &[Entry]) -> Self {
        let mut sums = Self::default();
        let mut open = Open::default();
        let mut last: Option<Timestamp> = None;
        let mut first: Option<Timestamp> = None;
        for entry in entries {
            let Fact::Run(event) = &entry.draft.fact else { continue };
            let at = entry.draft.occurred_at;
            first.get_or_insert(at);
            if matches!(event, Event::Taken { .. }) {
                sums.taken(&mut open, last.unwrap_or(at), at);
            }
            sums.count(&mut open, event, at);
            last = Some(at);
        }
        if let (Some(first), Some(last)) = (first, last) {
            sums.total = last.since(first);
        }
        let parts = [sums.operator, sums.azure, sums.in_doubt, sums.waiting, sums.standing_still];
        let counted = parts.iter().map(|part| part.microseconds()).sum::<i64>();
        sums.machine = Span::from_microseconds(sums.total.microseconds() - counted);
        sums
    }

    /// Another process takes the run up: what was in the air is in doubt since then, and nobody was asked meanwhile.
    fn taken(&mut self, open: &mut Open, left_at: Timestamp, at: Timestamp) {
        for (attempt, since) in std::mem::take(&mut open.sent) {
            add(&mut self.azure, since, left_at);
            open.doubted.insert(attempt, left_at);
        }
        for (_, since) in std::mem::take(&mut open.asked) {
            add(&mut self.operator, since, left_at);
        }
        let waits_or_doubts = !open.waits.is_empty() || !open.doubted.is_empty();
        let since = open.paused.take().unwrap_or(left_at);
        if !waits_or_doubts {
            add(&mut self.standing_still, since, at);
        }
    }

    fn count(&mut self, open: &mut Open, event: &Event, at: Timestamp) {
        match event {
            Event::Planned { plan, .. } => {
                let asks = |step: &&Step| matches!(step.kind, StepKind::Gate { .. } | StepKind::Manual { .. });
                open.people = plan.runbook.steps.iter().filter(asks).map(|step| step.id.clone()).collect();
            }
            Event::Readied { step, consent } if consent.is_some() || open.people.contains(&step.step()) => {
                open.asked.insert(step.clone(), at);
            }
            Event::Confirmed { step, .. } | Event::Decided { step, .. } => {
                if let Some(since) = open.asked.remove(step) {
                    add(&mut self.operator, since, at);
                }
            }
            Event::Intent(intent) => {
                open.sent.insert(intent.attempt, at);
                self.rework += u32::from(intent.number > 1);
            }
            Event::Succeeded { attempt, .. } | Event::Failed { attempt, .. } => {
                if let Some(since) = open.sent.remove(attempt) {
                    add(&mut self.azure, since, at);
                }
                if let Some(since) = open.doubted.remove(attempt) {
                    add(&mut self.in_doubt, since, at);
                }
            }
            Event::InDoubt { attempt, .. } => {
                if let Some(since) = open.sent.remove(attempt) {
                    add(&mut self.azure, since, at);
                }
                open.doubted.insert(*attempt, at);
            }
            Event::Reconciled { attempt, open: false, .. } => {
                if let Some(since) = open.doubted.remove(attempt) {
                    add(&mut self.in_doubt, since, at);
                }
            }
            Event::Waiting { step, .. } => {
                open.waits.insert(step.clone(), at);
            }
            Event::StepFinished { step, .. } => {
                if let Some(since) = open.waits.remove(step) {
                    add(&mut self.waiting, since, at);
                }
            }
            Event::Paused { why } if *why != PauseReason::Parked => open.paused = Some(at),
            _ => {}
        }
    }
}

fn add(sum: &mut Span, since: Timestamp, until: Timestamp) {
    *sum = Span::from_microseconds(sum.microseconds() + until.since(since).microseconds());
}
