//! The text of a statement, taken apart into words, names, texts, numbers and signs.

use super::statement::Refusal;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    /// A name or keyword, in lower case unless it was quoted.
    Word(String),
    Quoted(String),
    Text(String),
    Number(i64),
    Sign(&'static str),
}

const SIGNS: [&str; 14] = ["<>", "!=", "<=", ">=", "::", "<", ">", "=", "(", ")", ",", ";", "*", "."];

/// The parts of a text.
pub(crate) fn tokens(text: &str) -> Result<Vec<Token>, Refusal> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            tokens.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        } else if first == '\'' || first == '"' {
            let (content, after) = quoted(&rest[1..], first)?;
            tokens.push(if first == '"' { Token::Quoted(content) } else { Token::Text(content) });
            rest = after;
        } else {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            let token = match (word.parse(), word.starts_with(|c: char| c.is_alphabetic() || c == '_')) {
                (Ok(number), false) => Token::Number(number),
                (_, true) => Token::Word(word.to_lowercase()),
                _ => return Err(syntax(&first.to_string())),
            };
            tokens.push(token);
            rest = after;
        }
        rest = rest.trim_start();
    }
    Ok(tokens)
}

/// What stands until the closing quote, of which two stand for one; and what follows.
fn quoted(text: &str, quote: char) -> Result<(String, &str), Refusal> {
    let mut content = String::new();
    let mut rest = text;
    loop {
        let Some((before, after)) = rest.split_once(quote) else {
            return Err(Refusal::new("42601", "unterminated quoted string"));
        };
        content.push_str(before);
        match after.strip_prefix(quote) {
            Some(after) => {
                content.push(quote);
                rest = after;
            }
            None => return Ok((content, after)),
        }
    }
}

/// What PostgreSQL says of a text that is no SQL.
pub(crate) fn syntax(near: &str) -> Refusal {
    Refusal::new("42601", format!("syntax error at or near \"{near}\""))
}

/// The part as somebody would write it.
pub(crate) fn shown(token: &Token) -> String {
    match token {
        Token::Word(text) | Token::Quoted(text) => text.clone(),
        Token::Text(text) => format!("'{text}'"),
        Token::Number(number) => number.to_string(),
        Token::Sign(sign) => (*sign).to_owned(),
    }
}
