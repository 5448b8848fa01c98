use ratatui::style::Style;
use ratatui::text::Span;

use crate::base::Timestamp;

/// A moment with its date, `2026-11-20 03:12:41Z`.
pub(super) fn moment(at: Timestamp) -> String {
    let written = at.to_string();
    let date = written.split_once('T').map_or("", |(date, _)| date);
    format!("{date} {}", at.clock_face())
}

/// How many cells a text takes, if all of it shows.
pub(super) fn width(text: &str) -> usize {
    // Nearly all text is ASCII, and is measured many times between two keys.
    if text.is_ascii() { text.len() } else { Span::raw(text).width() }
}

/// Says the same in ASCII, for terminals that know nothing else; what has no likeness becomes a question mark.
pub(super) fn ascii(text: &str) -> String {
    let mut ascii = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '…' => ascii.push_str("..."),
            '→' => ascii.push_str("->"),
            '←' => ascii.push_str("<-"),
            '↑' => ascii.push_str("Up/"),
            '↓' => ascii.push_str("Down"),
            '–' | '—' | '·' => ascii.push('-'),
            '‘' | '’' => ascii.push('\''),
            '“' | '”' => ascii.push('"'),
            '×' => ascii.push('x'),
            '\u{a0}' => ascii.push(' '),
            _ if character.is_ascii() => ascii.push(character),
            _ => ascii.push('?'),
        }
    }
    ascii
}

/// The text in at most `width` cells; if it is cut, it ends in `ellipsis`.
pub(super) fn cut(text: &str, width: usize, ellipsis: &str) -> String {
    if self::width(text) <= width {
        return text.to_owned();
    }
    let mut cut = first(text, width.saturating_sub(self::width(ellipsis)));
    cut.push_str(&first(ellipsis, width));
    cut
}

/// As much of the start of the text as fits into `width` cells.
pub(super) fn first(text: &str, width: usize) -> String {
    let mut used = 0;
    letters(text).take_while(|letter| fits(&mut used, letter, width)).collect()
}

/// As much of the end of the text as fits into `width` cells.
pub(super) fn last(text: &str, width: usize) -> String {
    let mut used = 0;
    let letters: Vec<String> = letters(text).collect();
    let count = letters.iter().rev().take_while(|letter| fits(&mut used, letter, width)).count();
    letters[letters.len() - count..].concat()
}

/// Breaks a text into lines of at most `width` cells: at spaces if there are some, else behind a sign at which an
/// address may be broken, else anywhere. Nothing is left out but the spaces at a break.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    text.split('\n').flat_map(|line| wrap_line(line, width.max(1))).collect()
}

fn wrap_line(line: &str, width: usize) -> Vec<String> {
    let line = line.trim_end();
    if self::width(line) <= width {
        return vec![line.to_owned()];
    }
    let mut lines = Vec::new();
    let mut rest: Vec<String> = letters(line).collect();
    loop {
        let mut used = 0;
        // A letter that is wider than the line stands alone; the terminal cuts it.
        let fitting = rest.iter().take_while(|letter| fits(&mut used, letter, width)).count().max(1);
        if fitting >= rest.len() {
            lines.push(rest.concat());
            return lines;
        }
        let end = break_before(&rest, fitting);
        lines.push(rest[..end].concat().trim_end().to_owned());
        let spaces = rest[end..].iter().take_while(|letter| *letter == " ").count();
        rest.drain(..end + spaces);
    }
}

/// Where the line of `fitting` letters ends: how many letters stay on it.
fn break_before(letters: &[String], fitting: usize) -> usize {
    let indent = letters.iter().take_while(|letter| *letter == " ").count();
    let space = (indent + 1..=fitting).rev().find(|at| letters[*at] == " ");
    // A break at a space that would leave most of the line empty belongs to a long address behind it.
    if let Some(at) = space.filter(|at| at * 2 > fitting || !is_long(&letters[at + 1..], fitting)) {
        return at;
    }
    let behind = |signs: &[&str]| (fitting / 2..fitting).rev().find(|at| signs.contains(&&*letters[*at]));
    let sign = behind(&["/", "?", "&"]).or_else(|| behind(&["=", ",", ";", "-"]));
    sign.map_or(fitting, |at| at + 1)
}

fn is_long(letters: &[String], width: usize) -> bool {
    letters.iter().take_while(|letter| *letter != " ").count() > width
}

fn fits(used: &mut usize, letter: &str, width: usize) -> bool {
    *used += self::width(letter);
    *used <= width
}

fn letters(text: &str) -> impl Iterator<Item = String> {
    Span::raw(text)
        .styled_graphemes(Style::new())
        .map(|grapheme| grapheme.symbol.to_owned())
        .collect::<Vec<_>>()
        .into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_wrap_at_spaces_and_no_letter_is_lost() {
        assert_eq!(wrap("the old one stays enabled", 10), ["the old", "one stays", "enabled"]);
        assert_eq!(wrap("two\n\nlines", 10), ["two", "", "lines"]);
        assert_eq!(wrap("  indented text", 10), ["  indented", "text"]);
    }

    #[test]
    fn an_address_wraps_behind_a_slash() {
        let address = "POST /subscriptions/0000/sites/chatbot-worker/config";
        let lines = wrap(address, 24);
        assert_eq!(lines.concat().replace(' ', ""), address.replace(' ', ""));
        assert!(lines.iter().all(|line| width(line) <= 24), "{lines:?}");
        assert!(lines[0].ends_with('/'), "{lines:?}");
    }

    #[test]
    fn wide_letters_count_twice() {
        assert_eq!(width("漢字"), 4);
        assert_eq!(cut("漢字漢字", 5, "…"), "漢字…");
        assert_eq!(wrap("漢字漢字", 5), ["漢字", "漢字"]);
    }
}
