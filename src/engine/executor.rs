use std::sync::Arc;

use crate::base::{AttemptId, Entropy, Timestamp, Value};
use crate::effect::{
    self, Args, Call, Errand, Failure, Field, Hands, Meaning, ProbeContext, ProbeVerdict, Reply, Row, Sent, Service,
    Timer, Unreadable, Verdict,
};
use crate::run::{Bindable, Command, Input, fields, observation};

/// Performs what is owed, through the ports. Owns no state: what it learns goes back as an input.
#[derive(Clone)]
pub(super) struct Executor {
    pub(super) hands: Arc<dyn Hands>,
    pub(super) timer: Arc<dyn Timer>,
    pub(super) entropy: Arc<dyn Entropy>,
}

impl Executor {
    /// Performs a command. Reads may be lost with the future; a sending that is lost leaves its effect in doubt.
    pub(super) async fn perform(&self, command: Command) -> Input {
        match command {
            Command::Observe { step, calls } => {
                let mut seen = Vec::new();
                for (id, call) in calls {
                    match self.observe(call).await {
                        Ok(fields) => seen.push((id, fields)),
                        Err(why) => return Input::Observed { step, seen: Err((id, why)) },
                    }
                }
                Input::Observed { step, seen: Ok(seen) }
            }
            Command::Begin { step, call } => {
                let seen = self.observe(call).await;
                Input::Begin { step, attempt: AttemptId::new(self.entropy.uuid()), seen }
            }
            Command::Send { attempt, errand, doubted } => {
                let meaning = match errand {
                    Ok(errand) => self.send(&errand, attempt, doubted).await,
                    Err(message) => Meaning::Failed(Failure { code: "not_sent".into(), message }),
                };
                Input::Answered { attempt, meaning }
            }
            Command::Poll { attempt, handle } => {
                let progress = effect::progress(&self.hands.poll(&handle, attempt).await, &handle);
                Input::Polled { attempt, progress }
            }
            Command::Probe { attempt, call, sent_at, before } => {
                let verdict = match call {
                    Ok(call) => self.probe(attempt, &call, sent_at, &before).await,
                    Err(seen) => ProbeVerdict::Unknown { seen },
                };
                Input::Probed { attempt, verdict }
            }
            Command::Read { step, call } => {
                let outputs = match call {
                    Ok(call) => self.read(&call).await,
                    Err(why) => Err(why),
                };
                Input::Read { step, outputs }
            }
            Command::Look { step, index, call, .. } => {
                let (verdict, outputs) = match call {
                    Ok(call) => self.look(&call).await,
                    Err(seen) => (Verdict::CannotObserve { seen }, None),
                };
                Input::Looked { step, index, verdict, outputs }
            }
            Command::Wait { step, until } => {
                self.timer.wait_until(until).await;
                Input::Due { step }
            }
        }
    }

    async fn send(&self, errand: &Errand, attempt: AttemptId, doubted: bool) -> Meaning {
        let Some(row) = effect::find(&errand.call.action) else {
            let message = format!("`{}` is not in the catalogue", errand.call.action);
            return Meaning::Failed(Failure { code: "not_sent".into(), message });
        };
        let sent = self.hands.send(errand, attempt).await;
        effect::meaning(&sent, row.class, doubted, |reply| parse(row, &errand.call.args, reply))
    }

    async fn observe(&self, call: Bindable) -> Result<Vec<Field>, String> {
        let call = call?;
        let mut seen = Vec::new();
        for read in observation(&call) {
            seen.push(self.read(&read).await?);
        }
        Ok(fields(&call, &seen))
    }

    async fn probe(&self, attempt: AttemptId, call: &Call, sent_at: Timestamp, before: &[Field]) -> ProbeVerdict {
        let Some(change) = effect::find(&call.action).and_then(|row| row.change.as_ref()) else {
            return ProbeVerdict::Unknown { seen: "the operation has no probe".into() };
        };
        let mut seen = Vec::new();
        for read in (change.probe.reads)(&call.args) {
            match self.read(&read).await {
                Ok(outputs) => seen.push(outputs),
                Err(why) => return ProbeVerdict::Unknown { seen: why },
            }
        }
        (change.probe.judge)(&ProbeContext { args: &call.args, attempt, sent_at, before }, &seen)
    }

    async fn look(&self, call: &Call) -> (Verdict, Option<Value>) {
        let Some(judge) = effect::find(&call.action).and_then(|row| row.judge) else {
            return (Verdict::CannotObserve { seen: format!("`{}` is not a check", call.action) }, None);
        };
        match self.read(call).await {
            Ok(outputs) => (judge(&call.args, &outputs), Some(outputs)),
            Err(seen) => (Verdict::CannotObserve { seen }, None),
        }
    }

    /// Reads a row's outputs, with as many requests as it takes.
    async fn read(&self, call: &Call) -> Result<Value, String> {
        let row = effect::find(&call.action).ok_or_else(|| format!("`{}` is not in the catalogue", call.action))?;
        let first = (row.render)(&call.args).map_err(|why| why.to_string())?;
        let mut replies = vec![self.ask(call, first).await?];
        if let Some(follow) = row.follow {
            loop {
                let requests = (follow.next)(&call.args, &replies);
                if requests.is_empty() {
                    break;
                }
                for request in requests {
                    replies.push(self.ask(call, request).await?);
                }
            }
        }
        (row.parse)(&call.args, &replies).map_err(|why| why.to_string())
    }

    async fn ask(&self, call: &Call, request: effect::Request) -> Result<Reply, String> {
        let service = request.service;
        let errand = Errand { call: call.clone(), request };
        match self.hands.read(&errand).await {
            Sent::NeverSent { why } | Sent::Lost { why } => Err(why),
            // Of a plain page every status is an observation, whatever was asked before it; of a service's API only a
            // 2xx is an answer.
            Sent::Answered(reply) if (200..300).contains(&reply.status) || service == Service::Http => Ok(reply),
            Sent::Answered(reply) => Err(effect::refusal(&reply)),
        }
    }
}

fn parse(row: &Row, args: &Args, reply: &Reply) -> Result<Value, Unreadable> {
    (row.parse)(args, std::slice::from_ref(reply))
}
