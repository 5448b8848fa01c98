use serde::Deserialize as _;
use serde_json::Value as Json;

use super::{
    AppendError, Batch, DecodeError, Draft, Entry, Fact, Holder, Payload, ReadError, RunRow, Stage, decode, encode,
    is_remark, leaf_of,
};
use crate::base::{Commitment, Digest, LogId, Seq};
use crate::run::Event;

/// Where the next entry goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The log.
    pub log: LogId,
    /// The position of the next entry.
    pub next: Seq,
    /// The leaf of the last entry; none in an empty log.
    pub prev: Option<Digest>,
}

impl Head {
    /// The head of a log without entries.
    pub const fn of_new(log: LogId) -> Self {
        Self { log, next: Seq(0), prev: None }
    }

    /// Puts a draft in the next place and moves on. Gives the entry, and the line that is to be stored.
    ///
    /// # Errors
    /// The entry has no canonical line.
    pub fn place(&mut self, draft: &Draft) -> Result<(Entry, Line), AppendError> {
        let entry = Entry { log: self.log, seq: self.next, prev: self.prev, draft: draft.clone() };
        let text = encode(&entry).map_err(|err| AppendError::Entry(err.to_string()))?;
        let line = Line { seq: self.next, leaf: leaf_of(text.as_bytes()), text };
        self.next = Seq(self.next.0 + 1);
        self.prev = Some(line.leaf);
        Ok((entry, line))
    }
}

/// An entry as it is stored: bytes and their digest, whatever they mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The position.
    pub seq: Seq,
    /// The canonical line, without its newline.
    pub text: String,
    /// The leaf that the store keeps beside it. A reader who verifies computes it anew.
    pub leaf: Digest,
}

impl Line {
    /// The entry, for whoever folds a run. None for a remark of a kind that this program does not know: what people say
    /// blocks nobody.
    ///
    /// # Errors
    /// Anything else that cannot be read: it could change what the run is.
    pub fn entry(&self) -> Result<Option<Entry>, ReadError> {
        match decode(&self.text) {
            Ok(entry) => Ok(Some(entry)),
            Err(DecodeError::UnknownKind { kind }) if is_remark(&kind) => Ok(None),
            Err(err) => Err(ReadError::Entry { seq: self.seq, why: err.to_string() }),
        }
    }
}

/// A text beside the log as a store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Salted {
    /// The salt.
    pub salt: [u8; 32],
    /// The text's bytes; whether they still are the text that was committed to, [`Salted::fits`] says.
    pub bytes: Vec<u8>,
}

impl Salted {
    /// Tells whether this is what the entry committed to.
    pub fn fits(&self, commitment: &Commitment) -> bool {
        str::from_utf8(&self.bytes).is_ok_and(|text| Commitment::to_text(text, &self.salt).commit == commitment.commit)
    }
}

/// Admits a batch, before anything is written, by what the store knows of the holder's run; `row` is none for a run
/// that has no entry yet.
///
/// # Errors
/// [`AppendError::Superseded`] if the holder's belief is not so; [`AppendError::Cut`] if the batch begins an effect of a
/// run that was cut and that nobody has looked at; [`AppendError::Entry`] if a batch breaks a rule that
/// its maker could have kept: an event of a run without its holder, or a payload that its commitment does not fit.
pub fn admit(batch: &Batch, row: Option<&RunRow>) -> Result<(), AppendError> {
    if let Some(Holder { version, fence, .. }) = batch.holder
        && (version, fence) != row.map_or((0, 0), |row| (row.version, row.fence))
    {
        return Err(AppendError::Superseded);
    }
    let is_intent = |draft: &Draft| matches!(draft.fact, Fact::Run(Event::Intent(_)));
    if let Some(row) = row.filter(|row| row.stage == Stage::Cut)
        && batch.drafts.iter().any(is_intent)
    {
        return Err(AppendError::Cut { run: row.run });
    }
    for draft in &batch.drafts {
        let is_holders = batch.holder.is_some_and(|holder| draft.run == Some(holder.run));
        if matches!(draft.fact, Fact::Run(_)) && !is_holders {
            return Err(AppendError::Entry("only the holder of a run may write its events".into()));
        }
    }
    for Payload { commitment, salt, text } in &batch.payloads {
        if Commitment::to_text(text, salt).commit != commitment.commit {
            return Err(AppendError::Entry(format!("the text beside it does not fit {}", commitment.commit.short())));
        }
    }
    Ok(())
}

/// The digest under which the store keeps a text that entries name: SHA-256 under the domain `text-v1`.
pub fn text_digest(text: &str) -> Digest {
    Digest::of("text-v1", text.as_bytes())
}

/// Every commitment in a record, at whatever depth of its data.
pub fn commitments(record: &Json) -> Vec<Commitment> {
    fn collect(value: &Json, found: &mut Vec<Commitment>) {
        match value {
            Json::Object(members) => match Commitment::deserialize(value) {
                Ok(commitment) => found.push(commitment),
                Err(_) => members.values().for_each(|member| collect(member, found)),
            },
            Json::Array(items) => items.iter().for_each(|item| collect(item, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    collect(&record["data"], &mut found);
    found
}
