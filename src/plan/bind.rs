use std::collections::BTreeMap;

use thiserror::Error;

use super::{Input, Plan};
use crate::base::{SecretRef, StepId, Value};
use crate::effect::{self, Args, Call, RenderError, Request, Risk, Row};
use crate::runbook::{Argument, CallSpec, EvaluateError, Runbook, Scope, Step, StepKind, Typing};

/// Why a step cannot be bound. The checker finds most of these before a run; what is left depends on what the world
/// answered.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum BindError {
    /// The operation is not in the catalogue: the run was planned by another version of the program.
    #[error("this version of the program does not know the action `{0}`")]
    Action(String),
    /// An expression has no value.
    #[error("`{argument}` cannot be worked out: {source}")]
    Argument {
        /// The argument.
        argument: String,
        /// Why.
        source: EvaluateError,
    },
    /// A list was needed.
    #[error("`for_each` gives {0}, not a list")]
    NotAList(&'static str),
    /// The list is longer than the runbook allows.
    #[error("`for_each` has {found} items, and the runbook allows at most {at_most}")]
    TooMany {
        /// How many there are.
        found: usize,
        /// How many there may be.
        at_most: u32,
    },
    /// A text must name a moment.
    #[error("`{0}` is not a moment, as `2026-03-01T03:10:00Z`")]
    NotAMoment(String),
    /// What a nested runbook is given is not what it takes.
    #[error("{0}")]
    Inputs(String),
    /// The row refuses the arguments.
    #[error("{action} cannot be rendered: {source}")]
    Render {
        /// The operation.
        action: String,
        /// Why.
        source: RenderError,
    },
}

/// What the names in a run's expressions stand for: `inputs`, `steps`, `item` and `self`.
pub struct Names<'a> {
    runbook: &'a Runbook,
    inputs: &'a [Input],
    outputs: &'a BTreeMap<StepId, Value>,
    item: Option<&'a Value>,
    itself: Option<&'a Value>,
}

impl<'a> Names<'a> {
    /// The names of a run whose steps have given `outputs` so far.
    pub fn new(plan: &'a Plan, outputs: &'a BTreeMap<StepId, Value>) -> Self {
        Self::within(&plan.runbook, &plan.inputs, outputs)
    }

    /// The names inside of a nested runbook that was given `inputs`.
    pub const fn within(runbook: &'a Runbook, inputs: &'a [Input], outputs: &'a BTreeMap<StepId, Value>) -> Self {
        Self { runbook, inputs, outputs, item: None, itself: None }
    }

    /// The same inside an item of a `for_each`.
    #[must_use]
    pub const fn with_item(mut self, item: Option<&'a Value>) -> Self {
        self.item = item;
        self
    }

    /// The same where `self.outputs` are known.
    #[must_use]
    pub const fn with_self(mut self, outputs: Option<&'a Value>) -> Self {
        self.itself = outputs;
        self
    }
}

impl Scope for Names<'_> {
    fn root(&self, name: &str) -> Option<Value> {
        let of_outputs = |outputs: &Value| Value::record([("outputs", outputs.clone())]);
        match name {
            "inputs" => {
                let inputs = self.inputs.iter().map(|input| (input.name.clone(), input.value.clone()));
                Some(Value::Record(inputs.collect()))
            }
            "steps" => {
                let steps = self.outputs.iter().map(|(id, outputs)| (id.to_string(), of_outputs(outputs)));
                Some(Value::Record(steps.collect()))
            }
            "item" => self.item.cloned(),
            "self" => self.itself.map(of_outputs),
            _ => None,
        }
    }

    fn typing(&self, path: &[&str]) -> Typing {
        declared(self.runbook, path)
    }
}

/// The declared type of what a path stands for in a run of the runbook: an input, an output of an operation, or a field that a
/// person has filled in. Those of a nested runbook stand in its own text, and what `item` and `self` are in the step.
pub(super) fn declared(runbook: &Runbook, path: &[&str]) -> Typing {
    let found = match path {
        ["inputs", name, rest @ ..] => {
            let parameter = runbook.parameters.iter().find(|known| known.name == *name);
            parameter.map(|parameter| (Typing::from(&parameter.kind), rest))
        }
        ["steps", step, "outputs", name, rest @ ..] => {
            let step = runbook.step(&StepId::new(*step));
            let typed = step.and_then(|step| Some((output(&step.kind, name)?, step.for_each.is_some())));
            typed.map(|(kind, is_list)| (if is_list { Typing::list(kind) } else { kind }, rest))
        }
        _ => None,
    };
    found.map_or(Typing::Unknown, |(typing, rest)| typing.along(rest))
}

/// The declared type of an output of a step.
fn output(kind: &StepKind, name: &str) -> Option<Typing> {
    if let StepKind::Manual { fields, .. } = kind {
        return fields.iter().find(|field| field.name == name).map(|field| Typing::from(&field.kind));
    }
    let row = effect::find(&kind.call()?.action)?;
    row.outputs.iter().find(|output| output.name == name).map(|output| Typing::from(output.kind))
}

/// An operation bound to its arguments, with the exact request.
pub struct Bound {
    /// The operation's row.
    pub row: &'static Row,
    /// The operation and its arguments.
    pub call: Call,
    /// The request.
    pub request: Request,
}

/// Works out the arguments of a call and renders its request.
///
/// # Errors
/// See [`BindError`].
pub fn bind(spec: &CallSpec, names: &dyn Scope) -> Result<Bound, BindError> {
    let row = effect::find(&spec.action).ok_or_else(|| BindError::Action(spec.action.clone()))?;
    let call = Call { action: spec.action.clone(), args: arguments(&spec.with, names)? };
    let request =
        (row.render)(&call.args).map_err(|source| BindError::Render { action: spec.action.clone(), source })?;
    Ok(Bound { row, call, request })
}

/// The risk of a step: that of its row, unless the runbook raises it.
pub fn risk(step: &Step) -> Risk {
    let StepKind::Action(spec) = &step.kind else { return Risk::Read };
    let of_row = effect::find(&spec.action).map_or(Risk::Irreversible, |row| row.risk);
    step.confirm.map_or(of_row, |raised| raised.max(of_row))
}

pub(super) fn arguments(with: &BTreeMap<String, Argument>, names: &dyn Scope) -> Result<Args, BindError> {
    let mut args = Args::new();
    let mut versions = Vec::new();
    for (name, argument) in with {
        if let Argument::VersionOf { version, secret } = argument {
            versions.push((name, version, secret));
        } else {
            args.insert(name.clone(), value(name, argument, names)?);
        }
    }
    // Which vault, and unless it says so itself which secret, the arguments beside it say.
    for (name, version, secret) in versions {
        let version = version.evaluate(names).map_err(|source| failed(name, source))?;
        let own = secret.as_ref().map(|secret| secret.evaluate(names).map_err(|source| failed(name, source)));
        let own = own.transpose()?;
        let secret = SecretRef::Version {
            vault: args.get("vault").and_then(|vault| vault.field("url")).map(ToString::to_string).unwrap_or_default(),
            name: own.as_ref().or(args.get("name")).map(ToString::to_string).unwrap_or_default(),
            version: version.to_string(),
        };
        args.insert(name.clone(), Value::Secret { secret });
    }
    Ok(args)
}

fn value(name: &str, argument: &Argument, names: &dyn Scope) -> Result<Value, BindError> {
    Ok(match argument {
        Argument::Template { text } => text.evaluate(names).map_err(|source| failed(name, source))?,
        Argument::Literal { value } => value.clone(),
        Argument::Record { fields } => Value::Record(arguments(fields, names)?),
        Argument::List { items } => {
            let items: Result<Vec<_>, _> = items.iter().map(|item| value(name, item, names)).collect();
            Value::List(items?)
        }
        Argument::Generate { bytes, encoding } => {
            Value::Secret { secret: SecretRef::Generate { bytes: *bytes, encoding: *encoding } }
        }
        Argument::VersionOf { version, .. } => version.evaluate(names).map_err(|source| failed(name, source))?,
    })
}

fn failed(argument: &str, source: EvaluateError) -> BindError {
    BindError::Argument { argument: argument.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Digest;
    use crate::plan::{Input, Mode, Origin, Place, Revision};
    use crate::runbook::{EstateKind, Expression, check};

    fn plan(inputs: [(&str, Value); 3]) -> Plan {
        let text = "runbook: r\nformat: 1\nversion: 1.0.0\ntitle: T\nparameters:\n\
            \x20 pause: {type: duration}\n  longest: {type: duration}\n  build: {type: string}\n\
            steps:\n  - {id: see, title: S, check: http.get, with: {url: 'https://example.com'}}\n";
        let checked = check("r.yaml", text.as_bytes());
        let input = |(name, value): (&str, Value)| Input { name: name.to_owned(), value };
        Plan {
            runbook: checked.runbook.unwrap_or_else(|| panic!("{:?}", checked.findings)),
            revision: Revision { text: Digest::of("text-v1", text.as_bytes()), origin: Origin::File },
            inputs: inputs.into_iter().map(input).collect(),
            place: Place {
                environment: "sim".into(),
                estate: EstateKind::Simulated,
                tenant: String::new(),
                subscription: String::new(),
                protected: false,
                drill: Vec::new(),
            },
            mode: Mode::Live,
            nested: Vec::new(),
            resources: None,
            exercise: None,
        }
    }

    #[test]
    fn a_run_compares_by_the_types_that_its_runbook_declares() {
        let plan =
            plan([("pause", Value::text("60s")), ("longest", Value::text("1m")), ("build", Value::text("1.10"))]);
        let outputs = BTreeMap::from([(StepId::new("see"), Value::record([("status", Value::Integer(200))]))]);
        let names = Names::new(&plan, &outputs);
        for (source, holds) in [
            ("inputs.pause == inputs.longest", true),
            ("inputs.pause < inputs.longest", false),
            ("inputs.build == '1.1'", false),
            ("steps.see.outputs.status < 300", true),
        ] {
            assert_eq!(Expression::parse(source).unwrap().evaluate(&names), Ok(Value::Boolean(holds)), "{source}");
        }
        for (path, typing) in [
            (&["inputs", "pause"][..], Typing::Duration),
            (&["steps", "see", "outputs", "status"], Typing::Integer),
            (&["steps", "see", "outputs", "fields", "build"], Typing::Unknown),
            (&["steps", "gone", "outputs", "status"], Typing::Unknown),
            (&["item"], Typing::Unknown),
        ] {
            assert_eq!(names.typing(path), typing, "{path:?}");
        }
    }
}
