//! `callout list`: what is said of each text.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use super::bench::{Bench, key, public, sign, waiting};

#[test]
fn a_committed_runbook_has_its_last_commit_and_is_clean_until_it_is_edited() {
    let bench = Bench::with_rest();
    bench.write("other", &waiting("other", "2.0.0"));
    let id = bench.commit(1).to_string();
    let list = bench.callout(["list"]).run().succeeded().stdout;
    let lines: Vec<Vec<&str>> = list.lines().map(|line| line.split("  ").collect()).collect();
    assert_eq!(lines[0][..6], ["other", "2.0.0", "Wait", "not proven", "clean", &id[..7]]);
    assert_eq!(lines[0][6..], ["2026-01-03", "Ada Lovelace", "-", "unsigned"]);
    assert_ne!(lines[1].iter().find(|cell| **cell == &id[..7]), Some(&&id[..7]), "rest was changed by another\n{list}");

    bench.write("other", &waiting("other", "2.0.1"));
    let other = bench.listed();
    assert_eq!((&other["state"], &other["version"]), (&"dirty".into(), &"2.0.1".into()));
    assert_eq!(other["last_commit"]["id"], id.as_str());
    assert_eq!(other["last_commit"]["known"], "this");
    assert_eq!(other["last_commit"]["email"], "ada@example.com");
    assert!(other["signature"].is_null(), "nobody signed an edited text: {other}");
    fs::remove_file(bench.file("other")).unwrap();
    bench.write("new", &waiting("new", "0.1.0"));
    let new = bench.listed();
    assert_eq!((&new["state"], &new["last_commit"]["known"]), (&"dirty".into(), &"never".into()));
}

#[test]
fn a_tag_on_the_last_commit_comes_before_one_on_what_is_checked_out() {
    let bench = Bench::with_rest();
    assert!(bench.listed()["tag"].is_null(), "nothing is tagged");
    bench.tag("rest-1.0.0");
    bench.write("other", &waiting("other", "1.0.0"));
    bench.commit(1);
    bench.tag("release-7");
    let list = bench.json(&["list", "--json"]);
    assert_eq!((&list[0]["tag"], &list[1]["tag"]), (&"release-7".into(), &"rest-1.0.0".into()));
    assert_eq!(list[1]["tags"], serde_json::json!(["rest-1.0.0", "release-7"]));
    bench.write("rest", &waiting("rest", "1.0.1"));
    assert!(bench.json(&["list", "--json"])[1]["tag"].is_null(), "a tag does not name an edited text");
}

#[test]
fn a_signature_is_verified_against_the_users_own_list_of_keys() {
    let bench = Bench::new();
    bench.write("rest", &waiting("rest", "1.0.0"));
    bench.commit_signed(0, &key(1));
    let state = || bench.listed()["signature"]["state"].clone();
    assert_eq!(state(), "no_allowed_signers");
    let list = bench.callout(["list"]).run().succeeded().stdout;
    assert!(list.contains("git config --global gpg.ssh.allowedSignersFile"), "{list}");

    bench.allow(&format!("# people\nada@example.com {}\n", public(&key(1))));
    let signature = bench.listed()["signature"].clone();
    assert_eq!((&signature["state"], &signature["principals"]), (&"verified".into(), &"ada@example.com".into()));
    assert!(signature["key"].as_str().unwrap().starts_with("SHA256:"), "{signature}");
    assert!(bench.callout(["list"]).run().succeeded().stdout.contains("signed by ada@example.com"));
    let shown = bench.callout(["show", "rest"]).run().succeeded().stdout;
    assert!(shown.contains("Signature   signed by ada@example.com"), "{shown}");

    bench.allow(&format!("eve@example.com {}\n", public(&key(2))));
    assert_eq!(state(), "not_allowed");
    bench.allow(&format!("ada@example.com valid-before=\"20260101Z\" {}\n", public(&key(1))));
    assert_eq!(state(), "not_allowed");
    assert!(bench.listed()["signature"]["why"].as_str().unwrap().contains("valid until 2026-01-01 00:00Z"));
    bench.allow(&format!("ada@example.com no-such-option {}\n", public(&key(1))));
    assert_eq!(state(), "not_allowed");
    let list = bench.callout(["list"]).run().succeeded().stdout;
    assert!(list.contains("line 1") && list.contains("this line allows nobody"), "{list}");
}

#[test]
fn who_may_sign_is_never_taken_from_the_repository_or_the_current_folder() {
    let bench = Bench::new();
    bench.write("rest", &waiting("rest", "1.0.0"));
    bench.commit_signed(0, &key(1));
    // The clone says that its own key is fine.
    let line = format!("ada@example.com {}\n", public(&key(1)));
    fs::write(bench.folder().join("allowed_signers"), &line).unwrap();
    let mut config = bench.repository.config().unwrap();
    let absolute = bench.folder().join("allowed_signers");
    config.set_str("gpg.ssh.allowedSignersFile", absolute.to_str().unwrap()).unwrap();
    assert_eq!(bench.listed()["signature"]["state"], "no_allowed_signers");
    // A relative path in the user's own configuration would be a file of the clone.
    fs::write(bench.home.path(".gitconfig"), "[gpg \"ssh\"]\n\tallowedSignersFile = allowed_signers\n").unwrap();
    assert_eq!(bench.listed()["signature"]["state"], "no_allowed_signers");
    let list = bench.callout(["list"]).run().succeeded().stdout;
    assert!(list.contains("relative path `allowed_signers`"), "{list}");
    // `~/` is the user's own home.
    fs::write(bench.home.path("mine"), &line).unwrap();
    fs::write(bench.home.path(".gitconfig"), "[gpg \"ssh\"]\n\tallowedSignersFile = ~/mine\n").unwrap();
    assert_eq!(bench.listed()["signature"]["state"], "verified");
}

#[test]
fn a_tampered_commit_and_a_signature_for_another_purpose_are_bad() {
    let bench = Bench::new();
    bench.allow(&format!("ada@example.com {}\n", public(&key(1))));
    bench.write("rest", &waiting("rest", "1.0.0"));
    let content = bench.content(0);
    let signature = sign(&key(1), content.as_bytes());
    bench.commit_with(&content.replace("A change", "A chance"), &signature);
    assert_eq!(bench.listed()["signature"]["state"], "bad");
    let list = bench.callout(["list"]).run().succeeded().stdout;
    assert!(list.contains("BAD: the signature does not match"), "{list}");

    bench.write("rest", &waiting("rest", "1.0.1"));
    let content = bench.content(1);
    let other = key(1).sign("file", ssh_key::HashAlg::Sha512, content.as_bytes()).unwrap();
    bench.commit_with(&content, &other.to_pem(ssh_key::LineEnding::LF).unwrap());
    assert_eq!(bench.listed()["signature"]["state"], "bad");
}

#[test]
fn signatures_of_other_kinds_are_reported_as_not_verified() {
    let bench = Bench::new();
    bench.write("rest", &waiting("rest", "1.0.0"));
    let content = bench.content(0);
    for (head, kind) in [("PGP SIGNATURE", "OpenPGP"), ("SIGNED MESSAGE", "X.509"), ("SSH SIGNATURE", "cannot be read")]
    {
        bench.commit_with(&content, &format!("-----BEGIN {head}-----\n\niQEzBAAB\n-----END {head}-----"));
        let signature = bench.listed()["signature"].clone();
        assert_eq!(signature["state"], "not_verified");
        assert!(signature["why"].as_str().unwrap().contains(kind), "{signature}");
    }
}

#[test]
fn a_later_signed_commit_and_a_signed_tag_speak_for_what_is_in_them() {
    let bench = Bench::with_rest();
    bench.allow(&format!("ada@example.com {}\n", public(&key(1))));
    assert_eq!(bench.listed()["signature"]["state"], "unsigned");
    let head = bench.repository.head().unwrap().target().unwrap();
    let body = format!("object {head}\ntype commit\ntag v1\ntagger Ada <ada@example.com> 1767323045 +0000\n\nOne\n");
    let signed = format!("{body}{}", sign(&key(1), body.as_bytes()));
    let tag = bench.repository.odb().unwrap().write(git2::ObjectType::Tag, signed.as_bytes()).unwrap();
    bench.repository.reference("refs/tags/v1", tag, false, "").unwrap();
    let signature = bench.listed()["signature"].clone();
    assert_eq!(["state", "on", "name"].map(|key| signature[key].as_str().unwrap()), ["verified", "tag", "v1"]);
    bench.repository.find_reference("refs/tags/v1").unwrap().delete().unwrap();

    fs::write(bench.folder().join("README"), "x").unwrap();
    let later = bench.commit_signed(1, &key(1)).to_string();
    let listed = bench.listed();
    assert_eq!(
        (&listed["signature"]["state"], &listed["signature"]["name"]),
        (&"verified".into(), &later.clone().into())
    );
    assert_ne!(listed["last_commit"]["id"], later.as_str(), "the file itself was changed before");
}

#[test]
fn two_hundred_runbooks_and_a_thousand_commits_are_listed_at_once() {
    let bench = Bench::new();
    for number in 0..200 {
        bench.write(&format!("r{number}"), &waiting(&format!("r{number}"), "1.0.0"));
    }
    let first = bench.commit(0).to_string();
    // A thousand commits that touch one runbook; only their trees and themselves are written.
    let repository = &bench.repository;
    let file = Path::new("runbooks/r0.yaml");
    for day in 1..=1_000 {
        let head = repository.head().unwrap().peel_to_commit().unwrap();
        let blob = repository.blob(waiting("r0", &format!("1.0.{day}")).as_bytes()).unwrap();
        let mut update = git2::build::TreeUpdateBuilder::new();
        let tree = update.upsert(file, blob, git2::FileMode::Blob).create_updated(repository, &head.tree().unwrap());
        let tree = repository.find_tree(tree.unwrap()).unwrap();
        let who = git2::Signature::new("Ada", "ada@example.com", &git2::Time::new(1_767_323_045 + day, 0)).unwrap();
        repository.commit(Some("HEAD"), &who, &who, "x", &tree, &[&head]).unwrap();
    }
    let begun = Instant::now();
    let list = bench.json(&["list", "--json"]);
    let took = begun.elapsed();
    let first_of = |name: &str| {
        let line = list.as_array().unwrap().iter().find(|line| line["runbook"] == name).unwrap();
        (line["last_commit"]["id"] == first.as_str(), line["state"].clone())
    };
    assert_eq!(first_of("r199"), (true, "clean".into()));
    assert_eq!(first_of("r0"), (false, "dirty".into()), "the disk still has the first text");
    // Two hundred walks of a thousand commits would take minutes in a program that is not optimised.
    assert!(took < Duration::from_secs(20), "it took {took:?}");
}
