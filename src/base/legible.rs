use std::borrow::Cow;

/// Whether a character shows, and shows where it stands. Control characters do not, and neither do those that turn, hide
/// or break other text (Unicode's bidirectional controls, its zero-width format characters, and its line and paragraph
/// separators): a name must not look like another name.
pub fn is_visible(character: char) -> bool {
    !character.is_control()
        && !matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The text on one line: U+FFFD stands in the place of each character that does not show, of a line's end too.
///
/// What a file or a service says must neither drive a terminal nor look like a line that the program itself wrote.
pub fn one_line(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_visible) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|letter| if is_visible(letter) { letter } else { '\u{fffd}' }).collect())
}

/// The text on as many lines as it has: as [`one_line`], but a line's end stays and a tab becomes four spaces.
///
/// Whoever prints it indents every line but the first, or a line of it could look like one of the program's own.
pub fn legible(text: &str) -> Cow<'_, str> {
    if text.chars().all(|character| character == '\n' || is_visible(character)) {
        return Cow::Borrowed(text);
    }
    let mut legible = String::with_capacity(text.len());
    for character in text.replace("\r\n", "\n").chars() {
        match character {
            '\n' => legible.push('\n'),
            '\t' => legible.push_str("    "),
            _ if is_visible(character) => legible.push(character),
            _ => legible.push('\u{fffd}'),
        }
    }
    Cow::Owned(legible)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_turn_the_text_around_is_shown_as_a_mark() {
        assert_eq!(legible("kv\u{202e}dorp\u{1b}[2J\tx\r\ny"), "kv\u{fffd}dorp\u{fffd}[2J    x\ny");
    }

    #[test]
    fn one_line_stays_one_whatever_stands_in_it() {
        assert_eq!(
            one_line("a\nb\rc\u{85}d\u{2028}e\u{200b}f\tg é 漢"),
            "a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}e\u{fffd}f\u{fffd}g é 漢"
        );
    }
}
