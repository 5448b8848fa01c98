//! `callout diff`: how a runbook became another one.

use super::bench::Bench;

const OLD: &str = "\
runbook: restart
format: 1
version: 1.0.0
title: Restart
parameters:
  app: {type: webapp}
objectives: {rto: 30m}
steps:
  - id: look
    title: Look
    check: http.get
    with: {url: '${{ inputs.app.url }}', expect: {status: 200}}
  - id: act
    title: Refresh it
    needs: [look]
    why: |
      The first line.
      The second line.
    action: webapp.references.refresh
    with: {app: '${{ inputs.app }}'}
    verify:
      - {check: http.get, with: {url: '${{ inputs.app.url }}', expect: {status: 200}}}
  - {id: rest, title: Rest, needs: [act], wait: {for: 1s}}
";

/// Two commits, the older one tagged `old`.
fn pair(new: &str) -> Bench {
    let bench = Bench::new();
    bench.write("restart", OLD);
    bench.commit(0);
    bench.tag("old");
    bench.write("restart", new);
    bench.commit(1);
    bench
}

#[test]
fn every_change_is_told_by_step_and_key_and_what_it_means_for_risk() {
    let new = OLD
        .replace("1.0.0", "2.0.0")
        .replace("rto: 30m", "rto: 1h")
        .replace("The second line.", "Another line.")
        .replace("webapp.references.refresh", "webapp.restart")
        .replace("  - {id: rest, title: Rest, needs: [act], wait: {for: 1s}}\n", "")
        .replace("steps:\n", "steps:\n  - {id: first, title: First, wait: {for: 5s}}\n");
    let bench = pair(&new);
    let text = bench.callout(["diff", "restart", "old", "HEAD"]).run().succeeded().stdout;
    for line in [
        "version: 1.0.0 → 2.0.0\n",
        "objectives.rto: 30m → 1h\n",
        "+ first  First  (read)\n",
        "- rest  Rest  (read)\n",
        "~ act  Refresh it  (",
        "    action: webapp.references.refresh → webapp.restart\n",
        "    why:\n      - The second line.\n      + Another line.\n",
        "    RISK: it changes something else, or elsewhere: action\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(!text.contains("~ look"), "it is the same\n{text}");
    assert!(!text.contains('\u{1b}'), "a pipe has no colours");

    let json = bench.json(&["diff", "restart", "old", "HEAD", "--json"]);
    assert_eq!((&json["old"]["version"], &json["new"]["version"]), (&"1.0.0".into(), &"2.0.0".into()));
    assert_eq!(json["new"]["commit"].as_str().unwrap().len(), 40);
    let steps: Vec<(&str, &str)> = json["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| (step["step"].as_str().unwrap(), step["change"].as_str().unwrap()))
        .collect();
    assert_eq!(steps, [("first", "added"), ("act", "changed"), ("rest", "removed")]);
    let class = json["steps"][1]["risk"]["concerns"].as_array().unwrap();
    assert!(class.iter().any(|concern| concern.as_str().unwrap().starts_with("the effect's class was ")), "{json}");
}

#[test]
fn without_a_second_revision_it_is_the_file_as_it_is() {
    let bench = pair(OLD);
    let same = bench.callout(["diff", "restart", "old"]).run().succeeded().stdout;
    assert!(same.ends_with("The text is the same.\n"), "{same}");
    bench.write("restart", &format!("# A comment.\n{OLD}"));
    let layout = bench.callout(["diff", "restart", "old"]).run().succeeded().stdout;
    assert!(layout.ends_with("Only comments or layout differ.\n"), "{layout}");
    bench.write("restart", &OLD.replace("title: Rest,", "title: Rest a while,"));
    let edited = bench.callout(["diff", "restart", "old"]).run().succeeded().stdout;
    assert!(edited.contains("dirty") && edited.contains("title: Rest → Rest a while"), "{edited}");
}

#[test]
fn a_revision_that_does_not_check_clean_is_not_compared_and_says_why() {
    let bench = pair(&OLD.replace("format: 1", "format: 9"));
    let refused = bench.callout(["diff", "restart", "old", "HEAD"]).run().exits(1).stderr;
    assert!(refused.contains("RB107") && refused.contains("runbooks/restart.yaml@HEAD"), "{refused}");
    bench.callout(["diff", "restart", "nowhere"]).run().exits(2);
    bench.callout(["diff", "restart"]).run().exits(2);
}

#[test]
fn on_a_terminal_there_are_colours() {
    let bench = pair(&OLD.replace("rto: 30m", "rto: 1h"));
    let screen = bench.callout(["diff", "restart", "old"]).screen(120, 20);
    screen.wait_for("objectives.rto");
    assert!(screen.contents_with_style().contains("‹1›30m"), "{}", screen.contents_with_style());
}
