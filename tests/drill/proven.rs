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

const OUTER: &str = "\
runbook: outer
format: 1
version: 1.0.0
title: Refresh, and say so
steps:
  - {id: inner, title: Refresh, runbook: inner}
  - id: tell
    title: Tell somebody
    needs: [inner]
    manual: {instruction: Tell them., fields: {who: {type: string, description: Who was told, headless: nobody}}}
";

const INNER: &str = "\
runbook: inner
format: 1
version: 1.0.0
title: Refresh an app
parameters:
  app: {type: webapp, default: chatbot-web, description: The app}
steps:
  - id: refresh
    title: Refresh its references
    action: webapp.references.refresh
    with: {app: '${{ inputs.app }}'}
";

#[test]
fn a_step_that_runs_another_runbook_is_proven_until_that_one_changes_and_what_a_script_answered_never_is() {
    let home = Home::new();
    let library = home.desk().join("library/runbooks");
    fs::create_dir_all(&library).unwrap();
    fs::write(library.join("outer.yaml"), OUTER).unwrap();
    fs::write(library.join("inner.yaml"), INNER).unwrap();
    let listed = || home.callout(["list", "--library", "library"]).run().succeeded().stdout;
    home.callout(["run", "outer", "--mode", "drill", "--library", "library"]).args(HEADLESS).run().succeeded();
    let told = listed();
    assert!(told.contains("(simulated), 1 of 2 changing steps"), "nobody told anybody: {told}");
    fs::write(library.join("inner.yaml"), INNER.replace("chatbot-web,", "chatbot-worker,")).unwrap();
    assert!(!listed().contains("changed since"), "what an input is by default is no step");
    let again = "  - {id: again, title: Once more, needs: [refresh], action: webapp.references.refresh, with: {app: '${{ inputs.app }}'}}\n";
    fs::write(library.join("inner.yaml"), format!("{INNER}{again}")).unwrap();
    assert_eq!(listed().matches("not proven: changed since the drill of").count(), 2, "{}", listed());
    let shown = home.callout(["show", "outer", "--library", "library"]).run().succeeded().stdout;
    assert!(shown.contains("not proven: changed since"), "{shown}");
}

#[test]
fn what_is_proven_stands_wherever_a_runbook_is_offered() {
    let home = Home::new();
    home.callout(["incident", "declare", "it leaked", "--playbook", "secret-leaked"]).run().succeeded();
    let pages = || {
        let show = |args: [&str; 2]| home.callout(args).run().succeeded().stdout;
        [show(["incident", "show"]), show(["show", "secret-leaked"])]
    };
    for page in pages() {
        assert_eq!(page.matches("     not proven\n").count(), 3, "{page}");
    }
    home.callout(["drill", "run", "rotation-drill"]).args(HEADLESS).run().succeeded();
    for page in pages() {
        assert!(page.contains("     proven 20") && page.matches("     not proven\n").count() == 2, "{page}");
    }
    let mut screen = home.callout::<&str>([]).screen(120, 36);
    screen.wait_for("it leaked");
    screen.press("Enter");
    screen.wait_for("First");
    while !screen.contents().contains("(simulated), ") {
        let before = screen.contents();
        screen.press("Down");
        screen.wait_until("the next line", |contents| contents != before);
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
