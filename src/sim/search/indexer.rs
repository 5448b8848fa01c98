//! An indexer: its definition, its schedule, the run that is under way, and those that have ended.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::document::{self, Document};
use super::index::{Index, etag};
use crate::sim::clock::Moment;
use crate::sim::storage::Account;

/// How long a run takes before its first document, and for each, in estate seconds.
const STARTING: i64 = 10;
const FOR_EACH: i64 = 2;
/// How long it takes until the history tells of a run that was accepted, in estate seconds.
const HISTORY_LAG: i64 = 3;
/// So many runs are remembered.
const REMEMBERED: usize = 50;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Indexer {
    pub(crate) definition: Document,
    pub(crate) etag: String,
    /// What was modified later is read by the next run; nothing: everything is.
    mark: Option<Moment>,
    running: Option<Run>,
    /// Newest first.
    ended: Vec<Ended>,
    /// When the schedule starts it next.
    next: Option<Moment>,
}

/// A run that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Run {
    started: Moment,
    due: Moment,
    blobs: Vec<(String, Moment)>,
    twist: Option<Twist>,
}

/// What is to go wrong with what a request starts: a run of an indexer, or an operation on a database server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Twist {
    /// It fails when half of it is done.
    Halfway,
    /// It reports success, and a part was left out without a word: a quarter of the documents, or a restore's last hour.
    Short,
}

/// A run, or a reset, that has ended; or one that is under way, as far as it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) result: &'static str,
    pub(crate) message: Option<String>,
    pub(crate) started: Moment,
    pub(crate) until: Option<Moment>,
    pub(crate) processed: usize,
    pub(crate) failed: usize,
}

impl Indexer {
    /// A new one; the schedule begins to count.
    pub(crate) fn new(at: Moment, definition: Document) -> Self {
        let mut indexer = Self { definition, etag: etag(at), mark: None, running: None, ended: Vec::new(), next: None };
        indexer.schedule(at);
        indexer
    }

    /// As it is found: it has read everything up to then.
    pub(crate) fn found(at: Moment, definition: Document, processed: usize) -> Self {
        let mut indexer = Self::new(at, definition);
        indexer.mark = Some(at);
        let until = Some(at.plus_seconds(40));
        indexer.ended.push(Ended { result: "success", message: None, started: at, until, processed, failed: 0 });
        indexer
    }

    /// Takes another definition. What it has read it keeps in mind, whatever index it writes by now; and it does not run.
    pub(crate) fn redefine(&mut self, at: Moment, definition: Document) {
        self.definition = definition;
        self.etag = etag(at);
        self.schedule(at);
    }

    pub(crate) fn text(&self, member: &str) -> &str {
        self.definition.get(member).and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn is_disabled(&self) -> bool {
        self.definition.get("disabled").and_then(Value::as_bool).unwrap_or(false)
    }

    pub(crate) fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Sets when the schedule starts it next, later than `at`.
    fn schedule(&mut self, at: Moment) {
        let schedule = self.definition.get("schedule").filter(|_| !self.is_disabled());
        self.next = schedule.and_then(|schedule| {
            let interval = seconds(schedule["interval"].as_str()?)?;
            let start: Moment = schedule["startTime"].as_str().and_then(|text| text.parse().ok()).unwrap_or(at);
            let passed = (at.seconds() - start.seconds()).div_euclid(interval) + 1;
            Some(start.plus_seconds(passed.max(0) * interval))
        });
    }

    /// What comes next by itself: the end of the run, or the schedule.
    pub(crate) fn due(&self) -> Option<Moment> {
        self.running.as_ref().map(|run| run.due).into_iter().chain(self.next).min()
    }

    /// Lets happen what has come due at that moment.
    pub(crate) fn come_due(
        &mut self,
        at: Moment,
        indexes: &mut BTreeMap<String, Index>,
        account: &Account,
        container: &str,
    ) {
        if self.running.as_ref().is_some_and(|run| run.due <= at) {
            self.end(indexes);
        }
        if self.next.is_some_and(|next| next <= at) {
            self.schedule(at);
            self.run(at, account, container, None);
        }
    }

    /// Starts a run, unless one is under way.
    pub(crate) fn run(&mut self, at: Moment, account: &Account, container: &str, twist: Option<Twist>) {
        if self.running.is_some() {
            return;
        }
        let blobs = account.containers.get(container).into_iter().flatten();
        let changed =
            blobs.filter(|(name, blob)| document::is_manual(name) && self.mark.is_none_or(|mark| blob.modified > mark));
        let blobs: Vec<(String, Moment)> = changed.map(|(name, blob)| (name.clone(), blob.modified)).collect();
        let all = i64::try_from(blobs.len()).unwrap_or(i64::MAX).saturating_mul(FOR_EACH);
        let work = if twist == Some(Twist::Halfway) { all / 2 } else { all };
        self.running = Some(Run { started: at, due: at.plus_seconds(STARTING + work), blobs, twist });
    }

    /// Ends the run that is under way: only now are its documents found.
    fn end(&mut self, indexes: &mut BTreeMap<String, Index>) {
        let Some(run) = self.running.take() else { return };
        let written = match run.twist {
            None => run.blobs.len(),
            Some(Twist::Halfway) => run.blobs.len() / 2,
            Some(Twist::Short) => run.blobs.len() * 3 / 4,
        };
        let mut ended = Ended {
            result: "success",
            message: None,
            started: run.started,
            until: Some(run.due),
            processed: written,
            failed: 0,
        };
        let Some(index) = indexes.get_mut(self.text("targetIndexName")) else {
            let message = format!("The index '{}' was not found.", self.text("targetIndexName"));
            ended = Ended { result: "transientFailure", message: Some(message), processed: 0, ..ended };
            self.remember(ended);
            return;
        };
        for (blob, modified) in run.blobs.iter().take(written) {
            if index.write_all(&document::parts(blob, *modified)) > 0 {
                ended.failed += 1;
            }
        }
        index.count(run.due);
        if run.twist == Some(Twist::Halfway) {
            ended.result = "transientFailure";
            ended.message = Some(
                "The data source could not be read any further. The connection was closed by the remote host."
                    .to_owned(),
            );
        } else if ended.failed > 0 {
            ended.result = "transientFailure";
            ended.message = Some("Document key is missing or empty.".to_owned());
        } else {
            self.mark = Some(run.started);
        }
        self.remember(ended);
    }

    /// Forgets what it has read.
    pub(crate) fn reset(&mut self, at: Moment) {
        self.mark = None;
        self.remember(Ended { result: "reset", message: None, started: at, until: Some(at), processed: 0, failed: 0 });
    }

    fn remember(&mut self, ended: Ended) {
        self.ended.insert(0, ended);
        self.ended.truncate(REMEMBERED);
    }

    /// The history as it is told at that moment, newest first.
    pub(crate) fn history(&self, at: Moment) -> Vec<Ended> {
        let under_way = self.running.as_ref().filter(|run| run.started.plus_seconds(HISTORY_LAG) <= at).map(|run| {
            let passed = (at.seconds() - run.started.seconds() - STARTING).max(0) / FOR_EACH;
            let processed = usize::try_from(passed).unwrap_or(0).min(run.blobs.len());
            Ended { result: "inProgress", message: None, started: run.started, until: None, processed, failed: 0 }
        });
        under_way.into_iter().chain(self.ended.iter().cloned()).collect()
    }
}

/// A length of time as ISO 8601 writes it, in seconds.
pub(crate) fn seconds(text: &str) -> Option<i64> {
    let span: jiff::Span = text.parse().ok()?;
    let duration = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok()?;
    Some(duration.as_secs()).filter(|seconds| *seconds >= 300)
}
