//! A run whose environment is not what it was: it does not go on, but it can be read and ended, and nobody signs in.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use callout::base::RunId;
use callout::journal::{Access, Batch, Entry, Fact, Holder, Journal as _, StoreKind, decode};
use callout::plan::{Origin, Place, Plan};
use callout::run::Event;
use callout::runbook::EstateKind;
use git2::{ObjectType, Oid};

use crate::corpus;
use crate::journal::open_for;
use crate::support::callout::Callout;
use crate::support::home::Home;
use crate::trust::{PLAN, TENANT, cloned, configure, trust};
use crate::versions::bench::{Bench, key, public, waiting};

const SUBSCRIPTION: &str = "33333333-3333-4333-8333-333333333333";

/// Puts a run into the home's live store that somebody left when a swap was in doubt, and nothing had been probed yet. It
/// was planned for the environment `production` of these tests.
fn in_doubt(home: &Home, change: impl Fn(&mut Plan)) -> RunId {
    let journal = corpus::folder().join("runs/swap-in-doubt-aborted.jsonl");
    let entries = fs::read_to_string(journal).unwrap();
    let mut entries: Vec<Entry> = entries.lines().map(|line| decode(line).unwrap()).collect();
    let doubt = entries.iter().position(|entry| matches!(&entry.draft.fact, Fact::Run(Event::InDoubt { .. }))).unwrap();
    entries.truncate(doubt + 1);
    let run = entries[1].draft.run.unwrap();
    fs::create_dir_all(home.path("data/callout")).unwrap();
    let mut store = open_for(&home.path("data/callout/journal.db"), Access::Create(StoreKind::Live)).unwrap();
    let (mut version, mut fence) = (0, 0);
    for Entry { mut draft, .. } in entries.into_iter().skip(1) {
        if let Fact::Run(Event::Planned { plan, digest }) = &mut draft.fact {
            plan.place = Place {
                environment: "production".to_owned(),
                estate: EstateKind::Live,
                tenant: TENANT.to_owned(),
                subscription: SUBSCRIPTION.to_owned(),
                protected: false,
                drill: Vec::new(),
            };
            change(plan);
            *digest = plan.digest().unwrap();
        }
        let holder = Some(Holder { run, version, fence });
        if let Fact::Run(Event::Taken { fence: taken, .. }) = &draft.fact {
            fence = *taken;
        }
        version += 1;
        store.append(&Batch { drafts: vec![draft], holder, ..Batch::default() }).unwrap();
    }
    run
}

/// The program in the environment `production`, with an Azure CLI that notes that it was asked, and has no token.
fn there(home: &Home, args: &[&str]) -> Callout {
    let tools = home.path("tools");
    fs::create_dir_all(&tools).unwrap();
    let cli = tools.join("az");
    fs::write(&cli, format!("#!/bin/sh\necho asked > '{}'\nexit 1\n", home.path("asked").display())).unwrap();
    fs::set_permissions(&cli, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", tools.display());
    home.callout(args).args(["--env", "production"]).env("PATH", path)
}

#[test]
fn a_run_is_read_paused_and_ended_though_the_library_is_not_what_was_trusted() {
    let home = Home::new();
    cloned(&home, "shop-kv");
    trust(&home);
    let run = in_doubt(&home, |_| ()).to_string();
    let file = home.desk().join("environments/production.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}# a word more\n")).unwrap();

    for args in [
        &["runs"][..],
        &["timeline"],
        &["show", &run],
        &["audit", "verify"],
        &["audit", "export", "--format", "jsonl"],
        &["note", &run, "the library was pulled"],
        &["pause", &run],
    ] {
        let outcome = there(&home, args).run().succeeded();
        assert!(!outcome.stdout.contains("no runs yet"), "{args:?}: {}", outcome.stdout);
    }
    let start = PLAN.map(|word| if word == "plan" { "run" } else { word });
    for args in [&PLAN[..], &start] {
        assert!(home.callout(args).run().exits(6).stderr.contains("is not what was trusted"), "{args:?}");
    }
    assert!(there(&home, &["resume", &run, "--headless"]).run().exits(6).stderr.contains("is not what was trusted"));

    let told = there(&home, &["abort", &run]).run().exits(4).stdout;
    assert!(
        told.contains("Nobody signs in, and nothing is sent or probed") && told.contains("in doubt: swap"),
        "{told}"
    );
    let runs = there(&home, &["runs"]).run().succeeded().stdout;
    assert!(runs.contains("aborted, 1 IN DOUBT"), "{runs}");
    let log = there(&home, &["audit", "export", "--format", "jsonl"]).run().succeeded().stdout;
    let aborting = log.lines().find(|line| line.contains("run.aborting")).unwrap_or_else(|| panic!("{log}"));
    assert!(aborting.contains(r#""authn":"none""#), "{aborting}");
    there(&home, &["audit", "verify"]).run().succeeded();
    assert!(!home.path("asked").exists(), "somebody signed in");
}

#[test]
fn an_environment_that_has_moved_is_not_asked_about_a_run_that_is_ended() {
    let home = Home::new();
    configure(&home, "production", "shop-kv");
    let run = in_doubt(&home, |plan| plan.place.tenant = SUBSCRIPTION.to_owned()).to_string();
    assert!(there(&home, &["resume", &run, "--headless"]).run().exits(6).stderr.contains("was planned for the tenant"));
    let told = there(&home, &["abort", &run]).run().exits(4).stdout;
    assert!(told.contains("was planned for the tenant") && told.contains("Stays in doubt: swap"), "{told}");
    assert!(!home.path("asked").exists(), "somebody signed in to the new tenant");
}

#[test]
fn where_it_is_what_it_was_somebody_signs_in_to_end_a_run() {
    let home = Home::new();
    configure(&home, "production", "shop-kv");
    let run = in_doubt(&home, |_| ()).to_string();
    // The Azure CLI has no token here. That keeps nobody from ending the run; what is in doubt stays so.
    let told = there(&home, &["abort", &run]).run().exits(4).stdout;
    assert!(home.path("asked").exists(), "nobody was asked");
    assert!(told.contains("Nobody can sign in, and nothing is sent or probed: "), "{told}");
    assert!(there(&home, &["runs"]).run().succeeded().stdout.contains("aborted, 1 IN DOUBT"));
}

/// The home's own environment `production` with that policy.
fn policy(home: &Home, policy: &str) {
    configure(home, "production", "shop-kv");
    let file = home.path("config/callout/environments.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}    policy: {policy}\n")).unwrap();
}

fn committed(dirty: bool) -> Origin {
    Origin::Git { commit: "1".repeat(40), blob: "2".repeat(40), dirty }
}

#[test]
fn a_run_of_a_text_that_may_not_run_any_more_does_not_go_on() {
    for (rule, origin, said) in [
        ("committed", Origin::File, "the run's `rollback` was in no git repository"),
        ("committed", committed(true), "the run's `rollback` had changes that were not committed"),
        ("signed", committed(false), "the run's `rollback` cannot be judged"),
    ] {
        let home = Home::new();
        policy(&home, &format!("{{revision: {rule}}}"));
        let run = in_doubt(&home, |plan| plan.revision.origin = origin.clone()).to_string();
        let refused = there(&home, &["resume", &run, "--headless"]).run().exits(6).stderr;
        let words = refused.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(said) && words.contains("`callout abort` ends the run"), "{refused}");
        assert!(!home.path("asked").exists(), "somebody signed in");
    }
}

#[test]
fn a_run_of_a_text_that_may_still_run_goes_on() {
    for (rule, origin) in [("committed", committed(false)), ("signed", Origin::Shipped), ("any", Origin::File)] {
        let home = Home::new();
        policy(&home, &format!("{{revision: {rule}}}"));
        let run = in_doubt(&home, |plan| plan.revision.origin = origin.clone()).to_string();
        there(&home, &["resume", &run, "--headless"]).run().exits(2);
        assert!(home.path("asked").exists(), "{rule}: nobody was asked for a token");
    }
}

#[test]
fn a_signature_is_judged_by_the_commit_to_which_the_run_is_pinned() {
    let bench = Bench::new();
    policy(&bench.home, "{revision: signed}");
    let text = waiting("rollback", "1.0.0");
    bench.write("rollback", &text);
    let commit = bench.commit_signed(0, &key(1)).to_string();
    bench.allow(&format!("ada {}\n", public(&key(1))));
    bench.write("rollback", &waiting("rollback", "1.0.1"));
    let blob = Oid::hash_object(ObjectType::Blob, text.as_bytes()).unwrap().to_string();
    let run = in_doubt(&bench.home, |plan| {
        plan.revision.origin = Origin::Git { commit: commit.clone(), blob: blob.clone(), dirty: false };
    });
    let resume = || there(&bench.home, &["resume", &run.to_string(), "--headless"]).folder(bench.folder()).run();
    resume().exits(2);
    assert!(bench.home.path("asked").exists(), "nobody was asked for a token");
    bench.allow(&format!("eve {}\n", public(&key(2))));
    let refused = resume().exits(6).stderr;
    assert!(refused.contains("not among the allowed signers"), "{refused}");
}
