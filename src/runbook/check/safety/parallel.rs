//! Steps that change one target and of which neither waits for the other.
//!
//! Two effects never hold one target at the same time, so nothing is sent at once; but which of them comes first, nobody
//! has said, and a swap before or after a restart are two different things.

use std::collections::BTreeMap;

use super::Subject;
use super::order::Order;
use super::places::Down;
use super::reading::reads;
use super::subject::change;
use crate::effect::Type;
use crate::runbook::{Argument, CallSpec, Code, Finding, Findings, Step, StepKind, Template};

pub(super) fn look(subject: &Subject<'_>, order: &Order<'_>, findings: &mut Findings<'_>) {
    let mut known: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, step) in order.steps().iter().enumerate() {
        let targets = targets(subject, step);
        one_by_all_items(subject, step, &targets, findings);
        let together = targets.iter().find_map(|target| {
            let others = known.get(&target.key)?;
            others.iter().find(|other| order.are_parallel(index, **other)).map(|other| (target, *other))
        });
        if let Some((target, other)) = together {
            let other = &order.steps()[other];
            let (other, step) = (&other.id, &step.id);
            let message =
                format!("`{other}` and `{step}` both change {}, and neither waits for the other", target.shown);
            let help = format!("add `{other}` to the `needs` of `{step}`, or the other way round");
            let finding = Finding::new(Code::ParallelChange, subject.places.step(step), message);
            findings.add(finding.related(subject.places.step(other), "the other one").help(help));
        }
        for target in targets {
            let others = known.entry(target.key).or_default();
            if others.last() != Some(&index) {
                others.push(index);
            }
        }
    }
}

/// Something that a step changes, as far as it can be told by how it is written.
struct Target {
    /// Equal for what is certainly one target.
    key: String,
    /// How a person reads it.
    shown: String,
    /// Whether each item of the step's `for_each` has its own.
    per_item: bool,
}

/// Instances side by side that all change the same.
fn one_by_all_items(subject: &Subject<'_>, step: &Step, targets: &[Target], findings: &mut Findings<'_>) {
    let Some(each) = step.for_each.as_ref().filter(|each| each.max_parallel > 1) else { return };
    let Some(target) = targets.iter().find(|target| !target.per_item) else { return };
    let message = format!(
        "`{}` does {} items at a time, and every one of them changes {}",
        step.id, each.max_parallel, target.shown
    );
    let place = subject.places.within(&step.id, &[Down::Key("for_each"), Down::Key("max_parallel")]);
    let help = "remove `max_parallel`, so that one item is done after the other";
    findings.add(Finding::new(Code::ParallelChange, place, message).help(help));
}

/// What a step changes: an operation the targets among its arguments, a nested runbook what it hands on to such an
/// operation. A `name` beside one says which part of it is meant, as the secret in a vault.
fn targets(subject: &Subject<'_>, step: &Step) -> Vec<Target> {
    let whole = |with: &BTreeMap<String, Argument>, name: &str| match with.get(name) {
        Some(Argument::Template { text }) => Some(text.clone()),
        _ => None,
    };
    let parts: Vec<Vec<Template>> = match &step.kind {
        StepKind::Action(CallSpec { with, .. }) => {
            let Some((row, _)) = change(step) else { return Vec::new() };
            let of_target = row.parameters.iter().filter(|parameter| matches!(parameter.kind, Type::Target(_)));
            let targets = of_target.filter_map(|parameter| whole(with, parameter.name));
            targets.map(|target| [Some(target), whole(with, "name")].into_iter().flatten().collect()).collect()
        }
        StepKind::Runbook(call) => {
            let changed = subject.changed_by(&call.runbook);
            changed.iter().filter_map(|name| Some(vec![whole(&call.with, name)?])).collect()
        }
        _ => Vec::new(),
    };
    let target = |parts: Vec<Template>| {
        let shown: Vec<String> = parts.iter().rev().map(|part| format!("`{}`", shown(part))).collect();
        let per_item = parts.iter().any(|part| part.holes().any(|(_, hole)| reads(hole, &["item"])));
        let mut key: Vec<String> = parts.iter().map(|part| subject.meaning(part)).collect();
        key.extend(step.for_each.as_ref().filter(|_| per_item).map(|each| subject.meaning_of_list(&each.list)));
        Target { key: key.join("\n"), shown: shown.join(" in "), per_item }
    };
    parts.into_iter().map(target).collect()
}

fn shown(template: &Template) -> &str {
    template.whole().map_or_else(|| template.source(), |(_, hole)| hole.source())
}

#[cfg(test)]
mod tests {
    use super::super::subject::tests::{call, codes, health, refresh, step};
    use super::*;
    use crate::base::StepId;
    use crate::runbook::{Expression, ForEach};

    const APP: &str = "${{ inputs.app }}";

    fn secret(id: &str, name: &str) -> Step {
        let with = [("vault", "${{ inputs.vault }}"), ("name", name), ("version", "${{ inputs.version }}")];
        Step { verify: vec![health("x")], ..step(id, [], StepKind::Action(call("keyvault.secret.disable", with))) }
    }

    #[test]
    fn two_steps_on_one_target_need_an_order() {
        assert_eq!(codes(&[refresh("a", [], APP), refresh("b", [], APP)], None), [Code::ParallelChange]);
        assert_eq!(codes(&[refresh("a", [], APP), refresh("b", ["a"], APP)], None), []);
        assert_eq!(codes(&[refresh("a", [], APP), refresh("b", [], "${{ inputs.other }}")], None), []);
        let through = step("between", ["a"], StepKind::Check(health(APP)));
        assert_eq!(codes(&[refresh("a", [], APP), through, refresh("b", ["between"], APP)], None), []);
    }

    #[test]
    fn a_swap_touches_both_of_its_places() {
        let with = [("app", "${{ inputs.slot }}"), ("target", APP)];
        let swap = step("swap", [], StepKind::Action(call("webapp.slot.swap", with)));
        let swap = Step { verify: vec![health("x")], ..swap };
        assert_eq!(codes(&[refresh("a", [], APP), swap], None), [Code::ParallelChange]);
    }

    #[test]
    fn two_secrets_of_one_vault_are_two_targets() {
        assert_eq!(codes(&[secret("a", "one"), secret("b", "two")], None), []);
        assert_eq!(codes(&[secret("a", "one"), secret("b", "one")], None), [Code::ParallelChange]);
    }

    #[test]
    fn the_items_of_one_list_are_the_same_targets_and_of_another_list_others() {
        let each = |id: &str, list: &str| {
            let list = ForEach::of(Expression::parse(list).unwrap());
            Step { for_each: Some(list), ..refresh(id, [], "${{ item }}") }
        };
        assert_eq!(codes(&[each("a", "inputs.apps"), each("b", "inputs.apps")], None), [Code::ParallelChange]);
        assert_eq!(codes(&[each("a", "inputs.apps"), each("b", "inputs.others")], None), []);
    }

    #[test]
    fn items_side_by_side_must_not_share_a_target() {
        let each = |app: &str, max_parallel| {
            let list = ForEach { max_parallel, ..ForEach::of(Expression::parse("inputs.apps").unwrap()) };
            Step { for_each: Some(list), ..refresh("a", [], app) }
        };
        assert_eq!(codes(&[each(APP, 2)], None), [Code::ParallelChange]);
        assert_eq!(codes(&[each(APP, 1)], None), []);
        assert_eq!(codes(&[each("${{ item }}", 2)], None), []);
    }

    #[test]
    fn each_step_is_reported_once_however_many_others_there_are() {
        let steps: Vec<Step> =
            (0..4).map(|index| Step { id: StepId::new(format!("s{index}")), ..refresh("s", [], APP) }).collect();
        assert_eq!(codes(&steps, None), [Code::ParallelChange; 3]);
    }
}
