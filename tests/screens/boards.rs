//! Boards of made-up runs, one for each state that a person may come to.

use callout::base::{Digest, InstanceId, Span, Timestamp};
use callout::effect::Risk;
use callout::plan::Mode;
use callout::projection::{Answer, Board, Choice, Fact, Header, Mark, Need, Question, StepLine, TimelineLine};
use callout::run::{Undoable, WayBack};

/// A moment of the night of the incident.
pub(crate) fn at(time: &str) -> Timestamp {
    format!("2026-11-20T{time}Z").parse().unwrap()
}

/// The digest of a step as it was shown.
pub(crate) fn digest(what: &str) -> Digest {
    Digest::of("step-v1", what.as_bytes())
}

/// A key rotation whose second consumer is in doubt; nobody is asked yet, because the probe still runs.
pub(crate) fn running() -> Board {
    let mut board = rotation();
    board.steps[2].mark = Mark::Running;
    board.steps[2].took = Some(Span::seconds(50));
    item(&mut board, 3, Mark::Succeeded, 41);
    item(&mut board, 4, Mark::InDoubt, 9);
    board.header.in_doubt = 1;
    board.way_back.in_doubt = vec!["refresh[chatbot-worker]".into()];
    board.way_back.left = vec![("refresh[chatbot-web]".into(), "the runbook says no undo for it".to_owned())];
    board.header.elapsed = Span::seconds(9 * 60 + 12);
    "probe: settles in 20s".clone_into(&mut board.steps[4].remark);
    board.timeline.extend([
        happened("03:12:50", "refresh[chatbot-web]", "succeeded: active version 4d7a…", false),
        happened(
            "03:12:59",
            "refresh[chatbot-worker]",
            "in doubt: request sent, connection reset before an answer",
            true,
        ),
    ]);
    board
}

/// The same rotation before its second step, which Enter confirms.
pub(crate) fn acknowledge() -> Board {
    let mut board = rotation();
    board.steps[1].mark = Mark::NeedsYou;
    board.steps[1].took = None;
    board.steps.truncate(3);
    board.steps.extend([
        plain_step("soak", "Wait 24 h", "wait"),
        plain_step("retire", "Disable what was enabled before", "keyvault.secret.disable"),
    ]);
    board.timeline.truncate(3);
    board.header.now = at("03:12:05");
    board.header.elapsed = Span::seconds(65);
    board.needs = vec![Need {
        headless: None,
        drifted: false,
        step: "new-version".into(),
        title: "Add a new version".to_owned(),
        facts: board.steps[1].facts.clone(),
        question: Question::Acknowledge { digest: digest("new-version") },
    }];
    board
}

/// The slot swap, which wants the app's name typed.
pub(crate) fn read_back() -> Board {
    let mut swap = plain_step("swap", "Swap slots of chatbot-web: staging → production", "webapp.slot.swap");
    swap.mark = Mark::NeedsYou;
    swap.risk = Risk::Destructive;
    swap.facts = vec![
        Fact::new("Brings", "build 4711 (c0ffee1) in place of build 4720 (badf00d)"),
        Fact::new(
            "Sends",
            "POST https://management.azure.com/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/chatbot/providers/Microsoft.Web/sites/chatbot-web/slots/staging/slotsswap?api-version=2024-04-01\n{\"targetSlot\": \"production\", \"preserveVnet\": true}",
        ),
        Fact::new("Risk", "destructive: hurts at once if it is the wrong target"),
        Fact::new("Undo", "swap again, until the next deployment to staging"),
        Fact::new("Touches", "production, 2 instances; about 90 s; settings marked sticky stay"),
    ];
    let mut before = plain_step("before", "Note which build runs where", "webapp.slots");
    before.mark = Mark::Succeeded;
    before.took = Some(Span::seconds(2));
    let after = plain_step("after", "The old build answers in production", "http.get");
    let mut board = board_of("rollback 1.0.0", vec![before, swap, after]);
    board.header.rto = Some(Span::minutes(15));
    board.timeline = vec![
        run_line("03:11:00", "run planned and taken by you"),
        happened("03:11:02", "before", "succeeded: production runs build 4720", false),
    ];
    board.needs = vec![Need {
        headless: None,
        drifted: false,
        step: "swap".into(),
        title: "Swap slots of chatbot-web: staging → production".to_owned(),
        facts: board.steps[1].facts.clone(),
        question: Question::ReadBack {
            digest: digest("swap"),
            risk: Risk::Destructive,
            expected: "chatbot-web".to_owned(),
        },
    }];
    board
}

/// The swap in doubt: the probe does not know, a person must.
pub(crate) fn in_doubt() -> Board {
    let mut board = read_back();
    board.steps[1].mark = Mark::InDoubt;
    board.steps[1].took = Some(Span::seconds(60));
    board.header.in_doubt = 1;
    board.header.now = at("03:14:00");
    board.header.elapsed = Span::seconds(180);
    board.timeline.push(happened("03:12:50", "swap", "sent, attempt 1", false));
    board.timeline.push(happened("03:13:50", "swap", "in doubt: no answer, timeout after 60s", true));
    board.needs = vec![Need {
        headless: None,
        drifted: false,
        step: "swap".into(),
        title: "Did it happen?".to_owned(),
        facts: vec![
            Fact::new(
                "Sent",
                "03:12:50Z  correlation 5b0e8c1a-7f43-7c1e-9a52-0c6f3a1b2d4e  no answer: timeout after 60s",
            ),
            Fact::new("Before", "slotSwapStatus: none   production runs build 4720"),
            Fact::new(
                "Now",
                "slotSwapStatus: none   production runs build 4720\nAbsence proves nothing for another 70s.",
            ),
            Fact::new("Azure log", "not yet (it lags 3 to 20 minutes)"),
        ],
        question: Question::Choose {
            question: "What is the truth?".to_owned(),
            choices: vec![
                choice(Answer::ProbeAgain, "wait and probe again (recommended)", None),
                choice(Answer::Adopt, "it happened: go on with what is observed", None),
                choice(Answer::SendAgain, "it did not: send again as attempt 2", Some("chatbot-web")),
                choice(Answer::GiveUp, "give up: the step counts as failed, and the doubt stays", None),
                choice(Answer::Abort, "end the run", None),
            ],
        },
    }];
    board
}

/// The rotation at its end.
pub(crate) fn ended() -> Board {
    let mut board = rotation();
    board.steps[2].mark = Mark::Succeeded;
    board.steps[2].took = Some(Span::seconds(80));
    item(&mut board, 3, Mark::Succeeded, 41);
    item(&mut board, 4, Mark::Succeeded, 39);
    board.steps[5].mark = Mark::Succeeded;
    board.steps[5].took = Some(Span::minutes(24 * 60));
    board.steps[6].mark = Mark::Succeeded;
    board.steps[6].took = Some(Span::seconds(3));
    "succeeded".clone_into(&mut board.header.state);
    board.header.elapsed = Span::seconds(11 * 60 + 4);
    board.header.now = "2026-11-21T03:14:10Z".parse().unwrap();
    board.ended = Some("The run succeeded.".to_owned());
    board.timeline.extend([
        happened("03:12:50", "refresh[chatbot-web]", "succeeded: active version 4d7a…", false),
        happened("03:13:29", "refresh[chatbot-worker]", "succeeded: active version 4d7a…", false),
        TimelineLine {
            at: "2026-11-21T03:13:29Z".parse().unwrap(),
            step: Some("soak".into()),
            text: "succeeded: 24h are over".to_owned(),
            loud: false,
        },
        TimelineLine {
            at: "2026-11-21T03:14:10Z".parse().unwrap(),
            step: None,
            text: "run finished: succeeded".to_owned(),
            loud: false,
        },
    ]);
    board
}

/// The rotation as it waits for its 24 hours.
pub(crate) fn waiting() -> Board {
    let mut board = running();
    item(&mut board, 4, Mark::Succeeded, 39);
    board.header.in_doubt = 0;
    board.steps[2].mark = Mark::Succeeded;
    board.steps[4].remark = String::new();
    board.steps[5].mark = Mark::Waiting;
    board.steps[5].due = Some("2026-11-21T03:13:29Z".parse().unwrap());
    "due 2026-11-21 03:13Z".clone_into(&mut board.steps[5].remark);
    board
}

fn rotation() -> Board {
    let mut before = plain_step("before", "Note which versions are in use", "keyvault.secret.versions");
    before.mark = Mark::Succeeded;
    before.took = Some(Span::seconds(1));
    before.risk = Risk::Read;
    let mut new_version = plain_step("new-version", "Add a new version", "keyvault.secret.set");
    new_version.mark = Mark::Succeeded;
    new_version.took = Some(Span::seconds(2));
    new_version.facts = vec![
        Fact::new("Why", "The old one stays enabled until every consumer has been verified."),
        Fact::new(
            "Sends",
            "PUT https://chatbot-kv.vault.azure.net/secrets/session-secret?api-version=7.5\n{\"value\": <32 new bytes, base64url>, \"tags\": {\"callout-attempt\": <this attempt>}}",
        ),
        Fact::new("Risk", "reversible   Class B"),
        Fact::new("Undo", "set the old value anew, refresh each consumer, then disable this version"),
        Fact::new("Before", "current 8f1c…  2 versions enabled"),
        Fact::new("Expected", "5s"),
    ];
    let mut refresh = plain_step("refresh", "Refresh the references of each consumer", "webapp.references.refresh");
    "2 consumers".clone_into(&mut refresh.remark);
    refresh.facts.insert(0, Fact::new("For each", "chatbot-web, chatbot-worker; one after the other"));
    let web = consumer("refresh[chatbot-web]");
    let worker = consumer("refresh[chatbot-worker]");
    let soak = plain_step("soak", "Wait 24 h", "wait");
    let mut retire = plain_step("retire", "Disable what was enabled before", "keyvault.secret.disable");
    retire.risk = Risk::Destructive;
    let mut board = board_of("key-rotation 1.2.0", vec![before, new_version, refresh, web, worker, soak, retire]);
    board.way_back = WayBack {
        undone: vec![Undoable {
            step: "new-version".into(),
            entries: ["keyvault.secret.set", "webapp.references.refresh", "keyvault.secret.disable"]
                .map(str::to_owned)
                .into(),
        }],
        ..WayBack::default()
    };
    board.timeline = vec![
        run_line("03:11:00", "run planned: key-rotation 1.2.0, 5 steps"),
        run_line("03:11:00", "run taken by you (not signed in)"),
        happened("03:11:02", "before", "succeeded: current 8f1c…, 2 enabled", false),
        happened("03:12:38", "new-version", "consented by you (not signed in)", false),
        happened("03:12:41", "new-version", "succeeded: version 4d7a… tagged callout-attempt 0192…", false),
    ];
    board
}

pub(crate) fn board_of(runbook: &str, steps: Vec<StepLine>) -> Board {
    Board {
        header: Header {
            environment: "chatbot".to_owned(),
            simulated: true,
            mode: Mode::Live,
            run: "9c0ffee1".to_owned(),
            runbook: runbook.to_owned(),
            revision: "3f2a91c clean".to_owned(),
            incidents: Vec::new(),
            operator: "you (not signed in)".to_owned(),
            state: "running".to_owned(),
            in_doubt: 0,
            standing: 0,
            deviations: 0,
            rto: Some(Span::minutes(30)),
            elapsed: Span::seconds(42),
            now: at("03:13:08"),
        },
        steps,
        needs: Vec::new(),
        busy: false,
        way_back: WayBack::default(),
        held: None,
        due: None,
        timeline: Vec::new(),
        ended: None,
    }
}

pub(crate) fn plain_step(id: &str, title: &str, operation: &str) -> StepLine {
    StepLine {
        id: id.into(),
        depth: 0,
        mark: Mark::Pending,
        title: title.to_owned(),
        remark: String::new(),
        due: None,
        took: None,
        overdue: false,
        operation: operation.to_owned(),
        risk: Risk::Reversible,
        facts: vec![Fact::new("Risk", "reversible"), Fact::new("Undo", "nothing to undo")],
        gives: Vec::new(),
    }
}

fn consumer(id: &str) -> StepLine {
    let app = InstanceId::from(id).key().unwrap_or_default().to_owned();
    let mut step = plain_step(id, &format!("Refresh the references of {app}"), "webapp.references.refresh");
    step.depth = 1;
    step.facts = vec![
        Fact::new("Why", "The app keeps the old value for up to 24 hours unless told."),
        Fact::new(
            "Sends",
            format!(
                "POST https://management.azure.com/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/chatbot/providers/Microsoft.Web/sites/{app}/config/configreferences/appsettings/refresh?api-version=2024-04-01"
            ),
        ),
        Fact::new("Risk", "reversible   Class C"),
        Fact::new("Undo", "set the old value anew, refresh"),
        Fact::new("Before", "activeVersion 8f1c…  Resolved"),
        Fact::new("Expected", "5s"),
        Fact::new("Attempt", "1 of 1  sent 03:12:50Z  connection reset before an answer"),
        Fact::new("Probe", "running: activeVersion still 8f1c…, settles in 20s"),
    ];
    step
}

fn item(board: &mut Board, at: usize, mark: Mark, seconds: u32) {
    board.steps[at].mark = mark;
    board.steps[at].took = Some(Span::seconds(seconds));
}

fn choice(answer: Answer, label: &str, read_back: Option<&str>) -> Choice {
    Choice { read_back: read_back.map(str::to_owned), ..Choice::new(answer, label) }
}

pub(crate) fn happened(time: &str, step: &str, text: &str, loud: bool) -> TimelineLine {
    TimelineLine { at: at(time), step: Some(step.into()), text: text.to_owned(), loud }
}

pub(crate) fn run_line(time: &str, text: &str) -> TimelineLine {
    TimelineLine { at: at(time), step: None, text: text.to_owned(), loud: false }
}
