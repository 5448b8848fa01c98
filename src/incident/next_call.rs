use super::Severity;
use crate::base::Span;
use crate::runbook::{Escalation, Level};

/// Who is to be called next, if nobody has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextCall<'a> {
    /// The level.
    pub level: &'a Level,
    /// How long until then; none if it is due now.
    pub within: Option<Span>,
}

impl<'a> NextCall<'a> {
    /// Who is to be called `elapsed` after the first call: the level that is due now, and the one that follows. A severity
    /// that nobody knows yet is taken for the worst. Both are none only if no level is for that severity.
    ///
    /// After the last level nothing follows: it begins again as often as [`Escalation::repeat`] says, when those who call
    /// see that nobody has answered. Whether somebody has, only a person knows.
    pub fn at(escalation: &'a Escalation, severity: Severity, elapsed: Span) -> (Option<Self>, Option<Self>) {
        let reached: Vec<&Level> = escalation.levels.iter().filter(|level| reaches(level, severity)).collect();
        let due = reached.iter().rev().find(|level| level.after <= elapsed);
        let next = reached.iter().find(|level| level.after > elapsed);
        let within =
            |level: &Level| Span::from_microseconds(level.after.microseconds().saturating_sub(elapsed.microseconds()));
        (due.map(|level| Self { level, within: None }), next.map(|level| Self { level, within: Some(within(level)) }))
    }
}

fn reaches(level: &Level, severity: Severity) -> bool {
    match severity.rated() {
        Some(rated) => level.only.is_empty() || level.only.contains(&rated),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::IncidentSeverity;

    fn escalation() -> Escalation {
        let level = |who: &str, minutes, only| Level {
            who: who.into(),
            how: "by telephone".into(),
            after: Span::minutes(minutes),
            only,
        };
        let levels = vec![
            level("first", 0, vec![]),
            level("second", 10, vec![]),
            level("head", 30, vec![IncidentSeverity::Sev1]),
        ];
        Escalation { levels, repeat: 2 }
    }

    fn at(severity: Severity, minutes: u32) -> (String, Option<(String, Span)>) {
        let escalation = escalation();
        let (due, next) = NextCall::at(&escalation, severity, Span::minutes(minutes));
        let next = next.map(|next| (next.level.who.clone(), next.within.unwrap()));
        (due.unwrap().level.who.clone(), next)
    }

    #[test]
    fn each_level_is_due_from_its_time_on() {
        assert_eq!(at(Severity::Sev1, 0), ("first".into(), Some(("second".into(), Span::minutes(10)))));
        assert_eq!(at(Severity::Sev1, 10), ("second".into(), Some(("head".into(), Span::minutes(20)))));
        assert_eq!(at(Severity::Sev1, 300), ("head".into(), None));
    }

    #[test]
    fn a_level_for_worse_trouble_is_left_out_and_unknown_trouble_counts_as_the_worst() {
        assert_eq!(at(Severity::Sev3, 31), ("second".into(), None));
        assert_eq!(at(Severity::Pending, 31), ("head".into(), None));
    }
}
