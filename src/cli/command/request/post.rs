use std::path::Path;
use std::sync::Arc;

use crate::base::{Clock as _, ClockSource, Seq, Timestamp};
pub(super) use crate::cli::entry::payload;
use crate::cli::entry::{draft, unsigned, writer};
use crate::cli::estate::world_file;
use crate::cli::{Failure, Setting, store};
use crate::engine::{Ports, Who, fold};
use crate::incident;
use crate::journal::{Batch, Channel, Draft, Fact, Journal as _, Payload, RunLease, RunRow, SqliteJournal, StoreKind};
use crate::run::RunState;
use crate::sim;
use crate::world::{Control, LocalFiles, NoHands, Redactor, StillClock, SystemClock, SystemEntropy, SystemTimer};

/// A run as a process beside it finds it.
pub(super) struct Post<'a> {
    pub(super) setting: &'a Setting,
    pub(super) journal: SqliteJournal,
    pub(super) row: RunRow,
    /// What its entries fold to.
    pub(super) state: RunState,
}

/// Who holds a run.
pub(super) enum Holder {
    /// Nobody did; now this process does.
    Us(RunLease),
    /// Another process, for a person: `process 4711 holds it`.
    Other(String),
}

impl<'a> Post<'a> {
    /// Finds a run, whether it has ended or not.
    ///
    /// # Errors
    /// There is no store, no such run, or its entries cannot be read.
    pub(super) fn find(setting: &'a Setting, run: &str) -> Result<Self, Failure> {
        let mut journal = store::writer(setting)?;
        let row = store::find_run(&journal, run)?;
        let entries = journal.of_run(row.run, Seq(0))?;
        let state = fold(journal.log(), row.run, &entries)?;
        Ok(Self { setting, journal, row, state })
    }

    /// Finds a run that has not ended.
    ///
    /// # Errors
    /// As [`Self::find`]; and the run has ended.
    pub(super) fn find_open(setting: &'a Setting, run: &str) -> Result<Self, Failure> {
        let post = Self::find(setting, run)?;
        if post.row.stage.is_open() {
            return Ok(post);
        }
        Err(Failure::usage(format!("run {} has ended already: {}", post.short(), post.row.stage.word())))
    }

    /// The run's short id.
    pub(super) fn short(&self) -> String {
        self.row.run.short()
    }

    /// Takes the run, if nobody holds it.
    ///
    /// # Errors
    /// Its lock cannot be tried.
    pub(super) fn holder(&self) -> Result<Holder, Failure> {
        holder(self.journal.path(), &self.row)
    }

    /// Appends what concerns the run beside its holder's entries, as any process may.
    ///
    /// # Errors
    /// The store cannot be written.
    pub(super) async fn append(
        &mut self,
        fact: Fact,
        payloads: Vec<Payload>,
        texts: Vec<String>,
    ) -> Result<Seq, Failure> {
        let draft = draft(self.setting, &SystemEntropy::open()?, Channel::Cli, fact);
        let StillClock { now, source } = self.clock().await?;
        let draft = Draft { occurred_at: now, clock: source, run: Some(self.row.run), ..draft };
        let entries = self.journal.append(&Batch { drafts: vec![draft], payloads, texts, ..Batch::default() })?;
        Ok(entries.last().map_or(self.row.last, |entry| entry.seq))
    }

    /// Appends a note.
    ///
    /// # Errors
    /// The store cannot be written.
    pub(super) async fn note(&mut self, text: &str) -> Result<(), Failure> {
        let text = payload(text)?;
        let fact = Fact::Incident(incident::Event::Noted { text: text.commitment.clone() });
        self.append(fact, vec![text], Vec::new()).await.map(drop)
    }

    /// The estate's clock, as it stands.
    ///
    /// # Errors
    /// A simulated estate is served at an address that is none, or the journal cannot be read.
    pub(super) async fn clock(&mut self) -> Result<StillClock, Failure> {
        Ok(match self.journal.kind() {
            StoreKind::Live => StillClock { now: SystemClock.host_now(), source: ClockSource::System },
            StoreKind::Simulated => StillClock { now: self.estate_now().await?, source: ClockSource::Simulated },
        })
    }

    /// What the clock of a simulated estate shows. While nobody serves the estate its clock stands still, and the run's
    /// last entry is the latest that is known of it; so it is where whoever serves it hangs, as a word must reach the
    /// journal all the same.
    async fn estate_now(&mut self) -> Result<Timestamp, Failure> {
        if let Some(endpoint) = sim::find(&world_file(self.journal.path()))?
            && let Ok(reading) = Control::open(&endpoint)?.clock().await
        {
            return Ok(reading.now);
        }
        let entries = self.journal.of_run(self.row.run, Seq(0))?;
        Ok(entries.last().map_or_else(|| SystemClock.host_now(), |entry| entry.draft.occurred_at))
    }

    /// What it takes to say a word in the run's own name: no hands, and nobody who signs in.
    ///
    /// # Errors
    /// As [`Self::clock`].
    pub(super) async fn apart(&mut self) -> Result<(Ports, Who), Failure> {
        let entropy = Arc::new(SystemEntropy::open()?);
        let who = Who {
            actor: unsigned(),
            writer: writer(self.setting, &*entropy),
            channel: Channel::Cli,
            name: "you (not signed in)".to_owned(),
        };
        let (hands, timer) = (Arc::new(NoHands), Arc::new(SystemTimer));
        let clock = Arc::new(self.clock().await?);
        let files = Arc::new(files(self.setting));
        Ok((Ports { hands, timer, clock, entropy, files }, who))
    }
}

/// Takes a run, if nobody holds it.
///
/// # Errors
/// Its lock cannot be tried.
pub(super) fn holder(store: &Path, row: &RunRow) -> Result<Holder, Failure> {
    if let Some(lease) = RunLease::take(store, row.run)? {
        return Ok(Holder::Us(lease));
    }
    let pid = RunLease::holder_pid(store, row.run);
    Ok(Holder::Other(
        pid.map_or_else(|| "another process holds it".to_owned(), |pid| format!("process {pid} holds it")),
    ))
}

/// The files at hand, for evidence.
pub(super) fn files(setting: &Setting) -> LocalFiles {
    LocalFiles { here: setting.here.clone(), redactor: Redactor::new() }
}
