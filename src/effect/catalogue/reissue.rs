//! The address of a database, kept as a secret, with a fresh password in it and perhaps another login: what is stored
//! before the server is told of it, and read by nobody until the server takes it.

use super::super::{Args, Class, RenderError, Row, Service, TargetKind, Told, Type};
use super::argument::{optional, optional_text, output, required, secret_name, vault_url, version};
use super::keyvault::{SET, SET_FACTS, parse_set, set_by_hand};
use super::sql::is_identifier;
use super::versions::API;
use crate::base::{SecretRef, Value};
use crate::effect::Risk;

/// `keyvault.secret.reissue`.
pub(super) static REISSUE: Row = Row {
    name: "keyvault.secret.reissue",
    summary: "Adds a new version of a secret: a database's address that the vault holds, with a fresh password in it.",
    parameters: &[
        required("vault", Type::Target(TargetKind::Keyvault), "The vault that holds both."),
        required("name", Type::String, "The secret that gets the new version; it may be one that is not there yet."),
        required("from", Type::String, "The secret that holds the address; its text begins with `postgresql://`."),
        required("version", Type::String, "The version of it, 32 hexadecimal digits."),
        optional("login", Type::String, "The login that takes the place of the one in it; that one, if not given."),
        optional("content_type", Type::String, "The content type, usually carried over from the version before."),
        optional("tags", Type::List(&Type::Record), "Tags as `{name, value}`, usually carried over."),
    ],
    outputs: &[output("version", Type::String, "The new version.").told(Told::Printed)],
    risk: Risk::Reversible,
    class: Class::B,
    service: Service::KeyVault,
    api_version: Some(API),
    operation_id: Some("SetSecret"),
    documentation: "https://learn.microsoft.com/rest/api/keyvault/secrets/set-secret/set-secret",
    permissions: &[
        "Microsoft.KeyVault/vaults/secrets/setSecret/action",
        "Microsoft.KeyVault/vaults/secrets/getSecret/action",
    ],
    render: |args| (SET.render)(&as_set(args)?),
    follow: None,
    parse: parse_set,
    judge: None,
    change: Some(SET_FACTS),
    by_hand: Some(|args| set_by_hand(&as_set(args)?)),
};

/// The same as arguments of `keyvault.secret.set`.
fn as_set(args: &Args) -> Result<Args, RenderError> {
    let login = optional_text(args, "login")?.map(|login| is_identifier("login", login)).transpose()?;
    let secret = SecretRef::Reissued {
        vault: vault_url(args, "vault")?.to_owned(),
        name: secret_name(args, "from")?.to_owned(),
        version: version(args, "version")?.to_owned(),
        login: login.map(str::to_owned),
    };
    let mut set = args.clone();
    set.retain(|name, _| !["from", "login", "version"].contains(&name.as_str()));
    set.insert("value".to_owned(), Value::Secret { secret });
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::super::argument::tests::{args, vault};
    use super::super::versions::tests::NEW;
    use super::*;

    fn of(login: Option<&str>) -> Args {
        let texts = [("name", "database-url-next"), ("from", "database-url"), ("version", NEW)];
        let mut args = args(texts.map(|(name, text)| (name, Value::text(text))));
        args.extend(login.map(|login| ("login".to_owned(), Value::text(login))));
        args.insert("vault".to_owned(), vault());
        args
    }

    #[test]
    fn the_value_is_the_address_of_a_version_with_a_fresh_password() {
        let shown = |login| {
            let request = (REISSUE.render)(&of(login)).unwrap();
            assert_eq!(request.url, "https://chatbot-kv.vault.azure.net/secrets/database-url-next?api-version=7.5");
            let body = request.body.unwrap().masked();
            assert_eq!(body["tags"]["callout-attempt"], "«attempt»");
            body["value"].clone()
        };
        assert_eq!(shown(None), "«secret: database-url version f1f1… with a fresh password»");
        assert_eq!(
            shown(Some("chatbot_b")),
            "«secret: database-url version f1f1… with a fresh password, as chatbot_b»"
        );
    }

    #[test]
    fn by_hand_the_password_goes_through_a_file_and_through_no_line() {
        let script = (REISSUE.by_hand.unwrap())(&of(Some("chatbot_b"))).unwrap();
        let (before, command) = (format!("{:?}", script.before), format!("{:?}", script.command));
        assert!(before.contains("openssl rand") && before.contains("secrets/database-url/"), "{before}");
        assert!(command.contains("--file") && !command.contains("fresh"), "{command}");
    }

    #[test]
    fn a_login_that_would_change_the_rest_of_the_address_is_refused() {
        for login in ["a:b", "a@evil.example.com", "", "a/b"] {
            assert!((REISSUE.render)(&of(Some(login))).is_err(), "{login}");
        }
    }
}
