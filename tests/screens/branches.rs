//! A run with several branches under way, as boards: a nested runbook for each app, a step that is tried again, another that
//! is being undone, and two questions at once.

use callout::base::Span;
use callout::projection::{Answer, Board, Choice, Entry, Fact, FormField, Mark, Need, Question, Reason, StepLine};
use callout::run::{Undoable, WayBack};

use super::boards::{at, board_of, digest, happened, plain_step, run_line};

/// What stands in the middle of the night: two questions, and two things that go on without anybody.
pub(crate) fn branches() -> Board {
    let mut board = board_of("failover 2.1.0", steps());
    board.header.deviations = 1;
    board.header.now = at("03:13:08");
    board.needs = vec![drain(), switch()];
    board.busy = true;
    board.way_back = WayBack {
        undone: vec![
            Undoable { step: "restore/start".into(), entries: vec!["postgres.stop".to_owned()] },
            Undoable { step: "freeze".into(), entries: vec!["webapp.setting.set".to_owned()] },
        ],
        left: vec![("promote".into(), "a point of no return: the old server follows no more".to_owned())],
        in_doubt: vec!["each-app[chatbot-worker]/restart".into()],
        ..WayBack::default()
    };
    board.timeline = vec![
        run_line("03:11:00", "run planned and taken by you"),
        happened("03:12:02", "freeze", "succeeded", false),
        happened("03:12:31", "restore/start", "succeeded", false),
        happened("03:12:58", "restore/answers", "failed: connection refused; tried again at 03:13:28Z", true),
    ];
    board
}

fn steps() -> Vec<StepLine> {
    let line = |id: &str, depth: u8, mark: Mark, title: &str, operation: &str| StepLine {
        depth,
        mark,
        ..plain_step(id, title, operation)
    };
    let mut steps = vec![
        line("freeze", 0, Mark::Undoing, "Freeze the writers", "webapp.setting.set"),
        line("freeze~undo/1", 1, Mark::Running, "Undo: webapp.setting.set", "webapp.setting.set"),
        line("drain", 0, Mark::NeedsYou, "Take the traffic away", "webapp.stop"),
        line("restore", 0, Mark::Running, "Restore the database", "restore-database"),
        line("restore/start", 1, Mark::Succeeded, "Start the server", "postgres.start"),
        line("restore/answers", 1, Mark::Retrying, "It answers", "postgres.query"),
        line("each-app", 0, Mark::NeedsYou, "Point each app to it", "repoint"),
        line("each-app[chatbot-web]", 1, Mark::Running, "", "repoint"),
        line("each-app[chatbot-web]/switch", 2, Mark::NeedsYou, "Say who was told", "manual"),
        line("each-app[chatbot-web]/restart", 2, Mark::Pending, "Restart it", "webapp.restart"),
        line("each-app[chatbot-worker]", 1, Mark::Running, "", "repoint"),
        line("each-app[chatbot-worker]/switch", 2, Mark::Skipped, "Say who was told", "manual"),
        line("each-app[chatbot-worker]/restart", 2, Mark::InDoubt, "Restart it", "webapp.restart"),
        line("open", 0, Mark::Pending, "Let the traffic in", "webapp.start"),
    ];
    steps[1].took = Some(Span::seconds(95));
    steps[1].overdue = true;
    steps[4].took = Some(Span::seconds(29));
    steps[5].due = Some(at("03:13:28"));
    "tried again at 03:13:28Z".clone_into(&mut steps[5].remark);
    "2 items".clone_into(&mut steps[6].remark);
    steps[12].took = Some(Span::seconds(12));
    steps[13].gives = vec![field("state", "The app's state", "a text", Entry::Optional)];
    steps
}

fn drain() -> Need {
    Need {
        headless: None,
        drifted: false,
        step: "drain".into(),
        title: "Take the traffic away".to_owned(),
        facts: vec![Fact::new("Sends", "POST …/sites/chatbot-web/stop"), Fact::new("Risk", "reversible, class C")],
        question: Question::Acknowledge { digest: digest("drain") },
    }
}

/// A manual step with a field of each kind.
pub(crate) fn switch() -> Need {
    let fields = vec![
        FormField {
            default: Some("platform-oncall".to_owned()),
            ..field("owner", "Who has taken over", "text", Entry::Typed)
        },
        FormField {
            choices: ["small", "large"].map(str::to_owned).into(),
            ..field("size", "How many notice", "one of small, large", Entry::Typed)
        },
        field("change", "The number of the change", "text like CHG-[0-9]+", Entry::Typed),
        field("proof", "What the page says", "the path of a file", Entry::File),
        field("token", "The token that was issued", "where the secret is, as env:NAME", Entry::Secret),
        field("remark", "Anything else", "text", Entry::Optional),
    ];
    let done = Choice { form: fields, ..Choice::new(Answer::Decide("done".to_owned()), "It is done") };
    let skip = Choice { reason: Reason::Required, ..Choice::new(Answer::Skip, "Leave it out") };
    Need {
        headless: None,
        drifted: false,
        step: "each-app[chatbot-web]/switch".into(),
        title: "Say who was told".to_owned(),
        facts: vec![Fact::new("Why", "Whoever is called next must know.")],
        question: Question::Choose {
            question: "Call the owner of chatbot-web, and note what was agreed.".to_owned(),
            choices: vec![done, skip],
        },
    }
}

fn field(name: &str, description: &str, wanted: &str, entry: Entry) -> FormField {
    FormField {
        name: name.to_owned(),
        description: description.to_owned(),
        wanted: wanted.to_owned(),
        choices: Vec::new(),
        default: None,
        headless: None,
        entry,
    }
}
