use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize as _;
use serde_json::Value as Json;
use thiserror::Error;

use super::bundle::{CHECKPOINT, LEAVES, RECORDS};
use crate::base::{Digest, LogId, Seq};
use crate::journal::{
    Frontier, Line, LogEvent, Point, Predecessor, ReadError, Salted, checkpoint as checkpoint_of, commitments, leaf_of,
    text_digest,
};

/// What every good verdict must say beside it.
pub const CAVEAT: &str =
    "not anchored: a consistent rewrite of all three cannot be detected without a checkpoint kept elsewhere";

/// What a whole log comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intact {
    /// The number of entries.
    pub entries: u64,
    /// The Merkle root.
    pub root: Digest,
    /// Whether it is a history of its own.
    pub kin: Kin,
}

/// Whether a log is a history of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kin {
    /// It is.
    #[default]
    First,
    /// It says in its entry 1 that it succeeds a damaged log: the chain is continued, and not intact.
    Successor,
}

impl Intact {
    fn head(&self) -> String {
        let word = match self.kin {
            Kin::First => "intact",
            Kin::Successor => "continued, not intact",
        };
        format!("{word}: {} entries, root {}", self.entries, STANDARD.encode(self.root.as_bytes()))
    }
}

impl fmt::Display for Intact {
    /// Two lines, of which the second is [`CAVEAT`]; word for word what `verify.py` prints.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{CAVEAT}", self.head())
    }
}

/// The first thing that is not right, word for word as `verify.py` prints it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// An entry, by its place in the log from 0.
    #[error("entry {seq}: {why}")]
    Entry {
        /// The place. An entry that was taken out is missing here, an entry that was put in stands here.
        seq: Seq,
        /// What is wrong there.
        why: String,
    },
    /// A file of a bundle, where no entry is meant.
    #[error("{name}: {why}")]
    File {
        /// The name of the file.
        name: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
}

/// Why a store has no good verdict.
#[derive(Debug, Error)]
pub enum VerifyError {
    /// Something is not right.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// It cannot be told.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Verifies a bundle: `checkpoint`, `leaves.txt` and `records.jsonl`, each as the bytes of the file.
///
/// Any single change to any of the three is refused. Two changes that fit together are not, in general: see [`CAVEAT`].
///
/// # Errors
/// The first fault in the order of the log, then of the files' ends, then of the checkpoint.
pub fn verify_bundle(records: &[u8], leaves: &[u8], checkpoint: &[u8]) -> Result<Intact, Fault> {
    let (records, records_end) = split(records);
    let (leaves, leaves_end) = split(leaves);
    let mut chain = Chain::default();
    for place in 0..records.len().max(leaves.len()) {
        match (records.get(place), leaves.get(place)) {
            (Some(record), Some(leaf)) => drop(chain.add(record, leaf)?),
            (record, _) => {
                let only = if record.is_some() { RECORDS } else { LEAVES };
                return Err(chain.fault(format!("only {only} has it")));
            }
        }
    }
    let cut = |name| Err(Fault::File { name, why: "the end is missing" });
    match (&chain.log, records_end, leaves_end) {
        (None, ..) | (_, End::Cut, _) => cut(RECORDS),
        (_, _, End::Cut) => cut(LEAVES),
        (Some(log), End::Whole, End::Whole) => {
            let intact = chain.intact();
            if checkpoint_of(log, intact.entries, intact.root).as_bytes() == checkpoint {
                Ok(intact)
            } else {
                Err(Fault::File { name: CHECKPOINT, why: "these are not its entries" })
            }
        }
    }
}

/// What verifying a store comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreVerdict {
    /// The log.
    pub intact: Intact,
    /// How many texts beside the log are there and are what their entries committed to: notes and the like, and for
    /// every run the text of its runbook.
    pub texts: u64,
    /// The entries whose text is no longer there: the commitment or digest stands, the text was removed.
    pub without_text: Vec<Seq>,
    /// Where the log says of itself that something is missing before it: the entry, and what it says.
    pub seams: Vec<(Seq, Seam)>,
}

/// An entry by which a log says that it does not hold all that was once written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seam {
    /// The store was put back to an earlier state.
    Restored {
        /// The furthest that is known of what stood there before.
        before: Option<Point>,
        /// How far the log went that was put there.
        after: Point,
    },
    /// The log takes the place of a damaged one.
    Succeeds(Predecessor),
}

impl Seam {
    fn of(record: &Json) -> Option<Self> {
        match LogEvent::deserialize(record).ok()? {
            LogEvent::Restored { before, after, .. } => Some(Self::Restored { before, after }),
            LogEvent::Succeeds(predecessor) => Some(Self::Succeeds(predecessor)),
            _ => None,
        }
    }
}

impl fmt::Display for Seam {
    /// A sentence fragment.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let far = |point: &Point| format!("{} entries of the log {}", point.entries, point.log);
        match self {
            Self::Restored { before: Some(before), after } if before == after => {
                write!(f, "a copy of it was put in place that held all of it, {}", far(after))
            }
            Self::Restored { before: Some(before), after } => write!(
                f,
                "the store was put back to {}; it had held {}, and what is missing is not known here",
                far(after),
                far(before)
            ),
            Self::Restored { before: None, after } => {
                write!(f, "the store was put back to {}; what it had held before is not known", far(after))
            }
            Self::Succeeds(Predecessor { whole, marked, file, repeated, .. }) => {
                match whole {
                    Some(whole) => write!(f, "it goes on for a damaged log, of which {} are whole", far(whole))?,
                    None => write!(f, "it goes on for a damaged log, of which nothing could be read")?,
                }
                if let Some(marked) = marked.filter(|marked| Some(marked) != whole.as_ref()) {
                    write!(f, " of {}", far(&marked))?;
                }
                write!(f, " (file {file}, SHA-256); {repeated} of them are repeated here")
            }
        }
    }
}

impl fmt::Display for StoreVerdict {
    /// The verdict on the log and, before the caveat, what became of the texts beside it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.intact.head())?;
        for (seq, seam) in &self.seams {
            writeln!(f, "entry {seq}: {seam}")?;
        }
        write!(f, "texts beside the log: {} as committed", self.texts)?;
        if let [first, ..] = self.without_text.as_slice() {
            write!(f, ", {} no longer there (the first is that of entry {first})", self.without_text.len())?;
        }
        write!(
            f,
            "\nnot anchored: a consistent rewrite of the store cannot be detected without a checkpoint kept elsewhere"
        )
    }
}

/// Verifies a store by its lines, page by page: `lines` gives some that follow from a place on, and none after the last;
/// `salted` gives what the store keeps for a commitment, `text` the bytes that it keeps under a digest, as the text of a
/// runbook. Nothing that is derived from the log is looked at, and no text that no entry names.
///
/// # Errors
/// The first fault in the order of the log; or the store cannot be read.
pub fn verify_store(
    log: LogId,
    mut lines: impl FnMut(Seq) -> Result<Vec<Line>, ReadError>,
    mut salted: impl FnMut(&Digest) -> Result<Option<Salted>, ReadError>,
    mut text: impl FnMut(&Digest) -> Result<Option<Vec<u8>>, ReadError>,
) -> Result<StoreVerdict, VerifyError> {
    let mut chain = Chain { log: Some(log.to_string()), ..Chain::default() };
    let (mut texts, mut without_text, mut seams) = (0, Vec::new(), Vec::new());
    loop {
        let page = lines(Seq(chain.frontier.size()))?;
        if page.is_empty() {
            break;
        }
        for line in page {
            let seq = Seq(chain.frontier.size());
            let record = chain.add(line.text.as_bytes(), line.leaf.to_string().as_bytes())?;
            let mut beside = |fits: Option<bool>, why: &str| {
                match fits {
                    Some(true) => texts += 1,
                    Some(false) => return Err(Fault::Entry { seq, why: why.into() }),
                    None => without_text.push(seq),
                }
                Ok(())
            };
            for commitment in commitments(&record) {
                let fits = salted(&commitment.commit)?.map(|kept| kept.fits(&commitment));
                beside(fits, "the text beside it is not what the record committed to")?;
            }
            seams.extend(Seam::of(&record).map(|seam| (seq, seam)));
            if let Some((digest, why)) = revision(&record) {
                let is_it = |kept: Vec<u8>| str::from_utf8(&kept).is_ok_and(|kept| text_digest(kept) == digest);
                beside(text(&digest)?.map(is_it), why)?;
            }
        }
    }
    let intact = chain.intact();
    Ok(StoreVerdict { intact, texts, without_text, seams })
}

/// A log as far as it has been looked at.
#[derive(Default)]
struct Chain {
    /// What the records say the log is called; none before the first.
    log: Option<String>,
    prev: Option<Digest>,
    frontier: Frontier,
    kin: Kin,
}

impl Chain {
    /// Adds a record with the leaf that is claimed for it, and gives the record as JSON.
    fn add(&mut self, record: &[u8], leaf: &[u8]) -> Result<Json, Fault> {
        let real = leaf_of(record);
        if real.to_string().as_bytes() != leaf {
            return Err(self.fault("the record does not have that leaf"));
        }
        let json: Json = serde_json::from_slice(record).unwrap_or_default();
        let says = |name| json.get(name).filter(|value| !value.is_null());
        let log =
            says("log").and_then(Json::as_str).filter(|log| self.log.as_deref().is_none_or(|known| known == *log));
        let is_here = says("seq").and_then(Json::as_u64) == Some(self.frontier.size())
            && says("prev") == self.prev.map(|prev| Json::String(prev.to_string())).as_ref();
        let Some(log) = log.filter(|_| is_here) else {
            return Err(self.fault("the record does not say that this is its place in the log"));
        };
        self.log = Some(log.to_owned());
        if self.frontier.size() == 1 && json["kind"] == "log.succeeds" {
            self.kin = Kin::Successor;
        }
        self.prev = Some(real);
        self.frontier.push(real);
        Ok(json)
    }

    fn intact(&self) -> Intact {
        Intact { entries: self.frontier.size(), root: self.frontier.root(), kin: self.kin }
    }

    /// Something is wrong at the next place.
    fn fault(&self, why: impl Into<String>) -> Fault {
        Fault::Entry { seq: Seq(self.frontier.size()), why: why.into() }
    }
}

/// Whether a file's last line has its newline.
#[derive(Clone, Copy)]
enum End {
    Whole,
    Cut,
}

fn split(bytes: &[u8]) -> (Vec<&[u8]>, End) {
    let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    match lines.pop() {
        Some(rest) if !rest.is_empty() => {
            lines.push(rest);
            (lines, End::Cut)
        }
        _ => (lines, End::Whole),
    }
}

/// The digest of the text by which a run was planned, or of the playbook that was taken up, if the record tells of one; and
/// what is wrong if the text beside it is another one.
fn revision(record: &Json) -> Option<(Digest, &'static str)> {
    let data = &record["data"];
    let (text, why) = match record["kind"].as_str()? {
        "run.planned" => (
            &data["plan"]["revision"]["text"],
            "the runbook's text beside it is not the one that the run was planned by",
        ),
        "incident.playbook_set" => {
            (&data["playbook"]["text"], "the playbook's text beside it is not the one that was taken up")
        }
        _ => return None,
    };
    Some((text.as_str().and_then(Digest::parse)?, why))
}
