//! Somebody reads what a run says, or stops reading.

use std::fs;

use crate::support::home::Home;

/// Runs the program in a shell that closes its output as `how` says; gives the exit code.
fn exit_code(home: &Home, args: &str, how: &str) -> String {
    let code = home.path("code");
    let script = format!("{{ \"$0\" {args}; echo $? > '{}'; }} {how}", code.display());
    home.callout(["-c", &script, env!("CARGO_BIN_EXE_callout")]).program("sh").run().succeeded();
    fs::read_to_string(code).unwrap().trim().to_owned()
}

#[test]
fn a_reader_that_goes_away_does_not_make_a_success_of_a_run_that_waits() {
    let home = Home::new();
    assert_eq!(exit_code(&home, "run key-rotation --headless --yes destructive", "| head -n 1"), "3");
    // It was left in good order, to be taken up again.
    home.callout(["resume", "--headless", "--yes", "destructive", "--speed", "max"]).run().succeeded();
}

#[test]
fn a_full_disk_below_the_output_changes_nothing_about_how_a_run_ended() {
    if fs::metadata("/dev/full").is_err() {
        return crate::support::require::skip("there is no /dev/full");
    }
    let home = Home::new();
    assert_eq!(exit_code(&home, "run key-rotation --headless --yes destructive", "> /dev/full 2> /dev/null"), "3");
}

#[test]
fn a_reader_of_a_list_that_goes_away_has_what_it_wanted() {
    assert_eq!(exit_code(&Home::new(), "actions", "| head -n 1"), "0");
}
