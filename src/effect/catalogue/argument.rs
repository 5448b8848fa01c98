//! Arguments on their way into an address. Whatever becomes part of one is checked here, character by character,
//! because Microsoft's clients splice names into paths unescaped: `../keys/k1` would ask for a key.

use super::super::{Args, Presence, RenderError, TargetKind, Type};
use super::super::{Output, Parameter};
use crate::base::Value;

/// A target as rows read it.
pub(super) struct Target<'a> {
    /// `chatbot-web`, or `chatbot-web/staging` for a slot.
    pub(super) name: &'a str,
    /// The Resource Manager id, checked for its shape.
    pub(super) id: &'a str,
}

/// A parameter that must be given.
pub(super) const fn required(name: &'static str, kind: Type, summary: &'static str) -> Parameter {
    Parameter { name, kind, presence: Presence::Required, summary }
}

/// A parameter that need not be given.
pub(super) const fn optional(name: &'static str, kind: Type, summary: &'static str) -> Parameter {
    Parameter { name, kind, presence: Presence::Optional, summary }
}

/// An output.
pub(super) const fn output(name: &'static str, kind: Type, summary: &'static str) -> Output {
    Output { name, kind, summary, told: None }
}

/// The text of a required parameter.
pub(super) fn text<'a>(args: &'a Args, name: &'static str) -> Result<&'a str, RenderError> {
    optional_text(args, name)?.ok_or(RenderError::Missing(name))
}

/// The text of an optional parameter; `None` if it is not given.
pub(super) fn optional_text<'a>(args: &'a Args, name: &'static str) -> Result<Option<&'a str>, RenderError> {
    args.get(name).map(|value| value.as_text().ok_or_else(|| shape(name, "a string", value))).transpose()
}

/// The items of an optional list; none if it is not given.
pub(super) fn optional_list<'a>(args: &'a Args, name: &'static str) -> Result<&'a [Value], RenderError> {
    args.get(name).map_or(Ok(&[]), |value| value.as_list().ok_or_else(|| shape(name, "a list", value)))
}

/// A secret's name: 1 to 127 ASCII letters, digits and hyphens (Key Vault's own rule).
pub(super) fn secret_name<'a>(args: &'a Args, name: &'static str) -> Result<&'a str, RenderError> {
    let text = text(args, name)?;
    let allowed = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if allowed && (1..=127).contains(&text.len()) {
        Ok(text)
    } else {
        Err(wrong(name, "a secret's name (1 to 127 letters, digits and hyphens)", text))
    }
}

/// A secret's version: 32 hexadecimal digits.
pub(super) fn version<'a>(args: &'a Args, name: &'static str) -> Result<&'a str, RenderError> {
    let text = text(args, name)?;
    if text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(text)
    } else {
        Err(wrong(name, "a version (32 hexadecimal digits)", text))
    }
}

/// A target of the given kind. Only its id is checked here; a vault's address is checked by [`vault_url`].
pub(super) fn target<'a>(args: &'a Args, name: &'static str, kind: TargetKind) -> Result<Target<'a>, RenderError> {
    let value = args.get(name).ok_or(RenderError::Missing(name))?;
    let field = |field| value.field(field).and_then(Value::as_text);
    match (field("name"), field("id")) {
        (Some(title), Some(id)) if !title.is_empty() && kind.is_id(id) => Ok(Target { name: title, id }),
        _ => Err(shape(name, kind.noun(), value)),
    }
}

/// A vault's address, `https://NAME.vault.azure.net`, without a slash at its end.
pub(super) fn vault_url<'a>(args: &'a Args, name: &'static str) -> Result<&'a str, RenderError> {
    target(args, name, TargetKind::Keyvault)?;
    let url = args.get(name).and_then(|value| value.field("url")).and_then(Value::as_text).unwrap_or_default();
    let host = url.strip_prefix("https://").and_then(|rest| rest.strip_suffix(".vault.azure.net"));
    match host {
        Some(host) if !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') => {
            Ok(url)
        }
        _ => Err(wrong(name, "a Key Vault whose url is https://NAME.vault.azure.net", url)),
    }
}

/// The vault's name, which is the first label of its address.
pub(super) fn vault_name(args: &Args) -> &str {
    let url = vault_url(args, "vault").unwrap_or_default();
    url.trim_start_matches("https://").split('.').next().unwrap_or_default()
}

/// A text as a part of an address: every byte but the unreserved ones (RFC 3986 §2.3) is escaped, and an asterisk stays.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~*".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

/// A slot's name: letters, digits and hyphens, at most 59 of them.
pub(super) fn slot_name<'a>(text: &'a str, name: &'static str) -> Result<&'a str, RenderError> {
    let allowed = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if allowed && (1..=59).contains(&text.len()) {
        Ok(text)
    } else {
        Err(wrong(name, "a slot's name (letters, digits and hyphens)", text))
    }
}

/// An address for a plain GET: `https`, a host name with an optional port, no user, no fragment, nothing unprintable.
pub(super) fn https_url<'a>(args: &'a Args, name: &'static str) -> Result<&'a str, RenderError> {
    let url = text(args, name)?;
    let wrong = || wrong(name, "an address that begins with https://", url);
    let rest = url.strip_prefix("https://").ok_or_else(wrong)?;
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
    if is_host(host) && port.parse::<u16>().is_ok() && is_printable(url) { Ok(url) } else { Err(wrong()) }
}

/// Tells whether it is a host name, without user, port and path.
pub(super) fn is_host(host: &str) -> bool {
    let begins_well = host.starts_with(|first: char| first.is_ascii_alphanumeric());
    begins_well && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
}

/// Tells whether it is a path, with or without a query, that stays on the host before it.
pub(super) fn is_path(path: &str) -> bool {
    path.starts_with('/') && !path.starts_with("//") && is_printable(path)
}

fn is_printable(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic() && !b"#\\\"<>".contains(&byte))
}

/// What is typed to confirm: the name, or words that nobody types by accident where there is none.
pub(super) fn read_back(args: &Args, name: &'static str) -> String {
    let value = args.get(name);
    let text = value.and_then(Value::as_text).or_else(|| value.and_then(|value| value.field("name")?.as_text()));
    text.filter(|text| !text.is_empty()).unwrap_or("no target is bound").to_owned()
}

/// The value of an argument for a further call; an empty text where it is missing, which no row accepts.
pub(super) fn pass_on(args: &Args, name: &str) -> Value {
    args.get(name).cloned().unwrap_or_else(|| Value::text(""))
}

fn shape(name: &'static str, wanted: &'static str, found: &Value) -> RenderError {
    RenderError::Shape { name, wanted, found: found.to_string() }
}

fn wrong(name: &'static str, wanted: &'static str, found: &str) -> RenderError {
    RenderError::Shape { name, wanted, found: found.to_owned() }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    const GROUP: &str = "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/chatbot-rg/providers";

    pub(in super::super) fn args<const N: usize>(args: [(&str, Value); N]) -> Args {
        args.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    pub(in super::super) fn vault() -> Value {
        Value::record([
            ("name", Value::text("chatbot-kv")),
            ("id", Value::text(format!("{GROUP}/Microsoft.KeyVault/vaults/chatbot-kv"))),
            ("url", Value::text("https://chatbot-kv.vault.azure.net")),
        ])
    }

    pub(in super::super) fn app(name: &str) -> Value {
        let id = name.split_once('/').map_or_else(
            || format!("{GROUP}/Microsoft.Web/sites/{name}"),
            |(app, slot)| format!("{GROUP}/Microsoft.Web/sites/{app}/slots/{slot}"),
        );
        Value::record([("name", Value::text(name)), ("id", Value::text(id))])
    }

    #[test]
    fn a_secrets_name_that_would_leave_its_place_in_the_path_is_refused() {
        for bad in ["../keys/k1", "a/b", "", "a b", "a%2fb", "a?b", &"a".repeat(128), "ä"] {
            assert!(secret_name(&args([("name", Value::text(bad))]), "name").is_err(), "{bad}");
        }
        assert_eq!(secret_name(&args([("name", Value::text("database-url"))]), "name").unwrap(), "database-url");
    }

    #[test]
    fn a_version_is_hexadecimal_and_whole() {
        for bad in ["", "abc", "../../keys/k1", &"g".repeat(32), &"a".repeat(33)] {
            assert!(version(&args([("version", Value::text(bad))]), "version").is_err(), "{bad}");
        }
    }

    #[test]
    fn a_vaults_address_cannot_point_elsewhere() {
        for bad in [
            "http://chatbot-kv.vault.azure.net",
            "https://evil.example/x.vault.azure.net",
            "https://.vault.azure.net",
            "https://u@chatbot-kv.vault.azure.net",
            "https://chatbot-kv.vault.azure.net.evil.example",
        ] {
            let Value::Record(mut fields) = vault() else { panic!("a record") };
            fields.insert("url".into(), Value::text(bad));
            assert!(vault_url(&args([("vault", Value::Record(fields))]), "vault").is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_escaped_cannot_end_its_part_of_an_address() {
        assert_eq!(escaped("group eq 'a&b=c#d/e'?ü*"), "group%20eq%20%27a%26b%3Dc%23d%2Fe%27%3F%C3%BC*");
    }

    #[test]
    fn an_address_is_https_and_names_a_host() {
        for bad in
            ["http://a.example", "https://", "https://u:p@a.example", "https://a.example/ b", "https://a.example#f"]
        {
            assert!(https_url(&args([("url", Value::text(bad))]), "url").is_err(), "{bad}");
        }
        let good = "https://chatbot-web.azurewebsites.net:8443/health/ready?deep=1";
        assert_eq!(https_url(&args([("url", Value::text(good))]), "url").unwrap(), good);
    }
}
