//! Commands that only look: what they say, and that they create nothing.

use std::fs;
use std::path::PathBuf;

use serde_json::Value as Json;

use crate::support::child::Outcome;
use crate::support::home::Home;

/// What stands where stores, libraries and configurations stand.
fn created(home: &Home) -> Vec<PathBuf> {
    let folders = ["data", "desk", "config", "cache"].map(|folder| fs::read_dir(home.path(folder)).unwrap());
    folders.into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
}

fn json(outcome: &Outcome) -> Json {
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}\n{}", outcome.stdout))
}

#[test]
fn every_command_has_a_help_text_and_what_is_not_built_is_not_named() {
    let home = Home::new();
    let help = home.callout(["--help"]).run().succeeded().stdout;
    for command in [
        "run", "resume", "tick", "drill", "abort", "pause", "answer", "skip", "override", "retry", "undo", "resolve",
        "adhoc", "note", "runs", "show", "plan", "timeline", "check", "list", "diff", "actions", "new", "schema",
        "audit", "sim", "doctor", "store", "trust", "incident",
    ] {
        assert!(help.contains(&format!("\n  {command} ")), "{command} is not in the help\n{help}");
        let own = home.callout([command, "--help"]).run().succeeded().stdout;
        assert!(own.contains("Usage: callout"), "{own}");
    }
    for command in ["completions", "man"] {
        assert!(!help.contains(&format!("\n  {command} ")), "{command} is not built");
        assert!(home.callout([command]).run().exits(2).stderr.contains("unrecognized subcommand"), "{command}");
    }
}

#[test]
fn looking_creates_no_store_and_no_estate() {
    let home = Home::new();
    for args in [
        &[][..],
        &["list"],
        &["check"],
        &["plan", "key-rotation"],
        &["actions"],
        &["show", "rollback"],
        &["runs"],
        &["timeline"],
        &["sim", "requests"],
        &["sim", "fault"],
        &["doctor"],
    ] {
        home.callout(args).run().succeeded();
        assert!(created(&home).is_empty(), "{args:?}: {:?}", created(&home));
    }
}

#[test]
fn the_built_in_runbooks_are_listed_and_have_no_findings() {
    let home = Home::new();
    let list = json(&home.callout(["list", "--json"]).run().succeeded());
    let names: Vec<&str> = list.as_array().unwrap().iter().filter_map(|line| line["runbook"].as_str()).collect();
    assert_eq!(
        names,
        [
            "db-cleanup",
            "db-restore",
            "drill-cleanup",
            "index-restore",
            "key-rotation",
            "key-rotation-leaked",
            "rollback",
            "setting-change"
        ]
    );
    assert_eq!(list[0]["revision"], "built in");
    assert_eq!(home.callout(["check"]).run().succeeded().stdout, "8 runbooks, 6 playbooks: no findings\n");
}

#[test]
fn the_nearest_library_comes_before_what_is_built_in() {
    let home = Home::new();
    let folder = home.desk().join("library/runbooks");
    fs::create_dir_all(&folder).unwrap();
    let text =
        "runbook: mine\nformat: 1\nversion: 0.1.0\ntitle: Mine\nsteps:\n  - {id: s, title: S, wait: {for: 1s}}\n";
    fs::write(folder.join("mine.yaml"), text).unwrap();
    fs::create_dir_all(folder.join("deep")).unwrap();
    let list = home.callout(["list"]).folder(folder.join("deep")).run().succeeded().stdout;
    assert_eq!(list, "mine  0.1.0  Mine  not proven  not in git\n");
    let named = home.callout(["list", "--library", "library"]).run().succeeded().stdout;
    assert_eq!(named, list);
    home.callout(["list", "--library", "nowhere"]).run().exits(2);
}

#[test]
fn a_plan_says_what_will_be_sent_with_secrets_as_references() {
    let home = Home::new();
    let text = home.callout(["plan", "key-rotation"]).run().succeeded().stdout;
    for part in [
        "simulated: no evidence of production recovery",
        "PUT https://chatbot-kv.vault.azure.net/secrets/session-secret?api-version=7.5",
        "«secret: 32 fresh random bytes»",
        "Risk        destructive",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let plan = json(&home.callout(["plan", "key-rotation", "--format", "json"]).run().succeeded());
    assert_eq!(plan["plan_digest"].as_str().unwrap().len(), 64);
    assert_eq!(plan["simulated"], true);
    let risks: Vec<&str> =
        plan["steps"].as_array().unwrap().iter().map(|step| step["risk"].as_str().unwrap()).collect();
    assert!(risks.contains(&"read") && risks.contains(&"reversible") && risks.contains(&"destructive"), "{risks:?}");
}

#[test]
fn an_action_is_shown_whole_with_what_can_go_wrong() {
    let home = Home::new();
    let text = home.callout(["actions", "webapp.slot.swap"]).run().succeeded().stdout;
    for part in
        ["Risk        destructive", "Class       D: at most once", "Undo", "API version", "https://learn.microsoft.com"]
    {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let all = json(&home.callout(["actions", "--json"]).run().succeeded());
    assert!(all.as_array().unwrap().iter().all(|row| row["summary"].as_str().unwrap().ends_with('.')), "{all}");
    let slip = home.callout(["actions", "webapp.restrat"]).run().exits(2).stderr;
    assert!(slip.contains("did you mean `webapp.restart`?"), "{slip}");
}

#[test]
fn the_doctor_answers_on_a_fresh_machine_and_fails_nothing_that_nobody_needs() {
    let home = Home::new();
    let answers = json(&home.callout(["doctor", "--json"]).run().succeeded());
    let verdict = |question: &str| {
        let answers = answers.as_array().unwrap();
        let found = answers.iter().find(|answer| answer["question"].as_str().unwrap().starts_with(question));
        found.map(|answer| answer["verdict"].as_str().unwrap().to_owned())
    };
    assert_eq!(verdict("library").as_deref(), Some("pass"));
    assert_eq!(verdict("configuration").as_deref(), Some("pass"));
    assert_eq!(verdict("store ").as_deref(), Some("pass"));
    assert!(verdict("reach management.azure.com").is_some_and(|verdict| verdict != "fail"), "{answers}");
    assert!(verdict("sign-in").is_none(), "nobody signs in to a simulated environment");
}

#[test]
fn the_doctor_says_how_to_sign_in_where_a_live_environment_is_configured() {
    let home = Home::new();
    let config = home.path("environments.yaml");
    let text = "environments:\n  - name: production\n    tenant: 11111111-1111-4111-8111-111111111112\n    \
                subscription: 33333333-3333-4333-8333-333333333333\n    resource_group: rg\n    sign_in: cli\n    \
                targets:\n      - {name: shop, kind: webapp, url: 'https://shop.invalid'}\n";
    fs::write(&config, text).unwrap();
    // Without a PATH there is no Azure CLI, whatever this machine has.
    let doctor = home.callout(["doctor", "--config"]).args([&config]).env("PATH", "/nonexistent").run().exits(1).stdout;
    assert!(doctor.contains("FAIL  "), "{doctor}");
    assert!(doctor.contains("sign-in for production"), "{doctor}");
    assert!(doctor.contains("shop.invalid does not resolve"), "{doctor}");
    let refused = home.callout(["plan", "key-rotation", "--config"]).args([&config]).run().exits(2).stderr;
    assert!(refused.contains("add `--env NAME`: sim, production"), "{refused}");
    home.callout(["plan", "key-rotation", "--env", "sim", "--config"]).args([&config]).run().succeeded();
}
