use super::StoryLine;
use super::incident_story::story;
use crate::base::{Commitment, Digest, IncidentId, RunId, Span, Timestamp};
use crate::incident::{Adopted, IncidentState, Milestone, NextCall, Severity, Status, Telling};
use crate::journal::{Entry, Fact, RunRow};
use crate::runbook::{Guide, Message, Moment, Role};

/// An incident as a person sees it: what was said of it with the texts of people, its runs, and its whole timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentBoard {
    /// Its id.
    pub id: IncidentId,
    /// What is wrong.
    pub title: String,
    /// What is known of it; may be empty.
    pub summary: String,
    /// How bad it is.
    pub severity: Severity,
    /// How far one is with it.
    pub status: Status,
    /// Where.
    pub environment: String,
    /// Whether the estate is simulated.
    pub simulated: bool,
    /// The moment from which everything is counted.
    pub began: Timestamp,
    /// When it was declared; the first call is counted from there.
    pub declared: Timestamp,
    /// When it was over, if it is.
    pub ended: Option<Timestamp>,
    /// When it was opened again, the last time.
    pub reopened: Option<Timestamp>,
    /// When what is counted from or to happened, in the order of [`Milestone::WORDS`].
    pub milestones: Vec<(Milestone, Timestamp)>,
    /// Who does what, as somebody said it.
    pub roles: Vec<(Role, String)>,
    /// The playbook at hand.
    pub playbook: Option<Adopted>,
    /// The first actions of that playbook that are done.
    pub ticks: Vec<TickLine>,
    /// Its runs, in the order in which they were attached.
    pub runs: Vec<RunLine>,
    /// What happened, the earliest first.
    pub timeline: Vec<StoryLine>,
}

/// A first action that is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TickLine {
    /// Which, from 1.
    pub number: u8,
    /// When it was ticked.
    pub at: Timestamp,
    /// What came of it; may be empty.
    pub remark: String,
}

/// A run in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunLine {
    /// Its id.
    pub run: RunId,
    /// The runbook; empty for a run that the store does not know.
    pub runbook: String,
    /// How far it is, as a word.
    pub state: String,
    /// Whether it can still go on.
    pub open: bool,
}

impl RunLine {
    /// The line of a run that the store knows.
    pub fn of(row: &RunRow) -> Self {
        let (runbook, state) = (row.runbook.clone(), row.stage.word().replace('_', " "));
        Self { run: row.run, runbook, state, open: row.stage.is_open() }
    }
}

/// What the entries about an incident come to.
pub fn incident_state(incident: IncidentId, entries: &[Entry]) -> IncidentState {
    let mut state = IncidentState::new(incident);
    for entry in entries {
        if let Fact::Incident(event) = &entry.draft.fact {
            state.evolve(entry.draft.occurred_at, event);
        }
    }
    state
}

impl IncidentBoard {
    /// Makes the board from what was said of an incident and all the entries of its runs, in the order of the log. `rows` are
    /// the rows of its runs, `text` gives a text that is kept beside the log if it is still there.
    pub fn of(
        incident: IncidentId,
        entries: &[Entry],
        rows: &[RunRow],
        simulated: bool,
        text: &mut dyn FnMut(&Digest) -> Option<String>,
    ) -> Self {
        let state = incident_state(incident, entries);
        let timeline = story(incident, entries, text);
        let mut say = |kept: &Commitment| text(&kept.commit).unwrap_or_else(|| "(the text was removed)".to_owned());
        let first = entries.first().map_or_else(|| Timestamp::from_seconds(0), |entry| entry.draft.occurred_at);
        let known = |run: &RunId| rows.iter().find(|row| row.run == *run).map(RunLine::of);
        let lost = |run: RunId| RunLine { run, runbook: String::new(), state: "not in this log".into(), open: false };
        Self {
            id: incident,
            title: state.title.as_ref().map_or_else(|| "(not declared)".to_owned(), &mut say),
            summary: state.summary.as_ref().map(&mut say).unwrap_or_default(),
            severity: state.severity,
            status: state.status,
            environment: state.environment.clone(),
            simulated,
            began: state.began().unwrap_or(first),
            declared: state.milestones.get(&Milestone::Declared).copied().unwrap_or(first),
            ended: state.ended(),
            reopened: state.reopened_at,
            milestones: state.milestones.iter().map(|(milestone, at)| (*milestone, *at)).collect(),
            roles: state.roles.iter().map(|(role, who)| (*role, say(who))).collect(),
            ticks: state
                .ticks
                .iter()
                .map(|(number, tick)| TickLine {
                    number: *number,
                    at: tick.at,
                    remark: tick.remark.as_ref().map(&mut say).unwrap_or_default(),
                })
                .collect(),
            runs: state.runs.iter().map(|run| known(run).unwrap_or_else(|| lost(*run))).collect(),
            playbook: state.playbook.map(|playbook| *playbook),
            timeline,
        }
    }

    /// What the playbook at hand says.
    pub fn guide(&self) -> Option<&Guide> {
        self.playbook.as_ref().map(|playbook| &playbook.guide)
    }

    /// When each milestone was reached, in words: of one that ended it before it was opened again, that too.
    pub fn reached(&self) -> impl Iterator<Item = (Milestone, String)> {
        self.milestones.iter().map(|(milestone, at)| {
            let ends = matches!(milestone, Milestone::Mitigated | Milestone::Resolved | Milestone::Closed);
            let again = self.reopened.filter(|reopened| ends && reopened >= at);
            let again = again.map(|reopened| format!(", opened again {}", reopened.minute())).unwrap_or_default();
            (*milestone, format!("{}{again}", at.minute()))
        })
    }

    /// When the first action of that number was ticked.
    pub fn tick(&self, number: usize) -> Option<&TickLine> {
        self.ticks.iter().find(|tick| usize::from(tick.number) == number)
    }

    /// How long it has lasted at `now`, or did until it was over.
    pub fn elapsed(&self, now: Timestamp) -> Span {
        self.ended.unwrap_or(now).since(self.began)
    }

    /// Who is due to be called at `now`, and who is next. Nobody once it is over, or once somebody has said that the call was
    /// answered.
    pub fn calls(&self, now: Timestamp) -> (Option<NextCall<'_>>, Option<NextCall<'_>>) {
        let is_answered = self.milestones.iter().any(|(milestone, _)| *milestone == Milestone::Acknowledged);
        match self.guide() {
            Some(guide) if !is_answered && self.status.is_open() => {
                NextCall::at(&guide.escalation, self.severity, now.since(self.declared))
            }
            _ => (None, None),
        }
    }

    /// The messages of the playbook for a moment, each filled in, or why it cannot be. For one audience, if it is named.
    pub fn messages(&self, moment: Moment, audience: Option<&str>) -> Vec<(String, Result<String, String>)> {
        let telling = Telling {
            title: self.title.clone(),
            severity: self.severity,
            started_at: self.began,
            environment: self.environment.clone(),
            summary: self.summary.clone(),
        };
        let is_meant = |message: &&Message| {
            message.moment == moment && audience.is_none_or(|audience| message.audience.eq_ignore_ascii_case(audience))
        };
        let messages = self.guide().map(|guide| guide.messages.as_slice()).unwrap_or_default();
        let fill = |message: &Message| telling.fill(message).map_err(|error| error.to_string());
        messages.iter().filter(is_meant).map(|message| (message.audience.clone(), fill(message))).collect()
    }
}
