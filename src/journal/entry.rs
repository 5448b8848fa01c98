use serde::{Deserialize, Serialize};

use super::{Reference, Writer};
use crate::base::{ClockSource, Digest, EntryId, HostClock, LogId, RunId, Seq, Timestamp};
use crate::{incident, run};

/// The version of the entry format that this program writes.
pub const FORMAT: u32 = 1;

/// What an entry is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// An event of a run, written by its holder.
    Run(run::Event),
    /// What a person says.
    Incident(incident::Event),
    /// A wish to the holder of a run.
    Request(run::Request),
    /// What concerns the log itself.
    Log(LogEvent),
}

/// What concerns the log itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data")]
pub enum LogEvent {
    /// The log begins; always entry 0.
    #[serde(rename = "log.created")]
    Created {
        /// The kind of estate that the store belongs to. It never holds entries of the other.
        estate: StoreKind,
    },
    /// The log, or a part of it, was written out.
    #[serde(rename = "log.exported")]
    Exported {
        /// The format.
        format: String,
        /// The number of entries.
        entries: u64,
    },
}

/// Which kind of estate a store belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoreKind {
    /// Azure.
    Live,
    /// The simulator.
    Simulated,
}

/// An entry that is to be appended: everything but its place in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Its id; a second entry with the same id is refused.
    pub id: EntryId,
    /// When the host recorded it.
    pub recorded_at: Timestamp,
    /// What was known of the host's clock then.
    pub host_clock: HostClock,
    /// When it happened, by the estate's clock.
    pub occurred_at: Timestamp,
    /// Which clock `occurred_at` is of.
    pub clock: ClockSource,
    /// The run that it belongs to.
    pub run: Option<RunId>,
    /// The fence under which a holder wrote it.
    pub fence: Option<u64>,
    /// Who.
    pub actor: Actor,
    /// By which program, on which computer.
    pub writer: Writer,
    /// Through what.
    pub channel: Channel,
    /// What it has to do with earlier entries, as far as its writer knows.
    pub refs: Vec<Reference>,
    /// What.
    pub fact: Fact,
}

/// An entry as it stands in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The log.
    pub log: LogId,
    /// The position.
    pub seq: Seq,
    /// The previous leaf; none for entry 0.
    pub prev: Option<Digest>,
    /// The rest.
    pub draft: Draft,
}

/// Who did it: by the token that was used, not by what somebody claims.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// How we know.
    pub authn: Authn,
    /// The token's tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The token's object id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// The numeric id of the operating system's user. Its name is personal and stays outside the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os_user: Option<u32>,
}

/// How an actor is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Authn {
    /// Not at all, but for the operating system's user. Satisfies no policy.
    None,
    /// By a simulated sign-in. Satisfies no live policy.
    Simulated,
    /// By a token of the Azure CLI.
    Cli,
    /// By a token that was had in another way: as a managed identity, a workload, an application, or from the Azure
    /// Developer CLI.
    Token,
}

/// Through what an entry came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// The screen.
    Tui,
    /// A command with a person at it.
    Cli,
    /// A command of a script.
    Headless,
}
