use crate::base::{Digest, IncidentId, InstanceId, Span, Timestamp};
use crate::effect::Risk;
use crate::plan::Mode;
use crate::run::WayBack;

/// A run as a person sees it at one moment: everything that the screen and the plain lines need, and nothing to ask
/// anybody for. A fold of the journal; whoever has the entries can make it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Board {
    /// Where, what, who, and how much time is left.
    pub header: Header,
    /// The graph, in the order in which it runs, items of a `for_each` below their group.
    pub steps: Vec<StepLine>,
    /// What waits for a person, in the order of the graph; what is in doubt stands first. Each can be answered by itself.
    pub needs: Vec<Need>,
    /// Why an effect waits for another one on the same target, if one does. Not folded: the holder of the run knows it.
    pub held: Option<String>,
    /// If nothing of the run is under way, and something waits for a time of the estate's clock: when the first is due.
    pub due: Option<Timestamp>,
    /// Whether something of the run is under way that needs nobody.
    pub busy: bool,
    /// What an abort with undo would do now.
    pub way_back: WayBack,
    /// What happened, oldest first.
    pub timeline: Vec<TimelineLine>,
    /// How the run ended, once it has.
    pub ended: Option<String>,
}

impl Board {
    /// The same board of a run that belongs to incidents, which the run itself does not know.
    #[must_use]
    pub fn belonging_to(mut self, incidents: &[IncidentId]) -> Self {
        self.header.incidents = incidents.iter().map(|incident| incident.short()).collect();
        self
    }

    /// What waits for a person first.
    pub fn need(&self) -> Option<&Need> {
        self.needs.first()
    }

    /// What an instance, or the group of a line, asks of a person.
    pub fn need_of(&self, step: &InstanceId) -> Option<&Need> {
        self.needs.iter().find(|need| need.step == *step || need.step == step.group())
    }
}

/// The one line that answers: which environment and how real, which runbook, who, how much time is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The environment's name.
    pub environment: String,
    /// True for a simulated estate: the word stands on every screen.
    pub simulated: bool,
    /// How it executes: a drill and a rehearsal say so on every screen.
    pub mode: Mode,
    /// The run's short id.
    pub run: String,
    /// The runbook and its author's version, `key-rotation 1.2.0`.
    pub runbook: String,
    /// The revision for a person: `3f2a91c clean`, `3f2a91c dirty`, `built in`, `not in git`.
    pub revision: String,
    /// The short ids of the incidents that it belongs to; none for most drills.
    pub incidents: Vec<String>,
    /// Who runs it, `you (not signed in)`.
    pub operator: String,
    /// The run's state in one word or two: `running`, `paused`, `aborting`, `succeeded`, …
    pub state: String,
    /// How many instances are in doubt; never hidden.
    pub in_doubt: usize,
    /// How many instances have effects that stand, in whole or perhaps in part.
    pub standing: usize,
    /// The recovery time objective, if the runbook has one.
    pub rto: Option<Span>,
    /// What was done otherwise than as written.
    pub deviations: usize,
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
    /// How far it is indented: 0 for a step, one more for an item of a `for_each`, for what it nests, and for an undo.
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
    /// Whether it takes longer than its `timeout`.
    pub overdue: bool,
    /// The operation or kind: `keyvault.secret.set`, `wait`, `gate`.
    pub operation: String,
    /// Its risk.
    pub risk: Risk,
    /// What a person may want to know, in the order in which it is read: `Why`, `Sends`, `Risk`, `Undo`, `Before`,
    /// `Expected`, `Attempt`, `Verify`, `Gave`, …
    pub facts: Vec<Fact>,
    /// What a person may say that it gave, who counts it as succeeded.
    pub gives: Vec<FormField>,
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
    /// It has failed, and waits for the time at which it is tried again by itself.
    Retrying,
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
    /// Nothing was sent, and what it gave is invented: a rehearsal.
    Assumed,
    /// What it did is being undone.
    Undoing,
    /// What it did has been undone.
    Undone,
    /// What it did was to be undone, and was not undone whole.
    PartlyUndone,
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
    /// The choice that the runbook names for a run in which nobody is asked, if this is a gate that has one.
    pub headless: Option<String>,
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
    /// Whether a reason is asked for with it.
    pub reason: Reason,
    /// What is filled in with it.
    pub form: Vec<FormField>,
}

impl Choice {
    /// A choice that asks for nothing more.
    pub fn new(answer: Answer, label: impl Into<String>) -> Self {
        Self { answer, label: label.into(), read_back: None, reason: Reason::Never, form: Vec::new() }
    }
}

/// Whether a choice is made with a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// None is asked for.
    Never,
    /// One may be given.
    Optional,
    /// Without one it does not count: the choice is a deviation.
    Required,
}

/// A field of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormField {
    /// Its name.
    pub name: String,
    /// What it is, for the person.
    pub description: String,
    /// What is to be written: `text`, `a number`, `one of low, high`, `a day, as 2026-03-01`, …
    pub wanted: String,
    /// The words to choose from, if there are some.
    pub choices: Vec<String>,
    /// What stands in it beforehand.
    pub default: Option<String>,
    /// What a run takes in which nobody is asked.
    pub headless: Option<String>,
    /// How it is filled in.
    pub entry: Entry,
}

/// How a field is filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// By typing.
    Typed,
    /// By typing, or not at all: nobody need know it.
    Optional,
    /// With the path of a file, whose bytes are taken in.
    File,
    /// With a reference to a secret, `env:NAME`; the secret itself is never typed.
    Secret,
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
    /// In doubt: a person has brought it about by other means.
    ByHand,
    /// In doubt: count the step as failed; the doubt itself stays.
    GiveUp,
    /// Failed: try again.
    Retry,
    /// Failed, or waiting: what the step is for is so.
    Override,
    /// Leave the step out.
    Skip,
    /// Failed or in doubt: undo it.
    Undo,
    /// End the run.
    Abort,
    /// End the run, and undo what stands.
    RollBack,
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
