use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::base::{Span, StepId};

/// How often, and when, a failed action is tried again by itself. Each try is a new attempt with its own intent.
///
/// An effect in doubt is never retried: it is probed (DESIGN §4.2). An operation of class D takes no retry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    /// How many attempts there are in all, 2 to 10.
    pub attempts: u8,
    /// The ceiling of the first pause. A pause is random between nothing and its ceiling ("full jitter"), and the ceiling
    /// doubles with each.
    pub delay: Span,
    /// What the ceiling never exceeds.
    pub max_delay: Span,
    /// The causes after which it is tried again; after every other the step has failed.
    pub only_on: Vec<RetryCause>,
}

/// A cause of a certain failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RetryCause {
    /// Nothing left this machine: no connection, no name, no token.
    NotSent,
    /// The service asked for patience (429).
    Throttled,
    /// Something else was under way (409, 412), and no attempt of this step was ever in doubt.
    Conflict,
    /// The service's own code, as `RoleAssignmentNotFound`.
    Code(String),
}

impl Retry {
    /// The ceiling of the first pause unless the author says otherwise.
    pub const DELAY: Span = Span::seconds(2);
    /// What the ceiling never exceeds unless the author says otherwise, or the first pause may be longer.
    pub const MAX_DELAY: Span = Span::minutes(1);
    /// The causes unless the author says otherwise: those after which nothing can have happened.
    pub const ONLY_ON: [RetryCause; 2] = [RetryCause::NotSent, RetryCause::Throttled];
}

impl RetryCause {
    /// The causes that have a word of the language.
    pub const WORDS: [(&'static str, Self); 3] =
        [("not_sent", Self::NotSent), ("throttled", Self::Throttled), ("conflict", Self::Conflict)];

    /// The cause of that name; none for what is neither one of our words nor shaped like a service's code (a capital
    /// letter, then letters and digits).
    pub fn parse(text: &str) -> Option<Self> {
        let word = Self::WORDS.into_iter().find(|(word, _)| *word == text).map(|(_, cause)| cause);
        let is_code = text.starts_with(|first: char| first.is_ascii_uppercase())
            && text.len() <= 128
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        word.or_else(|| is_code.then(|| Self::Code(text.to_owned())))
    }
}

impl fmt::Display for RetryCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotSent => "not_sent",
            Self::Throttled => "throttled",
            Self::Conflict => "conflict",
            Self::Code(code) => code,
        })
    }
}

impl Serialize for RetryCause {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RetryCause {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a cause of a failure")))
    }
}

/// What a run does when a step has certainly failed, after its retries. A step in doubt has not failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// Asks the operator: retry, skip with a reason, undo or abort.
    #[default]
    Ask,
    /// Tries again by the step's `retry`, which must be there, and then asks.
    Retry,
    /// Goes on with the steps that need this one; the failure is a deviation. None of them may read its outputs.
    Continue,
    /// Offers the step's own `undo`, and then asks.
    Undo,
    /// Goes on with this step, which is not done otherwise: it starts when one of the steps that name it has failed, and
    /// what it needs has ended well; it is skipped once all of them have ended in another way. What needs the failed step,
    /// directly or through others, is skipped, unless it needs this step too, directly or through others: there the two
    /// ways meet again, and it goes on when this step has ended well. The failure is a deviation.
    GoTo(StepId),
}

impl OnFailure {
    /// Whether it is what a step without the key does.
    pub(super) fn is_ask(&self) -> bool {
        *self == Self::Ask
    }
}
