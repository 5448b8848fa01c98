use super::keymap::Edit;
use super::text;
use crate::base::is_visible;

/// A line of text that is being typed.
///
/// It moves by characters, not by what a person may see as one letter; names of resources have no combining marks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Input {
    text: String,
    /// The cursor, as an offset in bytes; always at the border of a character.
    at: usize,
}

impl Input {
    /// What was typed so far.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Puts a character at the cursor. What cannot be seen is not taken.
    pub(super) fn insert(&mut self, character: char) {
        if is_visible(character) {
            self.text.insert(self.at, character);
            self.at += character.len_utf8();
        }
    }

    /// Puts a text at the cursor, as one line.
    pub(super) fn insert_all(&mut self, text: &str) {
        for character in text.trim().chars() {
            self.insert(if character.is_whitespace() { ' ' } else { character });
        }
    }

    /// Makes a change.
    pub(super) fn edit(&mut self, edit: Edit) {
        match edit {
            Edit::Left => self.at = self.before(),
            Edit::Right => self.at = self.behind(),
            Edit::Start => self.at = 0,
            Edit::End => self.at = self.text.len(),
            Edit::Backspace => self.remove_back_to(self.before()),
            Edit::Delete => {
                let behind = self.behind();
                self.text.replace_range(self.at..behind, "");
            }
            Edit::Clear => *self = Self::default(),
            Edit::Word => {
                let before = self.text[..self.at].trim_end();
                self.remove_back_to(before.rfind(char::is_whitespace).map_or(0, |space| space + 1));
            }
        }
    }

    /// The text around the cursor in at most `width` cells, the cursor drawn as `cursor`.
    pub(super) fn shown(&self, width: usize, cursor: &str) -> String {
        let (before, behind) = self.text.split_at(self.at);
        let room = width.saturating_sub(text::width(cursor));
        let before = text::last(before, room);
        let behind = text::first(behind, room.saturating_sub(text::width(&before)));
        format!("{before}{cursor}{behind}")
    }

    fn before(&self) -> usize {
        self.text[..self.at].char_indices().next_back().map_or(0, |(at, _)| at)
    }

    fn behind(&self) -> usize {
        self.text[self.at..].chars().next().map_or(self.at, |character| self.at + character.len_utf8())
    }

    fn remove_back_to(&mut self, start: usize) {
        self.text.replace_range(start..self.at, "");
        self.at = start;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Input {
        let mut input = Input::default();
        text.chars().for_each(|character| input.insert(character));
        input
    }

    #[test]
    fn text_is_changed_where_the_cursor_stands() {
        let mut input = typed("chätbot-web");
        for _ in 0..9 {
            input.edit(Edit::Left);
        }
        input.edit(Edit::Delete);
        input.insert('a');
        assert_eq!(input.text(), "chatbot-web");
        input.edit(Edit::End);
        input.edit(Edit::Backspace);
        assert_eq!(input.text(), "chatbot-we");
    }

    #[test]
    fn the_word_before_the_cursor_is_deleted() {
        let mut input = typed("wrong vault ");
        input.edit(Edit::Word);
        assert_eq!(input.text(), "wrong ");
        input.edit(Edit::Word);
        input.edit(Edit::Word);
        assert_eq!(input.text(), "");
    }

    #[test]
    fn a_long_text_is_shown_around_its_cursor() {
        let mut input = typed("abcdefghij");
        assert_eq!(input.shown(5, "|"), "ghij|");
        input.edit(Edit::Start);
        assert_eq!(input.shown(5, "|"), "|abcd");
    }

    #[test]
    fn what_cannot_be_seen_is_not_typed() {
        let mut input = typed("a\u{1b}\u{202e}b");
        assert_eq!(input.text(), "ab");
        input.insert_all(" two\nlines\u{7} ");
        assert_eq!(input.text(), "abtwo lines");
    }
}
