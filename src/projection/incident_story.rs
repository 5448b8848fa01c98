use std::collections::BTreeMap;

use super::{Timeline, TimelineLine};
use crate::base::{Commitment, Digest, IncidentId, RunId, Seq, Timestamp};
use crate::incident::{Adopted, Event};
use crate::journal::{Entry, Fact};

/// A line of an incident's timeline: what people say of it and what its runs did, in one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoryLine {
    /// The run that did it; none for what people say of the incident.
    pub run: Option<RunId>,
    /// What happened, and when: when somebody claims it did, if that is not when it was told.
    pub line: TimelineLine,
    /// When it was told, if it was told later or earlier than it happened.
    pub told: Option<Timestamp>,
}

/// Tells an incident from what was said of it and from all the entries of its runs, in the order of the log. Entries of
/// others are passed over.
///
/// The lines come out in the order in which things happened; what has the same moment keeps the order of the log. A text
/// that was removed from the store is told as removed.
pub(super) fn story(
    incident: IncidentId,
    entries: &[Entry],
    text: &mut dyn FnMut(&Digest) -> Option<String>,
) -> Vec<StoryLine> {
    let mut teller = Teller::default();
    let mut lines: Vec<(Timestamp, Seq, StoryLine)> = Vec::new();
    for entry in entries {
        let at = entry.draft.occurred_at;
        let told = match (&entry.draft.fact, entry.draft.run) {
            (Fact::Incident(event), _) if event.incident() == Some(incident) => {
                let mut say =
                    |kept: &Commitment| text(&kept.commit).unwrap_or_else(|| "(the text was removed)".to_owned());
                vec![teller.tell(at, event, &mut say)]
            }
            (_, Some(run)) => teller.of_run(run, entry, text),
            (_, None) => Vec::new(),
        };
        lines.extend(told.into_iter().map(|line| (line.line.at, entry.seq, line)));
    }
    lines.sort_by_key(|(at, seq, _)| (*at, *seq));
    lines.into_iter().map(|(_, _, line)| line).collect()
}

/// What has to be remembered from one entry to the next.
#[derive(Default)]
struct Teller {
    playbook: Option<Box<Adopted>>,
    runs: BTreeMap<RunId, Timeline>,
}

impl Teller {
    fn of_run(&mut self, run: RunId, entry: &Entry, text: &mut dyn FnMut(&Digest) -> Option<String>) -> Vec<StoryLine> {
        let timeline = self.runs.entry(run).or_default();
        let before = timeline.lines().len();
        timeline.push(entry, text);
        let line = |line: &TimelineLine| StoryLine { run: Some(run), line: line.clone(), told: None };
        timeline.lines()[before..].iter().map(line).collect()
    }

    fn tell(&mut self, at: Timestamp, event: &Event, say: &mut dyn FnMut(&Commitment) -> String) -> StoryLine {
        let (text, loud) = self.words(event, say);
        let claimed = match event {
            Event::MilestoneSet { at, .. } => Some(*at),
            Event::IncidentNoted { at, .. } => *at,
            _ => None,
        };
        let told = claimed.filter(|claimed| *claimed != at).map(|_| at);
        StoryLine { run: None, line: TimelineLine { at: claimed.unwrap_or(at), step: None, text, loud }, told }
    }

    fn words(&mut self, event: &Event, say: &mut dyn FnMut(&Commitment) -> String) -> (String, bool) {
        let because = |reason: &Option<Commitment>, say: &mut dyn FnMut(&Commitment) -> String| {
            reason.as_ref().map(|reason| format!(": {}", say(reason))).unwrap_or_default()
        };
        match event {
            Event::Declared { title, severity, environment, .. } => {
                (format!("DECLARED {severity}: {} ({environment})", say(title)), true)
            }
            Event::Renamed { title, .. } => (format!("is called: {}", say(title)), false),
            Event::Summarised { summary, .. } => (format!("summary: {}", say(summary)), false),
            Event::SeveritySet { severity, reason, .. } => {
                (format!("SEVERITY {severity}{}", because(reason, say)), true)
            }
            Event::StatusSet { status, reason, .. } => (format!("STATUS {status}{}", because(reason, say)), true),
            Event::RoleSet { role, who, .. } => (format!("{}: {}", role.word(), say(who)), false),
            Event::MilestoneSet { milestone, .. } => (format!("milestone: {milestone}"), false),
            Event::IncidentNoted { text, .. } | Event::Noted { text } => (format!("note: {}", say(text)), false),
            Event::PlaybookSet { playbook, .. } => {
                self.playbook = Some(playbook.clone());
                let Adopted { id, version, revision, .. } = playbook.as_ref();
                (format!("playbook {id} {version} ({revision})"), false)
            }
            Event::Ticked { playbook, number, remark, .. } => {
                let known = self.playbook.as_ref().filter(|known| known.id == *playbook);
                let action = known.and_then(|known| known.guide.first_five.get(usize::from(*number).checked_sub(1)?));
                let action = action.map(|action| format!(": {}", clause(&action.text))).unwrap_or_default();
                let remark = remark.as_ref().map(|remark| format!(" ({})", say(remark))).unwrap_or_default();
                (format!("first action {number} done{action}{remark}"), false)
            }
            Event::Attached { attached, .. } => (format!("run {} belongs to it", attached.short()), false),
            Event::Detached { detached, .. } => (format!("run {} does not belong to it", detached.short()), false),
        }
    }
}

/// The first clause of a sentence: enough to know which action it was. The whole of it stands in the playbook.
fn clause(sentence: &str) -> &str {
    let end = sentence.find("; ").or_else(|| sentence.find(". "));
    end.map_or(sentence, |end| &sentence[..end]).trim_end_matches('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_told_by_its_first_clause() {
        assert_eq!(clause("Hold every deployment; one more would overwrite it."), "Hold every deployment");
        assert_eq!(clause("Roll back. It takes minutes."), "Roll back");
        assert_eq!(clause("Roll back."), "Roll back");
    }
}
