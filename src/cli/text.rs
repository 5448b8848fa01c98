use std::io::{self, Write};

use crate::base::{legible, one_line};

/// Rows in columns, each as wide as its widest cell; the last column is as wide as it likes. Ends with a newline unless
/// there are no rows.
pub(crate) fn columns<const N: usize>(rows: impl IntoIterator<Item = [String; N]>) -> String {
    let rows: Vec<[String; N]> = rows.into_iter().map(|row| row.map(|cell| printable(&cell))).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(&format!("{cell:<width$}  "));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// One labelled line.
pub(crate) fn field(out: &mut dyn Write, label: &str, text: &str) -> io::Result<()> {
    writeln!(out, "{label:<LABEL$}{}", printable(text))
}

/// A text of several lines behind its label.
pub(crate) fn paragraph(out: &mut dyn Write, label: &str, text: &str) -> io::Result<()> {
    writeln!(out, "{label:<LABEL$}{}", body(text, LABEL))
}

/// The columns of a label.
const LABEL: usize = 12;

/// How wide text is set, in characters: what every terminal shows, and a pipe gets the same bytes as a screen.
const WIDTH: usize = 80;

/// Text in lines of at most 80 characters behind a label of `label` columns. It is broken at blanks only, so that an
/// address or a command can be copied whole, and a line's end in it stays one.
pub(crate) fn folded(text: &str, label: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for paragraph in legible(text).split('\n') {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            if !line.is_empty() && label + line.chars().count() + 1 + word.chars().count() > WIDTH {
                lines.push(std::mem::take(&mut line));
            } else if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines.join(&format!("\n{}", " ".repeat(label)))
}

/// The text on one line, with a mark in the place of each character that does not show: what a file or a service says
/// must neither drive the terminal nor look like a line of the program's own.
pub(crate) fn printable(text: &str) -> String {
    one_line(text).into_owned()
}

/// The same for a text of several lines: each but the first begins behind `indent` blanks, where none of the program's
/// own lines begins.
pub(crate) fn body(text: &str, indent: usize) -> String {
    legible(text.trim_end()).replace('\n', &format!("\n{}", " ".repeat(indent)))
}

/// `1 run`, `2 runs`.
pub(crate) fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_need_to_be_and_lines_end_in_no_blanks() {
        let rows = [["a".to_owned(), "bé".to_owned()], ["long".to_owned(), String::new()]];
        assert_eq!(columns(rows), "a     bé\nlong\n");
    }

    #[test]
    fn folded_text_breaks_at_blanks_and_leaves_an_address_whole() {
        let address = format!("GET https://{}", "a".repeat(90));
        assert_eq!(folded(&address, 12), format!("GET\n{}https://{}", " ".repeat(12), "a".repeat(90)));
        let text = folded(&"word ".repeat(40), 12);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert_eq!(folded("one\ntwo", 2), "one\n  two");
    }

    #[test]
    fn what_was_read_cannot_drive_the_terminal() {
        assert_eq!(columns([["\u{1b}[2Jx".to_owned()]]), "\u{fffd}[2Jx\n");
        assert_eq!(columns([["a\nb\u{202e}c".to_owned()]]), "a\u{fffd}b\u{fffd}c\n");
    }

    #[test]
    fn a_line_of_a_longer_text_does_not_begin_where_a_label_does() {
        let mut out = Vec::new();
        field(&mut out, "Title", "Nice\nToken to").unwrap();
        paragraph(&mut out, "Why", "Nice\nToken to\u{2028}x\n").unwrap();
        let said = String::from_utf8(out).unwrap();
        assert_eq!(said, "Title       Nice\u{fffd}Token to\nWhy         Nice\n            Token to\u{fffd}x\n");
    }
}
