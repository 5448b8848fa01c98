//! What keys ask of the engine, and what they must never ask.

use std::time::Duration;

use callout::base::Span;
use callout::engine::{Ask, Form};
use callout::projection::{Answer, Board, Choice, Mark, Question};
use callout::tui::{Key, Msg};

use super::boards;
use super::desk::{Desk, PLAIN};

const SIZE: (u16, u16) = (120, 36);

fn desk(board: Board) -> Desk {
    Desk::new(board, PLAIN, SIZE)
}

fn with_digest(mut board: Board, what: &str) -> Board {
    let new = boards::digest(what);
    match &mut board.needs.first_mut().unwrap().question {
        Question::Acknowledge { digest } | Question::ReadBack { digest, .. } => *digest = new,
        Question::Choose { .. } => panic!("a choice has no digest"),
    }
    board
}

/// A gate with two ways on, none of which needs a text.
fn gate() -> Board {
    let mut board = boards::in_doubt();
    board.needs.first_mut().unwrap().question = Question::Choose {
        question: "Go on?".to_owned(),
        choices: ["go", "stop"].map(|way| Choice::new(Answer::Decide(way.to_owned()), way)).into(),
    };
    board
}

/// Enter as a keyboard sends it while it is held: once, after a pause again, and then thirty times a second.
fn hold_enter(desk: &mut Desk, time: Duration) {
    desk.press([Key::Enter]).wait(Duration::from_millis(660));
    let mut held = Duration::ZERO;
    while held < time {
        desk.press([Key::Enter]).wait(Duration::from_millis(33));
        held += Duration::from_millis(33);
    }
}

#[test]
fn enter_held_down_confirms_nothing_destructive() {
    for board in [boards::read_back(), boards::in_doubt(), gate()] {
        let mut desk = desk(board);
        hold_enter(&mut desk, Duration::from_secs(3));
        assert_eq!(desk.asked, []);
    }
}

#[test]
fn enter_held_down_goes_through_at_most_one_reversible_step() {
    let mut desk = desk(boards::acknowledge());
    desk.read().press([Key::Enter]);
    assert_eq!(desk.asked.len(), 1, "a press of its own counts");
    for next in ["second", "third", "fourth"] {
        desk.wait(Duration::from_millis(50)).show(with_digest(boards::acknowledge(), next)).wait(Duration::ZERO);
        hold_enter(&mut desk, Duration::from_secs(2));
    }
    assert_eq!(desk.asked.len(), 1, "what is held down went on");
    desk.read().press([Key::Enter]);
    assert_eq!(desk.asked.len(), 2, "let go and pressed again, it counts");
}

#[test]
fn an_enter_that_was_queued_when_the_need_appeared_does_not_count() {
    let mut desk = desk(boards::running());
    desk.read().show(boards::acknowledge()).press_at_once([Key::Enter, Key::Enter]);
    assert_eq!(desk.asked, [], "it was pressed before anything was drawn");
    desk.wait(Duration::ZERO).press([Key::Enter]);
    assert_eq!(desk.asked, [], "it was pressed before anything could be read");
    assert!(desk.text().contains("Enter does not count yet"));
}

#[test]
fn what_is_consented_to_is_the_digest_that_was_shown() {
    let mut desk = desk(boards::acknowledge());
    assert!(desk.text().contains("Enter does not count yet"));
    assert!(desk.read().text().contains("Press Enter to acknowledge"));
    desk.press([Key::Enter]);
    let digest = boards::digest("new-version");
    assert_eq!(desk.asked, [Ask::Consent { step: "new-version".into(), digest, typed: None }]);
    desk.read().press([Key::Enter, Key::Enter]);
    assert_eq!(desk.asked.len(), 1, "an answer is given once");
}

#[test]
fn the_screen_wakes_by_itself_when_enter_begins_to_count() {
    let mut desk = desk(boards::acknowledge());
    let wakes = desk.model.wakes_at().unwrap();
    desk.wait(wakes.0);
    assert!(desk.text().contains("Press Enter to acknowledge"));
    assert_eq!(desk.model.wakes_at(), None);
}

#[test]
fn a_read_back_counts_only_when_it_matches() {
    let mut desk = desk(boards::read_back());
    desk.type_text("chatbot-w").press([Key::Enter]);
    assert_eq!(desk.asked, []);
    assert!(desk.text().contains("9 of 11 match: type it exactly"));
    desk.type_text("eb2").press([Key::Enter]);
    assert_eq!(desk.asked, []);
    assert!(desk.text().contains("11 of 11 match, then it differs"));
    desk.press([Key::Backspace, Key::Enter]);
    let (digest, typed) = (boards::digest("swap"), Some("chatbot-web".to_owned()));
    assert_eq!(desk.asked, [Ask::Consent { step: "swap".into(), digest, typed }]);
}

#[test]
fn what_was_typed_before_the_question_was_drawn_is_not_an_answer_to_it() {
    let mut desk = desk(boards::running());
    let keys = "chatbot-web".chars().map(Key::Char).chain([Key::Enter]);
    desk.show(boards::read_back()).press_at_once(keys);
    assert_eq!(desk.asked, []);
    assert!(desk.text().contains("0 of 11 match"));
}

#[test]
fn pasting_is_refused_where_typing_is_the_point() {
    let mut desk = desk(boards::read_back());
    desk.tell(Msg::Paste("chatbot-web".to_owned()));
    let text = desk.text();
    assert!(text.contains("pasting is refused") && text.contains("0 of 11 match"), "{text}");
    desk.press([Key::Enter]);
    assert_eq!(desk.asked, []);
    desk.press([Key::Esc, Key::Char('a')]);
    desk.tell(Msg::Paste("abort".to_owned()));
    desk.press([Key::Enter]);
    assert_eq!(desk.asked, []);
}

#[test]
fn a_question_that_changes_clears_what_was_typed_and_says_so() {
    let mut desk = desk(boards::read_back());
    desk.read().type_text("chatbot-web").show(with_digest(boards::read_back(), "drifted")).press_at_once([Key::Enter]);
    assert_eq!(desk.asked, [], "what had been typed was for something else");
    let text = desk.text();
    assert!(text.contains("What is shown here has changed") && text.contains("0 of 11 match"), "{text}");
    desk.read().type_text("chatbot-web").press([Key::Enter]);
    let (digest, typed) = (boards::digest("drifted"), Some("chatbot-web".to_owned()));
    assert_eq!(desk.asked, [Ask::Consent { step: "swap".into(), digest, typed }]);
}

#[test]
fn a_board_that_asks_the_same_keeps_what_was_typed() {
    let mut desk = desk(boards::read_back());
    let mut board = boards::read_back();
    board.header.elapsed = Span::seconds(50);
    desk.type_text("chatbot").show(board);
    assert!(desk.text().contains("7 of 11 match"));
}

#[test]
fn a_question_that_is_gone_closes() {
    let mut desk = desk(boards::read_back());
    let mut board = boards::read_back();
    board.needs.clear();
    let text = desk.type_text("chat").show(board).text();
    assert!(!text.contains("Read back") && text.contains("swap no longer asks anything"), "{text}");
}

#[test]
fn escape_leaves_the_question_and_one_key_comes_back_to_it() {
    let mut desk = desk(boards::read_back());
    let text = desk.type_text("chat").press([Key::Esc]).text();
    assert!(text.contains("needs you: 1") && !text.contains("Read back"), "{text}");
    assert!(!desk.show(boards::read_back()).text().contains("Read back"), "it rose again by itself");
    for key in [Key::Char('g'), Key::Char(' '), Key::Enter] {
        assert!(desk.press([key]).text().contains("0 of 11 match"), "{key}");
        desk.press([Key::Esc]);
    }
    assert_eq!(desk.asked, []);
}

#[test]
fn a_new_question_does_not_steal_the_focus() {
    let mut desk = desk(boards::running());
    desk.press([Key::Char('n')]).type_text("watch ").show(boards::acknowledge()).type_text("this");
    assert!(desk.text().contains("> watch this"));
    desk.press([Key::Enter]);
    assert_eq!(desk.asked, [Ask::Note { text: "watch this".to_owned() }]);
    assert!(desk.text().contains("Acknowledge"), "now it may be shown");

    let mut desk = self::desk(boards::running());
    let text = desk.press([Key::Up]).show(boards::acknowledge()).text();
    assert!(text.contains("needs you: 1") && !text.contains("Acknowledge"), "{text}");
}

#[test]
fn the_selection_follows_the_run_until_a_person_moves_it() {
    let mut desk = desk(boards::acknowledge());
    assert!(desk.press([Key::Esc]).text().contains("▌◆ new-version"));
    assert!(desk.show(boards::running()).text().contains("▌└ ? chatbot-worker"));
    desk.press([Key::Home]).show(boards::waiting());
    assert!(desk.text().contains("▌✔ before"));
    assert!(desk.press([Key::Char('f')]).text().contains("▌⏲ soak"));
}

#[test]
fn steps_that_are_added_above_do_not_move_the_selected_row() {
    let mut board = boards::waiting();
    let step = board.steps[0].clone();
    let more = |count: usize| (0..count).map(|_| step.clone()).collect::<Vec<_>>();
    board.steps.splice(0..0, more(20));
    let mut desk = Desk::new(board.clone(), PLAIN, (120, 24));
    let row = |text: String| text.lines().position(|line| line.contains("▌○ retire")).unwrap();
    let before = row(desk.press([Key::End]).text());
    board.steps.splice(3..3, more(2));
    assert_eq!(row(desk.show(board).text()), before);
}

#[test]
fn enter_alone_decides_no_gate() {
    let mut desk = desk(gate());
    desk.read().press([Key::Enter]);
    assert_eq!(desk.asked, []);
    assert!(desk.text().contains("nothing is chosen yet"));
    desk.read().press([Key::Down, Key::Down, Key::Enter]);
    let answer = Answer::Decide("stop".to_owned());
    assert_eq!(desk.asked, [Ask::Choose { step: "swap".into(), answer, form: Form::default() }]);
}

#[test]
fn to_look_again_is_one_enter_and_to_send_again_wants_a_text() {
    let mut desk = desk(boards::in_doubt());
    desk.read().press([Key::Enter]);
    assert_eq!(desk.asked, [Ask::Choose { step: "swap".into(), answer: Answer::ProbeAgain, form: Form::default() }]);

    let mut desk = self::desk(boards::in_doubt());
    desk.read().press([Key::Char('3'), Key::Enter, Key::Enter]);
    assert_eq!(desk.asked, []);
    assert!(desk.text().contains("0 of 11 match"));
    desk.type_text("chatbot-web").press([Key::Enter]);
    let (answer, typed) = (Answer::SendAgain, Some("chatbot-web".to_owned()));
    assert_eq!(desk.asked, [Ask::Choose { step: "swap".into(), answer, form: Form::typed(typed) }]);
}

#[test]
fn aborting_says_what_is_left_standing_and_wants_its_word() {
    let mut desk = desk(boards::running());
    let text = desk.press([Key::Char('a')]).text();
    for part in
        ["In doubt", "chatbot-worker", "Can be undone", "1. new-version", "keyvault.secret.disable", "no undo for it"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("┃ before"), "a read leaves nothing: {text}");
    desk.type_text("abor").press([Key::Enter]);
    assert_eq!(desk.asked, []);
    desk.type_text("t wrong vault").press([Key::Enter]);
    assert_eq!(desk.asked, [Ask::Abort { reason: Some("wrong vault".to_owned()), undo: false }]);
}

#[test]
fn ctrl_c_waits_visibly_and_the_second_leaves_at_once() {
    let mut board = boards::running();
    board.steps[3].mark = Mark::Running;
    let mut desk = desk(board);
    let text = desk.press([Key::Ctrl('c')]).text();
    assert!(text.contains("leaving: waiting for refresh[chatbot-web]"), "{text}");
    desk.press([Key::Ctrl('c')]);
    assert_eq!(desk.asked, [Ask::Leave, Ask::LeaveNow]);
    assert!(!desk.quits, "the engine says when it is done");
    desk.tell(Msg::Stopped);
    assert!(desk.quits);
}

#[test]
fn ctrl_c_works_in_every_popup() {
    for keys in [vec![], vec![Key::Esc, Key::Char('n')], vec![Key::Esc, Key::Char('a')], vec![Key::Esc, Key::Char('/')]]
    {
        let mut desk = desk(boards::read_back());
        desk.press(keys).press([Key::Ctrl('c')]);
        assert_eq!(desk.asked, [Ask::Leave]);
    }
}

#[test]
fn what_concerns_the_whole_run_can_be_done_while_something_is_asked() {
    let mut desk = desk(boards::acknowledge());
    desk.press([Key::Char('p')]);
    assert_eq!(desk.asked, [Ask::Pause]);
    assert!(desk.press([Key::Char('q')]).text().contains("callout resume"));
    assert!(desk.press([Key::Esc]).text().contains("Acknowledge"), "the question comes back");
    assert!(desk.text().contains("Enter does not count yet"), "and must be read again");
}

#[test]
fn leaving_says_how_to_come_back() {
    let mut desk = desk(boards::running());
    assert!(desk.press([Key::Char('q')]).text().contains("callout resume 9c0ffee1"));
    desk.press([Key::Esc]);
    assert_eq!(desk.asked, []);
    desk.press([Key::Char('q'), Key::Enter]);
    assert_eq!(desk.asked, [Ask::Leave]);
}

#[test]
fn the_simulated_clock_moves_to_the_moment_that_is_due() {
    let mut desk = desk(boards::waiting());
    desk.press([Key::Char('+'), Key::Enter]);
    assert_eq!(desk.asked, [Ask::Advance { by: Span::seconds(24 * 3600 + 21) }]);
    desk.press([Key::Char('>'), Key::Char('5'), Key::Enter]);
    assert_eq!(desk.asked[1], Ask::Advance { by: Span::minutes(24 * 60) });
}

#[test]
fn no_key_moves_a_live_clock() {
    let mut board = boards::waiting();
    board.header.simulated = false;
    let mut desk = desk(board);
    assert!(desk.press([Key::Char('+')]).text().contains("only the clock of a simulated estate"));
    desk.press([Key::Enter]);
    assert_eq!(desk.asked, []);
}

#[test]
fn the_same_key_pauses_and_goes_on() {
    let mut desk = desk(boards::running());
    desk.press([Key::Char('p')]);
    let mut board = boards::running();
    board.header.state = "paused".to_owned();
    desk.show(board).press([Key::Char('p')]);
    assert_eq!(desk.asked, [Ask::Pause, Ask::Continue]);
}

#[test]
fn a_key_that_does_nothing_says_so() {
    let mut desk = desk(boards::running());
    assert!(desk.press([Key::Char('z')]).text().contains("z does nothing here; ? shows the keys"));
    assert!(desk.press([Key::Char('g')]).text().contains("nothing needs you"));
    desk.tell(Msg::Paste("abort".to_owned()));
    assert!(desk.text().contains("pasted text does nothing here"));
    assert_eq!(desk.asked, []);
}

#[test]
fn a_search_goes_to_the_step_and_escape_goes_back() {
    let mut desk = desk(boards::running());
    desk.press([Key::Home, Key::Char('/')]).type_text("RETIRE").press([Key::Enter]);
    assert!(desk.text().contains("▌○ retire"));
    desk.press([Key::Char('/')]).type_text("refresh").press([Key::Down, Key::Down]);
    assert!(desk.text().contains("3 of 3: refresh[chatbot-worker]"));
    assert!(desk.press([Key::Esc]).text().contains("▌○ retire"));
}

#[test]
fn a_note_may_be_pasted_and_becomes_one_line() {
    let mut desk = desk(boards::running());
    desk.press([Key::Char('n'), Key::Enter]);
    assert_eq!(desk.asked, [], "an empty note is none");
    desk.tell(Msg::Paste("two\nlines\u{1b}[2J".to_owned()));
    desk.press([Key::Enter]);
    assert_eq!(desk.asked, [Ask::Note { text: "two lines[2J".to_owned() }]);
}

#[test]
fn on_a_terminal_that_is_too_small_nothing_is_decided() {
    let mut desk = Desk::new(boards::acknowledge(), PLAIN, (50, 10));
    assert!(desk.read().text().contains("too small"));
    desk.press([Key::Enter]);
    assert_eq!(desk.asked, []);
}

#[test]
fn a_screen_that_shrinks_must_be_read_again() {
    let mut desk = desk(boards::acknowledge());
    desk.read();
    desk.resize((60, 16)).press([Key::Enter]);
    assert_eq!(desk.asked, [], "a part of it was never shown at this size");
}

#[test]
fn names_cannot_turn_the_screen_around() {
    let mut board = boards::read_back();
    board.needs.first_mut().unwrap().facts[0].text = "kv\u{202e}dorp\u{1b}[2J".to_owned();
    let text = desk(board).text();
    assert!(text.contains("kv\u{fffd}dorp\u{fffd}[2J"), "{text}");
}
