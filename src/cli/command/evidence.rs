use std::io::{BufWriter, Write};
use std::path::Path;

use serde_json::{Value as Json, json};

use super::audit::{finish, new_file, unwritten};
use crate::base::{Commitment, Digest, InstanceId, Seq, Value};
use crate::cli::args::Evidence;
use crate::cli::text::{columns, printable};
use crate::cli::{Exit, Failure, Setting, store};
use crate::engine::fold;
use crate::journal::{Entry, Fact, Journal as _, SqliteJournal, text_digest};
use crate::run::{Event, RunState};
use crate::runbook::{FieldKind, StepKind};
use crate::world::taken_in;

/// Lists the evidence that a run has kept, or gives one piece of it back.
///
/// # Errors
/// There is no such run, step or piece; or what the store holds is not what the log says that was kept.
pub(crate) fn evidence(setting: &Setting, args: &Evidence, out: &mut dyn Write) -> Result<Exit, Failure> {
    let Some(mut journal) = store::reader(setting)? else { return Err(store::nothing_yet(setting)?) };
    let row = store::find_run(&journal, &args.run)?;
    let entries = journal.of_run(row.run, Seq(0))?;
    let state = fold(journal.log(), row.run, &entries)?;
    let mut pieces = attached(&state);
    pieces.extend(captured(&journal, &entries)?);
    if let Some(step) = &args.step {
        let id = InstanceId::from(step.as_str());
        if state.group_of(&id).is_none() {
            let hint = format!("`callout show {}` lists them", row.run.short());
            return Err(Failure::usage(format!("run {} has no step `{step}` so far", row.run.short())).hint(hint));
        }
        pieces.retain(|piece| piece.step.as_ref().is_some_and(|of| *of == id || of.group() == id));
    }
    let Some(prefix) = &args.hash else { return list(&pieces, args.json, out) };
    let piece = one(&pieces, &prefix.to_ascii_lowercase())?;
    let bytes = piece.bytes_in(&journal)?;
    match &args.out {
        None => out.write_all(&bytes)?,
        Some(path) => {
            write_new(path, &bytes)?;
            writeln!(out, "{} bytes are written to {}; SHA-256 {}.", bytes.len(), path.display(), piece.sha256)?;
        }
    }
    Ok(Exit::Success)
}

/// Bytes with a hash and an origin.
struct Piece {
    /// The step that it was given to; none for what belongs to the run as a whole.
    step: Option<InstanceId>,
    /// How it came: a file that a person gave, or what a command said.
    origin: &'static str,
    /// The field and the file's name, or the command.
    name: String,
    /// The SHA-256 of the bytes, as `sha256sum` prints it.
    sha256: Digest,
    bytes: u64,
    kept: Kept,
}

/// Where the store keeps the bytes.
enum Kept {
    /// Under the digest of a text that stands for them.
    Text(Digest),
    /// Under a commitment.
    Payload(Commitment),
}

/// The files that people gave to manual steps.
fn attached(state: &RunState) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for instance in state.instances() {
        let Some(StepKind::Manual { fields, .. }) = state.step_of(&instance.id).map(|step| &step.kind) else {
            continue;
        };
        for field in fields.iter().filter(|field| field.kind == FieldKind::Evidence) {
            let given = instance.outputs.as_ref().and_then(|outputs| outputs.field(&field.name));
            let text = |name: &str| given.and_then(|given| given.field(name)).and_then(Value::as_text);
            let digest = |name: &str| text(name).and_then(Digest::parse);
            let size = given.and_then(|given| given.field("bytes"));
            let (Some(name), Some(sha256), Some(kept), Some(Value::Integer(bytes))) =
                (text("name"), digest("sha256"), digest("text"), size)
            else {
                continue;
            };
            pieces.push(Piece {
                step: Some(instance.id.clone()),
                origin: "attached",
                name: format!("{}: {name}", field.name),
                sha256,
                bytes: u64::try_from(*bytes).unwrap_or_default(),
                kept: Kept::Text(kept),
            });
        }
    }
    pieces
}

/// What ad-hoc commands said, as far as it has not been removed.
fn captured(journal: &SqliteJournal, entries: &[Entry]) -> Result<Vec<Piece>, Failure> {
    let mut pieces = Vec::new();
    for entry in entries {
        let Fact::Run(Event::Adhoc(adhoc)) = &entry.draft.fact else { continue };
        let Some(output) = &adhoc.output else { continue };
        let Some(salted) = journal.salted_payload(&output.commit)? else { continue };
        pieces.push(Piece {
            step: None,
            origin: "captured",
            name: adhoc.command.join(" "),
            sha256: Digest::of_parts(&[&salted.bytes]),
            bytes: output.bytes,
            kept: Kept::Payload(output.clone()),
        });
    }
    Ok(pieces)
}

impl Piece {
    /// The bytes, if they are what the log says that was kept.
    fn bytes_in(&self, journal: &SqliteJournal) -> Result<Vec<u8>, Failure> {
        let refused = |why: &str| {
            let what = format!("refused: what the store holds as {} {why}", self.sha256.short());
            Failure::new(Exit::Failed, what).hint("`callout audit verify` looks through the whole store")
        };
        match &self.kept {
            Kept::Text(digest) => {
                let kept = journal.text_bytes(digest)?.ok_or_else(|| refused("is not there any more"))?;
                let text = String::from_utf8(kept).ok().filter(|text| text_digest(text) == *digest);
                let bytes = text.and_then(|text| taken_in(&text, &self.sha256));
                bytes.ok_or_else(|| refused("has been changed since it was taken in"))
            }
            Kept::Payload(commit) => {
                let salted = journal.salted_payload(&commit.commit)?.ok_or_else(|| refused("is not there any more"))?;
                if salted.fits(commit) {
                    return Ok(salted.bytes);
                }
                Err(refused("has been changed since it was kept"))
            }
        }
    }
}

/// The one piece that is meant. The same bytes that were given twice are one.
fn one<'a>(pieces: &'a [Piece], prefix: &str) -> Result<&'a Piece, Failure> {
    let meant = |piece: &&Piece| piece.sha256.to_string().starts_with(prefix);
    let mut found = pieces.iter().filter(meant);
    let Some(first) = found.next() else {
        return Err(Failure::usage(format!("no evidence of this run has a hash that begins with `{prefix}`"))
            .hint("without `--hash` all of it is listed"));
    };
    if found.any(|other| other.sha256 != first.sha256) {
        return Err(
            Failure::usage(format!("more than one hash begins with `{prefix}`")).hint("give more of its digits")
        );
    }
    Ok(first)
}

fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut file = BufWriter::new(new_file(path)?);
    file.write_all(bytes).and_then(|()| finish(file)).map_err(|error| unwritten(path, &error))
}

fn list(pieces: &[Piece], as_json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    if as_json {
        writeln!(out, "{:#}", pieces.iter().map(document).collect::<Json>())?;
        return Ok(Exit::Success);
    }
    if pieces.is_empty() {
        writeln!(out, "No evidence was kept.")?;
    }
    let rows = pieces.iter().map(|piece| {
        let step = piece.step.as_ref().map(ToString::to_string).unwrap_or_default();
        let size = format!("{} bytes", piece.bytes);
        [piece.sha256.to_string(), size, piece.origin.to_owned(), step, printable(&piece.name)]
    });
    out.write_all(columns(rows).as_bytes())?;
    Ok(Exit::Success)
}

fn document(piece: &Piece) -> Json {
    json!({
        "sha256": piece.sha256.to_string(),
        "bytes": piece.bytes,
        "origin": piece.origin,
        "step": piece.step,
        "name": piece.name,
    })
}
