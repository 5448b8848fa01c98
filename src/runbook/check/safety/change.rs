//! Whether a change is seen, found again, taken back and thought over.

use super::Subject;
use super::order::Order;
use super::places::Down;
use super::subject::change;
use crate::effect::{self, Answers, Risk};
use crate::runbook::{Code, Finding, Findings, Step, StepKind, UndoStep};

pub(super) fn look(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for step in subject.steps {
        unverified(subject, step, findings);
    }
}

/// A change without `verify`; worse if neither a probe nor an undo makes up for it.
fn unverified(subject: &Subject<'_>, step: &Step, findings: &mut Findings<'_>) {
    let Some((row, facts)) = change(step) else { return };
    let has = |key, lowered: bool| lowered || subject.places.is_written(&step.id, &[Down::Key(key)]);
    if has("verify", !step.verify.is_empty()) {
        return;
    }
    let place = subject.places.step(&step.id);
    let is_found_again = facts.probe.answers == Answers::Whether || has("probe", step.probe.is_some());
    // An undo that only reads takes nothing back; of one that could not be lowered nothing is known.
    let takes_back = |undo: &UndoStep| effect::find(&undo.call.action).is_none_or(|row| row.change.is_some());
    let is_undone = if step.undo.is_empty() { has("undo", false) } else { step.undo.iter().any(takes_back) };
    if is_found_again || is_undone {
        let message = format!("`{}` changes something, and nothing verifies that it had its effect", row.name);
        let finding = Finding::new(Code::Unverified, place, message);
        findings.add(finding.help("add `verify: [{check: …, with: {…}}]`"));
        return;
    }
    let message = format!(
        "`{}` changes something, and nothing tells whether it happened, verifies it or takes it back",
        row.name
    );
    let help = "add `verify: [{check: …, with: {…}}]`; the operation has no probe that could answer, so without it a lost \
                answer leaves nothing to decide by";
    findings.add(Finding::new(Code::Unaccounted, place, message).help(help));
}

/// A step after which there is no way back, and before which nobody is made to stop.
pub(super) fn look_for_no_return(subject: &Subject<'_>, order: &Order<'_>, findings: &mut Findings<'_>) {
    for (index, step) in order.steps().iter().enumerate() {
        let Some((row, _)) = change(step).filter(|_| step.point_of_no_return.is_some()) else { continue };
        let risk = step.confirm.map_or(row.risk, |raised| raised.max(row.risk));
        let is_gate = |(earlier, other): (usize, &Step)| {
            matches!(other.kind, StepKind::Gate { .. }) && order.needs(index, earlier)
        };
        if risk == Risk::Irreversible || order.steps().iter().enumerate().any(is_gate) {
            continue;
        }
        let message = format!("there is no way back from `{}`, and it is confirmed as if it were {risk}", step.id);
        let place = subject.places.key(&step.id, "point_of_no_return");
        let help = "add `confirm: irreversible`, or a gate among the steps that it needs";
        findings.add(Finding::new(Code::NoReturnUnguarded, place, message).help(help));
    }
}

#[cfg(test)]
mod tests {
    use super::super::subject::tests::{call, codes, health, refresh, step};
    use super::*;
    use crate::runbook::{Choice, Template};

    fn restart() -> Step {
        step("restart", [], StepKind::Action(call("webapp.restart", [("app", "${{ inputs.app }}")])))
    }

    #[test]
    fn a_change_of_which_nothing_is_ever_known_is_an_error_and_each_of_three_keys_makes_it_less() {
        assert_eq!(codes(&[restart()], None), [Code::Unaccounted]);
        assert_eq!(codes(&[Step { probe: Some(health("x")), ..restart() }], None), [Code::Unverified]);
        let undo = vec![UndoStep::new(call("webapp.restart", [("app", "${{ inputs.app }}")]))];
        assert_eq!(codes(&[Step { undo, ..restart() }], None), [Code::Unverified]);
        let looks = vec![UndoStep::new(call("webapp.get", [("app", "${{ inputs.app }}")]))];
        assert!(
            codes(&[Step { undo: looks, ..restart() }], None).contains(&Code::Unaccounted),
            "it takes nothing back"
        );
        assert_eq!(codes(&[Step { verify: vec![health("x")], ..restart() }], None), []);
    }

    #[test]
    fn an_operation_whose_own_probe_answers_is_only_unverified() {
        assert_eq!(codes(&[Step { verify: Vec::new(), ..refresh("a", [], "x") }], None), [Code::Unverified]);
    }

    #[test]
    fn no_way_back_wants_a_gate_or_the_highest_risk() {
        let plain = Step { point_of_no_return: Some("Old sessions end.".into()), ..refresh("a", [], "x") };
        assert_eq!(codes(std::slice::from_ref(&plain), None), [Code::NoReturnUnguarded]);
        assert_eq!(codes(&[Step { confirm: Some(Risk::Irreversible), ..plain.clone() }], None), []);
        let question = Template::parse("Go on?").unwrap();
        let choices = Choice::of_words(["go".to_owned(), "stop".to_owned()]);
        let gate = step("gate", [], StepKind::Gate { question, choices, headless: None });
        let behind = Step { needs: vec![gate.id.clone()], ..plain };
        assert_eq!(codes(&[gate, behind], None), []);
    }
}
