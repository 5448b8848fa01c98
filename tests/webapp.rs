//! What runbooks can do with web apps beside the shipped ones: settings, previews, stopping and starting.

use std::fs;

use serde_json::Value as Json;

use crate::support::{Estate, Home, Outcome};

const HEAD: &str = "\
format: 1
version: 1.0.0
title: A test
parameters:
  app: {type: webapp}
steps:
";

/// Changes one setting, with a pause between looking and writing, so that somebody else may come in between.
const CHANGE: &str = "  - id: look
    title: See which settings there are
    check: webapp.settings
    with: {app: '${{ inputs.app }}', expect: [{name: CHAT_MAX_TURNS, value: '40'}]}
  - id: pause
    title: Wait
    needs: [look]
    wait: {for: 2h}
  - id: change
    title: Let conversations be shorter
    needs: [pause]
    action: webapp.settings.replace
    with:
      app: ${{ inputs.app }}
      names: ${{ steps.look.outputs.names }}
      set: [{name: CHAT_MAX_TURNS, value: '20'}]
    verify:
      - check: webapp.settings
        with:
          app: ${{ inputs.app }}
          names: ${{ steps.look.outputs.names }}
          expect: [{name: CHAT_MAX_TURNS, value: '20'}]
    undo:
      - action: webapp.settings.replace
        with:
          app: ${{ inputs.app }}
          names: ${{ steps.look.outputs.names }}
          set: [{name: CHAT_MAX_TURNS, value: '40'}]
";

/// Adds a setting and takes another one away.
const OTHER: &str = "  - id: look
    title: See which settings there are
    action: webapp.settings
    with: {app: '${{ inputs.app }}'}
  - id: change
    title: Change some
    needs: [look]
    action: webapp.settings.replace
    with:
      app: ${{ inputs.app }}
      names: ${{ steps.look.outputs.names }}
      set: [{name: FEATURE, value: 'blue'}]
      remove: [CHAT_MAX_TURNS]
    verify:
      - {check: webapp.settings, with: {app: '${{ inputs.app }}', absent: [CHAT_MAX_TURNS]}}
    undo:
      - action: webapp.settings.replace
        with:
          app: ${{ inputs.app }}
          names: ${{ steps.look.outputs.names }}
          remove: [FEATURE]
";

fn write(home: &Home, name: &str, steps: &str) {
    let folder = home.desk().join("runbooks");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(format!("{name}.yaml")), format!("runbook: {name}\n{HEAD}{steps}")).unwrap();
}

fn run(home: &Home, name: &str, speed: &str) -> Outcome {
    let run = ["run", name, "-i", "app=chatbot-web", "--headless", "--yes", "destructive", "--speed", speed];
    home.callout(run).run()
}

fn settings(estate: &Estate, slot: &str) -> Json {
    estate.now()["apps"]["chatbot-web"]["slots"][slot]["settings"].clone()
}

#[test]
fn one_setting_is_changed_and_every_other_one_is_kept_without_being_told_to_anybody() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    write(&home, "shorten", CHANGE);
    let before = settings(&estate, "production");
    run(&home, "shorten", "max").succeeded();
    let mut wanted = before.clone();
    wanted["CHAT_MAX_TURNS"] = "20".into();
    assert_eq!(settings(&estate, "production"), wanted);
    assert_eq!(estate.count("PUT", "/config/appsettings"), 1);
    // `API_TOKEN` is a plain value, as it should not be and sometimes is.
    let token = before["API_TOKEN"].as_str().unwrap();
    let kept = home.files_with(token.as_bytes());
    assert!(kept.iter().all(|file| file.to_string_lossy().ends_with(".sim.jsonl")), "{kept:?}");
}

#[test]
fn settings_that_somebody_else_changed_in_the_meantime_are_not_written_over() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    write(&home, "shorten", CHANGE);
    write(&home, "other", OTHER);
    run(&home, "shorten", "1").exits(3);
    run(&home, "other", "max").succeeded();
    let after = settings(&estate, "production");
    assert_eq!((&after["FEATURE"], &after["CHAT_MAX_TURNS"]), (&"blue".into(), &Json::Null));
    estate.advance(2 * 3600);
    let refused = home.callout(["resume", "--headless", "--yes", "destructive"]).run().exits(1);
    assert!(refused.stdout.contains("new: FEATURE; gone: CHAT_MAX_TURNS"), "{}", refused.stdout);
    assert_eq!(settings(&estate, "production"), after);
    assert_eq!(estate.count("PUT", "/config/appsettings"), 1);
}
