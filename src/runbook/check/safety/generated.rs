//! Fresh random values that are made where one was meant, or instead of an old one.
//!
//! Every operation that takes a secret stores it, so a generated value is always kept; and a `retry` makes another one only
//! after an attempt that certainly stored nothing.

use super::Subject;
use super::order::Order;
use super::places::Down;
use super::reading::{of_call, reads};
use crate::runbook::{Argument, CallSpec, Code, Finding, Findings, Step, StepKind};

pub(super) fn look(subject: &Subject<'_>, order: Option<&Order<'_>>, findings: &mut Findings<'_>) {
    let mut makers: Vec<(&Step, String)> = Vec::new();
    for step in subject.steps {
        by_undo(subject, step, findings);
        let StepKind::Action(call) = &step.kind else { continue };
        let Some(name) = generates(call) else { continue };
        let way = [Down::Key("with"), Down::Key(name)];
        let place = subject.places.within(&step.id, &way);
        if let Some(each) = &step.for_each
            && !of_call(call).iter().any(|expression| reads(expression, &["item"]))
        {
            let list = each.list.source();
            let message =
                format!("each item of `{list}` makes a fresh value of one secret, and only the last one stays");
            let help = "remove `for_each`, or name the secret by `item`";
            findings.add(Finding::new(Code::GeneratedAgain, place, message).help(help));
        }
        let kept_as = kept_as(subject, call);
        let apart = |one: &Step| {
            let both = order.and_then(|order| Some((order, order.place(&one.id)?, order.place(&step.id)?)));
            // Without an order they clash already.
            both.is_none_or(|(order, one, other)| {
                order.exclude_each_other(one, other) || order.are_parallel(one, other)
            })
        };
        if let Some((first, _)) = makers.iter().find(|(one, known)| *known == kept_as && !apart(one)) {
            let message = format!("`{}` makes another value than `{}`, for the same secret", step.id, first.id);
            let help = format!(
                "to store the same value again, write `{{version_of: '${{{{ steps.{}.outputs.version }}}}'}}`",
                first.id
            );
            let finding = Finding::new(Code::GeneratedAgain, place, message).help(help);
            findings.add(finding.related(subject.places.step(&first.id), "the first value"));
        } else {
            makers.push((step, kept_as));
        }
    }
}

/// An undo that does not bring the old value back.
fn by_undo(subject: &Subject<'_>, step: &Step, findings: &mut Findings<'_>) {
    for (entry, undo) in step.undo.iter().enumerate() {
        let Some(name) = generates(&undo.call) else { continue };
        let message = format!("undoing `{}` makes a fresh value and does not bring the old one back", step.id);
        let help = "set the version that was the newest before: `{version_of: '${{ steps.NAME.outputs.current }}'}`";
        let place = subject.places.undo(&step.id, entry, &[Down::Key("with"), Down::Key(name)]);
        findings.add(Finding::new(Code::GeneratedAgain, place, message).help(help));
    }
}

/// The argument that is a fresh value.
fn generates(call: &CallSpec) -> Option<&str> {
    let found = call.with.iter().find(|(_, argument)| matches!(argument, Argument::Generate { .. }));
    found.map(|(name, _)| name.as_str())
}

/// Where the value is kept: the vault and the name, as far as that can be told by how they are written.
fn kept_as(subject: &Subject<'_>, call: &CallSpec) -> String {
    let part = |name: &str| match call.with.get(name) {
        Some(Argument::Template { text }) => subject.meaning(text),
        _ => String::new(),
    };
    format!("{}\n{}", part("vault"), part("name"))
}

#[cfg(test)]
mod tests {
    use super::super::subject::tests::{call, codes, health, step};
    use super::*;
    use crate::base::Encoding;
    use crate::effect::{Class, Type, catalogue};
    use crate::runbook::{Expression, ForEach, UndoStep};

    fn set(name: &str) -> CallSpec {
        let mut call = call("keyvault.secret.set", [("vault", "${{ inputs.vault }}"), ("name", name)]);
        call.with.insert("value".into(), Argument::Generate { bytes: 32, encoding: Encoding::Hex });
        call
    }

    fn maker<const N: usize>(id: &str, needs: [&str; N], name: &str) -> Step {
        Step { verify: vec![health("x")], ..step(id, needs, StepKind::Action(set(name))) }
    }

    #[test]
    fn every_operation_that_may_be_given_a_fresh_secret_stores_it() {
        let is_secret = |kind: Type| kind == Type::Secret || kind == Type::List(&Type::Secret);
        let rows = catalogue().filter(|row| row.parameters.iter().any(|parameter| is_secret(parameter.kind)));
        // The checker refuses `generate` for every other class.
        let rows = rows.filter(|row| row.class == Class::B);
        let names: Vec<&str> = rows.map(|row| row.name).collect();
        assert_eq!(names, ["keyvault.secret.set"], "a row that does not store a secret must not be given a fresh one");
    }

    #[test]
    fn a_second_fresh_value_of_one_secret_is_another_value() {
        assert_eq!(codes(&[maker("a", [], "one"), maker("b", ["a"], "one")], None), [Code::GeneratedAgain]);
        assert_eq!(codes(&[maker("a", [], "one"), maker("b", ["a"], "two")], None), []);
    }

    #[test]
    fn a_fresh_value_per_item_wants_a_secret_per_item() {
        let each = |name| {
            let list = ForEach::of(Expression::parse("inputs.names").unwrap());
            Step { for_each: Some(list), ..maker("a", [], name) }
        };
        assert_eq!(codes(&[each("one")], None), [Code::GeneratedAgain]);
        assert_eq!(codes(&[each("${{ item }}")], None), []);
    }

    #[test]
    fn an_undo_with_a_fresh_value_brings_nothing_back() {
        let undone = Step { undo: vec![UndoStep::new(set("one"))], ..maker("a", [], "one") };
        assert_eq!(codes(&[undone], None), [Code::GeneratedAgain]);
    }
}
