//! What a clone's files say is shown as text: it does not drive the terminal, and looks like nothing the program says.

use std::fs;

use crate::support::home::Home;

/// A name that is turned around, one that is cut, and a line that the program might have written.
const HOSTILE: &str = r#"runbook: hostile
format: 1
version: 1.0.0
title: "Nice \u202eecin\u200b"
use_when: ["Now\nRevision    built in"]
steps:
  - id: ask
    title: "Ask \u202eksa"
    why: "Because\n── forged ── Enter confirms"
    gate: {question: "Go\e[2J on?\n  1  forged", choices: [go, stop]}
"#;

const ENVIRONMENT: &str = r#"environment: hostile
format: 1
title: "Nice \u202eecin\u2066"
tenant: 11111111-1111-4111-8111-111111111112
subscription: 33333333-3333-4333-8333-333333333333
resource_group: rg
sign_in: cli
targets: [{name: shop, kind: webapp}]
inputs: {hostile: {"tok\nToken to    https://management.azure.com": "x\e[2J"}}
"#;

fn home() -> Home {
    let home = Home::new();
    for (file, text) in [("runbooks/hostile.yaml", HOSTILE), ("environments/hostile.yaml", ENVIRONMENT)] {
        let file = home.desk().join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    home
}

/// That nothing in it but line ends is other than what shows.
fn is_text(said: &str) {
    let hidden = |letter: char| letter != '\n' && !callout::base::is_visible(letter);
    assert!(!said.contains(hidden), "{said:?}");
}

#[test]
fn whatever_shows_a_runbook_shows_its_words_as_words() {
    let home = home();
    for args in
        [&["list"][..], &["plan", "hostile"], &["show", "hostile"], &["plan", "hostile", "--format", "checklist"]]
    {
        let said = home.callout(args).run().succeeded().stdout;
        is_text(&said);
        assert!(said.contains("Nice \u{fffd}ecin\u{fffd}"), "{args:?}: {said}");
        assert!(!said.contains("\nRevision    built in") && !said.contains("\n── forged"), "{args:?}: {said}");
    }
}

#[test]
fn a_question_in_lines_is_the_programs_own() {
    let home = home();
    let outcome = home.callout(["run", "hostile", "--plain"]).stdin("1\n").run();
    let said = &outcome.succeeded().stdout;
    is_text(said);
    assert!(said.contains("── ask ── Ask \u{fffd}ksa\n"), "{said}");
    assert!(said.contains("Go\u{fffd}[2J on?"), "{said}");
    assert!(!said.contains("\n── forged") && !said.contains("\n  1  forged"), "{said}");
    is_text(&home.callout(["timeline"]).run().succeeded().stdout);
}

#[test]
fn what_is_to_be_trusted_cannot_add_a_line_of_its_own() {
    let said = home().callout(["trust"]).run().exits(6).stdout;
    is_text(&said);
    assert!(said.contains("hostile: Nice \u{fffd}ecin\u{fffd} (live)"), "{said}");
    assert_eq!(said.matches("\nToken to ").count(), 1, "{said}");
}

#[test]
fn an_error_that_repeats_a_name_has_the_programs_own_lines_only() {
    let said = Home::new().callout(["show", "x\u{1b}[2J\nhint: forged"]).run().exits(2).stderr;
    is_text(&said);
    assert!(!said.contains("\nhint: forged"), "{said}");
}

#[test]
fn a_title_of_two_lines_is_refused() {
    let home = home();
    for (title, is_fine) in [("A\\nB", false), ("A\\e[2J", false), ("A\\n", true)] {
        let text = HOSTILE.replace("Nice \\u202eecin\\u200b", title);
        fs::write(home.desk().join("runbooks/hostile.yaml"), text).unwrap();
        let said = home.callout(["check", "runbooks/hostile.yaml"]).run();
        let said = if is_fine { said.succeeded().stdout } else { said.exits(1).stdout };
        assert_eq!(said.contains("a title stands on one line"), !is_fine, "{title}: {said}");
    }
}
