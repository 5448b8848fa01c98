use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use super::branch::Branches;
use super::gate::{self, Way};
use super::graph::Graph;
use super::kind::Kind;
use super::library::Library;
use super::limits::{STEPS, within};
use super::{failure, manual, parameter};
use crate::base::{StepId, did_you_mean};
use crate::effect::{self, Row};
use crate::runbook::expr::Typing;
use crate::runbook::fields::{Fields, list};
use crate::runbook::grammar::STEP;
use crate::runbook::written::{Form, Written};
use crate::runbook::{Code, Finding, Findings, Parameter, Place, read};

/// What a runbook declares: all that an expression may name, and the order of the steps.
pub(super) struct Outline<'w> {
    pub(super) parameters: Vec<Parameter>,
    pub(super) sketches: Vec<Sketch<'w>>,
    pub(super) graph: Graph,
    pub(super) branches: Branches,
    /// The runbooks that can be nested.
    pub(super) library: &'w Library,
    /// The steps by name.
    names: HashMap<String, usize>,
    /// Which outputs of which step others read in a drill.
    read: RefCell<BTreeSet<(usize, String)>>,
}

/// A step as far as other steps may speak of it.
pub(super) struct Sketch<'w> {
    /// The name; empty if the author gave none that can be used.
    pub(super) id: StepId,
    pub(super) place: Place,
    pub(super) fields: Fields<'w>,
    /// The kind, if it is exactly one.
    pub(super) kind: Option<Kind>,
    /// The row of the operation that it asks for or reads, if the catalogue has it.
    pub(super) row: Option<&'static Row>,
    /// What it gives; none if that cannot be known, about which there is a finding already.
    pub(super) gives: Option<Gives>,
    /// The steps that it needs, as written and found.
    pub(super) needs: Vec<(usize, Place)>,
    /// The choices of a gate.
    pub(super) ways: Vec<Way<'w>>,
    /// The step that the run goes on with when this one has failed.
    pub(super) go_to: Option<(usize, Place)>,
    /// Whether the run goes on as if it had not failed.
    pub(super) continues: bool,
}

/// What a step gives.
#[derive(Clone, Debug)]
pub(super) struct Gives {
    /// What gives it: an operation, a kind, a runbook.
    pub(super) by: String,
    /// The outputs, each with its type.
    pub(super) outputs: Vec<(String, Typing)>,
}

impl Gives {
    /// The outputs of an operation.
    pub(super) fn of_row(row: &'static Row) -> Self {
        let outputs = row.outputs.iter().map(|output| (output.name.to_owned(), Typing::from(output.kind)));
        Self { by: format!("`{}`", row.name), outputs: outputs.collect() }
    }

    /// The type of an output.
    pub(super) fn output(&self, name: &str) -> Option<&Typing> {
        self.outputs.iter().find(|(known, _)| known == name).map(|(_, typing)| typing)
    }
}

impl<'w> Outline<'w> {
    pub(super) fn read(
        parameters: Option<&'w Written>,
        steps: Option<&'w Written>,
        library: &'w Library,
        findings: &mut Findings<'_>,
    ) -> Self {
        let parameters = parameters.map(|written| parameter::parameters(written, findings)).unwrap_or_default();
        let items = steps.and_then(|written| read::list(written, "a list of steps", findings)).unwrap_or_default();
        if let Some(Written { place, form: Form::List(_) }) = steps
            && items.is_empty()
        {
            findings.add(Finding::new(Code::WrongValue, *place, "a runbook has at least one step"));
        }
        if let Some(first_beyond) = items.get(STEPS) {
            let message = format!("the runbook has {} steps, and at most {STEPS} are allowed", items.len());
            findings.add(Finding::new(Code::TooManySteps, first_beyond.head(), message).help("split the runbook"));
        }
        let mut sketches: Vec<Sketch<'w>> =
            items.iter().take(STEPS).filter_map(|item| sketch(item, library, findings)).collect();
        let names = names(&sketches, findings);
        for index in 0..sketches.len() {
            sketches[index].needs = needs(index, &sketches, &names, findings);
            sketches[index].go_to =
                sketches[index].fields.get("on_failure").and_then(failure::go_to).and_then(|name| {
                    let answer = names.get(name.scalar()?.text.as_str()).copied();
                    answer.filter(|answer| *answer != index && sketches[index].can_fail()).zip(Some(name.place))
                });
        }
        let graph = Graph::new(&sketches, findings);
        let branches = Branches::new(&sketches, &graph, findings);
        Self { parameters, sketches, graph, branches, library, names, read: RefCell::default() }
    }

    /// The step of that name, by its place in `sketches`.
    pub(super) fn find(&self, id: &str) -> Option<usize> {
        self.names.get(id).copied()
    }

    /// The step of that name; that there is none is a finding.
    pub(super) fn step(&self, written: &Written, findings: &mut Findings<'_>) -> Option<usize> {
        let name = read::scalar(written, "a step's name", findings)?.text.as_str();
        let found = self.find(name);
        if found.is_none() {
            let near = did_you_mean(name, self.names.keys().map(String::as_str));
            let finding = Finding::new(Code::UnknownStep, written.place, format!("there is no step `{name}`"));
            findings.add(finding.maybe_help(near.map(|near| format!("did you mean `{near}`?"))));
        }
        found
    }

    /// Notes that an output is read in a drill.
    pub(super) fn note_read(&self, step: usize, output: &str) {
        self.read.borrow_mut().insert((step, output.to_owned()));
    }

    /// The outputs of a step that others read in a drill. Complete only once all steps have been looked at.
    pub(super) fn outputs_read(&self, step: usize) -> Vec<String> {
        let read = self.read.borrow();
        read.iter().filter(|(of, _)| *of == step).map(|(_, output)| output.clone()).collect()
    }
}

impl Sketch<'_> {
    /// Whether it has one instance per item of a list.
    pub(super) fn is_list(&self) -> bool {
        self.fields.entry("for_each").is_some()
    }

    /// Whether the run may go on without asking when it has failed.
    pub(super) fn goes_on_after_failure(&self) -> bool {
        self.can_fail() && (self.continues || self.go_to.is_some())
    }

    fn can_fail(&self) -> bool {
        match self.kind {
            Some(Kind::Action | Kind::Check | Kind::Runbook) => true,
            Some(Kind::Wait) => self.row.is_some(),
            Some(Kind::Manual | Kind::Gate) | None => false,
        }
    }
}

fn sketch<'w>(item: &'w Written, library: &Library, findings: &mut Findings<'_>) -> Option<Sketch<'w>> {
    let mut fields = Fields::read(item, &STEP, findings)?;
    let written = fields.get("id");
    let name = written.and_then(|written| id(written, findings));
    let kind = Kind::of(&mut fields, findings);
    let place = written.map_or(fields.head, |written| written.place);
    let own = kind.and_then(|kind| fields.get(kind.key()));
    let judged = own.filter(|_| kind == Some(Kind::Wait)).and_then(|written| written.entry("check"));
    let row = match kind {
        Some(kind @ (Kind::Action | Kind::Check)) => own.and_then(|own| row(own, kind == Kind::Check, findings)),
        Some(Kind::Wait) => judged.and_then(|entry| row(&entry.value, true, findings)),
        _ => None,
    };
    // What is wrong inside is found when the step itself is looked at.
    let mut quiet = Findings::new(findings.source());
    let gives = kind.zip(own).and_then(|(kind, own)| match kind {
        Kind::Wait if judged.is_none() => Some(Gives { by: "a wait for a time".to_owned(), outputs: Vec::new() }),
        Kind::Action | Kind::Check | Kind::Wait => row.map(Gives::of_row),
        Kind::Manual => Some(manual::gives(own, &mut quiet)),
        Kind::Gate => Some(gate::gives()),
        Kind::Runbook => own.scalar().and_then(|name| library.gives(&name.text)),
    });
    let ways = match (kind, own) {
        (Some(Kind::Gate), Some(own)) => gate::ways(own, &mut quiet),
        _ => Vec::new(),
    };
    let continues = fields.get("on_failure").and_then(Written::scalar).is_some_and(|word| word.text == "continue");
    let id = StepId::new(name.unwrap_or_default());
    Some(Sketch { id, place, fields, kind, row, gives, needs: Vec::new(), ways, go_to: None, continues })
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
    let items = read::list(written, "a list of steps' names", findings).unwrap_or_default();
    for item in within(items, STEPS, "needs", Written::head, findings) {
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
                let known = names.keys().map(String::as_str).filter(|_| !findings.is_full());
                let help = did_you_mean(name, known).map(|near| format!("did you mean `{near}`?"));
                findings.add(Finding::new(Code::UnknownNeed, item.place, message).maybe_help(help));
            }
        }
    }
    found
}
