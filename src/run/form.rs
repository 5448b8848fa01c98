use std::collections::BTreeMap;

use crate::base::Value;
use crate::effect::{self, Type};
use crate::runbook::{FieldKind, ManualField, ParameterType, Scope, Step, StepKind, read_value};

/// What is wrong with a form that a person has filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormProblem {
    /// The field.
    pub field: String,
    /// What is wrong, as a sentence.
    pub message: String,
}

impl std::fmt::Display for FormProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}`: {}", self.field, self.message)
    }
}

/// Gives each field of a manual step its typed value: what was filled in, else its default.
///
/// A secret is given as a reference, and evidence as a record with `name`, `sha256` and `bytes`; whoever takes the file in
/// makes it. `names` are what a default may read.
///
/// # Errors
/// Every problem: a field that is not there, has no value, or whose text is not of its type.
pub fn fill(fields: &[ManualField], given: &Value, names: &dyn Scope) -> Result<Value, Vec<FormProblem>> {
    let given = members(given);
    let strange = |name: &&String| !fields.iter().any(|field| field.name == **name);
    let mut problems: Vec<_> =
        given.keys().filter(strange).map(|name| problem(name, "there is no such field")).collect();
    let mut filled = BTreeMap::new();
    for field in fields {
        match value_of(field, given.get(&field.name), names) {
            Ok(value) => {
                filled.insert(field.name.clone(), value);
            }
            Err(message) => problems.push(problem(&field.name, message)),
        }
    }
    if problems.is_empty() { Ok(Value::Record(filled)) } else { Err(problems) }
}

/// Gives what a person says that an operation gave its declared types. Outputs may be left out: a later step that reads one
/// then says so.
///
/// # Errors
/// Every problem: an output that the operation does not have, or whose text is not of its type.
pub fn fill_outputs(step: &Step, given: &Value) -> Result<Value, Vec<FormProblem>> {
    if let StepKind::Manual { .. } | StepKind::Gate { .. } | StepKind::Runbook(_) = step.kind {
        return Err(vec![problem(step.id.as_str(), "gives nothing that could be said for it")]);
    }
    let row = step.kind.call().and_then(|call| effect::find(&call.action));
    let outputs = row.map(|row| row.outputs).unwrap_or_default();
    let mut problems = Vec::new();
    let mut filled = BTreeMap::new();
    for (name, value) in members(given) {
        let known = outputs.iter().find(|output| output.name == name).map(|output| parameter(output.kind));
        let typed = match known {
            None => Err("the operation gives no such output".to_owned()),
            Some(None) => Err("an output of this type cannot be typed".to_owned()),
            Some(Some(kind)) => read_value(&kind, value),
        };
        match typed {
            Ok(value) => {
                filled.insert(name.clone(), value);
            }
            Err(message) => problems.push(problem(name, message)),
        }
    }
    if problems.is_empty() { Ok(Value::Record(filled)) } else { Err(problems) }
}

fn members(given: &Value) -> &BTreeMap<String, Value> {
    static NONE: BTreeMap<String, Value> = BTreeMap::new();
    if let Value::Record(members) = given { members } else { &NONE }
}

fn value_of(field: &ManualField, given: Option<&Value>, names: &dyn Scope) -> Result<Value, String> {
    let value = match (given, &field.default) {
        (Some(value), _) => value.clone(),
        (None, Some(default)) => default.evaluate(names).map_err(|why| why.to_string())?,
        (None, None) => return Err("must be filled in".to_owned()),
    };
    match field_type(&field.kind) {
        Some(kind) => read_value(&kind, &value),
        None => evidence(&value),
    }
}

/// The shape of evidence that has been taken in.
fn evidence(value: &Value) -> Result<Value, String> {
    let text = |name: &str| value.field(name).and_then(Value::as_text).is_some();
    let size = matches!(value.field("bytes"), Some(Value::Integer(0..)));
    if text("name") && text("sha256") && size { Ok(value.clone()) } else { Err("give the path of a file".to_owned()) }
}

fn field_type(kind: &FieldKind) -> Option<ParameterType> {
    let plain = |choices: &[String], pattern: Option<String>| ParameterType::String {
        pattern,
        choices: choices.to_vec(),
        length: None,
    };
    let bound = |text: &Option<String>| text.as_deref().and_then(|text| crate::base::Decimal::parse(text).ok());
    Some(match kind {
        FieldKind::String { pattern } => plain(&[], pattern.clone()),
        FieldKind::Number { min, max } => ParameterType::Decimal { min: bound(min), max: bound(max) },
        FieldKind::Choice { choices } => plain(choices, None),
        FieldKind::Date => plain(&[], Some(DATE.to_owned())),
        FieldKind::Timestamp => ParameterType::Timestamp,
        FieldKind::Secret => ParameterType::Secret,
        FieldKind::Evidence => return None,
    })
}

/// A day, as RFC 3339's `full-date` writes it.
const DATE: &str = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])";

fn parameter(kind: Type) -> Option<ParameterType> {
    Some(match kind {
        Type::String => ParameterType::String { pattern: None, choices: Vec::new(), length: None },
        Type::Integer => ParameterType::Integer { min: None, max: None },
        Type::Decimal => ParameterType::Decimal { min: None, max: None },
        Type::Boolean => ParameterType::Boolean,
        Type::Duration => ParameterType::Duration { min: None, max: None },
        Type::Timestamp => ParameterType::Timestamp,
        Type::List(of) => ParameterType::List { of: Box::new(parameter(*of)?), length: None },
        Type::Secret | Type::Target(_) | Type::Record => return None,
    })
}

fn problem(field: &str, message: impl Into<String>) -> FormProblem {
    FormProblem { field: field.to_owned(), message: message.into() }
}
