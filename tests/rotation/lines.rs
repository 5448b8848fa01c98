use crate::support::{Estate, Home};

const ROTATE: [&str; 4] = ["run", "key-rotation", "--speed", "max"];

#[test]
fn answers_that_wait_in_a_pipe_each_answer_the_question_that_stands() {
    let home = Home::new();
    // Two consents by Enter, a read-back that is first mistyped, and one more Enter.
    let outcome = home.callout(ROTATE).stdin("\n\n\n2 session-secre\n2 session-secret\n\n").run().succeeded();
    let refusals: Vec<&str> = outcome.stdout.lines().filter(|line| line.contains("Nothing was confirmed")).collect();
    assert_eq!(refusals, {
        [
            "> Nothing was confirmed: `` is not `2 session-secret`.",
            "> Nothing was confirmed: `2 session-secre` is not `2 session-secret`.",
        ]
    });
    assert!(!outcome.stdout.contains("does not ask for consent"), "{}", outcome.stdout);
}

#[test]
fn the_end_of_the_input_pauses_where_a_person_is_needed() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let paused = home.callout(ROTATE).stdin("\n\n").run().exits(3);
    assert!(paused.stdout.contains("Type `2 session-secret` to confirm it"), "{}", paused.stdout);
    assert_eq!((estate.ours(), estate.count("PATCH", "/secrets/")), (1, 0));
    home.callout(["resume", "--speed", "max"]).stdin("2 session-secret\n\n").run().succeeded();
    assert_eq!((estate.ours(), estate.count("PATCH", "/secrets/")), (1, 2));
}

#[test]
fn with_nothing_to_read_nothing_is_confirmed() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    home.callout(ROTATE).run().exits(3);
    assert_eq!(estate.changes(), []);
}

#[test]
fn the_word_abort_ends_the_run_when_it_is_typed_twice() {
    let home = Home::new();
    home.callout(ROTATE).stdin("\nabort\n").run().exits(3);
    let home = Home::new();
    let outcome = home.callout(ROTATE).stdin("\nabort\nabort\n").run().exits(5);
    assert!(outcome.stdout.ends_with(" was aborted.\n"), "{}", outcome.stdout);
}
