use super::details::details;
use super::{Answer, Choice, Entry, Fact, FormField, Need, Question, Reason};
use crate::base::{StepId, Timestamp};
use crate::effect::{self, ProbeVerdict, Risk, Type};
use crate::run::{
    self, Awaiting, Group, Instance, Phase, RunPhase, RunState, Standing, Undo, undoable, undoable_in_doubt, way_back,
};
use crate::runbook::{FieldKind, Leads, ManualField, OnFailure, Step, StepKind, Template};

/// Everything that waits for a person: what is in doubt first, then the rest in the order of the graph.
pub(super) fn needs(state: &RunState, now: Timestamp) -> Vec<Need> {
    let over = state.is_over();
    if matches!(state.phase, RunPhase::Planned | RunPhase::Aborting) {
        return Vec::new();
    }
    let (mut doubts, mut others) = (Vec::new(), Vec::new());
    for group in state.groups() {
        let Some(step) = state.step(group) else { continue };
        let place = Place { state, step, group, now };
        for instance in &group.instances {
            if instance.is_doubted() && (over || instance.phase == Phase::InDoubt) {
                doubts.extend(place.doubt(instance));
            } else if !over && is_asked(state, instance) {
                others.extend(place.need(instance));
            }
        }
    }
    doubts.append(&mut others);
    // A group asks once for all of its items.
    doubts.dedup_by(|later, earlier| later.step == earlier.step);
    doubts
}

/// Whether an instance may ask anything as the run stands: while it is rolled back, only what is undone may,
/// and a doubt that bars it; while it is aborted, and afterwards, nothing.
pub(super) fn is_asked(state: &RunState, instance: &Instance) -> bool {
    let ends = state.is_over() || state.phase == RunPhase::Aborting;
    let is_of_rollback = || instance.id.is_undo() || run::bars_the_way_back(state, instance);
    !ends && (!state.is_rolling_back() || is_of_rollback())
}

/// An instance's surroundings.
#[derive(Clone, Copy)]
struct Place<'a> {
    state: &'a RunState,
    step: &'a Step,
    group: &'a Group,
    now: Timestamp,
}

impl Place<'_> {
    fn need(self, instance: &Instance) -> Option<Need> {
        match instance.phase {
            Phase::Awaiting(Awaiting::Confirmation) => self.consent(instance),
            Phase::Awaiting(Awaiting::Person) => self.person(instance),
            Phase::Failed if !instance.is_settled(self.step) && instance.undo != Undo::Underway => {
                Some(self.failure(instance))
            }
            _ => None,
        }
    }

    fn facts(self, instance: &Instance) -> Vec<Fact> {
        details(self.state, self.step, self.group, Some(instance), self.now)
    }

    fn ask(self, instance: &Instance, question: Question, facts: Vec<Fact>) -> Need {
        let (step, title) = (instance.id.clone(), self.step.title.clone());
        Need { step, title, facts, question, headless: None, drifted: false }
    }

    fn consent(self, instance: &Instance) -> Option<Need> {
        let asked = self.group.asked.as_ref()?;
        let facts = if self.step.for_each.is_some() { self.group_facts() } else { self.facts(instance) };
        let question = if asked.risk >= Risk::Destructive {
            Question::ReadBack { digest: asked.digest, risk: asked.risk, expected: asked.read_back.clone() }
        } else {
            Question::Acknowledge { digest: asked.digest }
        };
        let need = self.ask(instance, question, facts);
        Some(Need { step: self.group.id.clone(), drifted: self.group.drifted.is_some(), ..need })
    }

    fn person(self, instance: &Instance) -> Option<Need> {
        let outputs = self.state.outputs_near(&instance.id);
        let names = self.state.names(&outputs, instance);
        let text = |template: &Template| {
            template.evaluate(&names).map_or_else(|_| template.source().to_owned(), |text| text.to_string())
        };
        // What a person is asked to do or to decide stands in the question itself.
        let mut facts = self.facts(instance);
        facts.retain(|fact| fact.label != "Does");
        match &self.step.kind {
            StepKind::Gate { question, choices, headless } => {
                let choice = |choice: &crate::runbook::Choice| {
                    let label = match &choice.leads {
                        Leads::On => choice.name.clone(),
                        Leads::To(steps) => {
                            let steps: Vec<_> = steps.iter().map(StepId::as_str).collect();
                            format!("{} (goes on with {})", choice.name, steps.join(", "))
                        }
                        Leads::End => format!("{} (ends the run)", choice.name),
                    };
                    Choice::new(Answer::Decide(choice.name.clone()), label)
                };
                let choices = choices.iter().map(choice).collect();
                let question = Question::Choose { question: text(question), choices };
                Some(Need { headless: headless.clone(), ..self.ask(instance, question, facts) })
            }
            StepKind::Manual { instruction, fields } => {
                let form = fields.iter().map(|field| form_field(field, &text)).collect();
                let done = Choice { form, ..Choice::new(Answer::Decide("done".into()), "It is done") };
                let choices = vec![done, skip(Answer::Skip, "Leave it out")];
                Some(self.ask(instance, Question::Choose { question: text(instruction), choices }, facts))
            }
            _ => None,
        }
    }

    fn failure(self, instance: &Instance) -> Need {
        let label = if instance.is_doubted() {
            "Probe again; nothing is sent"
        } else if instance.happened() {
            "Check again (the effect itself happened and is not sent again)"
        } else {
            "Try again, after a new look and a new consent"
        };
        let mut choices = vec![Choice::new(Answer::Retry, label)];
        if let (true, Ok(way)) = (instance.stands(), undoable(self.state, instance, self.now)) {
            let undo = Choice::new(Answer::Undo, format!("Undo it now: {}", way.entries.join(", ")));
            // The author's wish stands first.
            let at = usize::from(self.step.on_failure != OnFailure::Undo);
            choices.insert(at, undo);
        }
        if !instance.is_doubted() && !matches!(self.step.kind, StepKind::Manual { .. } | StepKind::Runbook(_)) {
            let form = outputs_form(self.step);
            choices.push(Choice { form, ..skip(Answer::Override, "Count it as succeeded (a deviation)") });
        }
        if instance.can_be_left() {
            choices.push(skip(Answer::Skip, "Leave it out (a deviation)"));
        }
        choices.extend(self.ends());
        let why = instance.why.clone().unwrap_or_default();
        let question = Question::Choose { question: format!("`{}` has failed: {why}", instance.id), choices };
        self.ask(instance, question, self.facts(instance))
    }

    /// The ways to end the run.
    fn ends(self) -> Vec<Choice> {
        let typed = |answer, label: String| Choice { read_back: Some("abort".into()), ..Choice::new(answer, label) };
        let mut ends = vec![typed(Answer::Abort, "Abort the run".into())];
        let undone = way_back(self.state, self.now).undone;
        if !undone.is_empty() && !self.state.is_rolling_back() {
            let steps: Vec<_> = undone.iter().map(|one| one.step.as_str()).collect();
            ends.push(typed(Answer::RollBack, format!("Abort the run and undo {}", steps.join(", "))));
        }
        ends
    }

    fn group_facts(self) -> Vec<Fact> {
        let mut facts = details(self.state, self.step, self.group, None, self.now);
        facts.retain(|fact| fact.label != "Sends" && fact.label != "Before");
        let asked = Phase::Awaiting(Awaiting::Confirmation);
        for instance in self.group.instances.iter().filter(|instance| instance.phase == asked) {
            let key = instance.id.key().unwrap_or_default();
            for fact in self.facts(instance).into_iter().filter(|fact| fact.label == "Sends" || fact.label == "Before")
            {
                facts.push(Fact::new(&fact.label, format!("{key}\n{}", fact.text)));
            }
        }
        facts
    }

    /// What is asked about an effect in doubt, once its probe has spoken. Until then there is nothing to decide, and
    /// nothing is hidden: the board shows the doubt.
    fn doubt(self, instance: &Instance) -> Option<Need> {
        let Standing::InDoubt { probed: Some(probed), .. } = &instance.last()?.standing else { return None };
        let mut facts = self.facts(instance);
        facts.push(Fact::new("Seen now", seen(probed)));
        let question = Question::Choose { question: "Did it happen?".into(), choices: self.doubt_choices(instance) };
        Some(self.ask(instance, question, facts))
    }

    fn doubt_choices(self, instance: &Instance) -> Vec<Choice> {
        let over = self.state.is_over();
        let mut choices = vec![Choice::new(Answer::ProbeAgain, "Probe again (recommended)")];
        let label = if over { "It happened" } else { "It happened: go on with what is observed" };
        let form = if over { Vec::new() } else { outputs_form(self.step) };
        choices.push(Choice { form, reason: Reason::Optional, ..Choice::new(Answer::Adopt, label) });
        let label =
            if over { "It did not happen" } else { "It did not: ask for consent anew, then send it as a new attempt" };
        let read_back = run::read_back_of(self.state, &instance.id);
        choices.push(Choice { read_back, reason: Reason::Optional, ..Choice::new(Answer::SendAgain, label) });
        if !over {
            let label = "Whatever became of it, it has been done by hand (a deviation)";
            let form = outputs_form(self.step);
            choices.push(Choice { form, ..skip(Answer::ByHand, label) });
            if let Ok(way) = undoable_in_doubt(self.state, instance, self.now) {
                let label = format!("Whatever became of it, undo it: {}", way.entries.join(", "));
                choices.push(Choice::new(Answer::Undo, label));
            }
            choices.push(Choice::new(Answer::GiveUp, "Give up: the step counts as failed, and the doubt stays"));
        }
        choices
    }
}

/// A choice that is a deviation, and so asks for a reason.
fn skip(answer: Answer, label: &str) -> Choice {
    Choice { reason: Reason::Required, ..Choice::new(answer, label) }
}

fn seen(probed: &ProbeVerdict) -> &str {
    match probed {
        ProbeVerdict::Happened { seen, .. } | ProbeVerdict::DidNot { seen } | ProbeVerdict::Unknown { seen } => seen,
    }
}

/// A manual step's field as a person fills it in.
fn form_field(field: &ManualField, text: &dyn Fn(&Template) -> String) -> FormField {
    let (wanted, choices, entry) = match &field.kind {
        FieldKind::String { pattern: Some(pattern) } => (format!("text like {pattern}"), Vec::new(), Entry::Typed),
        FieldKind::String { pattern: None } => ("text".to_owned(), Vec::new(), Entry::Typed),
        FieldKind::Number { .. } => ("a number".to_owned(), Vec::new(), Entry::Typed),
        FieldKind::Choice { choices } => (format!("one of {}", choices.join(", ")), choices.clone(), Entry::Typed),
        FieldKind::Date => ("a day, as 2026-03-01".to_owned(), Vec::new(), Entry::Typed),
        FieldKind::Timestamp => ("a moment, as 2026-03-01T03:10:00Z".to_owned(), Vec::new(), Entry::Typed),
        FieldKind::Secret => ("where the secret is, as env:NAME".to_owned(), Vec::new(), Entry::Secret),
        FieldKind::Evidence => ("the path of a file".to_owned(), Vec::new(), Entry::File),
    };
    FormField {
        name: field.name.clone(),
        description: field.description.clone().unwrap_or_default(),
        wanted,
        choices,
        default: field.default.as_ref().map(text),
        headless: field.headless.as_ref().map(text),
        entry,
    }
}

/// What a person may say that a step has given; what cannot be typed is left out.
pub(super) fn outputs_form(step: &Step) -> Vec<FormField> {
    let row = step.kind.call().and_then(|call| effect::find(&call.action));
    let outputs = row.map(|row| row.outputs).unwrap_or_default().iter();
    let typed = outputs.filter(|output| !matches!(output.kind, Type::Record | Type::Secret | Type::Target(_)));
    typed
        .map(|output| FormField {
            name: output.name.to_owned(),
            description: output.summary.to_owned(),
            wanted: output.kind.to_string(),
            choices: Vec::new(),
            default: None,
            headless: None,
            entry: Entry::Optional,
        })
        .collect()
}
