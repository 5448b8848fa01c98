//! Containers and queues, without any HTTP.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::sim::clock::Moment;

/// The container that the indexer reads.
pub(crate) const DOCS: &str = "docs";
/// The queue of what is to be pushed into the index, and the one of what could not be.
const QUEUES: [&str; 2] = ["ingest", "ingest-dead-letter"];

/// What the manuals are about; ten of each.
pub(crate) const TOPICS: [&str; 12] = [
    "accounts",
    "billing",
    "delivery",
    "discounts",
    "invoices",
    "orders",
    "payments",
    "privacy",
    "refunds",
    "returns",
    "support",
    "warranty",
];
const OF_EACH: u32 = 10;
const DAY: i64 = 24 * 3600;

/// The account's containers and queues, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) containers: BTreeMap<String, BTreeMap<String, Blob>>,
    pub(crate) queues: BTreeMap<String, Vec<Message>>,
}

/// A blob, without what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Blob {
    pub(crate) bytes: u64,
    pub(crate) modified: Moment,
}

/// A message of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) id: Uuid,
    pub(crate) text: String,
    pub(crate) inserted: Moment,
    /// Before this moment somebody works on it, and nobody else sees it.
    pub(crate) shows: Moment,
    /// How often it was taken.
    pub(crate) tries: u32,
}

/// A change of the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Changed {
    BlobWritten { container: String, name: String, bytes: u64 },
    BlobDeleted { container: String, name: String },
    MessagePut { queue: String, id: Uuid, text: String },
    QueueCleared { queue: String },
}

impl Account {
    /// The account as it is found: 120 manuals of the last quarter, a readme that is none, an empty queue, and two
    /// messages that nobody could work on.
    pub(crate) fn begin(at: Moment) -> Self {
        let mut docs = BTreeMap::new();
        for (topic, name) in (0_u32..).zip(TOPICS) {
            for number in 1..=OF_EACH {
                let place = topic * OF_EACH + number;
                let modified = at.plus_seconds(-DAY * i64::from(1 + place * 7 % 90));
                docs.insert(manual(name, number), Blob { bytes: u64::from(40_000 + place * 613), modified });
            }
        }
        docs.insert("manuals/readme.txt".to_owned(), Blob { bytes: 412, modified: at.plus_seconds(-200 * DAY) });
        let dead = |number: u32| {
            let inserted = at.plus_seconds(-DAY * i64::from(number));
            let id = Uuid::from_u128(0x5171_0000_0000_4000_8000_0000_0000_0000 + u128::from(number));
            let text = format!(r#"{{"blob":"manuals/scan-{number:02}.tif"}}"#);
            Message { id, text, inserted, shows: inserted, tries: 5 }
        };
        let messages = [Vec::new(), vec![dead(9), dead(4)]];
        Self {
            containers: BTreeMap::from([(DOCS.to_owned(), docs)]),
            queues: QUEUES.map(str::to_owned).into_iter().zip(messages).collect(),
        }
    }

    /// Applies one change; one that names what is not there does nothing.
    pub(crate) fn apply(&mut self, at: Moment, change: &Changed) {
        match change {
            Changed::BlobWritten { container, name, bytes } => {
                if let Some(found) = self.containers.get_mut(container) {
                    found.insert(name.clone(), Blob { bytes: *bytes, modified: at });
                }
            }
            Changed::BlobDeleted { container, name } => {
                if let Some(found) = self.containers.get_mut(container) {
                    found.remove(name);
                }
            }
            Changed::MessagePut { queue, id, text } => {
                if let Some(found) = self.queues.get_mut(queue) {
                    found.push(Message { id: *id, text: text.clone(), inserted: at, shows: at, tries: 0 });
                }
            }
            Changed::QueueCleared { queue } => {
                if let Some(found) = self.queues.get_mut(queue) {
                    found.clear();
                }
            }
        }
    }

    /// From when on a queue has a message that nobody works on.
    pub(crate) fn shows(&self, queue: &str) -> Option<Moment> {
        self.queues.get(queue)?.iter().map(|message| message.shows).min()
    }

    /// Takes the first message that shows itself, and hides it from others for a while.
    pub(crate) fn take(&mut self, queue: &str, at: Moment, until: Moment) -> Option<Message> {
        let message = self.queues.get_mut(queue)?.iter_mut().find(|message| message.shows <= at)?;
        message.shows = until;
        message.tries += 1;
        Some(message.clone())
    }

    /// Deletes a message, if it is still there.
    pub(crate) fn forget(&mut self, queue: &str, message: &Message) {
        if let Some(found) = self.queues.get_mut(queue) {
            found.retain(|other| other.id != message.id);
        }
    }

    /// Puts what a message says into another queue, as a message of its own that nobody has tried yet.
    pub(crate) fn bury(&mut self, queue: &str, message: Message, at: Moment) {
        if let Some(found) = self.queues.get_mut(queue) {
            // Chance decides nothing here, so that the file gives the same world again.
            let id = Uuid::from_u128(message.id.as_u128() ^ 1);
            found.push(Message { id, inserted: at, shows: at, tries: 0, ..message });
        }
    }
}

/// The name of a manual's blob.
fn manual(topic: &str, number: u32) -> String {
    format!("manuals/{topic}-{number:02}.pdf")
}
