//! Playbooks, as a person meets them, and what holds for any text at all.

use std::fs;
use std::path::Path;

use callout::base::{Span, StepId};
use callout::runbook::{
    Argument, Content, Environment, ParameterType, Playbook, Severity, Shelf, StepKind, bind_inputs, check_playbook,
    shipped_playbooks,
};
use proptest::prelude::*;
use serde_json::Value as Json;

use crate::check::BESIDE;
use crate::support::home::Home;

fn playbook(name: &str) -> Playbook {
    let (file, text) = shipped_playbooks().iter().find(|(file, _)| *file == format!("{name}.yaml")).unwrap();
    check_playbook(file, text.as_bytes(), &Shelf::shipped()).playbook.unwrap()
}

#[test]
fn the_shipped_playbooks_check_without_a_finding() {
    for (file, text) in shipped_playbooks() {
        let checked = check_playbook(file, text.as_bytes(), &Shelf::shipped());
        assert!(checked.findings.is_empty() && checked.playbook.is_some(), "{file}: {:?}", checked.findings);
    }
}

#[test]
fn every_shipped_playbook_is_in_its_folder_and_every_file_of_it_is_shipped() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("playbooks");
    let mut files: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    assert_eq!(files, shipped_playbooks().iter().map(|(file, _)| *file).collect::<Vec<_>>());
}

#[test]
fn a_programme_compiles_to_a_runbook_whose_inputs_are_those_of_its_runbooks() {
    let drill = playbook("quarterly-dr");
    let runbook = drill.compile().unwrap();
    assert_eq!((runbook.id.as_str(), runbook.rto), ("quarterly-dr", Some(Span::minutes(60))));
    let steps: Vec<(&str, &str)> = runbook
        .steps
        .iter()
        .map(|step| {
            let StepKind::Runbook(nested) = &step.kind else { panic!("{step:?}") };
            (step.id.as_str(), nested.runbook.as_str())
        })
        .collect();
    assert_eq!(
        steps,
        [
            ("roll-back", "rollback"),
            ("replace-secret", "key-rotation-leaked"),
            ("restore-index", "index-restore"),
            ("restore-database", "db-restore"),
            ("clear-away", "drill-cleanup")
        ]
    );
    assert_eq!(runbook.steps[1].needs, [StepId::new("roll-back")]);
    let StepKind::Runbook(nested) = &runbook.steps[1].kind else { panic!() };
    let Argument::Template { text } = &nested.with["consumers"] else { panic!("{nested:?}") };
    assert_eq!(text.source(), "${{ inputs.replace_secret_consumers }}");
    let consumers = runbook.parameters.iter().find(|parameter| parameter.name == "replace_secret_consumers").unwrap();
    assert!(matches!(consumers.kind, ParameterType::List { .. }));
    let bound = bind_inputs(&runbook, &[], &drill.supplied(Environment::simulated())).unwrap();
    assert_eq!(bound["roll_back_standby"].field("name").unwrap().to_string(), "chatbot-web/staging");
}

#[test]
fn a_guide_compiles_to_nothing() {
    let guide = playbook("bad-release");
    assert!(matches!(guide.content, Content::Guide(_)) && guide.compile().is_none() && guide.programme().is_none());
}

/// A library with one programme of the text's steps, and the built-in runbooks.
fn library(home: &Home, change: impl Fn(String) -> String) {
    for folder in ["runbooks", "playbooks"] {
        fs::create_dir(home.desk().join(folder)).unwrap();
    }
    for (file, text) in callout::runbook::shipped() {
        fs::write(home.desk().join("runbooks").join(file), text).unwrap();
    }
    let (file, text) = shipped_playbooks().iter().find(|(file, _)| file.starts_with("quarterly")).unwrap();
    fs::write(home.desk().join("playbooks").join(file), change((*text).to_owned())).unwrap();
}

#[test]
fn what_a_programme_leaves_out_the_environment_supplies() {
    let home = Home::new();
    library(&home, |text| {
        text.replace("      with: {app: chatbot-web, standby: chatbot-web/staging, build: '4711'}\n", "")
    });
    assert_eq!(home.callout(["check"]).run().succeeded().stdout, "8 runbooks, 1 playbook: no findings\n");
    let plan = home.callout(["plan", "quarterly-dr"]).run().succeeded().stdout;
    assert!(plan.contains("roll_back_standby = chatbot-web/staging"), "{plan}");
    let asked = home.callout(["plan", "quarterly-dr", "-i", "roll_back_build=4712"]).run().succeeded().stdout;
    assert!(asked.contains("roll_back_build = 4712"), "{asked}");
}

#[test]
fn a_drill_touches_nothing_that_is_not_bound_to_it_wherever_its_name_comes_from() {
    let home = Home::new();
    let args = ["plan", "rotation-drill", "-i", "rotate_consumers=chatbot-scheduler"];
    let refused = home.callout(args).run().exits(6).stderr;
    assert!(refused.contains("rotate_consumers: `chatbot-scheduler`"), "{refused}");
    // By its resource id it is the same resource.
    let id = "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/chatbot-rg/providers/Microsoft.Web/\
              sites/chatbot-scheduler";
    home.callout(["plan", "rotation-drill", "-i", &format!("rotate_consumers={id}")]).run().exits(6);
    home.callout(["plan", "rotation-drill", "-i", "rotate_consumers=chatbot-worker"]).run().succeeded();
    let supplied = Home::new();
    library(&supplied, |text| {
        text.replace("app: chatbot-web, ", "")
            .replace("    - chatbot-web\n", "")
            .replace(", chatbot-web, ", ", ")
            .replace("app: chatbot-web}", "app: chatbot-worker}")
            .replace("app: chatbot-web\n", "app: chatbot-worker\n")
            .replace("    - {break: bad_release, of: chatbot-web}\n", "")
    });
    let refused = supplied.callout(["plan", "quarterly-dr"]).run().exits(6).stderr;
    assert!(refused.contains("roll_back_app: `chatbot-web`"), "{refused}");
}

#[test]
fn a_programme_is_drilled_in_its_own_environment_only() {
    let home = Home::new();
    home.callout(["plan", "quarterly-dr", "--env", "sim"]).run().succeeded();
    let refused = home.callout(["plan", "quarterly-dr", "--env", "production"]).run().exits(6).stderr;
    assert!(refused.contains("is drilled in the environment `sim`"), "{refused}");
}

#[test]
fn a_programme_is_planned_as_a_drill_and_a_guide_starts_nothing() {
    let home = Home::new();
    let plan: Json =
        serde_json::from_str(&home.callout(["plan", "quarterly-dr", "--format", "json"]).run().succeeded().stdout)
            .unwrap();
    assert_eq!(plan["runbook"], "quarterly-dr");
    let steps = plan["steps"].as_array().unwrap();
    let nests = |step: &&Json| step["kind"] == "runbook" && !step["step"].as_str().unwrap().contains('/');
    assert_eq!(steps.iter().filter(nests).count(), 5);
    assert!(steps.iter().any(|step| step["step"] == "roll-back/swap"), "what is nested is planned too");
    // What the forecast leaves to people is said, and not only that something is left.
    let told = home.callout(["plan", "quarterly-dr"]).run().succeeded().stdout;
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("so it is kept if ") && told.contains("is enough for what people do at 23 steps"), "{told}");
    let guide = home.callout(["run", "bad-release"]).run().exits(2).stderr;
    assert!(guide.contains("starts nothing by itself") && guide.contains("callout show bad-release"), "{guide}");
    assert!(fs::read_dir(home.path("data")).unwrap().next().is_none(), "nothing was started");
}

#[test]
fn a_playbook_is_one_page_that_begins_with_what_helps_first() {
    let home = Home::new();
    let page = home.callout(["show", "secret-leaked"]).run().succeeded().stdout;
    let parts = [
        "secret-leaked 1.0.1: ",
        "Is it this?\n",
        "First\n",
        "     the check keyvault.secret.consumers\n",
        "     callout run key-rotation-leaked\n",
        "How bad is it?\n",
        "Runbooks, in this order\n",
        "     callout plan rollback\n     callout run rollback\n",
        "When nobody answers\n",
        "at once ",
        "after 5m ",
        "(sev1, sev2 only)",
        "then from the top again, 2 times at most",
        "Who does what\n",
        "What others are told\n",
        "It is over when\n",
    ];
    let mut rest = page.as_str();
    for part in parts {
        rest = rest.split_once(part).unwrap_or_else(|| panic!("{part} is missing, or too early\n{page}")).1;
    }
    let slip = home.callout(["show", "secret-leakd"]).run().exits(2).stderr;
    assert!(slip.contains("did you mean the playbook `secret-leaked`?"), "{slip}");
}

#[test]
fn an_input_that_nothing_gives_is_left_open_in_the_command() {
    let home = Home::new();
    let config = home.path("environments.yaml");
    let text = "environments:\n  - name: production\n    tenant: 11111111-1111-4111-8111-111111111112\n    \
                subscription: 33333333-3333-4333-8333-333333333333\n    resource_group: rg\n    sign_in: cli\n    \
                targets:\n      - {name: shop, kind: webapp}\n    inputs: {rollback: {app: shop}}\n";
    fs::write(&config, text).unwrap();
    let page = |args: &[&str]| {
        home.callout(["show", "bad-release", "--config"]).args([&config]).args(args).run().succeeded().stdout
    };
    let unsaid = page(&[]);
    assert!(unsaid.contains("callout run rollback -i app=… -i standby=… -i build=…\n"), "{unsaid}");
    let said = page(&["--env", "production"]);
    assert!(said.contains("callout run rollback -i standby=… -i build=… --env production\n"), "{said}");
}

#[test]
fn playbooks_are_listed_after_the_runbooks_and_one_with_errors_says_so() {
    let home = Home::new();
    let text = home.callout(["list"]).run().succeeded().stdout;
    assert!(text.contains("\n\nPlaybooks\nbad-release "), "{text}");
    library(&home, |text| text.replace("playbook: quarterly-dr", "playbook: another"));
    fs::write(home.desk().join("playbooks/notes.txt"), "not a playbook").unwrap();
    let list: Json = serde_json::from_str(&home.callout(["list", "--json"]).run().succeeded().stdout).unwrap();
    let playbooks: Vec<&Json> = list.as_array().unwrap().iter().filter(|line| line["playbook"].is_string()).collect();
    let [line] = playbooks.as_slice() else { panic!("{list}") };
    assert_eq!((&line["playbook"], &line["usable"]), (&Json::from("quarterly-dr"), &Json::from(false)));
    assert!(line["runbook"].is_null());
    let found = home.callout(["check"]).run().exits(1).stdout;
    assert!(found.contains("error[RB601]") && found.contains("8 runbooks, 1 playbook: 1 error"), "{found}");
    home.callout(["show", "quarterly-dr"]).run().exits(1);
}

#[test]
fn a_file_that_is_named_is_checked_beside_the_runbooks_of_its_own_library() {
    let home = Home::new();
    library(&home, |text| text);
    for path in ["playbooks", "playbooks/quarterly-dr.yaml"] {
        let said = home.callout(["check", path]).run().succeeded().stdout;
        assert_eq!(said, "1 playbook: no findings\n", "{path}");
    }
    fs::remove_file(home.desk().join("runbooks/rollback.yaml")).unwrap();
    let elsewhere = home.path("tmp");
    let path = home.desk().join("playbooks/quarterly-dr.yaml");
    let found = home.callout(["check"]).args([&path]).folder(&elsewhere).run().exits(1).stdout;
    assert!(found.contains("error[RB603]: there is no runbook `rollback`"), "{found}");
    let outside = elsewhere.join("quarterly-dr.yaml");
    fs::copy(&path, &outside).unwrap();
    let alone = home.callout(["check"]).args([&outside]).folder(&elsewhere).run().succeeded().stdout;
    assert_eq!(alone, "1 playbook: no findings\n", "it is told by its first key, and the built-in runbooks are there");
}

/// A shipped playbook with some stretches cut, doubled or replaced.
fn mutated() -> impl Strategy<Value = (usize, Vec<u8>)> {
    let scraps = [
        "",
        "\n",
        "  ",
        ": ",
        "- ",
        "[",
        "}",
        "'",
        "\"",
        "&a ",
        "<<: ",
        "---\n",
        "${{ ",
        " }}",
        "incident.",
        "sev1",
        "null",
        "é",
        "\u{feff}",
        "\0",
        "\t",
        "needs: [replace-secret]",
        "after: 0s",
        "programme: ",
        "with: {}",
    ];
    let scrap = prop_oneof![prop::sample::select(scraps.to_vec()).prop_map(str::to_owned), ".{0,8}"];
    let edit = (any::<prop::sample::Index>(), 0..40_usize, prop::option::of(scrap));
    (0..shipped_playbooks().len(), prop::collection::vec(edit, 1..6)).prop_map(|(which, edits)| {
        let mut bytes = shipped_playbooks()[which].1.as_bytes().to_vec();
        for (at, length, scrap) in edits {
            let start = at.index(bytes.len());
            let end = (start + length).min(bytes.len());
            let new = scrap.map_or_else(|| bytes[start..end].repeat(2), String::into_bytes);
            bytes.splice(start..end, new);
        }
        (which, bytes)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn any_change_to_a_good_playbook_gives_an_answer((which, bytes) in mutated()) {
        let checked = check_playbook(shipped_playbooks()[which].0, &bytes, &BESIDE);
        let is_error = checked.findings.iter().any(|finding| finding.severity() == Severity::Error);
        prop_assert_eq!(checked.playbook.is_none(), is_error, "{:?}", checked);
        for finding in &checked.findings {
            prop_assert!(finding.place.start <= finding.place.end && finding.place.end <= bytes.len());
        }
        if let Some(playbook) = checked.playbook {
            let runbook = playbook.compile();
            prop_assert_eq!(runbook.is_some(), playbook.programme().is_some());
        }
    }
}

#[test]
fn a_drill_in_which_a_nested_default_says_what_is_touched_is_refused() {
    let home = Home::new();
    let write = |path: &str, text: &str| {
        let path = home.desk().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let head = |name: &str| format!("runbook: {name}\nformat: 1\nversion: 1.0.0\ntitle: T\n");
    let inner = "parameters: {app: {type: webapp, default: chatbot-worker}}\nsteps:\n  \
                 - {id: look, title: Look, check: webapp.health, with: {app: '${{ inputs.app }}', path: /}}\n";
    write("runbooks/inner.yaml", &(head("inner") + inner));
    let outer = |with: &str| {
        let steps = format!("  - {{id: go, title: Go, runbook: inner{with}}}\n");
        head("outer") + "parameters: {app: {type: webapp}}\nsteps:\n" + &steps
    };
    write("runbooks/outer.yaml", &outer(""));
    write(
        "playbooks/drilly.yaml",
        "playbook: drilly\nformat: 1\nversion: 1.0.0\ntitle: T\nowner: O\nprogramme:\n  scenario: S\n  environment: sim\n  \
         targets: [chatbot-web]\n  objectives: {rto: 1h}\n  participants: {commander: A, operator: B}\n  \
         cadence: yearly\n  success_criteria: [C]\n  steps:\n    \
         - {id: a, title: A, runbook: outer, with: {app: chatbot-web}}\n",
    );
    for command in [["check", "playbooks/drilly.yaml"], ["plan", "drilly"]] {
        let refused = home.callout(command).run().exits(1);
        let said = refused.stdout + &refused.stderr;
        assert!(said.contains("`go` of `outer` leaves `app` of `inner` to a default"), "{said}");
    }
    write("runbooks/outer.yaml", &outer(", with: {app: '${{ inputs.app }}'}"));
    home.callout(["plan", "drilly"]).run().succeeded();
}
