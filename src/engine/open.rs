use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use thiserror::Error;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::dispatcher::Stay;
use super::executor::Executor;
use super::record::Recorder;
use super::{Engine, Handle, Who};
use crate::base::{Clock, Entropy, LogId, RunId, Seq};
use crate::effect::{Files, Hands, Timer};
use crate::journal::{AppendError, Channel, Entry, Fact, Journal, ReadError, Relation};
use crate::plan::Plan;
use crate::projection::Board;
use crate::run::{Broken, ConsentBy, Event, IllegalEvent, Request, RunEnd, RunState};
use crate::runbook::Role;

/// Everything that the loop needs of the world; it knows only the ports.
#[derive(Clone)]
pub struct Ports {
    /// The hands.
    pub hands: Arc<dyn Hands>,
    /// The estate's time, to wait for.
    pub timer: Arc<dyn Timer>,
    /// Both clocks, to read.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The files of the computer at which the person sits.
    pub files: Arc<dyn Files>,
}

/// How a drill stands prepared.
#[derive(Clone, Debug, Default)]
pub struct Readiness {
    /// Who takes part, by name.
    pub people: Vec<(Role, String)>,
    /// What was broken for it, or is to be broken by a person.
    pub broken: Vec<Broken>,
}

/// Why a run cannot be begun or taken up.
#[derive(Debug, Error)]
pub enum EngineError {
    /// Its first entry cannot be written.
    #[error("failed to write the run's first entry")]
    Begin(#[source] AppendError),
    /// Its entries cannot be read.
    #[error("failed to read the run")]
    Read(#[source] ReadError),
    /// Its entries do not tell a run.
    #[error("the run's entries contradict each other")]
    Fold(#[source] IllegalEvent),
    /// The plan has no digest.
    #[error("the plan cannot be written down: {0}")]
    Plan(String),
    /// The journal does not hold the run.
    #[error("there is no such run")]
    Unknown,
    /// The run has ended.
    #[error("the run has ended")]
    Over,
}

/// How the loop stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The run has ended.
    Ended {
        /// How.
        end: RunEnd,
        /// Whether something is in doubt all the same.
        in_doubt: bool,
    },
    /// Somebody left; the run can be taken up again.
    Left {
        /// Whether something is in doubt.
        in_doubt: bool,
        /// Whether a step has failed and waits for a person's word.
        failed: bool,
    },
    /// The store could not be written. Nothing was sent after that.
    StoreFailed {
        /// What failed.
        why: String,
        /// Whose fault it is.
        kind: StoreFault,
        /// Whether the outcome of something that was sent could not be written.
        unwritten: bool,
    },
}

/// Why the journal refused an append, as far as it matters to whoever reads the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreFault {
    /// The store cannot be written: full, read-only, busy, damaged.
    Store,
    /// Another process has taken the run.
    Superseded,
    /// The program itself wanted to write what must not be written.
    Own,
}

impl StoreFault {
    pub(super) const fn of(error: &AppendError) -> Self {
        match error {
            AppendError::Superseded => Self::Superseded,
            AppendError::Entry(_) => Self::Own,
            AppendError::Held { .. }
            | AppendError::Cut { .. }
            | AppendError::Busy
            | AppendError::Full
            | AppendError::Write(_) => Self::Store,
        }
    }
}

/// Folds the entries of a run.
///
/// # Errors
/// They are not those of a run, or an event is not allowed where it stands.
pub fn fold(log: LogId, run: RunId, entries: &[Entry]) -> Result<RunState, EngineError> {
    let mut state: Option<RunState> = None;
    for entry in entries {
        let Fact::Run(event) = &entry.draft.fact else { continue };
        let at = entry.draft.occurred_at;
        state = Some(match state {
            None => RunState::begin(log, run, at, event).map_err(EngineError::Fold)?,
            Some(state) => state.evolve(at, event).map_err(EngineError::Fold)?,
        });
    }
    state.ok_or(EngineError::Unknown)
}

impl Engine {
    /// Begins a run: writes `run.planned` and the texts of the runbook and of those that it nests. Nothing is sent before
    /// [`Engine::run`].
    ///
    /// # Errors
    /// The plan has no canonical form, or the journal refuses the entry.
    pub fn begin(
        journal: Box<dyn Journal>,
        ports: Ports,
        who: &Who,
        run: RunId,
        plan: Plan,
        texts: Vec<String>,
    ) -> Result<Self, EngineError> {
        let digest = plan.digest().map_err(|why| EngineError::Plan(why.to_string()))?;
        let event = Event::Planned { plan: Box::new(plan), digest };
        let mut recorder = recorder(journal, &ports, who);
        let entry = recorder.begin(run, &event, texts).map_err(EngineError::Begin)?;
        let state = RunState::begin(entry.log, run, entry.draft.occurred_at, &event).map_err(EngineError::Fold)?;
        Ok(Self::with(recorder, ports, who, state))
    }

    /// Takes a run up from its entries. No code path knows whether there was a crash.
    ///
    /// # Errors
    /// The run is unknown, has ended with nothing in doubt, or its entries cannot be read.
    pub fn resume(journal: Box<dyn Journal>, ports: Ports, who: &Who, run: RunId) -> Result<Self, EngineError> {
        let mut recorder = recorder(journal, &ports, who);
        let entries = recorder.read_all(run).map_err(EngineError::Read)?;
        let log = entries.first().map(|entry| entry.log).ok_or(EngineError::Unknown)?;
        let state = fold(log, run, &entries)?;
        if state.is_over() && state.in_doubt().is_empty() {
            return Err(EngineError::Over);
        }
        let pending = if state.is_over() { Vec::new() } else { unanswered(&entries) };
        Ok(Self { pending, ..Self::with(recorder, ports, who, state) })
    }

    /// Says how a drill stands prepared: who takes part, and what was broken for it. It is written down as soon as the run
    /// is taken, before any step begins; for a run that is no drill, or was prepared before, nothing is.
    pub fn prepare(&mut self, readiness: Readiness) {
        self.preparation = Some(readiness);
    }

    fn with(recorder: Recorder, ports: Ports, who: &Who, state: RunState) -> Self {
        let board = Board::of(&state, recorder.lines(), &who.name, ports.clock.now());
        let board = board.belonging_to(recorder.incidents());
        let (asks, inbox) = mpsc::unbounded_channel();
        let (board, boards) = watch::channel(Arc::new(board));
        let (remark, remarks) = watch::channel(None);
        let after_the_end = state.is_over();
        Self {
            recorder,
            executor: Executor {
                hands: ports.hands,
                timer: ports.timer,
                entropy: ports.entropy,
                clock: Arc::clone(&ports.clock),
            },
            files: ports.files,
            clock: ports.clock,
            stay: Stay::UntilTheEnd,
            state,
            consent_by: (who.channel == Channel::Headless).then_some(ConsentBy::Headless),
            operator: who.name.clone(),
            asks: inbox,
            board,
            remark,
            handle: Handle::new(asks, boards, remarks),
            tasks: JoinSet::new(),
            keys: HashMap::new(),
            busy: BTreeSet::new(),
            pace: BTreeMap::new(),
            timed: BTreeMap::new(),
            alarm: None,
            unreachable: BTreeMap::new(),
            sending: 0,
            preparation: None,
            pending: Vec::new(),
            leaving: false,
            broken: None,
            held: None,
            after_the_end,
        }
    }
}

/// What others asked for and nobody has answered. A pause holds for whoever held the run then, and for whoever takes it up
/// next; a holder that came later has had its chance to see it.
pub(super) fn unanswered(entries: &[Entry]) -> Vec<(Seq, Request)> {
    let refs = entries.iter().flat_map(|entry| &entry.draft.refs);
    let answered: BTreeSet<Seq> = refs.filter(|one| one.rel == Relation::CausedBy).map(|one| one.seq).collect();
    // Before requests were referred to, the only answer that lasted was the beginning of the end.
    let aborting = |entry: &Entry| matches!(entry.draft.fact, Fact::Run(Event::Aborting { .. }));
    let end = entries.iter().filter(|entry| aborting(entry)).map(|entry| entry.seq).max();
    let is_taking = |entry: &&Entry| matches!(entry.draft.fact, Fact::Run(Event::Taken { .. }));
    let taken = entries.iter().filter(is_taking).map(|entry| entry.seq).max();
    let open = entries.iter().filter(|entry| !answered.contains(&entry.seq));
    let requests = open.filter_map(|entry| match &entry.draft.fact {
        Fact::Request(Request::Continue {}) => None,
        Fact::Request(Request::Pause {}) if taken.is_some_and(|taken| taken > entry.seq) => None,
        Fact::Request(Request::Abort { .. }) if end.is_some_and(|end| end > entry.seq) => None,
        Fact::Request(request) => Some((entry.seq, request.clone())),
        _ => None,
    });
    requests.collect()
}

fn recorder(journal: Box<dyn Journal>, ports: &Ports, who: &Who) -> Recorder {
    let (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>) = (Arc::clone(&ports.clock), Arc::clone(&ports.entropy));
    Recorder::new(journal, clock, entropy, who.clone())
}
