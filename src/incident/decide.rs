use super::{Adopted, Event, IncidentState, Milestone, Severity, Status};
use crate::base::{Commitment, RunId, Timestamp};
use crate::runbook::Role;

/// What a person says of an incident. `T` is a text: as it was said, or what is kept of it in events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word<T = Commitment> {
    /// It is called so.
    Rename(T),
    /// This is known of it.
    Summarise(T),
    /// It is so bad, perhaps with a reason.
    Rate(Severity, Option<T>),
    /// One is so far with it, perhaps with a reason.
    Move(Status, Option<T>),
    /// Somebody takes a role.
    Assign(Role, T),
    /// Something happened then.
    Mark(Milestone, Timestamp),
    /// A note, perhaps of something that happened earlier.
    Note(T, Option<Timestamp>),
    /// A playbook is at hand.
    Adopt(Box<Adopted>),
    /// A first action is done, by its number from 1, perhaps with a remark.
    Tick(u8, Option<T>),
    /// A run belongs to it.
    Attach(RunId),
    /// A run does not belong to it.
    Detach(RunId),
}

impl<T> Word<T> {
    /// The same word with its text, if it has one, as `keep` makes it.
    ///
    /// # Errors
    /// The text cannot be kept.
    pub fn keep<U, E>(self, keep: impl FnOnce(T) -> Result<U, E>) -> Result<Word<U>, E> {
        Ok(match self {
            Self::Rename(title) => Word::Rename(keep(title)?),
            Self::Summarise(summary) => Word::Summarise(keep(summary)?),
            Self::Rate(severity, reason) => Word::Rate(severity, reason.map(keep).transpose()?),
            Self::Move(status, reason) => Word::Move(status, reason.map(keep).transpose()?),
            Self::Assign(role, who) => Word::Assign(role, keep(who)?),
            Self::Mark(milestone, at) => Word::Mark(milestone, at),
            Self::Note(text, at) => Word::Note(keep(text)?, at),
            Self::Adopt(playbook) => Word::Adopt(playbook),
            Self::Tick(number, remark) => Word::Tick(number, remark.map(keep).transpose()?),
            Self::Attach(run) => Word::Attach(run),
            Self::Detach(run) => Word::Detach(run),
        })
    }
}

/// What comes of a word: events to be appended, and sentences for the person. Never a refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The events; none if the word says nothing new.
    pub events: Vec<Event>,
    /// What the person should know: that it was so already, or that times do not follow one another.
    pub remarks: Vec<String>,
}

/// Takes a word that is said at `now`. Nothing that a person in a hurry may say is refused: what is said twice, or cannot be,
/// is answered with a sentence, and whatever carries a text of its own is kept all the same.
pub fn decide(state: &IncidentState, word: Word, now: Timestamp) -> Said {
    let incident = state.id;
    match word {
        Word::Rename(title) => Said::of(Event::Renamed { incident, title }),
        Word::Summarise(summary) => Said::of(Event::Summarised { incident, summary }),
        Word::Rate(severity, None) if state.severity == severity && state.title.is_some() => {
            Said::nothing(format!("it is {severity} already"))
        }
        Word::Rate(severity, reason) => Said::of(Event::SeveritySet { incident, severity, reason }),
        Word::Move(status, reason) => moved(state, status, reason, now),
        Word::Assign(role, who) => Said::of(Event::RoleSet { incident, role, who }),
        Word::Mark(milestone, at) => {
            let said = Said::of(Event::MilestoneSet { incident, milestone, at });
            said.remark(out_of_order(state, milestone, at)).remark(to_come(at, now))
        }
        Word::Note(text, at) => {
            Said::of(Event::IncidentNoted { incident, text, at }).remark(at.and_then(|at| to_come(at, now)))
        }
        Word::Adopt(playbook) => adopted(state, playbook),
        Word::Tick(number, remark) => ticked(state, number, remark),
        Word::Attach(run) if state.runs.contains(&run) => {
            Said::nothing(format!("run {} belongs to it already", run.short()))
        }
        Word::Attach(attached) => {
            let is_over = (!state.status.is_open()).then(|| format!("the incident is {}", state.status));
            Said::of(Event::Attached { incident, attached }).remark(is_over)
        }
        Word::Detach(detached) if state.runs.contains(&detached) => Said::of(Event::Detached { incident, detached }),
        Word::Detach(run) => Said::nothing(format!("run {} does not belong to it", run.short())),
    }
}

fn moved(state: &IncidentState, status: Status, reason: Option<Commitment>, now: Timestamp) -> Said {
    let incident = state.id;
    if state.status == status && reason.is_none() && state.status_at.is_some() {
        let since = state.status_at.map(|at| format!(", since {}", at.minute())).unwrap_or_default();
        return Said::nothing(format!("it is {status} already{since}"));
    }
    let reopened = !state.status.is_open() && status.is_open();
    let was = state.status;
    let mut said = Said::of(Event::StatusSet { incident, status, reason });
    // A milestone that somebody has set by hand stays; one that is reached anew after a reopening moves on.
    let is_news = |known: Option<&Timestamp>| known.is_none_or(|known| state.reopened_at.is_some_and(|at| at > *known));
    let reaches = status.reaches().filter(|milestone| is_news(state.milestones.get(milestone)));
    if let Some(milestone) = reaches {
        said.events.push(Event::MilestoneSet { incident, milestone, at: now });
        said = said.remark(out_of_order(state, milestone, now));
    }
    said.remark(reopened.then(|| format!("it was {was}, and is open again")))
}

fn adopted(state: &IncidentState, playbook: Box<Adopted>) -> Said {
    let incident = state.id;
    match &state.playbook {
        Some(known) if known.id == playbook.id && known.text == playbook.text => {
            Said::nothing(format!("`{}` is at hand already", known.id))
        }
        Some(known) if known.id != playbook.id && !state.ticks.is_empty() => {
            let remark = format!("what was ticked of `{}` stays on the timeline", known.id);
            Said::of(Event::PlaybookSet { incident, playbook }).remark(Some(remark))
        }
        _ => Said::of(Event::PlaybookSet { incident, playbook }),
    }
}

fn ticked(state: &IncidentState, number: u8, remark: Option<Commitment>) -> Said {
    let incident = state.id;
    // A remark is never lost: what cannot be a tick becomes a note.
    let instead = |why: String, remark: Option<Commitment>| Said {
        events: remark.map(|text| Event::IncidentNoted { incident, text, at: None }).into_iter().collect(),
        remarks: vec![why],
    };
    let Some(playbook) = &state.playbook else {
        return instead("no playbook is at hand, so there is nothing to tick".to_owned(), remark);
    };
    let last = playbook.guide.first_five.len();
    if number == 0 || usize::from(number) > last {
        return instead(format!("`{}` has the first actions 1 to {last}", playbook.id), remark);
    }
    match state.ticks.get(&number) {
        Some(tick) if remark.is_none() => {
            Said::nothing(format!("first action {number} is ticked already, at {}", tick.at.clock_face()))
        }
        _ => Said::of(Event::Ticked { incident, playbook: playbook.id.clone(), number, remark }),
    }
}

/// What is odd about a moment at which something is said to have happened. Only said, as everything here.
pub fn to_come(at: Timestamp, now: Timestamp) -> Option<String> {
    (at > now).then(|| format!("{} is still to come", at.minute()))
}

/// What is odd about a milestone at that moment, as far as the others are known. Only said: the clock of a chat, an alert and
/// a person differ.
fn out_of_order(state: &IncidentState, milestone: Milestone, at: Timestamp) -> Option<String> {
    let (other, known) = state.milestones.iter().find(|(other, known)| {
        let should_be_before = **other < milestone;
        **other != milestone && if should_be_before { **known > at } else { **known < at }
    })?;
    let order = if *other < milestone { "before" } else { "after" };
    Some(format!("{milestone} at {} is {order} {other} at {}", at.minute(), known.minute()))
}

impl Said {
    fn of(event: Event) -> Self {
        Self { events: vec![event], remarks: Vec::new() }
    }

    fn nothing(remark: String) -> Self {
        Self { events: Vec::new(), remarks: vec![remark] }
    }

    fn remark(mut self, remark: Option<String>) -> Self {
        self.remarks.extend(remark);
        self
    }
}
