//! The requests that were received, so that a test can count them.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::asked::Asked;
use super::clock::Moment;

/// Older entries than the newest 10,000 are forgotten.
const KEPT: usize = 10_000;

/// One request. Bodies and credentials are not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Counted from 1 in the order of arrival. Reads are forgotten when the server ends, so there may be gaps.
    pub(crate) number: u64,
    pub(crate) at: Moment,
    pub(crate) host: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) client_request_id: Option<String>,
    /// Absent while the request is being answered, and for ever if the server was killed meanwhile.
    #[serde(flatten)]
    pub(crate) outcome: Option<Outcome>,
}

/// How a request ended: `{"status": 200}` or `{"dropped": "after"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// It was answered with this status.
    Status(u16),
    /// Its connection was closed without an answer.
    Dropped(Dropped),
}

/// Whether the request had been carried out when its connection was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Dropped {
    Before,
    After,
}

/// The newest requests, oldest first.
#[derive(Default)]
pub(crate) struct Log {
    entries: VecDeque<Entry>,
    last: u64,
}

impl Log {
    /// The entry for a request that has just arrived, with the next number.
    pub(crate) fn entry(&self, at: Moment, asked: &Asked) -> Entry {
        Entry {
            number: self.last + 1,
            at,
            host: asked.host.clone(),
            method: asked.method.to_string(),
            path: asked.path.clone(),
            query: asked.query.clone(),
            client_request_id: asked.header("x-ms-client-request-id").map(str::to_owned),
            outcome: None,
        }
    }

    pub(crate) fn push(&mut self, entry: Entry) {
        self.last = self.last.max(entry.number);
        self.entries.push_back(entry);
        if self.entries.len() > KEPT {
            self.entries.pop_front();
        }
    }

    pub(crate) fn close(&mut self, number: u64, outcome: Outcome) {
        if let Some(entry) = self.entries.iter_mut().rev().find(|entry| entry.number == number) {
            entry.outcome = Some(outcome);
        }
    }

    pub(crate) fn entries(&self) -> &VecDeque<Entry> {
        &self.entries
    }
}
