use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::future::join_all;

use super::session::Session;
use super::start::same_place;
use crate::base::{Clock as _, Seq, Timestamp};
use crate::cli::environment::environment;
use crate::cli::estate;
use crate::cli::policy::refusal_to_go_on;
use crate::cli::text::{count, printable};
use crate::cli::{Exit, Failure, Setting, store};
use crate::engine::{Engine, Stopped, StoreFault, fold, is_due};
use crate::journal::{Channel, Entry, Journal as _, OpenError, RunLease, RunRow, Stage, StoreKind};
use crate::projection::Board;
use crate::run::{PauseReason, RunPhase, RunState};
use crate::runbook::EstateKind;
use crate::world::{Redactor, SystemClock};

/// How many steps that have ended stand in a line.
const TOLD: usize = 4;

/// Does in every open run what is due and needs nobody, and says in a line per run what happened and what it waits for.
///
/// A run that somebody holds, that a person has paused, or in which nothing is due is not taken: nothing of it is written.
/// Two at once do no harm, as a run has one holder.
///
/// # Errors
/// A store cannot be read or written. What is wrong with a single run is said in its line.
pub(crate) async fn tick(
    setting: &Setting,
    redactor: &Redactor,
    out: &mut (dyn Write + Send),
) -> Result<Exit, Failure> {
    let mut open = 0;
    for path in stores(setting)? {
        let mut journal = match store::at(setting, &path) {
            Ok(journal) => journal,
            Err(OpenError::Missing(_) | OpenError::Empty(_) | OpenError::NoFolder(_)) => continue,
            Err(error) => return Err(error.into()),
        };
        let rows = journal.open_runs()?;
        open += rows.len();
        // One process serves a simulated estate, for as long as any of its runs is looked at.
        let estate = match journal.kind() {
            StoreKind::Simulated if !rows.is_empty() => Some(estate::simulated(&path, None).await?),
            _ => None,
        };
        let now = match &estate {
            Some(estate) => estate.control().clock().await?.now,
            None => SystemClock.host_now(),
        };
        let mut looks = Vec::new();
        for row in rows {
            let entries = journal.of_run(row.run, Seq(0))?;
            looks.push(Look { setting, redactor, path: &path, row, now }.go_on(entries));
        }
        let said = join_all(looks).await;
        if let Some(estate) = estate {
            estate.stop().await;
        }
        for line in said {
            if let Some(line) = line? {
                writeln!(out, "{}", printable(&line))?;
            }
        }
    }
    if open == 0 {
        writeln!(out, "No run is open.")?;
    }
    Ok(Exit::Success)
}

/// The stores that are looked at: the one that was named, that of the environment that was named, or both usual ones.
fn stores(setting: &Setting) -> Result<Vec<PathBuf>, Failure> {
    if setting.store.is_some() || setting.environment.is_some() {
        return Ok(vec![store::place(setting)?]);
    }
    Ok([EstateKind::Live, EstateKind::Simulated].map(|kind| setting.store_for(kind)).to_vec())
}

/// A run that is looked at.
struct Look<'a> {
    setting: &'a Setting,
    redactor: &'a Redactor,
    path: &'a Path,
    row: RunRow,
    now: Timestamp,
}

impl Look<'_> {
    /// Does what is due, and gives the line about it; none for a run of another environment than the one that was named.
    async fn go_on(self, entries: Vec<Entry>) -> Result<Option<String>, Failure> {
        let log = entries.first().map(|entry| entry.log);
        let state = match log.map(|log| fold(log, self.row.run, &entries)) {
            Some(Ok(state)) => state,
            Some(Err(error)) => return Ok(Some(self.line(&format!("cannot be read: {error}")))),
            None => return Ok(None),
        };
        let named = self.setting.environment.as_ref();
        if named.is_some_and(|named| *named != state.plan.place.environment) {
            return Ok(None);
        }
        let said = if self.row.stage == Stage::Cut {
            format!("entries of it are lost; look at the estate, then `callout store release {}`", self.row.run.short())
        } else if state.phase == RunPhase::Paused(PauseReason::Asked) {
            waits(&state, self.now)
        } else if is_due(&state, &entries, self.now) {
            match self.take_up(&state).await {
                Ok(said) => said,
                // What keeps one run from going on must not keep the others.
                Err(Stuck::Here(failure)) => format!("does not go on: {}", failure.what),
                Err(Stuck::Store(failure)) => return Err(failure),
            }
        } else {
            waits(&state, self.now)
        };
        Ok(Some(self.line(&said)))
    }

    fn line(&self, said: &str) -> String {
        format!("{}  {}: {said}", self.row.run.short(), self.row.runbook)
    }

    /// Takes the run, does what is due, and leaves it.
    async fn take_up(&self, state: &RunState) -> Result<String, Stuck> {
        let (run, place) = (self.row.run, &state.plan.place);
        let setting = Setting { environment: Some(place.environment.clone()), ..self.setting.clone() };
        let environment = environment(&setting)?;
        same_place(run, place, &environment)?;
        if let Some(refusal) = refusal_to_go_on(&setting, &environment, &state.plan)? {
            return Err(refusal.into_failure().into());
        }
        let Some(lease) = RunLease::take(self.path, run).map_err(Failure::from)? else {
            let holder = RunLease::holder_pid(self.path, run);
            return Ok(holder.map_or_else(|| "held".to_owned(), |pid| format!("held by process {pid}")));
        };
        let session = Session::open(&setting, &environment, Channel::Headless, self.redactor.clone()).await?;
        let Session { journal, ports, who, estate, .. } = session;
        let clock = Arc::clone(&ports.clock);
        let engine = Engine::resume(Box::new(journal), ports, &who, run).map_err(Failure::from)?;
        let stopped = engine.run_what_is_due().await;
        let now = clock.now();
        drop(lease);
        if let Some(estate) = estate {
            estate.stop().await;
        }
        if let Stopped::StoreFailed { why, kind: StoreFault::Store | StoreFault::Own, .. } = &stopped {
            return Err(Stuck::Store(Failure::new(Exit::Paused, format!("the store cannot be written: {why}"))));
        }
        let mut journal = store::at(&setting, self.path).map_err(|error| Stuck::Store(error.into()))?;
        let entries = journal.of_run(run, Seq(0)).map_err(|error| Stuck::Store(error.into()))?;
        let after = fold(journal.log(), run, &entries).map_err(Failure::from)?;
        let happened = happened(state, &after);
        let waits = waits(&after, now);
        Ok(if happened.is_empty() { waits } else { format!("{happened}; {waits}") })
    }
}

/// Why a run does not go on.
enum Stuck {
    /// Something about this run.
    Here(Failure),
    /// The store, which is the others' too.
    Store(Failure),
}

impl From<Failure> for Stuck {
    fn from(failure: Failure) -> Self {
        Self::Here(failure)
    }
}

/// Which steps have ended between two states of a run, in a few words.
fn happened(before: &RunState, after: &RunState) -> String {
    let ended = after.instances().filter(|instance| {
        let was = before.instance(&instance.id).map(|was| was.phase);
        instance.phase.is_over() && was != Some(instance.phase)
    });
    let told: Vec<String> = ended.map(|instance| format!("{} {}", instance.id, instance.phase.word())).collect();
    let rest = told.len().saturating_sub(TOLD);
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    format!("{}{more}", told[..told.len() - rest].join(", "))
}

/// What a run waits for, and what takes too long.
fn waits(state: &RunState, now: Timestamp) -> String {
    let board = Board::of(state, &[], "", now);
    let mut said = match (board.needs.as_slice(), board.due) {
        _ if state.is_over() => format!("ended: {}", board.header.state),
        _ if state.phase == RunPhase::Paused(PauseReason::Asked) => {
            format!("paused by a person; `callout resume {}` goes on", state.id.short())
        }
        ([need, others @ ..], _) => {
            let more = if others.is_empty() { String::new() } else { format!(", and {} more", others.len()) };
            format!("waits for a person: {}: {}{more}", need.step, need.title)
        }
        ([], Some(due)) => format!("waits until {}", due.minute()),
        ([], None) => "goes on at the next tick".to_owned(),
    };
    let late = state.instances().filter(|instance| instance.overdue);
    for instance in late {
        said.push_str(&format!("; OVERDUE: {} takes longer than the runbook says it may", instance.id));
    }
    if board.header.in_doubt > 0 {
        said.push_str(&format!("; {} IN DOUBT", count(board.header.in_doubt, "step")));
    }
    said
}
