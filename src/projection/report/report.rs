use super::chart::Chart;
use super::evidence::{Reached, Seen, Touched, milestones, seen, touched};
use super::follow_up::{Found, deviations, not_tested, notes, remediation};
use super::measure::{Coverage, Measured, Objective, ObjectiveKind, Verdict};
use super::people::{Person, actors, people};
use super::standing::{StepResult, results};
use crate::base::{ClockSource, Commitment, Digest, InstanceId, LogId, RunId, Seq, Span, Timestamp};
use crate::effect;
use crate::journal::Entry;
use crate::plan::{Forecast, Outlook};
use crate::projection::Durations;
use crate::run::{BrokenBy, Instance, Phase, RunState};
use crate::runbook::{EstateKind, Exercise, Role, StepKind};

/// What a simulated drill says of itself on every page.
pub(super) const WATERMARK: &str = "SIMULATED: no evidence of production recovery";

/// What stands where no deviation is told: of what was not done, that says nothing.
pub(super) const NO_DEVIATION: &str = "None is recorded: what was done was done as written.";

/// What stands where nothing is to be repaired, as far as the log can know that.
pub(super) const NO_REMEDY: &str = "The log names nothing that is to be repaired.";

/// Who signs it.
pub(super) const SIGNING: [Role; 3] = [Role::Operator, Role::Observer, Role::Commander];

/// The report of a drill.
#[derive(Clone, Debug)]
pub struct Report {
    /// The run.
    pub run: RunId,
    /// The programme, or the runbook that was drilled by itself.
    pub programme: String,
    /// Its author's number.
    pub version: String,
    /// What it drills, in a few words.
    pub title: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Where its text came from, and the digest of that text.
    pub revision: (String, Digest),
    /// The digest of the plan: revisions, inputs, environment, graph and objectives.
    pub plan: Digest,
    /// The environment.
    pub environment: String,
    /// The subscription.
    pub subscription: String,
    /// Whether the estate was the simulator's.
    pub simulated: bool,
    /// Whose clock the moments are of.
    pub clock: ClockSource,
    /// The ids of the resources that were bound to the drill.
    pub bounds: Vec<String>,
    /// What it wrote to.
    pub touched: Vec<Touched>,
    /// What its checks saw, the last time that each looked.
    pub seen: Vec<Seen>,
    /// The milestones that were reached, in the order of time.
    pub milestones: Vec<Reached>,
    /// What was expected until all is restored.
    pub forecast: Forecast,
    /// What it was to show; none for a runbook that was drilled by itself.
    pub exercise: Option<Exercise>,
    /// The digest of that, as it stood before the start.
    pub fixed: Option<Digest>,
    /// The run's state, in a word or two.
    pub state: String,
    /// Whether the run has ended; what is told of one that has not is what is known so far.
    pub is_over: bool,
    /// When it was planned.
    pub planned: Timestamp,
    /// From when the recovery counts.
    pub impact: Timestamp,
    /// What happened then, `when it was broken`.
    pub since: &'static str,
    /// When the last thing happened.
    pub ended: Timestamp,
    /// Who took part.
    pub people: Vec<Person>,
    /// Who wrote entries of it, by their tokens.
    pub actors: Vec<String>,
    /// What was broken, each with who did it and when.
    pub broken: Vec<String>,
    /// What was to be met, and what was measured.
    pub objectives: Vec<Objective>,
    /// How much of it the drill proved.
    pub coverage: Coverage,
    /// The parts of the programme.
    pub parts: Vec<Part>,
    /// Where the time went.
    pub durations: Durations,
    /// Every step but those that only nest others.
    pub steps: Vec<StepResult>,
    /// What was done otherwise than as written.
    pub deviations: Vec<String>,
    /// What is left to repair.
    pub remediation: Vec<String>,
    /// What people noted.
    pub notes: Vec<(Timestamp, String)>,
    /// What the drill says nothing about.
    pub not_tested: Vec<String>,
    /// What was cleared away.
    pub cleanup: Vec<Cleanup>,
    /// Changes that stand after it.
    pub standing: Vec<String>,
    /// Planned against actual.
    pub chart: Chart,
    /// What shows that the record is whole.
    pub integrity: Integrity,
}

/// A part of a programme: one runbook.
#[derive(Clone, Debug)]
pub struct Part {
    /// The step.
    pub step: String,
    /// The runbook and its author's number.
    pub runbook: String,
    /// Where its text came from, and the digest of that text.
    pub revision: (String, Digest),
    /// How it ended.
    pub outcome: &'static str,
    /// What it took, from its beginning to its end.
    pub took: Option<Span>,
    /// What it took from its beginning to the end of the step that marks `service_restored`.
    pub restored: Option<Span>,
    /// What the runbook itself promises for that.
    pub rto: Option<Span>,
}

/// Something that was to be cleared away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cleanup {
    /// The step that does it.
    pub step: String,
    /// Whether it was done.
    pub done: bool,
    /// How many checks have passed that see whether it was; none if none was made.
    pub checks: usize,
}

/// What shows that the record is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Integrity {
    /// The log.
    pub log: LogId,
    /// How many entries it has.
    pub entries: u64,
    /// The Merkle root over all of them, in base64.
    pub root: String,
    /// The first and the last entry of the run.
    pub span: (Seq, Seq),
    /// The leaf of that last entry.
    pub head: Option<Digest>,
    /// Whether the chain was verified.
    pub chain: Chain,
}

/// Whether a log's chain was verified when the report was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chain {
    /// Every entry follows the one before it, to the last.
    Verified,
    /// Something is not right.
    Refused(String),
}

/// What is told beside an entry: texts that the log only commits to.
pub(super) type Say<'a> = &'a mut dyn FnMut(&Commitment) -> String;

impl Report {
    /// Makes the report of a run from its state and its entries, in the order of the log. `text` gives a text that is kept
    /// beside the log, if it is still there.
    pub fn of(
        state: &RunState,
        entries: &[Entry],
        integrity: Integrity,
        text: &mut dyn FnMut(&Digest) -> Option<String>,
    ) -> Self {
        let mut say =
            |commitment: &Commitment| text(&commitment.commit).unwrap_or_else(|| "(the text was removed)".to_owned());
        let plan = &state.plan;
        let outlook = Outlook::of(plan);
        let steps = results(state, &outlook, entries);
        let measured = Measured::of(state, &outlook, entries, &steps);
        let deviations = deviations(state, entries, &mut say);
        let notes = notes(entries, &mut say);
        let exercise = plan.exercise.as_deref();
        let durations = Durations::of(entries);
        let people = people(state, &mut say);
        let cleanup = cleanup(state);
        let found = Found { measured: &measured, steps: &steps, people: &people, cleanup: &cleanup };
        let remediation = remediation(state, &found, &deviations, &notes);
        let broken =
            state.prepared.iter().flat_map(|prepared| &prepared.broken).map(|broken| match (broken.by, broken.at) {
                (BrokenBy::Simulator, Some(at)) => format!("{}: by the simulator, at {at}", broken.breakage),
                (BrokenBy::Simulator, None) => format!("{}: by the simulator", broken.breakage),
                (BrokenBy::Person, _) => format!(
                    "{}: left to a person, as nothing is broken by the program in a live environment",
                    broken.breakage
                ),
            });
        Self {
            run: state.id,
            programme: plan.runbook.id.clone(),
            version: plan.runbook.version.clone(),
            title: plan.runbook.title.clone(),
            owner: plan.runbook.owner.clone(),
            revision: (plan.revision.origin.to_string(), plan.revision.text),
            plan: state.digest,
            environment: plan.place.environment.clone(),
            subscription: plan.place.subscription.clone(),
            simulated: plan.place.estate == EstateKind::Simulated,
            clock: entries.first().map_or(ClockSource::System, |entry| entry.draft.clock),
            bounds: plan.place.drill.clone(),
            touched: touched(state, entries),
            seen: seen(state),
            milestones: milestones(state, &outlook, &steps),
            forecast: outlook.until_restored().clone(),
            exercise: exercise.cloned(),
            fixed: state.prepared.as_ref().map(|prepared| prepared.exercise),
            state: crate::projection::state_word(state),
            is_over: state.is_over(),
            planned: state.began,
            impact: measured.impact,
            since: measured.since,
            ended: state.changed,
            people,
            actors: actors(entries),
            broken: broken.collect(),
            parts: parts(state, &measured),
            coverage: measured.coverage,
            objectives: measured.objectives,
            durations,
            not_tested: not_tested(state, &steps),
            cleanup,
            standing: standing(state),
            chart: Chart::of(state, &outlook, &steps, measured.impact),
            steps,
            deviations,
            remediation,
            notes,
            integrity,
        }
    }

    /// The sentence that a simulated drill bears on every page.
    pub const fn watermark(&self) -> Option<&'static str> {
        if self.simulated { Some(WATERMARK) } else { None }
    }

    /// What kind of exercise it was, in a word for a program.
    pub const fn kind(&self) -> &'static str {
        if self.simulated { "simulation" } else { "live" }
    }

    /// What was expected before the start, and how much of the objective that left to people, in a sentence.
    pub(super) fn expectation(&self) -> String {
        let Forecast { people, unknown, .. } = &self.forecast;
        let (least, people) = (self.forecast.at_least(), people.len());
        let said = format!("Expected before the start: at least {least} until all is restored");
        let open = match unknown.len() {
            0 => String::new(),
            some => format!(", and for {some} of which nobody says how long they take"),
        };
        let rto = self.objectives.iter().find(|one| one.kind == ObjectiveKind::Rto).map(|one| one.target);
        match rto {
            Some(rto) if least > rto => format!("{said}, without people's time; that is more than the RTO"),
            Some(rto) => {
                let margin = Span::from_microseconds(rto.microseconds() - least.microseconds());
                format!("{said}; the RTO leaves {margin} for what people do at {people} steps{open}")
            }
            None => format!("{said}, and what people do at {people} steps{open}"),
        }
    }

    /// Whether all that was written to was bound to the drill, in a sentence; a runbook that is drilled by itself has no
    /// bounds of its own.
    pub(super) fn isolation(&self) -> String {
        let strangers = self.touched.iter().filter(|one| !one.is_bound).count();
        match strangers {
            _ if self.touched.is_empty() => "Nothing was written to.".to_owned(),
            _ if self.bounds.is_empty() => {
                "Nothing was bound to the drill, so nothing says what it could have reached.".to_owned()
            }
            0 => "Everything that was written to was bound to the drill.".to_owned(),
            _ => format!("{strangers} of what was written to WERE NOT BOUND to the drill."),
        }
    }

    /// The clock by which its moments are told.
    pub(super) const fn clock_word(&self) -> &'static str {
        match self.clock {
            ClockSource::Simulated => "the simulated estate's",
            ClockSource::System => "the computer's, whose deviation nobody has measured",
        }
    }

    /// The sentence that the report of a run bears which has not ended.
    pub fn interim(&self) -> Option<String> {
        let so_far = || format!("INTERIM: the run is {} and has not ended; this is what is known so far.", self.state);
        (!self.is_over).then(so_far)
    }

    /// The verdict of the whole: the worst of its objectives.
    pub fn verdict(&self) -> Verdict {
        let all = self.objectives.iter().map(|objective| objective.verdict);
        all.chain(self.coverage.verdict).max().unwrap_or(Verdict::NotMeasured)
    }
}

fn parts(state: &RunState, measured: &Measured) -> Vec<Part> {
    let mut parts = Vec::new();
    for step in &state.plan.runbook.steps {
        let StepKind::Runbook(call) = &step.kind else { continue };
        let Some(nested) = state.plan.nested(&call.runbook) else { continue };
        let id = InstanceId::of(&step.id);
        let instance = state.instance(&id);
        let started = instance.and_then(|one| one.started);
        parts.push(Part {
            step: step.id.to_string(),
            runbook: format!("{} {}", nested.runbook.id, nested.runbook.version),
            revision: (nested.revision.origin.to_string(), nested.revision.text),
            outcome: instance.map_or("not reached", |one| one.phase.word()),
            took: instance.and_then(|one| Some(one.ended?.since(one.started?))),
            restored: measured.restored.get(&id).and_then(|at| Some(at.since(started?))),
            rto: nested.runbook.rto,
        });
    }
    parts
}

fn cleanup(state: &RunState) -> Vec<Cleanup> {
    let steps = state.plan.exercise.iter().flat_map(|exercise| &exercise.cleanup);
    let done = steps.map(|step| {
        let id = InstanceId::of(step);
        let prefix = format!("{id}/");
        let inside = state.instances().filter(|one| one.id == id || one.id.as_str().starts_with(&prefix));
        Cleanup {
            step: step.to_string(),
            done: state.instance(&id).is_some_and(|one| one.phase == Phase::Succeeded),
            checks: inside.map(passed).sum(),
        }
    });
    done.collect()
}

/// How many of an instance's checks passed. One that a person has overridden did not.
fn passed(instance: &Instance) -> usize {
    instance.verdicts.values().filter(|verdict| matches!(verdict, effect::Verdict::Pass { .. })).count()
}

/// The changes that stand after the run, in the order of the graph.
fn standing(state: &RunState) -> Vec<String> {
    let stands = |id: InstanceId| {
        let action = state.instance(&id).and_then(|one| one.last()).map(|attempt| attempt.intent.action.clone());
        format!("{id} ({})", action.unwrap_or_default())
    };
    state.standing().into_iter().map(stands).collect()
}
