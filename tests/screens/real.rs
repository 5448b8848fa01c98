//! The screen of the program itself, in a terminal, against the simulator.

use std::fs;

use crate::support::{Estate, Home, Screen};

const RUNBOOK: &str = "\
runbook: branches
format: 1
version: 1.0.0
title: Do several things at once
parameters:
  vault: {type: keyvault}
  secret: {type: string}
steps:
  - id: left
    title: Add a new version
    action: keyvault.secret.set
    with:
      vault: '${{ inputs.vault }}'
      name: '${{ inputs.secret }}'
      value: {generate: {bytes: 32, encoding: base64url}}
    undo:
      - action: keyvault.secret.disable
        with:
          vault: '${{ inputs.vault }}'
          name: '${{ inputs.secret }}'
          version: '${{ self.outputs.version }}'
  - id: right
    title: Tell the owner
    manual:
      instruction: Call the owner of ${{ inputs.secret }}, and note what was agreed.
      fields:
        owner: {type: string, description: Who has taken over, default: platform-oncall}
        size: {type: choice, choices: [small, large], description: How many notice}
        change: {type: string, pattern: 'CHG-[0-9]+', description: The number of the change}
  - id: last
    title: See whether all is well
    needs: [left, right]
    manual: {instruction: 'Look at the page. The change is ${{ steps.right.outputs.change }}.'}
";

fn start(home: &Home, cols: u16, rows: u16) -> Screen {
    let runbooks = home.desk().join("library/runbooks");
    fs::create_dir_all(&runbooks).unwrap();
    fs::write(runbooks.join("branches.yaml"), RUNBOOK).unwrap();
    let run = ["run", "branches", "--library", "library", "-i", "vault=chatbot-kv", "-i", "secret=session-secret"];
    home.callout(run).args(["--speed", "max"]).screen(cols, rows)
}

/// Fills in the manual step, first with what does not fit.
fn tell_the_owner(screen: &mut Screen) {
    screen.wait_for(" of 2 ━");
    while !screen.contents().contains("┏ Decide · right") {
        let before = screen.contents();
        screen.press("Ctrl-G");
        screen.wait_until("another question", |contents| contents != before);
    }
    screen.press("1");
    screen.wait_for("something is to be filled in then");
    screen.press("Enter");
    screen.wait_for("field 1 of 3");
    screen.press("Tab");
    screen.press("Right");
    screen.wait_for("> small");
    screen.press("Tab");
    screen.write("CHG-x");
    screen.press("Enter");
    screen.wait_for("does not match the pattern");
    screen.press("Backspace");
    screen.write("7");
    screen.wait_for("> CHG-7");
    screen.press("Enter");
    // Where the question was drawn anew at this very moment, Enter alone does not count yet.
    let said = screen.wait_until("an answer", |contents| {
        contents.contains("Enter does not count yet") || !contents.contains("> CHG-7")
    });
    if said.contains("Enter does not count yet") && said.contains("> CHG-7") {
        // Whoever types into the form does not merely hold Enter.
        screen.press("Backspace");
        screen.wait_until("the digit taken away", |contents| !contents.contains("> CHG-7"));
        screen.write("7");
        screen.wait_for("> CHG-7");
        screen.press("Enter");
    }
}

/// A narrow terminal does not show all of a question at once.
fn read_to_the_end(screen: &mut Screen) {
    while screen.contents().contains(" more below ━") {
        let before = screen.contents();
        screen.press("PageDown");
        screen.wait_until("the next page", |contents| contents != before);
    }
}

fn new_version(screen: &mut Screen) {
    screen.wait_for("┏ Acknowledge · left");
    read_to_the_end(screen);
    screen.wait_for("Press Enter to acknowledge");
    screen.press("Enter");
}

#[test]
fn two_branches_are_answered_in_any_order_and_an_abort_undoes_what_stands() {
    for (cols, rows) in [(120, 36), (80, 24)] {
        let home = Home::new();
        let estate = Estate::serve(&home);
        let mut screen = start(&home, cols, rows);
        tell_the_owner(&mut screen);
        new_version(&mut screen);
        screen.wait_for("Look at the page. The change is CHG-7.");
        assert_eq!((estate.count("PUT", "/secrets/"), estate.count("PATCH", "/secrets/")), (1, 0));

        screen.press("Esc");
        screen.wait_for("still needs you");
        screen.press("!");
        screen.wait_for("Enter run");
        screen.write("echo 'it was  looked at'");
        screen.press("Enter");
        screen.wait_for("deviations: 1");

        screen.press("a");
        let told = screen.wait_for("1. left  keyvault.secret.disable");
        assert!(told.contains("SIMULATED"), "{told}");
        screen.write("undo wrong night");
        screen.press("Enter");
        screen.wait_for("┏ Read back · left~undo/1");
        read_to_the_end(&mut screen);
        screen.write("session-secret");
        screen.wait_for(": Enter consents");
        screen.press("Enter");
        screen.wait_for("Ended: The run was rolled back.");
        assert_eq!((estate.count("PUT", "/secrets/"), estate.count("PATCH", "/secrets/")), (1, 1));
        screen.press("q");
        assert_eq!(screen.exit_code(), Some(5));
        assert!(screen.is_given_back(), "{}", screen.contents_with_style());
        let told = home.callout(["timeline"]).run().succeeded().stdout;
        for part in ["echo", "it was  looked at", "wrong night", "change CHG-7, owner platform-oncall, size small"] {
            assert!(told.contains(part), "{part}: {told}");
        }
    }
}

#[test]
fn a_command_that_is_not_there_is_no_deviation() {
    let home = Home::new();
    let mut screen = start(&home, 120, 36);
    screen.wait_for(" of 2 ━");
    screen.press("Esc");
    screen.wait_for("still needs you");
    screen.press("!");
    screen.wait_for("Enter run");
    screen.write("no-such-command");
    screen.press("Enter");
    let told = screen.wait_for("was not run");
    assert!(!told.contains("deviations"), "{told}");
}
