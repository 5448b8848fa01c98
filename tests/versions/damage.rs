//! Repositories that are not as they should be: a sentence each, and never a clean file by mistake.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::chown;

use git2::Repository;

use super::bench::{Bench, waiting};

#[test]
fn without_git_everything_works_and_says_so() {
    let bench = Bench::new();
    fs::remove_dir_all(bench.folder().join(".git")).unwrap();
    bench.write("rest", &waiting("rest", "1.0.0"));
    assert_eq!(bench.callout(["list"]).run().succeeded().stdout, "rest  1.0.0  Wait  not proven  not in git\n");
    let listed = bench.listed();
    assert_eq!((&listed["state"], &listed["last_commit"]), (&"not_in_git".into(), &serde_json::Value::Null));
    bench.callout(["run", "rest", "--headless", "--speed", "max"]).run().succeeded();
}

#[test]
fn a_repository_without_a_commit_says_nothing_of_a_file() {
    let bench = Bench::new();
    bench.write("rest", &waiting("rest", "1.0.0"));
    assert_eq!(bench.listed()["state"], "not_in_git");
}

#[test]
fn a_shallow_clone_says_what_it_cannot_know() {
    let bench = Bench::with_rest();
    bench.write("other", &waiting("other", "1.0.0"));
    let second = bench.commit(1);
    bench.write("third", &waiting("third", "1.0.0"));
    bench.commit(2);
    // As `git clone --depth 2` leaves it: the boundary stands in `shallow`, and what is before it is not there.
    fs::write(bench.repository.path().join("shallow"), format!("{second}\n")).unwrap();
    let first = bench.repository.find_commit(second).unwrap().parent_id(0).unwrap().to_string();
    fs::remove_file(bench.repository.path().join(format!("objects/{}/{}", &first[..2], &first[2..]))).unwrap();
    let list = bench.json(&["list", "--json"]);
    let known = |number: usize| (list[number]["runbook"].clone(), list[number]["last_commit"]["known"].clone());
    assert_eq!(known(0), ("other".into(), "this_or_before".into()));
    assert_eq!(known(1), ("rest".into(), "this_or_before".into()));
    assert_eq!(known(2), ("third".into(), "this".into()));
    assert_eq!(list[1]["shallow"], true);
    let text = bench.callout(["list"]).run().succeeded().stdout;
    assert!(text.contains(&format!("{} or before", &second.to_string()[..7])), "{text}");
    assert!(text.contains("git fetch --unshallow"), "{text}");
    let beyond = bench.callout(["show", "rest@HEAD~2"]).run().exits(2).stderr;
    assert!(beyond.contains("shallow"), "{beyond}");
}

#[test]
fn a_worktree_a_submodule_and_a_packed_repository_are_read_like_any_other() {
    let bench = Bench::with_rest();
    bench.tag("v1");
    let elsewhere = bench.home.path("elsewhere");
    bench.repository.worktree("elsewhere", &elsewhere, None).unwrap();
    let listed = |folder: &std::path::Path| {
        let outcome = bench.callout(["list", "--json"]).folder(folder).run().succeeded();
        let list: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
        (list[0]["state"].clone(), list[0]["tag"].clone())
    };
    assert_eq!(listed(&elsewhere), ("clean".into(), "v1".into()));

    let outer = Bench::repository(&bench.home.path("outer"));
    let url = bench.folder();
    let mut submodule = outer.submodule(url.to_str().unwrap(), "inner".as_ref(), true).unwrap();
    submodule.clone(None).unwrap();
    assert_eq!(listed(&bench.home.path("outer/inner")), ("clean".into(), "v1".into()));

    let repository = &bench.repository;
    let mut pack = repository.packbuilder().unwrap();
    let mut objects = Vec::new();
    repository
        .odb()
        .unwrap()
        .foreach(|id| {
            objects.push(*id);
            true
        })
        .unwrap();
    for id in &objects {
        pack.insert_object(*id, None).unwrap();
    }
    let mut bytes = git2::Buf::new();
    pack.write_buf(&mut bytes).unwrap();
    let odb = repository.odb().unwrap();
    let mut writer = odb.packwriter().unwrap();
    writer.write_all(&bytes).unwrap();
    writer.commit().unwrap();
    for id in objects.iter().map(ToString::to_string) {
        fs::remove_file(repository.path().join(format!("objects/{}/{}", &id[..2], &id[2..]))).unwrap();
    }
    assert_eq!(listed(&bench.folder()), ("clean".into(), "v1".into()));
}

/// What is done to a repository.
type Damage = fn(&Repository);

#[test]
fn a_damaged_repository_is_a_sentence_and_the_library_is_listed_all_the_same() {
    let damage: [(&str, Damage); 4] = [
        ("no object", |repository| {
            let commit = repository.head().unwrap().target().unwrap().to_string();
            fs::remove_file(repository.path().join(format!("objects/{}/{}", &commit[..2], &commit[2..]))).unwrap();
        }),
        ("another object", |repository| {
            let tree = repository.head().unwrap().peel_to_tree().unwrap().id().to_string();
            let file = repository.path().join(format!("objects/{}/{}", &tree[..2], &tree[2..]));
            fs::remove_file(&file).unwrap();
            fs::write(file, "no zlib stream").unwrap();
        }),
        ("no head", |repository| fs::write(repository.path().join("HEAD"), "nonsense").unwrap()),
        ("an unknown format", |repository| {
            fs::write(repository.path().join("config"), "[core]\n\trepositoryformatversion = 9\n").unwrap();
        }),
    ];
    for (what, damage) in damage {
        let bench = Bench::with_rest();
        damage(&bench.repository);
        let listed = bench.listed();
        assert_eq!((&listed["runbook"], &listed["state"]), (&"rest".into(), &"unknown".into()), "{what}");
        assert!(listed["trouble"].as_str().unwrap().contains("cannot read the git repository"), "{what}: {listed}");
        let told = bench.callout(["run", "rest", "--headless"]).run().exits(2).stderr;
        assert!(told.contains("cannot read the git repository") && told.contains("hint:"), "{what}: {told}");
        let told = bench.callout(["show", "rest@HEAD"]).run().exits(2).stderr;
        assert!(told.contains("error:"), "{what}: {told}");
    }
}

#[test]
fn a_repository_of_another_user_is_refused_with_the_rule() {
    let bench = Bench::with_rest();
    // Only root can give a folder away; for anybody else there is nothing to show.
    if chown(bench.folder(), Some(65_534), None).is_err() {
        return;
    }
    chown(bench.repository.path(), Some(65_534), None).unwrap();
    assert_eq!(bench.listed()["state"], "unknown");
    let told = bench.callout(["run", "rest", "--headless"]).run().exits(2).stderr;
    assert!(told.contains("safe.directory"), "{told}");
    let config = format!("[safe]\n\tdirectory = {}\n", bench.folder().display());
    fs::write(bench.home.path(".gitconfig"), config).unwrap();
    assert_eq!(bench.listed()["state"], "clean");
}

#[test]
fn a_link_in_a_commit_is_not_followed() {
    let bench = Bench::with_rest();
    fs::write(bench.home.path("outside.yaml"), waiting("outside", "6.6.6")).unwrap();
    std::os::unix::fs::symlink("../../../outside.yaml", bench.file("link")).unwrap();
    bench.commit(1);
    fs::remove_file(bench.file("link")).unwrap();
    let told = bench.callout(["show", "link@HEAD"]).run().exits(2).stderr;
    assert!(told.contains("is a link, a folder or a submodule"), "{told}");
}
