use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use git2::{Config, ErrorCode};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use crate::base::Timestamp;
use crate::world::WorldError;

/// The keys that may sign, and for whom: an allowed-signers file, whose format is that of ssh-keygen(1).
///
/// A line that cannot be understood whole allows nobody, and is told.
#[derive(Clone, Debug, Default)]
pub struct AllowedSigners {
    entries: Vec<Entry>,
    faults: Vec<String>,
}

/// A line: one key.
#[derive(Clone, Debug)]
struct Entry {
    principals: String,
    authority: bool,
    namespaces: Option<String>,
    after: Option<Timestamp>,
    before: Option<Timestamp>,
    key: KeyData,
}

/// What a key may do.
pub(super) enum Permission {
    /// It may sign, for these principals as they are written.
    Granted(String),
    /// It may not, and why.
    Refused(String),
}

/// The namespace in which git signs.
pub(super) const NAMESPACE: &str = "git";
/// Such a file lists people. One that is larger is something else.
const BYTES_MOST: u64 = 1 << 20;

/// The allowed-signers file that the user's own git configuration names under `gpg.ssh.allowedSignersFile`; nothing if it
/// names none.
///
/// Only the configuration of the user and of the machine is asked. What a repository says about who may sign in it proves
/// nothing, and so is never read.
///
/// # Errors
/// The configuration cannot be read, or the path in it is relative: that would be a file of whatever folder the program
/// is started in.
pub fn usual_allowed_signers() -> Result<Option<PathBuf>, WorldError> {
    const KEY: &str = "gpg.ssh.allowedSignersFile";
    // Only of a snapshot can values be had; the path of one has its `~/` expanded.
    let path = Config::open_default().and_then(|mut config| config.snapshot()?.get_path(KEY));
    match path {
        Ok(path) if path.is_absolute() => Ok(Some(path)),
        Ok(path) => Err(WorldError::RelativeSigners(path)),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(source) => Err(WorldError::GitConfiguration(source)),
    }
}

impl AllowedSigners {
    /// Reads a file.
    ///
    /// # Errors
    /// It is not there, cannot be read, is not UTF-8, or has more than a megabyte.
    pub fn read(path: &Path) -> Result<Self, WorldError> {
        let failed = |source| WorldError::Signers { path: path.to_owned(), source };
        let mut text = String::new();
        File::open(path).map_err(failed)?.take(BYTES_MOST + 1).read_to_string(&mut text).map_err(failed)?;
        if text.len() as u64 > BYTES_MOST {
            return Err(failed(std::io::Error::other("it has more than a megabyte")));
        }
        Ok(Self::parse(&text))
    }

    /// Reads a text.
    pub fn parse(text: &str) -> Self {
        let mut signers = Self::default();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match entry(line) {
                Ok(entry) => signers.entries.push(entry),
                Err(why) => signers.faults.push(format!("line {number}: {why}")),
            }
        }
        signers
    }

    /// The lines that allow nobody because they cannot be understood, each with its number and what is wrong.
    pub fn faults(&self) -> &[String] {
        &self.faults
    }

    /// Whether `key` may sign in git's namespace what was signed at that moment.
    pub(super) fn permission(&self, key: &KeyData, at: Timestamp) -> Permission {
        let mut refused = None;
        for entry in self.entries.iter().filter(|entry| entry.key == *key) {
            match entry.objection(at) {
                None => return Permission::Granted(entry.principals.clone()),
                Some(why) => refused = refused.or(Some(why)),
            }
        }
        Permission::Refused(refused.unwrap_or_else(|| "the key is not among the allowed signers".to_owned()))
    }
}

impl Entry {
    fn objection(&self, at: Timestamp) -> Option<String> {
        let Self { authority, namespaces, after, before, principals, .. } = self;
        if *authority {
            return Some("the key is listed as an authority for certificates, which are not supported".to_owned());
        }
        if let Some(namespaces) = namespaces
            && !matches_list(NAMESPACE, namespaces)
        {
            return Some(format!("the key of {principals} is listed for `{namespaces}` and not for git"));
        }
        if let Some(after) = after.filter(|after| at < *after) {
            return Some(format!("the key of {principals} was not valid before {}", after.minute()));
        }
        before
            .filter(|before| at > *before)
            .map(|before| format!("the key of {principals} was valid until {}", before.minute()))
    }
}

fn entry(line: &str) -> Result<Entry, String> {
    let (principals, rest) = word(line)?;
    if principals.is_empty() || rest.is_empty() {
        return Err("it is not `PRINCIPALS [OPTIONS] KEYTYPE KEY`".to_owned());
    }
    // As OpenSSH does it: what does not begin with a key begins with options.
    let (options, key) = match PublicKey::from_openssh(rest) {
        Ok(key) => ("", key),
        Err(_) => {
            let (options, rest) = word_with_quotes(rest)?;
            let key = PublicKey::from_openssh(rest).map_err(|error| format!("its key cannot be read ({error})"))?;
            (options, key)
        }
    };
    let key = key.key_data().clone();
    let mut entry = Entry { principals, authority: false, namespaces: None, after: None, before: None, key };
    for option in split(options) {
        let (name, value) = option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value)));
        let value = value.map(|value| value.trim_matches('"'));
        match (name.to_ascii_lowercase().as_str(), value) {
            ("cert-authority", None) => entry.authority = true,
            ("namespaces", Some(list)) => entry.namespaces = Some(list.to_owned()),
            ("valid-after", Some(time)) => entry.after = Some(moment(time)?),
            ("valid-before", Some(time)) => entry.before = Some(moment(time)?),
            _ => return Err(format!("`{option}` is not an option that is known")),
        }
    }
    Ok(entry)
}

/// The first word, which may stand in quotes, and what follows it.
fn word(text: &str) -> Result<(String, &str), String> {
    let (word, rest) = word_with_quotes(text)?;
    Ok((word.trim_matches('"').to_owned(), rest))
}

/// The first word with its quotes, in which blanks may stand, and what follows it.
fn word_with_quotes(text: &str) -> Result<(&str, &str), String> {
    let mut quoted = false;
    let end = text.find(|letter: char| {
        quoted ^= letter == '"';
        !quoted && letter.is_whitespace()
    });
    match end {
        Some(end) => Ok((&text[..end], text[end..].trim_start())),
        None if quoted => Err("a quote is not closed".to_owned()),
        None => Ok((text, "")),
    }
}

/// The options between commas that do not stand in quotes.
fn split(options: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let parts = options.split(move |letter: char| {
        quoted ^= letter == '"';
        !quoted && letter == ','
    });
    parts.filter(|option| !option.is_empty())
}

/// `YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`, in the machine's time zone, or in UTC with a `Z` at the end.
fn moment(text: &str) -> Result<Timestamp, String> {
    let wrong = || format!("`{text}` is not a time of the form YYYYMMDD[HHMM[SS]][Z]");
    let (digits, zone) = match text.strip_suffix(['Z', 'z']) {
        Some(digits) => (digits, TimeZone::UTC),
        None => (text, TimeZone::system()),
    };
    if !matches!(digits.len(), 8 | 12 | 14) || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(wrong());
    }
    let time = DateTime::strptime("%Y%m%d%H%M%S", format!("{digits:0<14}")).map_err(|_| wrong())?;
    let time = zone.to_timestamp(time).map_err(|_| wrong())?;
    Ok(Timestamp::from_microseconds(time.as_microsecond()))
}

/// OpenSSH's pattern list: patterns between commas, with `*` and `?`; one with `!` before it excludes what it matches.
fn matches_list(text: &str, list: &str) -> bool {
    let mut matched = false;
    for pattern in list.split(',').map(str::trim) {
        match pattern.strip_prefix('!') {
            Some(pattern) if matches(text.as_bytes(), pattern.as_bytes()) => return false,
            Some(_) => {}
            None => matched |= matches(text.as_bytes(), pattern.as_bytes()),
        }
    }
    matched
}

/// Goes back to the last `*` only, which is enough, and so needs no more than the product of both lengths.
fn matches(text: &[u8], pattern: &[u8]) -> bool {
    let (mut at, mut of, mut star) = (0, 0, None);
    while at < text.len() {
        match pattern.get(of) {
            Some(b'*') => {
                star = Some((at, of));
                of += 1;
            }
            Some(letter) if *letter == b'?' || *letter == text[at] => (at, of) = (at + 1, of + 1),
            _ => {
                let Some((from, begin)) = star else { return false };
                star = Some((from + 1, begin));
                (at, of) = (from + 1, begin + 1);
            }
        }
    }
    pattern[of..].iter().all(|letter| *letter == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";

    fn verdict(line: &str, at: &str) -> Result<String, String> {
        let signers = AllowedSigners::parse(line);
        assert_eq!(signers.faults(), [""; 0], "{line}");
        let key = PublicKey::from_openssh(KEY).unwrap();
        match signers.permission(key.key_data(), at.parse().unwrap()) {
            Permission::Granted(principals) => Ok(principals),
            Permission::Refused(why) => Err(why),
        }
    }

    #[test]
    fn a_listed_key_may_sign_and_a_comment_or_a_blank_line_says_nothing() {
        let text = format!("# people\n\n  \"Ada Lovelace,ada@example.com\" {KEY} her laptop\n");
        assert_eq!(verdict(&text, "2026-01-01T00:00:00Z").unwrap(), "Ada Lovelace,ada@example.com");
        assert!(verdict("", "2026-01-01T00:00:00Z").unwrap_err().contains("not among"));
    }

    #[test]
    fn a_key_is_valid_from_and_until_and_a_second_line_may_still_allow_it() {
        let old = format!("ada valid-after=\"20250101Z\",valid-before=\"202601020304Z\" {KEY}");
        assert!(verdict(&old, "2024-12-31T23:59:59Z").unwrap_err().contains("not valid before 2025-01-01 00:00Z"));
        assert_eq!(verdict(&old, "2026-01-02T03:04:00Z").unwrap(), "ada");
        assert!(verdict(&old, "2026-01-02T03:04:01Z").unwrap_err().contains("valid until 2026-01-02 03:04Z"));
        let both = format!("{old}\nada-2 {KEY}");
        assert_eq!(verdict(&both, "2027-01-01T00:00:00Z").unwrap(), "ada-2");
    }

    #[test]
    fn a_key_for_another_purpose_or_an_authority_signs_no_commit() {
        for (options, allowed) in [
            ("namespaces=\"git\"", true),
            ("namespaces=\"file,g?t\"", true),
            ("namespaces=\"*\"", true),
            ("namespaces=\"*,!git\"", false),
            ("namespaces=\"file\"", false),
            ("cert-authority", false),
        ] {
            assert_eq!(verdict(&format!("ada {options} {KEY}"), "2026-01-01T00:00:00Z").is_ok(), allowed, "{options}");
        }
    }

    #[test]
    fn a_line_that_is_not_understood_whole_allows_nobody_and_is_told() {
        for line in [
            format!("ada no-such-option {KEY}"),
            format!("ada valid-before=soon {KEY}"),
            format!("ada valid-before=20261332 {KEY}"),
            format!("\"ada {KEY}"),
            "ada".to_owned(),
            "ada ssh-ed25519 AAAA".to_owned(),
            format!("ada cert-authority=yes {KEY}"),
        ] {
            let signers = AllowedSigners::parse(&format!("# one\n{line}\n"));
            assert!(signers.entries.is_empty(), "{line}");
            assert!(signers.faults()[0].starts_with("line 2: "), "{:?}", signers.faults());
        }
    }
}
