//! A secret's value under another name of the same vault. A credential that is made at its issuer is first kept under a
//! name that no app reads, used there for a first login, and only then given to the apps; it never leaves the vault's
//! own wire on the way.

use super::super::{Args, Class, RenderError, Row, Service, TargetKind, Told, Type};
use super::argument::{optional, output, required, secret_name, vault_url, version};
use super::keyvault::{SET, SET_FACTS, parse_set, set_by_hand};
use super::versions::API;
use crate::base::{SecretRef, Value};
use crate::effect::Risk;

/// `keyvault.secret.copy`.
pub(super) static COPY: Row = Row {
    name: "keyvault.secret.copy",
    summary: "Adds a new version of a secret with the value that a version of another secret of the vault has.",
    parameters: &[
        required("vault", Type::Target(TargetKind::Keyvault), "The vault that holds both secrets."),
        required("name", Type::String, "The name of the secret that gets a new version."),
        required("from", Type::String, "The name of the secret whose value it is."),
        required("version", Type::String, "The version of that one, 32 hexadecimal digits."),
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
    let vault = vault_url(args, "vault")?.to_owned();
    let (name, version) = (secret_name(args, "from")?.to_owned(), version(args, "version")?.to_owned());
    if secret_name(args, "name")?.eq_ignore_ascii_case(&name) {
        let wanted = "another secret than the one that gets the value";
        return Err(RenderError::Shape { name: "from", wanted, found: name });
    }
    let mut set = args.clone();
    set.retain(|name, _| name != "from" && name != "version");
    set.insert("value".to_owned(), Value::Secret { secret: SecretRef::Version { vault, name, version } });
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::super::argument::tests::{args, vault};
    use super::super::versions::tests::NEW;
    use super::*;

    fn of(name: &str, from: &str) -> Args {
        let texts = [("name", name), ("from", from), ("version", NEW)].map(|(name, text)| (name, Value::text(text)));
        let mut args = args(texts);
        args.insert("vault".to_owned(), vault());
        args
    }

    #[test]
    fn the_value_is_a_reference_to_the_other_secret_of_the_same_vault() {
        let request = (COPY.render)(&of("database-url", "database-url-next")).unwrap();
        assert_eq!(request.url, "https://chatbot-kv.vault.azure.net/secrets/database-url?api-version=7.5");
        let body = request.body.unwrap().masked();
        assert_eq!(body["value"], "«secret: database-url-next version f1f1…»");
        assert_eq!(body["tags"]["callout-attempt"], "«attempt»");
    }

    #[test]
    fn a_secret_is_not_copied_onto_itself_nor_from_a_name_that_leaves_its_place() {
        assert!((COPY.render)(&of("database-url", "Database-URL")).is_err());
        assert!((COPY.render)(&of("database-url", "../keys/k1")).is_err());
    }
}
