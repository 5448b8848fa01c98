use std::ops::Range;

use super::tree::{Comparison, Literal, LiteralKind};
use super::{Flaw, FlawKind};
use crate::base::{Decimal, Span, Value};

/// A word or sign of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) at: Range<usize>,
    pub(super) kind: TokenKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    Name(String),
    Literal(Literal),
    Comparison(Comparison),
    And,
    Or,
    Not,
    Arrow,
    Open,
    Close,
    Comma,
    Dot,
}

/// The largest whole number that every JSON reader keeps exactly.
const INTEGER_MAX: i64 = (1 << 53) - 1;

/// What is not a number, and was perhaps meant as text.
const QUOTE_IT: &str = "put texts in quotes; lengths of time are written as `90s`, `5m` or `1h30m`";

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
    const SIGNS: [(&str, TokenKind); 14] = [
        ("==", TokenKind::Comparison(Comparison::Equal)),
        ("=>", TokenKind::Arrow),
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
        return number(rest);
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
        '+' | '-' | '*' | '/' | '%' => {
            flaw.help("expressions do not calculate; moments are moved by `before` and `after`")
        }
        '[' => flaw.help("write `first(list)` or `last(list)`, or pick items by `filter(list, name => condition)`"),
        '?' => flaw.help("write `if(condition, value, otherwise)`"),
        _ => flaw,
    })
}

fn literal(kind: LiteralKind, value: Value) -> TokenKind {
    TokenKind::Literal(Literal { kind, value })
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
            return Ok((literal(LiteralKind::Text, Value::Text(text)), at + 1));
        }
    }
    Err(Flaw::new(FlawKind::Syntax, 0..rest.len(), format!("the text has no closing {quote}")))
}

/// An integer, a decimal or a length of time.
fn number(rest: &str) -> Result<(TokenKind, usize), Flaw> {
    let sign = usize::from(rest.starts_with('-'));
    let whole = sign + digits(&rest[sign..]);
    let fraction = rest[whole..].strip_prefix('.').map_or(0, digits);
    let length = if fraction > 0 { whole + 1 + fraction } else { whole };
    let after = rest[length..].chars().next().unwrap_or_default();
    if after.is_ascii_alphabetic() || after == '_' {
        return duration(rest).ok_or_else(|| {
            Flaw::new(FlawKind::Syntax, 0..length + 1, "a number is followed by a letter").help(QUOTE_IT)
        });
    }
    if fraction > 0 && after == '.' {
        return Err(Flaw::new(FlawKind::Syntax, 0..length + 1, "a number has two points").help(QUOTE_IT));
    }
    let text = &rest[..length];
    if fraction > 0 {
        return match Decimal::parse(text) {
            Ok(_) => Ok((literal(LiteralKind::Decimal, Value::text(text)), length)),
            Err(why) => Err(Flaw::new(FlawKind::Syntax, 0..length, why)),
        };
    }
    match text.parse::<i64>() {
        Ok(value) if (-INTEGER_MAX..=INTEGER_MAX).contains(&value) => {
            Ok((literal(LiteralKind::Integer, Value::Integer(value)), length))
        }
        _ => Err(Flaw::new(FlawKind::Syntax, 0..length, "the number needs more than 53 bits")),
    }
}

/// How many digits stand at the beginning.
fn digits(text: &str) -> usize {
    text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len())
}

/// A length of time without blanks: digits and a unit, perhaps several times.
fn duration(rest: &str) -> Option<(TokenKind, usize)> {
    let mut length = 0;
    while rest[length..].starts_with(|letter: char| letter.is_ascii_digit()) {
        length += digits(&rest[length..]);
        let unit = rest[length..].find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(rest.len() - length);
        if !matches!(&rest[length..length + unit], "h" | "m" | "s" | "ms") {
            return None;
        }
        length += unit;
    }
    let ends = !rest[length..].starts_with(['_', '.']);
    let text = &rest[..length];
    (ends && Span::parse(text).is_ok()).then(|| (literal(LiteralKind::Duration, Value::text(text)), length))
}
