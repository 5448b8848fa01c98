//! Whether the recovery can be as fast, and bring back as much, as it must.

use super::Subject;
use super::order::Order;
use super::places::Down;
use super::subject::change;
use crate::base::Span;
use crate::runbook::{Code, Finding, Findings, Longest, Step, StepKind, plus};

/// The milestone at which the recovery time ends.
const RESTORED: &str = "service_restored";

pub(super) fn look(subject: &Subject<'_>, order: &Order<'_>, findings: &mut Findings<'_>) {
    let Some(rto) = subject.rto else { return };
    let place = subject.places.of_file(&[Down::Key("objectives"), Down::Key("rto")]);
    let is_marked = |step: &Step| step.marks.as_deref() == Some(RESTORED);
    let any_marked = order.steps().iter().any(is_marked);
    // What a nested runbook takes, and whether it restores the service, is known only beside that runbook.
    let nests = order.steps().iter().any(|step| matches!(step.kind, StepKind::Runbook(_)));
    if !any_marked && !nests {
        let message = format!("there is an RTO of {rto}, and no step says when the service is restored");
        let help = format!("add `marks: {RESTORED}` to the step with whose end it is; until then the whole run counts");
        findings.add(Finding::new(Code::NoMilestone, place, message).help(help));
    }
    let Some(way) = longest(order, |step| !any_marked || is_marked(step)) else { return };
    let forecast = way.iter().fold(Span::ZERO, |sum, (_, span)| plus(sum, *span));
    if forecast <= rto {
        return;
    }
    let end = if any_marked { "until the service is restored" } else { "until the run ends" };
    let message = format!("{forecast} are expected {end}, and the RTO is {rto}");
    let mut slowest = way;
    slowest.sort_by_key(|(_, span)| std::cmp::Reverse(*span));
    let slowest: Vec<String> = slowest
        .iter()
        .filter(|(_, span)| *span > Span::ZERO)
        .take(3)
        .map(|(step, span)| format!("`{}` ({span})", step.id))
        .collect();
    let help = format!("the slowest on that way: {}; shorten them, or raise the objective", slowest.join(", "));
    findings.add(Finding::new(Code::OverObjective, place, message).help(help));
}

/// Looks for a step after which more of the latest data may be gone than the objective allows. What a nested runbook may
/// lose is said where that runbook has an objective of its own.
pub(super) fn look_for_loss(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let Some(rpo) = subject.rpo else { return };
    let losses = subject.steps.iter().filter_map(|step| Some((step, change(step)?.1.loses?)));
    let Some((step, loss)) = losses.filter(|(_, loss)| loss.most > rpo).max_by_key(|(_, loss)| loss.most) else {
        return;
    };
    let place = subject.places.of_file(&[Down::Key("objectives"), Down::Key("rpo")]);
    let message = format!("the RPO is {rpo}, and `{}` may lose up to {} of the latest data", step.id, loss.most);
    let help =
        format!("raise the objective to {}, or bring the data back in another way; see {}", loss.most, loss.source);
    findings.add(Finding::new(Code::BelowPlatform, place, message).help(help));
}

/// The steps that take longest one after the other, up to one that `ends`, each with its expected length. A step of a list
/// counts once, because the list's length is not known; what is done only after a failure does not count.
fn longest<'a>(order: &Order<'a>, ends: impl Fn(&Step) -> bool) -> Option<Vec<(&'a Step, Span)>> {
    let steps = order.steps();
    let expected = |step: &Step| step.expected().unwrap_or(Span::ZERO);
    let mut longest = Longest::default();
    for step in steps {
        longest.add(step.needs.iter().filter_map(|need| order.place(need)), expected(step));
    }
    let goals = (0..steps.len()).filter(|step| ends(&steps[*step]) && !order.is_for_failure(*step));
    let way = longest.way(longest.latest(goals)?);
    Some(way.into_iter().map(|step| (&steps[step], expected(&steps[step]))).collect())
}

#[cfg(test)]
mod tests {
    use super::super::subject::tests::{call, codes, codes_under, refresh, step};
    use super::*;
    use crate::base::StepId;
    use crate::runbook::OnFailure;

    fn wait<const N: usize>(id: &str, needs: [&str; N], minutes: u32) -> Step {
        step(id, needs, StepKind::Wait { span: Span::minutes(minutes) })
    }

    fn marked(step: Step) -> Step {
        Step { marks: Some(RESTORED.to_owned()), ..step }
    }

    #[test]
    fn what_comes_after_the_milestone_does_not_count() {
        let steps = |soak| [wait("first", [], 10), marked(wait("then", ["first"], 10)), wait("soak", ["then"], soak)];
        assert_eq!(codes(&steps(1_440), Some(Span::minutes(20))), []);
        assert_eq!(codes(&steps(0), Some(Span::minutes(19))), [Code::OverObjective]);
        assert_eq!(codes(&steps(0), None), []);
    }

    #[test]
    fn side_by_side_the_longer_counts() {
        let steps = [wait("a", [], 10), wait("b", [], 12), marked(wait("c", ["a", "b"], 5))];
        assert_eq!(codes(&steps, Some(Span::minutes(17))), []);
        assert_eq!(codes(&steps, Some(Span::minutes(16))), [Code::OverObjective]);
    }

    #[test]
    fn without_a_milestone_the_whole_run_counts_and_a_note_says_so() {
        assert_eq!(codes(&[wait("a", [], 1)], Some(Span::minutes(2))), [Code::NoMilestone]);
        assert_eq!(codes(&[wait("a", [], 3)], Some(Span::minutes(2))), [Code::NoMilestone, Code::OverObjective]);
    }

    #[test]
    fn a_step_that_does_not_say_takes_as_long_as_its_operation_usually_does() {
        let step = marked(refresh("a", [], "x"));
        assert_eq!(codes(std::slice::from_ref(&step), Some(Span::seconds(30))), [Code::OverObjective]);
        assert_eq!(codes(&[Step { expect: Some(Span::seconds(20)), ..step }], Some(Span::seconds(30))), []);
    }

    #[test]
    fn what_is_done_only_after_a_failure_does_not_count() {
        let mut steps = [marked(wait("a", [], 1)), marked(wait("rescue", [], 60))];
        steps[0].on_failure = OnFailure::GoTo(StepId::new("rescue"));
        assert_eq!(codes(&steps, Some(Span::minutes(5))), []);
    }

    #[test]
    fn no_objective_is_better_than_what_the_platform_promises() {
        let restore = |action| Step {
            drill: None,
            ..step("restore", [], StepKind::Action(call(action, [("server", "a"), ("source", "b"), ("at", "c")])))
        };
        let found = |action, minutes| {
            let found = codes_under(&[restore(action)], (None, Some(Span::minutes(minutes))));
            found.contains(&Code::BelowPlatform)
        };
        assert!(!found("postgres.server.restore", 5));
        assert!(found("postgres.server.restore", 4));
        assert!(found("postgres.server.georestore", 59));
        assert!(!found("postgres.server.georestore", 60));
        assert!(!found("webapp.restart", 0), "what brings nothing back loses nothing");
    }
}
