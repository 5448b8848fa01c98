use std::collections::BTreeMap;

use thiserror::Error;

use super::Plan;
use crate::base::{SecretRef, StepId, Value};
use crate::effect::{self, Args, Call, RenderError, Request, Risk, Row};
use crate::runbook::{Argument, CallSpec, EvaluateError, Scope, Step, StepKind};

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
    /// The step is of a kind that this version plans and cannot run.
    #[error("this version of the program cannot run a step with `{0}`")]
    Kind(&'static str),
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
    plan: &'a Plan,
    outputs: &'a BTreeMap<StepId, Value>,
    item: Option<&'a Value>,
    itself: Option<&'a Value>,
}

impl<'a> Names<'a> {
    /// The names of a run whose steps have given `outputs` so far.
    pub const fn new(plan: &'a Plan, outputs: &'a BTreeMap<StepId, Value>) -> Self {
        Self { plan, outputs, item: None, itself: None }
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
                let inputs = self.plan.inputs.iter().map(|input| (input.name.clone(), input.value.clone()));
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

fn arguments(with: &BTreeMap<String, Argument>, names: &dyn Scope) -> Result<Args, BindError> {
    let mut args = Args::new();
    let mut versions = Vec::new();
    for (name, argument) in with {
        if let Argument::VersionOf { version } = argument {
            versions.push((name, version));
        } else {
            args.insert(name.clone(), value(name, argument, names)?);
        }
    }
    // A version of "the very secret": which one that is, the arguments beside it say.
    for (name, version) in versions {
        let version = version.evaluate(names).map_err(|source| failed(name, source))?;
        let secret = SecretRef::Version {
            vault: args.get("vault").and_then(|vault| vault.field("url")).map(ToString::to_string).unwrap_or_default(),
            name: args.get("name").map(ToString::to_string).unwrap_or_default(),
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
        Argument::VersionOf { version } => version.evaluate(names).map_err(|source| failed(name, source))?,
    })
}

fn failed(argument: &str, source: EvaluateError) -> BindError {
    BindError::Argument { argument: argument.to_owned(), source }
}
