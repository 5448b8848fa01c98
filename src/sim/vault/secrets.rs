//! The secrets a vault holds, without any HTTP.

use std::collections::BTreeMap;

use crate::sim::change::{SecretSet, SecretUpdated, Value};
use crate::sim::clock::Moment;

/// All secrets of the vault, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Secrets {
    /// The versions of each, oldest first. Key Vault knows creation times only to the second; "newest" goes by order.
    by_name: BTreeMap<String, Vec<Version>>,
}

/// One version of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) id: String,
    pub(crate) value: Value,
    pub(crate) content_type: Option<String>,
    pub(crate) tags: Option<BTreeMap<String, String>>,
    pub(crate) enabled: bool,
    pub(crate) not_before: Option<i64>,
    pub(crate) expires: Option<i64>,
    pub(crate) created: Moment,
    pub(crate) updated: Moment,
}

/// Why a value cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Absent {
    Secret,
    Version,
    /// It is there and disabled. There is no falling back to an older version.
    Disabled,
}

impl Secrets {
    /// Adds a version, which is the newest from now on.
    pub(crate) fn set(&mut self, at: Moment, set: &SecretSet) {
        self.by_name.entry(set.name.clone()).or_default().push(Version {
            id: set.version.clone(),
            value: set.value.clone(),
            content_type: set.content_type.clone(),
            tags: set.tags.clone(),
            enabled: set.enabled,
            not_before: set.not_before,
            expires: set.expires,
            created: at,
            updated: at,
        });
    }

    /// Changes what the update names and leaves the rest. A version that does not exist is left alone.
    pub(crate) fn update(&mut self, at: Moment, update: &SecretUpdated) {
        let versions = self.by_name.get_mut(&update.name);
        let Some(version) = versions.and_then(|all| all.iter_mut().find(|version| version.id == update.version)) else {
            return;
        };
        version.enabled = update.enabled.unwrap_or(version.enabled);
        version.content_type = update.content_type.clone().or(version.content_type.take());
        version.tags = update.tags.clone().or(version.tags.take());
        version.not_before = update.not_before.or(version.not_before);
        version.expires = update.expires.or(version.expires);
        version.updated = at;
    }

    /// Leaves only the oldest version of a secret, as it was before anybody added another, and enabled.
    pub(crate) fn begin_again(&mut self, name: &str) {
        let Some(versions) = self.by_name.get_mut(name) else { return };
        versions.truncate(1);
        for version in versions {
            version.enabled = true;
        }
    }

    /// A version, or the newest one; disabled ones too.
    pub(crate) fn find(&self, name: &str, version: Option<&str>) -> Result<&Version, Absent> {
        let versions = self.by_name.get(name).ok_or(Absent::Secret)?;
        match version {
            Some(id) => versions.iter().find(|version| version.id == id).ok_or(Absent::Version),
            None => versions.last().ok_or(Absent::Secret),
        }
    }

    /// A version that may be read, or the newest one if it may be read.
    pub(crate) fn readable(&self, name: &str, version: Option<&str>) -> Result<&Version, Absent> {
        self.find(name, version).and_then(|found| if found.enabled { Ok(found) } else { Err(Absent::Disabled) })
    }

    /// The names and the newest version of each, by name.
    pub(crate) fn newest(&self) -> impl Iterator<Item = (&str, &Version)> {
        self.by_name.iter().filter_map(|(name, versions)| Some((name.as_str(), versions.last()?)))
    }

    /// All versions of a secret, oldest first.
    pub(crate) fn versions(&self, name: &str) -> Option<&[Version]> {
        self.by_name.get(name).map(Vec::as_slice)
    }
}
