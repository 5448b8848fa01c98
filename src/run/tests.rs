//! Stories of the state machine, told with a scripted hand: no journal, no runtime, a clock that the story moves.

mod branches;
mod drilling;
mod nesting;
mod parallel;
mod people;
mod property;
mod rehearsal;
mod retrying;
mod simulation;
mod story;
mod transitions;
mod undoing;

use std::collections::BTreeMap;

use uuid::Uuid;

use super::*;
use crate::base::{AttemptId, Commitment, Digest, InstanceId, LogId, RunId, Span, StepId, Timestamp, Value};
use crate::effect::{Failure, Field, Handle, HandleKind, Meaning, ProbeVerdict, TargetKind, Verdict};
use crate::plan::{Input as Given, Mode, Origin, Place, Plan, Revision};
use crate::runbook::{
    Argument, CallSpec, CheckSpec, Choice, EstateKind, ForEach, Items, Leads, Parameter, ParameterType, Runbook, Step,
    StepKind, Template, Until,
};

/// A run, the events that made it, and the time.
struct Story {
    state: RunState,
    events: Vec<(Timestamp, Event)>,
    now: Timestamp,
    attempts: u128,
}

impl Story {
    /// Plans and takes a run of these steps.
    fn of(steps: Vec<Step>) -> Self {
        // One step after the other, as they stand, unless a step says what it needs.
        let mut steps = steps;
        for at in 1..steps.len() {
            if steps[at].needs.is_empty() {
                steps[at].needs = vec![steps[at - 1].id.clone()];
            }
        }
        Self::planned(plan(steps))
    }

    fn planned(plan: Plan) -> Self {
        let digest = plan.digest().unwrap();
        let now: Timestamp = "2026-11-20T03:10:00Z".parse().unwrap();
        let event = Event::Planned { plan: Box::new(plan), digest };
        let state = RunState::begin(LogId::new(Uuid::nil()), RunId::new(Uuid::nil()), now, &event).unwrap();
        let mut story = Self { state, events: vec![(now, event)], now, attempts: 0 };
        story.give(&Input::Take { pid: 1 });
        story
    }

    /// Plans and takes a run of these steps, each of which needs only what it says.
    fn graph(steps: Vec<Step>) -> Self {
        Self::planned(plan(steps))
    }

    /// Gives an input and lets the run go on by itself; the kinds of the events that came of it.
    fn give(&mut self, input: &Input) -> Vec<&'static str> {
        self.try_give(input).unwrap_or_else(|refusal| panic!("{input:?} was refused: {refusal}"))
    }

    fn try_give(&mut self, input: &Input) -> Result<Vec<&'static str>, Refusal> {
        let mut kinds = self.apply(input)?;
        while !self.state.is_over() {
            let more = self.apply(&Input::Proceed)?;
            if more.is_empty() {
                break;
            }
            kinds.extend(more);
        }
        Ok(kinds)
    }

    fn apply(&mut self, input: &Input) -> Result<Vec<&'static str>, Refusal> {
        let events = decide(&self.state, input, self.now)?;
        for event in &events {
            let before = self.state.clone();
            self.state = before.evolve(self.now, event).unwrap_or_else(|illegal| panic!("{input:?}: {illegal}"));
            self.events.push((self.now, event.clone()));
        }
        Ok(events.iter().map(Event::kind).collect())
    }

    fn later(&mut self, span: Span) {
        self.now = self.now.after(span);
    }

    fn attempt(&mut self) -> AttemptId {
        self.attempts += 1;
        AttemptId::new(Uuid::from_u128(self.attempts))
    }

    /// Observes, and consents as a careful person would.
    fn consent(&mut self, step: &str, fields: &[Field]) {
        let owed = owed(&self.state);
        let of_step = |command: &Command| match command {
            Command::Observe { step: group, calls } if group.as_str() == step => Some((group.clone(), calls.clone())),
            _ => None,
        };
        let Some((group, calls)) = owed.iter().find_map(of_step) else {
            panic!("`{step}` is not owed an observation: {owed:?}");
        };
        let seen = calls.into_iter().map(|(id, _)| (id, fields.to_vec())).collect();
        self.give(&Input::Observed { step: group.clone(), seen: Ok(seen) });
        let asked = self.state.group_of(&group).and_then(|group| group.asked.clone()).expect("consent is asked for");
        let typed = Some(asked.read_back.clone());
        self.give(&Input::Consent { step: group, digest: asked.digest, typed, how: ConsentBy::ReadBack });
    }

    /// Consents and writes the intent.
    fn intend(&mut self, step: &str, fields: &[Field]) -> AttemptId {
        self.consent(step, fields);
        self.begin(step, fields)
    }

    fn begin(&mut self, step: &str, fields: &[Field]) -> AttemptId {
        let attempt = self.attempt();
        let kinds = self.give(&Input::Begin { step: step.into(), attempt, seen: Ok(fields.to_vec()) });
        assert_eq!(kinds.first(), Some(&"effect.intent"), "{kinds:?}");
        attempt
    }

    /// Does an effect: consent, intent, and the answer that it happened.
    fn does(&mut self, step: &str) -> Vec<&'static str> {
        let attempt = self.intend(step, &looks("v1"));
        self.give(&Input::Answered { attempt, meaning: happened() })
    }

    /// Sends an effect that comes to a bad end.
    fn fails(&mut self, step: &str, meaning: Meaning) -> Vec<&'static str> {
        let attempt = self.intend(step, &looks("v1"));
        self.give(&Input::Answered { attempt, meaning })
    }

    fn decides(&mut self, step: &str, choice: &str) -> Vec<&'static str> {
        self.give(&Input::Decide { step: step.into(), choice: choice.into(), fields: None, how: ConsentBy::Enter })
    }

    fn aborts(&mut self, undo: bool) -> Vec<&'static str> {
        self.give(&Input::Abort { reason: None, undo })
    }

    fn skips(&mut self, step: &str) -> Vec<&'static str> {
        self.give(&Input::Skip { step: step.into(), reason: reason() })
    }

    fn refuses(&mut self, input: &Input) -> String {
        self.try_give(input).expect_err("it must be refused").to_string()
    }

    fn why(&self, id: &str) -> String {
        self.state.instance(&id.into()).and_then(|instance| instance.why.clone()).unwrap_or_default()
    }

    /// What is owed, each by a word and the name of what it is about.
    fn owes(&self) -> Vec<String> {
        let word = |command: Command| match command {
            Command::Observe { step, .. } => format!("observe {step}"),
            Command::Begin { step, .. } => format!("begin {step}"),
            Command::Send { .. } => "send".to_owned(),
            Command::Poll { .. } => "poll".to_owned(),
            Command::Probe { .. } => "probe".to_owned(),
            Command::Read { step, .. } => format!("read {step}"),
            Command::Look { step, index, .. } => format!("look {step} {index}"),
            Command::Wait { step, .. } => format!("wait {step}"),
        };
        owed(&self.state).into_iter().map(word).collect()
    }

    fn phase(&self, id: &str) -> Phase {
        self.state.instance(&InstanceId::from(id)).expect("the instance exists").phase
    }

    fn crash_and_take_again(&mut self) {
        // What the next process knows is what the events say.
        self.state = fold(&self.events);
        self.give(&Input::Take { pid: 2 });
        // A resume lets a paused run go on.
        let _ = self.try_give(&Input::Continue);
    }
}

fn fold(events: &[(Timestamp, Event)]) -> RunState {
    let (at, first) = &events[0];
    let state = RunState::begin(LogId::new(Uuid::nil()), RunId::new(Uuid::nil()), *at, first).unwrap();
    events[1..].iter().fold(state, |state, (at, event)| state.evolve(*at, event).unwrap())
}

/// What a nested runbook takes: the same as the outer one has, by default, and the name of a secret.
fn parameters() -> Vec<Parameter> {
    let text = ParameterType::String { pattern: None, choices: vec![], length: None };
    let kind = |name: &str| match name {
        "app" => ParameterType::Target { of: TargetKind::Webapp },
        "vault" => ParameterType::Target { of: TargetKind::Keyvault },
        "names" => ParameterType::List { of: Box::new(text.clone()), length: None },
        "secret" => text.clone(),
        _ => ParameterType::Boolean,
    };
    let mut inputs = plan(Vec::new()).inputs;
    inputs.push(Given { name: "wanted".into(), value: Value::Boolean(true) });
    inputs.push(Given { name: "secret".into(), value: Value::text("one") });
    let parameter = |Given { name, value }: Given| Parameter {
        kind: kind(&name),
        name,
        description: None,
        default: Some(value),
        default_from: None,
    };
    inputs.into_iter().map(parameter).collect()
}

fn plan(steps: Vec<Step>) -> Plan {
    let target = |name: &str, id: &str, url: &str| {
        Value::record([("name", Value::text(name)), ("id", Value::text(id)), ("url", Value::text(url))])
    };
    let sites = "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/rg/providers/Microsoft.Web/sites";
    let vaults =
        "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/rg/providers/Microsoft.KeyVault/vaults";
    Plan {
        runbook: Runbook {
            id: "story".into(),
            format: 1,
            version: "1.0.0".into(),
            title: "A story".into(),
            sop: None,
            owner: None,
            use_when: vec![],
            not_when: vec![],
            parameters: vec![],
            rto: None,
            rpo: None,
            outputs: vec![],
            steps,
        },
        revision: Revision { text: Digest::of("text-v1", b""), origin: Origin::File },
        inputs: vec![
            Given {
                name: "app".into(),
                value: target("web", &format!("{sites}/web/slots/staging"), "https://web.azurewebsites.net"),
            },
            Given { name: "vault".into(), value: target("kv", &format!("{vaults}/kv"), "https://kv.vault.azure.net") },
            Given { name: "full".into(), value: Value::Boolean(false) },
            Given { name: "names".into(), value: Value::List(vec![Value::text("one"), Value::text("two")]) },
        ],
        place: Place {
            environment: "sim".into(),
            estate: EstateKind::Simulated,
            tenant: "t".into(),
            subscription: "s".into(),
            protected: false,
            drill: [format!("{sites}/web"), format!("{sites}/web/slots/staging"), format!("{vaults}/kv")]
                .map(|id| id.to_ascii_lowercase())
                .into(),
        },
        mode: Mode::Live,
        nested: vec![],
        resources: None,
        exercise: None,
    }
}

fn step(id: &str, kind: StepKind) -> Step {
    Step::new(StepId::new(id), id, kind)
}

fn call(action: &str, with: &[(&str, &str)]) -> CallSpec {
    let text = |text: &str| Argument::Template { text: Template::parse(text).unwrap() };
    let with: BTreeMap<_, _> = with.iter().map(|(name, value)| ((*name).to_owned(), text(value))).collect();
    CallSpec { action: action.into(), with }
}

fn swap() -> Step {
    step("swap", StepKind::Action(call("webapp.slot.swap", &[("app", "${{ inputs.app }}")])))
}

fn set() -> Step {
    let mut call = call("keyvault.secret.set", &[("vault", "${{ inputs.vault }}"), ("name", "session")]);
    call.with.insert("value".into(), Argument::Generate { bytes: 32, encoding: crate::base::Encoding::Base64url });
    step("set", StepKind::Action(call))
}

fn set_each() -> Step {
    let mut each = set();
    each.for_each = Some(crate::runbook::ForEach::of(crate::runbook::Expression::parse("inputs.names").unwrap()));
    if let StepKind::Action(call) = &mut each.kind {
        call.with.insert("name".into(), Argument::Template { text: Template::parse("${{ item }}").unwrap() });
    }
    each
}

/// A change of a secret of its own.
fn set_of(id: &str, name: &str) -> Step {
    let mut set = Step { id: StepId::new(id), ..set() };
    if let StepKind::Action(call) = &mut set.kind {
        call.with.insert("name".into(), Argument::Template { text: Template::parse(name).unwrap() });
    }
    set
}

fn needing(step: Step, needs: &[&str]) -> Step {
    Step { needs: needs.iter().map(|need| StepId::new(*need)).collect(), ..step }
}

fn ready(id: &str) -> Step {
    step(id, StepKind::Check(ready_check(None)))
}

fn looked(step: &str, verdict: Verdict) -> Input {
    Input::Looked { step: step.into(), index: 0, verdict, outputs: None }
}

/// A gate whose choices lead to these steps.
fn gate_to(ways: &[(&str, &[&str])]) -> Step {
    let mut gate = gate();
    if let StepKind::Gate { choices, .. } = &mut gate.kind {
        let to = |targets: &[&str]| Leads::To(targets.iter().map(|target| StepId::new(*target)).collect());
        *choices = ways.iter().map(|(name, targets)| Choice { name: (*name).into(), leads: to(targets) }).collect();
    }
    gate
}

fn each_of(items: &[&str], max_parallel: u32) -> ForEach {
    let list = Items::Values(items.iter().map(|item| Value::text(*item)).collect());
    ForEach { max_parallel, ..ForEach::of(list) }
}

fn reason() -> Commitment {
    Commitment::to_text("because", &[7; 32])
}

fn ready_check(until: Option<Until>) -> CheckSpec {
    CheckSpec { call: call("http.get", &[("url", "https://web.azurewebsites.net/health/ready")]), until }
}

fn wait() -> Step {
    step("soak", StepKind::Wait { span: Span::seconds(86_400) })
}

fn gate() -> Step {
    let question = Template::parse("Is it the release?").unwrap();
    step(
        "gate",
        StepKind::Gate {
            question,
            choices: crate::runbook::Choice::of_words(["yes".into(), "no".into()]),
            headless: None,
        },
    )
}

fn looks(value: &str) -> Vec<Field> {
    vec![Field::new("newest version", value)]
}

fn handle() -> Handle {
    Handle { url: "https://management.azure.com/operations/1".into(), kind: HandleKind::Location }
}

fn happened() -> Meaning {
    Meaning::Happened { outputs: Value::record([("version", Value::text("v2"))]) }
}

fn lost() -> Meaning {
    Meaning::InDoubt { why: "connection reset before an answer".into() }
}

fn refused() -> Meaning {
    Meaning::Failed(Failure::new("Forbidden", "no"))
}

fn did_not() -> ProbeVerdict {
    ProbeVerdict::DidNot { seen: "no trace".into() }
}

fn pass() -> Verdict {
    Verdict::Pass { seen: "status 200".into() }
}

fn fail() -> Verdict {
    Verdict::Fail { seen: "status 503".into() }
}
