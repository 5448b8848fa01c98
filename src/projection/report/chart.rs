use std::collections::BTreeMap;

use super::standing::StepResult;
use crate::base::{InstanceId, Span, Timestamp};
use crate::plan::{Kind, Outlook};
use crate::run::RunState;
use crate::runbook::plus;

/// Steps that took a smaller part of the whole than one in so many are not drawn, unless they are on the critical path.
const SMALL: i64 = 50;

/// What was planned against what happened, as bars over one axis of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chart {
    /// How long the axis is.
    pub length: Span,
    /// The bars, in the order of the plan.
    pub bars: Vec<Bar>,
    /// The steps that the whole waited for, first to last: had one of them been quicker, all would have been.
    pub critical: Vec<String>,
    /// How long all of it was expected to take, without people's time.
    pub planned: Span,
    /// How long it took.
    pub actual: Span,
    /// Steps that are too short to be drawn.
    pub left_out: usize,
    /// How long the recovery may take.
    pub rto: Option<Span>,
}

/// A row of the chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    /// The step.
    pub path: String,
    /// What it does, in a few words.
    pub title: String,
    /// Whether it is a whole runbook, whose steps stand below it.
    pub is_part: bool,
    /// When it was to be done, if everything before it took as long as expected.
    pub planned: Stretch,
    /// When it was done, if it was.
    pub actual: Option<Stretch>,
    /// Whether the whole waited for it.
    pub is_critical: bool,
}

/// A stretch of time, from the moment at which the recovery began to count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stretch {
    /// Its beginning.
    pub from: Span,
    /// Its end.
    pub until: Span,
}

impl Chart {
    pub(super) fn of(state: &RunState, outlook: &Outlook, results: &[StepResult], zero: Timestamp) -> Self {
        let planned = planned(outlook);
        let results: BTreeMap<&str, &StepResult> = results.iter().map(|one| (one.path.as_str(), one)).collect();
        let actual: Vec<Option<Stretch>> = outlook
            .steps
            .iter()
            .map(|step| {
                let (started, ended) = match results.get(step.path.as_str()) {
                    Some(result) => (result.started?, result.ended?),
                    None => {
                        let instance = state.instance(&InstanceId::from(step.path.as_str()))?;
                        (instance.started?, instance.ended.unwrap_or(state.changed))
                    }
                };
                Some(Stretch { from: started.since(zero), until: ended.since(zero) })
            })
            .collect();
        let path = critical(outlook, &actual);
        let end =
            |stretches: &mut dyn Iterator<Item = Stretch>| stretches.map(|one| one.until).max().unwrap_or_default();
        let whole = end(&mut actual.iter().flatten().copied());
        let mut chart = Self {
            planned: end(&mut planned.iter().copied()),
            actual: whole,
            critical: path.iter().map(|index| outlook.steps[*index].path.clone()).collect(),
            rto: state.plan.exercise.as_ref().map(|exercise| exercise.rto).or(state.plan.runbook.rto),
            ..Self::default()
        };
        chart.length =
            [chart.planned, chart.actual, chart.rto.unwrap_or_default()].into_iter().max().unwrap_or_default();
        for (index, step) in outlook.steps.iter().enumerate() {
            let is_part = matches!(step.kind, Kind::Runbook { .. });
            let is_critical = path.contains(&index);
            let took = actual[index].map(|one| one.until.microseconds() - one.from.microseconds());
            let is_small = took.is_none_or(|took| took * SMALL < chart.length.microseconds());
            if !is_part
                && is_small
                && !(is_critical && took.is_some_and(|took| took * 10 * SMALL >= whole.microseconds()))
            {
                chart.left_out += usize::from(took.is_some());
                continue;
            }
            chart.bars.push(Bar {
                path: step.path.clone(),
                title: step.title.clone(),
                is_part,
                planned: planned[index],
                actual: actual[index],
                is_critical,
            });
        }
        chart
    }
}

/// When each step is to be done, if everything takes as long as expected and people take no time; what nests others lasts
/// as long as they do.
fn planned(outlook: &Outlook) -> Vec<Stretch> {
    let mut all: Vec<Stretch> = Vec::with_capacity(outlook.steps.len());
    for step in &outlook.steps {
        let from = step.needs.iter().filter_map(|need| all.get(*need)).map(|one| one.until).max().unwrap_or_default();
        all.push(Stretch { from, until: plus(from, plus(step.time.machine, step.time.waiting)) });
    }
    let ends: Vec<Span> = all.iter().map(|one| one.until).collect();
    for (index, step) in outlook.steps.iter().enumerate() {
        if matches!(step.kind, Kind::Runbook { .. }) {
            let prefix = format!("{}/", step.path);
            let inside = (0..ends.len()).filter(|other| outlook.steps[*other].path.starts_with(&prefix));
            let last = inside.map(|other| ends[other]).max();
            all[index].until = all[index].until.max(last.unwrap_or_default());
        }
    }
    all
}

/// The way back from the step that ended last, by what each had to wait for. A step that was not done is passed through.
fn critical(outlook: &Outlook, actual: &[Option<Stretch>]) -> Vec<usize> {
    let is_part = |index: usize| matches!(outlook.steps[index].kind, Kind::Runbook { .. });
    let mut done: Vec<Span> = Vec::with_capacity(actual.len());
    let mut before: Vec<Option<usize>> = Vec::with_capacity(actual.len());
    for (index, step) in outlook.steps.iter().enumerate() {
        let waited = step.needs.iter().copied().filter(|need| *need < index).max_by_key(|need| done[*need]);
        let inherited = waited.map(|need| done[need]).unwrap_or_default();
        done.push(match actual[index] {
            // What nests others holds nobody up by itself.
            Some(stretch) if is_part(index) => stretch.from,
            Some(stretch) => stretch.until,
            None => inherited,
        });
        before.push(waited);
    }
    let last =
        (0..done.len()).filter(|index| !is_part(*index) && actual[*index].is_some()).max_by_key(|index| done[*index]);
    let way = std::iter::successors(last, |index| before[*index]);
    let mut way: Vec<usize> = way.filter(|index| actual[*index].is_some() && !is_part(*index)).collect();
    way.reverse();
    way
}
