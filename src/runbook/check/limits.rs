//! How much of everything there may be: every limit of the language that is not one of the file (`parse`) or of an
//! expression (`Expression`) stands here, or as the bounds of a number in the grammar's tables.
//!
//! The limits are there so that a hostile file is answered at once, and because nobody can follow more at 03:10.

use crate::runbook::fields::{Fields, Shape, Table};
use crate::runbook::written::{Form, Written};
use crate::runbook::{Code, Finding, Findings, Place, Runbook, read};

/// The largest number of steps in a runbook.
pub(crate) const STEPS: usize = 500;
/// The largest number of levels of runbooks in runbooks, the outermost included.
pub(crate) const LEVELS: usize = 8;
/// The largest number of parameters.
pub(super) const PARAMETERS: usize = 100;
/// The largest number of `choices` of a parameter or of a field.
pub(super) const WORDS: usize = 200;
/// The largest number of choices at a gate.
pub(super) const CHOICES: usize = 20;
/// The largest number of fields of a manual step.
pub(super) const FIELDS: usize = 40;
/// The largest number of entries in `verify`.
pub(super) const VERIFY: usize = 20;
/// The largest number of entries in `undo`.
pub(super) const UNDO: usize = 50;
/// The largest number of outputs of a runbook.
pub(super) const OUTPUTS: usize = 40;

/// The first `limit` of some parts; one more than that is a finding.
pub(super) fn within<'w, T>(
    parts: &'w [T],
    limit: usize,
    what: &str,
    place: impl Fn(&T) -> Place,
    findings: &mut Findings<'_>,
) -> &'w [T] {
    if let Some(beyond) = parts.get(limit) {
        let message = format!("there are {} {what}, and at most {limit} are allowed", parts.len());
        let help = match what {
            "items" => "split the list between two steps, or raise `at_most`",
            "outputs" => "let it give less",
            "values" => "say by a pattern what is allowed",
            "needs" => "a step that those need as well stands for them",
            "parameters" => "let it take less; what belongs together can be a list",
            _ => "split the step",
        };
        findings.add(Finding::new(Code::TooMany, place(beyond), message).help(help));
    }
    parts.get(..limit).unwrap_or(parts)
}

/// More steps than there may be with all that is nested; `place` is where the one is nested with which they are too many.
pub(crate) fn beyond(steps: usize, place: Place, findings: &mut Findings<'_>) {
    let most = Runbook::EXPANDED_MAX;
    let found = if steps < 1_000_000_000 { steps.to_string() } else { "more than a thousand million".to_owned() };
    let message = format!("with all that is nested there are {found} steps, and at most {most} are allowed");
    let help = "nest less, or let somebody start a part of it by itself";
    findings.add(Finding::new(Code::TooManyNested, place, message).help(help));
}

/// The items of a list that is neither empty nor too long.
pub(super) fn items<'w>(
    written: &'w Written,
    what: &str,
    limit: usize,
    findings: &mut Findings<'_>,
) -> Option<&'w [Written]> {
    let items = read::list(written, &format!("a list of {what}"), findings)?;
    if items.is_empty() {
        let message = format!("the list of {what} is empty");
        findings.add(Finding::new(Code::WrongValue, written.head(), message).help("remove the key, or add an entry"));
    }
    Some(within(items, limit, what, Written::head, findings))
}

/// A whole number within the bounds that the table gives for the key.
pub(super) fn number(fields: &Fields<'_>, table: &Table, name: &str, findings: &mut Findings<'_>) -> Option<i64> {
    let written = fields.get(name)?;
    let number = read::integer(written, &format!("`{name}`"), findings)?;
    let shape = table.keys.iter().find(|key| key.name == name).map(|key| key.shape);
    if let Some(Shape::Integer(min, max)) = shape
        && !(min..=max).contains(&number)
    {
        let message = format!("`{name}` is {number}, and it is at least {min} and at most {max}");
        findings.add(Finding::new(Code::WrongValue, written.place, message));
        return None;
    }
    Some(number)
}

/// The only one of some keys that is there; none, and several, are a finding.
pub(super) fn only_one(
    fields: &Fields<'_>,
    table: &Table,
    names: &[&'static str],
    findings: &mut Findings<'_>,
) -> Option<&'static str> {
    let found: Vec<&'static str> = names.iter().copied().filter(|name| fields.entry(name).is_some()).collect();
    let all = crate::runbook::fields::list(names.iter().copied());
    match found.as_slice() {
        [name] => return Some(name),
        [] => {
            let message = format!("{} says nothing of what is done", table.what);
            findings.add(Finding::new(Code::OneOfSeveral, fields.head, message).help(format!("add one of {all}")));
        }
        [_, second, ..] => {
            let place = fields.entry(second).map_or(fields.head, |entry| entry.key_place);
            let message = format!("{} has exactly one of {all}", table.what);
            findings.add(Finding::new(Code::OneOfSeveral, place, message).help("remove all but one"));
        }
    }
    None
}

/// Keys that stand where they say nothing.
pub(super) fn meaningless(fields: &Fields<'_>, names: &[&str], of: &str, findings: &mut Findings<'_>) {
    for entry in fields.entries().filter(|entry| names.contains(&entry.key.as_str())) {
        let message = format!("`{}` has no meaning for {of}", entry.key);
        findings.add(Finding::new(Code::KeyOfOtherKind, entry.key_place, message).help("remove it"));
    }
}

/// Tells whether something stands there that was refused already, and needs no second finding.
pub(super) const fn is_refused(written: &Written) -> bool {
    matches!(written.form, Form::Refused)
}
