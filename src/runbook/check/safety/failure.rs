//! What a run takes along when it goes on after a failure.

use super::Subject;
use super::order::Order;
use super::subject::change;
use crate::runbook::{Code, Finding, Findings, OnFailure, Step, StepKind};

/// A check that guards nothing, or a change that builds on another which may not be there.
pub(super) fn look(subject: &Subject<'_>, order: &Order<'_>, findings: &mut Findings<'_>) {
    for (index, step) in order.steps().iter().enumerate() {
        if step.on_failure != OnFailure::Continue || !is_rested_on(step) {
            continue;
        }
        let changes = order.steps().iter().enumerate().filter(|(_, other)| change(other).is_some());
        let Some((_, resting)) = changes.into_iter().find(|(other, _)| order.needs(*other, index)) else { continue };
        let message = format!("`{}` may fail, and `{}` changes something all the same", step.id, resting.id);
        let help = format!(
            "write `on_failure: ask`; if `{}` is only worth knowing, take it out of what `{}` needs",
            step.id, resting.id
        );
        let place = subject.places.key(&step.id, "on_failure");
        let finding = Finding::new(Code::FailureIgnored, place, message).help(help);
        findings.add(finding.related(subject.places.step(&resting.id), "done all the same"));
    }
}

/// Whether what comes after it usually means that it went well: a verdict, or an effect.
fn is_rested_on(step: &Step) -> bool {
    matches!(step.kind, StepKind::Check(_) | StepKind::WaitCheck(_) | StepKind::Runbook(_)) || change(step).is_some()
}

#[cfg(test)]
mod tests {
    use super::super::subject::tests::{codes, health, refresh, step};
    use super::*;

    #[test]
    fn a_check_that_is_passed_over_guards_nothing() {
        let guard = |on_failure| Step { on_failure, ..step("guard", [], StepKind::Check(health("x"))) };
        let found = |on_failure, change| codes(&[guard(on_failure), change], None);
        assert_eq!(found(OnFailure::Continue, refresh("a", ["guard"], "x")), [Code::FailureIgnored]);
        assert_eq!(found(OnFailure::Continue, refresh("a", [], "x")), []);
        assert_eq!(found(OnFailure::Ask, refresh("a", ["guard"], "x")), []);
    }

    #[test]
    fn a_change_that_is_passed_over_is_nothing_to_build_on() {
        let first = Step { on_failure: OnFailure::Continue, ..refresh("a", [], "x") };
        let between = step("between", ["a"], StepKind::Check(health("x")));
        assert_eq!(codes(&[first, between, refresh("b", ["between"], "x")], None), [Code::FailureIgnored]);
    }
}
