use super::outline::Outline;
use crate::base::did_you_mean;
use crate::effect::{Output, Row};
use crate::runbook::expr::{Flaw, FlawKind, Mistake, Names, Typing, Unnamed};
use crate::runbook::fields::list;
use crate::runbook::written::Written;
use crate::runbook::{Code, Expression, Finding, Findings, Parameter, Template, read};

/// What the names in the expressions of one step stand for.
#[derive(Clone)]
pub(super) struct StepNames<'a> {
    pub(super) outline: &'a Outline<'a>,
    /// The step, by its place in the outline.
    pub(super) step: usize,
    /// The type of `item`, where there is one.
    pub(super) item: Option<Typing>,
    /// What `self` stands for, where it stands for something.
    pub(super) own: Own,
}

/// What `self` stands for.
#[derive(Clone, Copy)]
pub(super) enum Own {
    /// Nothing: the step has not run.
    Absent,
    /// The step, once it has succeeded. None if its row is not known, which is a finding elsewhere.
    Step(Option<&'static Row>),
}

impl Names for StepNames<'_> {
    fn typing(&self, path: &[&str]) -> Result<Typing, Unnamed> {
        match path.first().copied().unwrap_or_default() {
            "inputs" => input(&self.outline.parameters, path),
            "steps" => self.step(path),
            "item" => match &self.item {
                Some(typing) => typing.clone().descend(path, 1),
                None => Err(unnamed(0, Code::NoItem, "`item` stands only inside a step with `for_each`", None)),
            },
            "self" => match self.own {
                Own::Step(row) => outputs(row, "self", path, 1),
                Own::Absent => {
                    let help = "to read another step, write `steps.NAME.outputs.FIELD`".to_owned();
                    Err(unnamed(0, Code::NoSelf, "`self` stands only inside `verify` and `undo`", Some(help)))
                }
            },
            root => {
                let roots = ["inputs", "steps", "item", "self"];
                let help = match did_you_mean(root, roots) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("put texts in quotes; names begin with {}", list(roots)),
                };
                Err(unnamed(0, Code::UnknownName, format!("`{root}` stands for nothing"), Some(help)))
            }
        }
    }
}

impl StepNames<'_> {
    fn step(&self, path: &[&str]) -> Result<Typing, Unnamed> {
        let sketches = &self.outline.sketches;
        let Some(name) = path.get(1).copied() else {
            let help = Some("write `steps.NAME.outputs.FIELD`".to_owned());
            return Err(unnamed(0, Code::UnknownStep, "`steps` alone says nothing", help));
        };
        let Some(read) = self.outline.find(name) else {
            let help = did_you_mean(name, sketches.iter().map(|sketch| sketch.id.as_str()));
            let help = help.map(|near| format!("did you mean `{near}`?"));
            return Err(unnamed(1, Code::UnknownStep, format!("there is no step `{name}`"), help));
        };
        if read == self.step {
            let message = format!("`{name}` is this step itself, which has not run yet");
            let help = Some("in `verify` and `undo`, write `self.outputs.FIELD`".to_owned());
            return Err(unnamed(1, Code::NotBefore, message, help));
        }
        let (own, other) = (&sketches[self.step], &sketches[read]);
        if !self.outline.graph.precedes(read, self.step) {
            let message = format!("`{name}` need not have run when `{}` starts", own.id);
            let help = Some(format!("add `{name}` to the `needs` of `{}`", own.id));
            return Err(unnamed(1, Code::NotBefore, message, help));
        }
        let condition = |index: usize| {
            sketches[index].fields.get("when").and_then(Written::scalar).map(|scalar| scalar.text.trim().to_owned())
        };
        if condition(read).is_some() && condition(read) != condition(self.step) {
            let message = format!("`{name}` has a `when` and may be skipped, and then it gives nothing");
            let help = Some("give this step the same `when`".to_owned());
            return Err(unnamed(1, Code::MayBeSkipped, message, help));
        }
        if other.fields.entry("for_each").is_some() {
            let message = format!("reading `{name}`, which has `for_each`, is not supported by this version");
            return Err(unnamed(1, Code::NotSupported, message, None));
        }
        match other.kind {
            Some(kind) if !matches!(kind.key(), "action" | "check") => {
                let message = format!("`{name}` is a step with `{}` and gives no outputs", kind.key());
                Err(unnamed(1, Code::UnknownOutput, message, None))
            }
            _ => outputs(other.row, &format!("steps.{name}"), path, 2),
        }
    }
}

/// The type of `inputs.NAME…`.
pub(super) fn input(parameters: &[Parameter], path: &[&str]) -> Result<Typing, Unnamed> {
    let names = || parameters.iter().map(|parameter| parameter.name.as_str());
    let Some(name) = path.get(1) else {
        let help = Some("write `inputs.NAME`".to_owned());
        return Err(unnamed(0, Code::UnknownInput, "`inputs` alone says nothing", help));
    };
    match parameters.iter().find(|parameter| parameter.name == *name) {
        Some(parameter) => Typing::from(&parameter.kind).descend(path, 2),
        None => {
            let help = match did_you_mean(name, names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("declare it under `parameters`; there are {}", list(names())),
            };
            Err(unnamed(1, Code::UnknownInput, format!("there is no parameter `{name}`"), Some(help)))
        }
    }
}

/// The type of `….outputs.FIELD`; `outputs` is the name number `at`.
fn outputs(row: Option<&'static Row>, prefix: &str, path: &[&str], at: usize) -> Result<Typing, Unnamed> {
    if path.get(at).copied() != Some("outputs") || path.len() == at + 1 {
        let segment = at.min(path.len() - 1);
        let help = Some(format!("write `{prefix}.outputs.FIELD`"));
        return Err(unnamed(segment, Code::UnknownOutput, "only outputs can be read from a step", help));
    }
    let Some(row) = row else { return Ok(Typing::Unknown) };
    let name = path[at + 1];
    match row.outputs.iter().find(|output| output.name == name) {
        Some(Output { kind, .. }) => Typing::from(*kind).descend(path, at + 2),
        None => {
            let names = || row.outputs.iter().map(|output| output.name);
            let help = match did_you_mean(name, names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("its outputs are {}", list(names())),
            };
            Err(unnamed(at + 1, Code::UnknownOutput, format!("`{}` gives no `{name}`", row.name), Some(help)))
        }
    }
}

fn unnamed(segment: usize, code: Code, message: impl Into<String>, help: Option<String>) -> Unnamed {
    Unnamed { segment, code, message: message.into(), help }
}

/// An expression that is the whole value of a key, with or without `${{ }}` around it.
pub(super) fn expression(
    written: &Written,
    names: &StepNames<'_>,
    findings: &mut Findings<'_>,
) -> Option<(Expression, Typing)> {
    let text = read::scalar(written, "an expression", findings)?.text.as_str();
    if !text.contains("${{") {
        let expression = Expression::read(text).map_err(|flaw| add_flaw(&flaw, written, findings)).ok()?;
        let mut mistakes = Vec::new();
        let typing = expression.typing(names, &mut mistakes);
        let lead = text.len() - text.trim_start().len();
        add_mistakes(mistakes, lead, written, findings);
        return Some((expression, typing));
    }
    let (template, typing) = template(written, text, names, findings)?;
    match template.whole() {
        Some((_, expression)) => Some((expression.clone(), typing)),
        None => {
            let finding = Finding::new(Code::Syntax, written.place, "one expression and nothing else is expected here");
            findings.add(finding.help("remove the text around `${{ }}`"));
            None
        }
    }
}

/// Text with holes.
pub(crate) fn template(
    written: &Written,
    text: &str,
    names: &dyn Names,
    findings: &mut Findings<'_>,
) -> Option<(Template, Typing)> {
    let template = Template::read(text).map_err(|flaw| add_flaw(&flaw, written, findings)).ok()?;
    let mut mistakes = Vec::new();
    let typing = template.typing(names, &mut mistakes);
    add_mistakes(mistakes, 0, written, findings);
    Some((template, typing))
}

fn add_flaw(flaw: &Flaw, written: &Written, findings: &mut Findings<'_>) {
    let code = match flaw.kind {
        FlawKind::Syntax => Code::Syntax,
        FlawKind::Size => Code::TooComplex,
        FlawKind::Function => Code::UnknownFunction,
        FlawKind::Count => Code::ArgumentCount,
    };
    let place = written.place_within(findings.source(), &flaw.at);
    findings.add(Finding::new(code, place, flaw.message.clone()).maybe_help(flaw.help.clone()));
}

fn add_mistakes(mistakes: Vec<Mistake>, moved: usize, written: &Written, findings: &mut Findings<'_>) {
    for Mistake { at, code, message, help } in mistakes {
        let place = written.place_within(findings.source(), &(at.start + moved..at.end + moved));
        findings.add(Finding::new(code, place, message).maybe_help(help));
    }
}
