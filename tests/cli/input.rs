//! Bad input: a sentence, the right exit code, nothing started and nothing created.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use crate::support::callout::Callout;
use crate::support::home::Home;

const HEADLESS: [&str; 5] = ["--headless", "--yes", "destructive", "--speed", "max"];

const PRODUCTION: &str = "\
environments:
  - name: production
    tenant: 11111111-1111-4111-8111-111111111112
    subscription: 33333333-3333-4333-8333-333333333333
    resource_group: rg
    sign_in: cli
    targets:
      - {name: shop, kind: webapp}
      - {name: shop-kv, kind: keyvault}
";

fn run(home: &Home, runbook: &str) -> Callout {
    home.callout(["run", runbook]).args(HEADLESS).args(["--store"]).args([home.store()])
}

fn nothing_was_created(home: &Home) {
    for name in ["store.db", "store.db.sim.jsonl", "data/callout"] {
        assert!(!home.path(name).exists(), "{name} was created");
    }
}

#[test]
fn a_runbook_that_is_not_there_is_named_with_what_there_is() {
    let home = Home::new();
    let slip = run(&home, "key-rotaton").run().exits(2).stderr;
    assert!(slip.contains("error: there is no runbook `key-rotaton`") && slip.contains("did you mean `key-rotation`?"));
    assert!(run(&home, "./nowhere.yaml").run().exits(2).stderr.contains("`nowhere.yaml` is not there"));
    assert!(run(&home, "/").run().exits(2).stderr.contains("is a folder"));
    nothing_was_created(&home);
}

#[test]
fn what_is_built_in_has_no_revisions_and_says_where_there_are_some() {
    let home = Home::new();
    let said = run(&home, "key-rotation@v1").run().exits(2).stderr;
    assert!(said.contains("`key-rotation` is built in, and has no revision `v1`"), "{said}");
    assert!(said.contains("`--library DIR`"), "{said}");
}

#[test]
fn a_malformed_runbook_has_its_findings_shown_with_a_caret() {
    let home = Home::new();
    let text = "runbook: bad\nformat: 1\nversion: 1.0.0\ntitle: Bad\nsteps:\n  - {id: a, title: A, needs: [b], wait: {for: 1s}}\n  \
                - {id: c, title: C, action: webapp.restrat}\n";
    fs::write(home.desk().join("bad.yaml"), text).unwrap();
    let said = run(&home, "bad.yaml").run().exits(1).stderr;
    assert!(said.contains("bad.yaml:6:") && said.contains("bad.yaml:7:") && said.contains('^'), "{said}");
    assert!(said.contains("RB202") && said.contains("RB206") && said.contains("nothing was started"), "{said}");
    nothing_was_created(&home);
    let checked = home.callout(["check", "bad.yaml"]).run().exits(1).stdout;
    assert!(checked.ends_with("1 runbook: 2 errors\n"), "{checked}");
    let findings = home.callout(["check", "--format", "json", "bad.yaml"]).run().exits(1).stdout;
    let findings: serde_json::Value = serde_json::from_str(&findings).unwrap();
    assert_eq!((findings[0]["line"].as_u64(), findings[0]["code"].as_str()), (Some(6), Some("RB202")));
    let explained = home.callout(["check", "--explain", "rb203"]).run().succeeded().stdout;
    assert!(explained.starts_with("RB203, error: "), "{explained}");
}

#[test]
fn every_wrong_input_is_named_at_once() {
    let home = Home::new();
    let said = run(&home, "key-rotation").args(["-i", "vualt=x", "-i", "secret=a/b"]).run().exits(2).stderr;
    assert!(said.contains("did you mean `vault`?") && said.contains("does not match the pattern"), "{said}");
    assert!(said.contains("error: 2 inputs are wrong; nothing was started"), "{said}");
    nothing_was_created(&home);
}

#[test]
fn what_is_no_store_is_left_untouched() {
    let home = Home::new();
    fs::write(home.store(), "a letter, not a database; and long enough to be looked at twice").unwrap();
    let before = fs::read(home.store()).unwrap();
    for command in [&["run", "key-rotation", "--headless"][..], &["runs"], &["audit", "verify"], &["sim", "serve"]] {
        let said = home.callout(command).args(["--store"]).args([home.store()]).run().exits(2).stderr;
        assert!(said.contains("is not a store of callout"), "{command:?}: {said}");
    }
    assert_eq!(fs::read(home.store()).unwrap(), before);
    assert!(!home.path("store.db.sim.jsonl").exists(), "a world was begun beside something else");
}

#[test]
fn a_store_of_the_other_kind_or_of_a_newer_program_is_refused() {
    let home = Home::new();
    run(&home, "key-rotation").run().succeeded();
    let config = home.path("environments.yaml");
    fs::write(&config, PRODUCTION).unwrap();
    let live = home.callout(["run", "key-rotation", "--env", "production", "-i", "vault=shop-kv", "-i", "secret=s"]);
    let live = live.args(["-i", "consumers=shop", "--headless", "--config"]).args([&config]);
    let said = live.args(["--store"]).args([home.store()]).run().exits(2).stderr;
    assert!(said.contains("holds simulated runs, and runs against Azure were asked for"), "{said}");

    rusqlite::Connection::open(home.store()).unwrap().pragma_update(None, "user_version", 99).unwrap();
    for command in [&["run", "key-rotation", "--headless"][..], &["runs"], &["audit", "verify"], &["timeline"]] {
        let said = home.callout(command).args(["--store"]).args([home.store()]).run().exits(2).stderr;
        assert!(said.contains("has version 99") && said.contains("use a newer callout"), "{command:?}: {said}");
    }
    assert!(home.callout(["doctor", "--store"]).args([home.store()]).run().exits(1).stdout.contains("FAIL  "));
}

#[test]
fn a_store_in_a_folder_that_is_not_there_is_not_begun() {
    let home = Home::new();
    let said = home.callout(["run", "key-rotation", "--headless", "--store", "missing/x.db"]).run().exits(2).stderr;
    assert!(said.contains("there is no folder"), "{said}");
    assert!(!home.desk().join("missing").exists(), "a slip of the key began a second history");
}

#[test]
fn a_read_only_folder_is_told_before_anything_starts() {
    let home = Home::new();
    fs::set_permissions(home.desk(), fs::Permissions::from_mode(0o500)).unwrap();
    // The superuser may write everywhere but where the kernel itself refuses it.
    let place =
        if rustix::process::geteuid().is_root() { PathBuf::from("/sys/x.db") } else { home.desk().join("x.db") };
    let said = home.callout(["run", "key-rotation", "--headless", "--store"]).args([place]).run().exits(2).stderr;
    assert!(said.contains("cannot be written: the file or its folder is read-only"), "{said}");
    fs::set_permissions(home.desk(), fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn an_unknown_environment_is_answered_with_those_that_there_are() {
    let home = Home::new();
    let said = run(&home, "key-rotation").args(["--env", "production"]).run().exits(2).stderr;
    assert!(said.contains("there is no environment `production`") && said.contains("there is sim"), "{said}");
    nothing_was_created(&home);
}

#[test]
fn a_run_that_is_not_there_is_not_guessed() {
    let home = Home::new();
    for command in [&["timeline", "abcd"][..], &["abort", "abcd"], &["note", "abcd", "x"], &["pause", "abcd"]] {
        home.callout(command).run().exits(2);
    }
    assert!(home.callout(["resume"]).run().succeeded().stdout.contains("No run is open"));
    nothing_was_created(&home);
}

#[test]
fn an_input_that_is_written_wrongly_is_not_repeated() {
    let home = Home::new();
    for input in ["tok hunter2hunter2", "=hunter2hunter2"] {
        for args in [&["plan", "key-rotation"][..], &["run", "key-rotation", "--plain"]] {
            let outcome = home.callout(args).args(["-i", "vault=chatbot-kv", "-i", input]).run().exits(2);
            assert!(
                outcome.stderr.contains("the input number 2 (`-i`) is not written NAME=VALUE"),
                "{}",
                outcome.stderr
            );
            assert!(!outcome.stderr.contains("hunter2"), "{}", outcome.stderr);
        }
    }
    nothing_was_created(&home);
}
