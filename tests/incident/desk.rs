//! The desk of the program itself, in a terminal, against the simulator.

use crate::support::{Home, Person, Screen};

fn declare(screen: &mut Screen, title: &str, playbook: &str) {
    screen.wait_for("There are none. d declares one");
    screen.press("d");
    screen.wait_for("┏ Declare an incident");
    screen.write(title);
    screen.wait_for(&format!("> {title}"));
    screen.press("Enter");
    screen.wait_for("┏ How bad is it?");
    screen.press("1");
    screen.press("Enter");
    screen.wait_for("┏ Which playbook?");
    while !screen.contents().lines().any(|line| line.contains('▌') && line.contains(playbook)) {
        let before = screen.contents();
        screen.press("Down");
        screen.wait_until("the next playbook", |contents| contents != before);
    }
    screen.press("Enter");
    screen.wait_for("call now: Platform engineer on call");
}

/// Presses Down until a line is selected.
fn select(screen: &mut Screen, line: &str) {
    let is_here = |contents: &str| contents.lines().any(|told| told.contains(&format!("▌ ▸ {line}  ")));
    while !is_here(&screen.contents()) {
        let cursor =
            |contents: &str| contents.lines().position(|line| line.contains('▌')).map(|at| (at, contents.to_owned()));
        let before = cursor(&screen.contents());
        screen.press("Down");
        screen.wait_until("the next line", |contents| {
            let now = cursor(contents);
            now.as_ref().map(|(_, shown)| selected(shown)) != before.as_ref().map(|(_, shown)| selected(shown))
        });
    }
}

/// What the selected line says.
fn selected(contents: &str) -> String {
    contents.lines().find(|line| line.contains("│ ▌")).unwrap_or_default().to_owned()
}

#[test]
fn an_incident_is_declared_ticked_and_repaired_from_one_screen() {
    let home = Home::new();
    let mut screen = home.callout(["--speed", "max"]).screen(80, 24);
    declare(&mut screen, "a secret in a ticket", "secret-leaked");
    screen.press("1");
    screen.wait_for("[x] 1");
    screen.press("Down");
    screen.wait_for("▌ [ ] 2");
    screen.press("r");
    screen.wait_for("First action 2: what came of it");
    screen.write("ticket 4711, since noon");
    screen.press("Enter");
    screen.wait_for("[x] 2");

    select(&mut screen, "key-rotation");
    screen.press("Enter");
    screen.wait_for("Enter starts the run");
    screen.press("Enter");
    let mut person = Person::before(screen);
    while person.answer() {}
    person.screen.press("q");

    // Back at the incident, its run belongs to it.
    let mut screen = person.screen;
    screen.wait_for("the run has ended well");
    screen.press("u");
    screen.wait_for("┏ How far are you with it?");
    screen.press("5");
    screen.press("Enter");
    screen.wait_for("STATUS resolved");
    screen.press("q");
    assert_eq!(screen.exit_code(), Some(0));
    assert!(screen.is_given_back(), "{}", screen.contents_with_style());

    let list = home.callout(["incident", "list"]).run().succeeded().stdout;
    assert!(list.contains("sev1 resolved") && list.contains("a secret in a ticket"), "{list}");
    let told = home.callout(["timeline", &list[..8]]).run().succeeded().stdout;
    let mut rest = told.as_str();
    for part in [
        "DECLARED sev1: a secret in a ticket (sim)",
        "playbook secret-leaked",
        "first action 1 done: Take it for read",
        "first action 2 done: Write down which secret it is",
        "(ticket 4711, since noon)",
        "planned key-rotation",
        "belongs to it",
        "new-version sends PUT",
        "SUCCEEDED",
        "STATUS resolved",
    ] {
        let Some((_, after)) = rest.split_once(part) else {
            panic!("`{part}` is not there, or not in its place: {told}")
        };
        rest = after;
    }
    home.callout(["audit", "verify"]).run().succeeded();
}

#[test]
fn a_run_that_is_left_is_taken_up_again_from_the_incident() {
    let home = Home::new();
    let mut screen = home.callout::<&str>([]).screen(120, 36);
    declare(&mut screen, "a release", "bad-release");
    select(&mut screen, "rollback");
    screen.press("Enter");
    screen.wait_for("Enter starts the run");
    // An input that does not fit is said before anything is begun.
    screen.press("Ctrl-U");
    screen.write("nothing");
    screen.press("Enter");
    screen.wait_for("It cannot be started so:");
    screen.press("Ctrl-U");
    screen.write("chatbot-web");
    screen.press("Enter");
    screen.wait_for("Enter starts the run");
    screen.press("Enter");
    screen.wait_for("┏ Decide · decide");
    // The header says which incident the run belongs to.
    screen.wait_until("the incident in the header", |contents| {
        contents.lines().take(3).any(|line| line.contains("  incident "))
    });
    screen.press("Esc");
    screen.wait_for("still needs you");
    screen.press("q");
    screen.wait_for("Enter leaves, Esc stays");
    screen.press("Enter");
    screen.wait_for("the run waits, and can be taken up again");
    screen.wait_for("rollback  paused");
    while !screen.contents().lines().any(|line| line.contains('▌') && line.contains("rollback  paused")) {
        let before = selected(&screen.contents());
        screen.press("Down");
        screen.wait_until("the next line", |contents| selected(contents) != before);
    }
    screen.press("Enter");
    screen.wait_for("┏ Decide · decide");
    screen.press("Ctrl-C");
    screen.wait_for("the run waits");
    screen.press("Esc");
    screen.wait_for("Open runs");
    screen.press("Ctrl-C");
    assert_eq!(screen.exit_code(), Some(0));
    assert!(screen.is_given_back(), "{}", screen.contents_with_style());
}

#[test]
fn without_a_terminal_the_same_is_said_in_lines() {
    let home = Home::new();
    let said = home.callout::<&str>([]).run().succeeded().stdout;
    assert!(said.contains("No run is open.") && said.contains("callout incident declare TITLE"), "{said}");
    let plain = home.callout(["--plain"]).screen(80, 24);
    plain.wait_for("callout incident declare TITLE");
    assert_eq!(plain.exit_code(), Some(0));
}
