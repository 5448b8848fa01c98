use std::collections::BTreeMap;
use std::sync::Arc;

use super::dispatcher::Engine;
use super::pace::Key;
use super::record::Recorder;
use super::{Ask, Form, Readiness, Remark};
use crate::base::{InstanceId, Seq, Value};
use crate::journal::{Entry, Fact, text_digest};
use crate::projection::Answer;
use crate::run::{self, Adhoc, Attendee, ConsentBy, Input, PauseReason, Preparation, Request, Resolution};
use crate::runbook::{FieldKind, StepKind};

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
            Ask::Choose { step, answer, form } => self.chosen(step, answer, form),
            Ask::Adhoc { command, exit, took, output } => {
                let output =
                    Some(output).filter(|output| !output.is_empty()).map(|output| self.recorder.commit(&output));
                self.take_with_texts(&Input::Adhoc(Adhoc { command, exit, took, output }));
            }
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
            Ask::Abort { reason, undo } => {
                let reason = reason.map(|reason| self.recorder.commit(&reason));
                self.take_with_texts(&Input::Abort { reason, undo });
            }
            Ask::Advance { by } => {
                let timer = Arc::clone(&self.executor.timer);
                let remark = self.remark.clone();
                let task = self.tasks.spawn(async move {
                    if let Err(why) = timer.advance(by).await {
                        let _ = remark.send(Some(Remark::Refused(why)));
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

    /// Writes down how a drill stands prepared, if that was said.
    pub(super) fn stand_ready(&mut self) {
        let Some(Readiness { people, broken }) = self.preparation.take() else { return };
        let exercise = match self.state.plan.exercise_digest() {
            Ok(Some(exercise)) if self.state.is_unprepared() => exercise,
            Ok(_) => return,
            Err(why) => return self.say(format!("the drill cannot be prepared: {why}")),
        };
        let people = people.into_iter().map(|(role, name)| Attendee { role, name: self.recorder.commit(&name) });
        let preparation = Preparation { exercise, people: people.collect(), broken };
        self.take_with_texts(&Input::Prepare(Box::new(preparation)));
    }

    pub(super) fn leave(&mut self, why: PauseReason) {
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

    /// Takes an input whose texts have been committed to; if nothing comes of it, they are forgotten.
    pub(super) fn take_with_texts(&mut self, input: &Input) -> bool {
        let taken = self.take(input);
        if !taken {
            self.recorder.forget_texts();
        }
        taken
    }

    fn chosen(&mut self, step: InstanceId, answer: Answer, form: Form) {
        let Form { typed, reason, fields } = form;
        let reason = reason.filter(|reason| !reason.trim().is_empty());
        match (&answer, typed.as_deref()) {
            (Answer::ProbeAgain, _) => return self.probe_again(&step),
            (Answer::Abort | Answer::RollBack, typed) if typed != Some("abort") => {
                return self.refuse("`abort` must be typed for this");
            }
            (Answer::Skip | Answer::Override | Answer::ByHand, _) if reason.is_none() => {
                return self.refuse("a reason is needed for this: it is a deviation");
            }
            _ => {}
        }
        let given = match self.given(&step, fields) {
            Ok(given) => given,
            Err(why) => return self.refuse(why),
        };
        let reason = reason.map(|reason| self.recorder.commit(&reason));
        let resolve = |word| Input::Resolve { step: step.clone(), word };
        let how = self.consent_by.unwrap_or(ConsentBy::Enter);
        let doubted = self.state.instance(&step).is_some_and(|instance| instance.phase == run::Phase::InDoubt);
        let input = match (answer, reason) {
            (Answer::Decide(choice), _) => Input::Decide { step, choice, fields: given, how },
            (Answer::Adopt, reason) => resolve(Resolution::Adopt { outputs: given, reason }),
            (Answer::SendAgain, reason) => resolve(Resolution::DidNot { typed, reason }),
            (Answer::ByHand, Some(reason)) => resolve(Resolution::ByHand { outputs: given, reason }),
            (Answer::Undo, reason) if doubted => resolve(Resolution::Undo { reason }),
            (Answer::Undo, _) => Input::Undo { step },
            (Answer::GiveUp, _) => resolve(Resolution::GiveUp),
            (Answer::Retry, _) => Input::Retry { step },
            (Answer::Skip, Some(reason)) => Input::Skip { step, reason },
            (Answer::Override, Some(reason)) => Input::Override { step, reason, outputs: given },
            (Answer::Abort, reason) => Input::Abort { reason, undo: false },
            (Answer::RollBack, reason) => Input::Abort { reason, undo: true },
            (Answer::ProbeAgain | Answer::Skip | Answer::Override | Answer::ByHand, _) => return,
        };
        self.take_with_texts(&input);
    }

    /// What was filled in, by the names of the fields; a file that was named is taken in.
    fn given(&mut self, step: &InstanceId, fields: Vec<(String, String)>) -> Result<Option<Value>, String> {
        let kinds = match self.state.step_of(step).map(|step| &step.kind) {
            Some(StepKind::Manual { fields, .. }) => fields.as_slice(),
            _ => &[],
        };
        let is_file = |name: &str| kinds.iter().any(|field| field.name == name && field.kind == FieldKind::Evidence);
        let mut given = BTreeMap::new();
        let mut texts = Vec::new();
        for (name, text) in fields {
            let value = if is_file(&name) {
                let evidence = self.files.take_in(&text)?;
                let value = evidence.value(text_digest(&evidence.text));
                texts.push(evidence.text);
                value
            } else {
                Value::Text(text)
            };
            given.insert(name, value);
        }
        self.recorder.keep(Vec::new(), texts);
        Ok((!given.is_empty()).then_some(Value::Record(given)))
    }

    fn probe_again(&mut self, step: &InstanceId) {
        let command = self.state.instance(step).and_then(|instance| run::probe(&self.state, instance));
        if let Some(command) = command {
            self.say("probes again; what it says shows here if it is anything new");
            self.pace.remove(&Key::of(&command));
            self.start(command);
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
            if let Fact::Request(request) = entry.draft.fact {
                self.grant(entry.seq, request);
            }
        }
    }

    /// Does what somebody else asked for, or says in the journal why it is not done: a request is answered once.
    pub(super) fn grant(&mut self, seq: Seq, request: Request) {
        if request.is_outdated(&self.state) {
            return self.decline(seq, "another attempt has been made since; look again".to_owned());
        }
        let input = request.input();
        match run::decide(&self.state, &input, self.clock.now()) {
            Err(refusal) => {
                self.say(refusal.to_string());
                self.decline(seq, refusal.0);
            }
            Ok(events) if events.is_empty() => self.decline(seq, "the run stands so already".to_owned()),
            Ok(_) => {
                self.take_for(Some(seq), &input);
            }
        }
    }
}
