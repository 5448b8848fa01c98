use std::ops::Range;

use super::tree::Comparison;
use super::{Flaw, FlawKind};

/// A word or sign of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) at: Range<usize>,
    pub(super) kind: TokenKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    Name(String),
    Text(String),
    Integer(i64),
    Comparison(Comparison),
    And,
    Or,
    Not,
    Open,
    Close,
    Comma,
    Dot,
}

/// The largest whole number that every JSON reader keeps exactly.
const INTEGER_MAX: i64 = (1 << 53) - 1;

/// Takes a text apart.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Flaw> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(letter) = text[at..].chars().next() {
        if letter.is_whitespace() {
            at += letter.len_utf8();
            continue;
        }
        let (kind, length) = token(&text[at..]).map_err(|flaw| flaw.moved(at))?;
        found.push(Token { at: at..at + length, kind });
        at += length;
    }
    Ok(found)
}

/// The token at the beginning of `rest`, and its length in bytes.
fn token(rest: &str) -> Result<(TokenKind, usize), Flaw> {
    const SIGNS: [(&str, TokenKind); 13] = [
        ("==", TokenKind::Comparison(Comparison::Equal)),
        ("!=", TokenKind::Comparison(Comparison::NotEqual)),
        ("<=", TokenKind::Comparison(Comparison::LessOrEqual)),
        (">=", TokenKind::Comparison(Comparison::GreaterOrEqual)),
        ("<", TokenKind::Comparison(Comparison::Less)),
        (">", TokenKind::Comparison(Comparison::Greater)),
        ("&&", TokenKind::And),
        ("||", TokenKind::Or),
        ("!", TokenKind::Not),
        ("(", TokenKind::Open),
        (")", TokenKind::Close),
        (",", TokenKind::Comma),
        (".", TokenKind::Dot),
    ];
    if let Some((sign, kind)) = SIGNS.into_iter().find(|(sign, _)| rest.starts_with(sign)) {
        return Ok((kind, sign.len()));
    }
    let first = rest.chars().next().unwrap_or_default();
    if first == '\'' || first == '"' {
        return quoted(rest, first);
    }
    if first.is_ascii_digit() || (first == '-' && rest[1..].starts_with(|next: char| next.is_ascii_digit())) {
        return integer(rest);
    }
    if first.is_ascii_alphabetic() || first == '_' {
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
        let length = rest.find(|letter| !is_part(letter)).unwrap_or(rest.len());
        return Ok((TokenKind::Name(rest[..length].to_owned()), length));
    }
    let flaw = Flaw::new(FlawKind::Syntax, 0..first.len_utf8(), format!("`{first}` has no meaning here"));
    Err(match first {
        '=' => flaw.help("write `==` to compare"),
        '&' => flaw.help("write `&&` for and"),
        '|' => flaw.help("write `||` for or"),
        '+' | '-' | '*' | '/' | '%' => flaw.help("expressions do not calculate"),
        '[' => flaw.help("write `first(list)` for the first item; others cannot be picked"),
        _ => flaw,
    })
}

fn quoted(rest: &str, quote: char) -> Result<(TokenKind, usize), Flaw> {
    let mut text = String::new();
    let mut letters = rest.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        if letter != quote {
            text.push(letter);
        } else if letters.peek().is_some_and(|(_, next)| *next == quote) {
            letters.next();
            text.push(quote);
        } else {
            return Ok((TokenKind::Text(text), at + 1));
        }
    }
    Err(Flaw::new(FlawKind::Syntax, 0..rest.len(), format!("the text has no closing {quote}")))
}

fn integer(rest: &str) -> Result<(TokenKind, usize), Flaw> {
    let sign = usize::from(rest.starts_with('-'));
    let digits = rest[sign..].find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len() - sign);
    let length = sign + digits;
    if rest[length..].starts_with(|next: char| next.is_ascii_alphabetic() || next == '_') {
        let flaw = Flaw::new(FlawKind::Syntax, 0..length + 1, "a number is followed by a letter");
        return Err(flaw.help("put texts in quotes"));
    }
    match rest[..length].parse::<i64>() {
        Ok(value) if value.abs() <= INTEGER_MAX => Ok((TokenKind::Integer(value), length)),
        _ => Err(Flaw::new(FlawKind::Syntax, 0..length, "the number needs more than 53 bits")),
    }
}
