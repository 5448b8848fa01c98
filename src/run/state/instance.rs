use std::collections::BTreeMap;

use crate::base::{InstanceId, Timestamp, Value};
use crate::effect::{Failure, Handle, ProbeVerdict, Verdict};
use crate::run::Intent;

/// One instance of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Its name.
    pub id: InstanceId,
    /// The item of the `for_each`.
    pub item: Option<Value>,
    /// Its state.
    pub phase: Phase,
    /// When it began; the time in which it waited for a person is not counted.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Since when its checks are being made: after the effect, when its turn came, or when the run went on after a person's
    /// pause or the end of the program. A run that was merely parked goes on with the time that it had.
    pub checking_since: Option<Timestamp>,
    /// The last verdict of each of its checks.
    pub verdicts: BTreeMap<u32, Verdict>,
    /// Its tries, oldest first.
    pub attempts: Vec<Attempt>,
    /// What it gave.
    pub outputs: Option<Value>,
    /// Why it ended as it did, where that is not the ordinary end.
    pub why: Option<String>,
    /// Since when it has been in its present state.
    pub since: Option<Timestamp>,
    /// Whether it takes longer than its `timeout`, and somebody is to be told.
    pub overdue: bool,
    /// How often it was, or will be, tried again by itself since a person last said that it should be.
    pub backoffs: u32,
    /// What has become of it after it was done.
    pub undo: Undo,
    /// Whether it was skipped because the run went another way: then what needs nothing else is skipped too.
    pub passed_by: bool,
    /// Whether nothing was sent and its outputs are invented, in a rehearsal.
    pub assumed: bool,
}

/// How the undo of an instance stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Undo {
    /// Nobody has asked for it.
    #[default]
    None,
    /// Its entries are being done.
    Underway,
    /// All of its entries have been done.
    Done,
    /// A person left some of its entries undone, or the run ended before them.
    Partly,
}

/// The state of a step instance (DESIGN §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Its needs are not met, or it has not been looked at yet.
    Pending,
    /// It can start.
    Ready,
    /// It waits.
    Awaiting(Awaiting),
    /// It has begun.
    Running,
    /// Its effect may have happened.
    InDoubt,
    /// It did what it should.
    Succeeded,
    /// It did not.
    Failed,
    /// It was not wanted.
    Skipped,
    /// The run ended before it.
    Cancelled,
}

impl Phase {
    /// Tells whether nothing more will come.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Skipped | Self::Cancelled)
    }

    /// Tells whether something has been done about it, or is being done.
    pub(in crate::run) const fn has_worked(self) -> bool {
        use Awaiting::{Retry, Time};
        matches!(
            self,
            Self::Running | Self::InDoubt | Self::Succeeded | Self::Failed | Self::Awaiting(Time(_) | Retry(_))
        )
    }

    /// Tells whether it can take too long: it is under way, or waits for a person.
    pub(in crate::run) const fn may_be_overdue(self) -> bool {
        use Awaiting::{Confirmation, Person};
        matches!(self, Self::Ready | Self::Running | Self::InDoubt | Self::Awaiting(Confirmation | Person))
    }

    /// The word (DESIGN §2).
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Ready => "ready",
            Self::Awaiting(Awaiting::Confirmation) => "awaiting confirmation",
            Self::Awaiting(Awaiting::Person) => "awaiting a person",
            Self::Awaiting(Awaiting::Time(_)) => "waiting",
            Self::Awaiting(Awaiting::Retry(_)) => "waiting to try again",
            Self::Running => "running",
            Self::InDoubt => "in doubt",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What an instance waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaiting {
    /// A person's consent.
    Confirmation,
    /// A person's decision or report.
    Person,
    /// A time of the estate's clock.
    Time(Timestamp),
    /// A time of the estate's clock at which it is tried again by itself.
    Retry(Timestamp),
}

/// One try of an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// What was written down before it was sent.
    pub intent: Intent,
    /// The fence under which it was.
    pub fence: u64,
    /// When.
    pub sent_at: Timestamp,
    /// How it stands.
    pub standing: Standing,
}

/// How an attempt stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Sent by the process that holds the run now, and not answered yet.
    Open,
    /// The service goes on with it.
    Accepted {
        /// Where to ask.
        handle: Handle,
        /// The service's last word, or why it cannot be followed just now.
        status: Option<String>,
        /// Since when no useful answer has come.
        unreachable_since: Option<Timestamp>,
    },
    /// It may have happened.
    InDoubt {
        /// Since when nothing of ours is under way any more: from here the settling time runs.
        since: Timestamp,
        /// Why.
        why: String,
        /// Whether the service said yes to it.
        said_yes: bool,
        /// What the probe last said; once it has spoken, a person decides.
        probed: Option<ProbeVerdict>,
    },
    /// It happened.
    Succeeded,
    /// It was refused, or was never sent.
    Failed(Failure),
    /// The service accepted it and then came to a bad end; it may have been carried out in part.
    Broken(Failure),
    /// A probe or a person found that it did not happen.
    DidNot,
    /// It happened, or may have, and has been undone.
    Undone,
    /// It may have happened; a person brought about by other means what it was to do.
    ByHand,
}

impl Instance {
    pub(in crate::run) const fn new(id: InstanceId, item: Option<Value>) -> Self {
        Self {
            id,
            item,
            phase: Phase::Pending,
            started: None,
            ended: None,
            checking_since: None,
            verdicts: BTreeMap::new(),
            attempts: Vec::new(),
            outputs: None,
            why: None,
            since: None,
            overdue: false,
            backoffs: 0,
            undo: Undo::None,
            passed_by: false,
            assumed: false,
        }
    }

    /// Moves on to a state.
    pub(in crate::run) const fn enter(&mut self, phase: Phase, at: Timestamp) {
        self.phase = phase;
        self.since = Some(at);
        self.overdue = false;
    }

    /// The last attempt.
    pub fn last(&self) -> Option<&Attempt> {
        self.attempts.last()
    }

    /// Tells whether its effect may have happened, and nobody has said yet whether it did.
    pub fn is_doubted(&self) -> bool {
        self.last().is_some_and(|attempt| matches!(attempt.standing, Standing::InDoubt { .. }))
    }

    /// Tells whether an attempt before the last one was in doubt: then a conflict may be the trace of our own.
    pub fn was_doubted(&self) -> bool {
        let earlier = self.attempts.split_last().map(|(_, earlier)| earlier).unwrap_or_default();
        earlier.iter().any(|attempt| matches!(attempt.standing, Standing::DidNot | Standing::InDoubt { .. }))
    }

    /// Tells whether its probe has spoken, and a person has to decide.
    pub fn was_probed(&self) -> bool {
        let standing = self.last().map(|attempt| &attempt.standing);
        matches!(standing, Some(Standing::InDoubt { probed: Some(_), .. }))
    }

    /// Tells whether what the effect is for is known to be so: it happened and stands, or a person did it by hand.
    pub fn happened(&self) -> bool {
        self.last().is_some_and(|attempt| matches!(attempt.standing, Standing::Succeeded | Standing::ByHand))
    }

    /// Tells whether something was sent whose answer, or whose operation's end, is still to come.
    pub fn in_flight(&self) -> bool {
        let standing = self.last().map(|attempt| &attempt.standing);
        matches!(standing, Some(Standing::Open | Standing::Accepted { .. }))
    }

    /// Tells whether an effect of it stands, in whole or perhaps in part.
    pub fn stands(&self) -> bool {
        let stands = |attempt: &Attempt| matches!(attempt.standing, Standing::Succeeded | Standing::Broken(_));
        self.undo != Undo::Done && self.attempts.iter().any(stands)
    }

    /// The first of its checks that has not passed yet.
    pub fn next_check(&self, checks: usize) -> Option<u32> {
        (0..u32::try_from(checks).unwrap_or(u32::MAX))
            .find(|index| !matches!(self.verdicts.get(index), Some(Verdict::Pass { .. })))
    }
}
