//! Which runbooks a drill has proven, and for how long that holds.

use std::fs;
use std::path::Path;

use callout::runbook::{Content, Shelf, check_playbook, shipped, shipped_playbooks};
use serde_json::Value as Json;

use crate::support::Home;

const HEADLESS: [&str; 5] = ["--headless", "--yes", "destructive", "--speed", "max"];

#[test]
fn every_shipped_runbook_has_a_drill_or_a_programme_says_why_not() {
    let mut drilled = Vec::new();
    let mut not_tested = Vec::new();
    for (file, text) in shipped_playbooks() {
        let playbook = check_playbook(file, text.as_bytes(), &Shelf::shipped()).playbook.unwrap();
        let Content::Programme(programme) = playbook.content else { continue };
        drilled.extend(programme.steps.into_iter().map(|step| step.runbook));
        not_tested.extend(programme.not_tested);
    }
    for (file, _) in shipped() {
        let name = file.trim_end_matches(".yaml");
        let reason = match name {
            "db-cleanup" => Some("cannot be undone"),
            // What only another runbook's other way leads to, and no programme goes.
            "setting-change" => Some("db-restore"),
            _ => None,
        };
        let says = |why: &str| not_tested.iter().any(|line| line.contains(name) && line.contains(why));
        let excused = reason.is_some_and(says);
        assert!(excused || drilled.iter().any(|runbook| runbook == name), "`{name}` has no drill");
    }
}

#[test]
fn a_runbook_is_proven_until_a_step_of_it_that_changes_something_is_another() {
    let home = Home::new();
    let library = home.desk().join("library");
    for folder in ["runbooks", "playbooks"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        fs::create_dir_all(library.join(folder)).unwrap();
        for file in fs::read_dir(from).unwrap().map(|file| file.unwrap()) {
            fs::copy(file.path(), library.join(folder).join(file.file_name())).unwrap();
        }
    }
    let proven = || {
        let list = home.callout(["list", "--json", "--library", "library"]).run().succeeded().stdout;
        let list: Json = serde_json::from_str(&list).unwrap();
        let line = list.as_array().unwrap().iter().find(|line| line["runbook"] == "key-rotation").unwrap().clone();
        (line["proven"].as_bool().unwrap(), line["last_drill"]["simulated"].clone())
    };
    let shown = || home.callout(["show", "key-rotation", "--library", "library"]).run().succeeded().stdout;
    assert_eq!(proven(), (false, Json::Null));
    assert!(shown().contains("Drilled     not proven\n"), "{}", shown());
    home.callout(["drill", "run", "rotation-drill", "--library", "library"]).args(HEADLESS).run().succeeded();
    assert_eq!(proven(), (true, true.into()));
    assert!(shown().contains("(simulated)") && shown().contains("Drilled     proven 20"), "{}", shown());
    let listed = home.callout(["list", "--library", "library"]).run().succeeded().stdout;
    assert!(listed.contains("proven 20") && listed.contains("not proven"), "{listed}");

    let file = library.join("runbooks/key-rotation.yaml");
    let text = fs::read_to_string(&file).unwrap();
    // What only reads, and what is told to people, may change.
    let retold = text.replacen("title: Add a new version", "title: Put a new version in", 1);
    assert_ne!(retold, text);
    fs::write(&file, &retold).unwrap();
    assert!(proven().0, "only words have changed");
    let changed = text.replacen("bytes: 32", "bytes: 48", 1);
    assert_ne!(changed, text);
    fs::write(&file, &changed).unwrap();
    assert_eq!(proven(), (false, true.into()));
    assert!(shown().contains("not proven: changed since the drill of 20"), "{}", shown());
    fs::write(&file, &text).unwrap();
    assert!(proven().0, "it is again what was drilled");
}
