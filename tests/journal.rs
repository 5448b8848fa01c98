//! The journal: one set of rules, kept in memory and on a disk; and what a disk and other programs can do to a store.

mod contract;
mod lease;
mod opening;
mod store;

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use callout::base::{Entropy, EntryId};
use callout::journal::{Access, Batch, Draft, Fact, Holder, Journal, OpenError, Opening, SqliteJournal, StoreKind};
use callout::run::Event;
use uuid::Uuid;

use crate::corpus::examples;

/// Counts instead of drawing lots, so that two journals that are made alike are alike.
#[derive(Default)]
pub(crate) struct Counting(AtomicU32);

impl Entropy for Counting {
    fn uuid(&self) -> Uuid {
        examples::uuid(0xc000 + self.0.fetch_add(1, Ordering::Relaxed))
    }

    fn salt(&self) -> [u8; 32] {
        [7; 32]
    }
}

/// How the tests open a store, but for what they say otherwise.
pub(crate) fn opening<'a>(path: &'a Path, entropy: &'a Counting) -> Opening<'a> {
    Opening {
        path,
        access: Access::Create(StoreKind::Simulated),
        busy: Duration::from_secs(5),
        entropy,
        first: &|fact| Draft { id: EntryId::new(examples::uuid(0xcfff)), ..examples::draft(0, fact) },
        network: &|_| None,
    }
}

pub(crate) fn open(path: &Path) -> SqliteJournal {
    SqliteJournal::open(&opening(path, &Counting::default())).unwrap()
}

pub(crate) fn open_for(path: &Path, access: Access) -> Result<SqliteJournal, OpenError> {
    SqliteJournal::open(&Opening { access, ..opening(path, &Counting::default()) })
}

/// A batch of a holder that believes this of the example's run.
pub(crate) fn batch(version: u64, fence: u64, drafts: Vec<Draft>) -> Batch {
    let holder = Some(Holder { run: examples::run(), version, fence });
    Batch { drafts, holder, ..Batch::default() }
}

/// The number-th draft, an event of the example's run.
pub(crate) fn event(number: u32, event: Event) -> Draft {
    examples::draft(number, Fact::Run(event))
}

/// Appends a run's beginning: planned, taken.
pub(crate) fn begin(journal: &mut dyn Journal) {
    let drafts = vec![event(1, examples::planned()), event(2, Event::Taken { fence: 1, pid: 1 })];
    journal.append(&batch(0, 0, drafts)).unwrap();
}
