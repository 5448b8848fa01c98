//! Journals that every later version must read.
//!
//! `corpus/v1` holds lines as a program of entry format 1 wrote them. They are never changed: a format that needs other
//! lines is a new version with a folder of its own, and the old folder stays. `every-kind.jsonl` has an entry of every
//! kind and is compared with the values that it was made from. Journals of whole runs, as the program itself wrote them,
//! stand in `runs`.

pub(crate) mod examples;
mod runs;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use callout::base::{Seq, canonical};
use callout::journal::{Fact, decode, encode, leaf_of};
use proptest::prelude::*;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/v1")
}

#[test]
fn the_example_of_every_kind_is_read_as_it_was_meant() {
    let path = folder().join("every-kind.jsonl");
    let examples = examples::entries();
    if std::env::var_os("CALLOUT_BLESS").is_some() {
        let lines: String = examples.iter().flat_map(|(_, line)| [line.text.as_str(), "\n"]).collect();
        fs::create_dir_all(folder()).unwrap();
        fs::write(&path, lines).unwrap();
    }
    let text = fs::read_to_string(&path).unwrap();
    let read: Vec<_> = text.lines().map(|line| decode(line).unwrap()).collect();
    assert_eq!(read.len(), examples.len());
    for ((expected, _), found) in examples.iter().zip(&read) {
        // `prev` covers the line before it, which names the version of the program that wrote it.
        assert_eq!((found.log, found.seq, &found.draft), (expected.log, expected.seq, &expected.draft));
    }
}

#[test]
fn every_journal_of_the_corpus_is_read_and_its_chain_holds() {
    let mut journals = 0;
    for file in fs::read_dir(folder()).unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() {
            continue;
        }
        let mut prev = None;
        for (number, line) in (0..).zip(fs::read_to_string(&path).unwrap().lines()) {
            let place = format!("{} line {}", path.display(), number + 1);
            let entry = decode(line).unwrap_or_else(|err| panic!("{place}: {err}"));
            assert_eq!((entry.seq, entry.prev), (Seq(number), prev), "{place}");
            assert_eq!(canonical(&serde_json::from_str(line).unwrap()).unwrap(), line, "{place}");
            prev = Some(leaf_of(line.as_bytes()));
        }
        journals += 1;
    }
    assert!(journals > 0);
}

#[test]
fn there_is_an_example_of_every_kind() {
    let facts = examples::facts();
    let shown: BTreeSet<&str> = facts.iter().map(examples::kind).collect();
    let all: BTreeSet<&str> = examples::RUN_KINDS.into_iter().chain(examples::OTHER_KINDS).collect();
    assert_eq!(shown, all);
}

#[test]
fn every_kind_has_a_canonical_line_and_comes_back_from_it() {
    for (entry, line) in examples::entries() {
        let kind = examples::kind(&entry.draft.fact);
        assert_eq!(decode(&line.text).unwrap(), entry, "{kind}");
        let json: serde_json::Value = serde_json::from_str(&line.text).unwrap();
        assert_eq!(canonical(&json).unwrap(), line.text, "{kind}");
        assert_eq!(json["kind"], kind);
        assert!(json["data"].get("step").is_none() && json["data"].get("attempt").is_none(), "{}", line.text);
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
        use callout::run::{Event, Item};

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
