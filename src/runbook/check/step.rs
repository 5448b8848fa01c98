use super::argument::arguments;
use super::outline::{Kind, Outline, Sketch, row};
use super::parameter::is_well_formed;
use super::scope::{Own, StepNames, expression, template};
use crate::effect::{Class, Risk, Row, Type};
use crate::runbook::expr::Typing;
use crate::runbook::fields::{Fields, list};
use crate::runbook::grammar::{GATE, MANUAL, UNDO_ENTRY, UNTIL, VERIFY, WAIT};
use crate::runbook::written::{Form, Written};
use crate::runbook::{
    CallSpec, CheckSpec, Choice, Code, Expression, Finding, Findings, ForEach, Place, Step, StepKind, Template,
    UndoStep, Until, read,
};

/// The steps, in an order in which they can run. One that could not be read has a finding.
pub(super) fn steps(outline: &Outline<'_>, findings: &mut Findings<'_>) -> Vec<Step> {
    outline.graph.order.iter().filter_map(|step| Lowering::new(outline, *step).step(findings)).collect()
}

/// One step on its way from what was written to what is meant.
struct Lowering<'a> {
    sketch: &'a Sketch<'a>,
    /// What expressions may name before the step has run.
    names: StepNames<'a>,
}

impl<'a> Lowering<'a> {
    fn new(outline: &'a Outline<'a>, step: usize) -> Self {
        let names = StepNames { outline, step, item: None, own: Own::Absent };
        Self { sketch: &outline.sketches[step], names }
    }

    fn step(mut self, findings: &mut Findings<'_>) -> Option<Step> {
        let fields = &self.sketch.fields;
        let text = |name: &str, what: &str, findings: &mut Findings<'_>| {
            fields.get(name).and_then(|written| read::text(written, what, findings))
        };
        let title = text("title", "a title", findings);
        let why = text("why", "a text", findings);
        let when = fields.get("when").and_then(|written| condition(written, &self.names, findings));
        let for_each = fields.get("for_each").and_then(|written| {
            let (list, item) = items(written, &self.names, findings)?;
            self.names.item = Some(item);
            Some(list)
        });
        if fields.entry("for_each").is_some() && self.names.item.is_none() {
            self.names.item = Some(Typing::Unknown);
        }
        let kind = self.kind(findings);
        let verify = self.verify(findings);
        let undo = self.undo(findings);
        let confirm = fields.get("confirm").and_then(|written| self.confirm(written, findings));
        let expect = fields.get("expect").and_then(|written| read::span(written, "a length of time", findings));
        let marks = fields.get("marks").and_then(|written| marks(written, findings));
        self.unverified(findings);
        self.nothing_to_enforce(findings);
        let id = self.sketch.id.clone();
        let needs = self.sketch.needs.iter().map(|(need, _)| self.names.outline.sketches[*need].id.clone()).collect();
        let for_each = for_each.map(ForEach::of);
        let plain = Step::new(id, title?, kind?);
        Some(Step { why, needs, when, for_each, verify, undo, confirm, expect, marks, ..plain })
    }

    fn kind(&self, findings: &mut Findings<'_>) -> Option<StepKind> {
        let fields = &self.sketch.fields;
        let kind = self.sketch.kind?;
        let written = fields.get(kind.key())?;
        match kind {
            Kind::Action | Kind::Check => {
                // The row was looked up, and its absence reported, when the outline was read.
                let call = self.sketch.row.map(|row| call(row, fields, written.place, &self.names, findings));
                let until = fields.get("until").and_then(|written| until(written, findings));
                Some(if kind == Kind::Action {
                    StepKind::Action(call?)
                } else {
                    StepKind::Check(CheckSpec { call: call?, until })
                })
            }
            Kind::Manual => {
                let fields = Fields::read(written, &MANUAL, findings)?;
                let instruction = prose(fields.get("instruction")?, "an instruction", &self.names, findings)?;
                Some(StepKind::Manual { instruction, fields: Vec::new() })
            }
            Kind::Gate => gate(written, &self.names, findings),
            Kind::Wait => {
                let fields = Fields::read(written, &WAIT, findings)?;
                Some(StepKind::Wait { span: read::span(fields.get("for")?, "a length of time", findings)? })
            }
        }
    }

    /// The names that may be used once the step has succeeded.
    fn afterwards(&self) -> StepNames<'a> {
        StepNames { own: Own::Step(self.sketch.row), ..self.names.clone() }
    }

    fn verify(&self, findings: &mut Findings<'_>) -> Vec<CheckSpec> {
        let Some(written) = self.sketch.fields.get("verify") else { return Vec::new() };
        let names = self.afterwards();
        let items = read::list(written, "a list of checks", findings).unwrap_or_default();
        let mut checks = Vec::new();
        for item in items {
            let Some(fields) = Fields::read(item, &VERIFY, findings) else { continue };
            let until = fields.get("until").and_then(|written| until(written, findings));
            let Some(check) = fields.get("check") else { continue };
            if let Some(row) = row(check, true, findings) {
                let call = call(row, &fields, check.place, &names, findings);
                checks.push(CheckSpec { call, until });
            }
        }
        checks
    }

    fn undo(&self, findings: &mut Findings<'_>) -> Vec<UndoStep> {
        let Some(written) = self.sketch.fields.get("undo") else { return Vec::new() };
        let items = read::list(written, "a list of actions", findings).unwrap_or_default();
        let mut steps = Vec::new();
        for item in items {
            let Some(fields) = Fields::read(item, &UNDO_ENTRY, findings) else { continue };
            let mut names = self.afterwards();
            let for_each = fields.get("for_each").and_then(|written| {
                let (list, item) = items_of(written, &mut names, findings)?;
                names.item = Some(item);
                Some(list)
            });
            let Some(action) = fields.get("action") else { continue };
            if let Some(row) = row(action, false, findings) {
                let call = call(row, &fields, action.place, &names, findings);
                steps.push(UndoStep { for_each: for_each.map(ForEach::of), ..UndoStep::new(call) });
            }
        }
        steps
    }

    fn confirm(&self, written: &Written, findings: &mut Findings<'_>) -> Option<Risk> {
        let words =
            [Risk::Read, Risk::Reversible, Risk::Destructive, Risk::Irreversible].map(|risk| (risk.word(), risk));
        let risk = read::word(written, "a risk", &words, findings)?;
        let row = self.sketch.row?;
        if risk < row.risk {
            let message = format!("`{}` is {}, and `confirm` cannot lower that to {risk}", row.name, row.risk);
            let help = format!("remove `confirm`, or raise it above {}", row.risk);
            findings.add(Finding::new(Code::RiskLowered, written.place, message).help(help));
            return None;
        }
        Some(risk)
    }

    fn unverified(&self, findings: &mut Findings<'_>) {
        let changes = self.sketch.row.filter(|row| row.class != Class::R);
        if let (Some(row), None) = (changes, self.sketch.fields.entry("verify")) {
            let message = format!("`{}` changes something, and nothing verifies that it had its effect", row.name);
            let help = "add `verify: [{check: …, with: {…}}]`";
            findings.add(Finding::new(Code::Unverified, self.sketch.place, message).help(help));
        }
    }

    /// Safety keys on an action that only reads: a run does nothing about them, so they must not stand there.
    fn nothing_to_enforce(&self, findings: &mut Findings<'_>) {
        let Some(row) = self.sketch.row.filter(|row| row.class == Class::R) else { return };
        // On a check these keys are of another kind, which is reported where the kind is read.
        if self.sketch.kind != Some(Kind::Action) {
            return;
        }
        for (key, what) in [
            ("confirm", "nothing would be asked"),
            ("verify", "no check would be made"),
            ("undo", "nothing would be undone"),
        ] {
            if let Some(entry) = self.sketch.fields.entry(key) {
                let message = format!("`{}` only reads, so {what} by `{key}`", row.name);
                let help = if key == "verify" { "remove it, or make it a step with `check`" } else { "remove it" };
                findings.add(Finding::new(Code::NothingToEnforce, entry.key_place, message).help(help));
            }
        }
    }
}

fn call(
    row: &'static Row,
    fields: &Fields<'_>,
    head: Place,
    names: &StepNames<'_>,
    findings: &mut Findings<'_>,
) -> CallSpec {
    let with = arguments(row, fields.get("with"), head, names, findings);
    CallSpec { action: row.name.to_owned(), with }
}

/// The list of a `for_each`, and the type of its items.
fn items(written: &Written, names: &StepNames<'_>, findings: &mut Findings<'_>) -> Option<(Expression, Typing)> {
    if matches!(written.form, Form::List(_)) {
        let message = "a list written here is not supported by this version";
        let finding = Finding::new(Code::NotSupported, written.head(), message);
        findings.add(finding.help("make it a parameter with a default, and write `${{ inputs.NAME }}`"));
        return None;
    }
    let (list, typing) = expression(written, names, findings)?;
    match typing {
        Typing::List(item) => Some((list, *item)),
        Typing::Unknown => Some((list, Typing::Unknown)),
        _ => {
            let message = format!("`for_each` needs a list, and `{}` is {typing}", list.source());
            findings.add(Finding::new(Code::NotAList, written.place, message));
            None
        }
    }
}

/// As [`items`]; where they cannot be read, `item` is there all the same, so that it gets no second finding.
fn items_of(written: &Written, names: &mut StepNames<'_>, findings: &mut Findings<'_>) -> Option<(Expression, Typing)> {
    let found = items(written, names, findings);
    names.item = Some(Typing::Unknown);
    found
}

fn condition(written: &Written, names: &StepNames<'_>, findings: &mut Findings<'_>) -> Option<Expression> {
    let (condition, typing) = expression(written, names, findings)?;
    if !typing.fits(Type::Boolean) {
        let message = format!("`when` needs a condition, and `{}` is {typing}", condition.source());
        findings.add(Finding::new(Code::NotACondition, written.place, message).help("compare it with something"));
        return None;
    }
    Some(condition)
}

/// Text for a person, with holes.
fn prose(written: &Written, what: &str, names: &StepNames<'_>, findings: &mut Findings<'_>) -> Option<Template> {
    let text = read::text(written, what, findings)?;
    // `text` has lost the blanks around it, but places are counted in the scalar as written.
    let source = written.scalar().map_or(text.as_str(), |scalar| scalar.text.as_str());
    let (template, typing) = template(written, source, names, findings)?;
    if !matches!(typing, Typing::Unknown) && !typing.fits(Type::String) && template.whole().is_some() {
        let code = if typing.is_secret() { Code::SecretLeak } else { Code::NotText };
        findings.add(Finding::new(code, written.place, format!("{what} is a text, and here stands {typing}")));
    }
    Some(template)
}

fn gate(written: &Written, names: &StepNames<'_>, findings: &mut Findings<'_>) -> Option<StepKind> {
    let fields = Fields::read(written, &GATE, findings)?;
    let question = fields.get("question").and_then(|written| prose(written, "a question", names, findings));
    let written_choices = fields.get("choices")?;
    let choices = read::texts(written_choices, "a list of words", findings);
    if choices.len() < 2 && matches!(written_choices.form, Form::List(_)) {
        let finding = Finding::new(Code::WrongValue, written_choices.head(), "a gate has at least two choices");
        findings.add(finding.help("write for example `[go, stop]`: the first lets the run go on, any other ends it"));
    }
    for (index, choice) in choices.iter().enumerate() {
        if choices[..index].contains(choice) {
            let message = format!("the choice `{choice}` stands twice");
            findings
                .add(Finding::new(Code::DuplicateName, written_choices.head(), message).help("remove one of the two"));
        }
    }
    let headless = match fields.get("headless") {
        Some(written) => {
            let choice = read::text(written, "a choice", findings)?;
            if !choices.contains(&choice) {
                let message = format!("`{choice}` is not one of the choices");
                let help = format!("the choices are {}", list(choices.iter().map(String::as_str)));
                findings.add(Finding::new(Code::WrongValue, written.place, message).help(help));
            }
            Some(choice)
        }
        None => {
            let finding = Finding::new(Code::NeedsPerson, written.head(), "a headless run waits at this gate");
            findings.add(finding.help("say what such a run chooses: `headless: CHOICE`"));
            None
        }
    };
    Some(StepKind::Gate { question: question?, choices: Choice::of_words(choices), headless })
}

fn until(written: &Written, findings: &mut Findings<'_>) -> Option<Until> {
    let fields = Fields::read(written, &UNTIL, findings)?;
    let every = fields.get("every").and_then(|written| read::span(written, "a length of time", findings));
    let timeout = fields.get("timeout").and_then(|written| read::span(written, "a length of time", findings));
    let (every, timeout) = (every?, timeout?);
    let second = crate::base::Span::seconds(1);
    if let (true, Some(written)) = (every < second || every > timeout, fields.get("every")) {
        let message = format!("`every` is {every}; it is at least 1s and at most the timeout of {timeout}");
        findings.add(Finding::new(Code::WrongValue, written.place, message).help("write for example `5s`"));
        return None;
    }
    Some(Until { every, timeout })
}

fn marks(written: &Written, findings: &mut Findings<'_>) -> Option<String> {
    let name = &read::scalar(written, "a milestone", findings)?.text;
    if is_well_formed(name) {
        return Some(name.clone());
    }
    let message = format!("`{name}` is not a name for a milestone");
    let help = "write lower-case letters, digits and underscores, as `service_restored`";
    findings.add(Finding::new(Code::MalformedName, written.place, message).help(help));
    None
}
