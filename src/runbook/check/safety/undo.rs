//! Whether an undo can do its work when it is needed.

use super::Subject;
use super::places::Down;
use super::reading::{list_reads, of_undo, reads};
use super::subject::change;
use crate::effect::Answers;
use crate::runbook::{Code, Finding, Findings, Step, UndoStep};

pub(super) fn look(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for step in subject.steps.iter().filter(|step| !step.undo.is_empty()) {
        needs_success(subject, step, findings);
        same_for_all_items(subject, step, findings);
    }
}

/// An undo that reads the outputs of a step of which it may be known only that it happened.
fn needs_success(subject: &Subject<'_>, step: &Step, findings: &mut Findings<'_>) {
    let Some((row, facts)) = change(step) else { return };
    let why = match (&step.probe, facts.probe.answers) {
        (Some(_), _) => "its `probe` tells only whether it happened".to_owned(),
        (None, Answers::Never) => format!("`{}` has no probe that could give them", row.name),
        (None, Answers::Whether) => return,
    };
    for (entry, undo) in step.undo.iter().enumerate() {
        let outputs = &["self", "outputs"];
        let by_list = undo.for_each.as_ref().is_some_and(|each| list_reads(each, outputs));
        if !by_list && !of_undo(undo).into_iter().any(|expression| reads(expression, outputs)) {
            continue;
        }
        let message = format!("the undo of `{}` needs its outputs, and after a lost answer {why}", step.id);
        let place = subject.places.undo(&step.id, entry, &[Down::Key("with")]);
        let help = if step.probe.is_some() {
            "remove `probe`, if the operation's own probe can answer, or undo by what is known beforehand"
        } else {
            "undo by what is known beforehand: inputs, and outputs of earlier steps"
        };
        findings.add(Finding::new(Code::UndoNeedsSuccess, place, message).help(help));
    }
}

/// An undo that does for each item what it does for any other.
fn same_for_all_items(subject: &Subject<'_>, step: &Step, findings: &mut Findings<'_>) {
    if step.for_each.is_none() {
        return;
    }
    let is_about_item = |undo: &UndoStep| {
        // An entry with a list of its own has another `item`; but its list may be of this one.
        let item = match &undo.for_each {
            Some(each) => list_reads(each, &["item"]) || list_reads(each, &["self"]),
            None => of_undo(undo).into_iter().any(|expression| reads(expression, &["item"])),
        };
        item || of_undo(undo).into_iter().any(|expression| reads(expression, &["self"]))
    };
    if step.undo.iter().any(is_about_item) {
        return;
    }
    let message = format!("`{}` is undone item by item, and nothing in its undo is about the item", step.id);
    let help =
        "write `${{ item }}` where the undo means this item; what is done once for all belongs to a step of its own";
    findings.add(Finding::new(Code::UndoSameForAll, subject.places.undo(&step.id, 0, &[]), message).help(help));
}

#[cfg(test)]
mod tests {
    use super::super::subject::tests::{call, codes, health, refresh, step};
    use super::*;
    use crate::runbook::{Expression, ForEach, StepKind};

    #[test]
    fn an_undo_by_outputs_wants_a_probe_that_gives_them() {
        let with = [("vault", "${{ inputs.vault }}"), ("name", "n"), ("value", "${{ inputs.value }}")];
        let undo = [("vault", "${{ inputs.vault }}"), ("name", "n"), ("version", "${{ self.outputs.version }}")];
        let set = Step {
            verify: vec![health("x")],
            undo: vec![UndoStep::new(call("keyvault.secret.disable", undo))],
            ..step("set", [], StepKind::Action(call("keyvault.secret.set", with)))
        };
        assert_eq!(codes(std::slice::from_ref(&set), None), [], "the operation's own probe gives them");
        assert_eq!(codes(&[Step { probe: Some(health("x")), ..set }], None), [Code::UndoNeedsSuccess]);
    }

    #[test]
    fn an_undo_per_item_is_about_the_item() {
        let each = |app| {
            let list = Some(ForEach::of(Expression::parse("inputs.apps").unwrap()));
            let undo = vec![UndoStep::new(call("webapp.references.refresh", [("app", app)]))];
            Step { for_each: list, undo, ..refresh("a", [], "${{ item }}") }
        };
        assert_eq!(codes(&[each("${{ inputs.app }}")], None), [Code::UndoSameForAll]);
        assert_eq!(codes(&[each("${{ item }}")], None), []);
        let mut own_list = each("${{ item }}");
        own_list.undo[0].for_each = Some(ForEach::of(Expression::parse("inputs.others").unwrap()));
        assert_eq!(codes(&[own_list], None), [Code::UndoSameForAll], "its `item` is another one");
    }
}
