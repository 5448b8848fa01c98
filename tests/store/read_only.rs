//! A store on a file system that is mounted read-only.

use std::process::{Command, Stdio};

use super::copies::{info, paused_at_a_consent, said};
use crate::support::require::skip;
use crate::support::{Home, Outcome};

/// Makes a folder read-only for what follows, in a mount namespace of its own.
const MOUNT: &str = "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\" && shift && exec \"$@\"";

/// How a namespace is had: with the rights of the superuser, or as a user who is one within.
pub(super) fn namespace() -> Option<&'static [&'static str]> {
    let ways: [&[&str]; 2] = [&["--mount"], &["--user", "--map-root-user", "--mount"]];
    ways.into_iter().find(|way| {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("unshare");
        command.args(*way).args(["sh", "-c", MOUNT, "sh"]).arg(folder.path()).arg("true");
        command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    })
}

fn on_a_read_only_mount(home: &Home, way: &[&str], args: &[&str]) -> Outcome {
    let folder = home.usual_store().parent().unwrap().to_owned();
    let words = ["sh", "-c", MOUNT, "sh"];
    home.callout(way.iter().chain(&words))
        .args([folder])
        .args([env!("CARGO_BIN_EXE_callout")])
        .args(args)
        .program("unshare")
        .run()
}

#[test]
fn on_a_read_only_mount_nothing_is_sent_and_when_it_can_be_written_again_the_run_goes_on() {
    let Some(way) = namespace() else {
        return skip("no mount namespace can be had here, so nothing can be mounted read-only");
    };
    let (home, estate) = paused_at_a_consent();
    let before = info(&home);
    for args in [
        &["resume", "--headless", "--yes", "destructive", "--speed", "max"][..],
        &["run", "key-rotation", "--headless", "--yes", "destructive", "--speed", "max"],
        &["store", "restore", "nowhere.db"],
        &["store", "succeed"],
    ] {
        let refused = on_a_read_only_mount(&home, way, args).exits(2);
        assert!(refused.stderr.starts_with("error: "), "{}", refused.stderr);
    }
    assert_eq!((estate.changes().len(), &info(&home)["root"]), (0, &before["root"]));
    home.callout(["resume", "--headless", "--yes", "destructive", "--speed", "max"]).run().succeeded();
    assert_eq!((estate.count("PUT", "/secrets/"), estate.ours()), (1, 1));
    said(&home, &["audit", "verify"]);
}
