use std::collections::BTreeSet;

use super::written::{Entry, Form, Quoting, Written};
use super::{Findings, parse};
use crate::base::StepId;

/// How a runbook's text became another one: what its author wrote otherwise, key by key, and step by step.
///
/// It compares what was written, so it knows every key that the language has or will have; comments, layout and quotes
/// that change nothing are not seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunbookDiff {
    /// What changed outside of the steps, in the order of the new text, then of what only the old one has.
    pub header: Vec<KeyChange>,
    /// The steps that changed, in the order of the new text; one that is gone stands where it stood.
    pub steps: Vec<StepDiff>,
}

/// A key whose value changed, appeared or went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyChange {
    /// The way to it: `with.vault`, or `verify[2].until.timeout`, where items are counted from 1.
    pub key: String,
    /// What it was: text as it was meant, a list or a mapping in YAML's flow style.
    pub old: Option<String>,
    /// What it is.
    pub new: Option<String>,
}

/// How a step changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepDiff {
    /// The step.
    pub id: StepId,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is new, with these keys.
    Added(Vec<KeyChange>),
    /// It is gone, and had these keys.
    Removed(Vec<KeyChange>),
    /// It is in both.
    Kept {
        /// What changed in it.
        keys: Vec<KeyChange>,
        /// Where it went, if its place among the steps that both have is another.
        moved: Option<Moved>,
    },
}

/// A step's way from one place in the text to another. The step before it is given; nothing stands for the beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// After which it stood.
    pub from: Option<StepId>,
    /// After which it stands.
    pub to: Option<StepId>,
}

/// Compares two texts of a runbook. Nothing comes back unless both can be read as YAML to their ends; whether they are
/// runbooks is for the checker to say.
pub fn diff(old: &str, new: &str) -> Option<RunbookDiff> {
    let (old, new) = (read(old)?, read(new)?);
    let mut header = Vec::new();
    for (key, old, new) in pairs(entries(&old), entries(&new)) {
        if key != "steps" {
            compare(key, old, new, &mut header);
        }
    }
    Some(RunbookDiff { header, steps: steps(&named(&old), &named(&new)) })
}

fn read(text: &str) -> Option<Written> {
    parse::parse(&mut Findings::new(text))
}

fn entries(written: &Written) -> &[Entry] {
    if let Form::Mapping(entries) = &written.form { entries } else { &[] }
}

/// The steps with their names, in the author's order.
fn named(runbook: &Written) -> Vec<(StepId, &[Entry])> {
    let Some(Form::List(steps)) = runbook.entry("steps").map(|steps| &steps.value.form) else { return Vec::new() };
    let id = |step: &Written| step.entry("id")?.value.scalar().map(|id| StepId::new(&id.text));
    steps.iter().filter_map(|step| Some((id(step)?, entries(step)))).collect()
}

fn steps(old: &[(StepId, &[Entry])], new: &[(StepId, &[Entry])]) -> Vec<StepDiff> {
    let place = |steps: &[(StepId, &[Entry])], id: &StepId| steps.iter().position(|(known, _)| known == id);
    let before = |steps: &[(StepId, &[Entry])], at: usize| at.checked_sub(1).map(|at| steps[at].0.clone());
    // The steps of both, in the new order, by their places in the old one: what is not in the longest run that ascends
    // was moved.
    let kept: Vec<usize> = new.iter().filter_map(|(id, _)| place(old, id)).collect();
    let stayed = longest_ascent(&kept);
    let mut found: Vec<StepDiff> = Vec::new();
    let mut gone = old.iter().enumerate().filter(|(_, (id, _))| place(new, id).is_none()).peekable();
    for (at, (id, entries)) in new.iter().enumerate() {
        let Some(was) = place(old, id) else {
            found.push(StepDiff { id: id.clone(), fate: Fate::Added(changes(&[], entries)) });
            continue;
        };
        while stayed.contains(&was)
            && let Some((_, (id, entries))) = gone.next_if(|(gone, _)| *gone < was)
        {
            found.push(StepDiff { id: id.clone(), fate: Fate::Removed(changes(entries, &[])) });
        }
        let keys = changes(old[was].1, entries);
        let moved = (!stayed.contains(&was)).then(|| Moved { from: before(old, was), to: before(new, at) });
        if !keys.is_empty() || moved.is_some() {
            found.push(StepDiff { id: id.clone(), fate: Fate::Kept { keys, moved } });
        }
    }
    found
        .extend(gone.map(|(_, (id, entries))| StepDiff { id: id.clone(), fate: Fate::Removed(changes(entries, &[])) }));
    found
}

fn changes(old: &[Entry], new: &[Entry]) -> Vec<KeyChange> {
    let mut found = Vec::new();
    for (key, old, new) in pairs(old, new) {
        if key != "id" {
            compare(key, old, new, &mut found);
        }
    }
    found
}

/// The longest ascending part of a list of different numbers (patience sorting).
fn longest_ascent(numbers: &[usize]) -> BTreeSet<usize> {
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; numbers.len()];
    for (at, number) in numbers.iter().enumerate() {
        let pile = ends.partition_point(|end| numbers[*end] < *number);
        before[at] = pile.checked_sub(1).map(|pile| ends[pile]);
        if pile == ends.len() {
            ends.push(at);
        } else {
            ends[pile] = at;
        }
    }
    let mut next = ends.last().copied();
    let mut ascent = BTreeSet::new();
    while let Some(at) = next {
        ascent.insert(numbers[at]);
        next = before[at];
    }
    ascent
}

/// The keys of both mappings, in the new order, then those that only the old one has.
fn pairs<'w>(old: &'w [Entry], new: &'w [Entry]) -> Vec<(&'w str, Option<&'w Written>, Option<&'w Written>)> {
    let value =
        |entries: &'w [Entry], key: &str| entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value);
    let in_new = new.iter().map(|entry| (entry.key.as_str(), value(old, &entry.key), Some(&entry.value)));
    let only_old = old.iter().filter(|entry| value(new, &entry.key).is_none());
    in_new.chain(only_old.map(|entry| (entry.key.as_str(), Some(&entry.value), None))).collect()
}

fn compare(key: &str, old: Option<&Written>, new: Option<&Written>, found: &mut Vec<KeyChange>) {
    match (old.map(|old| &old.form), new.map(|new| &new.form)) {
        (Some(Form::Mapping(old)), Some(Form::Mapping(new))) => {
            for (inner, old, new) in pairs(old, new) {
                compare(&format!("{key}.{inner}"), old, new, found);
            }
        }
        (Some(Form::List(old)), Some(Form::List(new))) if !is_plain(old) || !is_plain(new) => {
            compare_lists(key, old, new, found);
        }
        _ => {
            let (old, new) = (old.map(shown), new.map(shown));
            if old != new {
                found.push(KeyChange { key: key.to_owned(), old, new });
            }
        }
    }
}

/// Compares item by item what lies between the items that both lists have at their beginnings and at their ends.
fn compare_lists(key: &str, old: &[Written], new: &[Written], found: &mut Vec<KeyChange>) {
    let same = |(old, new): &(&Written, &Written)| flow(old) == flow(new);
    let head = old.iter().zip(new).take_while(same).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(same).count();
    let (old, new) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    for at in 0..old.len().max(new.len()) {
        let key = format!("{key}[{}]", head + at + 1);
        if old.len() == new.len() {
            compare(&key, old.get(at), new.get(at), found);
        } else {
            found.extend(old.get(at).map(|old| KeyChange { key: key.clone(), old: Some(flow(old)), new: None }));
            found.extend(new.get(at).map(|new| KeyChange { key, old: None, new: Some(flow(new)) }));
        }
    }
}

/// Whether a list has no lists and mappings in it, so that it is best seen whole.
fn is_plain(items: &[Written]) -> bool {
    items.iter().all(|item| matches!(item.form, Form::Scalar(_)))
}

/// A value for a person: a text as it was meant.
fn shown(written: &Written) -> String {
    match &written.form {
        Form::Scalar(scalar) if !could_be_other(&scalar.text) => scalar.text.trim_end().to_owned(),
        _ => flow(written),
    }
}

/// A value in YAML's flow style.
fn flow(written: &Written) -> String {
    match &written.form {
        Form::Scalar(scalar) if scalar.quoting == Quoting::Quoted && could_be_other(&scalar.text) => {
            format!("'{}'", scalar.text)
        }
        Form::Scalar(scalar) => scalar.text.clone(),
        Form::List(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Form::Mapping(entries) => {
            let entries = entries.iter().map(|entry| format!("{}: {}", entry.key, flow(&entry.value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Form::Refused => String::new(),
    }
}

/// Whether a text would mean something else without its quotes.
fn could_be_other(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "true" | "false") || text.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(steps: &[&str]) -> String {
        let steps: Vec<String> = steps.iter().map(|step| format!("  - {step}\n")).collect();
        format!("runbook: r\nversion: 1.0.0\nsteps:\n{}", steps.concat())
    }

    fn fates(old: &[&str], new: &[&str]) -> Vec<String> {
        let diff = diff(&text(old), &text(new)).unwrap();
        let keys = |keys: &[KeyChange]| {
            let key = |change: &KeyChange| {
                let word = |side: &Option<String>| side.clone().unwrap_or_else(|| "none".to_owned());
                format!("{}: {} > {}", change.key, word(&change.old), word(&change.new))
            };
            keys.iter().map(key).collect::<Vec<_>>().join("; ")
        };
        let fate = |step: &StepDiff| match &step.fate {
            Fate::Added(_) => format!("+{}", step.id),
            Fate::Removed(_) => format!("-{}", step.id),
            Fate::Kept { keys: changed, moved } => {
                let moved = moved.as_ref().map(|moved| {
                    let word = |id: &Option<StepId>| id.as_ref().map_or("start".to_owned(), ToString::to_string);
                    format!(" moved {} > {}", word(&moved.from), word(&moved.to))
                });
                format!("~{} {}{}", step.id, keys(changed), moved.unwrap_or_default())
            }
        };
        diff.steps.iter().map(fate).collect()
    }

    #[test]
    fn the_same_text_written_otherwise_is_the_same() {
        let old = text(&["{id: a, title: 'One', wait: {for: 1s}}"]);
        let new = "# a comment\nversion: \"1.0.0\"\nrunbook: r\nsteps:\n- title: One\n  id: a\n  wait:\n    for: 1s\n";
        assert_eq!(diff(&old, new).unwrap(), RunbookDiff::default());
    }

    #[test]
    fn steps_come_and_go_where_they_stand() {
        let (a, b, c) = ("{id: a, title: A}", "{id: b, title: B}", "{id: c, title: C}");
        assert_eq!(fates(&[a, c], &[a, b, c]), ["+b"]);
        assert_eq!(fates(&[a, b, c], &[a, c]), ["-b"]);
        assert_eq!(fates(&[a, b], &[c]), ["+c", "-a", "-b"]);
        assert_eq!(fates(&[], &[a]), ["+a"]);
    }

    #[test]
    fn only_what_was_moved_is_said_to_have_moved() {
        let (a, b, c, d) = ("{id: a, title: A}", "{id: b, title: B}", "{id: c, title: C}", "{id: d, title: D}");
        assert_eq!(fates(&[a, b, c, d], &[d, a, b, c]), ["~d  moved c > start"]);
        assert_eq!(fates(&[a, b, c, d], &[b, c, a, d]), ["~a  moved start > c"]);
        assert_eq!(fates(&[a, b], &[c, a, b]), ["+c"], "a new step moves nobody");
    }

    #[test]
    fn a_change_is_told_by_its_key_and_a_key_that_nobody_knows_is_no_exception() {
        let old = "{id: a, with: {vault: v, value: {generate: {bytes: 32}}}, needs: [x, y], brand_new: {deep: 1}}";
        let new = "{id: a, with: {vault: w, value: {generate: {bytes: 64}}}, needs: [x], brand_new: {deep: '1'}}";
        assert_eq!(
            fates(&[old], &[new]),
            ["~a with.vault: v > w; with.value.generate.bytes: 32 > 64; needs: [x, y] > [x]; \
              brand_new.deep: 1 > '1'"]
        );
    }

    #[test]
    fn an_item_that_comes_first_does_not_change_those_behind_it() {
        let with = |items: &str| format!("{{id: a, undo: [{items}]}}");
        let (x, y) = ("{action: x}", "{action: y, with: {n: 1}}");
        assert_eq!(fates(&[&with(y)], &[&with(&format!("{x}, {y}"))]), ["~a undo[1]: none > {action: x}"]);
        assert_eq!(
            fates(&[&with(&format!("{x}, {y}"))], &[&with(&format!("{x}, {{action: y, with: {{n: 2}}}}"))]),
            ["~a undo[2].with.n: 1 > 2"]
        );
    }

    #[test]
    fn the_header_is_compared_by_key_too() {
        let old = "runbook: r\nversion: 1.0.0\nparameters:\n  a: {type: string}\nsteps: []\n";
        let new = "runbook: r\nversion: 1.1.0\nparameters:\n  a: {type: string, default: x}\n  b: {type: integer}\n\
                   objectives: {rto: 30m}\nsteps: []\n";
        let diff = diff(old, new).unwrap();
        let changed: Vec<&str> = diff.header.iter().map(|change| change.key.as_str()).collect();
        assert_eq!(changed, ["version", "parameters.a.default", "parameters.b", "objectives"]);
        assert_eq!(diff.header[2].new.as_deref(), Some("{type: integer}"));
    }
}
