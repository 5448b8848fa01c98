use std::collections::{BTreeMap, BTreeSet};

use super::TimelineLine;
use crate::base::{AttemptId, Commitment, Digest, IncidentId, InstanceId, Value};
use crate::effect::{Field, ProbeVerdict, Verdict};
use crate::incident;
use crate::journal::{Entry, Fact, LogEvent};
use crate::run::{
    Attendee, Broken, BrokenBy, ConsentBy, Event, PauseReason, Preparation, ReconciledBy, Request, RunEnd, StepEnd,
};

/// The story of a run, told from its entries in the order of the log.
///
/// It is told twice the same from the same entries. A text that was removed from the store is told as removed.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    lines: Vec<TimelineLine>,
    open: BTreeMap<AttemptId, InstanceId>,
    incidents: Vec<IncidentId>,
}

impl Timeline {
    /// The lines so far, oldest first.
    pub fn lines(&self) -> &[TimelineLine] {
        &self.lines
    }

    /// The incidents that the run belongs to, in the order in which it came to them.
    pub fn incidents(&self) -> &[IncidentId] {
        &self.incidents
    }

    /// Tells the next entry. `text` gives a text that is kept beside the log, if it is still there.
    pub fn push(&mut self, entry: &Entry, text: &mut dyn FnMut(&Digest) -> Option<String>) {
        let mut say =
            |commitment: &Commitment| text(&commitment.commit).unwrap_or_else(|| "(the text was removed)".to_owned());
        match &entry.draft.fact {
            Fact::Incident(incident::Event::Attached { incident, .. }) if !self.incidents.contains(incident) => {
                self.incidents.push(*incident);
            }
            Fact::Incident(incident::Event::Detached { incident, .. }) => self.incidents.retain(|one| one != incident),
            _ => {}
        }
        let line = match &entry.draft.fact {
            Fact::Run(event) => self.of_run(event, &mut say),
            Fact::Incident(event) => tell_incident(event, &mut say),
            Fact::Request(request) => Some(tell_request(request, &mut say)),
            Fact::Log(event) => tell_log(event, &mut say),
        };
        if let Some((step, text, loud)) = line {
            self.lines.push(TimelineLine { at: entry.draft.occurred_at, step, text, loud });
        }
        if let Fact::Run(Event::Taken { .. }) = &entry.draft.fact {
            for (_, step) in std::mem::take(&mut self.open) {
                let text = "IN DOUBT: the program stopped after this was written down and before an answer was".into();
                self.lines.push(TimelineLine { at: entry.draft.occurred_at, step: Some(step), text, loud: true });
            }
        }
    }

    fn of_run(&mut self, event: &Event, say: &mut dyn FnMut(&Commitment) -> String) -> Option<Told> {
        match event {
            Event::Succeeded { attempt, .. }
            | Event::Failed { attempt, .. }
            | Event::Accepted { attempt, .. }
            | Event::InDoubt { attempt, .. } => {
                self.open.remove(attempt);
            }
            Event::Intent(intent) => {
                self.open.insert(intent.attempt, intent.step.clone());
            }
            _ => {}
        }
        tell_run(event, say).or_else(|| tell_step(event, say)).or_else(|| tell_effect(event, say))
    }
}

/// What people say of a run. What they say of an incident is told in the incident's own timeline.
fn tell_incident(event: &incident::Event, say: &mut dyn FnMut(&Commitment) -> String) -> Option<Told> {
    let text = match event {
        incident::Event::Noted { text } => format!("note: {}", say(text)),
        incident::Event::Attached { incident, .. } => format!("belongs to incident {}", incident.short()),
        incident::Event::Detached { incident, .. } => format!("does not belong to incident {}", incident.short()),
        _ => return None,
    };
    Some((None, text, false))
}

/// What became of the log, as far as it concerns a run.
fn tell_log(event: &LogEvent, say: &mut dyn FnMut(&Commitment) -> String) -> Option<Told> {
    match event {
        LogEvent::Cut {} => Some((None, "ENTRIES ARE LOST: what was done after this is not known".to_owned(), true)),
        LogEvent::Released { reason } => {
            Some((None, format!("looked at after entries were lost: {}", say(reason)), true))
        }
        LogEvent::Created { .. }
        | LogEvent::Exported { .. }
        | LogEvent::BackedUp { .. }
        | LogEvent::Restored { .. }
        | LogEvent::Succeeds(_) => None,
    }
}

/// What somebody else asks of the run's holder.
fn tell_request(request: &Request, say: &mut dyn FnMut(&Commitment) -> String) -> Told {
    let (step, text) = match request {
        Request::Abort { reason, undo } => {
            let reason = reason.as_ref().map(|reason| format!(": {}", say(reason))).unwrap_or_default();
            let undo = if *undo { " with undo" } else { "" };
            (None, format!("abort{undo} asked for from elsewhere{reason}"))
        }
        Request::Pause {} => (None, "pause asked for from elsewhere".to_owned()),
        Request::Continue {} => (None, "going on asked for from elsewhere".to_owned()),
        Request::Decide { step, choice, .. } => (Some(step), format!("answered from elsewhere: {choice}")),
        Request::Skip { step, reason } => (Some(step), format!("skip asked for from elsewhere: {}", say(reason))),
        Request::Override { step, reason, .. } => {
            (Some(step), format!("override asked for from elsewhere: {}", say(reason)))
        }
        Request::Retry { step } => (Some(step), "another try asked for from elsewhere".to_owned()),
        Request::Undo { step } => (Some(step), "undo asked for from elsewhere".to_owned()),
        Request::Resolve { step, .. } => (Some(step), "word on the doubt from elsewhere".to_owned()),
        Request::Adhoc(adhoc) => (None, format!("ad-hoc command from elsewhere: {}", adhoc.command.join(" "))),
    };
    (step.cloned(), text, matches!(request, Request::Abort { .. }))
}

type Told = (Option<InstanceId>, String, bool);

fn list(ids: &[InstanceId]) -> String {
    ids.iter().map(InstanceId::as_str).collect::<Vec<_>>().join(", ")
}

fn tell_run(event: &Event, say: &mut dyn FnMut(&Commitment) -> String) -> Option<Told> {
    let (text, loud) = match event {
        Event::Planned { plan, .. } => {
            let (runbook, place) = (&plan.runbook, &plan.place);
            (format!("planned {} {} in {}", runbook.id, runbook.version, place.environment), false)
        }
        Event::Taken { fence: 1, .. } => ("started".to_owned(), false),
        Event::Taken { fence, .. } => (format!("taken up again (fence {fence})"), false),
        Event::Prepared(preparation) => (prepared(preparation, say), true),
        Event::Paused { why } => (format!("paused: {}", pause(*why)), false),
        Event::Continued => ("goes on".to_owned(), false),
        Event::Aborting { reason, undo } => {
            let reason = reason.as_ref().map(|reason| format!(": {}", say(reason))).unwrap_or_default();
            let undo = if *undo { ", and then undoing" } else { "" };
            (format!("ABORTING{undo}{reason}"), true)
        }
        Event::RollingBack { steps } => (format!("ROLLING BACK: {}", list(steps)), true),
        Event::Adhoc(adhoc) => {
            let exit = adhoc.exit.map_or_else(|| "ended by a signal".to_owned(), |exit| format!("exit {exit}"));
            let output = adhoc.output.as_ref().map(say).unwrap_or_default();
            let first = output.lines().next().map(|line| format!(": {line}")).unwrap_or_default();
            (format!("AD-HOC COMMAND {} ({exit}, {}){first}", adhoc.command.join(" "), adhoc.took), true)
        }
        Event::Declined { why } => (format!("declined: {why}"), false),
        Event::Finished { end, in_doubt, standing } => {
            let mut text = end.word().to_uppercase();
            if !standing.is_empty() {
                text.push_str(&format!("; not undone: {}", list(standing)));
            }
            if !in_doubt.is_empty() {
                text.push_str(&format!("; still in doubt: {}", list(in_doubt)));
            }
            (text, *end != RunEnd::Succeeded)
        }
        _ => return None,
    };
    Some((None, text, loud))
}

fn tell_step(event: &Event, say: &mut dyn FnMut(&Commitment) -> String) -> Option<Told> {
    let (step, text, loud) = match event {
        Event::Expanded { step, items } => (step, format!("{} items", items.len()), false),
        Event::Entered { step, inputs } => (step, format!("its runbook begins with {} inputs", inputs.len()), false),
        Event::BackingOff { step, until, why } => {
            let why = why.as_ref().map(|why| format!("; {why}")).unwrap_or_default();
            (step, format!("tried again by itself at {}{why}", until.clock_face()), false)
        }
        Event::Overdue { step } => (step, "TAKES LONGER than the runbook says it may".to_owned(), true),
        Event::Skipped { step, reason } => (step, format!("SKIPPED by a person: {}", say(reason)), true),
        Event::Overridden { step, reason, .. } => (step, format!("OVERRIDDEN by a person: {}", say(reason)), true),
        Event::Undoing { step, .. } => (step, "UNDOING".to_owned(), true),
        Event::Undone { step, partly: false } => (step, "undone".to_owned(), true),
        Event::Undone { step, partly: true } => (step, "NOT UNDONE WHOLE: some of it was left".to_owned(), true),
        Event::Readied { step, consent: Some(consent) } => {
            (step, format!("asks for consent ({})", consent.risk), false)
        }
        Event::Confirmed { step, how, digest } => (step, format!("confirmed {} [{}]", by(*how), digest.short()), false),
        Event::Drifted { step, before, now } => {
            (step, format!("DRIFT, consent is void: {}", changes(before, now).join("; ")), true)
        }
        Event::Waiting { step, until } => (step, format!("waits until {}", until.minute()), false),
        Event::Checked { step, verdict, .. } => {
            let word = match verdict {
                Verdict::Pass { .. } => "pass",
                Verdict::Fail { .. } => "not yet",
                Verdict::CannotObserve { .. } => "cannot observe",
            };
            (step, format!("{word}: {}", verdict.seen()), false)
        }
        Event::Decided { step, choice, how } => (step, format!("decided {}: {choice}", by(*how)), false),
        Event::Retried { step } => (step, "tried again".to_owned(), false),
        Event::StepFinished { step, end, why, outputs } => {
            let (word, loud) = match end {
                StepEnd::Succeeded => ("succeeded", false),
                StepEnd::Failed => ("FAILED", true),
                StepEnd::Skipped => ("skipped", false),
                StepEnd::PassedBy => ("not on this way", false),
                StepEnd::Assumed => ("assumed", false),
                StepEnd::Cancelled => ("cancelled", false),
            };
            let detail = why.clone().or_else(|| outputs.as_ref().map(brief)).filter(|text| !text.is_empty());
            (step, detail.map_or_else(|| word.to_owned(), |detail| format!("{word}: {detail}")), loud)
        }
        _ => return None,
    };
    Some((Some(step.clone()), text, loud))
}

fn tell_effect(event: &Event, say: &mut dyn FnMut(&Commitment) -> String) -> Option<Told> {
    let (step, text, loud) = match event {
        Event::Intent(intent) => {
            (&intent.step, format!("sends {} {} (attempt {})", intent.method, path(&intent.url), intent.number), false)
        }
        Event::Accepted { step, .. } => (step, "accepted; the service goes on with it".to_owned(), false),
        Event::Progressed { step, status, unreachable: true, .. } => (step, status.clone(), true),
        Event::Progressed { step, status, .. } => (step, format!("the service says: {status}"), false),
        Event::Succeeded { step, outputs, .. } => {
            let brief = brief(outputs);
            (step, if brief.is_empty() { "done".to_owned() } else { format!("done: {brief}") }, false)
        }
        Event::Failed { step, failure, .. } => (step, format!("FAILED: {} ({})", failure.message, failure.code), true),
        Event::InDoubt { step, why, .. } => (step, format!("IN DOUBT: {why}"), true),
        Event::Reconciled { step, by, verdict, reason, .. } => {
            let why = reason.as_ref().map(|reason| format!(": {}", say(reason))).unwrap_or_default();
            let who = match by {
                ReconciledBy::Probe => "probe",
                ReconciledBy::Person => "by a person",
                ReconciledBy::ByHand => "DONE BY HAND",
                ReconciledBy::Undo => "undone",
            };
            match verdict {
                ProbeVerdict::Unknown { seen } if *by == ReconciledBy::Undo => {
                    (step, format!("no longer in doubt: {seen}"), false)
                }
                ProbeVerdict::Happened { seen, .. } => {
                    (step, format!("no longer in doubt ({who}): it happened; {seen}{why}"), false)
                }
                ProbeVerdict::DidNot { seen } => (step, format!("{who}: it did not happen; {seen}{why}"), true),
                ProbeVerdict::Unknown { seen } => (step, format!("STILL IN DOUBT ({who}): {seen}{why}"), true),
            }
        }
        _ => return None,
    };
    Some((Some(step.clone()), text, loud))
}

/// How a drill was made ready: who takes part, and what is broken.
fn prepared(preparation: &Preparation, say: &mut dyn FnMut(&Commitment) -> String) -> String {
    let mut text = "THE DRILL STANDS READY".to_owned();
    for Broken { breakage, by, at } in &preparation.broken {
        text.push_str(&match (by, at) {
            (BrokenBy::Simulator, Some(at)) => format!("; {breakage} (by the simulator, {})", at.clock_face()),
            (BrokenBy::Simulator, None) => format!("; {breakage} (by the simulator)"),
            (BrokenBy::Person, _) => format!("; {breakage} (a person does that; the program breaks nothing)"),
        });
    }
    for Attendee { role, name } in &preparation.people {
        text.push_str(&format!("; {}: {}", role.word(), say(name)));
    }
    text
}

const fn pause(why: PauseReason) -> &'static str {
    match why {
        PauseReason::Asked => "somebody asked for it",
        PauseReason::Unanswered => "a question needs a person",
        PauseReason::Parked => "it waits for a time",
        PauseReason::Left => "the session ended",
    }
}

const fn by(how: ConsentBy) -> &'static str {
    match how {
        ConsentBy::Enter => "with Enter",
        ConsentBy::ReadBack => "by reading back",
        ConsentBy::Headless => "without a person, by its options",
    }
}

/// What differs between two observations, by name: what has come, gone, or changed.
pub(super) fn changes(before: &[Field], now: &[Field]) -> Vec<String> {
    let value =
        |fields: &[Field], name: &str| fields.iter().find(|field| field.name == name).map(|field| field.value.clone());
    let names: BTreeSet<&str> = before.iter().chain(now).map(|field| field.name.as_str()).collect();
    let changes = names.into_iter().filter_map(|name| match (value(before, name), value(now, name)) {
        (Some(was), Some(is)) if was == is => None,
        (Some(was), Some(is)) => Some(format!("{name} was {was}, is {is}")),
        (Some(was), None) => Some(format!("{name} was {was}, is gone")),
        (None, Some(is)) => Some(format!("{name} was not there, is {is}")),
        (None, None) => None,
    });
    changes.collect()
}

/// An address without its host and query, for a line of the timeline; the whole of it stands in the intent.
pub(super) fn path(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.find('/').map_or(rest, |slash| &rest[slash..]);
    let rest = rest.split('?').next().unwrap_or(rest);
    rest.find("/providers/").map_or(rest, |at| &rest[at + "/providers/".len()..])
}

/// Outputs in a few words: what is short, and how much there is of the rest.
pub(super) fn brief(outputs: &Value) -> String {
    let Value::Record(fields) = outputs else { return String::new() };
    let words = fields.iter().filter_map(|(name, value)| match value {
        Value::Text(text) if text.is_empty() => None,
        Value::Text(_) | Value::Integer(_) | Value::Boolean(_) | Value::Secret { .. } => {
            Some(format!("{name} {value}"))
        }
        Value::List(items) if items.is_empty() => None,
        Value::Record(fields) if fields.is_empty() => None,
        Value::List(items) => Some(format!("{} {name}", items.len())),
        Value::Record(_) => Some(format!("{name} {value}")),
    });
    words.collect::<Vec<_>>().join(", ")
}
