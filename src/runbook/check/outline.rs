use std::collections::HashMap;

use super::graph::Graph;
use super::parameter;
use crate::base::{StepId, did_you_mean};
use crate::effect::{self, Row};
use crate::runbook::fields::{Fields, Key, Need, list};
use crate::runbook::grammar::STEP;
use crate::runbook::written::{Form, Written};
use crate::runbook::{Code, Finding, Findings, Parameter, Place, read};

/// The largest number of steps in a runbook.
pub(crate) const STEPS_MAX: usize = 500;

/// What a runbook declares: all that an expression may name, and the order of the steps.
pub(super) struct Outline<'w> {
    pub(super) parameters: Vec<Parameter>,
    pub(super) sketches: Vec<Sketch<'w>>,
    pub(super) graph: Graph,
}

/// A step as far as other steps may speak of it.
pub(super) struct Sketch<'w> {
    /// The name; empty if the author gave none that can be used.
    pub(super) id: StepId,
    pub(super) place: Place,
    pub(super) fields: Fields<'w>,
    /// The kind, if it is exactly one.
    pub(super) kind: Option<Kind>,
    /// The row, if the step is an action or a check and the catalogue has it.
    pub(super) row: Option<&'static Row>,
    /// The steps that it needs, as written and found.
    pub(super) needs: Vec<(usize, Place)>,
}

/// The kind of a step, as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Action,
    Check,
    Manual,
    Gate,
    Wait,
}

impl Kind {
    const ALL: [(&'static str, Self); 5] = [
        ("action", Self::Action),
        ("check", Self::Check),
        ("manual", Self::Manual),
        ("gate", Self::Gate),
        ("wait", Self::Wait),
    ];

    /// The key that gives a step this kind.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Action => "action",
            Self::Check => "check",
            Self::Manual => "manual",
            Self::Gate => "gate",
            Self::Wait => "wait",
        }
    }

    /// The keys that have a meaning for this kind only, or for some.
    fn own_keys(self) -> &'static [&'static str] {
        match self {
            Self::Action => &["for_each", "with", "confirm", "verify", "undo"],
            Self::Check => &["for_each", "with", "until"],
            Self::Manual | Self::Gate | Self::Wait => &[],
        }
    }
}

/// The keys that only some kinds have.
const KEYS_OF_SOME: [&str; 6] = ["for_each", "with", "confirm", "until", "verify", "undo"];

impl<'w> Outline<'w> {
    pub(super) fn read(
        parameters: Option<&'w Written>,
        steps: Option<&'w Written>,
        findings: &mut Findings<'_>,
    ) -> Self {
        let parameters = parameters.map(|written| parameter::parameters(written, findings)).unwrap_or_default();
        let items = steps.and_then(|written| read::list(written, "a list of steps", findings)).unwrap_or_default();
        if let Some(Written { place, form: Form::List(_) }) = steps
            && items.is_empty()
        {
            findings.add(Finding::new(Code::WrongValue, *place, "a runbook has at least one step"));
        }
        if let Some(first_beyond) = items.get(STEPS_MAX) {
            let message = format!("the runbook has {} steps, and at most {STEPS_MAX} are allowed", items.len());
            findings.add(Finding::new(Code::TooManySteps, first_beyond.head(), message).help("split the runbook"));
        }
        let mut sketches: Vec<Sketch<'w>> =
            items.iter().take(STEPS_MAX).filter_map(|item| sketch(item, findings)).collect();
        let names = names(&sketches, findings);
        for index in 0..sketches.len() {
            sketches[index].needs = needs(index, &sketches, &names, findings);
        }
        let graph = Graph::new(&sketches, findings);
        Self { parameters, sketches, graph }
    }

    /// The step of that name, by its place in `sketches`.
    pub(super) fn find(&self, id: &str) -> Option<usize> {
        self.sketches.iter().position(|sketch| sketch.id.as_str() == id)
    }
}

fn sketch<'w>(item: &'w Written, findings: &mut Findings<'_>) -> Option<Sketch<'w>> {
    let fields = Fields::read(item, &STEP, findings)?;
    let written = fields.get("id");
    let id = written.and_then(|written| id(written, findings));
    let kind = kind(item, &fields, findings);
    if let Some(kind) = kind {
        for entry in fields.entries() {
            if KEYS_OF_SOME.contains(&entry.key.as_str()) && !kind.own_keys().contains(&entry.key.as_str()) {
                let message = format!("`{}` has no meaning for a step with `{}`", entry.key, kind.key());
                findings.add(Finding::new(Code::KeyOfOtherKind, entry.key_place, message).help("remove it"));
            }
        }
    }
    let place = written.map_or(fields.head, |written| written.place);
    let row = match kind {
        Some(kind @ (Kind::Action | Kind::Check)) => {
            fields.get(kind.key()).and_then(|written| row(written, kind == Kind::Check, findings))
        }
        _ => None,
    };
    Some(Sketch { id: StepId::new(id.unwrap_or_default()), place, fields, kind, row, needs: Vec::new() })
}

pub(super) fn id(written: &Written, findings: &mut Findings<'_>) -> Option<String> {
    let id = &read::scalar(written, "the step's name", findings)?.text;
    if StepId::is_well_formed(id) {
        return Some(id.clone());
    }
    let message = format!("`{id}` is not a name for a step");
    let help = "write lower-case letters, digits and hyphens, beginning with a letter, at most 63";
    findings.add(Finding::new(Code::MalformedName, written.place, message).help(help));
    None
}

fn kind(item: &Written, fields: &Fields<'_>, findings: &mut Findings<'_>) -> Option<Kind> {
    let found: Vec<Kind> =
        Kind::ALL.into_iter().filter(|(key, _)| fields.entry(key).is_some()).map(|(_, kind)| kind).collect();
    match found.as_slice() {
        [kind] => Some(*kind),
        [] => {
            // A kind of a later version has its own finding already.
            let unsupported = |key: &&Key| key.need == Need::Later && item.entry(key.name).is_some();
            if !STEP.keys.iter().filter(|key| key.name == "runbook").any(|key| unsupported(&key)) {
                let help = "add one of `action`, `check`, `manual`, `gate` and `wait`";
                findings.add(Finding::new(Code::StepKind, fields.head, "the step does nothing").help(help));
            }
            None
        }
        several => {
            let message = format!("the step is of several kinds: {}", list(several.iter().map(|kind| kind.key())));
            let finding = Finding::new(Code::StepKind, fields.head, message);
            findings.add(finding.help("split it into one step for each"));
            None
        }
    }
}

/// The row that an `action` or `check` names.
pub(crate) fn row(written: &Written, judges: bool, findings: &mut Findings<'_>) -> Option<&'static Row> {
    let name = &read::scalar(written, "the name of an operation", findings)?.text;
    let Some(row) = effect::find(name) else {
        let names = effect::catalogue().filter(|row| !judges || row.judge.is_some()).map(|row| row.name);
        let message = format!("there is no operation `{name}` in the catalogue");
        let help = match did_you_mean(name, names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`callout actions` lists what there is".to_owned(),
        };
        findings.add(Finding::new(Code::UnknownAction, written.place, message).help(help));
        return None;
    };
    if judges && row.judge.is_none() {
        let message = format!("`{name}` does not judge what it reads, so it cannot be a check");
        let checks = effect::catalogue().filter(|row| row.judge.is_some()).map(|row| row.name);
        let help = format!("checks are {}; or read it with `action: {name}`", list(checks));
        findings.add(Finding::new(Code::NotACheck, written.place, message).help(help));
        return None;
    }
    Some(row)
}

/// The names of the steps; one that is given twice is a finding.
pub(super) fn names(sketches: &[Sketch<'_>], findings: &mut Findings<'_>) -> HashMap<String, usize> {
    let mut names = HashMap::new();
    for (index, sketch) in sketches.iter().enumerate().filter(|(_, sketch)| !sketch.id.as_str().is_empty()) {
        match names.get(sketch.id.as_str()) {
            Some(&first) => {
                let first: &Sketch<'_> = &sketches[first];
                let message = format!("two steps are called `{}`", sketch.id);
                let finding = Finding::new(Code::DuplicateName, sketch.place, message);
                findings.add(finding.related(first.place, "the first").help("give this step another name"));
            }
            None => {
                names.insert(sketch.id.as_str().to_owned(), index);
            }
        }
    }
    names
}

/// The steps that a step needs; one that does not exist, or that stands twice, is a finding.
pub(super) fn needs(
    index: usize,
    sketches: &[Sketch<'_>],
    names: &HashMap<String, usize>,
    findings: &mut Findings<'_>,
) -> Vec<(usize, Place)> {
    let Some(written) = sketches[index].fields.get("needs") else { return Vec::new() };
    let mut found: Vec<(usize, Place)> = Vec::new();
    for item in read::list(written, "a list of steps' names", findings).unwrap_or_default() {
        let Some(name) = read::scalar(item, "a step's name", findings).map(|scalar| scalar.text.as_str()) else {
            continue;
        };
        match names.get(name) {
            Some(&need) if need == index => {
                let message = format!("the step `{name}` needs itself");
                findings.add(Finding::new(Code::SelfNeed, item.place, message).help("remove it"));
            }
            Some(&need) if found.iter().any(|(known, _)| *known == need) => {
                let message = format!("`{name}` stands twice in `needs`");
                findings.add(Finding::new(Code::DuplicateName, item.place, message).help("remove one of the two"));
            }
            Some(&need) => found.push((need, item.place)),
            None => {
                let message = format!("there is no step `{name}`");
                let help = did_you_mean(name, names.keys().map(String::as_str));
                let help = help.map(|near| format!("did you mean `{near}`?"));
                findings.add(Finding::new(Code::UnknownNeed, item.place, message).maybe_help(help));
            }
        }
    }
    found
}
