//! What an author meets: a new runbook, its check, and what a forge is told.

use std::fs;

use serde_json::Value as Json;

use crate::support::home::Home;

#[test]
fn a_new_runbook_is_written_once_checks_clean_and_can_be_planned() {
    let home = Home::new();
    let said = home.callout(["new", "runbook", "my-first"]).run().succeeded().stdout;
    assert!(said.starts_with("Wrote runbooks/my-first.yaml."), "{said}");
    let file = home.desk().join("runbooks/my-first.yaml");
    let text = fs::read_to_string(&file).unwrap();
    let checked = home.callout(["check", "--format", "json"]).run().succeeded().stdout;
    assert_eq!(checked.trim(), "[]");
    home.callout(["plan", "my-first", "-i", "app=chatbot-web"]).run().succeeded();
    let again = home.callout(["new", "runbook", "my-first"]).run().exits(2).stderr;
    assert!(again.contains("is there already"), "{again}");
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    let stderr = home.callout(["new", "runbook", "../x"]).run().exits(2).stderr;
    assert!(stderr.contains("is not a name for a runbook"), "{stderr}");
}

#[test]
fn a_forge_is_told_every_finding_of_every_file_with_its_rule_and_region() {
    let home = Home::new();
    fs::create_dir(home.desk().join("runbooks")).unwrap();
    fs::write(home.desk().join("runbooks/é 1.yaml"), "rünbook: x\n").unwrap();
    fs::write(home.desk().join("runbooks/two.yaml"), "runbook: two\nformat: 1\nformat: 1\n").unwrap();
    let outcome = home.callout(["check", "--format", "sarif"]).run().exits(1);
    let log: Json = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert!(results.len() > 5, "{results:?}");
    for result in results {
        let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[rule]["id"], result["ruleId"]);
    }
    let files: Vec<&str> = results
        .iter()
        .map(|result| &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
        .map(|uri| uri.as_str().unwrap())
        .collect();
    assert!(files.contains(&"runbooks/%C3%A9%201.yaml") && files.contains(&"runbooks/two.yaml"), "{files:?}");
    let twice = results.iter().find(|result| result["ruleId"] == "RB104").unwrap();
    let region = |place: &Json| {
        let region = &place["physicalLocation"]["region"];
        (
            region["startLine"].as_u64().unwrap(),
            region["startColumn"].as_u64().unwrap(),
            region["endColumn"].as_u64().unwrap(),
        )
    };
    assert_eq!(region(&twice["locations"][0]), (3, 1, 7));
    assert_eq!(region(&twice["relatedLocations"][0]), (2, 1, 7));
    let unknown = results.iter().find(|result| result["ruleId"] == "RB102").unwrap();
    assert_eq!(region(&unknown["locations"][0]), (1, 1, 8), "columns count characters, not bytes");
}
