use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use crate::base::{Digest, InstanceId, Span};
use crate::projection::{Answer, Board};
use crate::run::PauseReason;

/// What a person at the screen, or a headless run's answers, ask of the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Consents to what was shown; `typed` is the read-back, if one was asked for.
    Consent {
        /// The step or group.
        step: InstanceId,
        /// The digest that was shown.
        digest: Digest,
        /// What was typed.
        typed: Option<String>,
    },
    /// Answers a choice. Leaving a step out and declaring it done may be asked of any step, whatever it asks.
    Choose {
        /// The step.
        step: InstanceId,
        /// The answer.
        answer: Answer,
        /// What was filled in with it.
        form: Form,
    },
    /// Notes a command outside the runbook that was performed.
    Adhoc {
        /// The command, word by word, redacted.
        command: Vec<String>,
        /// Its exit code; none if a signal ended it.
        exit: Option<i32>,
        /// How long it took.
        took: Span,
        /// What it said, redacted.
        output: String,
    },
    /// Puts a note on the timeline.
    Note {
        /// The text.
        text: String,
    },
    /// Starts nothing new.
    Pause,
    /// Goes on after a pause.
    Continue,
    /// Ends the run.
    Abort {
        /// Why.
        reason: Option<String>,
        /// Whether what stands is undone before.
        undo: bool,
    },
    /// Moves a simulated estate's clock on.
    Advance {
        /// By how much.
        by: Span,
    },
    /// Starts nothing more, waits for what is in flight, and leaves the run to be resumed.
    Leave,
    /// Leaves as [`Ask::Leave`] does, for a reason that a headless run has.
    Park {
        /// Why.
        why: PauseReason,
    },
    /// Leaves at once; what is in flight is left in doubt.
    LeaveNow,
}

/// What a person has filled in with an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// The read-back, if the choice asks for one.
    pub typed: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The fields by name, as typed. What was left empty is not among them.
    pub fields: Vec<(String, String)>,
}

impl Form {
    /// Nothing but a read-back.
    pub fn typed(typed: Option<String>) -> Self {
        Self { typed, ..Self::default() }
    }
}

/// Something light that the engine says beside the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    /// Why what was asked last was not taken.
    Refused(String),
    /// What else a person may want to know: what is waited for, what cannot be reached.
    Said(String),
}

impl Remark {
    /// The words.
    pub fn text(&self) -> &str {
        match self {
            Self::Refused(text) | Self::Said(text) => text,
        }
    }
}

/// All that a screen may know of the engine: the latest board, and a way to ask.
#[derive(Clone, Debug)]
pub struct Handle {
    asks: mpsc::UnboundedSender<Ask>,
    board: watch::Receiver<Arc<Board>>,
    remark: watch::Receiver<Option<Remark>>,
}

impl Handle {
    /// Joins the two ends.
    pub const fn new(
        asks: mpsc::UnboundedSender<Ask>,
        board: watch::Receiver<Arc<Board>>,
        remark: watch::Receiver<Option<Remark>>,
    ) -> Self {
        Self { asks, board, remark }
    }

    /// Asks. What comes of it shows on the board; an ask that the state does not allow shows as a remark. After the
    /// engine has stopped this does nothing.
    pub fn ask(&self, ask: Ask) {
        // The engine has stopped, and the board says so.
        let _ = self.asks.send(ask);
    }

    /// The latest board.
    pub fn board(&self) -> Arc<Board> {
        Arc::clone(&self.board.borrow())
    }

    /// The latest remark: why the last ask was not taken, or what the engine is waiting for (a busy store, an
    /// unreachable service). It is light: it may be lost, and it is not journaled.
    pub fn remark(&self) -> Option<Remark> {
        self.remark.borrow().clone()
    }

    /// Waits for a new board or remark. Returns false when the engine has stopped and nothing new will come.
    pub async fn changed(&mut self) -> bool {
        tokio::select! {
            board = self.board.changed() => board.is_ok(),
            remark = self.remark.changed() => remark.is_ok(),
        }
    }
}
