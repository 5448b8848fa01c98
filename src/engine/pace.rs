use std::time::Duration;

use crate::base::{AttemptId, InstanceId, Timestamp};
use crate::run::Command;

/// What a command is about: at most one command per key is under way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Observe(InstanceId),
    Begin(InstanceId),
    Send(AttemptId),
    Poll(AttemptId),
    Probe(AttemptId),
    Read(InstanceId),
    Look(InstanceId, u32),
    Wait(InstanceId),
    Advance,
    /// The passing of time itself, up to there.
    Alarm(Timestamp),
}

impl Key {
    pub(super) fn of(command: &Command) -> Self {
        match command {
            Command::Observe { step, .. } => Self::Observe(step.clone()),
            Command::Begin { step, .. } => Self::Begin(step.clone()),
            Command::Send { attempt, .. } => Self::Send(*attempt),
            Command::Poll { attempt, .. } => Self::Poll(*attempt),
            Command::Probe { attempt, .. } => Self::Probe(*attempt),
            Command::Read { step, .. } => Self::Read(step.clone()),
            Command::Look { step, index, .. } => Self::Look(step.clone(), *index),
            Command::Wait { step, .. } => Self::Wait(step.clone()),
        }
    }
}

/// When a command may be performed again.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pace {
    /// Not before this time of the estate's clock.
    Estate(Timestamp),
    /// Not before so much time of the host has passed.
    Host(Duration),
}
