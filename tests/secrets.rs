//! Secrets are planted, a run is made in every way, and then they are looked for everywhere.

use std::collections::BTreeSet;
use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use rustix::process::Signal;
use serde_json::Value as Json;
use serde_json::json;

use crate::support::{Estate, Home, Person};

const CANARIES: [(&str, &str); 3] = [
    ("AZURE_CLIENT_SECRET", "canary/one+of\"three\"&more"),
    ("CALLOUT_TEST_SECRET", "canary-two-of-three-4c1b"),
    ("PGPASSWORD", "canary three of three"),
];

/// What must be nowhere: what was planted in the environment, and what the simulated vault and its tokens hold.
struct Secrets(BTreeSet<String>);

impl Secrets {
    fn of(home: &Home) -> Self {
        let mut found: BTreeSet<String> = CANARIES.iter().map(|(_, secret)| (*secret).to_owned()).collect();
        let world = fs::read_to_string(home.world_file()).unwrap();
        for line in world.lines() {
            collect(&serde_json::from_str(line).unwrap(), &mut found);
        }
        // Two versions before, the connection text and the password in it, the administrator's password, the new version, the
        // mark of every token.
        assert_eq!(found.len(), CANARIES.len() + 7, "the world keeps its secrets in another way than this test knows");
        Self(found)
    }

    /// Each secret in each way in which it could be written.
    fn needles(&self) -> impl Iterator<Item = (&str, String)> {
        self.0.iter().flat_map(|secret| {
            let escaped = serde_json::to_string(secret).unwrap().trim_matches('"').to_owned();
            let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            let percent = form.replace('+', "%20");
            let mut ways =
                vec![secret.clone(), escaped, form.clone(), form.to_lowercase(), percent, hex::encode(secret)];
            for before in ["", "x", "xx"] {
                // In the middle of something longer, base64 begins at any of three places. The ends hang together with
                // what stands beside them, and are left out.
                let text = format!("{before}{secret}");
                let start = (before.len() * 4).div_ceil(3);
                let whole = secret.len() - (text.len() % 3);
                let end = (before.len() + whole) * 4 / 3;
                for encoded in [STANDARD_NO_PAD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
                    ways.push(encoded[start..end].to_owned());
                }
            }
            ways.into_iter().map(move |way| (secret.as_str(), way))
        })
    }

    fn are_not_in(&self, what: &str, text: &str) {
        for (secret, needle) in self.needles() {
            assert!(!text.contains(&needle), "{what} shows {secret:?} as {needle:?}");
        }
    }

    /// Looks into every file of a home but the world itself, which is a simulated vault.
    fn are_in_no_file_of(&self, home: &Home) {
        let world = home.world_file();
        for (secret, needle) in self.needles() {
            let found: Vec<_> = home.files_with(needle.as_bytes()).into_iter().filter(|path| *path != world).collect();
            assert!(found.is_empty(), "{secret:?} stands as {needle:?} in {found:?}");
        }
    }
}

/// The secrets in a record of the world: what stands under `value`, the password in it, and the mark of its tokens.
fn collect(record: &Json, found: &mut BTreeSet<String>) {
    match record {
        Json::Object(members) => {
            for (name, member) in members {
                match member.as_str() {
                    Some(text) if name == "value" || name == "mark" => {
                        found.insert(text.to_owned());
                        let password = text.split("://chatbot:").nth(1).and_then(|rest| rest.split('@').next());
                        found.extend(password.map(str::to_owned));
                    }
                    _ => collect(member, found),
                }
            }
        }
        Json::Array(members) => members.iter().for_each(|member| collect(member, found)),
        _ => {}
    }
}

#[test]
fn the_search_finds_what_is_hidden_in_any_of_these_ways() {
    let secrets = Secrets(BTreeSet::from(["canary/one+of\"three\"&more".to_owned()]));
    let secret = secrets.0.first().unwrap();
    for before in ["", "a", "ab", "abc"] {
        let text = format!("{before}{secret}{before}");
        for hidden in [text.clone(), STANDARD_NO_PAD.encode(&text), URL_SAFE_NO_PAD.encode(&text), hex::encode(&text)] {
            assert!(secrets.needles().any(|(_, needle)| hidden.contains(&needle)), "{hidden}");
        }
    }
}

#[test]
fn no_secret_stands_anywhere_after_a_run_that_was_disturbed_and_logged_in_full() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.fault("PUT", "/secrets/", 1, &json!("hold"));
    let with_canaries = |args: &[&str]| {
        let callout = home.callout(args).env("RUST_LOG", "trace");
        CANARIES.iter().fold(callout, |callout, (name, secret)| callout.env(name, secret))
    };
    let options = ["--headless", "--yes", "destructive", "--speed", "max"];
    let run = with_canaries(&["run", "key-rotation"]).args(options).spawn();
    estate.wait_for_held();
    let secrets = Secrets::of(&home);
    // The files beside the store are still there.
    assert!(home.path("data/callout/sim.db-wal").exists() && home.path("data/callout/sim.db-shm").exists());
    secrets.are_in_no_file_of(&home);
    let killed = run.kill9();
    secrets.are_not_in("standard output", &killed.stdout);
    secrets.are_not_in("standard error", &killed.stderr);

    estate.release();
    // A refusal of the vault, a refusal of Resource Manager, and a page of a front end are logged too.
    estate.fault("GET", "/secrets/", 1, &json!({"status": {"code": 503}}));
    estate.fault("POST", "/refresh", 1, &json!({"status": {"code": 502, "body": "html"}}));
    let resumed = with_canaries(&["resume"]).args(options).run();
    assert!(matches!(resumed.code, Some(0 | 1 | 3)), "{resumed:?}");
    secrets.are_not_in("standard output", &resumed.stdout);
    secrets.are_not_in("standard error", &resumed.stderr);
    assert!(fs::metadata(home.path("state/callout/callout.log")).unwrap().len() > 10_000, "it was logged in full");
    secrets.are_in_no_file_of(&home);

    for format in ["jsonl", "csv"] {
        let export = home.callout(["audit", "export", "--format", format]).run().succeeded();
        assert!(export.stdout.contains("keyvault.secret.set"), "{}", export.stdout);
        secrets.are_not_in("the export", &export.stdout);
    }
    home.callout(["audit", "export", "--format", "bundle", "--out", "bundle"]).run().succeeded();
    assert!(home.desk().join("bundle/records.jsonl").exists());
    for command in [&["timeline"][..], &["timeline", "--json"], &["runs", "--json"], &["show", "key-rotation"]] {
        secrets.are_not_in("what is told", &home.callout(command).run().succeeded().stdout);
    }
    secrets.are_in_no_file_of(&home);
    estate.stop();
}

#[test]
fn no_secret_stands_on_any_screen() {
    let home = Home::new();
    let callout = home.callout(["run", "key-rotation", "--speed", "max"]).env("RUST_LOG", "trace");
    let callout = CANARIES.iter().fold(callout, |callout, (name, secret)| callout.env(name, secret));
    let mut person = Person::before(callout.screen(200, 50));
    let mut screens = Vec::new();
    loop {
        // What is asked stands still until it is answered; what comes of the answer may be gone before it is read.
        person.look();
        screens.push(person.screen.contents());
        if !person.answer() {
            break;
        }
        screens.push(person.screen.contents());
    }
    person.screen.signal(Signal::TERM);
    assert_eq!(person.screen.exit_code(), Some(0));
    let secrets = Secrets::of(&home);
    assert!(screens.len() > 4 && screens.iter().any(|screen| screen.contains("32 fresh random")), "it was shown");
    for screen in screens {
        secrets.are_not_in("the screen", &screen);
    }
    secrets.are_in_no_file_of(&home);
}
