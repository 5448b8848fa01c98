//! Rust text as tokens: enough to tell a path from a comment, and a test from the code it tests.

use std::ops::Range;

/// One file of Rust, cut into tokens. Comments, strings and character literals are gone, so nothing in them counts.
#[derive(Debug)]
pub(crate) struct Source {
    /// Where the file stands, from the top of the repository, with `/` between the parts.
    pub(crate) path: String,
    /// The text as it is.
    pub(crate) text: String,
    /// What is left without comments and literals.
    pub(crate) tokens: Vec<Token>,
    /// The tokens that are compiled for tests only; all of them in a file of tests.
    tests: Vec<Range<usize>>,
}

/// A token and the line it stands on, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) line: usize,
}

impl Token {
    /// Tells whether the token is a name or a keyword.
    pub(crate) fn is_name(&self) -> bool {
        self.text.starts_with(|first: char| first.is_alphabetic() || first == '_')
    }
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let tokens = tokens(text);
        let whole = is_test_file(path).then_some(0..tokens.len());
        let tests = whole.map_or_else(|| test_items(&tokens), |range| Vec::from([range]));
        Self { path: path.to_owned(), text: text.to_owned(), tokens, tests }
    }

    /// The text of the token at `at`, or nothing beyond the end.
    pub(crate) fn at(&self, at: usize) -> &str {
        text_at(&self.tokens, at)
    }

    /// Tells whether the token at `at` is compiled for tests only.
    pub(crate) fn is_test(&self, at: usize) -> bool {
        self.tests.iter().any(|range| range.contains(&at))
    }

    /// The lines of the file without those of its inline tests.
    pub(crate) fn lines_without_tests(&self) -> usize {
        let all = self.text.lines().count();
        if is_test_file(&self.path) {
            return all;
        }
        let tests: usize = self
            .tests
            .iter()
            .filter_map(|range| Some((self.tokens.get(range.start)?.line, self.tokens.get(range.end - 1)?.line)))
            .map(|(first, last)| last + 1 - first)
            .sum();
        all - tests
    }

    /// Tells whether the tokens from `at` on read as `pattern`.
    pub(crate) fn reads(&self, at: usize, pattern: &[&str]) -> bool {
        pattern.iter().enumerate().all(|(offset, text)| self.at(at + offset) == *text)
    }
}

/// The position after the bracket that closes the one at `open`; the end of the tokens if nothing does.
pub(crate) fn after_closing(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    tokens.len()
}

fn text_at(tokens: &[Token], at: usize) -> &str {
    tokens.get(at).map_or("", |token| token.text.as_str())
}

fn is_test_file(path: &str) -> bool {
    path.split('/').any(|part| part == "tests" || part == "tests.rs")
}

/// The items under `#[cfg(test)]`, from their first attribute to their closing bracket or semicolon.
fn test_items(tokens: &[Token]) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if !(text_at(tokens, at) == "#" && text_at(tokens, at + 1) == "[" && text_at(tokens, at + 2) == "cfg") {
            at += 1;
            continue;
        }
        let end = after_closing(tokens, at + 1);
        let words = || tokens[at..end].iter().map(|token| token.text.as_str());
        if words().any(|word| word == "test") && !words().any(|word| word == "not" || word == "any") {
            let end = after_item(tokens, end);
            found.push(at..end);
            at = end;
        } else {
            at = end;
        }
    }
    found
}

/// The position after the item at `start`. A comma ends a field, a variant or an arm, but no item that has a keyword.
fn after_item(tokens: &[Token], start: usize) -> usize {
    const KEYWORDS: [&str; 8] = ["const", "enum", "fn", "impl", "mod", "struct", "trait", "type"];
    let mut keyword = false;
    let mut at = start;
    while at < tokens.len() {
        match text_at(tokens, at) {
            ";" => return at + 1,
            "," if !keyword => return at + 1,
            "{" => return after_closing(tokens, at),
            "(" | "[" => at = after_closing(tokens, at),
            "}" => return at,
            word => {
                keyword = keyword || KEYWORDS.contains(&word);
                at += 1;
            }
        }
    }
    at
}

fn tokens(text: &str) -> Vec<Token> {
    let mut cursor = Cursor { rest: text, line: 1 };
    let mut tokens = Vec::new();
    while let Some(first) = cursor.rest.chars().next() {
        let line = cursor.line;
        let length = if first.is_whitespace() {
            first.len_utf8()
        } else if let Some(length) = cursor.comment() {
            length
        } else if let Some(length) = cursor.literal() {
            if let Some(path) = path_in_attribute(&tokens, &cursor.rest[..length]) {
                tokens.extend(words(path).into_iter().map(|text| Token { text, line }));
            }
            length
        } else {
            let length = cursor.word();
            let text = cursor.rest[..length].trim_start_matches("r#");
            tokens.push(Token { text: text.to_owned(), line });
            length
        };
        cursor.skip(length);
    }
    tokens
}

/// The path that a string means in an attribute of serde's, such as `#[serde(with = "crate::base::time")]`.
fn path_in_attribute<'a>(tokens: &[Token], literal: &'a str) -> Option<&'a str> {
    const KEYS: [&str; 5] = ["default", "deserialize_with", "serialize_with", "skip_serializing_if", "with"];
    let [.., key, equals] = tokens else { return None };
    let path = literal.strip_prefix('"')?.strip_suffix('"')?;
    let is_path = path.contains("::") && path.chars().all(|next| is_word(next) || next == ':');
    (equals.text == "=" && KEYS.contains(&key.text.as_str()) && is_path).then_some(path)
}

struct Cursor<'a> {
    rest: &'a str,
    line: usize,
}

impl Cursor<'_> {
    fn skip(&mut self, length: usize) {
        self.line += self.rest[..length].matches('\n').count();
        self.rest = &self.rest[length..];
    }

    fn comment(&self) -> Option<usize> {
        if self.rest.starts_with("//") {
            return Some(self.rest.find('\n').unwrap_or(self.rest.len()));
        }
        if !self.rest.starts_with("/*") {
            return None;
        }
        let mut depth = 0_usize;
        let mut at = 0;
        while at < self.rest.len() {
            let here = &self.rest.as_bytes()[at..];
            if here.starts_with(b"/*") {
                depth += 1;
                at += 2;
            } else if here.starts_with(b"*/") {
                depth -= 1;
                at += 2;
            } else {
                at += 1;
            }
            if depth == 0 {
                return Some(at);
            }
        }
        Some(self.rest.len())
    }

    fn literal(&self) -> Option<usize> {
        let prefix = ["br", "cr", "b", "c", "r", ""]
            .into_iter()
            .find(|prefix| self.rest.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(['"', '#', '\''])))?;
        let body = &self.rest[prefix.len()..];
        let hashes = body.len() - body.trim_start_matches('#').len();
        if prefix.ends_with('r') {
            let inside = body[hashes..].strip_prefix('"')?;
            let end = format!("\"{}", "#".repeat(hashes));
            let length = inside.find(&end).map_or(inside.len(), |at| at + end.len());
            return Some(prefix.len() + hashes + 1 + length);
        }
        let quote = body.chars().next().filter(|quote| *quote != '#')?;
        if quote == '\'' && !is_character(body) {
            // A lifetime is no literal; the word that follows its tick is skipped with it.
            let name = body[1..].find(|next: char| !is_word(next)).unwrap_or(body.len() - 1);
            return (prefix.is_empty()).then_some(1 + name);
        }
        Some(prefix.len() + quoted(body, quote))
    }

    fn word(&self) -> usize {
        if self.rest.starts_with("::") || self.rest.starts_with("->") || self.rest.starts_with("=>") {
            return 2;
        }
        let raw = if self.rest.starts_with("r#") { 2 } else { 0 };
        let end = self.rest[raw..].find(|next: char| !is_word(next)).unwrap_or(self.rest.len() - raw);
        match end {
            0 => self.rest.chars().next().map_or(1, char::len_utf8),
            _ => raw + end,
        }
    }
}

/// Tells `'x'` and `'\n'` from the lifetime `'x`.
fn is_character(body: &str) -> bool {
    let mut inside = body.chars().skip(1);
    match inside.next() {
        Some('\\') => true,
        Some(_) => inside.next() == Some('\''),
        None => false,
    }
}

/// The length of the literal at the start of `body`, both quotes counted.
fn quoted(body: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, next) in body.char_indices().skip(1) {
        match next {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if next == quote => return at + 1,
            _ => {}
        }
    }
    body.len()
}

fn is_word(next: char) -> bool {
    next.is_alphanumeric() || next == '_'
}

fn words(text: &str) -> Vec<String> {
    tokens(text).into_iter().map(|token| token.text).collect()
}

#[test]
fn a_path_in_a_string_of_serde_is_code() {
    assert_eq!(words("#[serde(with = \"crate::cli\", rename = \"x::y\")]"), {
        ["#", "[", "serde", "(", "with", "=", "crate", "::", "cli", ",", "rename", "=", ")", "]"]
    });
}

#[test]
fn comments_and_literals_are_not_code() {
    let text = "a // b\n/* c /* d */ e */ f(\"g \\\" h\", r#\"i \" j\"#, b'k', '\\'', '\"', \"l\nm\") n";
    assert_eq!(words(text), ["a", "f", "(", ",", ",", ",", ",", ",", ")", "n"]);
    assert_eq!(tokens(text).last().map(|token| token.line), Some(3));
}

#[test]
fn a_lifetime_does_not_open_a_literal() {
    assert_eq!(words("fn f<'a>(x: &'a str, y: &'static X) -> Y"), {
        ["fn", "f", "<", ">", "(", "x", ":", "&", "str", ",", "y", ":", "&", "X", ")", "->", "Y"]
    });
    assert_eq!(words("r#type::r#fn"), ["type", "::", "fn"]);
}

#[test]
fn inline_tests_are_known_and_not_counted() {
    let source = Source::new(
        "src/base/id.rs",
        "use a;\n#[cfg(test)]\nuse b;\nfn f() {}\n#[cfg(all(test, unix))]\nimpl<A, B> C\nwhere\n    A: B, {\n    \
         fn g() {}\n}\n#[cfg(not(test))]\nfn h() {}\n",
    );
    assert_eq!(source.lines_without_tests(), 4);
    let is_test = |name| source.tokens.iter().position(|token| token.text == name).map(|at| source.is_test(at));
    assert_eq!(["f", "b", "g", "h"].map(is_test), [Some(false), Some(true), Some(true), Some(false)]);
    assert!(Source::new("src/base/tests.rs", "fn f() {}").is_test(0), "a file of tests is a test throughout");
}
