use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::{Estate, Home, Person, Screen, Seen};

fn rotate(home: &Home, more: &[&str], cols: u16, rows: u16) -> Screen {
    home.callout(["run", "key-rotation", "--speed", "max"]).args(more).screen(cols, rows)
}

fn whole_rotation(more: &[&str], cols: u16, rows: u16) -> Screen {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let screen = Person::before(rotate(&home, more, cols, rows)).until_the_end();
    assert_eq!((estate.ours(), estate.count("PATCH", "/secrets/")), (1, 2));
    assert!(screen.is_given_back(), "{}", screen.contents_with_style());
    assert!(screen.contents().contains(" succeeded."), "{}", screen.contents());
    screen
}

#[test]
fn a_whole_rotation_by_keystrokes() {
    whole_rotation(&[], 120, 36);
}

#[test]
fn a_whole_rotation_on_the_smallest_usual_terminal() {
    whole_rotation(&[], 80, 24);
}

#[test]
fn a_whole_rotation_without_colour() {
    let home = Home::new();
    let mut person = Person::before(rotate(&home, &["--no-color"], 120, 36));
    loop {
        person.look();
        let shown = person.screen.contents_with_style();
        let coloured = |style: &str| {
            style.split(' ').any(|word| word.starts_with(|first: char| first.is_ascii_digit() || first == '#'))
        };
        let styles = shown.split('‹').skip(1).filter_map(|rest| rest.split('›').next());
        assert!(!styles.into_iter().any(coloured), "{shown}");
        if !person.answer() {
            break;
        }
    }
    person.screen.press("q");
    assert_eq!(person.screen.exit_code(), Some(0));
}

#[test]
fn what_is_typed_shows_while_it_is_typed() {
    let home = Home::new();
    let mut screen = rotate(&home, &[], 80, 24);
    screen.wait_for("Acknowledge");
    screen.press("n");
    screen.wait_for("Enter keep");
    let text = "pager went off at 03:10, on it";
    let begun = Instant::now();
    for length in 1..=text.len() {
        screen.write(&text[length - 1..length]);
        screen.wait_for(&text[..length]);
    }
    // If a key waited for the next beat of the clock, each of them would take up to a second.
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
}

#[test]
fn what_was_typed_while_the_program_could_not_read_arrives_whole() {
    let home = Home::new();
    let mut screen = rotate(&home, &[], 80, 24);
    screen.wait_for("Acknowledge");
    screen.press("n");
    screen.wait_for("Enter keep");
    screen.signal(Signal::STOP);
    screen.write(&format!("{}the end", "more than a kilobyte, ".repeat(60)));
    screen.signal(Signal::CONT);
    screen.wait_for("the end");
}

#[test]
fn enter_held_down_from_the_first_moment_confirms_nothing() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let mut screen = rotate(&home, &[], 120, 36);
    for _ in 0..200 {
        screen.press("Enter");
    }
    screen.wait_for("Acknowledge");
    for _ in 0..200 {
        screen.press("Enter");
    }
    // Help opens only after all of them have been read.
    screen.press("?");
    screen.wait_for("Help ━");
    assert_eq!(estate.changes(), []);
}

#[test]
fn enter_held_down_between_the_consents_never_confirms_what_is_destructive() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let mut person = Person::before(rotate(&home, &[], 120, 36));
    let expected = loop {
        if let Seen::ReadBack(_, expected) = person.look() {
            break expected;
        }
        person.answer();
        for _ in 0..60 {
            person.screen.press("Enter");
        }
    };
    for _ in 0..200 {
        person.screen.press("Enter");
    }
    // What is typed shows only after all of them have been read.
    person.screen.write("x");
    let shown = person.screen.wait_for("then it differs");
    assert!(shown.contains("Read back") && shown.contains("SIMULATED"), "{shown}");
    person.screen.press("Enter");
    person.screen.wait_for("type it exactly, then press Enter");
    assert_eq!((estate.ours(), estate.count("PATCH", "/secrets/")), (1, 0));
    // The very text, and nothing else, goes on.
    person.screen.press("Backspace");
    person.screen.write(&expected);
    person.screen.wait_for(": Enter consents");
    person.screen.press("Enter");
    estate.wait_for("the first version to be disabled", |request| request.method == "PATCH");
}
