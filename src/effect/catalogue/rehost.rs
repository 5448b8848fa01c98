//! The address of a database, kept as a secret, with another server in it. A restore makes a new server under a new name;
//! login, password and database are those that the old address holds, and they never leave the vault's own wire.

use super::super::{Args, Class, RenderError, Row, Service, TargetKind, Told, Type};
use super::argument::{optional, output, required, secret_name, vault_url, version};
use super::keyvault::{SET, SET_FACTS, parse_set, set_by_hand};
use super::sql::host;
use super::versions::API;
use crate::base::{SecretRef, Value};
use crate::effect::Risk;

/// `keyvault.secret.rehost`.
pub(super) static REHOST: Row = Row {
    name: "keyvault.secret.rehost",
    summary: "Adds a new version of a secret that is a database's address: the address of an earlier version, with another \
              server in it.",
    parameters: &[
        required("vault", Type::Target(TargetKind::Keyvault), "The vault that holds the secret."),
        required("name", Type::String, "The secret's name."),
        required(
            "version",
            Type::String,
            "The version whose address it is, 32 hexadecimal digits; its text begins with `postgresql://`.",
        ),
        required("server", Type::Target(TargetKind::Postgres), "The server that takes the place of the one in it."),
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
    let secret = SecretRef::Rehosted {
        vault: vault_url(args, "vault")?.to_owned(),
        name: secret_name(args, "name")?.to_owned(),
        version: version(args, "version")?.to_owned(),
        host: host(args)?.to_owned(),
    };
    let mut set = args.clone();
    set.retain(|name, _| name != "server" && name != "version");
    set.insert("value".to_owned(), Value::Secret { secret });
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::super::argument::tests::{args, vault};
    use super::super::versions::tests::NEW;
    use super::*;

    fn of(url: &str) -> Args {
        let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.DBforPostgreSQL/flexibleServers/chatbot-pg-r1";
        let mut args = args([("name", Value::text("database-url")), ("version", Value::text(NEW))]);
        let server =
            [("name", "chatbot-pg-r1"), ("id", id), ("url", url)].map(|(name, text)| (name, Value::text(text)));
        args.insert("vault".to_owned(), vault());
        args.insert("server".to_owned(), Value::record(server));
        args
    }

    #[test]
    fn the_value_is_the_address_of_a_version_at_another_host() {
        let request = (REHOST.render)(&of("postgresql://chatbot-pg-r1.postgres.database.azure.com")).unwrap();
        assert_eq!(request.url, "https://chatbot-kv.vault.azure.net/secrets/database-url?api-version=7.5");
        let body = request.body.unwrap().masked();
        let wanted = "«secret: database-url version f1f1…, at chatbot-pg-r1.postgres.database.azure.com»";
        assert_eq!(body["value"], wanted);
        assert_eq!(body["tags"]["callout-attempt"], "«attempt»");
    }

    #[test]
    fn a_password_goes_to_a_server_of_azures_and_to_no_other() {
        assert!((REHOST.render)(&of("postgresql://chatbot-pg-r1.example.com")).is_err());
        assert!((REHOST.render)(&of("https://chatbot-pg-r1.postgres.database.azure.com")).is_err());
    }
}
