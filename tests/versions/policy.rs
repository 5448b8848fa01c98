//! What a protected environment lets run, and that nothing gets around it.

use std::fs;

use super::bench::{Bench, key, public, waiting};

/// What is said to an attempt to run that runbook in production, which is refused in any case.
fn refused(bench: &Bench, policy: Option<&str>, runbook: &str) -> String {
    let config = bench.protected(policy);
    let args = ["run", runbook, "--env", "production", "--headless", "--config"];
    bench.callout(args).args([&config]).run().exits(6).stderr
}

/// What the policy lets pass meets the next rule of a protected environment, and goes no further.
fn passes(bench: &Bench, policy: Option<&str>, runbook: &str) {
    let next = refused(bench, policy, runbook);
    assert!(next.contains("demands the plan digest in the answers file"), "{next}");
}

#[test]
fn protection_demands_a_commit_and_says_how_to_get_one() {
    let bench = Bench::new();
    bench.write("rest", &waiting("rest", "1.0.0"));
    let nowhere = refused(&bench, None, "rest");
    assert!(nowhere.contains("demands a committed revision") && nowhere.contains("`git add`"), "{nowhere}");
    bench.commit(0);
    passes(&bench, None, "rest");
    bench.write("rest", &waiting("rest", "1.0.1"));
    let edited = refused(&bench, None, "rest");
    assert!(edited.contains("has changes that are not committed"), "{edited}");
    assert!(edited.contains("callout run rest@HEAD"), "{edited}");
    passes(&bench, None, "rest@HEAD");
    passes(&bench, Some("{revision: any}"), "rest");
    bench.write("new", &waiting("new", "1.0.0"));
    assert!(refused(&bench, None, "new").contains("was never committed"));
    fs::write(bench.folder().join(".gitignore"), "runbooks/ignored.yaml\n").unwrap();
    bench.write("ignored", &waiting("ignored", "1.0.0"));
    assert!(refused(&bench, None, "ignored").contains("was never committed"));
}

#[test]
fn a_signed_revision_is_demanded_where_the_policy_says_so() {
    let bench = Bench::with_rest();
    let signed = Some("{revision: signed}");
    let unsigned = refused(&bench, signed, "rest");
    assert!(unsigned.contains("this one is not signed") && unsigned.contains("git commit -S"), "{unsigned}");
    bench.write("rest", &waiting("rest", "1.0.1"));
    bench.commit_signed(1, &key(1));
    bench.tag("v1.0.1");
    let nobody = refused(&bench, signed, "rest");
    assert!(nobody.contains("cannot be judged") && nobody.contains("allowed_signers"), "{nobody}");
    bench.allow(&format!("eve {}\n", public(&key(2))));
    assert!(refused(&bench, signed, "rest").contains("not among the allowed signers"));
    // The environment's own list, beside its configuration, comes before the user's.
    fs::write(bench.home.path("may-sign"), format!("ada {}\n", public(&key(1)))).unwrap();
    let own = Some("{revision: signed, allowed_signers: may-sign}");
    passes(&bench, own, "rest");
    bench.write("rest", &waiting("rest", "1.0.2"));
    assert!(refused(&bench, own, "rest").contains("not committed"));
    bench.commit(2);
    assert!(refused(&bench, own, "rest").contains("this one is not signed"));
    passes(&bench, own, "rest@v1.0.1");
    let missing = Some("{revision: signed, allowed_signers: nowhere}");
    assert!(refused(&bench, missing, "rest@v1.0.1").contains("cannot read the allowed signers"));
}

#[test]
fn what_is_built_in_needs_no_commit() {
    let bench = Bench::new();
    let config = bench.protected(Some("{revision: signed}"));
    let args = ["plan", "rollback", "--env", "production", "--config"];
    let outcome = bench.home.callout(args).args([&config]).run();
    assert!(!outcome.stderr.contains("demands"), "{outcome:?}");
}

#[test]
fn a_plan_and_a_list_say_what_the_policy_would_refuse() {
    let bench = Bench::with_rest();
    let config = bench.protected(None);
    let config = config.to_str().unwrap();
    let with = |args: &[&'static str]| [args, &["--env", "production", "--config", config]].concat();
    let plan = bench.callout(with(&["plan", "rest"])).run().succeeded().stdout;
    assert!(plan.contains("Policy      a committed revision, and this is one"), "{plan}");
    let list = bench.callout(with(&["list"])).run().succeeded().stdout;
    assert!(list.contains("production demands a committed revision: every one of them is."), "{list}");
    bench.write("rest", &waiting("rest", "1.0.1"));
    let plan = bench.callout(with(&["plan", "rest"])).run().succeeded().stdout;
    assert!(plan.contains("REFUSED: the protected environment `production`"), "{plan}");
    let plan = bench.json(&with(&["plan", "rest", "--format", "json"]));
    assert_eq!(plan["policy"]["revision"], "committed");
    assert!(plan["policy"]["refused"].as_str().unwrap().contains("not committed"), "{plan}");
    let list = bench.callout(with(&["list"])).run().succeeded().stdout;
    assert!(list.contains("refuses 1 of 1 runbook: rest"), "{list}");
    assert!(bench.json(&with(&["list", "--json"]))[0]["refused"].is_string());
}

#[test]
fn a_plan_and_a_list_say_what_the_policy_does_not_list() {
    let bench = Bench::with_rest();
    let outer = waiting("outer", "1.0.0").replace("wait: {for: 1s}", "runbook: rest");
    bench.write("outer", &outer);
    bench.commit(1);
    let config = bench.protected(Some("{runbooks: [outer]}"));
    let config = config.to_str().unwrap();
    let with = |args: &[&'static str]| [args, &["--env", "production", "--config", config]].concat();
    for format in ["text", "checklist", "json"] {
        let plan = |name| bench.callout(with(&["plan", name, "--format", format])).run().succeeded().stdout;
        let told = plan("rest").replace('\\', "").split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains("`production` does not let `rest` run"), "{told}");
        // What a listed runbook nests is part of it.
        assert!(!plan("outer").contains("does not let"), "{format}");
    }
    let list = bench.callout(with(&["list"])).run().succeeded().stdout;
    assert!(list.contains("production does not let 1 of 2 runbooks run: rest."), "{list}");
    let list = bench.json(&with(&["list", "--json"]));
    assert!(list[0]["refused"].is_null(), "{list}");
    assert!(list[1]["refused"].as_str().unwrap().contains("does not let `rest` run"), "{list}");
}
