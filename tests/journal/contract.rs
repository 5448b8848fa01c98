//! What every journal keeps to, asked of each of them through two handles on one log.

use callout::base::{AttemptId, RunId, Seq, Value};
use callout::effect::{Failure, ProbeVerdict};
use callout::incident;
use callout::journal::{
    AppendError, Batch, Draft, Fact, Holder, Journal, LogEvent, MemoryJournal, Payload, StoreKind, text_digest,
};
use callout::run::{Event, Intent, ReconciledBy, Request, RunEnd};
use proptest::prelude::*;

use super::{Counting, batch, begin, event, open, opening};
use crate::corpus::examples;

/// Two handles on a new log, as two processes would have.
type Pair = (Box<dyn Journal>, Box<dyn Journal>);

fn in_memory() -> Pair {
    let created = examples::draft(0, Fact::Log(LogEvent::Created { estate: StoreKind::Simulated }));
    let journal = MemoryJournal::new(examples::log(), &created).unwrap();
    let another = journal.another();
    (Box::new(journal), Box::new(another))
}

/// Runs a test on every journal that there is.
fn of_each_journal(test: impl Fn(Pair)) {
    test(in_memory());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    test((Box::new(open(&path)), Box::new(open(&path))));
}

fn note(number: u32) -> Draft {
    examples::draft(number, Fact::Incident(incident::Event::Noted { text: examples::commitment("hello") }))
}

fn intent(number: u32, keys: &[&str]) -> Draft {
    event(100 + number, Event::Intent(Box::new(examples::intent(number, "swap", keys))))
}

#[test]
fn what_is_appended_comes_back_in_order_and_in_its_place() {
    of_each_journal(|(mut journal, mut other)| {
        let facts = examples::facts();
        let drafts: Vec<Draft> = (0..).zip(facts).skip(1).map(|(number, fact)| examples::draft(number, fact)).collect();
        let of_run: Vec<&Draft> = drafts.iter().filter(|draft| draft.run.is_some()).collect();
        let appended = journal.append(&batch(0, 0, drafts.clone())).unwrap();
        assert_eq!(appended.len(), drafts.len());
        let read = other.of_run(examples::run(), Seq(0)).unwrap();
        assert_eq!(read.iter().map(|entry| &entry.draft).collect::<Vec<_>>(), of_run);
        assert_eq!(read, appended.into_iter().filter(|entry| entry.draft.run.is_some()).collect::<Vec<_>>());
        let later = other.of_run(examples::run(), Seq(5)).unwrap();
        assert_eq!(later, read.iter().filter(|entry| entry.seq >= Seq(5)).cloned().collect::<Vec<_>>());
        assert_eq!(other.of_run(RunId::new(examples::uuid(99)), Seq(0)).unwrap(), []);
    });
}

#[test]
fn a_holder_that_is_behind_is_superseded_and_nothing_of_its_batch_is_there() {
    of_each_journal(|(mut journal, mut other)| {
        begin(&mut *journal);
        for (version, fence) in [(0, 0), (1, 1), (2, 0), (2, 2), (3, 1)] {
            let drafts = vec![note(8), event(9, Event::Continued)];
            let err = other.append(&batch(version, fence, drafts)).unwrap_err();
            assert!(matches!(err, AppendError::Superseded), "{version} {fence}: {err}");
        }
        assert_eq!(other.of_run(examples::run(), Seq(0)).unwrap().len(), 2);
        other.append(&batch(2, 1, vec![event(9, Event::Continued)])).unwrap();
    });
}

#[test]
fn notes_and_requests_of_others_do_not_supersede_the_holder() {
    of_each_journal(|(mut journal, mut other)| {
        begin(&mut *journal);
        let request = examples::draft(4, Fact::Request(Request::Pause {}));
        other.append(&Batch { drafts: vec![note(3), request], ..Batch::default() }).unwrap();
        let entries = journal.append(&batch(2, 1, vec![event(5, Event::Continued)])).unwrap();
        assert_eq!(entries[0].seq, Seq(5));
    });
}

#[test]
fn a_key_is_held_until_the_outcome_is_known() {
    let step = || "swap".into();
    let attempt = examples::attempt(1);
    let happened = ProbeVerdict::Happened { outputs: Value::record([]), seen: "x".into() };
    let did_not = ProbeVerdict::DidNot { seen: "x".into() };
    let unknown = ProbeVerdict::Unknown { seen: "x".into() };
    let spoken = |verdict, open| Event::Reconciled {
        step: step(),
        attempt,
        by: ReconciledBy::Probe,
        verdict,
        open,
        reason: None,
    };
    let failure = Failure::new("Conflict", "x");
    let frees = [
        Event::Succeeded { step: step(), attempt, outputs: Value::record([]) },
        Event::Failed { step: step(), attempt, failure },
        spoken(happened, false),
        spoken(did_not.clone(), false),
    ];
    for settling in frees {
        of_each_journal(|(mut journal, mut other)| {
            begin(&mut *journal);
            journal.append(&batch(2, 1, vec![intent(1, &["app/web", "app/web/staging", "app/web"])])).unwrap();
            let keeps = vec![
                event(10, Event::InDoubt { step: step(), attempt, why: "reset".into(), said_yes: false }),
                event(11, spoken(unknown.clone(), true)),
                event(14, spoken(did_not.clone(), true)),
                event(12, Event::Finished { end: RunEnd::Aborted, in_doubt: vec![step()], standing: vec![] }),
            ];
            journal.append(&batch(3, 1, keeps)).unwrap();
            let err = other.append(&batch(7, 1, vec![intent(2, &["app/api", "app/web/staging"])])).unwrap_err();
            let AppendError::Held { key, run } = err else { panic!("{err}") };
            assert_eq!((key.as_str(), run), ("app/web/staging", examples::run()));
            // The free key of the refused batch was not taken either.
            other.append(&batch(7, 1, vec![intent(3, &["app/api"])])).unwrap();
            other.append(&batch(8, 1, vec![event(13, settling.clone())])).unwrap();
            other.append(&batch(9, 1, vec![intent(4, &["app/web", "app/web/staging"])])).unwrap();
        });
    }
}

#[test]
fn what_undoes_a_doubt_goes_beside_it_and_the_doubt_keeps_its_key() {
    let another = RunId::new(examples::uuid(77));
    let of_another = |draft: Draft| Draft { run: Some(another), ..draft };
    of_each_journal(|(mut journal, mut other)| {
        begin(&mut *journal);
        let planned = [event(20, examples::planned()), event(21, Event::Taken { fence: 1, pid: 2 })].map(of_another);
        let holder = |version, fence| Some(Holder { run: another, version, fence });
        other.append(&Batch { drafts: planned.to_vec(), holder: holder(0, 0), ..Batch::default() }).unwrap();
        let mut stranger = |number| {
            let drafts = vec![of_another(intent(number, &["app/web"]))];
            other.append(&Batch { drafts, holder: holder(2, 1), ..Batch::default() })
        };
        journal.append(&batch(2, 1, vec![intent(1, &["app/web"])])).unwrap();
        let err = journal.append(&batch(3, 1, vec![intent(2, &["app/web"])])).unwrap_err();
        assert!(matches!(err, AppendError::Held { .. }), "nobody undoes it yet: {err}");
        let undoing = Event::Undoing { step: "swap".into(), doubted: Some(examples::attempt(1)) };
        journal.append(&batch(3, 1, vec![event(30, undoing), intent(3, &["app/web", "app/api"])])).unwrap();
        assert!(matches!(stranger(4), Err(AppendError::Held { .. })));
        let (step, attempt) = ("swap~undo/1".into(), examples::attempt(3));
        let succeeded = Event::Succeeded { step, attempt, outputs: Value::record([]) };
        journal.append(&batch(5, 1, vec![event(31, succeeded)])).unwrap();
        assert!(matches!(stranger(5), Err(AppendError::Held { .. })), "the undo is done, and the doubt has not ended");
        let ended = Event::Reconciled {
            step: "swap".into(),
            attempt: examples::attempt(1),
            by: ReconciledBy::Undo,
            verdict: ProbeVerdict::Unknown { seen: "x".into() },
            open: false,
            reason: None,
        };
        journal.append(&batch(6, 1, vec![event(32, ended)])).unwrap();
        stranger(6).unwrap();
    });
}

#[test]
fn two_intents_of_one_batch_cannot_share_a_key() {
    of_each_journal(|(mut journal, _)| {
        begin(&mut *journal);
        let err = journal.append(&batch(2, 1, vec![intent(1, &["a"]), intent(2, &["a"])])).unwrap_err();
        assert!(matches!(err, AppendError::Held { .. }), "{err}");
        assert_eq!(journal.of_run(examples::run(), Seq(0)).unwrap().len(), 2);
    });
}

#[test]
fn an_id_is_used_once() {
    of_each_journal(|(mut journal, mut other)| {
        journal.append(&Batch { drafts: vec![note(3)], ..Batch::default() }).unwrap();
        for drafts in [vec![note(3)], vec![note(4), note(4)]] {
            let err = other.append(&Batch { drafts, ..Batch::default() }).unwrap_err();
            assert!(matches!(err, AppendError::Entry(_)), "{err}");
        }
        let entries = other.append(&Batch { drafts: vec![note(5)], ..Batch::default() }).unwrap();
        assert_eq!(entries[0].seq, Seq(2), "a refused batch leaves no gap");
    });
}

#[test]
fn an_event_of_a_run_without_its_holder_is_refused() {
    of_each_journal(|(mut journal, _)| {
        let stray = || vec![event(3, Event::Continued)];
        let of_another = Holder { run: RunId::new(examples::uuid(99)), version: 0, fence: 0 };
        for holder in [None, Some(of_another)] {
            let err = journal.append(&Batch { drafts: stray(), holder, ..Batch::default() }).unwrap_err();
            assert!(matches!(err, AppendError::Entry(_)), "{err}");
        }
    });
}

#[test]
fn an_entry_without_a_canonical_form_is_refused_with_its_reason() {
    of_each_journal(|(mut journal, _)| {
        begin(&mut *journal);
        let outputs = Value::record([("size", Value::Integer(1 << 53))]);
        let event = event(3, Event::Succeeded { step: "swap".into(), attempt: examples::attempt(1), outputs });
        let err = journal.append(&batch(2, 1, vec![event])).unwrap_err();
        assert!(err.to_string().contains("9007199254740992"), "{err}");
    });
}

#[test]
fn a_text_beside_the_log_is_kept_and_must_fit_its_commitment() {
    of_each_journal(|(mut journal, mut other)| {
        let payload =
            |text: &str| Payload { commitment: examples::commitment("hello"), salt: [7; 32], text: text.into() };
        let batch = |text| Batch { drafts: vec![note(3)], payloads: vec![payload(text)], ..Batch::default() };
        assert!(matches!(journal.append(&batch("hallo")), Err(AppendError::Entry(_))));
        journal.append(&batch("hello")).unwrap();
        let commit = examples::commitment("hello").commit;
        assert_eq!(other.payload(&commit).unwrap().as_deref(), Some("hello"));
        assert_eq!(other.payload(&text_digest("hello")).unwrap(), None);
    });
}

#[test]
fn a_handle_hears_of_what_others_append_and_not_of_its_own() {
    of_each_journal(|(mut journal, mut other)| {
        let mut number = 10;
        let mut append = |journal: &mut Box<dyn Journal>| {
            number += 1;
            journal.append(&Batch { drafts: vec![note(number)], ..Batch::default() }).unwrap();
        };
        other.changed().unwrap();
        assert!(!journal.changed().unwrap() && !other.changed().unwrap());
        append(&mut journal);
        assert!(!journal.changed().unwrap());
        assert!(other.changed().unwrap());
        assert!(!other.changed().unwrap());
        append(&mut other);
        append(&mut journal);
        assert!(journal.changed().unwrap(), "an own append does not hide another's");
        assert!(other.changed().unwrap());
    });
}

#[test]
fn an_append_of_nothing_is_no_entry() {
    of_each_journal(|(mut journal, _)| {
        assert_eq!(journal.append(&Batch::default()).unwrap(), []);
    });
}

/// One thing that a process may try, rightly or wrongly.
#[derive(Clone, Debug)]
enum Attempted {
    Take { version: u64, fence: u64 },
    Send { version: u64, key: u8, attempt: u32 },
    Settle { version: u64, attempt: u32 },
    Note,
}

fn attempted() -> impl Strategy<Value = Attempted> {
    prop_oneof![
        (0..6_u64, 0..3_u64).prop_map(|(version, fence)| Attempted::Take { version, fence }),
        (0..8_u64, 0..2_u8, 0..3_u32).prop_map(|(version, key, attempt)| Attempted::Send { version, key, attempt }),
        (0..8_u64, 0..3_u32).prop_map(|(version, attempt)| Attempted::Settle { version, attempt }),
        Just(Attempted::Note),
    ]
}

/// The batch of an attempt; `shift` makes a wrong version right most of the time, so that both ways are walked.
fn batch_of(number: u32, attempted: &Attempted, known: (u64, u64)) -> Batch {
    let near = |guess: u64| if guess < 2 { guess } else { known.0 };
    match *attempted {
        Attempted::Take { version, fence } => {
            let believed = if fence == 0 { known.1 } else { fence };
            batch(near(version), believed, vec![event(number, Event::Taken { fence: known.1 + 1, pid: 1 })])
        }
        Attempted::Send { version, key, attempt } => {
            let locks = vec![format!("key {key}")];
            let intent =
                Intent { attempt: AttemptId::new(examples::uuid(attempt)), locks, ..examples::intent(1, "swap", &[]) };
            batch(near(version), known.1, vec![event(number, Event::Intent(Box::new(intent)))])
        }
        Attempted::Settle { version, attempt } => {
            let attempt = AttemptId::new(examples::uuid(attempt));
            let outputs = Value::record([]);
            batch(
                near(version),
                known.1,
                vec![event(number, Event::Succeeded { step: "swap".into(), attempt, outputs })],
            )
        }
        Attempted::Note => Batch { drafts: vec![note(number)], ..Batch::default() },
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn memory_and_disk_answer_alike_whatever_is_tried(tried in proptest::collection::vec(attempted(), 1..24)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        let mut disk = callout::journal::SqliteJournal::open(&opening(&path, &Counting::default())).unwrap();
        let first = disk.lines(Seq(0), 1).unwrap().remove(0);
        let created = callout::journal::decode(&first.text).unwrap();
        let mut memory = MemoryJournal::new(created.log, &created.draft).unwrap();
        let (mut version, mut fence) = (0, 0);
        for (number, attempted) in (1..).zip(&tried) {
            let batch = batch_of(number, attempted, (version, fence));
            let (on_disk, in_memory) = (disk.append(&batch), memory.append(&batch));
            match (&on_disk, &in_memory) {
                (Ok(on_disk), Ok(in_memory)) => {
                    prop_assert_eq!(on_disk, in_memory);
                    version += u64::from(batch.holder.is_some());
                    fence += u64::from(matches!(attempted, Attempted::Take { .. }));
                }
                (Err(on_disk), Err(in_memory)) => prop_assert_eq!(on_disk.to_string(), in_memory.to_string()),
                _ => prop_assert!(false, "{:?} on the disk, {:?} in memory", on_disk, in_memory),
            }
        }
        prop_assert_eq!(disk.lines(Seq(0), 1000).unwrap(), memory.lines());
        prop_assert!(disk.derived_is_right().unwrap());
        let runs: Vec<_> = memory.derived().runs.into_values().collect();
        prop_assert_eq!(disk.runs().unwrap(), runs);
    }
}
