use crate::incident::{Milestone, Severity, Status};
use crate::projection::Desk;
use crate::runbook::{Moment, Role};
use crate::tui::input::Input;

use super::start::Start;

/// What is open over the desk: at most one thing.
#[derive(Clone, Debug)]
pub(super) enum Sheet {
    Choose(Choose),
    Write(Write),
    Read(Read),
    Start(Start),
}

/// Several lines of which one is to be chosen.
#[derive(Clone, Debug)]
pub(super) struct Choose {
    pub(super) title: String,
    /// Each line: a word, and what it means.
    pub(super) lines: Vec<(String, String)>,
    pub(super) at: usize,
    pub(super) then: Chosen,
}

/// What a choice is for.
#[derive(Clone, Debug)]
pub(super) enum Chosen {
    Severity,
    Status,
    Milestone,
    Role,
    Playbook,
    Moment,
    /// Of an incident that is about to be declared.
    FirstSeverity {
        title: String,
    },
    FirstPlaybook {
        title: String,
        severity: Severity,
    },
}

/// A text that is being written.
#[derive(Clone, Debug)]
pub(super) struct Write {
    pub(super) title: String,
    pub(super) told: &'static str,
    pub(super) input: Input,
    pub(super) then: Written,
}

/// What a text is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Written {
    Title,
    Rename,
    Summary,
    Note,
    Remark(u8),
    Who(Role),
}

/// A text that is read.
#[derive(Clone, Debug)]
pub(super) struct Read {
    pub(super) title: String,
    pub(super) text: Reading,
    pub(super) scroll: usize,
}

/// What is read.
#[derive(Clone, Debug)]
pub(super) enum Reading {
    Text(String),
    /// The keys.
    Keys,
}

const KEPT: &str = "It goes on the timeline, with your name and the time, and stays in the audit log. No secrets.";
const DECLARED: &str = "What is wrong, in a few words. All of it can be said otherwise later.";

impl Choose {
    pub(super) fn severity(desk: &Desk, then: Chosen) -> Self {
        let guide = desk.open.as_ref().filter(|_| matches!(then, Chosen::Severity)).and_then(|open| open.guide());
        let usual = |severity| match severity {
            Severity::Sev1 => "the worst",
            Severity::Sev2 => "bad enough to wake people",
            Severity::Sev3 => "can wait for the morning",
            Severity::Sev4 => "only to be noted",
            Severity::Pending => "nobody knows yet; when in doubt, take the worse one",
        };
        let meaning = |severity: Severity| {
            let told =
                guide.and_then(|guide| guide.severity.iter().find(|(known, _)| Some(*known) == severity.rated()));
            told.map_or_else(|| usual(severity).to_owned(), |(_, when)| when.clone())
        };
        let lines = Severity::WORDS.map(|(word, severity)| (word.to_owned(), meaning(severity))).to_vec();
        let is_now = |(_, severity): &(&str, Severity)| match (&then, &desk.open) {
            (Chosen::Severity, Some(open)) => open.severity == *severity,
            _ => *severity == Severity::Sev2,
        };
        let at = Severity::WORDS.iter().position(is_now).unwrap_or(0);
        Self { title: "How bad is it?".to_owned(), lines, at, then }
    }

    pub(super) fn status(now: Status) -> Self {
        let meaning = |status| match status {
            Status::Investigating => "the cause is looked for",
            Status::Identified => "the cause is known",
            Status::Mitigating => "something is being done about it",
            Status::Monitoring => "it is restored, and one looks whether it stays so",
            Status::Resolved => "it is over for those who use it; look at the exit criteria first",
            Status::Closed => "it is over for everybody",
            Status::Cancelled => "it was none",
        };
        let lines = Status::WORDS.map(|(word, status)| (word.to_owned(), meaning(status).to_owned())).to_vec();
        let at = Status::WORDS.iter().position(|(_, status)| *status == now).unwrap_or(0);
        Self { title: "How far are you with it?".to_owned(), lines, at, then: Chosen::Status }
    }

    pub(super) fn milestone() -> Self {
        let meaning = |milestone| match milestone {
            Milestone::Started => "the trouble began",
            Milestone::Detected => "somebody or something noticed it",
            Milestone::Declared => "it was declared",
            Milestone::Acknowledged => "somebody has answered the call",
            Milestone::Mobilised => "those who are needed are there",
            Milestone::Mitigated => "the service is restored",
            Milestone::Resolved => "it is over for those who use it",
            Milestone::Closed => "it is over for everybody",
        };
        let lines = Milestone::WORDS.map(|(word, one)| (word.to_owned(), meaning(one).to_owned())).to_vec();
        let at = Milestone::WORDS.iter().position(|(_, one)| *one == Milestone::Acknowledged).unwrap_or(0);
        Self {
            title: "What is reached now? (`--at` of the command says when else)".to_owned(),
            lines,
            at,
            then: Chosen::Milestone,
        }
    }

    pub(super) fn role(desk: &Desk) -> Self {
        let guide = desk.open.as_ref().and_then(|open| open.guide());
        let meaning = |role: Role| {
            let told = guide.and_then(|guide| guide.roles.iter().find(|(known, _)| *known == role));
            told.map(|(_, who)| who.clone()).unwrap_or_default()
        };
        let lines = Role::ALL.map(|role| (role.word().to_owned(), meaning(role))).to_vec();
        Self { title: "Which role?".to_owned(), lines, at: 0, then: Chosen::Role }
    }

    pub(super) fn playbook(desk: &Desk, then: Chosen) -> Self {
        let mut lines = desk.playbooks.clone();
        if matches!(then, Chosen::FirstPlaybook { .. }) {
            lines.push(("none".to_owned(), "it can be taken up later".to_owned()));
        }
        Self { title: "Which playbook?".to_owned(), lines, at: 0, then }
    }

    pub(super) fn moment() -> Self {
        let meaning = ["it was declared", "it goes on", "the service is restored", "it is over"];
        let lines = Moment::WORDS.iter().zip(meaning).map(|((word, _), text)| ((*word).to_owned(), text.to_owned()));
        Self { title: "What are others told when…".to_owned(), lines: lines.collect(), at: 0, then: Chosen::Moment }
    }
}

impl Write {
    pub(super) fn new(then: Written, desk: &Desk) -> Self {
        let (title, told) = match then {
            Written::Title => ("Declare an incident".to_owned(), DECLARED),
            Written::Rename => ("Title".to_owned(), DECLARED),
            Written::Summary => {
                ("Summary".to_owned(), "What is known of it, in a sentence or two, for those who are told.")
            }
            Written::Note => ("Note".to_owned(), KEPT),
            Written::Remark(number) => (format!("First action {number}: what came of it"), KEPT),
            Written::Who(role) => (format!("Who is {}?", role.word()), KEPT),
        };
        let mut input = Input::default();
        match (then, &desk.open) {
            (Written::Rename, Some(open)) => input.insert_all(&open.title),
            (Written::Summary, Some(open)) => input.insert_all(&open.summary),
            _ => {}
        }
        Self { title, told, input, then }
    }
}
