use std::io::Write;
use std::path::Path;

use crate::base::{Clock as _, ClockSource, Commitment, Entropy as _, InstanceId, Seq, Timestamp};
use crate::cli::drive::Ending;
use crate::cli::entry::draft;
use crate::cli::estate::world_file;
use crate::cli::{Exit, Failure, Setting, drive, store};
use crate::engine::fold;
use crate::incident;
use crate::journal::{Batch, Channel, Draft, Fact, Journal as _, Payload, RunLease, RunRow, SqliteJournal, StoreKind};
use crate::run::{Request, RunState};
use crate::sim;
use crate::world::{Control, Redactor, SystemClock, SystemEntropy};

/// Puts a note on a run's timeline. Anybody may, at any time, also after its end.
pub(crate) async fn note(setting: &Setting, run: &str, text: &str, out: &mut dyn Write) -> Result<Exit, Failure> {
    if text.trim().is_empty() {
        return Err(Failure::usage("the note is empty").hint("write what happened"));
    }
    let (mut journal, row) = find(setting, run)?;
    let text = payload(text)?;
    let fact = Fact::Incident(incident::Event::Noted { text: text.commitment.clone() });
    append(setting, &mut journal, &row, fact, vec![text]).await?;
    writeln!(out, "Noted on run {} of {}.", row.run.short(), row.runbook)?;
    Ok(Exit::Success)
}

/// Asks the holder of a run to start nothing more. A run that nobody holds starts nothing anyway.
pub(crate) async fn pause(setting: &Setting, run: &str, out: &mut dyn Write) -> Result<Exit, Failure> {
    let (mut journal, row) = find_open(setting, run)?;
    let short = row.run.short();
    if let Some(holder) = holder(journal.path(), &row)? {
        append(setting, &mut journal, &row, Fact::Request(Request::Pause {}), Vec::new()).await?;
        writeln!(out, "Run {short} is asked to pause ({holder}); what is in flight is waited for.")?;
    } else {
        writeln!(out, "Nobody holds run {short}: nothing is started before `callout resume {short}`.")?;
    }
    Ok(Exit::Success)
}

/// Ends a run: its holder is asked to, and if nobody holds it this process takes it and does so itself.
pub(crate) async fn abort(
    setting: &Setting,
    redactor: &Redactor,
    run: &str,
    reason: Option<&str>,
    out: &mut (dyn Write + Send),
) -> Result<Exit, Failure> {
    let (mut journal, row) = find_open(setting, run)?;
    let short = row.run.short();
    let entries = journal.of_run(row.run, Seq(0))?;
    let state = fold(journal.log(), row.run, &entries)?;
    let Some(holder) = holder(journal.path(), &row)? else {
        let ending = Ending::of(row.run, &state.plan.place, setting)?;
        foretell(&state, &row, Some(&ending), out)?;
        drop(journal);
        return drive::abort(row.run, ending, reason.map(str::to_owned), setting, redactor, out).await;
    };
    foretell(&state, &row, None, out)?;
    let reason = reason.map(payload).transpose()?;
    let request = Request::Abort { reason: reason.as_ref().map(|reason| reason.commitment.clone()), undo: false };
    append(setting, &mut journal, &row, Fact::Request(request), reason.into_iter().collect()).await?;
    writeln!(out, "Run {short} is asked to end ({holder}); what is in flight is waited for.")?;
    Ok(Exit::Success)
}

/// Says what an abort leaves as it is, before it is done: this version undoes nothing by itself. With `ending` this process
/// ends the run, else its holder does.
fn foretell(state: &RunState, row: &RunRow, ending: Option<&Ending>, out: &mut dyn Write) -> Result<(), Failure> {
    let list = |ids: Vec<InstanceId>| ids.iter().map(InstanceId::as_str).collect::<Vec<_>>().join(", ");
    let (standing, in_doubt) = (list(state.standing()), list(state.in_doubt()));
    if standing.is_empty() && in_doubt.is_empty() {
        writeln!(out, "Nothing was changed so far, so nothing is left to undo.")?;
    }
    if !standing.is_empty() {
        writeln!(
            out,
            "Stays as it is, and is not undone: {standing}. `callout plan {}` says how each is.",
            row.runbook
        )?;
    }
    match ending {
        Some(Ending::Apart { why }) => {
            writeln!(out, "Nobody signs in, and nothing is sent or probed: {why}.")?;
            if !in_doubt.is_empty() {
                writeln!(out, "Stays in doubt: {in_doubt}.")?;
            }
        }
        Some(Ending::Within(_)) | None if !in_doubt.is_empty() => {
            writeln!(out, "In doubt, and probed once more before the end: {in_doubt}.")?;
        }
        Some(Ending::Within(_)) | None => {}
    }
    Ok(())
}

fn find(setting: &Setting, run: &str) -> Result<(SqliteJournal, RunRow), Failure> {
    let journal = store::writer(setting)?;
    let row = store::find_run(&journal, run)?;
    Ok((journal, row))
}

fn find_open(setting: &Setting, run: &str) -> Result<(SqliteJournal, RunRow), Failure> {
    let (journal, row) = find(setting, run)?;
    if row.stage.is_open() {
        return Ok((journal, row));
    }
    Err(Failure::usage(format!("run {} has ended already: {}", row.run.short(), row.stage.word())))
}

/// Who holds the run, for a person; nothing if nobody does.
fn holder(store: &Path, row: &RunRow) -> Result<Option<String>, Failure> {
    if RunLease::take(store, row.run)?.is_some() {
        return Ok(None);
    }
    let pid = RunLease::holder_pid(store, row.run);
    Ok(Some(pid.map_or_else(|| "by another process".to_owned(), |pid| format!("process {pid} holds it"))))
}

fn payload(text: &str) -> Result<Payload, Failure> {
    let salt = SystemEntropy::open()?.salt();
    Ok(Payload { commitment: Commitment::to_text(text, &salt), salt, text: text.to_owned() })
}

/// Appends what concerns a run beside its holder's entries, as any process may.
async fn append(
    setting: &Setting,
    journal: &mut SqliteJournal,
    row: &RunRow,
    fact: Fact,
    payloads: Vec<Payload>,
) -> Result<(), Failure> {
    let draft = draft(setting, &SystemEntropy::open()?, Channel::Cli, fact);
    let (occurred_at, clock) = match journal.kind() {
        StoreKind::Live => (draft.occurred_at, draft.clock),
        StoreKind::Simulated => (estate_now(journal, row).await?, ClockSource::Simulated),
    };
    let draft = Draft { occurred_at, clock, run: Some(row.run), ..draft };
    journal.append(&Batch { drafts: vec![draft], payloads, ..Batch::default() })?;
    Ok(())
}

/// What the clock of a simulated estate shows. While nobody serves the estate its clock stands still, and the run's last
/// entry is the latest that is known of it.
async fn estate_now(journal: &mut SqliteJournal, row: &RunRow) -> Result<Timestamp, Failure> {
    if let Some(endpoint) = sim::find(&world_file(journal.path()))? {
        return Ok(Control::open(&endpoint)?.clock().await?.now);
    }
    let entries = journal.of_run(row.run, Seq(0))?;
    Ok(entries.last().map_or_else(|| SystemClock.host_now(), |entry| entry.draft.occurred_at))
}
