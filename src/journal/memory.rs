use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{
    AppendError, Batch, Change, Derived, Draft, Entry, Fact, Head, Journal, Line, LockRow, ReadError, admit, changes,
    text_digest,
};
use crate::base::{AttemptId, Digest, EntryId, LogId, RunId, Seq};
use crate::run::Event;

/// A journal without a disk, for whoever wants to see what a journal would hold: the same rules, refusals and lines as
/// the store, and none of its durability. Nothing outlives the last handle.
#[derive(Debug)]
pub struct MemoryJournal {
    shared: Arc<Mutex<Shared>>,
    /// How many entries there were when this handle last looked.
    seen: usize,
}

#[derive(Debug)]
struct Shared {
    head: Head,
    lines: Vec<Line>,
    ids: BTreeSet<EntryId>,
    derived: Derived,
    /// Attempts in doubt that were, or are, undone.
    undone: BTreeSet<AttemptId>,
    payloads: BTreeMap<Digest, String>,
    texts: BTreeMap<Digest, String>,
    refusals: VecDeque<AppendError>,
}

impl MemoryJournal {
    /// A new log whose entry 0 is `created`, as a store's is.
    ///
    /// # Errors
    /// `created` has no canonical line.
    pub fn new(log: LogId, created: &Draft) -> Result<Self, AppendError> {
        let mut shared = Shared {
            head: Head::of_new(log),
            lines: Vec::new(),
            ids: BTreeSet::new(),
            derived: Derived::default(),
            undone: BTreeSet::new(),
            payloads: BTreeMap::new(),
            texts: BTreeMap::new(),
            refusals: VecDeque::new(),
        };
        shared.append(&Batch { drafts: vec![created.clone()], ..Batch::default() })?;
        let seen = shared.lines.len();
        Ok(Self { shared: Arc::new(Mutex::new(shared)), seen })
    }

    /// Another handle on the same log, as another process would have.
    #[must_use]
    pub fn another(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), seen: self.shared().lines.len() }
    }

    /// Refuses the next append, by whichever handle, with this error; after several calls, the next ones in order.
    pub fn refuse_next(&self, error: AppendError) {
        self.shared().refusals.push_back(error);
    }

    /// Every line so far.
    pub fn lines(&self) -> Vec<Line> {
        self.shared().lines.clone()
    }

    /// A text that entries name by its digest.
    pub fn text(&self, digest: &Digest) -> Option<String> {
        self.shared().texts.get(digest).cloned()
    }

    /// What the log comes to.
    pub fn derived(&self) -> Derived {
        self.shared().derived.clone()
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        // A change is made in one go at the end of an append, so a panic elsewhere leaves nothing half done.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal for MemoryJournal {
    fn append(&mut self, batch: &Batch) -> Result<Vec<Entry>, AppendError> {
        let mut shared = self.shared();
        let before = shared.lines.len();
        let entries = shared.append(batch)?;
        drop(shared);
        // Others may have appended since we last looked; only a handle that was up to date stays so.
        if self.seen == before {
            self.seen += entries.len();
        }
        Ok(entries)
    }

    fn of_run(&mut self, run: RunId, from: Seq) -> Result<Vec<Entry>, ReadError> {
        let shared = self.shared();
        let mut entries = Vec::new();
        for line in shared.lines.iter().filter(|line| line.seq >= from) {
            entries.extend(line.entry()?.filter(|entry| entry.draft.run == Some(run)));
        }
        Ok(entries)
    }

    fn changed(&mut self) -> Result<bool, ReadError> {
        let now = self.shared().lines.len();
        Ok(std::mem::replace(&mut self.seen, now) != now)
    }

    fn payload(&mut self, commit: &Digest) -> Result<Option<String>, ReadError> {
        Ok(self.shared().payloads.get(commit).cloned())
    }
}

impl Shared {
    fn append(&mut self, batch: &Batch) -> Result<Vec<Entry>, AppendError> {
        if let Some(refusal) = self.refusals.pop_front() {
            return Err(refusal);
        }
        admit(batch, batch.holder.and_then(|holder| self.derived.runs.get(&holder.run)))?;
        let (mut head, mut derived, mut ids) = (self.head, self.derived.clone(), self.ids.clone());
        let (mut entries, mut lines, mut undone) = (Vec::new(), Vec::new(), self.undone.clone());
        for draft in &batch.drafts {
            let (entry, line) = head.place(draft)?;
            if !ids.insert(draft.id) {
                return Err(AppendError::Entry(format!("its id {} is already in the log", draft.id)));
            }
            if let Fact::Run(Event::Undoing { doubted: Some(attempt), .. }) = &entry.draft.fact {
                undone.insert(*attempt);
            }
            for change in changes(&entry) {
                refuse_held(&derived, &undone, &change)?;
                derived.apply(change);
            }
            entries.push(entry);
            lines.push(line);
        }
        (self.head, self.derived, self.ids, self.undone) = (head, derived, ids, undone);
        self.lines.append(&mut lines);
        let payloads = batch.payloads.iter().map(|payload| (payload.commitment.commit, payload.text.clone()));
        self.payloads.extend(payloads);
        self.texts.extend(batch.texts.iter().map(|text| (text_digest(text), text.clone())));
        Ok(entries)
    }
}

fn refuse_held(derived: &Derived, undone: &BTreeSet<AttemptId>, change: &Change) -> Result<(), AppendError> {
    let Change::Locked { run, keys, .. } = change else { return Ok(()) };
    let bars = |lock: &&LockRow| lock.run != *run || !undone.contains(&lock.attempt);
    match keys.iter().find_map(|key| derived.locks.get(key).filter(bars).map(|lock| (key, lock))) {
        Some((key, lock)) => Err(AppendError::Held { key: key.clone(), run: lock.run }),
        None => Ok(()),
    }
}
