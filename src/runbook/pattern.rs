use regex_lite::{Regex, RegexBuilder};

/// A pattern that an input must match whole.
///
/// The language is that of `regex-lite`: linear in time, without look-around and back references.
#[derive(Debug)]
pub(crate) struct Pattern(Regex);

impl Pattern {
    /// Reads a pattern; the sentence says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        // Compiled alone first, so that an unbalanced `)` cannot close the group that makes the match whole.
        let compile = |text: &str| RegexBuilder::new(text).size_limit(1 << 20).nest_limit(50).build();
        compile(text)
            .and_then(|_| compile(&format!("^(?:{text})$")))
            .map(Self)
            .map_err(|error| format!("`{text}` is not a regular expression: {error}"))
    }

    /// Tells whether the whole text matches.
    pub(crate) fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_the_whole_text_and_never_a_part() {
        let pattern = Pattern::parse("a|b").unwrap();
        assert!(pattern.matches("a") && pattern.matches("b"));
        assert!(!pattern.matches("ab") && !pattern.matches("a\n"));
        assert!(Pattern::parse("a)(b").is_err());
    }
}
