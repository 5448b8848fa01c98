//! What people say of incidents, written into the store beside any run.

use std::path::Path;

use super::entry::{draft, payload};
use super::estate::{self, world_file};
use super::library::Source;
use super::version::Trees;
use super::{Failure, Setting, playbooks, store};
use crate::base::{Clock as _, ClockSource, Entropy as _, IncidentId, Seq, Timestamp};
use crate::incident::{Adopted, Event, IncidentState, Said, Severity, Word, decide};
use crate::journal::{
    Batch, Channel, Draft, Entry, Fact, Journal as _, Payload, SqliteJournal, StoreKind, text_digest,
};
use crate::projection::{IncidentBoard, incident_state};
use crate::runbook::Content;
use crate::sim;
use crate::world::{Control, StillClock, SystemClock, SystemEntropy};

/// An incident in a store that is open to be written.
pub(crate) struct Ledger<'a> {
    setting: &'a Setting,
    pub(crate) journal: SqliteJournal,
    pub(crate) incident: IncidentId,
    channel: Channel,
}

/// What is said when an incident is declared.
pub(crate) struct Declaration {
    pub(crate) title: String,
    pub(crate) severity: Severity,
    pub(crate) environment: String,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) summary: Option<String>,
    /// A playbook, with the text that the store keeps.
    pub(crate) playbook: Option<(Box<Adopted>, String)>,
}

impl<'a> Ledger<'a> {
    /// Finds an incident.
    ///
    /// # Errors
    /// There is no store, or no such incident.
    pub(crate) fn find(setting: &'a Setting, text: &str) -> Result<Self, Failure> {
        let journal = store::writer(setting)?;
        let incident = store::find_incident(&journal, text)?;
        Ok(Self { setting, journal, incident, channel: Channel::Cli })
    }

    /// An incident of which the id is known, in a store that is open.
    pub(crate) const fn of(
        setting: &'a Setting,
        journal: SqliteJournal,
        incident: IncidentId,
        channel: Channel,
    ) -> Self {
        Self { setting, journal, incident, channel }
    }

    /// Declares an incident, and gives it with its id.
    ///
    /// # Errors
    /// The store cannot be written.
    pub(crate) fn declare(
        setting: &'a Setting,
        journal: SqliteJournal,
        channel: Channel,
        declaration: Declaration,
        clock: StillClock,
    ) -> Result<Self, Failure> {
        let incident = IncidentId::new(SystemEntropy::open()?.uuid());
        let mut ledger = Self { setting, journal, incident, channel };
        let title = payload(&declaration.title)?;
        let summary = declaration.summary.as_deref().map(payload).transpose()?;
        let mut events = vec![Event::Declared {
            incident,
            title: title.commitment.clone(),
            severity: declaration.severity,
            environment: declaration.environment,
            started_at: declaration.started_at,
        }];
        let (playbook, text) = declaration.playbook.unzip();
        events.extend(playbook.map(|playbook| Event::PlaybookSet { incident, playbook }));
        let summarised = summary.as_ref().map(|summary| summary.commitment.clone());
        events.extend(summarised.map(|summary| Event::Summarised { incident, summary }));
        let payloads = [title].into_iter().chain(summary).collect();
        ledger.append(events, payloads, text.into_iter().collect(), clock)?;
        Ok(ledger)
    }

    /// Takes a word, and gives the sentences that answer it. `texts` are kept beside the log, as a playbook's.
    ///
    /// # Errors
    /// The store cannot be read or written. No word is refused.
    pub(crate) fn say(
        &mut self,
        word: Word<String>,
        texts: Vec<String>,
        clock: StillClock,
    ) -> Result<Vec<String>, Failure> {
        let mut payloads = Vec::new();
        let word = word.keep(|text| {
            let kept = payload(&text)?;
            payloads.push(kept.clone());
            Ok::<_, Failure>(kept.commitment)
        })?;
        let Said { events, remarks } = decide(&self.state()?, word, clock.now);
        self.append(events, payloads, texts, clock)?;
        Ok(remarks)
    }

    /// What was said so far.
    pub(crate) fn state(&self) -> Result<IncidentState, Failure> {
        Ok(incident_state(self.incident, &self.journal.of_incident(self.incident)?))
    }

    fn append(
        &mut self,
        events: Vec<Event>,
        payloads: Vec<Payload>,
        texts: Vec<String>,
        clock: StillClock,
    ) -> Result<(), Failure> {
        if events.is_empty() {
            return Ok(());
        }
        let entropy = SystemEntropy::open()?;
        let drafts = events.into_iter().map(|event| {
            let run = event.run();
            let draft = draft(self.setting, &entropy, self.channel, Fact::Incident(event));
            Draft { occurred_at: clock.now, clock: clock.source, run, ..draft }
        });
        let drafts = drafts.collect();
        self.journal.append(&Batch { drafts, payloads, texts, ..Batch::default() })?;
        Ok(())
    }
}

/// Takes a playbook as it stands now, with its text.
///
/// # Errors
/// There is none, it has errors, or it is a drill.
pub(crate) fn adopt(setting: &Setting, name: &str) -> Result<(Box<Adopted>, String), Failure> {
    let Some(source) = playbooks::find(setting, name)? else {
        let none = Failure::usage(format!("there is no playbook `{name}`")).hint("`callout list` names them");
        return Err(playbooks::nearest(setting, name, none));
    };
    adopted(setting, &source)
}

fn adopted(setting: &Setting, source: &Source) -> Result<(Box<Adopted>, String), Failure> {
    let playbook = playbooks::load(setting, source)?;
    let Content::Guide(guide) = playbook.content else {
        let what = format!("`{}` is a drill programme, not a playbook for an incident", playbook.id);
        return Err(Failure::usage(what).hint("`callout list` names the others"));
    };
    let text = String::from_utf8_lossy(&source.bytes).into_owned();
    let revision = source.revision(&mut Trees::default())?.origin.to_string();
    let (id, version, title) = (playbook.id, playbook.version, playbook.title);
    let adopted = Adopted { id, version, title, text: text_digest(&text), revision, guide };
    Ok((Box::new(adopted), text))
}

/// An incident as it stands, with its runs.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn board(journal: &mut SqliteJournal, incident: IncidentId) -> Result<IncidentBoard, Failure> {
    let mut entries: Vec<Entry> = journal.of_incident(incident)?;
    let runs = incident_state(incident, &entries).runs;
    for run in &runs {
        entries.extend(journal.of_run(*run, Seq(0))?);
    }
    // That a run was attached stands among the entries of both.
    entries.sort_by_key(|entry| entry.seq);
    entries.dedup_by_key(|entry| entry.seq);
    let rows: Vec<_> = journal.runs()?.into_iter().filter(|row| runs.contains(&row.run)).collect();
    let simulated = journal.kind() == StoreKind::Simulated;
    Ok(IncidentBoard::of(incident, &entries, &rows, simulated, &mut |commit| journal.payload(commit).ok().flatten()))
}

/// An incident by what was said of it alone: its timeline and its runs are told without what the runs did.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn outline(journal: &mut SqliteJournal, incident: IncidentId) -> Result<IncidentBoard, Failure> {
    let entries = journal.of_incident(incident)?;
    let simulated = journal.kind() == StoreKind::Simulated;
    Ok(IncidentBoard::of(incident, &entries, &[], simulated, &mut |commit| journal.payload(commit).ok().flatten()))
}

/// What the estate's clock shows, to be written down. A simulated estate that nobody serves is served for that moment.
///
/// # Errors
/// The simulated estate cannot be had.
pub(crate) async fn clock(kind: StoreKind, store: &Path) -> Result<StillClock, Failure> {
    if kind == StoreKind::Live {
        return Ok(StillClock { now: SystemClock.host_now(), source: ClockSource::System });
    }
    let estate = estate::simulated(store, None).await?;
    let now = estate.control().clock().await?.now;
    estate.stop().await;
    Ok(StillClock { now, source: ClockSource::Simulated })
}

/// What the estate's clock shows, as far as it can be known without serving the estate: while nobody serves a simulated
/// one its clock stands still, and the last entry of the log is the latest that is known of it.
///
/// # Errors
/// The store cannot be read, or whoever serves the estate does not answer.
pub(crate) async fn last_known(journal: &SqliteJournal) -> Result<Timestamp, Failure> {
    if journal.kind() == StoreKind::Live {
        return Ok(SystemClock.host_now());
    }
    if let Some(endpoint) = sim::find(&world_file(journal.path()))? {
        return Ok(Control::open(&endpoint)?.clock().await?.now);
    }
    let last = journal.frontier()?.size().saturating_sub(64);
    let lines = journal.lines(Seq(last), 64)?;
    let entries = lines.iter().rev().filter_map(|line| line.entry().ok().flatten());
    let known = entries.map(|entry| entry.draft).find(|draft| draft.clock == ClockSource::Simulated);
    Ok(known.map_or_else(|| SystemClock.host_now(), |draft| draft.occurred_at))
}
