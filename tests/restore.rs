//! The restore of an index, for each way in which an app addresses its index and documents come into it: what it would do,
//! what it does, what it refuses, and what is left when it ends in the middle.

mod ended;
mod named;
mod pull;
mod push;

use std::fs;

use serde_json::{Value as Json, json};

use crate::support::{Estate, Home, Outcome};

const RUN: [&str; 6] = ["run", "index-restore", "--headless", "--yes", "irreversible", "--speed=max"];

/// The restore with nobody to ask, as fast as it goes.
fn restore(home: &Home, more: &[&str]) -> Outcome {
    home.callout(RUN).args(more).run()
}

/// The id of a home's latest run.
fn run(home: &Home) -> String {
    let listed = home.callout(["runs", "--json"]).run().succeeded();
    let runs: Json = serde_json::from_str(&listed.stdout).unwrap();
    runs[0]["short"].as_str().unwrap().to_owned()
}

/// Ends a home's latest run and takes back what can be taken back.
fn take_back(home: &Home) -> Outcome {
    let run = run(home);
    home.callout(["abort", &run, "--undo", "--headless", "--yes", "irreversible", "--speed", "max"]).run()
}

/// Does one thing to a service or an app of the estate, as somebody else would.
fn somebody(home: &Home, action: &str, with: &[(&str, &str, &str)]) {
    let (name, file) = ("somebody", home.desk().join("somebody.yaml"));
    let parameters = with.iter().map(|(name, kind, _)| format!("  {name}: {{type: {kind}, description: It}}\n"));
    let arguments = with.iter().map(|(name, ..)| format!("{name}: '${{{{ inputs.{name} }}}}'"));
    let text = format!(
        "runbook: {name}\nformat: 1\nversion: 1.0.0\ntitle: Do one thing\nparameters:\n{}steps:\n  \
         - {{id: it, title: Do it, action: {action}, with: {{{}}}}}\n",
        parameters.collect::<String>(),
        arguments.collect::<Vec<_>>().join(", ")
    );
    fs::write(&file, text).unwrap();
    let done = home.callout(["run", "./somebody.yaml", "--headless", "--yes", "irreversible", "--speed", "max"]);
    done.args(with.iter().flat_map(|(name, _, value)| ["-i".to_owned(), format!("{name}={value}")])).run().succeeded();
}

impl Estate {
    /// The search service as it is.
    fn search(&self) -> Json {
        self.now()["search"].take()
    }

    /// The index that the apps' alias stands for.
    fn answers_from(&self) -> String {
        self.search()["aliases"]["chatbot-docs"].as_str().unwrap().to_owned()
    }

    /// How many messages each queue has.
    fn queues(&self) -> Json {
        self.now()["storage"]["queues"].take()
    }

    /// Everything of the service is as it was found.
    fn is_as_before(&self) {
        let search = self.search();
        assert_eq!(search["indexes"], json!({"docs": {"documents": 360, "fields": 6}}), "{search}");
        assert_eq!(search["indexers"].as_object().map(serde_json::Map::len), Some(1), "{search}");
        assert_eq!(search["indexers"]["docs-indexer"]["disabled"], false, "{search}");
        assert_eq!(self.answers_from(), "docs");
    }

    /// Lets the look at the dead letters be refused: whatever comes before it has been done by then.
    fn hide_dead_letters(&self) {
        self.fault("GET", "/ingest-dead-letter/messages", 100, &json!({"status": {"code": 403}}));
    }

    /// Gives the app a setting that names the index that it searches.
    fn name_index(&self, index: &str) {
        self.control("POST", "apps/chatbot-web/production/settings", &json!({"SEARCH_INDEX": index}));
    }

    fn named_index(&self) -> Json {
        self.now()["apps"]["chatbot-web"]["slots"]["production"]["settings"]["SEARCH_INDEX"].take()
    }
}

fn plan(home: &Home, addressed_by: &str, ingestion: &str) -> String {
    let (way, from) = (format!("addressed_by={addressed_by}"), format!("ingestion={ingestion}"));
    home.callout(["plan", "index-restore", "-i", &way, "-i", &from]).run().succeeded().stdout
}

/// The part of a plan that is about a step.
fn step<'a>(plan: &'a str, id: &str) -> &'a str {
    let begins =
        |line: &str| line.split_once(". ").is_some_and(|(number, _)| number.bytes().all(|byte| byte.is_ascii_digit()));
    let is_it =
        |line: &str| begins(line) && line.split_whitespace().nth(1).map(|word| word.trim_end_matches('*')) == Some(id);
    let from = plan.lines().find(|line| is_it(line)).unwrap_or_else(|| panic!("{id}: {plan}"));
    let from = plan.find(from).unwrap();
    let rest = &plan[from..];
    let next = rest.lines().skip(1).find(|line| begins(line)).and_then(|line| rest.find(line));
    &rest[..next.unwrap_or(rest.len())]
}

#[test]
fn each_way_is_planned_whole_and_changes_only_what_belongs_to_it() {
    let home = Home::new();
    for (addressed_by, changes) in [("alias", "swap"), ("setting", "setting"), ("name", "delete-broken")] {
        for (ingestion, fills) in [("pull", "fill"), ("push", "push-all")] {
            let plan = plan(&home, addressed_by, ingestion);
            assert!(!plan.contains("cannot be told"), "{addressed_by} {ingestion}: {plan}");
            for (id, wanted) in [
                ("swap", changes == "swap"),
                ("setting", changes == "setting"),
                ("delete-broken", changes == "delete-broken"),
                ("fill", fills == "fill"),
                ("push-all", fills == "push-all"),
            ] {
                let holds = !step(&plan, id).contains("does not hold");
                assert_eq!(holds, wanted, "{addressed_by} {ingestion}: {}", step(&plan, id));
            }
        }
    }
}

#[test]
fn the_index_is_created_only_where_none_is_and_under_one_name_it_takes_the_place_of_the_old_one() {
    let home = Home::new();
    let beside = plan(&home, "alias", "pull");
    let create = step(&beside, "create");
    assert!(create.contains("indexes('docs-2')") && create.contains("if-none-match: *"), "{create}");
    assert!(step(&beside, "swap").contains("if-match: «steps.alias-before.outputs.etag»"), "{}", step(&beside, "swap"));
    let same = plan(&home, "name", "pull");
    let again = step(&same, "create-again");
    assert!(again.contains("indexes('docs')") && again.contains("if-none-match: *"), "{again}");
    assert!(step(&same, "delete-broken").contains("irreversible"), "{}", step(&same, "delete-broken"));
}

#[test]
fn a_setting_that_names_the_index_is_written_and_not_only_talked_about() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let unnamed = restore(&home, &["-i", "addressed_by=setting"]).exits(1);
    assert!(unnamed.stdout.contains("settings-before[chatbot-web] FAILED"), "{}", unnamed.stdout);
    assert_eq!(estate.count("PUT", "/"), 0, "an app that finds its index in another way is found out first");
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.name_index("docs");
    restore(&home, &["-i", "addressed_by=setting"]).succeeded();
    assert_eq!(estate.named_index(), "docs-2");
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.name_index("docs");
    estate.hide_dead_letters();
    restore(&home, &["-i", "addressed_by=setting"]).exits(1);
    assert_eq!(estate.named_index(), "docs-2");
    take_back(&home).exits(5);
    assert_eq!(estate.named_index(), "docs");
    assert_eq!(estate.count("DELETE", "/indexes('docs-2')"), 1, "after the app has been led back");
}

#[test]
fn an_index_whose_name_is_needed_is_not_deleted_while_an_alias_stands_for_it_and_is_never_taken_away_twice() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let named = ["-i", "addressed_by=name", "-i", "new_indexer=docs-3-indexer"];
    let asked = restore(&home, &named).exits(3);
    assert!(asked.stdout.contains("Delete every alias that stands for docs"), "{}", asked.stdout);
    assert!(asked.stdout.contains("chatbot-docs."), "{}", asked.stdout);
    assert_eq!(estate.count("PUT", "/"), 0, "before anything is stopped");
    // After a restore beside, the alias stands for another index, and the app may be made to know one name only.
    let home = Home::new();
    let estate = Estate::serve(&home);
    restore(&home, &[]).succeeded();
    estate.name_index("docs");
    estate.hide_dead_letters();
    let failed = restore(&home, &named).exits(1);
    assert!(failed.stdout.contains("dead-letters FAILED"), "{}", failed.stdout);
    let deleted = || estate.count("DELETE", "/indexes('docs')");
    assert_eq!(deleted(), 1);
    let told = take_back(&home).exits(5).stdout;
    assert!(told.contains("create-again  the runbook says no undo for it"), "{told}");
    assert_eq!(deleted(), 1, "the app would find nothing at all");
}

#[test]
fn where_the_old_index_is_gone_an_undo_leaves_the_new_one_and_what_feeds_it() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.control("POST", "break", &json!({"break": "index_deleted", "of": "chatbot-search", "name": "docs"}));
    estate.hide_dead_letters();
    restore(&home, &[]).exits(1);
    let told = take_back(&home).exits(1).stdout;
    assert!(told.contains("feed~undo/1 FAILED: search.index.get fails: not there"), "{told}");
    let taken = ["/indexers(", "/indexes("].map(|what| estate.count("DELETE", what));
    assert_eq!((taken, estate.count("PUT", "/aliases(")), ([0, 0], 1));
}
