//! The audit log in a stranger's hands: every single change to an exported bundle is refused, by the program and by the
//! script in the bundle alike; and a store that was tampered with does not verify.

mod changes;
pub(crate) mod script;
mod store;

use std::fs;
use std::path::Path;

use callout::base::Seq;
use callout::journal::{Fact, Journal as _, Line, SqliteJournal};
use callout::projection::{BundleWriter, CHECKPOINT, Fault, Intact, LEAVES, RECORDS, verify_bundle};
use callout::run::Event;

use crate::corpus::examples;
use crate::journal::{batch, open};

/// How many entries the log of these tests has.
const ENTRIES: usize = 22;

/// The three files that are verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bundle {
    pub(crate) records: Vec<u8>,
    pub(crate) leaves: Vec<u8>,
    pub(crate) checkpoint: Vec<u8>,
}

impl Bundle {
    /// Exports the lines to a folder, as the command does, and reads the folder.
    pub(crate) fn export(store: &SqliteJournal, folder: &Path) -> Self {
        let create = |name| fs::File::create(folder.join(name)).unwrap();
        let mut writer = BundleWriter::new(store.log(), create(RECORDS), create(LEAVES));
        for line in lines(store) {
            writer.add(&line).unwrap();
        }
        let (long, short) = writer.finish().unwrap();
        let length = |file: &fs::File| file.metadata().unwrap().len();
        assert!(length(&long[0]) > length(&long[1]), "a record is longer than its leaf");
        for file in short {
            fs::write(folder.join(file.name), file.text).unwrap();
        }
        Self::read(folder)
    }

    fn read(folder: &Path) -> Self {
        let read = |name| fs::read(folder.join(name)).unwrap();
        Self { records: read(RECORDS), leaves: read(LEAVES), checkpoint: read(CHECKPOINT) }
    }

    pub(crate) fn write(&self, folder: &Path) {
        let files = [(RECORDS, &self.records), (LEAVES, &self.leaves), (CHECKPOINT, &self.checkpoint)];
        for (name, bytes) in files {
            fs::write(folder.join(name), bytes).unwrap();
        }
    }

    /// The file of that name.
    pub(crate) fn file(&mut self, name: &str) -> &mut Vec<u8> {
        match name {
            RECORDS => &mut self.records,
            LEAVES => &mut self.leaves,
            _ => &mut self.checkpoint,
        }
    }

    pub(crate) fn verify(&self) -> Result<Intact, Fault> {
        verify_bundle(&self.records, &self.leaves, &self.checkpoint)
    }

    /// What the program prints.
    pub(crate) fn verdict(&self) -> String {
        self.verify().map_or_else(|fault| fault.to_string(), |intact| intact.to_string())
    }
}

pub(crate) fn lines(store: &SqliteJournal) -> Vec<Line> {
    store.lines(Seq(0), u32::MAX).unwrap()
}

/// A store with a log of [`ENTRIES`] entries of many kinds.
pub(crate) fn store(folder: &Path) -> SqliteJournal {
    let mut store = open(&folder.join("journal.db"));
    // Without the plans, which are long, and would only make a thousand verdicts slow.
    let is_short = |fact: &Fact| !matches!(fact, Fact::Log(_) | Fact::Run(Event::Planned { .. }));
    let mut facts: Vec<Fact> = examples::facts().into_iter().filter(is_short).collect();
    let facts = facts.split_off(facts.len() - (ENTRIES - 1));
    let drafts = (1..).zip(facts).map(|(number, fact)| examples::draft(number, fact)).collect();
    store.append(&batch(0, 0, drafts)).unwrap();
    assert_eq!(lines(&store).len(), ENTRIES);
    store
}

/// The bundle of such a log.
pub(crate) fn bundle() -> Bundle {
    let folder = tempfile::tempdir().unwrap();
    Bundle::export(&store(folder.path()), folder.path())
}

#[test]
fn an_intact_bundle_is_accepted_with_the_caveat() {
    let bundle = bundle();
    let intact = bundle.verify().unwrap();
    assert_eq!(intact.entries, ENTRIES as u64);
    assert!(bundle.verdict().starts_with("intact: 22 entries, root "));
    assert!(bundle.verdict().contains("a consistent rewrite of all three cannot be detected"));
}

#[test]
fn a_bundle_of_nothing_is_no_log() {
    let nothing = Bundle { records: vec![], leaves: vec![], checkpoint: vec![] };
    assert_eq!(nothing.verdict(), "records.jsonl: the end is missing");
}
