use std::io::{self, Write};
use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::Value as Json;
use url::form_urlencoded;
use zeroize::{Zeroize as _, Zeroizing};

/// What stands where a secret stood.
pub const REDACTED: &str = "«redacted»";

/// A value shorter than this is not looked for: it would black out half of every text.
const SHORTEST: usize = 6;

/// Takes secrets out of texts: values that were resolved in this process, in the forms in which they travel, and
/// whatever has the shape of a credential. Clones share what they know.
///
/// It does not find a value that was cut, encrypted, or put into a larger base64 text.
#[derive(Clone, Default)]
pub struct Redactor {
    known: Arc<RwLock<Vec<Zeroizing<String>>>>,
}

impl Redactor {
    /// Knows no value yet, only shapes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Learns a secret: as it is, in base64 (standard and URL-safe, with and without padding), percent-encoded and
    /// JSON-escaped, and each long line of it. Values of fewer than 6 characters are not learnt.
    pub fn learn(&self, secret: &str) {
        let mut forms: Vec<Zeroizing<String>> = Vec::new();
        let mut push = |form: String| {
            let form = Zeroizing::new(form);
            if form.chars().count() >= SHORTEST && !forms.contains(&form) {
                forms.push(form);
            }
        };
        if secret.chars().count() < SHORTEST {
            return;
        }
        push(secret.to_owned());
        for engine in [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD] {
            push(engine.encode(secret));
        }
        push(form_urlencoded::byte_serialize(secret.as_bytes()).collect());
        push(percent_encoded(secret));
        let quoted = Zeroizing::new(Json::String(secret.to_owned()).to_string());
        push(quoted[1..quoted.len() - 1].to_owned());
        // A log is redacted line by line, so a secret of several lines is known by its lines too.
        secret.lines().filter(|line| line.len() >= 2 * SHORTEST).for_each(|line| push(line.trim().to_owned()));
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        for form in forms {
            if !known.contains(&form) {
                known.push(form);
            }
        }
        // Longest first, so that a padded form is not left with its padding.
        known.sort_by_key(|form| std::cmp::Reverse(form.len()));
    }

    /// The text without secrets.
    pub fn redact(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for form in self.known.read().unwrap_or_else(PoisonError::into_inner).iter() {
            if text.contains(form.as_str()) {
                text = text.replace(form.as_str(), REDACTED);
            }
        }
        without_shapes(&text)
    }

    /// The words of a command line without secrets: what follows an option such as `--password` is one, whatever it is.
    pub fn redact_words(&self, words: &[String]) -> Vec<String> {
        let mut after_option = false;
        let redacted = words.iter().map(|word| {
            let is_secret = std::mem::replace(&mut after_option, word.starts_with("--") && is_secrets_name(word));
            if is_secret { REDACTED.to_owned() } else { self.redact(word) }
        });
        redacted.collect()
    }

    /// Redacts every text inside a JSON value; names of members stay.
    pub fn redact_json(&self, json: &mut Json) {
        match json {
            Json::String(text) => {
                let redacted = self.redact(text);
                if redacted != *text {
                    text.zeroize();
                    *text = redacted;
                }
            }
            Json::Array(items) => items.iter_mut().for_each(|item| self.redact_json(item)),
            Json::Object(members) => members.values_mut().for_each(|member| self.redact_json(member)),
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Redactor")
    }
}

/// RFC 3986 §2.1: everything but unreserved characters, with `%20` for a space.
fn percent_encoded(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Words after which a secret stands, up to the next separator. Compared without regard to case.
const LEADS: [&str; 3] = ["bearer ", "basic ", "sig="];

/// How names of secrets end, in lower case and without what is neither letter nor digit: `PGPASSWORD`, `api-key`,
/// `administratorLoginPassword`, `Ocp-Apim-Subscription-Key`.
const NAMES: [&str; 19] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "clientsecret",
    "clientassertion",
    "apikey",
    "accountkey",
    "accesskey",
    "sharedaccesskey",
    "adminkey",
    "masterkey",
    "primarykey",
    "secondarykey",
    "subscriptionkey",
    "accesstoken",
    "refreshtoken",
    "idtoken",
    "connectionstring",
];

/// How names of environment variables and settings end that hold secrets; the part before the line says whose.
const VARIABLES: [&str; 3] = ["_secret", "_key", "_token"];

/// After the name of a scheme a word may stand as well ("a Bearer token"): only what is this long is a credential.
const SHORTEST_CREDENTIAL: usize = 16;

fn is_secrets_name(name: &str) -> bool {
    let name: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
    NAMES.iter().any(|end| name.ends_with(end))
}

fn without_shapes(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut out = String::with_capacity(text.len());
    // In what the Azure CLI says of a secret of a vault, the secret stands under `value`.
    let of_vault = lower.contains(".vault.azure.net/secrets/");
    let mut at = 0;
    while at < text.len() {
        match shape_at(text, &lower, at, of_vault) {
            Some((keep, end)) => {
                out.push_str(&text[at..keep]);
                out.push_str(REDACTED);
                at = end;
            }
            None => {
                let step = text[at..].chars().next().map_or(1, char::len_utf8);
                out.push_str(&text[at..at + step]);
                at += step;
            }
        }
    }
    out
}

/// If a credential's shape begins at `at`: where its secret part begins and ends.
fn shape_at(text: &str, lower: &str, at: usize, of_vault: bool) -> Option<(usize, usize)> {
    let starts_word = !lower[..at].ends_with(|before: char| before.is_ascii_alphanumeric());
    if starts_word {
        if let Some(lead) = LEADS.iter().find(|lead| lower[at..].starts_with(**lead)) {
            let found = secret_after(text, at + lead.len());
            return found.filter(|(begin, end)| lead.ends_with('=') || end - begin >= SHORTEST_CREDENTIAL);
        }
        if let Some(end) = web_token_end(&text[at..]) {
            return Some((at, at + end));
        }
        if let Some(found) = named_at(text, lower, at) {
            return Some(found);
        }
    }
    if lower[at..].starts_with('"')
        && let Some(found) = member_at(text, lower, at, of_vault)
    {
        return Some(found);
    }
    if lower[at..].starts_with("://") {
        let authority_end = text[at + 3..].find(|end: char| end == '/' || end == '?' || end.is_whitespace());
        let authority = &text[at + 3..authority_end.map_or(text.len(), |end| at + 3 + end)];
        let user = &authority[..authority.rfind('@')?];
        return Some((at + 4 + user.find(':')?, at + 3 + user.len()));
    }
    None
}

/// The value behind a secret's name: `NAME=value`, `NAME: value`, or `--NAME value`.
fn named_at(text: &str, lower: &str, at: usize) -> Option<(usize, usize)> {
    // A name is looked at from its beginning only, however many words it is put together from.
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
    if lower[..at].ends_with(is_letter) && !lower[..at].ends_with("--") {
        return None;
    }
    let end = at + lower[at..].find(|letter: char| !is_letter(letter))?;
    let (name, rest) = (&lower[at..end], &lower[end..]);
    let is_variable = VARIABLES.iter().any(|end| name.len() > end.len() && name.ends_with(end));
    if rest.starts_with('=') && (is_variable || is_secrets_name(name)) {
        return secret_after(text, end + 1);
    }
    if !is_secrets_name(name) {
        return None;
    }
    let is_option = lower[..at].ends_with("--") || name.starts_with("--");
    let gap = rest.strip_prefix(':').or_else(|| rest.strip_prefix(' ').filter(|_| is_option))?;
    let gap = gap.strip_prefix(' ').unwrap_or(gap);
    secret_after(text, text.len() - gap.len())
}

/// The value of a member of a JSON text whose name is a secret's, or `value` in what is said of a vault.
fn member_at(text: &str, lower: &str, at: usize, of_vault: bool) -> Option<(usize, usize)> {
    let name = &lower[at + 1..at + 1 + lower[at + 1..].find('"')?];
    if name.len() > 64 || !(is_secrets_name(name) || (of_vault && name == "value")) {
        return None;
    }
    let rest = &lower[at + 2 + name.len()..];
    let inside = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    let begin = text.len() - inside.len();
    Some((begin, begin + quoted_end(&text[begin..])))
}

fn secret_after(text: &str, begin: usize) -> Option<(usize, usize)> {
    if let Some(rest) = text[begin..].strip_prefix(['"', '\'']) {
        let quote = &text[begin..=begin];
        return Some((begin + 1, begin + 1 + rest.find(quote).unwrap_or(rest.len())));
    }
    let ends = |c: char| c.is_whitespace() || "&;\"'<>,)".contains(c);
    let end = text[begin..].find(ends).map_or(text.len(), |end| begin + end);
    // The mark itself is not redacted again.
    (end > begin && !text[begin..].starts_with(REDACTED)).then_some((begin, end))
}

/// The end of a JSON Web Token (RFC 7519) at the beginning of `text`: its head is a JSON object, so it begins `eyJ`.
fn web_token_end(text: &str) -> Option<usize> {
    if !text.starts_with("eyJ") {
        return None;
    }
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.=".contains(c))).unwrap_or(text.len());
    (text[..end].matches('.').count() >= 1 && end > 20).then_some(end)
}

fn quoted_end(text: &str) -> usize {
    let mut escaped = false;
    for (index, c) in text.char_indices() {
        match c {
            '"' if !escaped => return index,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// The longest line that is held back until its end is seen.
const LONGEST_LINE: usize = 1 << 20;
/// What of a longer line is still held back, so that a secret at its end is found when the rest arrives.
const HELD_BACK: usize = 8 << 10;

/// Writes through a [`Redactor`], line by line: a secret that arrives in two writes is found.
///
/// [`Write::flush`] passes on whole lines only; the last, unfinished one is written when the writer is dropped. A
/// failing write loses the line that failed.
#[derive(Debug)]
pub struct RedactingWriter<W: Write> {
    inner: W,
    redactor: Redactor,
    line: Vec<u8>,
}

impl<W: Write> RedactingWriter<W> {
    /// Writes to `inner` what `redactor` leaves.
    pub const fn new(inner: W, redactor: Redactor) -> Self {
        Self { inner, redactor, line: Vec::new() }
    }

    fn write_lines(&mut self) -> io::Result<()> {
        if let Some(end) = self.line.iter().rposition(|byte| *byte == b'\n') {
            let rest = self.line.split_off(end + 1);
            let lines = Zeroizing::new(std::mem::replace(&mut self.line, rest));
            for line in lines.split_inclusive(|byte| *byte == b'\n') {
                self.inner.write_all(self.redactor.redact(&String::from_utf8_lossy(line)).as_bytes())?;
            }
        }
        if self.line.len() > LONGEST_LINE {
            let redacted = self.redactor.redact(&String::from_utf8_lossy(&self.line));
            let cut = redacted.floor_char_boundary(redacted.len().saturating_sub(HELD_BACK));
            self.line.zeroize();
            self.line.extend_from_slice(&redacted.as_bytes()[cut..]);
            self.inner.write_all(&redacted.as_bytes()[..cut])?;
        }
        Ok(())
    }
}

impl<W: Write> Write for RedactingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.line.extend_from_slice(bytes);
        self.write_lines()?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<W: Write> Drop for RedactingWriter<W> {
    fn drop(&mut self) {
        let rest = self.redactor.redact(&String::from_utf8_lossy(&self.line));
        self.line.zeroize();
        // Nobody is left to tell.
        let _ = self.inner.write_all(rest.as_bytes()).and_then(|()| self.inner.flush());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "p4$$ w/rd+\"ü\"==";

    #[test]
    fn a_known_value_is_found_in_every_form_in_which_it_travels() {
        let redactor = Redactor::new();
        redactor.learn(SECRET);
        let forms = [
            SECRET.to_owned(),
            STANDARD.encode(SECRET),
            URL_SAFE_NO_PAD.encode(SECRET),
            percent_encoded(SECRET),
            form_urlencoded::byte_serialize(SECRET.as_bytes()).collect(),
            serde_json::to_string(SECRET).unwrap().trim_matches('"').to_owned(),
        ];
        for form in forms {
            let redacted = redactor.redact(&format!("before {form} after"));
            assert_eq!(redacted, format!("before {REDACTED} after"), "{form}");
        }
    }

    #[test]
    fn a_short_value_is_not_learnt_because_it_would_black_out_everything() {
        let redactor = Redactor::new();
        redactor.learn("abc");
        assert_eq!(redactor.redact("abc"), "abc");
    }

    #[test]
    fn whatever_looks_like_a_credential_is_taken_out_and_the_rest_stays() {
        let redactor = Redactor::new();
        let token = "eyJ0eXAiOiJKV1QifQ.eyJ0aWQiOiIxMTExIn0.c2lnbmF0dXJl";
        for (text, expected) in [
            (format!("Authorization: Bearer {token}\r"), format!("Authorization: Bearer {REDACTED}\r")),
            ("Request is missing a Bearer or PoP token.".into(), "Request is missing a Bearer or PoP token.".into()),
            (format!("token {token}, then"), format!("token {REDACTED}, then")),
            ("https://x?sv=1&sig=abc%2Fdef&se=2".into(), format!("https://x?sv=1&sig={REDACTED}&se=2")),
            ("AccountKey=abc==;EndpointSuffix=x".into(), format!("AccountKey={REDACTED};EndpointSuffix=x")),
            ("Host=h;Password=hunter2;Port=1".into(), format!("Host=h;Password={REDACTED};Port=1")),
            ("host=h pwd='hun ter' port=1".into(), format!("host=h pwd='{REDACTED}' port=1")),
            ("postgres://app:hunter2@db:5432/x".into(), format!("postgres://app:{REDACTED}@db:5432/x")),
            (r#"{"access_token": "a\"b", "n": 1}"#.into(), format!(r#"{{"access_token": "{REDACTED}", "n": 1}}"#)),
            ("env PGPASSWORD=Sup3r psql".into(), format!("env PGPASSWORD={REDACTED} psql")),
            ("api-key: 0123abc".into(), format!("api-key: {REDACTED}")),
            ("Ocp-Apim-Subscription-Key: 0123abc\r".into(), format!("Ocp-Apim-Subscription-Key: {REDACTED}\r")),
            ("az x --admin-password Hunter2 -g rg".into(), format!("az x --admin-password {REDACTED} -g rg")),
            (
                "SESSION_SECRET=abc DATABASE_KEY=def".into(),
                format!("SESSION_SECRET={REDACTED} DATABASE_KEY={REDACTED}"),
            ),
            (r#"{"primaryKey": "a", "name": "b"}"#.into(), format!(r#"{{"primaryKey": "{REDACTED}", "name": "b"}}"#)),
            (
                r#"{"id": "https://v.vault.azure.net/secrets/a/1", "value": "x"}"#.into(),
                format!(r#"{{"id": "https://v.vault.azure.net/secrets/a/1", "value": "{REDACTED}"}}"#),
            ),
            (r#"{"value": "x"} -i secret=session-secret"#.into(), r#"{"value": "x"} -i secret=session-secret"#.into()),
            ("a password was changed; the key: 7".into(), "a password was changed; the key: 7".into()),
            ("design=abc https://learn.microsoft.com/a@b".into(), "design=abc https://learn.microsoft.com/a@b".into()),
        ] {
            assert_eq!(redactor.redact(&text), expected, "{text}");
        }
    }

    #[test]
    fn the_word_behind_an_option_for_a_secret_is_one() {
        let words = ["az", "login", "--password", "Hunter2", "--tenant", "t"].map(str::to_owned);
        assert_eq!(Redactor::new().redact_words(&words), ["az", "login", "--password", REDACTED, "--tenant", "t"]);
    }

    #[test]
    fn redacting_twice_changes_nothing() {
        let redactor = Redactor::new();
        let once = redactor.redact("Password=hunter2; Bearer abcdefghijklmnopqrst");
        assert_eq!(redactor.redact(&once), once);
    }

    #[test]
    fn a_secret_that_arrives_in_two_writes_of_one_line_is_found() {
        let redactor = Redactor::new();
        redactor.learn("correct-horse-battery");
        let mut out = Vec::new();
        let mut writer = RedactingWriter::new(&mut out, redactor);
        writer.write_all(b"value correct-hor").unwrap();
        writer.flush().unwrap();
        writer.write_all(b"se-battery\nnext correct-horse").unwrap();
        writer.write_all(b"-battery").unwrap();
        drop(writer);
        assert_eq!(String::from_utf8(out).unwrap(), format!("value {REDACTED}\nnext {REDACTED}"));
    }

    #[test]
    fn a_line_without_end_is_written_in_parts_and_a_secret_across_two_parts_is_found() {
        let redactor = Redactor::new();
        redactor.learn("correct-horse-battery");
        let mut out = Vec::new();
        let mut writer = RedactingWriter::new(&mut out, redactor);
        let mut long = vec![b'x'; LONGEST_LINE];
        long.extend_from_slice(b" correct-horse");
        writer.write_all(&long).unwrap();
        writer.write_all(b"-battery\n").unwrap();
        drop(writer);
        let text = String::from_utf8(out).unwrap();
        assert!(text.ends_with(&format!("x {REDACTED}\n")));
        assert!(!text.contains("battery"));
    }

    #[test]
    fn texts_inside_json_are_redacted_where_they_stand() {
        let redactor = Redactor::new();
        redactor.learn("correct-horse-battery");
        let mut json = serde_json::json!({"error": {"message": "got correct-horse-battery", "n": [1, "ok"]}});
        redactor.redact_json(&mut json);
        assert_eq!(json["error"]["message"], format!("got {REDACTED}"));
        assert_eq!(json["error"]["n"][1], "ok");
    }
}
