use std::ops::Range;

use super::Place;

/// A part of a file as the author wrote it: nothing is typed, and every part knows its place.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    /// Where it stands.
    pub(crate) place: Place,
    /// What it is.
    pub(crate) form: Form,
}

/// What a part of a file is.
#[derive(Clone, Debug)]
pub(crate) enum Form {
    /// Text, a number, a word: the text as the author meant it, after YAML's quoting and folding.
    Scalar(Scalar),
    /// A list.
    List(Vec<Written>),
    /// Keys and values, in the author's order; each key once.
    Mapping(Vec<Entry>),
    /// Something that was refused, and about which there is a finding already.
    Refused,
}

/// A scalar.
#[derive(Clone, Debug)]
pub(crate) struct Scalar {
    /// The text, unquoted and unfolded.
    pub(crate) text: String,
    /// Whether it was quoted, which makes `"1"` a text and `1` a number.
    pub(crate) quoting: Quoting,
}

/// How a scalar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quoting {
    /// Bare.
    Plain,
    /// In quotes, or as a block.
    Quoted,
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The key.
    pub(crate) key: String,
    /// Where the key stands.
    pub(crate) key_place: Place,
    /// The value.
    pub(crate) value: Written,
}

impl Written {
    /// The place to point at when something is missing from it: the first key of a mapping, the first item of a list.
    pub(crate) fn head(&self) -> Place {
        match &self.form {
            Form::Mapping(entries) => entries.first().map_or(self.place, |entry| entry.key_place),
            Form::List(items) => items.first().map_or(self.place, Self::head),
            Form::Scalar(_) | Form::Refused => self.place,
        }
    }

    /// What it is, for a person.
    pub(crate) fn described(&self) -> &'static str {
        match &self.form {
            Form::Scalar(scalar) if scalar.is_absent() => "nothing",
            Form::Scalar(_) => "a text",
            Form::List(_) => "a list",
            Form::Mapping(_) => "a mapping",
            Form::Refused => "refused",
        }
    }

    /// The text, if it is a scalar that says something.
    pub(crate) fn scalar(&self) -> Option<&Scalar> {
        match &self.form {
            Form::Scalar(scalar) if !scalar.is_absent() => Some(scalar),
            _ => None,
        }
    }

    /// The value of a key, if it is a mapping that has it.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.form {
            Form::Mapping(entries) => entries.iter().find(|entry| entry.key == key),
            _ => None,
        }
    }

    /// Where the bytes `range` of this scalar's text stand in the source. Quoting, escapes and folding shift them; where
    /// they cannot be followed, the whole scalar is the place.
    pub(crate) fn place_within(&self, source: &str, range: &Range<usize>) -> Place {
        let Form::Scalar(scalar) = &self.form else { return self.place };
        let Some(raw) = source.get(self.place.start..self.place.end) else { return self.place };
        match (follow(raw, &scalar.text, range.start), follow(raw, &scalar.text, range.end)) {
            (Some(start), Some(end)) => {
                // Blanks of a fold or of an indentation before the part do not belong to it.
                let meant = scalar.text.get(range.clone()).is_some_and(|part| part.starts_with(char::is_whitespace));
                let rest = raw.get(start..end).unwrap_or_default();
                let blanks = if meant { 0 } else { rest.len() - rest.trim_start().len() };
                Place::new(self.place.start + start + blanks, self.place.start + end.max(start))
            }
            _ => self.place,
        }
    }
}

impl Scalar {
    /// `key:` without a value, `~` and `null` all say nothing.
    pub(crate) fn is_absent(&self) -> bool {
        self.quoting == Quoting::Plain && matches!(self.text.as_str(), "" | "~" | "null")
    }
}

/// Walks the raw text of a scalar until `offset` bytes of its meaning have passed.
fn follow(raw: &str, text: &str, offset: usize) -> Option<usize> {
    let quote = raw.chars().next().filter(|quote| matches!(quote, '\'' | '"'));
    let mut at = usize::from(quote.is_some());
    for (_, wanted) in text.char_indices().take_while(|(index, _)| *index < offset) {
        let rest = raw.get(at..)?;
        let found = rest.chars().next()?;
        at += if quote == Some('"') && found == '\\' {
            escape_length(rest)
        } else if found == wanted {
            let doubled = quote == Some('\'') && found == '\'';
            found.len_utf8() + usize::from(doubled)
        } else {
            // Folding: a line break, with the blanks around it, has become one blank or none.
            let folded = rest.trim_start();
            let blanks = rest.len() - folded.len();
            match folded.chars().next() {
                _ if wanted.is_whitespace() => blanks,
                Some(next) if next == wanted => blanks + next.len_utf8(),
                _ => return None,
            }
        };
    }
    Some(at)
}

/// The length of an escape in double quotes (YAML 1.2.2 §5.7).
fn escape_length(rest: &str) -> usize {
    let digits = match rest.as_bytes().get(1) {
        Some(b'x') => 2,
        Some(b'u') => 4,
        Some(b'U') => 8,
        _ => 0,
    };
    let letter = rest.chars().nth(1).map_or(0, char::len_utf8);
    (1 + letter + digits).min(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn located(raw: &str, text: &str, part: &str) -> String {
        let written = Written {
            place: Place::new(0, raw.len()),
            form: Form::Scalar(Scalar { text: text.into(), quoting: Quoting::Quoted }),
        };
        let start = text.find(part).unwrap();
        let place = written.place_within(raw, &(start..start + part.len()));
        raw[place.start..place.end].to_owned()
    }

    #[test]
    fn a_part_of_a_scalar_is_found_through_quotes_escapes_and_folds() {
        assert_eq!(located("plain é part", "plain é part", "part"), "part");
        assert_eq!(located("'it''s a part'", "it's a part", "part"), "part");
        assert_eq!(located(r#""a\n\x41 é \"part\"""#, "a\nA é \"part\"", "part"), "part");
        assert_eq!(located("folded\n    to one part", "folded to one part", "part"), "part");
        assert_eq!(located("one\n  two\n  part", "one\ntwo\npart\n", "part"), "part");
    }
}
