use std::collections::BTreeSet;
use std::sync::Arc;

use super::relations::Relations;
use crate::base::{Clock, Commitment, Entropy, EntryId, IncidentId, RunId, Seq, Timestamp};
use crate::incident;
use crate::journal::{
    Actor, AppendError, Batch, Channel, Draft, Entry, Fact, Holder, Journal, Payload, ReadError, Writer,
};
use crate::projection::Timeline;
use crate::projection::TimelineLine;
use crate::run::{Event, RunState};

/// Who writes, and through what.
#[derive(Clone, Debug)]
pub struct Who {
    /// By the token that is used.
    pub actor: Actor,
    /// By which program, on which computer.
    pub writer: Writer,
    /// Through what.
    pub channel: Channel,
    /// For the header of the screen; not journaled.
    pub name: String,
}

/// The run's pen: it writes what was decided, and keeps the story beside it.
pub(super) struct Recorder {
    journal: Box<dyn Journal>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    who: Who,
    timeline: Timeline,
    relations: Relations,
    /// Up to where the mailbox has been read.
    mailbox: Option<Seq>,
    /// What has been told beyond that: entries of our own, between which others may have written.
    told: BTreeSet<Seq>,
    payloads: Vec<Payload>,
    texts: Vec<String>,
}

impl Recorder {
    pub(super) fn new(journal: Box<dyn Journal>, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>, who: Who) -> Self {
        Self {
            journal,
            clock,
            entropy,
            who,
            timeline: Timeline::default(),
            relations: Relations::default(),
            mailbox: None,
            told: BTreeSet::new(),
            payloads: Vec::new(),
            texts: Vec::new(),
        }
    }

    pub(super) fn incidents(&self) -> &[IncidentId] {
        self.timeline.incidents()
    }

    pub(super) fn lines(&self) -> &[TimelineLine] {
        self.timeline.lines()
    }

    /// Writes the first event of a run, and the texts of its runbooks.
    pub(super) fn begin(&mut self, run: RunId, event: &Event, texts: Vec<String>) -> Result<Entry, AppendError> {
        let batch = Batch {
            drafts: vec![self.draft(run, Some(0), self.clock.now(), Fact::Run(event.clone()))],
            holder: Some(Holder { run, version: 0, fence: 0 }),
            texts,
            payloads: Vec::new(),
        };
        let mut entries = self.journal.append(&batch)?;
        let entry = entries.pop().ok_or_else(|| AppendError::Entry("nothing was written".into()))?;
        self.tell(std::slice::from_ref(&entry));
        Ok(entry)
    }

    /// Writes events that were decided, and gives the state after them. The state is worked out first: an event that
    /// it does not allow is never written. `cause` is the request that they answer, if they answer one.
    pub(super) fn record(
        &mut self,
        state: &RunState,
        events: &[Event],
        now: Timestamp,
        cause: Option<Seq>,
    ) -> Result<RunState, AppendError> {
        let mut after = state.clone();
        let mut drafts = Vec::new();
        for event in events {
            after = after.evolve(now, event).map_err(|illegal| AppendError::Entry(illegal.to_string()))?;
            let refs = self.relations.of(state.log, event, cause);
            let draft = self.draft(state.id, Some(after.fence), now, Fact::Run(event.clone()));
            drafts.push(Draft { refs, ..draft });
        }
        let holder = Holder { run: state.id, version: state.version, fence: state.fence };
        let (payloads, texts) = (std::mem::take(&mut self.payloads), std::mem::take(&mut self.texts));
        let batch = Batch { drafts, holder: Some(holder), payloads, texts };
        let entries = self.journal.append(&batch)?;
        self.tell(&entries);
        Ok(after)
    }

    /// Puts a note on the timeline.
    pub(super) fn note(&mut self, state: &RunState, text: &str, now: Timestamp) -> Result<(), AppendError> {
        let commitment = self.commit(text);
        let fact = Fact::Incident(incident::Event::Noted { text: commitment });
        let batch = Batch {
            drafts: vec![self.draft(state.id, None, now, fact)],
            payloads: std::mem::take(&mut self.payloads),
            ..Batch::default()
        };
        let entries = self.journal.append(&batch)?;
        self.tell(&entries);
        Ok(())
    }

    /// Commits to a text, which is written with the next events.
    pub(super) fn commit(&mut self, text: &str) -> Commitment {
        let salt = self.entropy.salt();
        let commitment = Commitment::to_text(text, &salt);
        self.payloads.push(Payload { commitment: commitment.clone(), salt, text: text.to_owned() });
        commitment
    }

    /// Takes texts that were committed to elsewhere, and others that entries name by their digest. They are written with the
    /// next events.
    pub(super) fn keep(&mut self, payloads: Vec<Payload>, texts: Vec<String>) {
        self.payloads.extend(payloads);
        self.texts.extend(texts);
    }

    /// Forgets what was to be written beside the next events, as nothing came of what it belonged to.
    pub(super) fn forget_texts(&mut self) {
        self.payloads.clear();
        self.texts.clear();
    }

    /// Tells whether another process has written since the last look.
    pub(super) fn changed(&mut self) -> bool {
        self.journal.changed().unwrap_or(true)
    }

    /// Reads what has been written since the last look, and gives what others wrote.
    pub(super) fn catch_up(&mut self, run: RunId) -> Result<Vec<Entry>, ReadError> {
        let from = self.mailbox.map_or(Seq(0), |seq| Seq(seq.0 + 1));
        let mut entries = self.journal.of_run(run, from)?;
        let last = entries.last().map(|entry| entry.seq);
        entries.retain(|entry| !self.told.contains(&entry.seq));
        self.tell(&entries);
        self.mailbox = last.or(self.mailbox);
        self.told.clear();
        Ok(entries)
    }

    /// Every entry of a run, told from the beginning.
    pub(super) fn read_all(&mut self, run: RunId) -> Result<Vec<Entry>, ReadError> {
        let entries = self.journal.of_run(run, Seq(0))?;
        self.tell(&entries);
        self.mailbox = entries.last().map(|entry| entry.seq);
        self.told.clear();
        Ok(entries)
    }

    /// What failed, with everything behind it, as one sentence.
    pub(super) fn sentence(why: &AppendError) -> String {
        let mut text = why.to_string();
        let mut cause = std::error::Error::source(why);
        while let Some(error) = cause {
            text.push_str(&format!(": {error}"));
            cause = error.source();
        }
        text
    }

    fn tell(&mut self, entries: &[Entry]) {
        for entry in entries {
            let journal = &mut self.journal;
            self.timeline.push(entry, &mut |commit| journal.payload(commit).ok().flatten());
            self.relations.take_up(entry);
            self.told.insert(entry.seq);
        }
    }

    fn draft(&self, run: RunId, fence: Option<u64>, now: Timestamp, fact: Fact) -> Draft {
        Draft {
            id: EntryId::new(self.entropy.uuid()),
            recorded_at: self.clock.host_now(),
            host_clock: self.clock.host_clock(),
            occurred_at: now,
            clock: self.clock.source(),
            run: Some(run),
            fence,
            actor: self.who.actor.clone(),
            writer: self.who.writer.clone(),
            channel: self.who.channel,
            refs: Vec::new(),
            fact,
        }
    }
}
