//! What is written to the world file: each line one record, each change one line.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::breakage::Break;
use super::clock::Moment;
use super::fault;
use super::log;
use super::postgres;
use super::search;
use super::storage;
use super::web::SWAPPING;

/// One line of the world file, after the header.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Record {
    /// The estate begins, or begins anew: whatever stood before is gone, except that the clock goes on.
    Begin { at: Moment, mark: String, beginning: Beginning },
    /// Something changed at that moment.
    Change { at: Moment, change: Change },
    /// No moment later than this one has been shown to anybody.
    Clock { bound: Moment },
    /// A request that may change something was received.
    Received(log::Entry),
    /// That request was answered, or its connection was cut.
    Answered { number: u64, outcome: log::Outcome },
    /// A fault rule was added, matched a request, or all were removed.
    Fault(fault::Event),
}

/// What is random in a new estate. Everything else of it is fixed, see [`Estate::begin`](super::estate::Estate::begin).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Beginning {
    /// The versions of `session-secret`, the older one first.
    pub(crate) session_secret: [Coined; 2],
    /// The only version of `database-url`.
    pub(crate) database_url: Coined,
    /// The password of the database server's administrator. A file that does not say it is older than the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) database_admin: Option<Coined>,
}

/// A secret's version made together with the estate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Coined {
    pub(crate) version: String,
    pub(crate) value: Value,
}

/// One change of the estate, with everything in it that chance decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Change {
    /// Something about the database servers.
    Database(postgres::Change),
    SecretSet(SecretSet),
    SecretUpdated(SecretUpdated),
    /// All settings of a slot were replaced, as `PUT …/config/appsettings` does.
    SettingsReplaced {
        place: Place,
        settings: BTreeMap<String, String>,
    },
    /// The references of a slot are to be fetched again, as `POST …/refresh` asks.
    ReferencesRefreshed {
        place: Place,
    },
    Restarted {
        place: Place,
    },
    Started {
        place: Place,
    },
    Stopped {
        place: Place,
    },
    /// The first half of a swap: the source slot runs with the sticky settings of the target.
    PreviewStarted {
        app: String,
        source: String,
        target: String,
    },
    /// The source slot of the preview, if there is one, has its own settings again.
    PreviewReset {
        app: String,
    },
    SwapStarted {
        operation: Uuid,
        app: String,
        source: String,
        target: String,
        /// How long it takes, in estate seconds. A file that does not say so was written when all took the same time.
        #[serde(default = "usual_swap")]
        seconds: u32,
    },
    Search(search::Changed),
    Storage(storage::Changed),
    /// Something was broken for a drill.
    Broken(Break),
}

fn usual_swap() -> u32 {
    SWAPPING
}

/// `PUT /secrets/{name}`: always a new version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SecretSet {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) value: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) content_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tags: Option<BTreeMap<String, String>>,
    pub(crate) enabled: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) not_before: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires: Option<i64>,
}

/// `PATCH /secrets/{name}/{version}`: what is absent stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SecretUpdated {
    pub(crate) name: String,
    pub(crate) version: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) content_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tags: Option<BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) enabled: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) not_before: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires: Option<i64>,
}

/// One slot of one app. The slot that serves the public name is called `production`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) app: String,
    pub(crate) slot: String,
}

/// A secret's value. It stands in the world file and travels to whoever reads the secret, and is never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Value(pub(crate) String);

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Value(…)")
    }
}
