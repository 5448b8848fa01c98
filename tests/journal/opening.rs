//! What a store is opened from, and what is said of everything else.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use callout::base::{Digest, Seq};
use callout::journal::{Access, Fact, Journal as _, LogEvent, OpenError, Opening, SqliteJournal, StoreKind, decode};
use rusqlite::Connection;

use super::{Counting, begin, open, open_for, opening};
use crate::support::require::skip;

const KINDS: [StoreKind; 2] = [StoreKind::Live, StoreKind::Simulated];
const EVERY_ACCESS: [Access; 3] =
    [Access::Create(StoreKind::Simulated), Access::Existing(None), Access::ReadOnly(Some(StoreKind::Simulated))];

/// The names in a folder, and what the files hold.
fn contents(folder: &Path) -> Vec<(PathBuf, Digest)> {
    let mut found: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    let digest = |path: &Path| Digest::of_parts(&[&fs::read(path).unwrap_or_default()]);
    found.into_iter().map(|path| (path.clone(), digest(&path))).collect()
}

/// Opens what is there in every way, and expects it to be refused and left as it was.
fn refused(folder: &Path, path: &Path, matches: impl Fn(&OpenError) -> bool) {
    for access in EVERY_ACCESS {
        let before = contents(folder);
        let err = open_for(path, access).unwrap_err();
        assert!(matches(&err), "{access:?}: {err:?}");
        assert_eq!(contents(folder), before, "{access:?}");
    }
}

#[test]
fn a_new_store_says_which_estate_it_belongs_to_and_is_for_its_owner_only() {
    for kind in KINDS {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        let store = open_for(&path, Access::Create(kind)).unwrap();
        let lines = store.lines(Seq(0), 10).unwrap();
        let first = decode(&lines[0].text).unwrap();
        assert_eq!((lines.len(), first.seq, first.prev, first.log), (1, Seq(0), None, store.log()));
        assert_eq!(first.draft.fact, Fact::Log(LogEvent::Created { estate: kind }));
        for (path, _) in contents(folder.path()) {
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
        }
        assert!(contents(folder.path()).len() > 1, "the files beside the store were looked at too");
    }
}

#[test]
fn opening_a_store_again_gives_the_same_log_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let mut store = open(&path);
    begin(&mut store);
    let log = store.log();
    drop(store);
    let before = contents(folder.path());
    for access in EVERY_ACCESS {
        let again = open_for(&path, access).unwrap();
        assert_eq!((again.log(), again.kind(), again.runs().unwrap().len()), (log, StoreKind::Simulated, 1));
        let wal = fs::metadata(folder.path().join("journal.db-wal")).map_or(0, |wal| wal.len());
        assert_eq!(wal, 0, "{access:?}");
        drop(again);
        assert_eq!(contents(folder.path()), before);
    }
}

#[test]
fn a_store_that_is_only_read_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    begin(&mut open(&path));
    let mut reader = open_for(&path, Access::ReadOnly(None)).unwrap();
    assert!(reader.append(&super::batch(2, 1, vec![super::event(3, callout::run::Event::Continued)])).is_err());
    assert_eq!(reader.lines(Seq(0), 10).unwrap().len(), 3);
}

#[test]
fn nothing_is_made_where_no_folder_is_or_no_store_was_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nowhere/journal.db");
    refused(folder.path(), &nowhere, |err| matches!(err, OpenError::NoFolder(_)));
    for access in [Access::Existing(None), Access::ReadOnly(None)] {
        let err = open_for(&folder.path().join("journal.db"), access).unwrap_err();
        assert!(matches!(err, OpenError::Missing(_)), "{err:?}");
    }
    assert_eq!(contents(folder.path()), []);
}

#[test]
fn a_link_to_a_store_is_judged_and_named_by_where_the_store_is() {
    let folder = tempfile::tempdir().unwrap();
    let real = folder.path().canonicalize().unwrap();
    let (there, link) = (real.join("there"), real.join("link.db"));
    fs::create_dir(&there).unwrap();
    drop(open(&there.join("journal.db")));
    std::os::unix::fs::symlink(there.join("journal.db"), &link).unwrap();
    assert_eq!(open_for(&link, Access::Existing(None)).unwrap().path(), there.join("journal.db"));
    let entropy = Counting::default();
    let network = |folder: &Path| (folder == there).then(|| "nfs".to_owned());
    let err = SqliteJournal::open(&Opening { network: &network, ..opening(&link, &entropy) }).unwrap_err();
    assert!(matches!(err, OpenError::Network { .. }), "{err:?}");
}

#[test]
fn a_file_that_is_no_store_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    fs::create_dir(&path).unwrap();
    refused(folder.path(), &path, |err| matches!(err, OpenError::NotAStore { .. }));
    fs::remove_dir(&path).unwrap();
    for length in [1, 16, 100, 511, 512, 513, 1024, 4095, 4096, 4097, 20_000] {
        for byte in ["x", "\0", "\n"] {
            fs::write(&path, byte.repeat(length)).unwrap();
            refused(folder.path(), &path, |err| matches!(err, OpenError::NotAStore { .. }));
        }
    }
    fs::write(&path, format!("SQLite format 3\0{}", "x".repeat(5000))).unwrap();
    refused(folder.path(), &path, |err| matches!(err, OpenError::NotAStore { .. } | OpenError::Damaged { .. }));
}

#[test]
fn a_database_of_another_program_is_left_alone() {
    for sql in ["CREATE TABLE t (x)", "PRAGMA application_id = 7", "PRAGMA user_version = 7"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        refused(folder.path(), &path, |err| matches!(err, OpenError::NotAStore { .. }));
    }
}

#[test]
fn a_store_of_a_newer_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    drop(open(&path));
    let raw = Connection::open(&path).unwrap();
    raw.execute_batch("PRAGMA user_version = 9").unwrap();
    drop(raw);
    refused(folder.path(), &path, |err| matches!(err, OpenError::Newer { found: 9, .. }));
}

#[test]
fn a_store_refuses_the_other_kind_of_estate() {
    for (kind, other) in [(KINDS[0], KINDS[1]), (KINDS[1], KINDS[0])] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        drop(open_for(&path, Access::Create(kind)).unwrap());
        let before = contents(folder.path());
        for access in [Access::Create(other), Access::Existing(Some(other)), Access::ReadOnly(Some(other))] {
            let err = open_for(&path, access).unwrap_err();
            assert!(matches!(err, OpenError::OtherKind { found, wanted, .. } if (found, wanted) == (kind, other)));
        }
        assert_eq!(contents(folder.path()), before);
        drop(open_for(&path, Access::Existing(None)).unwrap());
    }
}

#[test]
fn a_network_file_system_is_refused_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let network = |asked: &Path| (asked == folder.path()).then(|| "nfs".to_owned());
    let err = SqliteJournal::open(&Opening { network: &network, ..opening(&path, &Counting::default()) }).unwrap_err();
    assert!(matches!(&err, OpenError::Network { system, .. } if system == "nfs"), "{err:?}");
    assert_eq!(contents(folder.path()), []);
}

#[test]
fn what_a_kill_left_of_a_store_is_an_empty_store() {
    let with_a_header = |path: &Path| {
        let raw = Connection::open(path).unwrap();
        let mode: String = raw.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
    };
    let empty = |path: &Path| fs::write(path, "").unwrap();
    for leave in [&empty as &dyn Fn(&Path), &with_a_header] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        leave(&path);
        for access in [Access::Existing(None), Access::ReadOnly(None)] {
            let err = open_for(&path, access).unwrap_err();
            assert!(matches!(err, OpenError::Empty(_)), "{err:?}");
        }
        assert_eq!(open(&path).lines(Seq(0), 10).unwrap().len(), 1);
    }
}

#[test]
fn a_store_that_was_torn_at_any_byte_opens_with_a_whole_beginning_of_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let mut store = open(&path);
    begin(&mut store);
    let whole = store.lines(Seq(0), 10).unwrap();
    // What the disk holds while the process lives: nothing has been moved out of the write-ahead log yet.
    let (file, wal) = (fs::read(&path).unwrap(), fs::read(folder.path().join("journal.db-wal")).unwrap());
    let mut lengths_seen = std::collections::BTreeSet::new();
    for kept in (0..=wal.len()).step_by(997).chain([wal.len()]) {
        let torn = tempfile::tempdir().unwrap();
        let path = torn.path().join("journal.db");
        fs::write(&path, &file).unwrap();
        fs::write(torn.path().join("journal.db-wal"), &wal[..kept]).unwrap();
        match open_for(&path, Access::Existing(None)) {
            Ok(mut store) => {
                let lines = store.lines(Seq(0), 10).unwrap();
                assert_eq!(lines, whole[..lines.len()], "{kept} bytes");
                assert!(store.derived_is_right().unwrap());
                assert_eq!(store.quick_check().unwrap(), Vec::<String>::new());
                lengths_seen.insert(lines.len());
            }
            Err(OpenError::Empty(_)) => {
                assert_eq!(open(&path).lines(Seq(0), 10).unwrap().len(), 1);
                lengths_seen.insert(0);
            }
            Err(err) => panic!("{kept} bytes: {err:?}"),
        }
    }
    // The two entries of the one batch are there together or not at all.
    assert_eq!(lengths_seen, [0, 1, 3].into());
}

#[test]
fn a_store_whose_pages_are_overwritten_is_told_to_be_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    drop(open(&path));
    let mut bytes = fs::read(&path).unwrap();
    bytes[100..].fill(0xff);
    fs::write(&path, &bytes).unwrap();
    for access in EVERY_ACCESS {
        let err = open_for(&path, access).unwrap_err();
        assert!(matches!(err, OpenError::Damaged { .. }), "{err:?}");
    }
}

#[test]
fn a_store_that_another_program_keeps_to_itself_is_busy() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    fs::write(&path, "").unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let busy = Duration::from_millis(30);
    let err = SqliteJournal::open(&Opening { busy, ..opening(&path, &Counting::default()) }).unwrap_err();
    assert!(matches!(err, OpenError::Busy(_)), "{err:?}");
    other.execute_batch("ROLLBACK").unwrap();
    drop(open(&path));
}

#[test]
fn many_who_make_one_store_at_once_make_one_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let stores: Vec<SqliteJournal> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| open(&path))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(stores.iter().all(|store| store.log() == stores[0].log()));
    assert_eq!(stores[0].lines(Seq(0), 10).unwrap().len(), 1);
}

#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody can make a file in sysfs; to the superuser a mode means nothing.
    let place = if rustix::process::geteuid().is_root() { Path::new("/sys") } else { folder.path() };
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o500)).unwrap();
    let err = open_for(&place.join("journal.db"), Access::Create(StoreKind::Live)).unwrap_err();
    assert!(matches!(err, OpenError::ReadOnly(_)), "{err:?}");
}

#[test]
fn what_cannot_be_read_or_written_by_this_user_is_told() {
    if rustix::process::geteuid().is_root() {
        // A mode means nothing to the superuser, so somebody else looks.
        let test = "journal::opening::what_cannot_be_read_or_written_by_this_user_is_told";
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args([test, "--exact"]).env_remove("TMPDIR").uid(65534).gid(65534);
        match command.output() {
            Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout)),
            Err(err) => skip(&format!("no other user may run these tests: {err}")),
        }
        return;
    }
    for (file, parent) in [(0o400, 0o700), (0o400, 0o500), (0o600, 0o500)] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        drop(open(&path));
        let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        set(&path, file);
        set(folder.path(), parent);
        for access in [Access::Create(StoreKind::Simulated), Access::Existing(None)] {
            let err = open_for(&path, access).unwrap_err();
            assert!(matches!(err, OpenError::ReadOnly(_)), "{file:o} in {parent:o}: {err:?}");
        }
        let read = open_for(&path, Access::ReadOnly(None)).map(drop);
        assert_eq!(read.is_ok(), (file, parent) == (0o400, 0o700), "{file:o} in {parent:o}: {read:?}");
        set(folder.path(), 0o700);
    }
}

#[test]
fn a_store_that_could_not_be_finished_is_taken_away_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    // The write-ahead log cannot be made where a folder is.
    fs::create_dir(folder.path().join("journal.db-wal")).unwrap();
    let before = contents(folder.path());
    open_for(&path, Access::Create(StoreKind::Live)).unwrap_err();
    assert_eq!(contents(folder.path()), before);
}
