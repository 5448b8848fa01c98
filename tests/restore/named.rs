//! An app that knows one name only: the index is built under that name, and the one that is there goes first.

use serde_json::json;

use super::{restore, run, take_back};
use crate::support::{Estate, Home};

const NAMED: [&str; 4] = ["-i", "addressed_by=name", "-i", "index=handbook"];
const DELETED: &str = "/indexes('handbook')";

/// An estate whose app asks an index by its name, which is gone.
fn estate(home: &Home) -> Estate {
    let estate = Estate::serve(home);
    for slot in ["production", "staging"] {
        estate.control("POST", &format!("apps/chatbot-web/{slot}/settings"), &json!({"SEARCH_INDEX": "handbook"}));
    }
    estate
}

#[test]
fn an_index_that_is_gone_is_built_under_its_name_and_nothing_is_deleted() {
    let home = Home::new();
    let estate = estate(&home);
    let done = restore(&home, &NAMED).succeeded();
    assert!(done.stdout.contains("index-before succeeded: exists false"), "{}", done.stdout);
    assert!(done.stdout.contains("ask pass: answered 200"), "{}", done.stdout);
    assert_eq!((estate.count("DELETE", "/"), estate.count("PUT", "/aliases(")), (0, 0));
    assert_eq!(estate.search()["indexes"]["handbook"]["documents"], 360);
}

#[test]
fn past_the_deletion_of_the_old_index_an_undo_says_that_there_is_no_way_back_to_it() {
    let home = Home::new();
    let estate = estate(&home);
    restore(&home, &NAMED).succeeded();
    let inputs = [&NAMED[..], &["-i", "indexer=docs-2-indexer", "-i", "new_indexer=handbook-2"]].concat();
    let mut usual = super::RUN;
    usual[4] = "destructive";
    let asked = home.callout(usual).args(&inputs).run().exits(3);
    assert!(asked.stdout.contains("Type `handbook` to confirm it"), "{}", asked.stdout);
    assert_eq!(estate.count("DELETE", DELETED), 0);

    estate.fault("POST", "/search.run", 1, &json!({"status": {"code": 403}}));
    let irreversible = ["resume", "--headless", "--yes", "irreversible", "--speed", "max"];
    let failed = home.callout(irreversible).run().exits(1);
    assert!(failed.stdout.contains("fill FAILED"), "{}", failed.stdout);
    assert_eq!(estate.count("DELETE", DELETED), 1);
    let told = take_back(&home).exits(5).stdout;
    assert!(told.contains("delete-broken  a point of no return: The old index is gone. From here"), "{told}");
    assert!(told.contains("pause  it could be undone until `delete-broken` began"), "{told}");
    assert!(told.contains("ROLLED BACK; not undone: pause, delete-broken, create-again\n"), "{told}");
    let search = estate.search();
    assert_eq!(search["indexers"].get("handbook-2"), None, "{search}");
    assert_eq!(search["indexers"]["docs-2-indexer"]["disabled"], true, "{search}");
    assert_eq!(home.callout(["abort", &run(&home)]).run().code, Some(2), "it has ended");
}
