//! A store that somebody wrote to with a shell, past the triggers that ask not to.

use callout::base::{Digest, Seq};
use callout::journal::{Batch, Fact, Journal as _, Payload, SqliteJournal, text_digest};
use callout::projection::{Fault, StoreVerdict, VerifyError, verify_store};
use callout::run::Event;
use callout::{incident, projection};
use rusqlite::Connection;

use super::{Bundle, ENTRIES, store};
use crate::corpus::examples;
use crate::journal::{batch, event, open};

fn verify(store: &SqliteJournal) -> Result<StoreVerdict, VerifyError> {
    // Small pages, so that the seams between them are walked over too.
    let salted = |commit: &Digest| store.salted_payload(commit);
    verify_store(store.log(), |from| store.lines(from, 7), salted, |digest| store.text_bytes(digest))
}

fn tamper(store: &SqliteJournal, sql: &str) {
    let raw = Connection::open(store.path()).unwrap();
    raw.execute_batch(
        "DROP TRIGGER log_record_in_order; DROP TRIGGER log_record_not_changed; DROP TRIGGER log_record_not_deleted;",
    )
    .unwrap();
    raw.execute_batch(sql).unwrap();
}

#[test]
fn a_store_that_nobody_touched_is_intact_and_its_missing_texts_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path());
    let before = verify(&store).unwrap();
    assert_eq!(before.intact.entries, ENTRIES as u64);
    assert_eq!(before.intact.root, store.frontier().unwrap().root());
    let note = Fact::Incident(incident::Event::Noted { text: examples::commitment("kept") });
    let payload = Payload { commitment: examples::commitment("kept"), salt: [7; 32], text: "kept".into() };
    let drafts = vec![examples::draft(900, note)];
    store.append(&Batch { drafts, payloads: vec![payload], ..Batch::default() }).unwrap();
    let after = verify(&store).unwrap();
    assert_eq!((after.texts, &after.without_text), (1, &before.without_text));
    assert!(!after.without_text.is_empty(), "an example commits to a text that the store was never given");
    let said = after.to_string();
    assert!(said.contains("1 as committed") && said.contains("no longer there"), "{said}");
    assert!(said.ends_with("without a checkpoint kept elsewhere"), "{said}");
}

#[test]
fn whatever_was_done_to_a_record_its_place_is_named() {
    let last = ENTRIES as u64 - 1;
    let cases: [(&str, u64); 8] = [
        ("UPDATE log_record SET body = replace(body, '\"os_user\":1000', '\"os_user\":1001') WHERE seq = 3", 3),
        ("UPDATE log_record SET leaf = zeroblob(32) WHERE seq = 5", 5),
        ("DELETE FROM log_record WHERE seq = 4", 4),
        ("DELETE FROM log_record WHERE seq = 0", 0),
        // Two bodies change places, each with its leaf; `seq` inside them says where they belong.
        (
            "CREATE TEMP TABLE two AS SELECT seq, body, leaf FROM log_record WHERE seq IN (6, 7);
             PRAGMA ignore_check_constraints = ON;
             DELETE FROM log_record WHERE seq IN (6, 7);
             INSERT INTO log_record (seq, body, leaf) SELECT 13 - seq, body, leaf FROM two;",
            6,
        ),
        (
            "UPDATE log_record SET body = replace(body, '\"os_user\"', '\"os_useR\"') WHERE seq = (SELECT max(seq) FROM log_record)",
            last,
        ),
        // The last record may be taken off without a trace in the log. Only an anchor tells.
        ("DELETE FROM log_record WHERE seq = (SELECT max(seq) FROM log_record)", u64::MAX),
        ("UPDATE payload SET bytes = x'00'", u64::MAX),
    ];
    for (sql, place) in cases {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        tamper(&store, sql);
        match verify(&store) {
            Ok(_) => assert_eq!(place, u64::MAX, "{sql}"),
            Err(VerifyError::Fault(Fault::Entry { seq, .. })) => assert_eq!(seq, Seq(place), "{sql}"),
            Err(err) => panic!("{sql}: {err}"),
        }
    }
}

#[test]
fn a_bundle_of_a_store_that_was_tampered_with_is_refused_at_the_same_entry() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let sql = "UPDATE log_record SET body = replace(body, '\"os_user\":1000', '\"os_user\":1001') WHERE seq = 9";
    tamper(&store, sql);
    let bundle = Bundle::export(&store, folder.path());
    assert_eq!(bundle.verdict(), verify(&store).unwrap_err().to_string());
    assert!(bundle.verdict().starts_with("entry 9: "));
}

#[test]
fn a_text_that_was_changed_beside_the_log_is_told_with_its_entry() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path());
    let note = Fact::Incident(incident::Event::Noted { text: examples::commitment("kept") });
    let payload = Payload { commitment: examples::commitment("kept"), salt: [7; 32], text: "kept".into() };
    let batch = Batch { drafts: vec![examples::draft(900, note)], payloads: vec![payload], ..Batch::default() };
    let seq = store.append(&batch).unwrap()[0].seq;
    for bytes in ["x'00'", "CAST('kepT' AS BLOB)", "x'ff'"] {
        Connection::open(store.path()).unwrap().execute_batch(&format!("UPDATE payload SET bytes = {bytes}")).unwrap();
        let err = verify(&store).unwrap_err().to_string();
        assert!(err.starts_with(&format!("entry {seq}: the text beside it")), "{err}");
    }
}

#[test]
fn a_runbooks_text_that_was_changed_or_removed_is_told_with_the_entry_that_planned_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(&folder.path().join("journal.db"));
    let text = "runbook: rollback\n";
    let Event::Planned { mut plan, digest } = examples::planned() else { panic!("it is a plan") };
    plan.revision.text = text_digest(text);
    let drafts = vec![event(1, Event::Planned { plan, digest })];
    let seq = store.append(&Batch { texts: vec![text.into()], ..batch(0, 0, drafts) }).unwrap()[0].seq;
    let intact = verify(&store).unwrap();
    assert_eq!((intact.texts, intact.without_text), (1, vec![]));

    let change = |sql: &str| {
        let raw = Connection::open(store.path()).unwrap();
        raw.execute_batch(sql).unwrap();
    };
    for bytes in ["CAST('runbook: rollbacK\n' AS BLOB)", "x'ff'", "x''"] {
        change(&format!("UPDATE text SET bytes = {bytes}"));
        let err = verify(&store).unwrap_err().to_string();
        assert!(err.starts_with(&format!("entry {seq}: the runbook's text beside it")), "{bytes}: {err}");
    }
    change("DELETE FROM text");
    let removed = verify(&store).unwrap();
    assert_eq!((removed.texts, removed.without_text), (0, vec![seq]));
}

#[test]
fn a_store_of_another_log_is_refused_at_its_first_entry() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let verdict = verify_store(examples::log(), |from| store.lines(from, 100), |_| Ok(None), |_| Ok(None));
    assert!(matches!(verdict, Err(VerifyError::Fault(Fault::Entry { seq: Seq(0), .. }))));
    assert_eq!(projection::RECORDS, "records.jsonl");
}
