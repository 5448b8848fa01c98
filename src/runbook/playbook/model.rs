use std::fmt;

use serde::{Deserialize, Serialize};

use super::Programme;
use crate::base::{Span, Value};
use crate::runbook::Template;

/// A checked playbook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Playbook {
    /// The name; equal to the file's stem.
    pub id: String,
    /// The version of the language, 1.
    pub format: u32,
    /// The author's number.
    pub version: String,
    /// The kind of incident, or what is drilled, in a few words.
    pub title: String,
    /// Who answers for it.
    pub owner: String,
    /// What it says.
    pub content: Content,
}

/// The two kinds of playbooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// What to do in a kind of incident.
    Guide(Guide),
    /// A drill.
    Programme(Programme),
}

impl Content {
    /// The word for a person and for `callout list --json`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Guide(_) => "incident",
            Self::Programme(_) => "drill",
        }
    }
}

/// What to do in a kind of incident. An incident carries it along as data, so that editing the file never touches one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guide {
    /// How one recognises it; never empty.
    pub symptoms: Vec<String>,
    /// The alert rules that it answers to.
    pub alerts: Vec<Alert>,
    /// When it has which severity, the worst first; never empty, each severity at most once.
    pub severity: Vec<(IncidentSeverity, String)>,
    /// The first actions, one to five.
    pub first_five: Vec<FirstAction>,
    /// Who is called when nobody answers.
    pub escalation: Escalation,
    /// Who does what, in the order of [`Role::ALL`]; commander and operator are always there.
    pub roles: Vec<(Role, String)>,
    /// What others are told; one text at most for each audience and moment.
    pub messages: Vec<Message>,
    /// The runbooks that help, in the order in which they are to be thought of; never empty.
    pub runbooks: Vec<Suggestion>,
    /// What must hold before it is over; never empty.
    pub exit_criteria: Vec<String>,
}

/// An alert rule that a playbook answers to. Names are compared as they are; whether there is such a rule is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// The rule's name, as its source has it.
    pub name: String,
    /// Where it comes from.
    pub source: AlertSource,
}

/// Where alerts come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertSource {
    /// An alert rule of Azure Monitor.
    AzureMonitor,
    /// A service of `PagerDuty`.
    PagerDuty,
    /// Wherever a rule of that name comes from.
    Any,
}

impl AlertSource {
    /// The sources by their words.
    pub const WORDS: [(&'static str, Self); 3] =
        [("azure_monitor", Self::AzureMonitor), ("pagerduty", Self::PagerDuty), ("any", Self::Any)];
}

/// How bad an incident is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentSeverity {
    /// The worst.
    Sev1,
    /// Bad enough to wake people.
    Sev2,
    /// Can wait for the morning.
    Sev3,
    /// Only to be noted.
    Sev4,
}

impl IncidentSeverity {
    /// The severities by their words, the worst first.
    pub const WORDS: [(&'static str, Self); 4] =
        [("sev1", Self::Sev1), ("sev2", Self::Sev2), ("sev3", Self::Sev3), ("sev4", Self::Sev4)];
}

/// One of the first actions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstAction {
    /// What is to be done, as a sentence.
    pub text: String,
    /// The runbook of the library that does it, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runbook: Option<String>,
    /// The row of the catalogue that shows it, if one does; it judges.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
}

/// Who is called when nobody answers. It ends: the levels are finite, and it begins again a bounded number of times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    /// The levels; never empty, each later than the one before, the first at once.
    pub levels: Vec<Level>,
    /// How often it begins again at the top when the last level has not answered either, 0 to 9.
    pub repeat: u8,
}

/// A level of an escalation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    /// Who is called.
    pub who: String,
    /// By which way.
    pub how: String,
    /// How long after the first call.
    pub after: Span,
    /// The severities that reach this level, the worst first; all if empty.
    pub only: Vec<IncidentSeverity>,
}

/// What somebody does in an incident or a drill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Decides, and repairs nothing.
    Commander,
    /// Runs the runbooks.
    Operator,
    /// Consents to what needs a second person.
    Approver,
    /// Watches a drill and takes no part.
    Observer,
    /// Writes down what the program cannot see.
    Scribe,
}

impl Role {
    /// Every role, in the order in which they are shown.
    pub const ALL: [Self; 5] = [Self::Commander, Self::Operator, Self::Approver, Self::Observer, Self::Scribe];

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }

    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Commander => "commander",
            Self::Operator => "operator",
            Self::Approver => "approver",
            Self::Observer => "observer",
            Self::Scribe => "scribe",
        }
    }
}

/// What others are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Whom it is for.
    pub audience: String,
    /// When it is sent.
    pub moment: Moment,
    /// The text. Its holes read `incident.title`, `incident.severity`, `incident.started_at`, `incident.environment` and
    /// `incident.summary`, and nothing else.
    pub text: Template,
}

/// The moments of an incident at which others are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// It has been declared.
    Declared,
    /// It goes on, and there is something to say.
    Update,
    /// The service is restored.
    Restored,
    /// It is over.
    Closed,
}

impl Moment {
    /// The moments by their words, in their order.
    pub const WORDS: [(&'static str, Self); 4] = [
        ("declared", Self::Declared),
        ("update", Self::Update),
        ("restored", Self::Restored),
        ("closed", Self::Closed),
    ];
}

/// A runbook that helps in a kind of incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    /// Its name; the library has it.
    pub runbook: String,
    /// When it is the right one.
    pub when: String,
    /// The inputs that the playbook gives, in the runbook's order, each of its parameter's type.
    pub with: Vec<(String, Value)>,
    /// The parameters that neither the playbook nor a default gives: the environment does, or the operator.
    pub open: Vec<String>,
}

macro_rules! display_by_word {
    ($($kind:ident)*) => {
        $(impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(Self::WORDS.iter().find(|(_, known)| known == self).map_or("", |(word, _)| word))
            }
        })*
    };
}

display_by_word!(AlertSource IncidentSeverity Moment);
