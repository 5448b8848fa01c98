use serde::{Deserialize, Serialize};

use super::{Point, Reference, Writer};
use crate::base::{ClockSource, Commitment, Digest, EntryId, HostClock, LogId, RunId, Seq, Timestamp};
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
    /// A copy of the store was made.
    #[serde(rename = "log.backed_up")]
    BackedUp {
        /// How far the copy goes.
        point: Point,
        /// The SHA-256 of the copy, as `sha256sum` prints it.
        file: Digest,
    },
    /// The store does not hold what had been written to it: an earlier state of it, or another log, was put in its place.
    /// What stands before this entry is what was found there.
    #[serde(rename = "log.restored")]
    Restored {
        /// How it came to light.
        by: RestoredBy,
        /// The furthest that is known of what stood there before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<Point>,
        /// How far the log goes that stands there now, without this entry.
        after: Point,
    },
    /// The log takes the place of one that is damaged; always entry 1.
    #[serde(rename = "log.succeeds")]
    Succeeds(Predecessor),
    /// Entries of this run are lost, as far as anybody can tell; the entry names the run. From here on no effect of it is
    /// begun until somebody has looked.
    #[serde(rename = "log.cut")]
    Cut {},
    /// Somebody has looked at what a run may have done in the part that is lost; the entry names the run.
    #[serde(rename = "log.released")]
    Released {
        /// What was found.
        reason: Commitment,
    },
}

/// How it came to light that a store was put back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestoredBy {
    /// A person restored a backup with this program.
    Command,
    /// The mark beside the store remembers more than the store holds.
    Mark,
}

/// A damaged log, as far as it could be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Predecessor {
    /// How far it is whole: its entries before the first that cannot be read or does not follow. None if not one can be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole: Option<Point>,
    /// The last leaf of that part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaf: Option<Digest>,
    /// How far it had been, as the mark beside it remembers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marked: Option<Point>,
    /// The SHA-256 of the damaged file, as `sha256sum` prints it.
    pub file: Digest,
    /// The SHA-256 of the file with what had not been taken up into it (`-wal`), if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wal: Option<Digest>,
    /// How many entries follow here that repeat entries of it: those of the runs that were open.
    pub repeated: u64,
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
