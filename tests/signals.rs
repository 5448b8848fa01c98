//! Ctrl-C, SIGTERM and SIGHUP: what is in flight, what is left behind, and the terminal afterwards.

use rustix::process::Signal;
use serde_json::json;

use crate::support::{Child, Estate, Home, Screen};

const RUN: [&str; 4] = ["run", "key-rotation", "--speed", "max"];
const AT_ONCE: [Signal; 2] = [Signal::TERM, Signal::HUP];

/// A headless run whose new version the estate has set, and not said so.
fn with_an_answer_outstanding(home: &Home, estate: &Estate) -> Child {
    estate.fault("PUT", "/secrets/", 1, &json!("hold"));
    let run = home.callout(RUN).args(["--headless", "--yes", "destructive"]).spawn();
    estate.wait_for_held();
    run
}

fn screen_with_an_answer_outstanding(home: &Home, estate: &Estate) -> Screen {
    estate.fault("PUT", "/secrets/", 1, &json!("hold"));
    let mut screen = home.callout(RUN).screen(120, 36);
    screen.wait_for("Press Enter to acknowledge");
    screen.press("Enter");
    estate.wait_for_held();
    screen
}

/// The run goes on to its end, and what was in flight is not sent a second time.
fn goes_on(home: &Home, estate: &Estate) {
    estate.release();
    home.callout(["resume", "--headless", "--yes", "destructive", "--speed", "max"]).run().succeeded();
    assert_eq!((estate.count("PUT", "/secrets/"), estate.ours()), (1, 1));
}

#[test]
fn the_first_interrupt_waits_for_what_is_in_flight_and_pauses() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let run = with_an_answer_outstanding(&home, &estate);
    run.signal(Signal::INT);
    run.wait_for("leaving: waits for the answer to what was sent");
    estate.release();
    let outcome = run.wait_with_stdin_open().exits(3);
    assert!(outcome.stdout.contains("new-version done: version"), "{}", outcome.stdout);
    goes_on(&home, &estate);
}

#[test]
fn the_second_interrupt_leaves_it_in_doubt() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let run = with_an_answer_outstanding(&home, &estate);
    run.signal(Signal::INT);
    run.wait_for("leaving: waits for the answer to what was sent");
    run.signal(Signal::INT);
    run.wait_with_stdin_open().exits(4);
    goes_on(&home, &estate);
}

#[test]
fn a_termination_or_a_hangup_leaves_it_in_doubt_at_once() {
    for signal in AT_ONCE {
        let home = Home::new();
        let estate = Estate::serve(&home);
        let run = with_an_answer_outstanding(&home, &estate);
        run.signal(signal);
        run.wait_with_stdin_open().exits(4);
        goes_on(&home, &estate);
    }
}

#[test]
fn with_nothing_in_flight_each_of_them_pauses() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let home = Home::new();
        let run = home.callout(RUN).spawn();
        run.wait_for("Enter confirms");
        run.signal(signal);
        run.wait_with_stdin_open().exits(3);
        let runs = home.callout(["runs"]).run().succeeded();
        assert!(runs.stdout.contains("key-rotation"), "{}", runs.stdout);
    }
}

#[test]
fn ctrl_c_on_the_screen_pauses_and_gives_the_terminal_back() {
    let home = Home::new();
    let mut screen = home.callout(RUN).screen(120, 36);
    screen.wait_for("Press Enter to acknowledge");
    assert!(!screen.is_given_back(), "it is a screen meanwhile");
    screen.press("Ctrl-C");
    assert_eq!(screen.exit_code(), Some(3));
    assert!(screen.is_given_back(), "{}", screen.contents_with_style());
}

#[test]
fn ctrl_c_on_the_screen_waits_visibly_and_a_second_one_leaves() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let mut screen = screen_with_an_answer_outstanding(&home, &estate);
    screen.press("Ctrl-C");
    screen.wait_for("leaving: waiting for new-version. Ctrl-C leaves it in doubt.");
    screen.press("Ctrl-C");
    assert_eq!(screen.exit_code(), Some(4));
    assert!(screen.is_given_back(), "{}", screen.contents_with_style());
    goes_on(&home, &estate);
}

#[test]
fn a_screen_that_is_told_to_go_gives_the_terminal_back_at_once() {
    for signal in AT_ONCE {
        let home = Home::new();
        let estate = Estate::serve(&home);
        let screen = screen_with_an_answer_outstanding(&home, &estate);
        screen.signal(signal);
        assert_eq!(screen.exit_code(), Some(4));
        assert!(screen.is_given_back(), "{}", screen.contents_with_style());
        goes_on(&home, &estate);
    }
}

#[test]
fn a_shell_finds_its_terminal_as_it_left_it() {
    let home = Home::new();
    let script = "stty -a > before; \"$0\" run key-rotation; stty -a > after; cmp before after && echo the same";
    let mut screen = home.callout(["-c", script, env!("CARGO_BIN_EXE_callout")]).program("sh").screen(120, 36);
    screen.wait_for("Press Enter to acknowledge");
    screen.press("q");
    screen.wait_for("Enter leaves, Esc stays.");
    screen.press("Enter");
    screen.wait_for("the same");
    assert_eq!(screen.exit_code(), Some(0));
}

#[test]
fn a_screen_whose_run_has_ended_is_told_to_go_too() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let home = Home::new();
        let mut screen = home.callout(RUN).screen(120, 36);
        screen.wait_for("Press Enter to acknowledge");
        screen.press("a");
        screen.wait_for("Type  abort");
        screen.write("abort");
        screen.wait_for("> abort");
        screen.press("Enter");
        screen.wait_for("The run was aborted");
        screen.signal(signal);
        assert_eq!(screen.exit_code(), Some(5));
        assert!(screen.is_given_back(), "{}", screen.contents_with_style());
    }
}
