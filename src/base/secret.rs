use std::fmt;

use serde::{Deserialize, Serialize};

/// How random bytes become text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// RFC 4648 §5, without padding.
    Base64url,
    /// Lower-case hexadecimal.
    Hex,
}

/// Where a secret is to be had. This, and never the secret's text, is what plans, events and the screen hold; `world`
/// turns it into text in memory just before a request leaves.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum SecretRef {
    /// A fresh random value, made when the request is sent. It exists nowhere else: the request must store it.
    Generate {
        /// How many random bytes: 16 to 512.
        bytes: u16,
        /// How they are written.
        encoding: Encoding,
    },
    /// One version of a Key Vault secret.
    Version {
        /// The vault's address, `https://NAME.vault.azure.net`.
        vault: String,
        /// The secret's name.
        name: String,
        /// The version, 32 hexadecimal digits.
        version: String,
    },
    /// One version of a Key Vault secret that is the address of a database, `postgresql://LOGIN:PASSWORD@HOST/DATABASE`,
    /// with another host in it: whoever gets this reaches another server with the same login.
    Rehosted {
        /// The vault's address, as for a version.
        vault: String,
        /// The secret's name.
        name: String,
        /// The version, 32 hexadecimal digits.
        version: String,
        /// The host's name that takes the place of the one in the address.
        host: String,
    },
    /// One version of a Key Vault secret that is the address of a database, with a password in it that is fresh in the
    /// moment when the request is sent: 32 random bytes in base64url.
    Reissued {
        /// The vault's address, as for a version.
        vault: String,
        /// The secret's name.
        name: String,
        /// The version, 32 hexadecimal digits.
        version: String,
        /// The login that takes the place of the one in the address; that one stays, if it is not given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        login: Option<String>,
    },
    /// An environment variable of the process that sends the request.
    Environment {
        /// The variable's name.
        name: String,
    },
    /// The value that an app setting of a site has in the moment before all settings are written anew: a request that
    /// must carry every setting carries those that it does not change as this. It may be no secret; nobody knows.
    Setting {
        /// The Resource Manager id of the site or slot.
        site: String,
        /// The setting's name.
        name: String,
    },
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Generate { bytes, .. } => write!(f, "«secret: {bytes} fresh random bytes»"),
            Self::Version { name, version, .. } => write!(f, "«secret: {name} version {}»", short(version)),
            Self::Rehosted { name, version, host, .. } => {
                write!(f, "«secret: {name} version {}, at {host}»", short(version))
            }
            Self::Reissued { name, version, login, .. } => {
                let login = login.as_ref().map(|login| format!(", as {login}")).unwrap_or_default();
                write!(f, "«secret: {name} version {} with a fresh password{login}»", short(version))
            }
            Self::Environment { name } => write!(f, "«secret: environment variable {name}»"),
            Self::Setting { name, .. } => write!(f, "«secret: the value that {name} has»"),
        }
    }
}

fn short(version: &str) -> String {
    if version.chars().count() > 8 { version.chars().take(4).chain(['…']).collect() } else { version.to_owned() }
}
