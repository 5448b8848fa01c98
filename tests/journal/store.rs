//! The store under several writers, under people with a shell, and over time.

use std::sync::mpsc;
use std::time::Duration;

use callout::base::{EntryId, RunId, Seq, canonical};
use callout::incident;
use callout::journal::{
    AppendError, Batch, Draft, Fact, Frontier, Holder, Journal as _, Line, LogEvent, Opening, ReadError, SqliteJournal,
    Stage, StoreKind, leaf_of, text_digest,
};
use callout::run::{Event, RunEnd};
use proptest::prelude::*;
use rusqlite::{Connection, params};
use serde_json::{Value as Json, json};

use super::{Counting, batch, begin, event, open, opening};
use crate::corpus::examples;

fn note(number: u32) -> Draft {
    examples::draft(number, Fact::Incident(incident::Event::Noted { text: examples::commitment("hello") }))
}

fn lines(store: &SqliteJournal) -> Vec<Line> {
    store.lines(Seq(0), u32::MAX).unwrap()
}

/// Asserts what a verifier would: every line has its leaf, its place and the leaf before it.
fn assert_chained(lines: &[Line]) {
    let mut prev = None;
    for (number, line) in (0..).zip(lines) {
        let json: Json = serde_json::from_str(&line.text).unwrap();
        assert_eq!((line.seq, json["seq"].as_u64()), (Seq(number), Some(number)));
        assert_eq!(json.get("prev").and_then(Json::as_str).map(str::to_owned), prev);
        assert_eq!(line.leaf, leaf_of(line.text.as_bytes()));
        prev = Some(line.leaf.to_string());
    }
}

#[test]
fn many_writers_at_once_make_one_unbroken_chain() {
    const EACH: u32 = 40;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    std::thread::scope(|scope| {
        for writer in 0..6 {
            let path = &path;
            scope.spawn(move || {
                let mut store = open(path);
                let run = RunId::new(examples::uuid(0x9000 + writer));
                for number in 0..EACH {
                    let holder = Holder { run, version: u64::from(number), fence: 0 };
                    let id = EntryId::new(examples::uuid(0x1_0000 + writer * 1000 + number));
                    let draft = Draft { id, run: Some(run), ..event(1, Event::Continued) };
                    store.append(&Batch { drafts: vec![draft], holder: Some(holder), ..Batch::default() }).unwrap();
                    store.append(&Batch { drafts: vec![note(writer * 1000 + number)], ..Batch::default() }).unwrap();
                }
            });
        }
    });
    let mut store = open(&path);
    let lines = lines(&store);
    assert_eq!(lines.len(), 1 + 6 * 2 * EACH as usize);
    assert_chained(&lines);
    assert_eq!(store.frontier().unwrap(), Frontier::over(lines.iter().map(|line| line.leaf)));
    assert!(store.derived_is_right().unwrap());
    assert_eq!(store.runs().unwrap().len(), 6);
}

#[test]
fn a_shell_can_neither_change_nor_remove_nor_insert_out_of_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let mut store = open(&path);
    begin(&mut store);
    let before = lines(&store);
    let (last, next) = (&before[2], Seq(3));
    let raw = Connection::open(&path).unwrap();
    for sql in [
        "UPDATE log_record SET body = body",
        "UPDATE log_record SET seq = 9 WHERE seq = 2",
        "UPDATE OR REPLACE log_record SET leaf = zeroblob(32) WHERE seq = 1",
        "DELETE FROM log_record",
        "DELETE FROM log_record WHERE seq = 2",
        "INSERT OR REPLACE INTO log_record (seq, body, leaf) SELECT seq, body, leaf FROM log_record WHERE seq = 2",
        "REPLACE INTO log_record (seq, body, leaf) SELECT seq, body, zeroblob(32) FROM log_record WHERE seq = 1",
        "INSERT INTO log_record (seq, body, leaf) VALUES (3, 'no json', zeroblob(32))",
        "INSERT INTO log_record (body, leaf) VALUES ('{}', zeroblob(32))",
    ] {
        let err = raw.execute_batch(sql).expect_err(sql).to_string();
        assert!(err.contains("append-only") || err.contains("CHECK") || err.contains("malformed"), "{sql}: {err}");
    }
    let good = json!({"id": "x", "kind": "x.y", "recorded_at": "x", "seq": 3, "prev": last.leaf.to_string()});
    let insert = |change: &dyn Fn(&mut Json), seq: Seq, leaf: &[u8]| {
        let mut json = good.clone();
        change(&mut json);
        let sql = "INSERT OR REPLACE INTO log_record (seq, body, leaf) VALUES (?1, ?2, ?3)";
        raw.execute(sql, params![seq.0, json.to_string(), leaf])
    };
    let first_id: Json = serde_json::from_str::<Json>(&before[0].text).unwrap()["id"].clone();
    insert(&|json| json["prev"] = json!(before[1].leaf.to_string()), next, &[0; 32]).expect_err("another prev");
    insert(&|json| json["seq"] = json!(4), next, &[0; 32]).expect_err("another seq inside");
    insert(&|json| json["seq"] = json!(4), Seq(4), &[0; 32]).expect_err("a gap");
    insert(&|json| json["id"] = first_id.clone(), next, &[0; 32]).expect_err("an id that is there");
    insert(&|_| (), next, before[0].leaf.as_bytes()).expect_err("a leaf that is there");
    insert(&|json| drop(json.as_object_mut().unwrap().remove("kind")), next, &[0; 32]).expect_err("no kind");
    insert(&|_| (), next, &[0; 31]).expect_err("a short leaf");
    assert_eq!(lines(&store), before);
    // All the refusals above would be worth nothing if nothing could be inserted at all.
    insert(&|_| (), next, &[0; 32]).unwrap();
}

#[test]
fn what_a_shell_selects_is_what_is_exported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let mut store = open(&path);
    begin(&mut store);
    let raw = Connection::open(&path).unwrap();
    let mut select = raw.prepare("SELECT body FROM log_record ORDER BY seq").unwrap();
    let bodies: Vec<String> = select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(bodies, lines(&store).into_iter().map(|line| line.text).collect::<Vec<_>>());
    let pages: Vec<Line> = (0..3).flat_map(|seq| store.lines(Seq(seq), 1).unwrap()).collect();
    assert_eq!(pages, lines(&store));
    assert_eq!(store.lines(Seq(3), 10).unwrap(), []);
}

#[test]
fn a_writer_that_does_not_finish_in_time_is_told_and_nothing_is_appended() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let busy = Duration::from_millis(30);
    let mut store = SqliteJournal::open(&Opening { busy, ..opening(&path, &Counting::default()) }).unwrap();
    let raw = Connection::open(&path).unwrap();
    raw.execute_batch("BEGIN IMMEDIATE").unwrap();
    let err = store.append(&Batch { drafts: vec![note(1)], ..Batch::default() }).unwrap_err();
    assert!(matches!(err, AppendError::Busy), "{err:?}");
    assert_eq!(lines(&store).len(), 1);
    raw.execute_batch("ROLLBACK").unwrap();
    store.append(&Batch { drafts: vec![note(1)], ..Batch::default() }).unwrap();
}

#[test]
fn a_writer_that_finishes_in_time_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let mut store = open(&path);
    let raw = Connection::open(&path).unwrap();
    raw.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (started, start) = mpsc::channel();
    std::thread::scope(|scope| {
        let append = scope.spawn(move || {
            started.send(()).unwrap();
            store.append(&Batch { drafts: vec![note(1)], ..Batch::default() }).map(|entries| entries[0].seq)
        });
        start.recv().unwrap();
        raw.execute_batch("ROLLBACK").unwrap();
        assert_eq!(append.join().unwrap().unwrap(), Seq(1));
    });
}

#[test]
fn derived_tables_that_were_tampered_with_are_noticed_and_made_again() {
    for sql in [
        "UPDATE run SET version = 9",
        "UPDATE run SET stage = 'succeeded'",
        "DELETE FROM run",
        "DELETE FROM open_intent",
        "INSERT INTO open_intent SELECT 'other', run, attempt, seq FROM open_intent",
        "UPDATE frontier SET size = 8, roots = zeroblob(32)",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        let mut store = open(&path);
        begin(&mut store);
        let intent = |number, key| event(number, Event::Intent(Box::new(examples::intent(number, "swap", &[key]))));
        store.append(&batch(2, 1, vec![intent(3, "web")])).unwrap();
        assert!(store.derived_is_right().unwrap());
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        assert!(!store.derived_is_right().unwrap(), "{sql}");
        store.rebuild_derived().unwrap();
        assert!(store.derived_is_right().unwrap(), "{sql}");
        assert!(matches!(store.append(&batch(3, 1, vec![intent(4, "web")])), Err(AppendError::Held { .. })));
        store.append(&batch(3, 1, vec![intent(4, "api")])).unwrap();
        assert_chained(&lines(&store));
    }
}

#[test]
fn runs_are_found_by_what_a_person_types_and_listed_with_the_latest_first() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(&folder.path().join("journal.db"));
    assert_eq!((store.latest_run().unwrap(), store.runs().unwrap()), (None, vec![]));
    let runs: Vec<RunId> = ["01930000-0000-7000-8000-0000aaaa0001", "01930000-0000-7000-8000-0000aaaa0002"]
        .map(|id| id.parse().unwrap())
        .into();
    for (number, run) in (0..).zip(&runs) {
        let of_run = |number, event_of| Draft { run: Some(*run), ..event(number, event_of) };
        let taken = of_run(number * 10 + 2, Event::Taken { fence: 1, pid: 1 });
        let drafts = vec![of_run(number * 10 + 1, examples::planned()), taken];
        let holder = Some(Holder { run: *run, version: 0, fence: 0 });
        store.append(&Batch { drafts, holder, ..Batch::default() }).unwrap();
    }
    let finished = Event::Finished { end: RunEnd::Succeeded, in_doubt: vec![], standing: vec![] };
    let drafts = vec![Draft { run: Some(runs[1]), ..event(30, finished) }];
    let holder = Some(Holder { run: runs[1], version: 2, fence: 1 });
    store.append(&Batch { drafts, holder, ..Batch::default() }).unwrap();

    let found = |text: &str| store.find_runs(text).unwrap().into_iter().map(|row| row.run).collect::<Vec<_>>();
    assert_eq!(found("01930000-0000-7000-8000-0000AAAA0001"), [runs[0]]);
    assert_eq!(found(&runs[1].short()), [runs[1]]);
    assert_eq!(found("0193"), [runs[1], runs[0]], "both can be meant");
    for nobody in ["", "019", "aaaa", "zzzz", "%", "0193%"] {
        assert_eq!(found(nobody), [], "{nobody}");
    }
    let listed: Vec<_> = store.runs().unwrap().into_iter().map(|row| (row.run, row.stage, row.version)).collect();
    assert_eq!(listed, [(runs[1], Stage::Succeeded, 3), (runs[0], Stage::Running, 2)]);
    let row = store.open_runs().unwrap().remove(0);
    assert_eq!((row.run, row.runbook.as_str(), row.first, row.last), (runs[0], "key-rotation", Seq(1), Seq(2)));
    assert_eq!(store.latest_run().unwrap().unwrap().run, runs[1]);
}

/// Appends a line that this program could not have written, as another version would have.
fn append_strange(store: &SqliteJournal, change: impl FnOnce(&mut Json)) {
    let last = lines(store).pop().unwrap();
    let mut json: Json = serde_json::from_str(&last.text).unwrap();
    json["seq"] = json!(last.seq.0 + 1);
    json["prev"] = json!(last.leaf.to_string());
    json["id"] = json!(examples::uuid(0x7777));
    change(&mut json);
    let line = canonical(&json).unwrap();
    let raw = Connection::open(store.path()).unwrap();
    let leaf = leaf_of(line.as_bytes());
    let sql = "INSERT INTO log_record (seq, body, leaf) VALUES (?1, ?2, ?3)";
    raw.execute(sql, params![last.seq.0 + 1, line, leaf.as_bytes()]).unwrap();
}

#[test]
fn an_event_of_a_newer_program_stops_the_reader_of_its_run_and_a_remark_does_not() {
    type Change = fn(&mut Json);
    let strange: [(Change, Option<&str>); 4] = [
        (|json| json["kind"] = json!("timeline.sung"), None),
        (
            |json| json["kind"] = json!("step.levitated"),
            Some("entry 3 cannot be read: this program does not know the kind `step.levitated`"),
        ),
        (|json| json["kind"] = json!("request.dance"), Some("`request.dance`")),
        (|json| json["v"] = json!(2), Some("format 2")),
    ];
    for (change, refusal) in strange {
        let folder = tempfile::tempdir().unwrap();
        let mut store = open(&folder.path().join("journal.db"));
        begin(&mut store);
        append_strange(&store, change);
        match (store.of_run(examples::run(), Seq(0)), refusal) {
            (Ok(entries), None) => assert_eq!(entries.len(), 2),
            (Err(err @ ReadError::Entry { seq: Seq(3), .. }), Some(text)) => {
                assert!(err.to_string().contains(text), "{err}");
            }
            (other, refusal) => panic!("{other:?}, not {refusal:?}"),
        }
        assert_eq!(lines(&store).len(), 4, "whoever exports or verifies does not care");
        assert_chained(&lines(&store));
    }
}

#[test]
fn texts_beside_the_log_are_found_and_may_be_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let mut store = open(&path);
    let payload =
        callout::journal::Payload { commitment: examples::commitment("hello"), salt: [7; 32], text: "hello".into() };
    let texts = vec!["runbook: x\n".to_owned(); 2];
    store.append(&Batch { drafts: vec![note(1)], payloads: vec![payload], texts, holder: None }).unwrap();
    assert_eq!(store.text(&text_digest("runbook: x\n")).unwrap().as_deref(), Some("runbook: x\n"));
    assert_eq!(store.text(&text_digest("runbook: y\n")).unwrap(), None);
    let commitment = examples::commitment("hello");
    assert!(store.salted_payload(&commitment.commit).unwrap().unwrap().fits(&commitment));
    Connection::open(&path).unwrap().execute_batch("DELETE FROM payload").unwrap();
    assert_eq!(store.payload(&commitment.commit).unwrap(), None);
}

#[test]
fn an_export_is_an_entry_of_no_run() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(&folder.path().join("journal.db"));
    let fact = Fact::Log(LogEvent::Exported { format: "bundle".into(), entries: 1 });
    store.append(&Batch { drafts: vec![examples::draft(1, fact)], ..Batch::default() }).unwrap();
    assert_eq!((store.runs().unwrap(), store.kind()), (vec![], StoreKind::Simulated));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn any_sizes_of_batches_give_the_tree_of_their_leaves(sizes in proptest::collection::vec(0_u32..9, 1..8)) {
        let folder = tempfile::tempdir().unwrap();
        let mut store = open(&folder.path().join("journal.db"));
        let mut number = 0;
        for size in sizes {
            let drafts = (0..size).map(|offset| note(number + offset)).collect();
            store.append(&Batch { drafts, ..Batch::default() }).unwrap();
            number += size;
        }
        let lines = lines(&store);
        assert_chained(&lines);
        prop_assert_eq!(store.frontier().unwrap(), Frontier::over(lines.iter().map(|line| line.leaf)));
    }
}
