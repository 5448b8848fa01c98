//! The whole programme from the real program, and its report held against what the log says.

use std::collections::BTreeMap;

use callout::base::Timestamp;
use serde_json::Value as Json;

use crate::support::Home;

const HEADLESS: [&str; 5] = ["--headless", "--yes", "destructive", "--speed", "max"];

/// Every entry of the log.
fn records(home: &Home) -> Vec<Json> {
    let log = home.callout(["audit", "export", "--format", "jsonl"]).run().succeeded().stdout;
    log.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn of_kind<'a>(records: &'a [Json], kind: &str) -> Vec<&'a Json> {
    records.iter().filter(|record| record["kind"] == kind).collect()
}

fn moment(text: &Json) -> Timestamp {
    text.as_str().unwrap().parse().unwrap()
}

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.since(from).std().as_secs_f64()
}

fn is_near(one: &Json, other: f64) {
    assert!((one.as_f64().unwrap() - other).abs() < 1e-6, "{one} is not {other}");
}

/// When the last step ended that marks `service_restored`, as the plan and the ends of steps in the log tell it.
fn restored(records: &[Json]) -> Timestamp {
    let planned = &of_kind(records, "run.planned")[0]["data"]["plan"];
    let mut marking = Vec::new();
    for part in planned["runbook"]["steps"].as_array().unwrap() {
        let nested = planned["nested"].as_array().unwrap().iter();
        let runbook = nested.map(|one| &one["runbook"]).find(|one| one["id"] == part["kind"]["runbook"]).unwrap();
        let marks = runbook["steps"].as_array().unwrap().iter().filter(|step| step["marks"] == "service_restored");
        marking.extend(marks.map(|step| format!("{}/{}", part["id"].as_str().unwrap(), step["id"].as_str().unwrap())));
    }
    // Rows can be copied back instead of moving the apps; that is another way, which ends with a look at the old server.
    let other = marking.iter().position(|name| name == "restore-database/mended");
    marking.remove(other.unwrap());
    assert_eq!(marking.len(), 4, "{marking:?}");
    let ends = of_kind(records, "step.finished");
    let ended_well = |end: &Json| end["data"]["end"] == "succeeded";
    assert!(ends.iter().filter(|end| end["step"] == "restore-database/mended").all(|end| !ended_well(end)));
    let of_one = |name: &String| {
        let own = ends.iter().filter(|end| end["step"].as_str().unwrap().split('[').next() == Some(name));
        own.map(|end| moment(&end["occurred_at"])).max().unwrap()
    };
    marking.iter().map(of_one).max().unwrap()
}

/// Holds what the report tells of cleanup, scope, checks and milestones against the log.
fn tells_what_it_left_reached_and_saw(json: &Json, all: &[Json]) {
    // What the drill has left is cleared away, and somebody has looked whether it is. The lock was the drill's own.
    let [cleanup] = json["cleanup"].as_array().unwrap().as_slice() else { panic!("{json}") };
    assert_eq!(
        (&cleanup["step"], &cleanup["done"], &cleanup["verified"]),
        (&"clear-away".into(), &true.into(), &true.into())
    );
    let looks = of_kind(all, "step.checked").into_iter().rfind(|one| one["step"] == "clear-away/unlock");
    assert!(looks.is_some_and(|one| one["data"]["verdict"].to_string().contains("pass")), "nobody looked");
    // Everything that was written to was bound to the drill.
    let touched = json["touched"].as_array().unwrap();
    assert!(touched.len() > 8 && touched.iter().all(|one| one["bound"] == true), "{touched:?}");
    let effects: u64 = touched.iter().map(|one| one["effects"].as_u64().unwrap()).sum();
    let keys =
        of_kind(all, "effect.intent").into_iter().map(|one| one["data"]["locks"].as_array().unwrap().len() as u64);
    assert_eq!(effects, keys.sum::<u64>());
    // The restored data were looked at, and the milestones are where the recovery times come from.
    let whole = json["checks"].as_array().unwrap().iter().find(|one| one["step"] == "restore-database/whole").unwrap();
    assert!(whole["passed"] == true && !whole["seen"].as_str().unwrap().is_empty(), "{whole}");
    let reached = json["milestones"].as_array().unwrap();
    let last = reached.iter().rfind(|one| one["milestone"] == "service_restored").unwrap();
    assert_eq!(moment(&last["at"]), restored(all));
    let unasked = json["not_tested"].to_string();
    assert!(unasked.contains("where a script answered: roll-back/decide"), "{unasked}");
    assert!(
        json["forecast"]["at_least_s"].as_f64().unwrap() < 3600.0 && json["forecast"]["people"].as_u64().unwrap() > 10
    );
}

#[test]
fn the_report_of_the_whole_programme_says_what_the_log_says() {
    let home = Home::new();
    let who = ["--who", "observer=Ada <b>Nother</b>"];
    home.callout(["drill", "run", "quarterly-dr"]).args(who).args(HEADLESS).run().succeeded();
    let all = records(&home);
    let report = |format: &str| home.callout(["drill", "report", "--format", format]).run().succeeded().stdout;
    let json: Json = serde_json::from_str(&report("json")).unwrap();

    // The recovery time, from the first thing that was broken to the last service that was restored.
    let broken = &of_kind(&all, "run.prepared")[0]["data"]["broken"];
    let impact = broken.as_array().unwrap().iter().map(|one| moment(&one["at"])).min().unwrap();
    let [rto, rpo] = json["objectives"].as_array().unwrap().as_slice() else { panic!("{json}") };
    assert_eq!((&rto["kind"], &rto["target_s"], &rto["verdict"]), (&"rto".into(), &3600.0.into(), &"met".into()));
    is_near(&rto["measured_s"], seconds(impact, restored(&all)));

    // The loss, from the newest row on the restored server to the statement that emptied them all; a row is written every
    // 20 seconds.
    let damaged = broken.as_array().unwrap().iter().find(|one| one["breakage"]["break"] == "rows_corrupted").unwrap();
    let given = |step: &str, output: &str| {
        let ends = of_kind(&all, "step.finished");
        moment(&ends.iter().find(|end| end["step"] == step).unwrap()["data"]["outputs"][output])
    };
    let loss = |from| seconds(from, moment(&damaged["at"]));
    let newest = given("restore-database/recovered", "newest");
    assert_eq!((&rpo["kind"], &rpo["target_s"], &rpo["verdict"]), (&"rpo".into(), &300.0.into(), &"met".into()));
    assert!((0.0..=20.0).contains(&loss(newest)), "{rpo}");
    is_near(&rpo["measured_s"], loss(newest));
    is_near(&rpo["claimed_s"], loss(given("restore-database/choose", "at")));

    // The time of all parts together is the time from the run's first entry to its last.
    let of_run: Vec<&Json> = all.iter().filter(|record| record["run"] == json["run"]).collect();
    let (first, last) = (of_run.first().unwrap(), of_run.last().unwrap());
    let total = seconds(moment(&first["occurred_at"]), moment(&last["occurred_at"]));
    is_near(&json["time"]["total_s"], total);
    let parts = ["machine_s", "operator_s", "azure_s", "in_doubt_s", "waiting_s", "standing_still_s"];
    is_near(&json["time"]["total_s"], parts.iter().map(|part| json["time"][part].as_f64().unwrap()).sum());

    // Each step has one standing, and what is proven has an end in the log.
    let steps = json["steps"].as_array().unwrap();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for step in steps {
        *counts.entry(step["standing"].as_str().unwrap()).or_default() += 1;
    }
    let coverage = &json["coverage"];
    assert_eq!(coverage["steps"], steps.len());
    for (word, member) in [("proven", "proven"), ("substituted", "substituted"), ("not reached", "not_reached")] {
        assert_eq!(coverage[member], counts.get(word).copied().unwrap_or(0), "{word}");
    }
    assert_eq!(coverage["percent"], counts["proven"] * 100 / steps.len());
    let gates: Vec<&Json> = steps.iter().filter(|step| step["step"].as_str().unwrap().ends_with("/decide")).collect();
    assert!(
        gates.len() == 4 && gates.iter().all(|gate| gate["standing"] == "substituted"),
        "nobody decided: {gates:?}"
    );
    // The export has written that it was made.
    assert!(
        json["integrity"]["verified"] == true && json["integrity"]["entries"] == all.len() + 1,
        "{}",
        json["integrity"]
    );
    tells_what_it_left_reached_and_saw(&json, &all);
    let observer = json["people"].as_array().unwrap().iter().find(|one| one["role"] == "observer").unwrap();
    assert_eq!(observer["named"], "Ada <b>Nother</b>");
    assert_eq!((&json["simulated"], &json["type"]), (&true.into(), &"simulation".into()));
    assert_eq!(json["objectives_digest"], of_kind(&all, "run.prepared")[0]["data"]["exercise"]);

    let watermark = "SIMULATED: no evidence of production recovery";
    let (markdown, html) = (report("markdown"), report("html"));
    for text in [&markdown, &html] {
        assert_eq!(text.matches(watermark).count(), 2, "{text}");
        assert!(!text.contains("<b>") && text.contains("Ada "), "{text}");
        for part in [
            "Planned against actual",
            "Deviations",
            "Remediation",
            "Not tested",
            "Cleanup",
            "Proof",
            "People",
            "Scope",
            "What was seen",
            "Signed",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
    // One page, and nothing from elsewhere.
    assert!(html.starts_with("<!DOCTYPE html>") && html.contains("<svg"), "{html}");
    for word in ["<script", "<link", "src=", "url(", "@import", "href="] {
        assert!(!html.contains(word), "{word}");
    }
}

#[test]
fn what_people_say_is_text_in_every_form() {
    let home = Home::new();
    let who = ["--who", "observer=A\u{1b}[2J \u{202e}<i>B</i>"];
    home.callout(["drill", "run", "rotation-drill"]).args(who).args(HEADLESS).run().succeeded();
    let run = crate::words::bench::only_run(&home);
    home.callout(["note", &run, "</style><script>alert(1)</script> | **x** `y`"]).run().succeeded();
    let report = |format: &str| home.callout(["drill", "report", &run, "--format", format]).run().succeeded().stdout;
    let json: Json = serde_json::from_str(&report("json")).unwrap();
    assert_eq!(json["notes"][0]["text"], "</style><script>alert(1)</script> | **x** `y`");
    let remedies = json["remediation"].as_array().unwrap();
    assert!(remedies.iter().any(|one| one.as_str().unwrap().starts_with("Noted: ")), "{json}");
    let html = report("html");
    assert!(!html.contains('\u{1b}') && !html.contains('\u{202e}') && html.contains("A\u{fffd}[2J"), "{html}");
    assert!(!html.contains("<script") && html.contains("&lt;script&gt;alert(1)"), "{html}");
    let markdown = report("markdown");
    assert!(
        markdown.contains("&lt;/style&gt;&lt;script&gt;alert(1)") && markdown.contains(r"\| \*\*x\*\* \`y\`"),
        "{markdown}"
    );
}

#[test]
fn only_a_drill_has_a_report_and_the_latest_is_meant_unless_one_is_named() {
    let home = Home::new();
    assert!(home.callout(["drill", "report"]).run().exits(2).stderr.contains("there is no store"));
    assert_eq!(home.callout(["drill", "history"]).run().succeeded().stdout, "There are no drills yet.\n");
    home.callout(["drill", "run", "rotation-drill"]).args(HEADLESS).run().succeeded();
    home.callout(["run", "rollback"]).args(HEADLESS).run().succeeded();
    let json: Json =
        serde_json::from_str(&home.callout(["drill", "report", "--format", "json"]).run().succeeded().stdout).unwrap();
    assert_eq!(json["programme"], "rotation-drill");
    let runs: Json = serde_json::from_str(&home.callout(["runs", "--json"]).run().succeeded().stdout).unwrap();
    let other = runs.as_array().unwrap().iter().find(|run| run["runbook"] == "rollback").unwrap();
    let refused = home.callout(["drill", "report", other["id"].as_str().unwrap()]).run().exits(2).stderr;
    assert!(refused.contains("is no drill"), "{refused}");
    let history: Json =
        serde_json::from_str(&home.callout(["drill", "history", "--json"]).run().succeeded().stdout).unwrap();
    let [line] = history.as_array().unwrap().as_slice() else { panic!("{history}") };
    assert_eq!((&line["run"], &line["verdict"]), (&json["run"], &"met".into()));
    assert_eq!(line["objectives"], json["objectives"]);
    let table = home.callout(["drill", "history"]).run().succeeded().stdout;
    assert!(table.contains("rotation-drill 1.0.1  simulated  succeeded  met  RTO met: "), "{table}");
}
