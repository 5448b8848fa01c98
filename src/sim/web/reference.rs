//! Key Vault references of settings: what they say, what they resolve to, and what is cached.

use crate::sim::change::Value;
use crate::sim::clock::Moment;
use crate::sim::vault::{Absent, Secrets};

/// The only vault of the estate.
const VAULT: &str = "chatbot-kv";

/// What an app holds for one setting: the answer of the last fetch. It says nothing about the vault of now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cached {
    pub(crate) resolution: Resolution,
    pub(crate) fetched_at: Moment,
}

/// What a fetch gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Resolution {
    Resolved { version: String, value: Value },
    Unresolved(Status),
}

/// Why a reference could not be resolved: the values of `ResolveStatus` that can occur here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    InvalidSyntax,
    VaultNotFound,
    SecretNotFound,
    SecretVersionNotFound,
    /// The vault refused; that is also its answer for a disabled version.
    AccessToKeyVaultDenied,
}

/// The parts of `@Microsoft.KeyVault(…)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named<'a> {
    pub(crate) vault: &'a str,
    pub(crate) secret: &'a str,
    pub(crate) version: Option<&'a str>,
}

/// Whether a setting's text is meant as a reference; only then is it resolved.
pub(crate) fn is_reference(text: &str) -> bool {
    text.starts_with("@Microsoft.KeyVault(")
}

/// Reads a reference, in the form with `SecretUri` or with `VaultName` and `SecretName`.
pub(crate) fn parse(text: &str) -> Option<Named<'_>> {
    let inner = text.strip_prefix("@Microsoft.KeyVault(")?.strip_suffix(')')?;
    if let Some(uri) = inner.strip_prefix("SecretUri=") {
        let (host, path) = uri.strip_prefix("https://")?.split_once('/')?;
        let mut parts = path.strip_prefix("secrets/")?.splitn(2, '/');
        let secret = parts.next().filter(|name| !name.is_empty())?;
        let version = parts.next().filter(|version| !version.is_empty());
        return Some(Named { vault: host.strip_suffix(".vault.azure.net")?, secret, version });
    }
    let part = |key: &str| inner.split(';').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='));
    Some(Named { vault: part("VaultName")?, secret: part("SecretName")?, version: part("SecretVersion") })
}

/// Asks the vault, as App Service does with the app's identity.
pub(crate) fn fetch(text: &str, secrets: &Secrets, at: Moment) -> Cached {
    let resolution = match parse(text) {
        None => Resolution::Unresolved(Status::InvalidSyntax),
        Some(named) if named.vault != VAULT => Resolution::Unresolved(Status::VaultNotFound),
        Some(named) => match secrets.readable(named.secret, named.version) {
            Ok(found) => Resolution::Resolved { version: found.id.clone(), value: found.value.clone() },
            Err(Absent::Secret) => Resolution::Unresolved(Status::SecretNotFound),
            Err(Absent::Version) => Resolution::Unresolved(Status::SecretVersionNotFound),
            Err(Absent::Disabled) => Resolution::Unresolved(Status::AccessToKeyVaultDenied),
        },
    };
    Cached { resolution, fetched_at: at }
}

impl Status {
    /// The word of the specification.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::InvalidSyntax => "InvalidSyntax",
            Self::VaultNotFound => "VaultNotFound",
            Self::SecretNotFound => "SecretNotFound",
            Self::SecretVersionNotFound => "SecretVersionNotFound",
            Self::AccessToKeyVaultDenied => "AccessToKeyVaultDenied",
        }
    }

    /// A sentence for people.
    pub(crate) fn details(self) -> &'static str {
        match self {
            Self::InvalidSyntax => "Key Vault reference has invalid syntax.",
            Self::VaultNotFound => "Key Vault reference's vault was not found.",
            Self::SecretNotFound => "Key Vault reference's secret was not found in the vault.",
            Self::SecretVersionNotFound => "Key Vault reference's secret version was not found in the vault.",
            Self::AccessToKeyVaultDenied => "Site was denied access to Key Vault reference's vault.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_reference_are_read() {
        let named = Named { vault: "chatbot-kv", secret: "session-secret", version: None };
        let uri = "@Microsoft.KeyVault(SecretUri=https://chatbot-kv.vault.azure.net/secrets/session-secret)";
        assert_eq!(parse(uri), Some(named.clone()));
        assert_eq!(parse("@Microsoft.KeyVault(VaultName=chatbot-kv;SecretName=session-secret)"), Some(named.clone()));
        let pinned = "@Microsoft.KeyVault(SecretUri=https://chatbot-kv.vault.azure.net/secrets/session-secret/abc)";
        assert_eq!(parse(pinned), Some(Named { version: Some("abc"), ..named }));
        assert_eq!(parse("@Microsoft.KeyVault(session-secret)"), None);
    }
}
