use crate::base::{Digest, InstanceId, Span, Timestamp};
use crate::effect::Risk;

/// A run as a person sees it at one moment: everything that the screen and the plain lines need, and nothing to ask
/// anybody for. A fold of the journal; whoever has the entries can make it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Board {
    /// Where, what, who, and how much time is left.
    pub header: Header,
    /// The graph, in the order in which it runs, items of a `for_each` below their group.
    pub steps: Vec<StepLine>,
    /// What waits for a person, if anything does. At most one thing at a time is asked.
    pub need: Option<Need>,
    /// The choice that the runbook names for a run in which nobody is asked, if a gate is at hand that has one.
    pub headless_choice: Option<String>,
    /// Why an effect waits for another one on the same target, if one does. Not folded: the holder of the run knows it.
    pub held: Option<String>,
    /// If the run waits for nothing but a time of the estate's clock: when it is due.
    pub due: Option<Timestamp>,
    /// What happened, oldest first.
    pub timeline: Vec<TimelineLine>,
    /// How the run ended, once it has.
    pub ended: Option<String>,
}

/// The one line that answers: which environment and how real, which runbook, who, how much time is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The environment's name.
    pub environment: String,
    /// True for a simulated estate: the word stands on every screen.
    pub simulated: bool,
    /// The run's short id.
    pub run: String,
    /// The runbook and its author's version, `key-rotation 1.2.0`.
    pub runbook: String,
    /// The revision for a person: `3f2a91c clean`, `3f2a91c dirty`, `built in`, `not in git`.
    pub revision: String,
    /// Who runs it, `you (not signed in)`.
    pub operator: String,
    /// The run's state in one word or two: `running`, `paused`, `aborting`, `succeeded`, …
    pub state: String,
    /// How many instances are in doubt; never hidden.
    pub in_doubt: usize,
    /// The recovery time objective, if the runbook has one.
    pub rto: Option<Span>,
    /// Estate time since the run began, without waits that the runbook asks for.
    pub elapsed: Span,
    /// The estate's clock.
    pub now: Timestamp,
}

/// One line of the graph, and everything behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepLine {
    /// The instance.
    pub id: InstanceId,
    /// 0 for a step, 1 for an item of a `for_each`.
    pub depth: u8,
    /// The state.
    pub mark: Mark,
    /// What it does, in a few words.
    pub title: String,
    /// A remark that belongs beside the title: `2 consumers`, `due 2026-11-21 03:10Z`, why it failed.
    pub remark: String,
    /// When it is due, if it waits for a time.
    pub due: Option<Timestamp>,
    /// How long it took, or has taken so far.
    pub took: Option<Span>,
    /// The operation or kind: `keyvault.secret.set`, `wait`, `gate`.
    pub operation: String,
    /// Its risk.
    pub risk: Risk,
    /// What a person may want to know, in the order in which it is read: `Why`, `Sends`, `Risk`, `Undo`, `Before`,
    /// `Expected`, `Attempt`, `Verify`, `Gave`, …
    pub facts: Vec<Fact>,
}

/// A labelled text; it may have several lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The label, one word or two.
    pub label: String,
    /// The text.
    pub text: String,
}

impl Fact {
    /// A labelled text.
    pub fn new(label: &str, text: impl Into<String>) -> Self {
        Self { label: label.to_owned(), text: text.into() }
    }
}

/// A state as a shape and a word; colour only repeats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Its needs are not met yet.
    Pending,
    /// It waits for a person.
    NeedsYou,
    /// It waits for a time.
    Waiting,
    /// It runs.
    Running,
    /// It did what it should.
    Succeeded,
    /// It did not.
    Failed,
    /// It may have happened.
    InDoubt,
    /// It was not wanted.
    Skipped,
    /// The run ended before it.
    Cancelled,
}

/// What waits for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// The instance or group.
    pub step: InstanceId,
    /// A heading, `Disable the versions that were enabled before`.
    pub title: String,
    /// Everything that is needed for the decision; nothing of it may be cut.
    pub facts: Vec<Fact>,
    /// What is asked.
    pub question: Question,
    /// Whether what was consented to before has changed since: a script's earlier yes does not cover that.
    pub drifted: bool,
}

/// What is asked of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// Enter confirms.
    Acknowledge {
        /// What is consented to.
        digest: Digest,
    },
    /// The text must be typed.
    ReadBack {
        /// What is consented to.
        digest: Digest,
        /// How dangerous it is.
        risk: Risk,
        /// The text.
        expected: String,
    },
    /// One of these is chosen.
    Choose {
        /// What is to be decided.
        question: String,
        /// The choices, each with what it leads to.
        choices: Vec<Choice>,
    },
}

/// A choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What is sent back.
    pub answer: Answer,
    /// What a person reads.
    pub label: String,
    /// If set, the choice counts only when this text is typed.
    pub read_back: Option<String>,
}

/// An answer to [`Question::Choose`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A gate's choice, or `done` for a manual step.
    Decide(String),
    /// In doubt: probe again.
    ProbeAgain,
    /// In doubt: it happened; go on with what is observed.
    Adopt,
    /// In doubt: it did not happen; send again as a new attempt.
    SendAgain,
    /// In doubt: count the step as failed; the doubt itself stays.
    GiveUp,
    /// Failed: try again.
    Retry,
    /// End the run.
    Abort,
}

/// One line of what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineLine {
    /// When it happened, by the estate's clock.
    pub at: Timestamp,
    /// What it is about, if it is about one step.
    pub step: Option<InstanceId>,
    /// What happened, `succeeded: version 4d7a…`.
    pub text: String,
    /// Whether a reader must not miss it (in doubt, failed, drift, abort).
    pub loud: bool,
}
