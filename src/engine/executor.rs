use std::sync::Arc;

use crate::base::{AttemptId, Clock, Entropy, Timestamp, Value};
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
    pub(super) clock: Arc<dyn Clock>,
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
                    Err(why) => Meaning::Failed(Failure::not_sent(why)),
                };
                Input::Answered { attempt, meaning }
            }
            Command::Poll { attempt, handle } => {
                let progress = effect::progress(&self.hands.poll(&handle, attempt).await, &handle);
                Input::Polled { attempt, progress }
            }
            Command::Probe { attempt, call, sent_at, before, check } => {
                let asked_at = self.clock.now();
                let verdict = match call {
                    Ok(call) => self.probe(attempt, &call, sent_at, &before, check).await,
                    Err(seen) => ProbeVerdict::Unknown { seen },
                };
                Input::Probed { attempt, verdict, asked_at }
            }
            Command::Read { step, call } => {
                let outputs = match call {
                    Ok(call) => self.read(&call).await,
                    Err(why) => Err(Failure::not_sent(why)),
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
            return Meaning::Failed(Failure::not_sent(format!("`{}` is not in the catalogue", errand.call.action)));
        };
        let sent = self.hands.send(errand, attempt).await;
        effect::meaning(&sent, row.class, doubted, |reply| parse(row, &errand.call.args, reply))
    }

    async fn observe(&self, call: Bindable) -> Result<Vec<Field>, String> {
        let call = call?;
        let mut seen = Vec::new();
        for read in observation(&call) {
            seen.push(self.read(&read).await.map_err(|failure| failure.message)?);
        }
        Ok(fields(&call, &seen))
    }

    async fn probe(
        &self,
        attempt: AttemptId,
        call: &Call,
        sent_at: Timestamp,
        before: &[Field],
        check: Option<Bindable>,
    ) -> ProbeVerdict {
        let verdict = self.ask_row(attempt, call, sent_at, before).await;
        let verdict = match (verdict, check) {
            (ProbeVerdict::Unknown { seen }, Some(Ok(check))) => self.ask_runbook(call, &check, seen).await,
            (verdict, _) => verdict,
        };
        match verdict {
            ProbeVerdict::Unknown { seen } => {
                let told = self.ask_log(attempt, call, sent_at).await;
                ProbeVerdict::Unknown { seen: told.map_or_else(|| seen.clone(), |told| format!("{seen}; {told}")) }
            }
            verdict => verdict,
        }
    }

    /// What the Activity Log says where nothing else can tell: a trace for the person who decides, and no verdict.
    async fn ask_log(&self, attempt: AttemptId, call: &Call, sent_at: Timestamp) -> Option<String> {
        let request = effect::find(&call.action).and_then(|row| (row.render)(&call.args).ok())?;
        let question = effect::corroboration(&request, sent_at)?;
        Some(match self.read(&question).await {
            Ok(outputs) => effect::corroborated(attempt, &outputs),
            Err(failure) => format!("the Activity Log cannot be read: {}", failure.message),
        })
    }

    /// What the runbook's own probe says where the operation's cannot tell.
    async fn ask_runbook(&self, call: &Call, check: &Call, unknown: String) -> ProbeVerdict {
        let gives = effect::find(&call.action).is_none_or(|row| !row.outputs.is_empty());
        match self.look(check).await.0 {
            Verdict::Pass { seen } if gives => {
                ProbeVerdict::Unknown { seen: format!("it happened ({seen}), but what it gave is not known") }
            }
            Verdict::Pass { seen } => ProbeVerdict::Happened { outputs: Value::record([]), seen },
            Verdict::Fail { seen } => ProbeVerdict::DidNot { seen },
            Verdict::CannotObserve { seen } => ProbeVerdict::Unknown { seen: format!("{unknown}; {seen}") },
        }
    }

    async fn ask_row(&self, attempt: AttemptId, call: &Call, sent_at: Timestamp, before: &[Field]) -> ProbeVerdict {
        let Some(change) = effect::find(&call.action).and_then(|row| row.change.as_ref()) else {
            return ProbeVerdict::Unknown { seen: "the operation has no probe".into() };
        };
        let mut seen = Vec::new();
        for read in (change.probe.reads)(&call.args) {
            match self.read(&read).await {
                Ok(outputs) => seen.push(outputs),
                Err(failure) => return ProbeVerdict::Unknown { seen: failure.message },
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
            Err(failure) => (Verdict::CannotObserve { seen: failure.message }, None),
        }
    }

    /// Reads a row's outputs, with as many requests as it takes.
    async fn read(&self, call: &Call) -> Result<Value, Failure> {
        let row = effect::find(&call.action);
        let row = row.ok_or_else(|| Failure::not_sent(format!("`{}` is not in the catalogue", call.action)))?;
        let first = (row.render)(&call.args).map_err(|why| Failure::new("not_rendered", why.to_string()))?;
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
        (row.parse)(&call.args, &replies).map_err(|why| Failure::new("unreadable", why.to_string()))
    }

    async fn ask(&self, call: &Call, request: effect::Request) -> Result<Reply, Failure> {
        let service = request.service;
        let errand = Errand { call: call.clone(), request };
        match self.hands.read(&errand).await {
            Sent::NeverSent { why } => Err(Failure::not_sent(why)),
            Sent::Lost { why } => Err(Failure::new("lost", why)),
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
