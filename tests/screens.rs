//! What a person sees, at several sizes, with and without colour, held by reviewed pictures.

mod answers;
pub(crate) mod boards;
mod branches;
mod desk;
mod incidents;
mod real;
mod several;

use std::fmt::Write as _;

use callout::projection::Board;
use callout::runbook::BannerColour;
use callout::tui::{Key, Msg, Setting, picture};
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::Color;

use desk::{ASCII, COLOUR, Desk, PLAIN, text_of};

/// The text, and below it where which style stands: `row: from-to style`.
fn styled(buffer: &Buffer) -> String {
    let mut told = text_of(buffer);
    told.push('\n');
    for (y, row) in buffer.content().chunks(usize::from(buffer.area.width)).enumerate() {
        let mut runs: Vec<(usize, usize, String)> = Vec::new();
        for (x, cell) in row.iter().enumerate() {
            let style = style_of(cell);
            match runs.last_mut() {
                Some((_, to, last)) if *last == style => *to = x,
                _ => runs.push((x, x, style)),
            }
        }
        let runs: Vec<String> = runs
            .into_iter()
            .filter(|(_, _, style)| !style.is_empty())
            .map(|(from, to, style)| format!("{from}-{to} {style}"))
            .collect();
        if !runs.is_empty() {
            writeln!(told, "{y}: {}", runs.join(", ")).unwrap();
        }
    }
    told
}

fn style_of(cell: &Cell) -> String {
    let mut words = Vec::new();
    if cell.fg != ratatui::style::Color::Reset {
        words.push(cell.fg.to_string());
    }
    if cell.bg != ratatui::style::Color::Reset {
        words.push(format!("on {}", cell.bg));
    }
    words.extend(cell.modifier.iter_names().map(|(name, _)| name.to_lowercase()));
    words.join(" ")
}

#[test]
fn a_run_is_seen_whole_at_every_size() {
    for size in [(80, 24), (120, 36), (200, 50)] {
        let mut desk = Desk::new(boards::running(), PLAIN, size);
        insta::assert_snapshot!(format!("running_{}x{}", size.0, size.1), desk.text());
    }
}

#[test]
fn colour_repeats_what_the_text_says() {
    for (name, board) in [("running", boards::running()), ("read_back", boards::read_back())] {
        for size in [(80, 24), (200, 50)] {
            let coloured = Desk::new(board.clone(), COLOUR, size).look();
            let mut plain = Desk::new(board.clone(), PLAIN, size);
            assert_eq!(text_of(&coloured), plain.text(), "the text depends on colour");
            insta::assert_snapshot!(format!("colour_{name}_{}x{}", size.0, size.1), styled(&coloured));
        }
    }
}

#[test]
fn an_environment_is_named_in_its_own_colour_and_nothing_else_is_changed_by_it() {
    let look = |setting| Desk::new(boards::running(), setting, (120, 36)).look();
    let with = |setting: Setting| Setting { banner: Some(BannerColour::Magenta), ..setting };
    let (usual, own) = (look(COLOUR), look(with(COLOUR)));
    assert_eq!(text_of(&usual), text_of(&own));
    let changed: String = usual
        .content()
        .iter()
        .zip(own.content())
        .filter(|(usual, own)| usual.style() != own.style())
        .inspect(|(_, own)| assert_eq!(own.bg, Color::Magenta))
        .map(|(_, own)| own.symbol())
        .collect();
    assert_eq!(changed, boards::running().header.environment);
    assert_eq!(look(PLAIN), look(with(PLAIN)), "without colour there is none");
}

#[test]
fn without_colour_no_cell_has_one_and_nothing_blinks() {
    for board in every_board() {
        for setting in [PLAIN, ASCII, COLOUR] {
            let buffer = Desk::new(board.clone(), setting, (120, 36)).look();
            for cell in buffer.content() {
                let style = style_of(cell);
                assert!(!style.contains("blink"), "{style}");
                assert!(setting.colour || style.chars().all(|letter| !letter.is_uppercase()), "{style}");
            }
        }
    }
}

#[test]
fn the_ascii_screen_has_no_other_letters() {
    for (name, board) in
        [("running", boards::running()), ("read_back", boards::read_back()), ("doubt", boards::in_doubt())]
    {
        let mut desk = Desk::new(board, ASCII, (100, 30));
        let text = desk.text();
        assert!(text.is_ascii(), "{text}");
        insta::assert_snapshot!(format!("ascii_{name}"), text);
    }
    let mut help = Desk::new(boards::running(), ASCII, (100, 100));
    let text = help.press([Key::Char('?')]).text();
    assert!(text.is_ascii(), "{text}");
}

#[test]
fn an_acknowledgement_shows_all_that_is_consented_to() {
    for size in [(80, 24), (120, 36), (200, 50)] {
        let mut desk = Desk::new(boards::acknowledge(), PLAIN, size);
        insta::assert_snapshot!(format!("acknowledge_{}x{}", size.0, size.1), desk.read().text());
    }
}

#[test]
fn a_read_back_shows_how_much_of_it_matches() {
    for size in [(80, 24), (120, 36), (200, 50)] {
        let mut desk = Desk::new(boards::read_back(), PLAIN, size);
        desk.read().type_text("chatbot");
        insta::assert_snapshot!(format!("read_back_{}x{}", size.0, size.1), desk.text());
    }
}

#[test]
fn a_doubt_is_shown_with_what_is_known_and_what_can_be_done() {
    for size in [(80, 24), (120, 36), (200, 50)] {
        let mut desk = Desk::new(boards::in_doubt(), PLAIN, size);
        insta::assert_snapshot!(format!("in_doubt_{}x{}", size.0, size.1), desk.read().text());
    }
}

#[test]
fn the_end_of_a_run_stays_on_the_screen() {
    for size in [(80, 24), (200, 50)] {
        let mut desk = Desk::new(boards::ended(), PLAIN, size);
        desk.tell(Msg::Stopped);
        assert!(!desk.quits, "the person has not seen the end");
        insta::assert_snapshot!(format!("ended_{}x{}", size.0, size.1), desk.text());
        desk.press([Key::Char('q')]);
        assert!(desk.quits);
    }
}

#[test]
fn the_small_questions_of_the_screen_itself() {
    let keys = [
        ("note", vec![Key::Char('n'), Key::Char('o'), Key::Char('k')]),
        ("abort", vec![Key::Char('a'), Key::Char('a'), Key::Char('b')]),
        ("leave", vec![Key::Char('q')]),
        ("search", vec![Key::Char('/'), Key::Char('w'), Key::Char('o')]),
        ("help", vec![Key::Char('?')]),
        ("advance", vec![Key::Char('+')]),
        ("detail", vec![Key::Enter]),
        ("timeline", vec![Key::Tab, Key::Tab]),
    ];
    for (name, keys) in keys {
        let board = if name == "advance" { boards::waiting() } else { boards::running() };
        let mut desk = Desk::new(board, PLAIN, (80, 24));
        insta::assert_snapshot!(format!("{name}_80x24"), desk.press(keys).text());
    }
}

#[test]
fn the_word_simulated_stands_in_every_screen_and_in_every_popup() {
    let openings = [
        vec![],
        vec![Key::Esc],
        vec![Key::Esc, Key::Char('n')],
        vec![Key::Esc, Key::Char('a')],
        vec![Key::Esc, Key::Char('q')],
        vec![Key::Esc, Key::Char('+')],
        vec![Key::Esc, Key::Char('/')],
        vec![Key::Esc, Key::Char('?')],
    ];
    for board in every_board() {
        for size in [(60, 16), (80, 24), (120, 36), (20, 6)] {
            for keys in &openings {
                let mut desk = Desk::new(board.clone(), PLAIN, size);
                let text = desk.press(keys.clone()).text();
                let header = text.lines().next().unwrap();
                assert!(header.contains("SIMULATED"), "{text}");
                let is_paper = text.contains('┏');
                assert!(
                    !is_paper || text.lines().any(|line| line.contains('┏') && line.contains("SIMULATED")),
                    "{text}"
                );
            }
        }
    }
}

#[test]
fn a_live_environment_says_so() {
    let mut board = boards::acknowledge();
    board.header.simulated = false;
    let text = Desk::new(board, PLAIN, (80, 24)).text();
    assert!(text.starts_with(" LIVE   chatbot"), "{text}");
    assert!(!text.contains("SIMULATED"), "{text}");
}

#[test]
fn what_is_in_doubt_is_counted_in_the_header_at_every_size() {
    for size in [(60, 16), (80, 24), (200, 50)] {
        let text = Desk::new(boards::in_doubt(), PLAIN, size).text();
        assert!(text.lines().next().unwrap().contains("in doubt: 1"), "{text}");
    }
}

#[test]
fn nothing_that_is_decided_on_is_cut() {
    for board in [boards::acknowledge(), boards::read_back(), boards::in_doubt()] {
        let need = board.need().cloned().unwrap();
        for size in [(60, 16), (80, 24), (99, 20), (100, 20), (200, 50)] {
            let mut desk = Desk::new(board.clone(), PLAIN, size);
            let mut seen = desk.text();
            for _ in 0..20 {
                seen.push_str(&desk.press([Key::PageDown]).text());
            }
            let seen = letters(&seen);
            for word in need.facts.iter().flat_map(|fact| fact.text.split_whitespace()).filter(|word| word.len() < 12) {
                assert!(seen.contains(&letters(word)), "`{word}` is not on the screen at {size:?}");
            }
        }
    }
}

#[test]
fn a_text_that_does_not_fit_is_read_to_its_end_before_enter_counts() {
    let mut desk = Desk::new(boards::acknowledge(), PLAIN, (60, 16));
    assert!(desk.read().text().contains("more below"));
    desk.press([Key::Enter]);
    assert_eq!(desk.asked, []);
    desk.press([Key::PageDown, Key::PageDown, Key::PageDown]).read().press([Key::Enter]);
    assert_eq!(desk.asked.len(), 1);
}

#[test]
fn a_picture_is_made_from_the_screen_itself() {
    let mut desk = Desk::new(boards::read_back(), COLOUR, (120, 36));
    desk.read().type_text("chatbot");
    let svg = picture(&desk.model, 120, 36);
    assert!(svg.starts_with("<svg xmlns=") && svg.ends_with("</svg>\n"));
    for word in ["SIMULATED", "7 of 11 match", "Read back"] {
        assert!(svg.contains(word), "{word}");
    }
    assert!(!svg.contains("href") && !svg.contains("<style") && !svg.contains("<script"), "it needs something else");
}

fn every_board() -> [Board; 7] {
    [
        branches::branches(),
        boards::running(),
        boards::acknowledge(),
        boards::read_back(),
        boards::in_doubt(),
        boards::ended(),
        boards::waiting(),
    ]
}

fn letters(text: &str) -> String {
    text.chars().filter(|letter| letter.is_alphanumeric()).collect()
}
