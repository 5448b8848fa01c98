use std::cell::RefCell;

use super::bind::declared;
use super::{BindError, Plan, bind};
use crate::base::{Digest, Span, Value};
use crate::effect::Risk;
use crate::runbook::{CallSpec, Scope, Step, StepKind, Typing};

/// What a step would do, as far as it can be known before anything has run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The operation or kind.
    pub operation: String,
    /// What it does, in one sentence.
    pub summary: String,
    /// Method, address and body, secrets masked; what only an earlier step can tell stands as `«steps.…»`.
    pub sends: Option<String>,
    /// Why `sends` cannot be said, if the step has something to send.
    pub unknown: Option<String>,
    /// The risk.
    pub risk: Risk,
    /// How it is undone: the runbook's own undo if it has one, else the row's sentence.
    pub undo: Option<String>,
    /// How long it usually takes.
    pub expect: Option<Span>,
    /// What is checked afterwards.
    pub verify: Vec<String>,
}

/// Previews a step.
pub fn preview(plan: &Plan, step: &Step) -> Preview {
    let verify = step.verify.iter().map(|check| check.call.action.clone()).collect();
    let blank = |operation: &str, summary: String| Preview {
        operation: operation.to_owned(),
        summary,
        sends: None,
        unknown: None,
        risk: Risk::Read,
        undo: None,
        expect: step.expect,
        verify,
    };
    match &step.kind {
        StepKind::Action(spec) => of_call(plan, step, spec, blank(&spec.action, String::new())),
        StepKind::Check(check) | StepKind::WaitCheck(check) => {
            of_call(plan, step, &check.call, blank(&check.call.action, String::new()))
        }
        StepKind::Manual { instruction, .. } => blank("manual", instruction.source().to_owned()),
        StepKind::Gate { question, choices, .. } => {
            let names: Vec<_> = choices.iter().map(|choice| choice.name.as_str()).collect();
            blank("gate", format!("{} ({})", question.source(), names.join(" | ")))
        }
        StepKind::Wait { span } => {
            blank("wait", format!("Waits {span} by the estate's clock; no process needs to live."))
        }
        StepKind::WaitUntil { at } => {
            blank("wait", format!("Waits until {} by the estate's clock; no process needs to live.", at.source()))
        }
        StepKind::Runbook(nested) => blank("runbook", format!("Does what the runbook `{}` says.", nested.runbook)),
    }
}

fn of_call(plan: &Plan, step: &Step, spec: &CallSpec, blank: Preview) -> Preview {
    let mut names = Placeholders { plan, item: None, used: RefCell::default() };
    // Where the list is known already, its first item shows what every item will do.
    let items = step.for_each.as_ref().and_then(|each| each.list.evaluate(&names).ok());
    names.item = items.as_ref().and_then(Value::as_list).and_then(|items| items.first().cloned());
    let (sends, unknown, row) = match bind(spec, &names) {
        Ok(bound) => (Some(names.put_back(bound.request.shown())), None, Some(bound.row)),
        Err(BindError::Action(action)) => (None, Some(format!("the action `{action}` is not known")), None),
        Err(why) => (None, Some(names.put_back(why.to_string())), crate::effect::find(&spec.action)),
    };
    let change = row.and_then(|row| row.change.as_ref());
    let undo = if step.undo.is_empty() {
        change.map(|change| change.undo.to_owned())
    } else {
        Some(step.undo.iter().map(|undo| undo.call.action.as_str()).collect::<Vec<_>>().join(", then "))
    };
    Preview {
        summary: row.map(|row| row.summary.to_owned()).unwrap_or_default(),
        sends,
        unknown,
        risk: super::risk(step),
        undo,
        expect: blank.expect.or_else(|| change.map(|change| change.expect)),
        ..blank
    }
}

/// A scope in which what is not known yet has a stand-in that passes every row's validation (32 hexadecimal digits)
/// and is replaced by its expression once the request is rendered.
struct Placeholders<'a> {
    plan: &'a Plan,
    item: Option<Value>,
    used: RefCell<Vec<(String, String)>>,
}

impl Placeholders<'_> {
    fn put_back(&self, mut text: String) -> String {
        for (stand_in, shown) in self.used.borrow().iter() {
            text = text.replace(stand_in.as_str(), &format!("«{shown}»"));
        }
        text
    }

    fn stand_in(&self, path: &str) -> Value {
        let stand_in = Digest::of("placeholder", path.as_bytes()).to_string()[..32].to_owned();
        self.used.borrow_mut().push((stand_in.clone(), path.to_owned()));
        Value::Text(stand_in)
    }

    /// The outputs of a row, each by its stand-in.
    fn outputs(&self, step: &Step) -> Value {
        let Some(spec) = step.kind.call() else { return Value::record([]) };
        let outputs = crate::effect::find(&spec.action).map(|row| row.outputs).unwrap_or_default();
        let fields = outputs.iter().map(|output| {
            let path = format!("steps.{}.outputs.{}", step.id, output.name);
            let value = match output.kind {
                crate::effect::Type::String | crate::effect::Type::Timestamp => self.stand_in(&path),
                crate::effect::Type::List(_) => Value::List(Vec::new()),
                crate::effect::Type::Record => Value::record([]),
                _ => Value::Boolean(true),
            };
            (output.name.to_owned(), value)
        });
        Value::record([("outputs", Value::Record(fields.collect()))])
    }
}

impl Scope for Placeholders<'_> {
    fn root(&self, name: &str) -> Option<Value> {
        match name {
            "inputs" => {
                let inputs = self.plan.inputs.iter().map(|input| (input.name.clone(), input.value.clone()));
                Some(Value::Record(inputs.collect()))
            }
            "steps" => {
                let steps = self.plan.runbook.steps.iter().map(|step| (step.id.to_string(), self.outputs(step)));
                Some(Value::Record(steps.collect()))
            }
            "item" => Some(self.item.clone().unwrap_or_else(|| self.stand_in("item"))),
            "self" => {
                Some(Value::record([("outputs", Value::record([("version", self.stand_in("self.outputs.version"))]))]))
            }
            _ => None,
        }
    }

    fn typing(&self, path: &[&str]) -> Typing {
        declared(self.plan, path)
    }
}
