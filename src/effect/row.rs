use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Args, ByHand, Call, Class, Reply, Request, Risk, Service, TargetKind, Told};
use crate::base::{AttemptId, Span, Timestamp, Value};

/// One operation: everything that Callout knows of it.
pub struct Row {
    /// The name, `service.thing.verb`.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// What it takes.
    pub parameters: &'static [Parameter],
    /// What it gives. Only these may be journaled.
    pub outputs: &'static [Output],
    /// What it can break.
    pub risk: Risk,
    /// What sending it twice does. `R` exactly if `change` is `None`.
    pub class: Class,
    /// Which hand carries it.
    pub service: Service,
    /// The pinned api-version, where the service has one.
    pub api_version: Option<&'static str>,
    /// `operationId` in Microsoft's OpenAPI documents, where it stands in one.
    pub operation_id: Option<&'static str>,
    /// The page of the service's documentation.
    pub documentation: &'static str,
    /// The permissions that the caller needs.
    pub permissions: &'static [&'static str],
    /// The exact request. Names are validated here, before they become part of an address.
    pub render: fn(&Args) -> Result<Request, RenderError>,
    /// For a read of several requests: the requests that follow from the replies so far, none when it is complete.
    pub follow: Option<Follow>,
    /// The outputs, read from the replies (one, or one per request of a read of several).
    pub parse: fn(&Args, &[Reply]) -> Result<Value, Unreadable>,
    /// Judges the outputs, if the row may stand as a check.
    pub judge: Option<fn(&Args, &Value) -> Verdict>,
    /// What only an operation that may change the world has.
    pub change: Option<ChangeFacts>,
    /// How a person does the same with `az`; without it, `az rest` with the very request is as good.
    pub by_hand: Option<ByHand>,
}

impl fmt::Debug for Row {
    /// The name, which says it all: the rest stands in the catalogue.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Row({})", self.name)
    }
}

/// What only a read of several requests has.
#[derive(Clone, Copy)]
pub struct Follow {
    /// Gives the requests that follow from the replies so far. A reply without a body gives those that follow from any.
    pub next: fn(&Args, &[Reply]) -> Vec<Request>,
    /// Those that only a reply can tell, for a person, what it will tell between `«` and `»`.
    pub foretell: fn(&Args) -> Vec<String>,
}

/// What must be known of an operation that may change the world.
pub struct ChangeFacts {
    /// The text that is typed to confirm it: the target's name.
    pub read_back: fn(&Args) -> String,
    /// The keys of which only one open intent may hold each: the targets that it touches.
    pub locks: fn(&Args) -> Vec<String>,
    /// Reads that show the target before and just before sending.
    pub observe: fn(&Args) -> Vec<Call>,
    /// The observed fields that a person consents to; a change in one voids the consent.
    pub observed: fn(&Args, &[Value]) -> Vec<Field>,
    /// How to find out whether it happened.
    pub probe: Probe,
    /// How it is undone, as a sentence.
    pub undo: &'static str,
    /// What it touches besides the target, as a sentence; empty if nothing.
    pub touches: &'static str,
    /// How long it usually takes on the platform.
    pub expect: Span,
    /// How much of the latest data may be gone after it, if it brings data back.
    pub loses: Option<Loss>,
}

/// How much of the latest data an operation that brings data back may lose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The most that its service may lose while it keeps its word. No recovery point objective below it can be promised;
    /// more may be lost in fact, and what was lost is measured.
    pub most: Span,
    /// The page of the service's documentation that says so.
    pub source: &'static str,
}

/// The question "did that effect happen?".
pub struct Probe {
    /// What it can find out at all.
    pub answers: Answers,
    /// The reads whose outputs are judged.
    pub reads: fn(&Args) -> Vec<Call>,
    /// Judges them. Absence is `DidNot`; the state machine believes it only after `settles`.
    pub judge: fn(&ProbeContext<'_>, &[Value]) -> ProbeVerdict,
    /// How long after sending absence begins to prove something: longer than the operation ever takes.
    pub settles: Span,
}

/// What a probe can find out at all, before it has asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// Whether it happened and, if it did, the outputs. For a single attempt it may still be unknown.
    Whether,
    /// Nothing: the platform keeps no trace, so every attempt in doubt is a person's question.
    Never,
}

/// What a probe knows of the attempt it asks about.
pub struct ProbeContext<'a> {
    /// The arguments of the effect.
    pub args: &'a Args,
    /// The attempt, which a class B effect carries as its mark.
    pub attempt: AttemptId,
    /// When the intent was journaled, by the estate's clock.
    pub sent_at: Timestamp,
    /// The observed fields at the intent.
    pub before: &'a [Field],
}

/// A probe's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum ProbeVerdict {
    /// It happened, with these outputs.
    Happened {
        /// The outputs, as the row's `parse` would have given them.
        outputs: Value,
        /// What was seen, as a sentence.
        seen: String,
    },
    /// No trace of it.
    DidNot {
        /// What was seen, as a sentence.
        seen: String,
    },
    /// It cannot be told from here.
    Unknown {
        /// Why, as a sentence.
        seen: String,
    },
}

/// A check's verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Verdict {
    /// It is so.
    Pass {
        /// What was seen.
        seen: String,
    },
    /// It is not so.
    Fail {
        /// What was seen, and what was expected.
        seen: String,
    },
    /// It could not be looked at; this never proves an outage and never passes a gate.
    CannotObserve {
        /// Why.
        seen: String,
    },
}

impl Verdict {
    /// What was seen.
    pub fn seen(&self) -> &str {
        match self {
            Self::Pass { seen } | Self::Fail { seen } | Self::CannotObserve { seen } => seen,
        }
    }
}

/// One observed fact of a target, in words that a person compares.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Field {
    /// What it is, `active version`.
    pub name: String,
    /// What it was.
    pub value: String,
}

impl Field {
    /// A fact.
    pub fn new(name: &str, value: impl Into<String>) -> Self {
        Self { name: name.to_owned(), value: value.into() }
    }
}

/// A parameter of a row.
pub struct Parameter {
    /// Its name in `with`.
    pub name: &'static str,
    /// The type of its value.
    pub kind: Type,
    /// Whether it must be given.
    pub presence: Presence,
    /// What it is, in one sentence.
    pub summary: &'static str,
}

/// Whether a parameter must be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It must.
    Required,
    /// It need not.
    Optional,
}

/// An output of a row.
pub struct Output {
    /// Its name.
    pub name: &'static str,
    /// The type of its value.
    pub kind: Type,
    /// What it is, in one sentence.
    pub summary: &'static str,
    /// How it is read from what the row's commands answer, where that can be said in a line.
    pub told: Option<Told>,
}

impl Output {
    /// The same, and how it is read from the answer of the row's commands.
    #[must_use]
    pub const fn told(mut self, told: Told) -> Self {
        self.told = Some(told);
        self
    }
}

/// The type of a value, as rows and runbooks declare it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// A number that need not be whole, as decimal text (`0.5`).
    Decimal,
    /// `true` or `false`.
    Boolean,
    /// A length of time, as text (`5m`).
    Duration,
    /// A moment, as RFC 3339 text.
    Timestamp,
    /// A reference to a secret.
    Secret,
    /// A resource of the estate: a record with `name`, `id` and, where it has one, `url`.
    Target(TargetKind),
    /// A record with fields of its own, described in the summary.
    Record,
    /// A list.
    List(&'static Type),
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String => f.write_str("string"),
            Self::Integer => f.write_str("integer"),
            Self::Decimal => f.write_str("decimal"),
            Self::Boolean => f.write_str("boolean"),
            Self::Duration => f.write_str("duration"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Secret => f.write_str("secret"),
            Self::Target(kind) => kind.fmt(f),
            Self::Record => f.write_str("record"),
            Self::List(kind) => write!(f, "list of {kind}"),
        }
    }
}

/// Why a row cannot render a request from its arguments.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum RenderError {
    /// An argument is not there.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// An argument has the wrong shape.
    #[error("`{name}` must be {wanted}, but is `{found}`")]
    Shape {
        /// The parameter.
        name: &'static str,
        /// What it must be.
        wanted: &'static str,
        /// What it is, for a person.
        found: String,
    },
}

/// Why an answer could not be read.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("the answer has no readable `{0}`")]
pub struct Unreadable(pub String);
