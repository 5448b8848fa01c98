use std::ops::Range;

/// Something in a text that has the shape of a secret, or of a subscription's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Suspect {
    /// Where the part that gives it away stands, in bytes.
    pub(super) at: Range<usize>,
    pub(super) kind: SuspectKind,
    /// What it looks like, with its article.
    pub(super) what: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SuspectKind {
    /// It is a secret, or somebody took pains to make it look like one.
    Secret,
    /// It may be one.
    PerhapsSecret,
    /// It names a subscription or tenant.
    Subscription,
}

use SuspectKind::{PerhapsSecret, Secret, Subscription};

/// Words after which a secret stands, in lower case, and whether what follows is certainly one.
///
/// Redaction knows more of them, because to hide too much costs nothing there; here every finding stops somebody.
const LEADS: [(&str, SuspectKind, &str); 8] = [
    ("accountkey", Secret, "the key of a storage account"),
    ("sharedaccesskey", Secret, "a shared access key"),
    ("sig", Secret, "the signature of a shared access token"),
    ("client_secret", Secret, "a client secret"),
    ("access_token", Secret, "an access token"),
    ("refresh_token", Secret, "a refresh token"),
    ("password", PerhapsSecret, "a password"),
    ("pwd", PerhapsSecret, "a password"),
];

/// Beginnings by which services mark their tokens, so that they are found.
const MARKS: [(&str, &str); 5] = [
    ("ghp_", "a token of GitHub"),
    ("github_pat_", "a token of GitHub"),
    ("glpat-", "a token of GitLab"),
    ("xoxb-", "a token of Slack"),
    ("xoxp-", "a token of Slack"),
];

/// How long a token is that gives itself away; a longer one is no credential.
const TOKEN_MIN: usize = 20;
const TOKEN_MAX: usize = 8_192;
/// How far a value reaches at most.
const VALUE_MAX: usize = 512;
/// How far back a line is read for what an id is about. These bounds also keep the work proportional to the text.
const CONTEXT_MAX: usize = 120;

/// Every suspect in one line, in its order.
pub(super) fn suspects(line: &str) -> Vec<Suspect> {
    let mut found = Vec::new();
    if line.len() < 8 {
        return found;
    }
    armour(line, &mut found);
    credentials_in_address(line, &mut found);
    let mut at = 0;
    while let Some((start, end)) = next_token(line, at) {
        at = end;
        let token = &line[start..end];
        if let Some(suspect) = assigned(line, start, token) {
            at = at.max(suspect.at.end);
            found.push(suspect);
            continue;
        }
        // What stands behind `name=`, without the padding of base64.
        let begin = start + token.trim_end_matches('=').rfind('=').map_or(0, |sign| sign + 1);
        if (TOKEN_MIN..=TOKEN_MAX).contains(&(end - begin))
            && let Some((kind, what)) = by_itself(&line[..begin], &line[begin..end])
        {
            found.push(Suspect { at: begin..end, kind, what });
        }
    }
    found.sort_by_key(|suspect| suspect.at.start);
    found
}

/// What a token is made of: the letters of base64, of addresses and of web tokens.
const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'_' | b'-' | b'.' | b'~' | b'%')
}

fn next_token(line: &str, from: usize) -> Option<(usize, usize)> {
    let bytes = line.as_bytes();
    let start = (from..bytes.len()).find(|at| is_token(bytes[*at]))?;
    let end = (start..bytes.len()).find(|at| !is_token(bytes[*at])).unwrap_or(bytes.len());
    Some((start, end))
}

/// `-----BEGIN … PRIVATE KEY-----` (RFC 7468).
fn armour(line: &str, found: &mut Vec<Suspect>) {
    if let Some(start) = line.find("-----BEGIN ")
        && let Some(length) = line[start..].find("PRIVATE KEY-----")
    {
        let end = start + length + "PRIVATE KEY-----".len();
        found.push(Suspect { at: start..end, kind: Secret, what: "a private key" });
    }
}

/// `scheme://user:password@host`.
fn credentials_in_address(line: &str, found: &mut Vec<Suspect>) {
    for (at, _) in line.match_indices("://") {
        let begin = at + 3;
        let ends = |letter: char| letter.is_whitespace() || "/?'\"".contains(letter);
        let authority = &line[begin..line[begin..].find(ends).map_or(line.len(), |end| begin + end)];
        if let Some((user, _)) = authority.rsplit_once('@')
            && let Some(colon) = user.find(':')
            && is_meant(&user[colon + 1..])
        {
            found.push(Suspect { at: begin + colon + 1..begin + user.len(), kind: Secret, what: "a password" });
        }
    }
}

/// `password=…` and the like; the value reaches further than a token.
fn assigned(line: &str, start: usize, token: &str) -> Option<Suspect> {
    let (name, _) = token.split_once('=')?;
    let name = name.rsplit(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').next()?;
    let (_, kind, what) = LEADS.into_iter().find(|(lead, ..)| name.eq_ignore_ascii_case(lead))?;
    let begin = start + token.find('=')? + 1;
    let begin = begin + usize::from(line[begin..].starts_with(['\'', '"']));
    if line.as_bytes().get(begin).copied().is_none_or(is_placeholder) {
        return None;
    }
    let ends = |letter: char| letter.is_whitespace() || "&;'\"<>,)`".contains(letter);
    let reach = line.floor_char_boundary(begin + VALUE_MAX);
    let end = line[begin..reach].find(ends).map_or(reach, |end| begin + end);
    let value = &line[begin..end];
    let least = if name.eq_ignore_ascii_case("sig") { 20 } else { 6 };
    if value.len() < least || !is_meant(value) {
        return None;
    }
    // Among other parts of a connection string a password is one and no example.
    let among_others = line[end..].starts_with(';') || line[..start].trim_end().ends_with(';');
    let kind = if kind == PerhapsSecret && among_others { Secret } else { kind };
    Some(Suspect { at: begin..end, kind, what })
}

/// Whether a value is one, and not what stands for one in an explanation.
fn is_meant(value: &str) -> bool {
    let first = value.bytes().next();
    value.is_ascii()
        && first.is_some_and(|first| !is_placeholder(first) && value.bytes().any(|byte| byte != first))
        && !value.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

/// Whether what begins so only stands for a value: `<yours>`, `${{ … }}`, `***`.
const fn is_placeholder(first: u8) -> bool {
    matches!(first, b'$' | b'<' | b'{' | b'[' | b'(' | b'*' | b'.' | b'%')
}

/// A token that gives itself away; `before` is the line up to it.
fn by_itself(before: &str, token: &str) -> Option<(SuspectKind, &'static str)> {
    if let Some((_, what)) = MARKS.iter().find(|(mark, _)| token.starts_with(mark)) {
        return Some((Secret, what));
    }
    // RFC 7519: the head is a JSON object, so it begins `eyJ`.
    if token.starts_with("eyJ") && token.split('.').filter(|part| part.len() >= 10).count() >= 2 {
        return Some((Secret, "a JSON web token"));
    }
    // 64 bytes in base64.
    if token.len() == 88 && token.ends_with("==") && !token[..86].contains(['.', '%', '=', '~', '-', '_']) {
        return Some((Secret, "the key of an account"));
    }
    let context = before[before.ceil_char_boundary(before.len().saturating_sub(CONTEXT_MAX))..].to_ascii_lowercase();
    if is_subscription(&context, token) {
        return Some((Subscription, "the id of a subscription or tenant"));
    }
    let part = token.trim_end_matches('=');
    let is_hex = part.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hex && part.bytes().any(|byte| byte.is_ascii_digit()) {
        // 40 digits are a commit, and 64 are a digest where something says so.
        let is_key = matches!(part.len(), 32 | 64) && !context.ends_with("sha256:") && !is_even(part);
        return is_key.then_some((PerhapsSecret, "a key, or the version of a secret"));
    }
    (part.len() >= 32 && looks_random(part)).then_some((PerhapsSecret, "a random value"))
}

/// `/subscriptions/ID`, or an id on a line that speaks of subscriptions or tenants.
fn is_subscription(context: &str, token: &str) -> bool {
    let lower = token.to_ascii_lowercase();
    if let Some((_, rest)) = lower.split_once("subscriptions/") {
        return rest.get(..36).is_some_and(is_guid);
    }
    let is_about_one = context.contains("subscription") || context.contains("tenant");
    is_about_one && is_guid(lower.trim_end_matches(['.', '/']))
}

/// 8-4-4-4-12 hexadecimal digits, and not all the same.
fn is_guid(text: &str) -> bool {
    if text.len() != 36 {
        return false;
    }
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    let digits = || parts.concat();
    lengths == [8, 4, 4, 4, 12] && digits().bytes().all(|byte| byte.is_ascii_hexdigit()) && !is_even(&digits())
}

/// Whether it is one digit over and over, as in examples.
fn is_even(digits: &str) -> bool {
    let first = digits.bytes().next();
    digits.bytes().all(|byte| Some(byte) == first)
}

/// Whether capitals, small letters and digits change as often as in random base64. In names that are put together from
/// words they do not.
fn looks_random(token: &str) -> bool {
    let kinds: Option<Vec<Letter>> = token.bytes().map(Letter::of).collect();
    let Some(kinds) = kinds else { return false };
    let count = |wanted: Letter| kinds.iter().filter(|kind| **kind == wanted).count();
    let changes = kinds.windows(2).filter(|pair| pair[0] != pair[1]).count();
    let mixed = count(Letter::Small) >= 3 && count(Letter::Capital) >= 3 && count(Letter::Digit) >= 2;
    mixed && count(Letter::Sign) * 8 <= kinds.len() && changes * 20 >= kinds.len() * 9
}

/// A letter of base64.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Letter {
    Small,
    Capital,
    Digit,
    Sign,
}

impl Letter {
    const fn of(byte: u8) -> Option<Self> {
        match byte {
            b'a'..=b'z' => Some(Self::Small),
            b'A'..=b'Z' => Some(Self::Capital),
            b'0'..=b'9' => Some(Self::Digit),
            b'+' | b'/' | b'-' | b'_' => Some(Self::Sign),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The kind and the part of each suspect.
    fn found(line: &str) -> Vec<(SuspectKind, &str)> {
        suspects(line).into_iter().map(|suspect| (suspect.kind, &line[suspect.at])).collect()
    }

    /// 64 bytes in base64, made up.
    fn key() -> String {
        format!("{}==", "a1B2c3D4e5F6g7H8i9J0kLmNoPqRsTuVwXyZ".repeat(3).chars().take(86).collect::<String>())
    }

    #[test]
    fn what_is_certainly_a_secret_is_found_with_nothing_around_it() {
        let key = key();
        let token = "eyJ0eXAiOiJKV1QifQ.eyJ0aWQiOiIxMTExIn0.c2lnbmF0dXJl";
        for (line, secret) in [
            (format!("x: {token} # y"), token),
            (format!("AccountName=a;AccountKey={key};EndpointSuffix=b"), key.as_str()),
            (format!("key: '{key}'"), key.as_str()),
            (
                "https://a.blob.core.windows.net/c?sv=1&sig=aB3dEf6hIj9lMn2pQr5tUv%3D&se=2".into(),
                "aB3dEf6hIj9lMn2pQr5tUv%3D",
            ),
            ("Host=h;Password=hunter2!x;Port=1".into(), "hunter2!x"),
            ("url: postgres://app:hunter2@db:5432/x".into(), "hunter2"),
            ("# -----BEGIN RSA PRIVATE KEY-----".into(), "-----BEGIN RSA PRIVATE KEY-----"),
            ("t: ghp_0123456789abcdefABCDEF".into(), "ghp_0123456789abcdefABCDEF"),
            (format!("https://example.com/?token={token}"), token),
        ] {
            assert_eq!(found(&line), [(Secret, secret)], "{line}");
        }
    }

    #[test]
    fn what_may_be_a_secret_is_found_as_such() {
        for (line, part) in [
            ("run it with password=hunter22 first", "hunter22"),
            ("key: 0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef"),
            ("api-key=0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef"),
            ("key: q7Zt4LmP9xYw2Rb8Kc5Vd1Nf6Hs3Jg0T", "q7Zt4LmP9xYw2Rb8Kc5Vd1Nf6Hs3Jg0T"),
        ] {
            assert_eq!(found(line), [(PerhapsSecret, part)], "{line}");
        }
    }

    #[test]
    fn a_subscription_is_known_by_what_is_around_its_id() {
        let id = "1c2b3a49-5e6f-4d7c-8b9a-0f1e2d3c4b5a";
        assert_eq!(found(&format!("subscription: {id}")), [(Subscription, id)]);
        let path = format!("/subscriptions/{id}/resourceGroups/rg");
        assert_eq!(found(&format!("id: {path}")), [(Subscription, path.as_str())]);
        assert_eq!(found(&format!("attempt {id}")), []);
        assert_eq!(found("subscription: 00000000-0000-0000-0000-000000000000"), []);
    }

    #[test]
    fn a_line_without_end_is_read_in_a_moment() {
        for part in ["password=$!", "tenant 1c2b3a49-5e6f-4d7c-8b9a-0f1e2d3c4b5a ", "-", "=", "://", "a:b@"] {
            assert!(suspects(&part.repeat(400_000 / part.len())).len() <= 100_000, "{part}");
        }
    }

    #[test]
    fn what_only_speaks_of_secrets_is_left_alone() {
        for line in [
            "set `password=...` or password=<yours> or password=${{ inputs.x }} or password=PASSWORD",
            "https://learn.microsoft.com/rest/api/keyvault/secrets/set-secret/set-secret?view=rest-keyvault-secrets",
            "image: app@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "commit: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
            "action: keyvault.secret.set and design=abcdefgh and a_rather_long_name_for_a_parameter_of_a_runbook",
            "ServerlessRealTimeAnalytics2024PreviewFeature",
            "----------------------------------------------------------------------------------------",
            "question: is it 12:30 or 11:45 at user@example.com?",
        ] {
            assert_eq!(found(line), [], "{line}");
        }
    }
}
