use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::base::{Encoding, SecretRef};

/// Reads one variable of the process's environment. The composition root gives it, because only it may look there.
pub type Environment = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Secrets that have been turned into text, for the one request that is about to leave.
#[derive(Default)]
pub(super) struct Resolved(pub(super) Vec<(SecretRef, Zeroizing<String>)>);

impl Resolved {
    /// A secret's text. What was not resolved was not rendered.
    pub(super) fn text(&self, wanted: &SecretRef) -> Result<String, &'static str> {
        let found = self.0.iter().find(|(reference, _)| reference == wanted);
        found.map(|(_, text)| text.as_str().to_owned()).ok_or("a secret of the request could not be had")
    }
}

/// Fresh random bytes as text.
pub(super) fn generate(bytes: u16, encoding: Encoding) -> Result<Zeroizing<String>, String> {
    if !(16..=512).contains(&bytes) {
        return Err(format!("a secret of {bytes} bytes is not generated; 16 to 512 are"));
    }
    let mut random = Zeroizing::new(vec![0; usize::from(bytes)]);
    getrandom::fill(&mut random).map_err(|error| format!("the system gives no random bytes: {error}"))?;
    Ok(Zeroizing::new(match encoding {
        Encoding::Base64url => URL_SAFE_NO_PAD.encode(&*random),
        Encoding::Hex => hex::encode(&*random),
    }))
}

/// A variable's text, which must not be empty.
pub(super) fn from_environment(environment: &Environment, name: &str) -> Result<Zeroizing<String>, String> {
    let text = environment(name).filter(|text| !text.is_empty()).map(Zeroizing::new);
    text.ok_or_else(|| format!("the environment variable {name} is not set, so nothing was sent"))
}

/// The address of a database with another host in it; everything else of it stays as it is written.
pub(super) fn rehosted(address: &str, host: &str) -> Result<Zeroizing<String>, String> {
    let Parts { scheme, login, password, port, rest, .. } = Parts::of(address)?;
    Ok(Zeroizing::new(format!("{scheme}://{login}:{password}@{host}{port}{rest}")))
}

/// The address of a database with another password in it, and another login if one is given. Both must be such as can
/// stand in an address unescaped; everything else of it stays as it is written.
pub(super) fn reissued(address: &str, login: Option<&str>, password: &str) -> Result<Zeroizing<String>, String> {
    let parts = Parts::of(address)?;
    let login = login.unwrap_or(parts.login);
    Ok(Zeroizing::new(format!("{}://{login}:{password}@{}{}{}", parts.scheme, parts.host, parts.port, parts.rest)))
}

/// The parts of `postgresql://LOGIN:PASSWORD@HOST:PORT/DATABASE` as they are written.
struct Parts<'a> {
    scheme: &'a str,
    login: &'a str,
    password: &'a str,
    host: &'a str,
    /// With its colon, or empty.
    port: &'a str,
    /// What follows host and port.
    rest: &'a str,
}

impl<'a> Parts<'a> {
    /// The text itself is never part of the error.
    fn of(address: &'a str) -> Result<Self, String> {
        Self::read(address).ok_or_else(|| {
            "the secret is not an address, postgresql://LOGIN:PASSWORD@HOST/DATABASE, so nothing was sent".to_owned()
        })
    }

    fn read(address: &'a str) -> Option<Self> {
        let (scheme, after) = address.split_once("://")?;
        let (authority, rest) = after.split_at(after.find(['/', '?', '#']).unwrap_or(after.len()));
        // A password may hold an `@` only in its escaped form (RFC 3986, section 3.2.1), so this is the one before the
        // host.
        let (user, place) = authority.rsplit_once('@')?;
        let (login, password) = user.split_once(':')?;
        let (host, port) = place.split_at(place.find(':').unwrap_or(place.len()));
        let is_whole = ["postgresql", "postgres"].contains(&scheme) && !host.is_empty() && !host.starts_with('[');
        let parts = Self { scheme, login, password, host, port, rest };
        (is_whole && !login.is_empty() && !password.is_empty()).then_some(parts)
    }
}

/// Checks a reference to a version before it becomes part of an address: Microsoft's client splices names unescaped.
pub(super) fn check_place(vault: &str, name: &str, version: &str) -> Result<(), String> {
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let label = vault.strip_prefix("https://").and_then(|rest| rest.strip_suffix(".vault.azure.net"));
    if label.is_some_and(plain) && plain(name) && version.len() == 32 && plain(version) {
        Ok(())
    } else {
        Err(format!("`{vault}`, `{name}`, `{version}` do not name a version of a secret, so nothing was sent"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_secret_has_its_length_and_is_never_the_same() {
        assert_eq!(generate(32, Encoding::Base64url).unwrap().len(), 43);
        assert_eq!(generate(16, Encoding::Hex).unwrap().len(), 32);
        assert_ne!(generate(32, Encoding::Hex).unwrap(), generate(32, Encoding::Hex).unwrap());
        assert!(generate(8, Encoding::Hex).is_err());
        assert!(generate(513, Encoding::Hex).is_err());
    }

    #[test]
    fn an_address_with_another_host_keeps_everything_else_of_it() {
        let with = |address: &str| rehosted(address, "new.postgres.database.azure.com").map(|text| text.to_string());
        let address = "postgresql://chatbot:p%40ss@old.postgres.database.azure.com:5432/chatbot?sslmode=require";
        let wanted = "postgresql://chatbot:p%40ss@new.postgres.database.azure.com:5432/chatbot?sslmode=require";
        assert_eq!(with(address).unwrap(), wanted);
        assert_eq!(with("postgres://a:b@old?x=y@z").unwrap(), "postgres://a:b@new.postgres.database.azure.com?x=y@z");
        for other in
            ["s3cret", "https://a:b@old/db", "postgresql://old/db", "postgresql://a@old/db", "postgresql://a:b@"]
        {
            assert!(with(other).is_err(), "{other}");
        }
    }

    #[test]
    fn an_address_with_another_password_keeps_its_host_and_its_login_unless_another_is_given() {
        let with = |login| reissued("postgres://a:old%40@host:5432/db?x=y", login, "fresh").unwrap().to_string();
        assert_eq!(with(None), "postgres://a:fresh@host:5432/db?x=y");
        assert_eq!(with(Some("b")), "postgres://b:fresh@host:5432/db?x=y");
        let refused = reissued("a-password-alone", None, "fresh").unwrap_err();
        assert!(refused.contains("not an address") && !refused.contains("alone"), "{refused}");
    }

    #[test]
    fn an_unset_or_empty_variable_is_told_by_name() {
        let environment: Environment = Arc::new(|name| (name == "EMPTY").then(String::new));
        for name in ["EMPTY", "UNSET"] {
            assert!(from_environment(&environment, name).unwrap_err().contains(name));
        }
    }

    #[test]
    fn a_reference_that_would_leave_its_place_is_refused() {
        let (vault, version) = ("https://chatbot-kv.vault.azure.net", "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a");
        assert!(check_place(vault, "session-secret", version).is_ok());
        assert!(check_place(vault, "../keys/k1", version).is_err());
        assert!(check_place(vault, "a/b", version).is_err());
        assert!(check_place(vault, "s", "../x").is_err());
        assert!(check_place("https://evil.example", "s", version).is_err());
    }
}
