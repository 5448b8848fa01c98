//! The ingestion that pushes: what the app `chatbot-worker` does with the queue `ingest`, without any HTTP.
//!
//! It is a client of the queue, the container and the index, as a real worker is. While it runs it takes one message after
//! the other; that hides the message from others for half a minute and counts a try. It writes the parts of the blob that
//! the message names, and deletes the message. One that it cannot work on shows itself again when the half minute is over,
//! and goes to the dead letters after its last try. If the worker is stopped or restarted, what it was doing is lost, and
//! done once more when the message shows itself again.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::clock::Moment;
use super::search::Search;
use super::storage::{Account, DOCS, Message};

/// The app that does it.
pub(crate) const WORKER: &str = "chatbot-worker";
/// The setting that tells it the index, and where it writes without one: what the app asks.
pub(crate) const SETTING: &str = "INGEST_INDEX";
const USUAL: &str = "chatbot-docs";

/// What is to be pushed, and what could not be.
pub(crate) const WAITING: &str = "ingest";
const DEAD: &str = "ingest-dead-letter";

/// How long it works on a message, in estate seconds.
const FOR_EACH: i64 = 2;
/// How long a message that was taken is hidden, in estate seconds; 30 is the service's own default.
const HIDDEN: i64 = 30;
/// So many times a message is tried.
const TRIES: u32 = 5;

/// The worker's part in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ingestion {
    /// From when on it takes the next message; nothing while the worker is down.
    ready: Option<Moment>,
    /// What it works on.
    job: Option<Job>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Job {
    message: Message,
    until: Moment,
}

impl Ingestion {
    /// Takes note of whether the worker runs: from when on, or not at all. One that is about to start was interrupted.
    pub(crate) fn attend(&mut self, at: Moment, up: Option<Moment>) {
        let goes_on = self.ready.is_some() && up.is_some_and(|from| from <= at);
        if !goes_on {
            *self = Self { ready: up, job: None };
        }
    }

    /// When it goes on by itself.
    pub(crate) fn due(&self, account: &Account) -> Option<Moment> {
        match &self.job {
            Some(job) => Some(job.until),
            None => Some(self.ready?.max(account.shows(WAITING)?)),
        }
    }

    /// Does what has come due at that moment: takes a message, or ends the work on one.
    pub(crate) fn go_on(&mut self, at: Moment, index: Option<&str>, account: &mut Account, search: &mut Search) {
        let Some(Job { message, .. }) = self.job.take() else {
            let taken = account.take(WAITING, at, at.plus_seconds(HIDDEN));
            self.job = taken.map(|message| Job { message, until: at.plus_seconds(FOR_EACH) });
            return;
        };
        self.ready = Some(at);
        if push(at, index.unwrap_or(USUAL), &message.text, account, search) {
            account.forget(WAITING, &message);
        } else if message.tries >= TRIES {
            account.forget(WAITING, &message);
            account.bury(DEAD, message, at);
        }
    }
}

/// Writes what a message names into an index; whether that could be done.
fn push(at: Moment, index: &str, text: &str, account: &Account, search: &mut Search) -> bool {
    let Some(name) = named(text) else { return false };
    let blob = account.containers.get(DOCS).and_then(|blobs| blobs.get(&name));
    // A file without a byte is no document, whatever its name says.
    blob.filter(|blob| blob.bytes > 0).is_some_and(|blob| search.push(at, index, &name, blob.modified))
}

/// The text of a message that asks for a blob to be pushed.
pub(crate) fn asking(blob: &str) -> String {
    serde_json::json!({ "blob": blob }).to_string()
}

/// The blob that a message names, in plain JSON or in base64, as many clients of queues write it.
fn named(text: &str) -> Option<String> {
    let plain = text.replace("&quot;", "\"").replace("&amp;", "&");
    let bytes = if plain.trim_start().starts_with('{') { plain.into_bytes() } else { STANDARD.decode(plain).ok()? };
    let message: Value = serde_json::from_slice(&bytes).ok()?;
    message["blob"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_its_blob_in_plain_or_in_base64() {
        let text = asking("manuals/refunds-01.pdf");
        let wanted = Some("manuals/refunds-01.pdf".to_owned());
        assert_eq!(named(&text), wanted);
        assert_eq!(named(&text.replace('"', "&quot;")), wanted);
        assert_eq!(named(&STANDARD.encode(&text)), wanted);
        assert_eq!((named("aGVsbG8="), named("{}"), named("hello")), (None, None, None));
    }
}
