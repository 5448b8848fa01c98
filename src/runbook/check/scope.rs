use super::branch::{Gap, Reader};
use super::outline::{Gives, Outline};
use crate::base::did_you_mean;
use crate::runbook::expr::{Flaw, FlawKind, Mistake, Names, Typing, Unnamed};
use crate::runbook::fields::list;
use crate::runbook::written::Written;
use crate::runbook::{Code, Expression, Finding, Findings, Parameter, Template, read};

/// What the names in the expressions of one step stand for.
#[derive(Clone)]
pub(super) struct StepNames<'a> {
    pub(super) outline: &'a Outline<'a>,
    /// The step, by its place in the outline, or the runbook itself.
    pub(super) reader: Reader,
    /// The type of `item`, where there is one.
    pub(super) item: Option<Typing>,
    /// What `self` stands for, where it stands for something.
    pub(super) own: Own<'a>,
    /// Whether a drill works these expressions out too, and does not put something in their place.
    pub(super) is_done_in_drills: bool,
}

/// What `self` stands for.
#[derive(Clone, Copy)]
pub(super) enum Own<'a> {
    /// Nothing: the step has not run.
    Absent,
    /// The step, once it has succeeded, with what it gives. None if that is not known, which is a finding elsewhere.
    Step(Option<&'a Gives>),
}

impl Names for StepNames<'_> {
    fn typing(&self, path: &[&str]) -> Result<Typing, Unnamed> {
        self.look_up(path, true)
    }

    fn typing_if_there(&self, path: &[&str]) -> Result<Typing, Unnamed> {
        self.look_up(path, false)
    }
}

impl StepNames<'_> {
    /// The type of a path; with `must`, what it reads must be there.
    fn look_up(&self, path: &[&str], must: bool) -> Result<Typing, Unnamed> {
        match path.first().copied().unwrap_or_default() {
            "inputs" => input(&self.outline.parameters, path),
            "steps" => self.step(path, must),
            "item" => match &self.item {
                Some(typing) => typing.clone().descend(path, 1),
                None => Err(unnamed(0, Code::NoItem, "`item` stands only inside a step with `for_each`", None)),
            },
            "self" => match self.own {
                Own::Step(gives) => outputs(gives, "self", path, 1, false),
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

    fn step(&self, path: &[&str], must: bool) -> Result<Typing, Unnamed> {
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
        if let Reader::Before(own) | Reader::Step(own) = self.reader {
            self.precedes(read, own)?;
        }
        if must && let Some(Gap { message, help }) = self.outline.branches.gap(self.reader, read, sketches) {
            let help = format!("{help}, or write `default({}, …)`", path.join("."));
            return Err(unnamed(1, Code::MayBeSkipped, message, Some(help)));
        }
        let read_step = &sketches[read];
        let typing = outputs(read_step.gives.as_ref(), &format!("steps.{name}"), path, 2, read_step.is_list())?;
        if let Some(output) = path.get(3).filter(|_| self.is_done_in_drills) {
            self.outline.note_read(read, output);
        }
        Ok(typing)
    }

    /// Refuses to read a step that need not have ended when the reader starts.
    fn precedes(&self, read: usize, own: usize) -> Result<(), Unnamed> {
        let name = &self.outline.sketches[read].id;
        if read == own {
            let message = format!("`{name}` is this step itself, which has not run yet");
            let help = Some("in `verify` and `undo`, write `self.outputs.FIELD`".to_owned());
            return Err(unnamed(1, Code::NotBefore, message, help));
        }
        if !self.outline.graph.precedes(read, own) {
            let own = &self.outline.sketches[own].id;
            let message = format!("`{name}` need not have run when `{own}` starts");
            let help = Some(format!("add `{name}` to the `needs` of `{own}`"));
            return Err(unnamed(1, Code::NotBefore, message, help));
        }
        Ok(())
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

/// The type of `….outputs.FIELD`; `outputs` is the name number `at`. Of a step with `for_each` it is a list.
fn outputs(gives: Option<&Gives>, prefix: &str, path: &[&str], at: usize, is_list: bool) -> Result<Typing, Unnamed> {
    if path.get(at).copied() != Some("outputs") || path.len() == at + 1 {
        let segment = at.min(path.len() - 1);
        let help = Some(format!("write `{prefix}.outputs.FIELD`"));
        return Err(unnamed(segment, Code::UnknownOutput, "only outputs can be read from a step", help));
    }
    let Some(gives) = gives else { return Ok(Typing::Unknown) };
    let name = path[at + 1];
    match gives.output(name) {
        Some(typing) if is_list => Typing::list(typing).descend(path, at + 2),
        Some(typing) => typing.clone().descend(path, at + 2),
        None if gives.outputs.is_empty() => {
            Err(unnamed(at - 1, Code::UnknownOutput, format!("{} gives no outputs", gives.by), None))
        }
        None => {
            let names = || gives.outputs.iter().map(|(name, _)| name.as_str());
            let help = match did_you_mean(name, names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("its outputs are {}", list(names())),
            };
            Err(unnamed(at + 1, Code::UnknownOutput, format!("{} gives no `{name}`", gives.by), Some(help)))
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
        // To find a place means to walk the text; of a file with so many findings nobody reads another.
        if findings.is_full() && findings.any_error() {
            return;
        }
        let place = written.place_within(findings.source(), &(at.start + moved..at.end + moved));
        findings.add(Finding::new(code, place, message).maybe_help(help));
    }
}
