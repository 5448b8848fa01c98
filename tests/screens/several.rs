//! Several questions at once, forms, and what a person says of their own accord.

use std::time::Duration;

use callout::engine::{Ask, Form, Remark};
use callout::plan::Mode;
use callout::projection::{Answer, Board, Choice, Mark, Question, Reason};
use callout::run::WayBack;
use callout::tui::{Key, Msg};

use super::boards;
use super::branches::{branches, switch};
use super::desk::{ASCII, Desk, PLAIN};

const SIZE: (u16, u16) = (120, 36);

fn desk(board: Board) -> Desk {
    Desk::new(board, PLAIN, SIZE)
}

/// A desk at which the fields of the manual step are open.
fn at_the_form() -> Desk {
    let mut desk = desk(branches());
    desk.read().press([Key::Char('g')]).read().press([Key::Char('1'), Key::Enter]);
    desk
}

fn fill_all(desk: &mut Desk) {
    desk.press([Key::Tab, Key::Right, Key::Tab]).type_text("CHG-7").press([Key::Tab]).type_text("page.txt");
    desk.press([Key::Tab]).type_text("env:TOKEN").press([Key::Tab]);
}

fn filled(fields: &[(&str, &str)]) -> Ask {
    let fields = fields.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let form = Form { fields, ..Form::default() };
    Ask::Choose { step: switch().step, answer: Answer::Decide("done".to_owned()), form }
}

const WHOLE: [(&str, &str); 5] = [
    ("owner", "platform-oncall"),
    ("size", "small"),
    ("change", "CHG-7"),
    ("proof", "page.txt"),
    ("token", "env:TOKEN"),
];

#[test]
fn branches_nested_runbooks_and_undos_are_seen_at_every_size() {
    for size in [(80, 24), (120, 36)] {
        let mut desk = Desk::new(branches(), PLAIN, size);
        insta::assert_snapshot!(format!("branches_{}x{}", size.0, size.1), desk.press([Key::Esc]).text());
    }
    let text = Desk::new(branches(), ASCII, (100, 30)).press([Key::Esc]).text();
    assert!(text.is_ascii(), "{text}");
    insta::assert_snapshot!("ascii_branches", text);
}

#[test]
fn one_key_goes_from_question_to_question_and_back_to_the_first() {
    let mut desk = desk(branches());
    assert!(desk.text().contains("Acknowledge · drain ━━ SIMULATED · 1 of 2"));
    assert!(
        desk.press([Key::Char('g')]).text().contains("Decide · each-app[chatbot-web]/switch ━━ SIMULATED · 2 of 2")
    );
    assert!(desk.press([Key::Ctrl('g')]).text().contains("Acknowledge · drain"));
    let text = desk.press([Key::Esc, Key::Up]).text();
    assert!(text.contains("needs you: 2 (g goes to the next)") && text.contains("g needs you: 2"), "{text}");
    desk.press([Key::Char('f'), Key::Esc]);
    assert!(!desk.show(branches()).text().contains("━ SIMULATED"), "what was put aside rose by itself");
}

#[test]
fn enter_on_a_step_that_asks_opens_its_own_question() {
    let mut desk = desk(branches());
    desk.press([Key::Esc, Key::Home]);
    let to = branches().steps.iter().position(|step| step.id == switch().step).unwrap();
    desk.press(vec![Key::Down; to]);
    assert!(desk.press([Key::Enter]).text().contains("Decide · each-app[chatbot-web]/switch"));
}

#[test]
fn what_is_open_stays_while_another_question_appears_and_other_branches_go_on() {
    let mut desk = at_the_form();
    desk.type_text("2");
    let mut board = branches();
    board.steps[5].mark = Mark::Succeeded;
    let doubt = boards::in_doubt().needs.remove(0);
    board.needs.insert(0, doubt);
    let text = desk.show(board).text();
    assert!(text.contains("> platform-oncall2▏") && text.contains("3 of 3"), "{text}");
}

#[test]
fn a_form_is_seen_whole_or_scrolls_with_the_field_that_is_filled_in() {
    for size in [(80, 24), (120, 36)] {
        let mut desk = Desk::new(branches(), PLAIN, size);
        desk.read().press([Key::Char('g')]).read().press([Key::Char('1'), Key::Enter, Key::Tab, Key::Tab]);
        insta::assert_snapshot!(format!("form_{}x{}", size.0, size.1), desk.type_text("CHG").text());
    }
    let mut desk = Desk::new(branches(), ASCII, (60, 16));
    desk.read().press([Key::Char('g')]).read().press([Key::PageDown, Key::Char('1'), Key::Enter]);
    for name in ["owner", "size", "change", "proof", "token", "remark"] {
        let text = desk.text();
        assert!(text.lines().any(|line| line.contains(&format!("> {name} "))), "{name}: {text}");
        desk.press([Key::Tab]);
    }
}

#[test]
fn what_is_filled_in_is_sent_whole_with_its_defaults_by_the_last_enter() {
    let mut desk = at_the_form();
    fill_all(&mut desk);
    assert_eq!(desk.asked, []);
    desk.read().press([Key::Enter]);
    assert_eq!(desk.asked, [filled(&WHOLE)]);
}

#[test]
fn what_is_missing_is_said_at_its_field_and_nothing_is_sent() {
    let mut desk = at_the_form();
    desk.press([Key::BackTab]).read().press([Key::Enter]);
    let text = desk.text();
    assert!(text.contains("must be filled in") && text.contains("field 2 of 6"), "{text}");
    desk.type_text("huge").press([Key::BackTab, Key::BackTab]).read().press([Key::Enter]);
    assert!(desk.text().contains("is none of small, large"));
    assert_eq!(desk.asked, []);
}

#[test]
fn a_secret_is_never_drawn_and_never_sent() {
    let mut desk = at_the_form();
    fill_all(&mut desk);
    desk.press([Key::BackTab, Key::Ctrl('u')]);
    desk.tell(Msg::Paste("hunter2hunter2".to_owned()));
    assert!(desk.text().contains("> **************▏"));
    desk.press([Key::Tab]).read().press([Key::Enter]);
    let text = desk.text();
    assert!(text.contains("never the secret itself") && !text.contains("hunter2"), "{text}");
    assert_eq!(desk.asked, []);
}

#[test]
fn enter_held_down_sends_no_form_that_is_full_of_defaults() {
    let mut board = branches();
    let Question::Choose { choices, .. } = &mut board.needs[1].question else { panic!("it is a manual step") };
    for field in &mut choices[0].form {
        field.default = field.choices.first().cloned().or_else(|| Some("env:X".to_owned()));
    }
    let mut desk = desk(board);
    desk.read().press([Key::Char('g')]).read().press([Key::Char('1')]);
    for _ in 0..60 {
        desk.press([Key::Enter]).wait(Duration::from_millis(33));
    }
    assert_eq!(desk.asked, []);
    desk.read().press([Key::Enter]);
    assert_eq!(desk.asked.len(), 1, "let go and pressed again, it counts");
}

#[test]
fn nothing_that_was_typed_is_lost_when_the_board_changes_or_another_question_is_looked_at() {
    let mut desk = at_the_form();
    fill_all(&mut desk);
    let mut board = branches();
    board.timeline.push(boards::happened("03:13:10", "restore/answers", "succeeded", false));
    let Question::Choose { choices, .. } = &mut board.needs[1].question else { panic!("it is a manual step") };
    choices.push(Choice::new(Answer::Abort, "Abort the run and undo freeze"));
    desk.show(board.clone());
    assert!(desk.text().contains("CHG-7"), "a further choice took it away");
    desk.press([Key::Ctrl('g'), Key::Ctrl('g')]);
    assert!(desk.text().contains("CHG-7"), "another question took it away");
    desk.press([Key::Esc, Key::Esc, Key::Char('n')]).type_text("x").press([Key::Enter]).show(board);
    desk.press([Key::Char('g'), Key::Char('g')]);
    desk.read().press([Key::Char('1'), Key::Enter]);
    assert!(desk.text().contains("CHG-7"), "it was left for a while: {}", desk.text());
}

#[test]
fn a_refusal_comes_back_to_its_field_and_what_was_typed_is_there() {
    let mut desk = at_the_form();
    fill_all(&mut desk);
    desk.read().press([Key::Enter]);
    assert!(!desk.text().contains("CHG-7"), "it was sent");
    desk.show(branches())
        .tell(Msg::Remark(Some(Remark::Refused("`change`: must match CHG-[0-9]+; `proof`: no such file".to_owned()))));
    let text = desk.text();
    for part in ["> CHG-7▏", "must match CHG-[0-9]+", "no such file", "> page.txt", "field 3 of 6"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    desk.type_text("8").press([Key::Tab, Key::Tab, Key::Tab]).read().press([Key::Enter]);
    let mut again = WHOLE;
    again[2].1 = "CHG-78";
    assert_eq!(desk.asked[1], filled(&again));
}

#[test]
fn a_remark_about_something_else_reopens_nothing_that_was_taken() {
    let mut desk = at_the_form();
    fill_all(&mut desk);
    desk.read().press([Key::Enter]);
    let mut board = branches();
    board.needs.remove(1);
    desk.show(board).tell(Msg::Remark(Some(Remark::Said("waits for the target `chatbot-pg`".to_owned()))));
    assert!(!desk.text().contains("CHG-7"));
    // Nor what is said while the answer has not come on the board yet.
    let mut desk = at_the_form();
    fill_all(&mut desk);
    desk.read().press([Key::Enter]);
    desk.show(branches()).tell(Msg::Remark(Some(Remark::Said("waits for the target `chatbot-pg`".to_owned()))));
    assert!(!desk.text().contains("CHG-7"));
}

#[test]
fn a_choice_with_a_reason_wants_it_before_the_text_that_is_typed_last() {
    let mut board = boards::in_doubt();
    let Question::Choose { choices, .. } = &mut board.needs[0].question else { panic!("it is a doubt") };
    choices[2].reason = Reason::Optional;
    let mut desk = desk(board);
    desk.read().press([Key::Char('3'), Key::Enter]).type_text("the log shows nothing").press([Key::Enter]);
    assert!(desk.text().contains("0 of 11 match"));
    assert!(desk.press([Key::Esc]).text().contains("the log shows nothing"), "Escape goes one step back");
    desk.read().press([Key::Enter]).type_text("chatbot-web").press([Key::Enter]);
    let reason = Some("the log shows nothing".to_owned());
    let form = Form { typed: Some("chatbot-web".to_owned()), reason, fields: Vec::new() };
    assert_eq!(desk.asked, [Ask::Choose { step: "swap".into(), answer: Answer::SendAgain, form }]);
}

#[test]
fn a_step_is_left_out_or_counted_as_done_with_a_reason_and_not_without() {
    let mut desk = desk(branches());
    desk.press([Key::Esc, Key::End, Key::Char('s')]);
    assert!(desk.text().contains("Skip · open"));
    desk.press([Key::Enter]);
    assert!(desk.text().contains("a reason is needed"));
    assert_eq!(desk.asked, []);
    desk.type_text("opened by hand").press([Key::Enter]);
    let reason = Some("opened by hand".to_owned());
    let form = Form { reason: reason.clone(), ..Form::default() };
    assert_eq!(desk.asked, [Ask::Choose { step: "open".into(), answer: Answer::Skip, form }]);

    desk.press([Key::Char('o')]).type_text("Running").press([Key::Tab]).type_text("opened by hand");
    insta::assert_snapshot!("override_80x24", desk.resize((80, 24)).text());
    desk.press([Key::Enter]);
    let form = Form { reason, fields: vec![("state".to_owned(), "Running".to_owned())], typed: None };
    assert_eq!(desk.asked[1], Ask::Choose { step: "open".into(), answer: Answer::Override, form });
}

#[test]
fn what_is_over_cannot_be_skipped() {
    let mut desk = desk(branches());
    desk.press([Key::Esc, Key::Home, Key::Down, Key::Down, Key::Down, Key::Down, Key::Char('s')]);
    assert!(desk.text().contains("restore/start is over"));
}

#[test]
fn a_refused_word_comes_back_with_what_was_typed() {
    let mut desk = desk(branches());
    desk.press([Key::Esc, Key::End, Key::Char('s')]).type_text("opened by hand").press([Key::Enter]);
    desk.tell(Msg::Remark(Some(Remark::Refused("`open` is under way; wait for its answer".to_owned()))));
    let text = desk.text();
    assert!(text.contains("> opened by hand▏") && text.contains("is under way; wait for its answer"), "{text}");
}

#[test]
fn a_command_outside_of_the_runbook_is_handed_out_word_by_word_and_its_end_is_told() {
    let mut desk = desk(branches());
    desk.press([Key::Esc, Key::Char('!')]).type_text("az webapp show --name 'chatbot web");
    desk.press([Key::Enter]);
    assert!(desk.text().contains("a quotation mark is open"));
    assert_eq!(desk.runs, Vec::<Vec<String>>::new());
    desk.type_text("'");
    insta::assert_snapshot!("command_80x24", desk.resize((80, 24)).text());
    desk.press([Key::Enter]);
    let command: Vec<String> = ["az", "webapp", "show", "--name", "chatbot web"].map(str::to_owned).into();
    assert_eq!(desk.runs, std::slice::from_ref(&command));
    assert!(desk.press([Key::Char('q')]).text().contains("Still runs outside of the runbook"));
    desk.press([Key::Esc]);
    assert!(desk.text().contains("runs outside of the runbook: az webapp show"));
    desk.tell(Msg::Ran { command: command.clone(), why_not: Some("no such program".to_owned()) });
    assert!(desk.text().contains("was not run: no such program"));
    assert_eq!(desk.asked, [], "what came of it is told to the engine by whoever ran it");
}

#[test]
fn ending_the_run_says_what_would_be_undone_in_which_order_and_what_cannot_be() {
    let mut desk = desk(branches());
    desk.press([Key::Esc, Key::Char('a')]);
    let text = desk.text();
    let places =
        ["1. restore/start", "2. freeze", "Cannot be undone", "promote", "the old server follows no more", "In doubt"]
            .map(|part| text.find(part).unwrap_or_else(|| panic!("{part}: {text}")));
    assert!(places.is_sorted(), "{text}");
    insta::assert_snapshot!("way_back_80x24", desk.resize((80, 24)).text());
    desk.resize((120, 36)).type_text("undo it was the wrong night").press([Key::Enter]);
    let reason = Some("it was the wrong night".to_owned());
    assert_eq!(desk.asked, [Ask::Abort { reason, undo: true }]);
}

#[test]
fn where_nothing_can_be_undone_the_word_for_it_does_nothing() {
    let mut board = boards::running();
    board.way_back = WayBack::default();
    let mut desk = desk(board);
    desk.press([Key::Char('a')]).type_text("undo").press([Key::Enter]);
    assert!(desk.text().contains("nothing can be undone"));
    assert_eq!(desk.asked, []);
}

#[test]
fn to_end_the_run_from_a_question_shows_what_is_undone_first() {
    let mut board = branches();
    board.needs = boards::in_doubt().needs;
    let Question::Choose { choices, .. } = &mut board.needs[0].question else { panic!("it is a doubt") };
    *choices = vec![Choice {
        read_back: Some("abort".to_owned()),
        ..Choice::new(Answer::RollBack, "Abort the run and undo restore/start, freeze")
    }];
    let mut desk = desk(board);
    desk.read().press([Key::Char('1'), Key::Enter]);
    let text = desk.text();
    assert!(text.contains("Undone, in this order") && text.contains("promote"), "{text}");
}

#[test]
fn what_a_line_nests_is_folded_and_unfolded_by_the_arrows() {
    let mut desk = desk(branches());
    desk.press([Key::Esc, Key::Home, Key::Down, Key::Down, Key::Down]);
    let text = desk.press([Key::Left]).text();
    assert!(text.contains("▌▶ restore +2") && !text.contains("It answers"), "{text}");
    let text = desk.press([Key::Right, Key::Down, Key::Left]).text();
    assert!(
        text.contains("▌▶ restore ") && !text.contains("restore +2"),
        "it goes up to what the line stands in: {text}"
    );
}

#[test]
fn what_is_folded_shows_what_in_it_needs_a_person() {
    let mut desk = desk(branches());
    let to = branches().steps.iter().position(|step| step.id.as_str() == "each-app").unwrap();
    desk.press([Key::Esc, Key::Home]).press(vec![Key::Down; to]);
    let text = desk.press([Key::Left]).text();
    assert!(text.contains("▌? each-app +6"), "{text}");
    assert!(
        desk.press([Key::Char('g'), Key::Char('g')]).text().contains("switch"),
        "a question opens what it stands in"
    );
}

#[test]
fn a_long_list_that_rests_is_folded_where_there_is_no_room_and_what_is_wanted_is_not() {
    let mut board = branches();
    let items = (0..40).map(|number| {
        let mut line = board.steps[4].clone();
        line.id = format!("restore/parts[{number:02}]").as_str().into();
        line.depth = 2;
        line
    });
    let mut group = board.steps[4].clone();
    group.id = "restore/parts".into();
    let lines: Vec<_> = std::iter::once(group).chain(items).collect();
    board.steps.splice(5..5, lines);
    let mut desk = desk(board.clone());
    let text = desk.press([Key::Esc]).text();
    assert!(text.contains("parts +40") && text.contains("open"), "{text}");
    desk.press([Key::Char('/')]).type_text("parts[17]").press([Key::Enter]);
    assert!(desk.show(board).text().lines().any(|line| line.contains('▌') && line.contains("17")), "{}", desk.text());
}

#[test]
fn lines_that_were_skipped_in_a_row_take_one_row_where_there_is_no_room() {
    let mut board = branches();
    let outermost = board.steps.iter().position(|step| step.depth == 0).unwrap();
    let lines = (0..40).map(|number| {
        let mut line = board.steps[outermost].clone();
        line.id = format!("other-way-{number:02}").as_str().into();
        line.mark = Mark::Skipped;
        line
    });
    let lines: Vec<_> = lines.collect();
    board.steps.splice(outermost..outermost, lines);
    let mut desk = desk(board.clone());
    let text = desk.press([Key::Esc]).text();
    assert!(text.contains("other-way-00 +39") && !text.contains("other-way-01"), "{text}");
    // Whoever looks for one of them sees it where it stands, and among its like.
    desk.press([Key::Char('/')]).type_text("other-way-17").press([Key::Enter]);
    let text = desk.show(board).text();
    assert!(text.lines().any(|line| line.contains('▌') && line.contains("other-way-17")), "{text}");
    assert!(text.contains("other-way-16") && text.contains("other-way-18"), "{text}");
}

#[test]
fn a_rehearsal_and_a_drill_say_so_on_every_screen() {
    for (mode, says) in [(Mode::Rehearsal, "REHEARSAL: nothing is changed"), (Mode::Drill, "DRILL")] {
        let mut board = branches();
        board.header.mode = mode;
        board.header.simulated = false;
        board.steps[4].mark = Mark::Assumed;
        for keys in [vec![], vec![Key::Esc], vec![Key::Esc, Key::Char('a')], vec![Key::Esc, Key::Char('?')]] {
            for size in [(60, 16), (80, 24), (120, 36)] {
                let word = says.split(':').next().unwrap();
                let text = Desk::new(board.clone(), PLAIN, size).press(keys.clone()).text();
                assert!(text.lines().next().unwrap().contains(says), "{text}");
                assert!(
                    !text.contains('┏') || text.lines().any(|line| line.contains('┏') && line.contains(word)),
                    "{text}"
                );
            }
        }
    }
    let mut board = branches();
    board.header.mode = Mode::Rehearsal;
    let mut desk = desk(board);
    desk.press([Key::Esc, Key::Char('!')]);
    assert!(desk.text().contains("no command is run from it"));
}

#[test]
fn deviations_are_counted_in_the_header() {
    assert!(desk(branches()).text().lines().next().unwrap().contains("deviations: 1"));
}
