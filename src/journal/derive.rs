use std::collections::{BTreeMap, BTreeSet};

use super::{Entry, Fact, Line, LogEvent, ReadError};
use crate::base::{AttemptId, RunId, Seq};
use crate::run::{Event, RunEnd};

/// What an entry changes in the tables that are derived from the log. Every store applies the same changes; that is why
/// a table can be thrown away and made again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The run has one more entry of its holder.
    Grew {
        /// The run.
        run: RunId,
        /// The entry.
        seq: Seq,
    },
    /// The run executes this runbook.
    Planned {
        /// The run.
        run: RunId,
        /// The runbook's name.
        runbook: String,
    },
    /// The run has a new holder.
    Taken {
        /// The run.
        run: RunId,
        /// The holder's fence.
        fence: u64,
    },
    /// The run is at another stage.
    Stage {
        /// The run.
        run: RunId,
        /// The stage.
        stage: Stage,
    },
    /// Somebody has looked at a run that was cut.
    Released {
        /// The run.
        run: RunId,
    },
    /// An attempt holds keys.
    Locked {
        /// The attempt's run.
        run: RunId,
        /// The attempt.
        attempt: AttemptId,
        /// The intent.
        seq: Seq,
        /// The keys, each once.
        keys: BTreeSet<String>,
    },
    /// The keys of an attempt are free.
    Freed {
        /// The attempt.
        attempt: AttemptId,
    },
}

/// How far a run is, as far as its holder's entries say so one by one. The state in all its detail (in doubt, with
/// deviations, rolled back) is a fold of the run's entries and stands in no table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Nobody has taken it yet.
    Planned,
    /// Somebody has; whether that process still lives, its lock file says.
    Running,
    /// Nothing new is started.
    Paused,
    /// It is to end.
    Aborting,
    /// What stands is being undone.
    RollingBack,
    /// Entries of it are lost, and nobody has looked yet. It stays so, whatever its holder says, until somebody has looked
    /// or it ends.
    Cut,
    /// It ended, and every step succeeded or was not wanted.
    Succeeded,
    /// So it did, and something was done otherwise than as written.
    SucceededWithDeviations,
    /// It ended otherwise.
    Failed,
    /// A person ended it.
    Aborted,
    /// A person ended it, and what was to be undone has been.
    RolledBack,
}

impl Stage {
    /// Every stage.
    pub const ALL: [Self; 11] = [
        Self::Planned,
        Self::Running,
        Self::Paused,
        Self::Aborting,
        Self::RollingBack,
        Self::Cut,
        Self::Succeeded,
        Self::SucceededWithDeviations,
        Self::Failed,
        Self::Aborted,
        Self::RolledBack,
    ];

    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Aborting => "aborting",
            Self::RollingBack => "rolling_back",
            Self::Cut => "cut",
            Self::Succeeded => "succeeded",
            Self::SucceededWithDeviations => "succeeded_with_deviations",
            Self::RolledBack => "rolled_back",
            Self::Failed => "failed",
            Self::Aborted => "aborted",
        }
    }

    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.word() == word)
    }

    /// Tells whether the run can still go on.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Planned | Self::Running | Self::Paused | Self::Aborting | Self::RollingBack | Self::Cut)
    }

    /// Tells whether a run at the stage `old` comes to this one when an entry says so.
    pub const fn follows(self, old: Self) -> bool {
        match (self, old) {
            (Self::Cut, old) => old.is_open(),
            (new, Self::Cut) => !new.is_open(),
            _ => true,
        }
    }
}

/// A run in a list of runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRow {
    /// The run.
    pub run: RunId,
    /// The runbook's name; empty for a run whose first entry is not `run.planned`.
    pub runbook: String,
    /// How far it is.
    pub stage: Stage,
    /// The fence of the last `run.taken`; 0 before the first.
    pub fence: u64,
    /// How many entries its holders have written.
    pub version: u64,
    /// The first of them. A later run has a greater one.
    pub first: Seq,
    /// The last of them.
    pub last: Seq,
}

impl RunRow {
    /// A run before its second change: what [`Change::Grew`] makes of a run that is not there yet.
    pub const fn begun(run: RunId, seq: Seq) -> Self {
        Self { run, runbook: String::new(), stage: Stage::Planned, fence: 0, version: 0, first: seq, last: seq }
    }
}

/// A key that an attempt holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockRow {
    /// The attempt's run.
    pub run: RunId,
    /// The attempt.
    pub attempt: AttemptId,
    /// Its intent.
    pub seq: Seq,
}

/// The derived tables in memory: what a whole log comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Derived {
    /// Every run.
    pub runs: BTreeMap<RunId, RunRow>,
    /// Every key that is held.
    pub locks: BTreeMap<String, LockRow>,
}

impl Derived {
    /// Takes up a change.
    pub fn apply(&mut self, change: Change) {
        match change {
            Change::Grew { run, seq } => {
                let row = self.runs.entry(run).or_insert_with(|| RunRow::begun(run, seq));
                row.version += 1;
                row.last = seq;
            }
            Change::Planned { run, runbook } => self.change(run, |row| row.runbook = runbook),
            Change::Taken { run, fence } => self.change(run, |row| row.fence = fence),
            Change::Stage { run, stage } => self.change(run, |row| {
                if stage.follows(row.stage) {
                    row.stage = stage;
                }
            }),
            Change::Released { run } => self.change(run, |row| {
                if row.stage == Stage::Cut {
                    row.stage = Stage::Paused;
                }
            }),
            Change::Locked { run, attempt, seq, keys } => {
                // What undoes a doubted attempt goes beside it.
                for key in keys {
                    self.locks.entry(key).or_insert(LockRow { run, attempt, seq });
                }
            }
            Change::Freed { attempt } => self.locks.retain(|_, lock| lock.attempt != attempt),
        }
    }

    /// Takes up a line of the log.
    ///
    /// # Errors
    /// The line cannot be read. A remark of an unknown kind is no error: it changes no table.
    pub fn take_up(&mut self, line: &Line) -> Result<(), ReadError> {
        let entry = line.entry()?;
        entry.iter().flat_map(changes).for_each(|change| self.apply(change));
        Ok(())
    }

    fn change(&mut self, run: RunId, change: impl FnOnce(&mut RunRow)) {
        if let Some(row) = self.runs.get_mut(&run) {
            change(row);
        }
    }
}

/// What an entry changes. Only a holder's entries change anything, and what is said of a run that was cut; of a holder's,
/// [`Change::Grew`] always comes first.
pub fn changes(entry: &Entry) -> Vec<Change> {
    let Some(run) = entry.draft.run else { return Vec::new() };
    let event = match &entry.draft.fact {
        Fact::Run(event) => event,
        Fact::Log(LogEvent::Cut {}) => return vec![Change::Stage { run, stage: Stage::Cut }],
        Fact::Log(LogEvent::Released { .. }) => return vec![Change::Released { run }],
        Fact::Log(_) | Fact::Incident(_) | Fact::Request(_) => return Vec::new(),
    };
    let stage = |stage| Change::Stage { run, stage };
    let mut changes = vec![Change::Grew { run, seq: entry.seq }];
    match event {
        Event::Planned { plan, .. } => changes.push(Change::Planned { run, runbook: plan.runbook.id.clone() }),
        // Whoever takes a paused run has not yet said that it goes on; only the first taking is a beginning.
        Event::Taken { fence: 1, .. } => changes.extend([Change::Taken { run, fence: 1 }, stage(Stage::Running)]),
        Event::Taken { fence, .. } => changes.push(Change::Taken { run, fence: *fence }),
        Event::Paused { .. } => changes.push(stage(Stage::Paused)),
        Event::Continued => changes.push(stage(Stage::Running)),
        Event::Aborting { .. } => changes.push(stage(Stage::Aborting)),
        Event::RollingBack { .. } => changes.push(stage(Stage::RollingBack)),
        Event::Finished { end, .. } => changes.push(stage(match end {
            RunEnd::Succeeded => Stage::Succeeded,
            RunEnd::SucceededWithDeviations => Stage::SucceededWithDeviations,
            RunEnd::RolledBack => Stage::RolledBack,
            RunEnd::Failed => Stage::Failed,
            RunEnd::Aborted => Stage::Aborted,
        })),
        Event::Intent(intent) => {
            let keys = intent.locks.iter().cloned().collect();
            changes.push(Change::Locked { run, attempt: intent.attempt, seq: entry.seq, keys });
        }
        other => changes.extend(other.settled().map(|attempt| Change::Freed { attempt })),
    }
    changes
}
