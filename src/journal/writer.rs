use serde::{Deserialize, Serialize};

use crate::base::{Digest, HostId, LogId, Seq};

/// What writes: which program, on which computer. The same for every entry of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writer {
    /// The computer; none if it has no id, because there is nowhere to keep one.
    pub host: Option<HostId>,
    /// The program.
    pub tool: Tool,
}

/// A program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its version, as it says itself.
    pub version: String,
    /// The SHA-256 of its executable file, as `sha256sum` prints it; none if the file could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
}

impl Tool {
    /// This program, whose executable file has that digest.
    pub fn this(digest: Option<Digest>) -> Self {
        Self { name: env!("CARGO_PKG_NAME").into(), version: env!("CARGO_PKG_VERSION").into(), digest }
    }
}

/// What an entry has to do with an earlier one. It is what the writer knew; nobody verifies it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// The log of the other entry.
    pub log: LogId,
    /// Its position.
    pub seq: Seq,
    /// What this entry is to it.
    pub rel: Relation,
}

/// What an entry is to an earlier one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// It would not be here without it: an event that answers a request.
    CausedBy,
    /// It approves it.
    Approves,
    /// It says otherwise what it says.
    Amends,
    /// It takes back a text of it.
    Redacts,
    /// It is evidence of it.
    Evidences,
    /// It says what became of it: of an effect in doubt.
    Reconciles,
    /// It is that entry once more, word for word, in the log that succeeds a damaged one.
    Repeats,
    /// A word of a later version. No relation changes what a run is, so whoever does not know one passes over it.
    #[serde(untagged)]
    Other(String),
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_relation_of_a_later_version_is_kept_as_it_is() {
        for (word, relation) in [
            ("caused_by", Relation::CausedBy),
            ("reconciles", Relation::Reconciles),
            ("outshines", Relation::Other("outshines".into())),
        ] {
            assert_eq!(serde_json::from_value::<Relation>(json!(word)).unwrap(), relation);
            assert_eq!(serde_json::to_value(relation).unwrap(), json!(word));
        }
    }
}
