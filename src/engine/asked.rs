use std::sync::Arc;

use super::Ask;
use super::dispatcher::Engine;
use super::pace::Key;
use super::record::Recorder;
use crate::base::InstanceId;
use crate::journal::{Entry, Fact};
use crate::projection::Answer;
use crate::run::{self, ConsentBy, Input, PauseReason, Request, Resolution};

/// What people ask of a run: at its screen, or through the journal from elsewhere.
impl Engine {
    /// Takes what a screen asks.
    pub(super) fn asked(&mut self, ask: Ask) {
        self.remark.send_if_modified(|remark| remark.take().is_some());
        match ask {
            Ask::Consent { step, digest, typed } => {
                let how =
                    self.consent_by.unwrap_or(if typed.is_some() { ConsentBy::ReadBack } else { ConsentBy::Enter });
                self.take(&Input::Consent { step, digest, typed, how });
            }
            Ask::Choose { step, answer, typed } => self.chosen(step, answer, typed.as_deref()),
            Ask::Note { text } => {
                if let Err(why) = self.recorder.note(&self.state, &text, self.clock.now()) {
                    self.say(Recorder::sentence(&why));
                }
            }
            Ask::Pause => {
                self.take(&Input::Pause { why: PauseReason::Asked });
            }
            Ask::Continue => {
                self.take(&Input::Continue);
            }
            Ask::Abort { reason } => {
                let reason = reason.map(|reason| self.recorder.commit(&reason));
                if !self.take(&Input::Abort { reason }) {
                    self.recorder.forget_texts();
                }
            }
            Ask::Advance { by } => {
                let timer = Arc::clone(&self.executor.timer);
                let remark = self.remark.clone();
                let task = self.tasks.spawn(async move {
                    if let Err(why) = timer.advance(by).await {
                        let _ = remark.send(Some(why));
                    }
                    None
                });
                self.keys.insert(task.id(), Key::Advance);
            }
            // The loop leaves at once by itself; what comes before the loop finds nothing in flight.
            Ask::Leave | Ask::LeaveNow => self.leave(PauseReason::Left),
            Ask::Park { why } => self.leave(why),
        }
    }

    fn leave(&mut self, why: PauseReason) {
        // An abort that was asked for just now is not lost.
        self.read_mailbox();
        if !self.leaving && !self.state.is_over() {
            self.take(&Input::Pause { why });
        }
        self.leaving = true;
        if self.state.has_open_attempt() {
            self.say("leaving: waits for the answer to what was sent");
        }
    }

    fn chosen(&mut self, step: InstanceId, answer: Answer, typed: Option<&str>) {
        let how = self.consent_by.unwrap_or(ConsentBy::Enter);
        match answer {
            Answer::Decide(choice) => {
                self.take(&Input::Decide { step, choice, how });
            }
            Answer::ProbeAgain => {
                let command = self.state.instance(&step).and_then(|instance| run::probe(&self.state, instance));
                if let Some(command) = command {
                    self.say("probes again; what it says shows here if it is anything new");
                    self.pace.remove(&Key::of(&command));
                    self.start(command);
                }
            }
            Answer::Adopt => {
                self.take(&Input::Resolve { step, word: Resolution::Adopt });
            }
            Answer::SendAgain => {
                let typed = typed.map(str::to_owned);
                self.take(&Input::Resolve { step, word: Resolution::DidNot { typed } });
            }
            Answer::GiveUp => {
                self.take(&Input::Resolve { step, word: Resolution::GiveUp });
            }
            Answer::Retry => {
                self.take(&Input::Retry { step });
            }
            Answer::Abort if typed == Some("abort") => {
                self.take(&Input::Abort { reason: None });
            }
            Answer::Abort => self.say("`abort` must be typed for this"),
        }
    }

    /// Reads what other processes have put into the journal. Returns whether there was anything.
    pub(super) fn read_mailbox(&mut self) -> bool {
        if self.broken.is_some() || !self.recorder.changed() {
            return false;
        }
        let entries = match self.recorder.catch_up(self.state.id) {
            Ok(entries) => entries,
            Err(why) => {
                self.say(format!("the journal cannot be read: {why}"));
                return true;
            }
        };
        self.obey(entries);
        true
    }

    fn obey(&mut self, entries: Vec<Entry>) {
        for entry in entries {
            let input = match entry.draft.fact {
                Fact::Request(Request::Abort { reason }) => Input::Abort { reason },
                Fact::Request(Request::Pause {}) => Input::Pause { why: PauseReason::Asked },
                Fact::Request(Request::Continue {}) => Input::Continue,
                Fact::Run(_) | Fact::Incident(_) | Fact::Log(_) => continue,
            };
            self.take_for(Some(entry.seq), &input);
        }
    }
}
