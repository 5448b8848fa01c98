use std::sync::Arc;

use thiserror::Error;

use super::dispatcher::Engine;
use crate::base::Timestamp;
use crate::journal::Payload;
use crate::projection::{Board, TimelineLine};
use crate::run::{self, Event, Input, Request, RunPhase, RunState};

/// A single word of a person's about a run, with the texts that belong to it.
#[derive(Clone, Debug)]
pub struct Word {
    /// What is asked for.
    pub request: Request,
    /// Texts that it commits to.
    pub payloads: Vec<Payload>,
    /// Texts that it names by their digest.
    pub texts: Vec<String>,
}

/// What came of a word.
#[derive(Clone, Debug)]
pub struct Said {
    /// What happened, oldest first.
    pub lines: Vec<TimelineLine>,
    /// The run as it stands now.
    pub board: Arc<Board>,
}

/// Why nothing came of a word.
#[derive(Debug, Error)]
pub enum WordError {
    /// The run does not allow it as it stands. Nothing was written.
    #[error("{0}")]
    Refused(String),
    /// The store cannot be written.
    #[error("the store cannot be written: {0}")]
    Store(String),
}

/// Tells whether a run would allow a word as it stands, if a process took it up for that at `now`.
///
/// # Errors
/// It would not; the sentence says why.
pub fn allows(state: &RunState, word: &Request, now: Timestamp) -> Result<(), WordError> {
    let taken = Event::Taken { fence: state.fence + 1, pid: 0 };
    let taken = state.clone().evolve(now, &taken).map_err(|why| WordError::Refused(why.to_string()))?;
    run::decide(&taken, &word.clone().input(), now).map(drop).map_err(|why| WordError::Refused(why.0))
}

impl Engine {
    /// Takes a run that nobody holds, does what was asked for meanwhile and then what is said now, if anything is, and leaves
    /// the run as it was: a paused one stays paused, and nothing is begun, sent or observed.
    ///
    /// # Errors
    /// The run does not allow one of the words; those before it stand. Or the store cannot be written.
    pub fn say_apart(mut self, words: Vec<Word>) -> Result<Said, WordError> {
        self.take(&Input::Take { pid: std::process::id() });
        let told = self.recorder.lines().len();
        self.obey_what_waits();
        for Word { request, payloads, texts } in words {
            let input = request.input();
            if let (Err(refusal), None) = (run::decide(&self.state, &input, self.clock.now()), &self.broken) {
                return Err(WordError::Refused(refusal.0));
            }
            self.recorder.keep(payloads, texts);
            self.take(&input);
        }
        // Whatever ends the run now needs no hands; what is in flight keeps it from ending.
        while self.state.phase == RunPhase::Aborting && self.take(&Input::Proceed) {}
        if let Some(why) = self.failure() {
            return Err(WordError::Store(why));
        }
        self.publish();
        let lines = self.recorder.lines().iter().skip(told).cloned().collect();
        Ok(Said { lines, board: self.handle.board() })
    }
}
