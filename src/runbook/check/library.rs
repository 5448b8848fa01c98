use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use super::limits::{LEVELS, beyond};
use super::outline::Gives;
use super::parameter;
use crate::base::did_you_mean;
use crate::effect::{self, Type};
use crate::runbook::expanded::{Expanded, Parts};
use crate::runbook::expr::Typing;
use crate::runbook::fields::Fields;
use crate::runbook::grammar::RUNBOOK_OUTPUT;
use crate::runbook::written::{Form, Written};
use crate::runbook::{Code, Expression, Finding, Findings, Parameter, Place, Runbook, Template};

/// The runbooks among which one that is nested is looked for: those of one folder.
#[derive(Default)]
pub(super) struct Library {
    /// Those that somebody nests.
    runbooks: BTreeMap<String, Signature>,
    /// The names of all.
    names: BTreeSet<String>,
    /// What those change that have been asked for, for each number of levels below them.
    changed: RefCell<BTreeMap<(String, usize), Names>>,
}

/// Names of parameters.
type Names = Rc<BTreeSet<String>>;

/// What another runbook must know of one to nest it.
pub(super) struct Signature {
    /// What it takes.
    pub(super) parameters: Vec<Parameter>,
    /// What it gives, each with its type; unknown if that has a finding of its own.
    outputs: Vec<(String, Typing)>,
    /// How many steps it has of its own.
    steps: usize,
    /// The runbooks that it nests itself, each with how often.
    nests: BTreeMap<String, usize>,
    /// The parameters that name what it changes itself.
    changes: BTreeSet<String>,
    /// What it hands on: the runbook, its parameter, and the own parameter that is handed on.
    hands_on: BTreeSet<(String, String, String)>,
}

impl Signature {
    /// Reads what stands in a file. Whatever is wrong with it is found when that file is checked.
    pub(super) fn read(written: &Written, source: &str) -> Self {
        let mut quiet = Findings::new(source);
        let parameters = written.entry("parameters");
        let parameters = parameters.map(|entry| parameter::parameters(&entry.value, &mut quiet)).unwrap_or_default();
        let outputs = match written.entry("outputs").map(|entry| &entry.value.form) {
            Some(Form::Mapping(entries)) => entries
                .iter()
                .map(|entry| {
                    let fields = Fields::read(&entry.value, &RUNBOOK_OUTPUT, &mut quiet);
                    let kind = fields.and_then(|fields| parameter::kind(&fields, &mut quiet));
                    (entry.key.clone(), kind.map_or(Typing::Unknown, |kind| Typing::from(&kind)))
                })
                .collect(),
            _ => Vec::new(),
        };
        let (changes, hands_on) = touched(written);
        let mut nests = BTreeMap::<String, usize>::new();
        for (name, _, times) in nested(written) {
            let sum = nests.entry(name.to_owned()).or_default();
            *sum = sum.saturating_add(times);
        }
        Self { parameters, outputs, steps: steps(written).len(), nests, changes, hands_on }
    }
}

/// The runbooks that a file nests, as written: the name, where it stands, and for how many items if they are written out.
pub(super) fn nested(written: &Written) -> impl Iterator<Item = (&str, Place, usize)> {
    steps(written).iter().filter_map(|step| {
        let name = &step.entry("runbook")?.value;
        Some((name.scalar()?.text.as_str(), name.place, items(step)))
    })
}

fn steps(written: &Written) -> &[Written] {
    let steps = written.entry("steps").map(|entry| &entry.value.form);
    if let Some(Form::List(steps)) = steps { steps.as_slice() } else { &[] }
}

/// The parameters that name what a runbook's own steps change, and those that its nested runbooks are given. A step that
/// changes only a named part of its target, as one secret of a vault, counts for neither.
fn touched(written: &Written) -> (BTreeSet<String>, BTreeSet<(String, String, String)>) {
    let (mut changes, mut hands_on) = (BTreeSet::new(), BTreeSet::new());
    for step in steps(written) {
        let key = |key: &str| step.entry(key).map(|entry| &entry.value);
        let Some(with) = key("with") else { continue };
        let word = |name: &str| key(name).and_then(Written::scalar).map(|scalar| scalar.text.as_str());
        if let Some(row) = word("action").and_then(effect::find).filter(|row| row.change.is_some()) {
            let of_target = row.parameters.iter().filter(|parameter| matches!(parameter.kind, Type::Target(_)));
            let whole = of_target.filter(|_| with.entry("name").is_none());
            changes.extend(whole.flat_map(|parameter| inputs_in(step, with, parameter.name)));
        } else if let (Some(name), Form::Mapping(entries)) = (word("runbook"), &with.form) {
            for entry in entries {
                let own = inputs_in(step, with, &entry.key);
                hands_on.extend(own.into_iter().map(|own| (name.to_owned(), entry.key.clone(), own)));
            }
        }
    }
    (changes, hands_on)
}

/// The inputs that an argument is made from; for the item of a list those of the list.
fn inputs_in(step: &Written, with: &Written, argument: &str) -> BTreeSet<String> {
    let Some(text) = with.entry(argument).and_then(|entry| entry.value.scalar()) else { return BTreeSet::new() };
    let Ok(template) = Template::read(&text.text) else { return BTreeSet::new() };
    let mut paths: Vec<Vec<String>> = template.holes().flat_map(|(_, hole)| hole.paths()).collect();
    if paths.iter().any(|path| path.first().is_some_and(|first| first == "item")) {
        let each = step.entry("for_each").map(|entry| &entry.value);
        let list = each.and_then(|each| each.entry("list")).map(|entry| &entry.value).or(each);
        let source = list.and_then(Written::scalar).map(|list| list.text.trim());
        let source =
            source.map(|source| source.strip_prefix("${{").and_then(|text| text.strip_suffix("}}")).unwrap_or(source));
        paths
            .extend(source.and_then(|source| Expression::parse(source).ok()).into_iter().flat_map(|list| list.paths()));
    }
    let input = |path: Vec<String>| match path.as_slice() {
        [first, name, ..] if first == "inputs" => Some(name.clone()),
        _ => None,
    };
    paths.into_iter().filter_map(input).collect()
}

/// The number of items in the list of a step that is written out; 1 without one.
fn items(step: &Written) -> usize {
    let each = step.entry("for_each").map(|entry| &entry.value);
    let list = each.and_then(|each| each.entry("list")).map(|entry| &entry.value).or(each);
    if let Some(Written { form: Form::List(items), .. }) = list { items.len() } else { 1 }
}

impl Library {
    /// Notes that there is such a runbook.
    pub(super) fn know(&mut self, name: &str) {
        self.names.insert(name.to_owned());
    }

    /// Notes what one is like that somebody nests; of two with one name, the first counts.
    pub(super) fn add(&mut self, name: &str, signature: Signature) {
        self.runbooks.entry(name.to_owned()).or_insert(signature);
    }

    /// The parameters of a runbook that name what it changes, itself or by what it nests.
    pub(super) fn changes(&self, name: &str) -> Names {
        self.changes_within(name, LEVELS)
    }

    fn changes_within(&self, name: &str, levels: usize) -> Names {
        let Some(signature) = self.runbooks.get(name).filter(|_| levels > 0) else { return Rc::default() };
        let key = (name.to_owned(), levels);
        if let Some(known) = self.changed.borrow().get(&key) {
            return Rc::clone(known);
        }
        let handed = signature
            .hands_on
            .iter()
            .filter(|(inner, parameter, _)| self.changes_within(inner, levels - 1).contains(parameter));
        let changes = signature.changes.iter().chain(handed.map(|(_, _, own)| own)).cloned().collect();
        let changes = Rc::new(changes);
        self.changed.borrow_mut().insert(key, Rc::clone(&changes));
        changes
    }

    /// More steps with all that is nested than there may be are a finding, where the runbook is nested that is one too many.
    pub(super) fn count(&self, written: &Written, findings: &mut Findings<'_>) {
        let parts = |name: &str| -> Option<Parts<'_>> {
            let signature = self.runbooks.get(name)?;
            Some((signature.steps, signature.nests.iter().map(|(name, times)| (name.as_str(), *times)).collect()))
        };
        let mut expanded = Expanded::default();
        let (mut sum, mut first) = (steps(written).len(), None);
        for (name, place, times) in nested(written) {
            let Some((name, _)) = self.runbooks.get_key_value(name) else { continue };
            sum = sum.saturating_add(expanded.steps(name, &parts).saturating_mul(times));
            if sum > Runbook::EXPANDED_MAX {
                first = first.or(Some(place));
            }
        }
        if let Some(place) = first {
            beyond(sum, place, findings);
        }
    }

    /// What a nested runbook gives.
    pub(super) fn gives(&self, name: &str) -> Option<Gives> {
        let signature = self.runbooks.get(name)?;
        Some(Gives { by: format!("the runbook `{name}`"), outputs: signature.outputs.clone() })
    }

    /// The runbook that `own` nests here. An unknown one, a circle, and too many levels are findings.
    pub(super) fn nest(&self, own: &str, written: &Written, findings: &mut Findings<'_>) -> Option<&Signature> {
        let name = written.scalar()?.text.as_str();
        let Some(signature) = self.runbooks.get(name) else {
            let near = did_you_mean(name, self.names.iter().map(String::as_str));
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "a runbook that is nested stands in the same folder".to_owned(),
            };
            let message = format!("there is no runbook `{name}` beside this one");
            findings.add(Finding::new(Code::UnknownRunbook, written.place, message).help(help));
            return None;
        };
        if let Some(way) = self.way(name, own) {
            let names = [own].into_iter().chain(way).collect::<Vec<_>>().join(" → ");
            let message = format!("runbooks nest each other in a circle: {names}");
            findings.add(Finding::new(Code::RunbookCycle, written.place, message).help("let one of them do without"));
            return None;
        }
        let levels = 1 + self.levels(name);
        if levels > LEVELS {
            let message = format!(
                "with `{name}` there are {levels} levels of runbooks or more, and at most {LEVELS} are allowed"
            );
            let help = "let one of them do itself what the next one does";
            findings.add(Finding::new(Code::TooManyLevels, written.place, message).help(help));
        }
        Some(signature)
    }

    /// The shortest way along what is nested from one runbook to another, both included; none if it has more levels than
    /// are allowed, which is a finding of its own.
    fn way<'a>(&'a self, from: &'a str, to: &'a str) -> Option<Vec<&'a str>> {
        let mut came_from: BTreeMap<&str, Option<&str>> = BTreeMap::from([(from, None)]);
        let mut open = VecDeque::from([(from, 1)]);
        while let Some((name, length)) = open.pop_front() {
            if name == to {
                let mut way = vec![name];
                while let Some(Some(before)) = way.last().and_then(|name| came_from.get(name)) {
                    way.push(before);
                }
                way.reverse();
                return Some(way);
            }
            if length > LEVELS {
                continue;
            }
            for next in self.runbooks.get(name).into_iter().flat_map(|signature| signature.nests.keys()) {
                came_from.entry(next).or_insert_with(|| {
                    open.push_back((next, length + 1));
                    Some(name)
                });
            }
        }
        None
    }

    /// How many levels there are from this runbook down, itself included; one more than are allowed stands for any more.
    fn levels(&self, name: &str) -> usize {
        let mut level: BTreeSet<&str> = BTreeSet::from([name]);
        for levels in 0..=LEVELS {
            if level.is_empty() {
                return levels;
            }
            let signatures = level.iter().filter_map(|name| self.runbooks.get(*name).map(|nested| (*name, nested)));
            let nests =
                signatures.flat_map(|(name, nested)| nested.nests.keys().map(move |next| (name, next.as_str())));
            // A circle is the finding of the runbooks that are in it.
            level = nests.filter(|(name, next)| self.way(next, name).is_none()).map(|(_, next)| next).collect();
        }
        LEVELS + 1
    }
}
