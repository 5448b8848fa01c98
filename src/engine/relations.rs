use std::collections::BTreeMap;

use crate::base::{AttemptId, LogId, Seq};
use crate::journal::{Entry, Fact, Reference, Relation};
use crate::run::Event;

/// What the entries of a run have to do with one another, as far as its holder knows without looking anything up.
#[derive(Default)]
pub(super) struct Relations {
    /// The entry that a word about an attempt's doubt answers: the one that put it in doubt, or else its intent, which is
    /// in doubt under a later fence without any entry that says so.
    doubts: BTreeMap<AttemptId, Seq>,
}

impl Relations {
    /// Takes up an entry, in the order of the log.
    pub(super) fn take_up(&mut self, entry: &Entry) {
        match &entry.draft.fact {
            Fact::Run(Event::Intent(intent)) => drop(self.doubts.insert(intent.attempt, entry.seq)),
            Fact::Run(Event::InDoubt { attempt, .. }) => drop(self.doubts.insert(*attempt, entry.seq)),
            _ => {}
        }
    }

    /// What an event has to do with earlier entries; `cause` is the request that it answers, if it answers one.
    pub(super) fn of(&self, log: LogId, event: &Event, cause: Option<Seq>) -> Vec<Reference> {
        let answers = match event {
            Event::Reconciled { attempt, .. } => self.doubts.get(attempt).copied(),
            _ => None,
        };
        let reference = |seq: Option<Seq>, rel| seq.map(|seq| Reference { log, seq, rel });
        [reference(cause, Relation::CausedBy), reference(answers, Relation::Reconciles)].into_iter().flatten().collect()
    }
}
