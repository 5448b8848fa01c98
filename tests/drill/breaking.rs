//! What a drill is about is broken before its first step, at a known moment, and written down.

use std::fs;

use crate::support::{Estate, Home};
use crate::words::bench::{of_kind, only_run};

const HEADLESS: [&str; 5] = ["--headless", "--yes", "destructive", "--speed", "max"];

#[test]
fn the_simulator_breaks_the_estate_before_the_first_step_and_the_log_says_what_and_when() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let run = ["drill", "run", "quarterly-dr", "--who", "observer=Ada Nother"];
    let said = home.callout(run).args(HEADLESS).run().succeeded().stdout;
    assert!(
        said.contains("THE DRILL STANDS READY; a bad release is swapped into chatbot-web (by the simulator, "),
        "{said}"
    );
    let prepared = of_kind(&home, "run.prepared");
    let [prepared] = prepared.as_slice() else { panic!("{prepared:?}") };
    let broken = prepared["data"]["broken"].as_array().unwrap();
    let troubles: Vec<&str> = broken.iter().map(|one| one["breakage"]["break"].as_str().unwrap()).collect();
    assert_eq!(troubles, ["bad_release", "secret_leaked", "index_deleted", "rows_corrupted"]);
    let first = &of_kind(&home, "effect.intent")[0];
    for one in broken {
        assert_eq!(one["by"], "simulator");
        assert!(one["at"].as_str() <= first["occurred_at"].as_str(), "{one} {first}");
    }
    // The objectives were fixed and hashed with the plan, before anything was broken.
    assert!(prepared["data"]["exercise"].as_str().is_some_and(|digest| digest.len() == 64));
    assert!(prepared["seq"].as_u64() > of_kind(&home, "run.planned")[0]["seq"].as_u64());
    // What was broken is whole again, and what had leaked opens nothing.
    let now = estate.now();
    assert_eq!(now["leaked"][0]["works"], false, "{now}");
    assert!(now["search"]["indexes"].get("docs").is_none() && now["search"]["aliases"]["chatbot-docs"] == "docs-2");
    assert_eq!(estate.build("production"), "4711");
    let address = now["secrets"]["database-url"].as_array().unwrap().last().unwrap()["version"].clone();
    let held = &now["apps"]["chatbot-worker"]["slots"]["production"]["references"]["DATABASE_URL"]["version"];
    assert_eq!((now["secrets"]["database-url"].as_array().unwrap().len(), held), (2, &address), "{now}");
}

#[test]
fn who_takes_part_is_told_and_stands_beside_the_log() {
    let home = Home::new();
    let who = ["--who", "observer=Ada Nother", "--who", "operator=Grace Other"];
    home.callout(["drill", "run", "rotation-drill"]).args(who).args(HEADLESS).run().succeeded();
    let told = home.callout(["timeline"]).run().succeeded().stdout;
    assert!(told.contains("observer: Ada Nother; operator: Grace Other"), "{told}");
    let log = home.callout(["audit", "export"]).run().succeeded().stdout;
    assert!(log.contains("run.prepared") && !log.contains("Ada Nother"), "a name is personal");
    for wrong in ["watcher=A", "observer", "observer= "] {
        home.callout(["drill", "run", "rotation-drill", "--who", wrong]).run().exits(2);
    }
}

#[test]
fn the_same_drill_can_be_held_again_in_the_same_estate() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    for _ in 0..2 {
        home.callout(["drill", "run", "quarterly-dr"]).args(HEADLESS).run().succeeded();
        // The address is again the one of the beginning, and then the one of the restored server.
        assert_eq!(estate.now()["secrets"]["database-url"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn a_drill_that_cannot_break_what_it_is_about_begins_no_step() {
    let home = Home::new();
    let library = home.desk().join("library");
    for folder in ["runbooks", "playbooks"] {
        fs::create_dir_all(library.join(folder)).unwrap();
    }
    let read = |folder: &str, file: &str| {
        let shipped = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join(file);
        fs::read_to_string(shipped).unwrap()
    };
    let nested = ["rollback", "key-rotation-leaked", "index-restore", "db-restore", "setting-change", "drill-cleanup"];
    for file in nested.map(|name| format!("{name}.yaml")) {
        let file = file.as_str();
        fs::write(library.join("runbooks").join(file), read("runbooks", file)).unwrap();
    }
    let programme = read("playbooks", "quarterly-dr.yaml").replace("name: docs}", "name: documents}");
    fs::write(library.join("playbooks/quarterly-dr.yaml"), programme).unwrap();
    let drill = home.callout(["drill", "run", "quarterly-dr", "--library", "library"]).args(HEADLESS).run();
    let said = drill.exits(1).stderr;
    assert!(said.contains("the estate has no index `documents`"), "{said}");
    let run = only_run(&home);
    // Resuming tries again, and goes no further.
    home.callout(["resume", &run]).args(HEADLESS).run().exits(1);
    assert!(of_kind(&home, "step.readied").is_empty() && of_kind(&home, "run.prepared").is_empty());
    home.callout(["abort", &run]).run().exits(5);
}

#[test]
fn a_page_of_a_programme_says_what_is_broken_and_what_is_not_tested() {
    let page = Home::new().callout(["show", "quarterly-dr"]).run().succeeded().stdout;
    for part in [
        "What the simulator breaks first\n",
        "the secret session-secret of chatbot-kv has leaked",
        "rows of chatbot-pg are corrupted",
        "What it does not test\n",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
}
