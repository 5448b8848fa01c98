//! Copies of a store, what becomes of a store that is put back to one, and how it comes to light.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use callout::base::EntryId;
use callout::incident;
use callout::journal::{AppendError, Batch, Draft, Fact, Journal as _, SqliteJournal};
use serde_json::Value as Json;

use crate::corpus::examples;
use crate::journal::open;
use crate::support::{Estate, Home, Outcome, until};

const RESUME: [&str; 6] = ["resume", "--headless", "--yes", "destructive", "--speed", "max"];

/// A home in which a rotation waits for its first consent, held by nobody.
pub(super) fn paused_at_a_consent() -> (Home, Estate) {
    let home = Home::new();
    let estate = Estate::serve(&home);
    home.callout(["run", "key-rotation", "--speed", "max"]).run().exits(3);
    (home, estate)
}

pub(super) fn said(home: &Home, args: &[&str]) -> String {
    home.callout(args).run().succeeded().stdout
}

pub(super) fn info(home: &Home) -> Json {
    serde_json::from_str(&said(home, &["store", "info", "--json"])).unwrap()
}

/// The only run of a home: its short id and its state.
pub(super) fn only_run(home: &Home) -> (String, String) {
    let runs: Json = serde_json::from_str(&said(home, &["runs", "--json"])).unwrap();
    assert_eq!(runs.as_array().map(Vec::len), Some(1), "{runs}");
    let word = |name: &str| runs[0][name].as_str().unwrap().to_owned();
    (word("short"), word("state"))
}

fn restore(home: &Home, copy: &str) -> Outcome {
    home.callout(["store", "restore", copy]).run()
}

/// The store as somebody would copy it by hand while no program has it open.
fn copy_by_hand(home: &Home) -> PathBuf {
    let copy = home.path("by-hand.db");
    fs::copy(home.usual_store(), &copy).unwrap();
    copy
}

fn put_back_by_hand(home: &Home, copy: &Path) {
    let store = home.usual_store();
    assert!(!store.with_extension("db-wal").exists(), "the last program that closed it took all of it up");
    fs::copy(copy, store).unwrap();
}

#[test]
fn a_copy_that_is_made_while_others_write_is_one_moment_of_the_store_and_for_its_owner_only() {
    let home = Home::new();
    let store = home.store();
    drop(open(&store));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for writer in 0..2_u32 {
            let (store, done) = (&store, &done);
            scope.spawn(move || {
                let mut journal: SqliteJournal = open(store);
                // So many at most, so that a failure of the test ends it.
                for number in (0..5000).take_while(|_| !done.load(Ordering::Relaxed)) {
                    let id = EntryId::new(examples::uuid(0x10_0000 * (writer + 1) + number));
                    let noted = Fact::Incident(incident::Event::Noted { text: examples::commitment("x") });
                    let draft = Draft { id, run: None, ..examples::draft(1, noted) };
                    // On a slow machine one of them may have to wait too long for its turn; the others have theirs.
                    match journal.append(&Batch { drafts: vec![draft], ..Batch::default() }) {
                        Ok(_) | Err(AppendError::Busy) => {}
                        Err(err) => panic!("{err}"),
                    }
                }
            });
        }
        for number in 0..4 {
            let copy = format!("copy-{number}.db");
            let told = home.callout(["store", "backup", "--out", &copy, "--store"]).args([&store]).run().succeeded();
            let path = home.desk().join(&copy);
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            let copied: Json = serde_json::from_str(
                &home.callout(["store", "info", "--json", "--store", &copy]).run().succeeded().stdout,
            )
            .unwrap();
            assert!(told.stdout.contains(copied["root"].as_str().unwrap()), "{}", told.stdout);
            assert!(told.stdout.contains(copied["log"].as_str().unwrap()), "{}", told.stdout);
            home.callout(["audit", "verify", "--store", &copy]).run().succeeded();
        }
        done.store(true, Ordering::Relaxed);
    });
    let verdict = home.callout(["audit", "verify", "--store"]).args([&store]).run().succeeded().stdout;
    assert!(verdict.contains("intact"), "{verdict}");
}

#[test]
fn a_copy_without_a_name_stands_beside_the_store_and_the_store_knows_of_it() {
    let (home, _estate) = paused_at_a_consent();
    assert_eq!(info(&home)["backup"], Json::Null);
    let told = said(&home, &["store", "backup"]);
    let folder = fs::read_dir(home.path("data/callout")).unwrap();
    let copies: Vec<PathBuf> = folder
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == "backup"))
        .collect();
    assert_eq!(copies.len(), 1, "{told}");
    let now = info(&home);
    assert_eq!(now["backup"]["entries"].as_u64().unwrap() + 1, now["entries"].as_u64().unwrap(), "{now}");
    assert_eq!((now["open_runs"].as_u64(), now["open_intents"].as_u64()), (Some(1), Some(0)), "{now}");
}

#[test]
fn a_restored_store_says_what_is_lost_and_its_open_run_sends_nothing_before_somebody_has_looked() {
    let (home, estate) = paused_at_a_consent();
    said(&home, &["store", "backup", "copy.db"]);
    let before = info(&home);
    home.callout(RESUME).run().succeeded();
    let later = info(&home);
    assert_eq!(estate.count("PUT", "/secrets/"), 1);

    let told = restore(&home, "copy.db").succeeded().stdout;
    let (run, state) = only_run(&home);
    assert!(told.contains("put back from") && told.contains(&format!("store release {run}")), "{told}");
    assert_eq!(state, "cut");
    let aside = home.path("data/callout/sim.db.before");
    let kept: Json = serde_json::from_str(
        &home.callout(["store", "info", "--json", "--store"]).args([&aside]).run().succeeded().stdout,
    )
    .unwrap();
    assert_eq!(kept["root"], later["root"], "what stood there is kept whole");

    let verdict = said(&home, &["audit", "verify"]);
    assert!(verdict.contains(&format!("put back to {} entries", before["entries"].as_u64().unwrap() - 1)), "{verdict}");
    assert!(verdict.contains(&format!("it had held {} entries", later["entries"])), "{verdict}");
    let refused = home.callout(RESUME).run().exits(3);
    assert!(refused.stderr.contains("are lost") && refused.stderr.contains("store release"), "{}", refused.stderr);
    assert_eq!(estate.count("PUT", "/secrets/"), 1, "nothing was sent again");

    home.callout(["store", "release", &run, "--reason", " "]).run().exits(2);
    said(&home, &["store", "release", &run, "--reason", "the version had been set; it is set once more"]);
    home.callout(["store", "release", &run, "--reason", "once more"]).run().exits(2);
    // What was observed before the cut is not what is there now, and that is seen too.
    let drifted = home.callout(RESUME).run().exits(3).stdout;
    assert!(drifted.contains("DRIFT") && drifted.contains("Enter confirms"), "{drifted}");
    assert_eq!(estate.count("PUT", "/secrets/"), 1);
    let mut person = home.callout(["resume", "--speed", "max"]).spawn();
    person.wait_for("Enter confirms");
    person.say("");
    until("the version that a person said yes to", || (estate.count("PUT", "/secrets/") == 2).then_some(()));
    drop(person);
    let story = said(&home, &["timeline"]);
    assert!(story.contains("ENTRIES ARE LOST") && story.contains("it is set once more"), "{story}");
    said(&home, &["doctor", "--rebuild"]);
    assert_ne!(only_run(&home).1, "cut");
}

#[test]
fn a_run_that_was_cut_can_be_aborted_without_looking() {
    let (home, estate) = paused_at_a_consent();
    said(&home, &["store", "backup", "copy.db"]);
    home.callout(RESUME).run().succeeded();
    restore(&home, "copy.db").succeeded();
    let (run, _) = only_run(&home);
    home.callout(["abort", &run]).run().exits(5);
    assert_eq!((only_run(&home).1.as_str(), estate.count("PUT", "/secrets/")), ("aborted", 1));
}

#[test]
fn a_copy_of_all_that_there_is_takes_nothing_from_a_run() {
    let (home, estate) = paused_at_a_consent();
    said(&home, &["store", "backup", "copy.db"]);
    // The log tells of the copy, and nothing else has happened since.
    let by_hand = copy_by_hand(&home);
    let told = restore(&home, by_hand.to_str().unwrap()).succeeded().stdout;
    assert!(told.contains("Nothing is lost"), "{told}");
    assert_ne!(only_run(&home).1, "cut");
    home.callout(RESUME).run().succeeded();
    assert_eq!(estate.count("PUT", "/secrets/"), 1);
    let verdict = said(&home, &["audit", "verify"]);
    assert!(verdict.contains("a copy of it was put in place that held all of it"), "{verdict}");
}

#[test]
fn a_store_is_not_replaced_while_a_run_is_held_or_another_program_has_it_open() {
    let (home, _estate) = paused_at_a_consent();
    said(&home, &["store", "backup", "copy.db"]);
    let before = info(&home);
    let holder = home.callout(["resume", "--speed", "max"]).spawn();
    holder.wait_for("Enter confirms");
    let refused = restore(&home, "copy.db").exits(2);
    assert!(refused.stderr.contains(&format!("by process {}", holder.pid())), "{}", refused.stderr);
    let _ = holder.kill9();

    let other = crate::journal::open_for(&home.usual_store(), callout::journal::Access::ReadOnly(None)).unwrap();
    let refused = restore(&home, "copy.db").exits(2);
    assert!(refused.stderr.contains("another program has the store"), "{}", refused.stderr);
    drop(other);
    assert!(info(&home)["entries"].as_u64() > before["entries"].as_u64());
    restore(&home, "copy.db").succeeded();
}

#[test]
fn a_copy_that_is_damaged_or_something_else_is_not_put_in_place() {
    let (home, _estate) = paused_at_a_consent();
    said(&home, &["store", "backup", "copy.db"]);
    let copy = home.desk().join("copy.db");
    let before = (info(&home), fs::read_dir(home.path("data/callout")).unwrap().count());
    let raw = rusqlite::Connection::open(&copy).unwrap();
    raw.execute_batch("DROP TRIGGER log_record_not_changed; UPDATE log_record SET leaf = zeroblob(32) WHERE seq = 3")
        .unwrap();
    drop(raw);
    let refused = restore(&home, "copy.db").exits(1);
    assert!(refused.stderr.contains("damaged: entry 3"), "{}", refused.stderr);
    fs::write(&copy, "a shopping list, ".repeat(100)).unwrap();
    restore(&home, "copy.db").exits(2);
    restore(&home, "nowhere.db").exits(2);
    restore(&home, home.usual_store().to_str().unwrap()).exits(2);
    assert_eq!((info(&home), fs::read_dir(home.path("data/callout")).unwrap().count()), before);
}

#[test]
fn a_file_that_was_put_back_by_hand_is_noticed_by_readers_and_written_down_by_the_next_writer() {
    let (home, estate) = paused_at_a_consent();
    let copy = copy_by_hand(&home);
    let earlier = info(&home);
    home.callout(RESUME).run().succeeded();
    let later = info(&home);
    put_back_by_hand(&home, &copy);

    let now = info(&home);
    assert_eq!((&now["root"], &now["put_back_from"]["root"]), (&earlier["root"], &later["root"]));
    let refused = home.callout(["audit", "verify"]).run().exits(1);
    assert!(refused.stderr.contains(&format!("{} entries", later["entries"])), "{}", refused.stderr);
    let examined = home.callout(["doctor"]).run().exits(1).stdout;
    assert!(examined.contains("put back"), "{examined}");
    assert_eq!(info(&home)["root"], earlier["root"], "looking writes nothing");

    // Whatever writes first says so first: here a resume, which is refused for it.
    let (run, _) = only_run(&home);
    home.callout(["note", &run, "what is this?"]).run().succeeded();
    home.callout(RESUME).run().exits(3);
    assert_eq!((only_run(&home).1.as_str(), estate.count("PUT", "/secrets/")), ("cut", 1));
    assert_eq!(info(&home)["put_back_from"], Json::Null);
    let verdict = said(&home, &["audit", "verify"]);
    assert!(verdict.contains("was put back") && verdict.contains("intact"), "{verdict}");
}

#[test]
fn a_resume_right_after_a_file_was_put_back_by_hand_sends_nothing() {
    let (home, estate) = paused_at_a_consent();
    let copy = copy_by_hand(&home);
    home.callout(RESUME).run().succeeded();
    put_back_by_hand(&home, &copy);
    let stopped = home.callout(RESUME).run().exits(3);
    assert!(stopped.stderr.contains("are lost"), "{}", stopped.stderr);
    assert_eq!(estate.count("PUT", "/secrets/"), 1);
}

#[test]
fn another_log_in_the_place_of_the_store_is_noticed_too() {
    let (home, _estate) = paused_at_a_consent();
    let first = info(&home);
    fs::remove_file(home.usual_store()).unwrap();
    home.callout(["run", "key-rotation", "--speed", "max"]).run().exits(3);
    let verdict = said(&home, &["audit", "verify"]);
    assert!(verdict.contains(first["log"].as_str().unwrap()), "{verdict}");
    assert_ne!(only_run(&home).1, "cut", "the new run began in the new log");
}

#[test]
fn many_programs_that_find_a_store_put_back_write_it_down_once() {
    let (home, _estate) = paused_at_a_consent();
    let copy = copy_by_hand(&home);
    home.callout(RESUME).run().succeeded();
    put_back_by_hand(&home, &copy);
    let (run, _) = only_run(&home);
    let notes: Vec<_> = (0..6).map(|number| home.callout(["note", &run, &format!("note {number}")]).spawn()).collect();
    for note in notes {
        note.wait_with_stdin_open().succeeded();
    }
    let verdict = said(&home, &["audit", "verify"]);
    assert_eq!(verdict.matches("was put back").count(), 1, "{verdict}");
}
