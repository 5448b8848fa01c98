use std::collections::BTreeSet;

use super::*;
use crate::runbook::fields::{Shape, Table};
use crate::runbook::grammar::{PARAMETER, RUNBOOK};
use crate::runbook::written::{Form, Written};
use crate::runbook::{Finding, Findings, parse};

const EVERY_KEY: &str = include_str!("../../../../tests/check/good/every-key.yaml");
const INNER: &str = include_str!("../../../../tests/check/good/inner.yaml");

/// Notes every key of every table that was written.
fn walk(shape: Shape, written: &Written, seen: &mut BTreeSet<(&'static str, String)>) {
    match (shape, &written.form) {
        (Shape::Table(table), Form::Mapping(entries)) => {
            for entry in entries {
                seen.insert((table.what, entry.key.clone()));
                if let Some(key) = table.keys.iter().find(|key| key.name == entry.key) {
                    walk(key.shape, &entry.value, seen);
                }
            }
        }
        (Shape::Map(of), Form::Mapping(entries)) => entries.iter().for_each(|entry| walk(*of, &entry.value, seen)),
        (Shape::List(of), Form::List(items)) => items.iter().for_each(|item| walk(*of, item, seen)),
        (Shape::Either(shapes), _) => shapes.iter().for_each(|shape| walk(*shape, written, seen)),
        _ => {}
    }
}

/// Notes every key of the tables that can be reached, but those of parameters.
fn all(shape: Shape, keys: &mut BTreeSet<(&'static str, String)>) {
    match shape {
        Shape::Table(Table { what, .. }) if *what == PARAMETER.what => {}
        Shape::Table(table) => {
            for key in table.keys {
                keys.insert((table.what, key.name.to_owned()));
                all(key.shape, keys);
            }
        }
        Shape::Map(of) | Shape::List(of) => all(*of, keys),
        Shape::Either(shapes) => shapes.iter().for_each(|shape| all(*shape, keys)),
        _ => {}
    }
}

#[test]
fn the_runbook_with_every_key_has_every_key() {
    let mut findings = Findings::new(EVERY_KEY);
    let written = parse::parse(&mut findings).unwrap();
    let (mut seen, mut keys) = (BTreeSet::new(), BTreeSet::new());
    walk(Shape::Table(&RUNBOOK), &written, &mut seen);
    all(Shape::Table(&RUNBOOK), &mut keys);
    let missing: Vec<_> = keys.difference(&seen).collect();
    assert!(keys.len() > 80 && missing.is_empty(), "{missing:?}");
}

#[test]
fn the_runbook_with_every_key_has_neither_errors_nor_warnings() {
    let files = [("every-key.yaml", EVERY_KEY.as_bytes()), ("inner.yaml", INNER.as_bytes())];
    for checked in check_all(&files) {
        let is_note = |finding: &Finding| finding.severity() == Severity::Note;
        assert!(checked.findings.iter().all(is_note), "{:#?}", checked.findings);
        assert!(checked.runbook.is_some());
    }
}
