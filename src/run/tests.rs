//! Stories of the state machine, told with a scripted hand: no journal, no runtime, a clock that the story moves.

mod property;
mod story;

use std::collections::BTreeMap;

use uuid::Uuid;

use super::*;
use crate::base::{AttemptId, Digest, InstanceId, LogId, RunId, Span, StepId, Timestamp, Value};
use crate::effect::{Failure, Field, Handle, HandleKind, Meaning, ProbeVerdict, Verdict};
use crate::plan::{Input as Given, Mode, Origin, Place, Plan, Revision};
use crate::runbook::{Argument, CallSpec, CheckSpec, EstateKind, Runbook, Step, StepKind, Template, Until};

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
        let Some(Command::Observe { step: group, calls }) = owed(&self.state).pop() else {
            panic!("`{step}` is not owed an observation: {:?}", owed(&self.state));
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

/// The first instance that has not ended well.
fn first_open(state: &RunState) -> Option<&Instance> {
    state.instances().find(|instance| !matches!(instance.phase, Phase::Succeeded | Phase::Skipped))
}

fn fold(events: &[(Timestamp, Event)]) -> RunState {
    let (at, first) = &events[0];
    let state = RunState::begin(LogId::new(Uuid::nil()), RunId::new(Uuid::nil()), *at, first).unwrap();
    events[1..].iter().fold(state, |state, (at, event)| state.evolve(*at, event).unwrap())
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
        },
        mode: Mode::Live,
        nested: vec![],
        resources: None,
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
