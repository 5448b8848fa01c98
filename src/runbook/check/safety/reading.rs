//! What the expressions of a call or of an undo read.

use crate::runbook::{Argument, CallSpec, Expression, ForEach, Items, Template, UndoStep};

/// Every expression of a call.
pub(super) fn of_call(call: &CallSpec) -> Vec<&Expression> {
    let mut found = Vec::new();
    call.with.values().for_each(|argument| of_argument(argument, &mut found));
    found
}

/// Every expression of an entry of `undo` in which `item` is the item of the entry's own list, if it has one.
pub(super) fn of_undo(entry: &UndoStep) -> Vec<&Expression> {
    let calls = std::iter::once(&entry.call).chain(entry.verify.iter().map(|check| &check.call));
    calls.flat_map(of_call).collect()
}

/// Tells whether an expression reads something whose name begins with these parts.
pub(super) fn reads(expression: &Expression, names: &[&str]) -> bool {
    let begins =
        |path: &Vec<String>| path.len() >= names.len() && path.iter().zip(names).all(|(one, other)| one == other);
    expression.paths().iter().any(begins)
}

/// The same of the list of a `for_each`; one that is written out reads nothing.
pub(super) fn list_reads(each: &ForEach, names: &[&str]) -> bool {
    matches!(&each.list, Items::Expression(list) if reads(list, names))
}

fn of_argument<'a>(argument: &'a Argument, found: &mut Vec<&'a Expression>) {
    let mut add = |text: &'a Template| found.extend(text.holes().map(|(_, hole)| hole));
    match argument {
        Argument::Template { text } => add(text),
        Argument::VersionOf { version, secret } => {
            add(version);
            secret.iter().for_each(add);
        }
        Argument::Record { fields } => fields.values().for_each(|field| of_argument(field, found)),
        Argument::List { items } => items.iter().for_each(|item| of_argument(item, found)),
        Argument::Literal { .. } | Argument::Generate { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::subject::tests::{call, health};
    use super::*;

    #[test]
    fn every_depth_of_an_argument_and_every_verify_is_read() {
        let text = |text| Argument::Template { text: Template::parse(text).unwrap() };
        let mut nested = call("http.get", [("url", "https://${{ inputs.a }}/${{ inputs.b }}")]);
        let read = |text| Template::parse(text).unwrap();
        let version = Argument::VersionOf { version: read("${{ inputs.d }}"), secret: Some(read("${{ inputs.f }}")) };
        let items = vec![text("${{ inputs.c }}"), version];
        let fields = BTreeMap::from([("list".to_owned(), Argument::List { items })]);
        nested.with.insert("expect".into(), Argument::Record { fields });
        let entry = UndoStep { verify: vec![health("${{ inputs.e }}")], ..UndoStep::new(nested) };
        let mut sources: Vec<&str> = of_undo(&entry).into_iter().map(Expression::source).collect();
        sources.sort_unstable();
        assert_eq!(sources, ["inputs.a", "inputs.b", "inputs.c", "inputs.d", "inputs.e", "inputs.f"]);
        assert!(reads(of_undo(&entry)[0], &["inputs"]) && !reads(of_undo(&entry)[0], &["steps"]));
    }
}
