//! One entry of every kind, and of every shape that a kind can take. A new variant of an event does not compile here
//! until it has a name in [`run_kind`] and its fellows, and the tests fail until it has an example.

use callout::base::{
    AttemptId, ClockSource, Commitment, Digest, Encoding, EntryId, HostClock, HostId, InstanceId, LogId, RunId,
    SecretRef, Seq, Span, StepId, Timestamp, Uptime, Value,
};
use callout::effect::{Class, Failure, Field, Handle, HandleKind, ProbeVerdict, Risk, TargetKind, Verdict};
use callout::incident;
use callout::journal::{
    Actor, Authn, Channel, Draft, Entry, Fact, Head, Line, LogEvent, Reference, Relation, StoreKind, Tool, Writer,
};
use callout::plan::{Input, Item, Mode, Origin, Place, Plan, Revision};
use callout::run::{
    Consent, ConsentBy, EffectConsent, Event, Intent, PauseReason, ReconciledBy, Request, RunEnd, StepEnd,
};
use callout::runbook::{
    Argument, CallSpec, CheckSpec, Choice, EstateKind, Expression, ForEach, Parameter, ParameterType, Runbook, Step,
    StepKind, Template, UndoStep, Until,
};
use uuid::Uuid;

/// The number-th id of an imagined host.
pub(crate) fn uuid(number: u32) -> Uuid {
    Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0000 | u128::from(number))
}

pub(crate) fn log() -> LogId {
    LogId::new(uuid(1))
}

pub(crate) fn run() -> RunId {
    RunId::new(uuid(2))
}

pub(crate) fn attempt(number: u32) -> AttemptId {
    AttemptId::new(uuid(0xa000 + number))
}

pub(crate) fn moment() -> Timestamp {
    "2026-11-20T03:10:00.123456Z".parse().unwrap()
}

/// The program that wrote the corpus; not the one of today, whose version changes.
pub(crate) fn tool() -> Tool {
    Tool { name: "callout".into(), version: "0.1.0".into(), digest: None }
}

/// A draft of the run, with the number-th id.
pub(crate) fn draft(number: u32, fact: Fact) -> Draft {
    let is_log = matches!(fact, Fact::Log(_));
    Draft {
        id: EntryId::new(uuid(0xe000 + number)),
        recorded_at: moment().after(Span::seconds(number)),
        host_clock: HostClock::default(),
        occurred_at: moment().after(Span::seconds(number)),
        clock: if is_log { ClockSource::System } else { ClockSource::Simulated },
        run: (!is_log).then(run),
        fence: matches!(fact, Fact::Run(_)).then_some(1),
        actor: Actor { authn: Authn::None, tenant: None, object: None, os_user: Some(1000) },
        writer: Writer { host: None, tool: tool() },
        channel: Channel::Cli,
        refs: Vec::new(),
        fact,
    }
}

/// The facts in an order that a run could have written them in, entry 0 first.
pub(crate) fn facts() -> Vec<Fact> {
    let mut facts = vec![Fact::Log(LogEvent::Created { estate: StoreKind::Simulated })];
    facts.extend(events().into_iter().map(Fact::Run));
    facts.push(Fact::Incident(incident::Event::Noted { text: commitment("the pager says: \"no tokens\"\n") }));
    let requests = [
        Request::Pause {},
        Request::Continue {},
        Request::Abort { reason: None, undo: false },
        Request::Abort { reason: Some(commitment("wrong vault")), undo: false },
    ];
    facts.extend(requests.map(Fact::Request));
    facts.push(Fact::Log(LogEvent::Exported { format: "bundle".into(), entries: 40 }));
    facts
}

/// All of [`facts`] in their places, with their lines.
pub(crate) fn entries() -> Vec<(Entry, Line)> {
    let mut head = Head::of_new(log());
    let drafts = (0..).zip(facts()).map(|(number, fact)| draft(number, fact));
    let mut drafts: Vec<Draft> = drafts.collect();
    // Every way to be known, and to come in.
    let signed_in =
        |authn| Actor { authn, tenant: Some(uuid(7).to_string()), object: Some(uuid(8).to_string()), os_user: None };
    drafts[1].actor = signed_in(Authn::Cli);
    drafts[2].actor = signed_in(Authn::Simulated);
    drafts[1].channel = Channel::Tui;
    drafts[2].channel = Channel::Headless;
    drafts[3].clock = ClockSource::System;
    drafts.iter().map(|draft| head.place(draft).unwrap()).collect()
}

/// What a later program of the same format says beside that: entries that tell of clock, computer, program and relations,
/// all of it or a part.
pub(crate) fn told_more() -> Vec<(Entry, Line)> {
    let reference = |seq, rel| Reference { log: log(), seq: Seq(seq), rel };
    let mono_ns = |nanoseconds| Some(Uptime::from_nanoseconds(nanoseconds));
    let boot = Some(uuid(0xb0));
    let clocks = [
        HostClock { synced: Some(true), err_ms: Some(12), boot, mono_ns: mono_ns(11_156_450_123_456) },
        HostClock { synced: Some(false), boot, mono_ns: mono_ns(u64::MAX), ..HostClock::default() },
        HostClock { boot, mono_ns: mono_ns(0), ..HostClock::default() },
        HostClock { mono_ns: mono_ns(1), ..HostClock::default() },
        HostClock::default(),
    ];
    let digest = Some(Digest::of_parts(&[b"a program"]));
    let tools = [Tool { digest, ..tool() }, Tool { version: "0.2.0-rc.1".into(), ..tool() }];
    let relations = [
        vec![],
        vec![reference(0, Relation::CausedBy)],
        vec![reference(1, Relation::Approves), reference(0, Relation::Amends)],
        vec![reference(1, Relation::Redacts), reference(2, Relation::Evidences)],
        vec![Reference { log: LogId::new(uuid(0xff)), ..reference(77, Relation::Reconciles) }],
    ];
    let mut head = Head::of_new(log());
    (0..)
        .zip(clocks)
        .zip(relations)
        .map(|((number, host_clock), refs)| {
            let fact = match number {
                0 => Fact::Log(LogEvent::Created { estate: StoreKind::Simulated }),
                1 => Fact::Run(planned()),
                _ => Fact::Incident(incident::Event::Noted { text: commitment("told more") }),
            };
            let host = (number < 3).then(|| HostId::new(uuid(0x40)));
            let writer = Writer { host, tool: tools[usize::from(number > 2)].clone() };
            head.place(&Draft { host_clock, writer, refs, ..draft(number, fact) }).unwrap()
        })
        .collect()
}

/// The kind of a run's event. Exhaustive on purpose.
pub(crate) fn run_kind(event: &Event) -> &'static str {
    match event {
        Event::Planned { .. } => "run.planned",
        Event::Taken { .. } => "run.taken",
        Event::Prepared(_) => "run.prepared",
        Event::Paused { .. } => "run.paused",
        Event::Continued => "run.continued",
        Event::Aborting { .. } => "run.aborting",
        Event::Finished { .. } => "run.finished",
        Event::Expanded { .. } => "step.expanded",
        Event::Readied { .. } => "step.readied",
        Event::Confirmed { .. } => "step.confirmed",
        Event::Drifted { .. } => "step.drifted",
        Event::Waiting { .. } => "step.waiting",
        Event::Checked { .. } => "step.checked",
        Event::Decided { .. } => "step.decided",
        Event::Retried { .. } => "step.retried",
        Event::StepFinished { .. } => "step.finished",
        Event::Entered { .. } => "step.entered",
        Event::BackingOff { .. } => "step.backing_off",
        Event::Due { .. } => "step.due",
        Event::Overdue { .. } => "step.overdue",
        Event::Skipped { .. } => "step.skipped",
        Event::Overridden { .. } => "step.overridden",
        Event::Undoing { .. } => "step.undoing",
        Event::Undone { .. } => "step.undone",
        Event::RollingBack { .. } => "run.rolling_back",
        Event::Adhoc(_) => "run.adhoc",
        Event::Declined { .. } => "run.declined",
        Event::Intent(_) => "effect.intent",
        Event::Accepted { .. } => "effect.accepted",
        Event::Progressed { .. } => "effect.progressed",
        Event::Succeeded { .. } => "effect.succeeded",
        Event::Failed { .. } => "effect.failed",
        Event::InDoubt { .. } => "effect.in_doubt",
        Event::Reconciled { .. } => "effect.reconciled",
    }
}

/// Every kind that [`run_kind`] can name.
pub(crate) const RUN_KINDS: [&str; 34] = [
    "run.planned",
    "run.taken",
    "run.prepared",
    "run.paused",
    "run.continued",
    "run.aborting",
    "run.finished",
    "step.expanded",
    "step.readied",
    "step.confirmed",
    "step.drifted",
    "step.waiting",
    "step.checked",
    "step.decided",
    "step.retried",
    "step.finished",
    "step.entered",
    "step.backing_off",
    "step.due",
    "step.overdue",
    "step.skipped",
    "step.overridden",
    "step.undoing",
    "step.undone",
    "run.rolling_back",
    "run.adhoc",
    "run.declined",
    "effect.intent",
    "effect.accepted",
    "effect.progressed",
    "effect.succeeded",
    "effect.failed",
    "effect.in_doubt",
    "effect.reconciled",
];

/// The kind of what people say. Exhaustive on purpose.
fn incident_kind(event: &incident::Event) -> &'static str {
    match event {
        incident::Event::Noted { .. } => "timeline.noted",
        incident::Event::Declared { .. } => "incident.declared",
        incident::Event::Renamed { .. } => "incident.renamed",
        incident::Event::Summarised { .. } => "incident.summarised",
        incident::Event::SeveritySet { .. } => "incident.severity_set",
        incident::Event::StatusSet { .. } => "incident.status_set",
        incident::Event::RoleSet { .. } => "incident.role_set",
        incident::Event::MilestoneSet { .. } => "incident.milestone_set",
        incident::Event::IncidentNoted { .. } => "incident.noted",
        incident::Event::PlaybookSet { .. } => "incident.playbook_set",
        incident::Event::Ticked { .. } => "incident.ticked",
        incident::Event::Attached { .. } => "run.attached",
        incident::Event::Detached { .. } => "run.detached",
    }
}

/// The kind of any fact, and the same for the small families. Exhaustive on purpose.
pub(crate) fn kind(fact: &Fact) -> &'static str {
    match fact {
        Fact::Run(event) => run_kind(event),
        Fact::Incident(event) => incident_kind(event),
        Fact::Request(Request::Abort { .. }) => "request.abort",
        Fact::Request(Request::Pause {}) => "request.pause",
        Fact::Request(Request::Continue {}) => "request.continue",
        Fact::Request(Request::Decide { .. }) => "request.decide",
        Fact::Request(Request::Skip { .. }) => "request.skip",
        Fact::Request(Request::Override { .. }) => "request.override",
        Fact::Request(Request::Retry { .. }) => "request.retry",
        Fact::Request(Request::Undo { .. }) => "request.undo",
        Fact::Request(Request::Resolve { .. }) => "request.resolve",
        Fact::Request(Request::Adhoc(_)) => "request.adhoc",
        Fact::Log(LogEvent::Created { .. }) => "log.created",
        Fact::Log(LogEvent::Exported { .. }) => "log.exported",
        Fact::Log(LogEvent::BackedUp { .. }) => "log.backed_up",
        Fact::Log(LogEvent::Restored { .. }) => "log.restored",
        Fact::Log(LogEvent::Succeeds(_)) => "log.succeeds",
        Fact::Log(LogEvent::Cut {}) => "log.cut",
        Fact::Log(LogEvent::Released { .. }) => "log.released",
    }
}

/// Every kind of the small families.
pub(crate) const OTHER_KINDS: [&str; 30] = [
    "timeline.noted",
    "incident.declared",
    "incident.renamed",
    "incident.summarised",
    "incident.severity_set",
    "incident.status_set",
    "incident.role_set",
    "incident.milestone_set",
    "incident.noted",
    "incident.playbook_set",
    "incident.ticked",
    "run.attached",
    "run.detached",
    "request.abort",
    "request.pause",
    "request.continue",
    "request.decide",
    "request.skip",
    "request.override",
    "request.retry",
    "request.undo",
    "request.resolve",
    "request.adhoc",
    "log.created",
    "log.exported",
    "log.backed_up",
    "log.restored",
    "log.succeeds",
    "log.cut",
    "log.released",
];

pub(crate) fn commitment(text: &str) -> Commitment {
    Commitment::to_text(text, &[7; 32])
}

pub(crate) fn intent(number: u32, step: &str, locks: &[&str]) -> Intent {
    Intent {
        step: step.into(),
        attempt: attempt(number),
        number,
        action: "keyvault.secret.set".into(),
        class: Class::B,
        method: "PUT".into(),
        url: "https://chatbot-kv.vault.azure.net/secrets/session-secret?api-version=7.5".into(),
        request: digest("request"),
        digest: digest("step"),
        locks: locks.iter().map(|&key| key.to_owned()).collect(),
        expected: "The slot is swapped.".into(),
        before: vec![Field::new("current version", "0a1b2c3d")],
    }
}

pub(crate) fn planned() -> Event {
    Event::Planned { plan: Box::new(plan(Origin::Shipped)), digest: digest("plan") }
}

pub(super) fn digest(text: &str) -> Digest {
    Digest::of("example-v1", text.as_bytes())
}

fn events() -> Vec<Event> {
    let mut events = run_events();
    events.extend(step_events());
    events.extend(effect_events());
    let in_doubt = vec![InstanceId::from("swap")];
    let standing = vec![InstanceId::from("refresh[chatbot-web]")];
    events.push(Event::Finished { end: RunEnd::Succeeded, in_doubt: Vec::new(), standing: Vec::new() });
    events.push(Event::Finished { end: RunEnd::Failed, in_doubt, standing: Vec::new() });
    events.push(Event::Finished { end: RunEnd::Aborted, in_doubt: Vec::new(), standing });
    events
}

fn run_events() -> Vec<Event> {
    let git = |dirty| Origin::Git { commit: "9".repeat(40), blob: "b".repeat(40), dirty };
    let mut events = vec![planned(), Event::Taken { fence: 1, pid: 4711 }];
    for origin in [git(true), git(false), Origin::File] {
        events.push(Event::Planned { plan: Box::new(plan(origin)), digest: digest("plan") });
    }
    for why in [PauseReason::Asked, PauseReason::Unanswered, PauseReason::Parked, PauseReason::Left] {
        events.push(Event::Paused { why });
    }
    events.extend([
        Event::Continued,
        Event::Aborting { reason: None, undo: false },
        Event::Aborting { reason: Some(commitment("")), undo: false },
    ]);
    events
}

fn step_events() -> Vec<Event> {
    let step = || InstanceId::from("refresh");
    let item = || InstanceId::from("refresh").item("chatbot-web/päckchen \"1\"");
    let fields = || vec![Field::new("active version", "0a1b"), Field::new("state", "Running\u{0}\u{1f}\u{2028}")];
    let consent = Consent {
        risk: Risk::Destructive,
        digest: digest("list"),
        read_back: "2 chatbot".into(),
        effects: vec![EffectConsent { step: item(), digest: digest("item"), fields: fields() }],
    };
    let mut events = vec![
        Event::Expanded { step: step(), items: vec![Item { key: "chatbot-web".into(), value: any_value() }] },
        Event::Expanded { step: step(), items: Vec::new() },
        Event::Readied { step: step(), consent: None },
        Event::Readied { step: step(), consent: Some(consent) },
        Event::Drifted { step: item(), before: fields(), now: Vec::new() },
        Event::Waiting { step: "soak".into(), until: moment() },
        Event::Retried { step: item() },
    ];
    for how in [ConsentBy::Enter, ConsentBy::ReadBack, ConsentBy::Headless] {
        events.push(Event::Confirmed { step: step(), digest: digest("list"), how });
        events.push(Event::Decided { step: "go".into(), choice: "yes".into(), how });
    }
    let seen = || "activeVersion is 0a1b".to_owned();
    let verdicts =
        [Verdict::Pass { seen: seen() }, Verdict::Fail { seen: seen() }, Verdict::CannotObserve { seen: seen() }];
    events.extend((0..).zip(verdicts).map(|(index, verdict)| Event::Checked { step: item(), index, verdict }));
    for end in [StepEnd::Succeeded, StepEnd::Failed, StepEnd::Skipped, StepEnd::Cancelled] {
        events.push(Event::StepFinished { step: step(), end, why: None, outputs: None });
    }
    let why = Some("`when` does not hold".to_owned());
    events.push(Event::StepFinished { step: step(), end: StepEnd::Skipped, why, outputs: Some(any_value()) });
    events
}

fn effect_events() -> Vec<Event> {
    let (step, attempt) = (|| InstanceId::from("new-version"), attempt(1));
    let url = "https://management.azure.com/subscriptions/0/operations/1?api-version=2024-04-01&t=a%2Fb".to_owned();
    let mut events = vec![Event::Intent(Box::new(intent(1, "new-version", &["keyvault/chatbot-kv/session-secret"])))];
    for kind in [HandleKind::AsyncOperation, HandleKind::Location] {
        events.push(Event::Accepted { step: step(), attempt, handle: Handle { url: url.clone(), kind } });
    }
    let failure = Failure::not_sent("the connection was refused");
    events.extend([
        Event::Progressed { step: step(), attempt, status: "InProgress".into(), unreachable: false },
        Event::Progressed { step: step(), attempt, status: "cannot be followed".into(), unreachable: true },
        Event::Succeeded { step: step(), attempt, outputs: any_value() },
        Event::Failed { step: step(), attempt, failure },
        Event::InDoubt { step: step(), attempt, why: "no answer came within 30 s".into(), said_yes: false },
        Event::InDoubt { step: step(), attempt, why: "a mangled yes".into(), said_yes: true },
    ]);
    let seen = || "the version is tagged with this attempt".to_owned();
    let verdicts = [
        ProbeVerdict::Unknown { seen: seen() },
        ProbeVerdict::DidNot { seen: seen() },
        ProbeVerdict::Happened { outputs: any_value(), seen: seen() },
    ];
    for verdict in verdicts {
        for by in [ReconciledBy::Probe, ReconciledBy::Person] {
            let open = matches!(verdict, ProbeVerdict::Unknown { .. });
            events.push(Event::Reconciled { step: step(), attempt, by, verdict: verdict.clone(), open, reason: None });
        }
    }
    events
}

/// A value that holds every kind of value.
pub(super) fn any_value() -> Value {
    let secret = |secret| Value::Secret { secret };
    let version = SecretRef::Version {
        vault: "https://chatbot-kv.vault.azure.net".into(),
        name: "session-secret".into(),
        version: "0a1b2c3d".into(),
    };
    Value::record([
        ("flag", Value::Boolean(true)),
        ("least", Value::Integer(-((1 << 53) - 1))),
        ("most", Value::Integer((1 << 53) - 1)),
        ("text", Value::text("ä\n\t\"\\/ \u{7f} 😀")),
        ("list", Value::List(vec![Value::List(Vec::new()), Value::record([]), Value::text("")])),
        ("made", secret(SecretRef::Generate { bytes: 32, encoding: Encoding::Base64url })),
        ("hex", secret(SecretRef::Generate { bytes: 512, encoding: Encoding::Hex })),
        ("kept", secret(version)),
        ("given", secret(SecretRef::Environment { name: "TOKEN".into() })),
    ])
}

fn plan(origin: Origin) -> Plan {
    let place = Place {
        environment: "sim".into(),
        estate: EstateKind::Simulated,
        tenant: uuid(7).to_string(),
        subscription: uuid(9).to_string(),
        protected: false,
        drill: Vec::new(),
    };
    Plan {
        runbook: runbook(),
        revision: Revision { text: digest("text"), origin },
        inputs: vec![
            Input { name: "vault".into(), value: any_value() },
            Input { name: "Foreign NAME".into(), value: Value::Boolean(false) },
        ],
        place,
        mode: Mode::Drill,
        nested: Vec::new(),
        resources: None,
        exercise: None,
    }
}

fn runbook() -> Runbook {
    let parameter =
        |name: &str, kind| Parameter { name: name.into(), kind, description: None, default: None, default_from: None };
    let string = |pattern: Option<&str>, choices: &[&str]| ParameterType::String {
        pattern: pattern.map(str::to_owned),
        choices: choices.iter().map(|&choice| choice.to_owned()).collect(),
        length: None,
    };
    let target = |of| ParameterType::Target { of };
    Runbook {
        id: "key-rotation".into(),
        format: 1,
        version: "1.2.0".into(),
        title: "Rotate an application secret".into(),
        sop: Some("SOP-001".into()),
        owner: Some("platform-oncall".into()),
        use_when: vec!["A secret is due".into()],
        not_when: vec!["The vault itself is unreachable".into()],
        parameters: vec![
            parameter("vault", target(TargetKind::Keyvault)),
            parameter("consumers", ParameterType::List { of: Box::new(target(TargetKind::Webapp)), length: None }),
            parameter("secret", string(Some("^[0-9A-Za-z-]{1,127}$"), &[])),
            parameter("colour", string(None, &["red", "green"])),
            parameter("count", ParameterType::Integer { min: Some(-1), max: None }),
            parameter("dry", ParameterType::Boolean),
            Parameter {
                name: "soak".into(),
                kind: ParameterType::Duration { min: None, max: None },
                description: Some("How long both versions live.".into()),
                default: Some(Value::text("24h")),
                default_from: None,
            },
        ],
        rto: Some(Span::minutes(30)),
        rpo: None,
        outputs: Vec::new(),
        steps: steps(),
    }
}

fn steps() -> Vec<Step> {
    let step = |id: &str, kind| Step::new(StepId::new(id), id, kind);
    let expression = |text| Expression::parse(text).unwrap();
    let template = |text| Template::parse(text).unwrap();
    let until = Some(Until { every: Span::seconds(5), timeout: Span::minutes(10) });
    let whole = Step {
        why: Some("The old one stays enabled.".into()),
        needs: vec![StepId::new("before")],
        when: Some(expression("inputs.dry")),
        for_each: Some(ForEach::of(expression("inputs.consumers"))),
        verify: vec![CheckSpec { call: call(), until }],
        undo: vec![UndoStep {
            for_each: Some(ForEach::of(expression("self.outputs.version"))),
            ..UndoStep::new(call())
        }],
        confirm: Some(Risk::Irreversible),
        expect: Some(Span::seconds(5)),
        marks: Some("service_restored".into()),
        ..step("new-version", StepKind::Action(call()))
    };
    let question = template("Is ${{ inputs.vault.name }} the right one?");
    vec![
        step("before", StepKind::Check(CheckSpec { call: call(), until: None })),
        whole,
        step("tell", StepKind::Manual { instruction: template("Tell the owner."), fields: Vec::new() }),
        step(
            "go",
            StepKind::Gate {
                question,
                choices: Choice::of_words(["yes".into(), "no".into()]),
                headless: Some("yes".into()),
            },
        ),
        step("soak", StepKind::Wait { span: Span::minutes(24 * 60) }),
    ]
}

/// A call with every kind of argument.
fn call() -> CallSpec {
    let template = |text| Template::parse(text).unwrap();
    let literal = Argument::Literal { value: Value::Integer(200) };
    let arguments = [
        ("vault", Argument::Template { text: template("${{ inputs.vault }}") }),
        ("expect", Argument::Record { fields: [("status".to_owned(), literal.clone())].into() }),
        ("list", Argument::List { items: vec![literal] }),
        ("value", Argument::Generate { bytes: 32, encoding: Encoding::Base64url }),
        ("old", Argument::VersionOf { version: template("${{ steps.before.outputs.current }}"), secret: None }),
    ];
    let with = arguments.into_iter().map(|(name, argument)| (name.to_owned(), argument)).collect();
    CallSpec { action: "keyvault.secret.set".into(), with }
}
