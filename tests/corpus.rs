//! Journals that every later version must read.
//!
//! `corpus/v1` holds lines as a program of entry format 1 wrote them. They are never changed: a format that needs other
//! lines is a new version with a folder of its own, and the old folder stays. `every-kind.jsonl` has an entry of every
//! kind and is compared with the values that it was made from, and so is `told-more.jsonl`, with members that entries did not
//! have at first; `engine.jsonl` has the kinds that came with the engine, `drill.jsonl` those of drills, `store.jsonl` those that
//! tell what became of the store, `incident.jsonl` those of incidents. Journals of whole runs, as the program itself wrote them, stand in `runs`.

mod drill;
mod engine;
pub(crate) mod examples;
mod incident;
mod runs;
mod store;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use callout::base::{Seq, canonical};
use callout::journal::{Entry, Fact, Line, decode, encode, leaf_of};
use callout::projection::BundleWriter;
use proptest::prelude::*;

use crate::audit::{Bundle, script};

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/v1")
}

/// Compares a journal of the corpus with the values that it was made from.
fn is_read_as_it_was_meant(name: &str, examples: &[(Entry, Line)]) {
    let path = folder().join(name);
    if std::env::var_os("CALLOUT_BLESS").is_some() {
        let lines: String = examples.iter().flat_map(|(_, line)| [line.text.as_str(), "\n"]).collect();
        fs::create_dir_all(folder()).unwrap();
        fs::write(&path, lines).unwrap();
    }
    let text = fs::read_to_string(&path).unwrap();
    let read: Vec<Entry> = text.lines().map(|line| decode(line).unwrap()).collect();
    assert_eq!(read.len(), examples.len());
    for ((expected, _), found) in examples.iter().zip(&read) {
        assert_eq!(found, expected);
    }
}

#[test]
fn the_example_of_every_kind_is_read_as_it_was_meant() {
    is_read_as_it_was_meant("every-kind.jsonl", &examples::entries());
}

#[test]
fn what_an_entry_may_tell_of_clock_computer_program_and_relations_is_read_as_it_was_meant() {
    is_read_as_it_was_meant("told-more.jsonl", &examples::told_more());
}

#[test]
fn what_came_with_the_engine_is_read_as_it_was_meant() {
    is_read_as_it_was_meant("engine.jsonl", &engine::entries());
}

#[test]
fn what_came_with_drills_is_read_as_it_was_meant() {
    is_read_as_it_was_meant("drill.jsonl", &drill::entries());
}

#[test]
fn what_a_log_tells_of_its_store_is_read_as_it_was_meant() {
    is_read_as_it_was_meant("store.jsonl", &store::entries());
}

#[test]
fn what_people_tell_of_an_incident_is_read_as_it_was_meant() {
    is_read_as_it_was_meant("incident.jsonl", &incident::entries());
}

/// Every journal that the corpus holds.
fn journals() -> Vec<PathBuf> {
    let files = |folder: PathBuf| fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let all = files(folder()).chain(files(folder().join("runs")));
    let journals: Vec<PathBuf> = all.filter(|path| path.extension().is_some_and(|end| end == "jsonl")).collect();
    assert_eq!(journals.len(), 8, "{journals:?}");
    journals
}

#[test]
fn every_journal_of_the_corpus_is_read_and_written_again_byte_for_byte_and_its_chain_holds() {
    for path in journals() {
        let mut prev = None;
        for (number, line) in (0..).zip(fs::read_to_string(&path).unwrap().lines()) {
            let place = format!("{} line {}", path.display(), number + 1);
            let entry = decode(line).unwrap_or_else(|err| panic!("{place}: {err}"));
            assert_eq!((entry.seq, entry.prev), (Seq(number), prev), "{place}");
            assert_eq!(encode(&entry).unwrap(), line, "{place}");
            assert_eq!(canonical(&serde_json::from_str(line).unwrap()).unwrap(), line, "{place}");
            prev = Some(leaf_of(line.as_bytes()));
        }
    }
}

#[test]
fn every_journal_of_the_corpus_verifies_by_the_program_and_by_the_script_of_the_bundle_alike() {
    let bundles = journals().into_iter().map(|path| {
        let text = fs::read_to_string(path).unwrap();
        let log = decode(text.lines().next().unwrap()).unwrap().log;
        let mut writer = BundleWriter::new(log, Vec::new(), Vec::new());
        for (seq, line) in (0..).map(Seq).zip(text.lines()) {
            writer.add(&Line { seq, text: line.into(), leaf: leaf_of(line.as_bytes()) }).unwrap();
        }
        let ([records, leaves], [checkpoint, ..]) = writer.finish().unwrap();
        Bundle { records, leaves, checkpoint: checkpoint.text.into_bytes() }
    });
    let bundles: Vec<Bundle> = bundles.collect();
    for bundle in &bundles {
        bundle.verify().unwrap();
    }
    if script::is_runnable() {
        let verdicts: Vec<String> = bundles.iter().map(Bundle::verdict).collect();
        assert_eq!(script::verdicts(&bundles.iter().collect::<Vec<_>>()), verdicts);
    }
}

#[test]
fn there_is_an_example_of_every_kind() {
    let families = [examples::facts(), engine::facts(), drill::facts(), store::facts(), incident::facts()];
    let facts: Vec<Fact> = families.into_iter().flatten().collect();
    let shown: BTreeSet<&str> = facts.iter().map(examples::kind).collect();
    let all: BTreeSet<&str> = examples::RUN_KINDS.into_iter().chain(examples::OTHER_KINDS).collect();
    assert_eq!(shown, all);
}

#[test]
fn every_kind_has_a_canonical_line_and_comes_back_from_it() {
    let families = [examples::entries(), engine::entries(), drill::entries(), store::entries(), incident::entries()];
    for (entry, line) in families.into_iter().flatten() {
        let kind = examples::kind(&entry.draft.fact);
        assert_eq!(decode(&line.text).unwrap(), entry, "{kind}");
        let json: serde_json::Value = serde_json::from_str(&line.text).unwrap();
        assert_eq!(canonical(&json).unwrap(), line.text, "{kind}");
        assert_eq!(json["kind"], kind);
        for lifted in ["incident", "step", "attempt"] {
            assert!(json["data"].get(lifted).is_none(), "{}", line.text);
        }
    }
}

proptest! {
    #[test]
    fn any_text_number_and_time_comes_back_from_its_line(
        texts in proptest::collection::vec(any::<String>(), 4),
        number in -((1_i64 << 53) - 1)..(1 << 53),
        seconds in -60_000_000_000_i64..200_000_000_000,
        os_user: Option<u32>,
    ) {
        use callout::base::{Timestamp, Value};
        use callout::journal::Head;
        use callout::plan::Item;
        use callout::run::Event;

        let [key, text, step, tenant] = &texts[..] else { unreachable!() };
        let value = Value::List(vec![Value::text(text), Value::Integer(number), Value::record([("name", Value::text(key))])]);
        let items = vec![Item { key: key.clone(), value }];
        let mut draft = examples::draft(1, Fact::Run(Event::Expanded { step: step.as_str().into(), items }));
        draft.occurred_at = Timestamp::from_seconds(seconds);
        draft.actor.os_user = os_user;
        draft.actor.tenant = Some(tenant.clone());
        let (entry, line) = Head::of_new(examples::log()).place(&draft).unwrap();
        prop_assert_eq!(&canonical(&serde_json::from_str(&line.text).unwrap()).unwrap(), &line.text);
        prop_assert!(!line.text.contains('\n'));
        let read = decode(&line.text).unwrap();
        prop_assert_eq!(&encode(&read).unwrap(), &line.text);
        prop_assert_eq!(read, entry);
    }
}
