//! Who may write the events of a run.

use std::os::unix::fs::PermissionsExt as _;

use callout::base::RunId;
use callout::journal::RunLease;

use crate::corpus::examples;

#[test]
fn one_holder_at_a_time_and_the_next_one_when_it_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("journal.db");
    assert_eq!(RunLease::holder_pid(&store, examples::run()), None);
    let lease = RunLease::take(&store, examples::run()).unwrap().unwrap();
    assert!(RunLease::take(&store, examples::run()).unwrap().is_none());
    assert_eq!(RunLease::holder_pid(&store, examples::run()), Some(std::process::id()));
    assert!(RunLease::take(&store, RunId::new(examples::uuid(99))).unwrap().is_some(), "another run is free");
    drop(lease);
    assert!(RunLease::take(&store, examples::run()).unwrap().is_some());
}

#[test]
fn the_lock_file_stays_and_is_for_its_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("journal.db");
    drop(RunLease::take(&store, examples::run()).unwrap());
    let locks = folder.path().join("journal.db.locks");
    let file = locks.join(format!("{}.lock", examples::run()));
    let mode = |path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(&locks)), (0o600, 0o700));
}

#[test]
fn a_place_without_locks_is_told_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("nowhere/journal.db");
    std::fs::write(folder.path().join("nowhere"), "").unwrap();
    let err = RunLease::take(&store, examples::run()).unwrap_err();
    assert!(err.to_string().contains("journal.db.locks"), "{err}");
}
