use std::collections::BTreeMap;
use std::fmt;
use std::iter::successors;

use super::standing::{Standing, StepResult};
use crate::base::{InstanceId, Span, Timestamp, Value};
use crate::journal::{Entry, Fact};
use crate::plan::{Kind, Outlook};
use crate::run::{DeviationKind, Event, Instance, Phase, RunState};
use crate::runbook::{Given, Trouble};

/// The milestone at which a recovery ends.
const RESTORED: &str = "service_restored";

/// What was to be met, and what was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objective {
    /// Which.
    pub kind: ObjectiveKind,
    /// What was promised.
    pub target: Span,
    /// What was measured, if anything was.
    pub measured: Option<Span>,
    /// For data: what the point that was restored to claims.
    pub claimed: Option<Span>,
    /// What comes of it.
    pub verdict: Verdict,
    /// What it was measured between, or why it was not.
    pub note: String,
}

/// An objective of a drill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectiveKind {
    /// How long the recovery takes.
    Rto,
    /// How much of the latest data is lost.
    Rpo,
}

impl ObjectiveKind {
    /// The word for a program.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rto => "rto",
            Self::Rpo => "rpo",
        }
    }

    /// The name for a person.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rto => "RTO",
            Self::Rpo => "RPO",
        }
    }
}

/// What comes of an objective; the worst is the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It was met.
    Met,
    /// Nothing measured it: the drill says nothing about it.
    NotMeasured,
    /// It was missed.
    Missed,
}

impl Verdict {
    /// The word for a program.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::NotMeasured => "not_measured",
            Self::Missed => "missed",
        }
    }

    /// The word for a person.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::NotMeasured => "not measured",
            Self::Missed => "missed",
        }
    }

    fn of(measured: Option<Span>, target: Span) -> Self {
        match measured {
            Some(measured) if measured <= target => Self::Met,
            Some(_) => Self::Missed,
            None => Self::NotMeasured,
        }
    }
}

impl fmt::Display for Objective {
    /// `RTO missed: 1h 4m measured, 1h allowed`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: ", self.kind.name(), self.verdict.name())?;
        match self.measured {
            Some(measured) => write!(f, "{measured} measured, {} allowed", self.target),
            None => write!(f, "{} allowed; {}", self.target, self.note),
        }
    }
}

/// How much of its steps a drill proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// Steps that were done as in an emergency.
    pub proven: usize,
    /// Steps in whose place something else was done.
    pub substituted: usize,
    /// Steps that were not done.
    pub not_reached: usize,
    /// Steps that did not end well.
    pub failed: usize,
    /// What was to be proven, in percent of all.
    pub target: Option<u8>,
    /// What comes of that, if it was asked for.
    pub verdict: Option<Verdict>,
}

impl Coverage {
    fn of(steps: &[StepResult], target: Option<u8>, is_over: bool) -> Self {
        let count = |is: fn(&Standing) -> bool| steps.iter().filter(|step| is(&step.standing)).count();
        let mut coverage = Self {
            proven: count(Standing::is_proven),
            substituted: count(|one| matches!(one, Standing::Substituted(_))),
            not_reached: count(|one| matches!(one, Standing::NotReached(_))),
            failed: count(|one| matches!(one, Standing::Failed(_))),
            target,
            verdict: None,
        };
        coverage.verdict = target.map(|target| match coverage.proven * 100 >= usize::from(target) * coverage.total() {
            true => Verdict::Met,
            // What is still to be done may yet be proven.
            false if !is_over => Verdict::NotMeasured,
            false => Verdict::Missed,
        });
        coverage
    }

    /// How many steps there are.
    pub const fn total(&self) -> usize {
        self.proven + self.substituted + self.not_reached + self.failed
    }

    /// What was proven, in percent of all, rounded down.
    pub const fn percent(&self) -> usize {
        match self.total() {
            0 => 0,
            total => self.proven * 100 / total,
        }
    }
}

impl fmt::Display for Coverage {
    /// `coverage met: 62 % of the steps proven, 60 % asked for`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = self.verdict.map(|verdict| format!(" {}", verdict.name())).unwrap_or_default();
        let asked = self.target.map(|target| format!(", {target} % asked for")).unwrap_or_default();
        write!(f, "coverage{verdict}: {} % of the steps proven{asked}", self.percent())
    }
}

/// Everything that is measured of a drill.
#[derive(Clone, Debug)]
pub(super) struct Measured {
    /// From when the recovery counts.
    pub impact: Timestamp,
    /// What happened then.
    pub since: &'static str,
    /// The objectives with their verdicts.
    pub objectives: Vec<Objective>,
    /// How much was proven.
    pub coverage: Coverage,
    /// When each part's service was restored, by the step of the programme.
    pub(super) restored: BTreeMap<InstanceId, Timestamp>,
}

impl Measured {
    pub(super) fn of(state: &RunState, outlook: &Outlook, entries: &[Entry], steps: &[StepResult]) -> Self {
        let (impact, since) = impact(state, entries);
        let marks = Marks::of(state, outlook);
        let exercise = state.plan.exercise.as_deref();
        let mut objectives = Vec::new();
        if let Some(target) = exercise.map(|exercise| exercise.rto).or(state.plan.runbook.rto) {
            let end = marks.end(state);
            let measured = end.as_ref().ok().map(|(at, _)| at.since(impact));
            let note = match &end {
                Ok((at, what)) => format!("from {} ({since}) to {} ({what})", told(impact), told(*at)),
                Err(why) => why.clone(),
            };
            let known = state.changed.since(impact);
            // What is not restored when its time is over is late, however late it may become.
            let (verdict, note) = match measured {
                None if known > target => (Verdict::Missed, format!("not restored after {known}: {note}")),
                _ => (Verdict::of(measured, target), note),
            };
            objectives.push(Objective { kind: ObjectiveKind::Rto, target, measured, claimed: None, verdict, note });
        }
        if let Some(target) = exercise.and_then(|exercise| exercise.rpo).or(state.plan.runbook.rpo) {
            objectives.push(rpo(state, impact, target));
        }
        let coverage = Coverage::of(steps, exercise.and_then(|exercise| exercise.coverage), state.is_over());
        Self { impact, since, objectives, coverage, restored: marks.of_parts() }
    }
}

/// A moment for a sentence, `2026-11-20 03:10:07Z`.
fn told(at: Timestamp) -> String {
    format!("{} {}", at.day(), at.clock_face())
}

/// From when the recovery counts: the first thing that was broken, else when the drill stood ready.
fn impact(state: &RunState, entries: &[Entry]) -> (Timestamp, &'static str) {
    let broken = state.prepared.iter().flat_map(|prepared| &prepared.broken);
    if let Some(at) = broken.clone().filter_map(|broken| broken.at).min() {
        return (at, "when it was broken");
    }
    let prepared = entries.iter().find(|entry| matches!(entry.draft.fact, Fact::Run(Event::Prepared(_))));
    match prepared {
        Some(entry) if broken.count() > 0 => {
            (entry.draft.occurred_at, "when the drill stood ready; when a person broke it nothing tells")
        }
        Some(entry) => (entry.draft.occurred_at, "when the drill stood ready"),
        None => (state.began, "when the run was planned"),
    }
}

/// The steps that mark `service_restored`, each with the moment, or why there is none.
struct Marks(Vec<(String, Result<Timestamp, String>)>);

impl Marks {
    fn of(state: &RunState, outlook: &Outlook) -> Self {
        let cleanup: Vec<&str> =
            state.plan.exercise.iter().flat_map(|one| &one.cleanup).map(crate::base::StepId::as_str).collect();
        let is_cleanup = |path: &str| cleanup.contains(&path.split('/').next().unwrap_or_default());
        let marking = outlook.steps.iter().filter(|step| {
            step.marks.as_deref() == Some(RESTORED)
                && !matches!(step.kind, Kind::Runbook { .. })
                && !is_cleanup(&step.path)
        });
        let by_hand: Vec<InstanceId> = state
            .deviations()
            .into_iter()
            .filter(|one| one.kind == DeviationKind::Skipped)
            .filter_map(|one| one.step)
            .collect();
        let mut marks = Vec::new();
        for step in marking {
            let id = InstanceId::from(step.path.as_str());
            // A way that was not taken restores nothing, and nothing has to be restored on it; nor inside of it.
            if successors(Some(id.clone()), InstanceId::scope).any(|around| is_off_the_way(state, &around, &by_hand)) {
                continue;
            }
            let instances = state.group_of(&id).map(|group| group.instances.as_slice()).unwrap_or_default();
            let well = !instances.is_empty() && instances.iter().all(|one| one.phase == Phase::Succeeded);
            let last = instances.iter().filter_map(|one| one.ended).max().filter(|_| well);
            let why = || format!("`{}`, which would mark it, has not ended well", step.path);
            marks.push((step.path.clone(), last.ok_or_else(why)));
        }
        Self(marks)
    }

    /// When the last service was restored, and by which step's end; or why it never was.
    fn end(&self, state: &RunState) -> Result<(Timestamp, String), String> {
        let mut last: Option<(Timestamp, String)> = None;
        for (path, at) in &self.0 {
            let at = at.clone()?;
            if last.as_ref().is_none_or(|(known, _)| at > *known) {
                last = Some((at, format!("the end of {path}")));
            }
        }
        match last {
            Some(last) => Ok(last),
            None if state.is_over() && !state.has_failed() => Ok((state.changed, "the end of the run".to_owned())),
            None => Err("no step marked that the service was restored".to_owned()),
        }
    }

    fn of_parts(&self) -> BTreeMap<InstanceId, Timestamp> {
        let mut parts: BTreeMap<InstanceId, Timestamp> = BTreeMap::new();
        for (path, at) in &self.0 {
            let (Some((part, _)), Ok(at)) = (path.split_once('/'), at) else { continue };
            let known = parts.entry(InstanceId::from(part)).or_insert(*at);
            *known = (*known).max(*at);
        }
        parts
    }
}

/// Whether a step was skipped because the run did not come its way; what a person has left out lacks.
fn is_off_the_way(state: &RunState, id: &InstanceId, by_hand: &[InstanceId]) -> bool {
    let instances = state.group_of(id).map(|group| group.instances.as_slice()).unwrap_or_default();
    let skipped = |one: &Instance| one.phase == Phase::Skipped && !by_hand.contains(&one.id);
    match instances.iter().find(|one| one.id == *id) {
        Some(one) => skipped(one),
        None => !instances.is_empty() && instances.iter().all(skipped),
    }
}

/// The data that were lost: from the newest row that came back to the moment at which rows were corrupted.
fn rpo(state: &RunState, impact: Timestamp, target: Span) -> Objective {
    let broken = state.prepared.iter().flat_map(|prepared| &prepared.broken);
    let corrupted = broken.filter(|one| one.breakage.trouble == Trouble::RowsCorrupted).find_map(|one| one.at);
    let lost_at = corrupted.unwrap_or(impact);
    let moment = |given: &Given| {
        let outputs = state.instance(&given.step)?.outputs.as_ref()?;
        outputs.field(&given.output).and_then(Value::as_text)?.parse::<Timestamp>().ok()
    };
    let recovered = state.plan.exercise.as_ref().and_then(|exercise| exercise.recovered.as_ref());
    let newest = recovered.and_then(|recovered| moment(&recovered.newest));
    let point = recovered.and_then(|recovered| moment(recovered.point.as_ref()?));
    // A row from after the damage tells that the damage came back too, and nothing of what was lost.
    let measured = newest.filter(|newest| *newest <= lost_at).map(|newest| lost_at.since(newest));
    let note = match newest {
        Some(newest) if newest > lost_at => format!(
            "the newest row that came back, of {}, is later than {}, when rows were corrupted",
            told(newest),
            told(lost_at)
        ),
        Some(newest) => {
            let (newest, lost_at) = (told(newest), told(lost_at));
            format!("from {newest} (the newest row that came back) to {lost_at} (when rows were corrupted)")
        }
        None => "no step told which row was the newest that came back".to_owned(),
    };
    Objective {
        kind: ObjectiveKind::Rpo,
        target,
        measured,
        claimed: point.filter(|point| *point <= lost_at).map(|point| lost_at.since(point)),
        verdict: Verdict::of(measured, target),
        note,
    }
}
