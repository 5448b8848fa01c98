use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::{self, JoinSet};

use super::executor::Executor;
use super::open::Readiness;
use super::pace::{Key, Pace};
use super::record::Recorder;
use super::{Ask, Handle, Remark, Stopped, StoreFault};
use crate::base::{Clock, Seq, Timestamp};
use crate::effect::{Files, Meaning};
use crate::journal::AppendError;
use crate::projection::Board;
use crate::run::{self, Command, ConsentBy, Event, Input, PauseReason, Request, RunPhase, RunState};

/// How often the mailbox is looked at, and how often a board shows that time goes by.
const MAILBOX: Duration = Duration::from_millis(100);
const HEARTBEAT: u32 = 10;
/// How long an effect waits before it asks again for a target that another effect holds.
const HELD: Duration = Duration::from_secs(1);

/// The holder of one run.
pub struct Engine {
    pub(super) recorder: Recorder,
    pub(super) executor: Executor,
    pub(super) files: Arc<dyn Files>,
    pub(super) stay: Stay,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) state: RunState,
    pub(super) consent_by: Option<ConsentBy>,
    pub(super) operator: String,
    pub(super) asks: mpsc::UnboundedReceiver<Ask>,
    pub(super) board: watch::Sender<Arc<Board>>,
    pub(super) remark: watch::Sender<Option<Remark>>,
    pub(super) handle: Handle,
    pub(super) tasks: JoinSet<Option<Input>>,
    pub(super) keys: HashMap<task::Id, Key>,
    pub(super) busy: BTreeSet<Key>,
    pub(super) pace: BTreeMap<Key, Pace>,
    /// What waits for a time of the estate's clock.
    pub(super) timed: BTreeMap<Key, (Timestamp, Command)>,
    /// For which of these times is waited now.
    pub(super) alarm: Option<(Timestamp, task::AbortHandle)>,
    /// How often in a row what was asked about gave no useful answer.
    pub(super) unreachable: BTreeMap<Key, u32>,
    /// How many sendings have not come back.
    pub(super) sending: usize,
    /// What others asked for while nobody held the run, and where the request stands.
    pub(super) pending: Vec<(Seq, Request)>,
    /// How a drill stands prepared, until that is written down.
    pub(super) preparation: Option<Readiness>,
    pub(super) leaving: bool,
    pub(super) broken: Option<Broken>,
    /// Why an effect waits for another one.
    pub(super) held: Option<String>,
    /// Whether the run had ended before it was taken up: all that is open is what it left in doubt.
    pub(super) after_the_end: bool,
}

/// For how long the loop goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stay {
    /// Until the run ends or somebody leaves.
    UntilTheEnd,
    /// Until nothing is due any more: no time is waited for, and nothing is asked about twice.
    ForWhatIsDue,
}

/// The journal refused an append.
pub(super) struct Broken {
    why: AppendError,
    /// Whether it was the outcome of something that was sent.
    unwritten: bool,
}

/// What wakes the loop.
enum Wake {
    Ask(Ask),
    Done(Key, Option<Input>),
    Mailbox,
}

impl Engine {
    /// The handle for a screen. Any number of clones may ask.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// The run as it stands.
    pub const fn state(&self) -> &RunState {
        &self.state
    }

    /// Runs until the run ends, somebody leaves, or the store fails.
    ///
    /// This is the one loop: take one input · decide · append · evolve · publish · start what is owed.
    pub async fn run(mut self) -> Stopped {
        let mut mailbox = tokio::time::interval(MAILBOX);
        mailbox.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut beats = 0_u32;
        self.take_up();
        loop {
            self.proceed();
            self.publish();
            self.start_what_is_owed();
            self.set_alarm();
            self.leave_if_nothing_is_due();
            if let Some(stopped) = self.stopped() {
                self.tasks.abort_all();
                return stopped;
            }
            loop {
                match self.wake(&mut mailbox).await {
                    Wake::Ask(Ask::LeaveNow) => {
                        self.tasks.abort_all();
                        return self.left(self.state.has_open_attempt());
                    }
                    Wake::Ask(ask) => self.asked(ask),
                    Wake::Done(key, input) => self.done(&key, input),
                    Wake::Mailbox => {
                        beats = (beats + 1) % HEARTBEAT;
                        if !self.read_mailbox() && beats != 0 {
                            continue;
                        }
                    }
                }
                break;
            }
        }
    }

    /// Takes the run, and does what was asked for before anything else is begun: an abort does not first let it go on.
    fn take_up(&mut self) {
        self.take(&Input::Take { pid: std::process::id() });
        self.stand_ready();
        self.obey_what_waits();
        while let Ok(ask) = self.asks.try_recv() {
            self.asked(ask);
        }
        // Only a person who takes the run up overrides the pause that a person asked for.
        let rests = self.stay == Stay::ForWhatIsDue && self.state.phase == RunPhase::Paused(PauseReason::Asked);
        if !self.leaving && !rests {
            self.take(&Input::Continue);
        }
    }

    /// Does what was asked for while nobody held the run.
    pub(super) fn obey_what_waits(&mut self) {
        for (seq, request) in std::mem::take(&mut self.pending) {
            self.grant(seq, request);
        }
    }

    async fn wake(&mut self, mailbox: &mut tokio::time::Interval) -> Wake {
        loop {
            tokio::select! {
                Some(ask) = self.asks.recv() => return Wake::Ask(ask),
                Some(done) = self.tasks.join_next_with_id(), if !self.tasks.is_empty() => {
                    let id = match &done {
                        Ok((id, _)) => *id,
                        Err(broken) => broken.id(),
                    };
                    if let Some(key) = self.keys.remove(&id) {
                        return Wake::Done(key, done.ok().and_then(|(_, input)| input));
                    }
                }
                _ = mailbox.tick() => return Wake::Mailbox,
            }
        }
    }

    /// Takes one input: decide, append, evolve. Returns whether anything came of it.
    pub(super) fn take(&mut self, input: &Input) -> bool {
        self.take_for(None, input)
    }

    /// The same, for the request that another process put into the journal at `cause`.
    pub(super) fn take_for(&mut self, cause: Option<Seq>, input: &Input) -> bool {
        if self.broken.is_some() {
            return false;
        }
        let now = self.clock.now();
        let events = match run::decide(&self.state, input, now) {
            Ok(events) => events,
            Err(refusal) if cause.is_none() => {
                self.refuse(refusal.to_string());
                return false;
            }
            Err(refusal) => {
                self.say(refusal.to_string());
                return false;
            }
        };
        !events.is_empty() && self.write(&events, cause, matches!(input, Input::Answered { .. }), now)
    }

    /// Answers a request that is not granted.
    pub(super) fn decline(&mut self, seq: Seq, why: String) {
        if self.broken.is_none() {
            let now = self.clock.now();
            self.write(&[Event::Declined { why }], Some(seq), false, now);
        }
    }

    /// Appends and evolves. `answers` tells whether that is the outcome of something that was sent.
    fn write(&mut self, events: &[Event], cause: Option<Seq>, answers: bool, now: Timestamp) -> bool {
        match self.recorder.record(&self.state, events, now, cause) {
            Ok(state) => {
                self.state = state;
                true
            }
            Err(AppendError::Held { key, run }) => {
                if let Some(Event::Intent(intent)) = events.first() {
                    self.pace.insert(Key::Begin(intent.step.clone()), Pace::Host(HELD));
                }
                let why = format!("waits for `{key}`, which an effect of the run {} holds", run.short());
                self.say(why.clone());
                self.held = Some(why);
                false
            }
            Err(why) => {
                self.say(Recorder::sentence(&why));
                self.broken = Some(Broken { why, unwritten: answers });
                false
            }
        }
    }

    /// Lets the run go on by itself, one event at a time, until a person, a hand or the clock must speak.
    pub(super) fn proceed(&mut self) {
        while !self.leaving && !self.state.is_over() && self.take(&Input::Proceed) {}
    }

    fn done(&mut self, key: &Key, input: Option<Input>) {
        if let Key::Alarm(at) = key {
            return self.wake_up(*at);
        }
        // An attempt is sent once by this process, whatever comes of the answer: its key is never free again.
        if matches!(key, Key::Send(_)) {
            self.sending = self.sending.saturating_sub(1);
        } else {
            self.busy.remove(key);
        }
        let input = match (input, key) {
            (Some(input), _) => input,
            // A hand that broke down has nothing to tell. What was owed is owed still, but what was sent is in doubt.
            (None, Key::Send(attempt)) => Input::Answered {
                attempt: *attempt,
                meaning: Meaning::InDoubt { why: "the program broke down while it was sending".into() },
            },
            (None, Key::Advance) => return,
            (None, _) => {
                self.pace.insert(key.clone(), Pace::Host(HELD));
                return;
            }
        };
        if matches!(key, Key::Begin(_)) {
            self.held = None;
        }
        self.set_pace(key, &input);
        self.take(&input);
    }

    fn stopped(&self) -> Option<Stopped> {
        let waits = self.sending > 0;
        if let Some(broken) = &self.broken {
            // An answer that could not be written is an effect in doubt.
            let unwritten = broken.unwritten || self.state.has_open_attempt() || self.in_doubt();
            let failed = Stopped::StoreFailed {
                why: Recorder::sentence(&broken.why),
                kind: StoreFault::of(&broken.why),
                unwritten,
            };
            return (!waits).then_some(failed);
        }
        let settled = !self.after_the_end || !self.in_doubt();
        if let (run::RunPhase::Ended(end), true) = (self.state.phase, settled) {
            return Some(Stopped::Ended { end, in_doubt: self.in_doubt() });
        }
        (self.leaving && !waits).then(|| self.left(false))
    }

    /// Why the journal refused an append, if it did.
    pub(super) fn failure(&self) -> Option<String> {
        self.broken.as_ref().map(|broken| Recorder::sentence(&broken.why))
    }

    fn left(&self, unanswered: bool) -> Stopped {
        // Of a run that is being rolled back, a failed step has had its word already; a failed undo has not.
        let failed = if self.state.is_rolling_back() {
            self.state.instances().any(|instance| instance.id.is_undo() && instance.phase == run::Phase::Failed)
        } else {
            self.state.has_failed()
        };
        Stopped::Left { in_doubt: unanswered || self.in_doubt(), failed }
    }

    fn in_doubt(&self) -> bool {
        !self.state.in_doubt().is_empty()
    }

    pub(super) fn publish(&self) {
        let board = Board::of(&self.state, self.recorder.lines(), &self.operator, self.clock.now());
        let mut board = board.belonging_to(self.recorder.incidents());
        board.held.clone_from(&self.held);
        self.board.send_if_modified(|last| {
            let news = **last != board;
            if news {
                *last = Arc::new(board);
            }
            news
        });
    }

    pub(super) fn say(&self, remark: impl Into<String>) {
        let _ = self.remark.send(Some(Remark::Said(remark.into())));
    }

    /// Says why what a screen asked was not taken.
    pub(super) fn refuse(&self, why: impl Into<String>) {
        let _ = self.remark.send(Some(Remark::Refused(why.into())));
    }
}
