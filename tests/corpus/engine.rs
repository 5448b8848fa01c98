//! One entry of every kind that came with the engine: branches, undo, people's words, and what goes by itself.

use callout::base::{InstanceId, Span, Value};
use callout::effect::{Failure, ProbeVerdict};
use callout::journal::{Entry, Fact, Head, Line, LogEvent, StoreKind};
use callout::plan::Input;
use callout::run::{Adhoc, Event, ReconciledBy, Request, Resolution, RunEnd, StepEnd};

use super::examples::{any_value, attempt, commitment, draft, log, moment, planned};

/// The facts in an order that a run could have written them in, entry 0 first.
pub(crate) fn facts() -> Vec<Fact> {
    let mut facts = vec![Fact::Log(LogEvent::Created { estate: StoreKind::Simulated }), Fact::Run(planned())];
    facts.extend(run_events().into_iter().chain(step_events()).chain(effect_events()).map(Fact::Run));
    facts.extend(requests().into_iter().map(Fact::Request));
    facts
}

/// All of [`facts`] in their places, with their lines.
pub(crate) fn entries() -> Vec<(Entry, Line)> {
    let mut head = Head::of_new(log());
    (0..).zip(facts()).map(|(number, fact)| head.place(&draft(number, fact)).unwrap()).collect()
}

fn adhoc(exit: Option<i32>, output: Option<&str>) -> Adhoc {
    let command = ["az", "webapp", "show", "--name", "chatbot web"].map(str::to_owned).to_vec();
    Adhoc { command, exit, took: Span::seconds(3), output: output.map(commitment) }
}

fn run_events() -> Vec<Event> {
    let mut events = vec![
        Event::Aborting { reason: Some(commitment("wrong vault")), undo: true },
        Event::RollingBack { steps: vec!["refresh[chatbot-web]".into(), "outer[a]/new-version".into()] },
        Event::Adhoc(adhoc(Some(0), Some("Running\n"))),
        Event::Adhoc(adhoc(None, None)),
        Event::Declined { why: "`soak` is over".into() },
    ];
    for end in [RunEnd::SucceededWithDeviations, RunEnd::RolledBack] {
        events.push(Event::Finished { end, in_doubt: Vec::new(), standing: Vec::new() });
    }
    events
}

fn step_events() -> Vec<Event> {
    let step = || InstanceId::from("outer[chatbot-kv]/new-version~undo/2[chatbot-web]");
    let inputs = vec![Input { name: "vault".into(), value: any_value() }];
    let mut events = vec![
        Event::Entered { step: "outer[chatbot-kv]".into(), inputs },
        Event::BackingOff { step: step(), until: moment(), why: None },
        Event::BackingOff { step: step(), until: moment(), why: Some("the service answered 429".into()) },
        Event::Due { step: step() },
        Event::Overdue { step: step() },
        Event::Skipped { step: step(), reason: commitment("done already") },
        Event::Overridden { step: step(), reason: commitment("seen by eye"), outputs: None },
        Event::Overridden { step: step(), reason: commitment("seen by eye"), outputs: Some(any_value()) },
        Event::Undoing { step: "new-version".into(), doubted: None },
        Event::Undone { step: "new-version".into(), partly: false },
        Event::Undone { step: "new-version".into(), partly: true },
    ];
    for end in [StepEnd::PassedBy, StepEnd::Assumed] {
        events.push(Event::StepFinished { step: step(), end, why: Some("why".into()), outputs: None });
    }
    events
}

fn effect_events() -> Vec<Event> {
    let (step, attempt) = (|| InstanceId::from("new-version"), attempt(1));
    let seen = || "a person says so".to_owned();
    let failure =
        Failure { status: Some(429), retry_after: Some(Span::seconds(7)), ..Failure::new("Slow", "slow down") };
    let happened = ProbeVerdict::Happened { outputs: any_value(), seen: seen() };
    let did_not = ProbeVerdict::DidNot { seen: seen() };
    let words =
        [(ReconciledBy::ByHand, happened), (ReconciledBy::Undo, did_not.clone()), (ReconciledBy::Person, did_not)];
    let spoken = words.map(|(by, verdict)| Event::Reconciled {
        step: step(),
        attempt,
        by,
        verdict,
        open: false,
        reason: Some(commitment("the portal shows it")),
    });
    [Event::Failed { step: step(), attempt, failure }].into_iter().chain(spoken).collect()
}

fn requests() -> Vec<Request> {
    let step = || InstanceId::from("outer/inner");
    let reason = || commitment("why");
    let outputs = Some(Value::record([("version", Value::text("0a1b"))]));
    let mut requests = vec![
        Request::Abort { reason: None, undo: true },
        Request::Decide { step: step(), choice: "done".into(), fields: outputs.clone() },
        Request::Decide { step: step(), choice: "yes".into(), fields: None },
        Request::Skip { step: step(), reason: reason() },
        Request::Override { step: step(), reason: reason(), outputs: outputs.clone() },
        Request::Override { step: step(), reason: reason(), outputs: None },
        Request::Retry { step: step() },
        Request::Undo { step: step() },
        Request::Adhoc(adhoc(Some(1), Some("not found"))),
    ];
    let words = [
        Resolution::Adopt { outputs: outputs.clone(), reason: Some(reason()) },
        Resolution::Adopt { outputs: None, reason: None },
        Resolution::DidNot { typed: Some("chatbot-web".into()), reason: None },
        Resolution::ByHand { outputs, reason: reason() },
        Resolution::Undo { reason: None },
        Resolution::GiveUp,
    ];
    requests.extend(words.map(|word| Request::Resolve { step: step(), attempt: None, word }));
    let seen = Resolution::Adopt { outputs: None, reason: None };
    requests.push(Request::Resolve { step: step(), attempt: Some(super::examples::attempt(1)), word: seen });
    requests
}
