//! A store on a disk that really fills up, at different moments of a run.

use serde_json::Value as Json;

use super::copies::{paused_at_a_consent, said};
use super::read_only::namespace;
use crate::support::require::skip;
use crate::support::{Home, Outcome};

/// Puts the store into a file system of its own, in a mount namespace of its own, fills that up to `$3` KiB, and takes the
/// store out again at the end. The estate's files stay where they are: another process serves it.
const ON_A_SMALL_DISK: &str = r#"
place="$1"; out="$2"; left="$3"; shift 3
mount --bind "$place" "$out" && mount -t tmpfs -o size=16m tmpfs "$place" || exit 99
for file in "$out"/*; do
  case "$file" in
    *.sim.jsonl*) touch "$place/${file##*/}" && mount --bind "$file" "$place/${file##*/}" || exit 99 ;;
    *) cp -pr "$file" "$place/" || exit 99 ;;
  esac
done
free=$(df -k --output=avail "$place" | tail -n 1)
dd if=/dev/zero of="$place/ballast" bs=1024 count=$((free - left)) 2>/dev/null || exit 99
"$@"
code=$?
rm "$place/ballast"
for file in "$place"/sim.db "$place"/sim.db-*; do
  test -e "$file" && { cp -p "$file" "$out/" || exit 99; }
done
exit $code
"#;

/// Takes the run up where so many KiB are left on the disk.
fn resume_with(home: &Home, way: &[&str], left: u32) -> Outcome {
    let (place, out) = (home.usual_store().parent().unwrap().to_owned(), home.path("out"));
    std::fs::create_dir_all(&out).unwrap();
    home.callout(way.iter().chain(&["sh", "-c", ON_A_SMALL_DISK, "sh"]))
        .args([place, out])
        .args([&left.to_string(), env!("CARGO_BIN_EXE_callout")])
        .args(["resume", "--headless", "--yes", "destructive", "--speed", "max"])
        .program("unshare")
        .run()
}

/// How many attempts the log knows to have been intended.
fn intended(home: &Home) -> usize {
    let log = said(home, &["audit", "export", "--format", "jsonl"]);
    log.lines().filter(|line| serde_json::from_str::<Json>(line).unwrap()["kind"] == "effect.intent").count()
}

#[test]
fn on_a_disk_that_fills_up_nothing_is_sent_without_its_intent_and_the_run_goes_on_when_there_is_room() {
    let Some(way) = namespace() else {
        return skip("no mount namespace can be had here, so no disk can be made small");
    };
    let mut stopped = 0;
    for left in [0, 100, 250, 400, 600] {
        let (home, estate) = paused_at_a_consent();
        let outcome = resume_with(&home, way, left);
        let sent = estate.changes().len();
        let (code, heard) = (outcome.code, format!("{left} KiB: {}{}", outcome.stdout, outcome.stderr));
        assert_ne!(code, Some(99), "{heard}");
        if code != Some(0) {
            stopped += usize::from(sent > 0);
            assert!(matches!(code, Some(2..=4)), "{code:?} {heard}");
            assert!(outcome.stderr.starts_with("error: "), "{heard}");
            let full = ["full", "cannot be written", "No space left"];
            assert!(full.iter().any(|word| outcome.stderr.contains(word)), "{heard}");
        }
        said(&home, &["audit", "verify"]);
        let intents = intended(&home);
        assert!(intents >= sent, "{sent} were sent, {intents} intended: {heard}");
        // As soon as there is room, it goes on where it was, and nothing is done twice.
        if code != Some(0) {
            home.callout(["resume", "--headless", "--yes", "destructive", "--speed", "max"]).run().succeeded();
        }
        assert_eq!((estate.count("PUT", "/secrets/"), estate.ours()), (1, 1), "{heard}");
    }
    assert!(stopped > 0, "the disk was never full in the middle of the changes");
}
