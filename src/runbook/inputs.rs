use std::collections::BTreeMap;
use std::fmt;

use super::pattern::Pattern;
use super::read::{bounded_span, truth, whole_number};
use super::{Environment, Parameter, ParameterType, Runbook};
use crate::base::{Value, did_you_mean};
use crate::effect::TargetKind;

/// Something that is wrong with an input. Its text is a sentence without its full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputProblem {
    /// The parameter, or the name that was given for one.
    pub parameter: String,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl fmt::Display for InputProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, "; {help}"))
    }
}

/// The inputs of a run: what was given, else what the environment has for this runbook, else the parameter's default.
///
/// Every parameter of the runbook is in the answer. A target is resolved, by its name or its full resource id, to a record
/// of `name`, `id` and `url`; a list is given as text with commas between its items.
///
/// # Errors
/// Every problem at once: a name that is no parameter or is given twice, a value of the wrong type or outside pattern,
/// choices or bounds, a target that the environment does not have, a parameter without any value.
pub fn bind_inputs(
    runbook: &Runbook,
    given: &[(String, String)],
    environment: &Environment,
) -> Result<BTreeMap<String, Value>, Vec<InputProblem>> {
    let mut problems = strangers(runbook, given);
    let mut bound = BTreeMap::new();
    let defaults = environment.inputs.get(&runbook.id);
    for parameter in &runbook.parameters {
        let text = given.iter().find(|(name, _)| *name == parameter.name).map(|(_, text)| text.as_str());
        let fallback = || defaults.and_then(|inputs| inputs.get(&parameter.name)).or(parameter.default.as_ref());
        let value = match (text, fallback()) {
            (Some(text), _) => from_text(&parameter.kind, text),
            (None, Some(value)) => from_value(&parameter.kind, value),
            (None, None) => {
                problems.push(missing(parameter));
                continue;
            }
        };
        match value.and_then(|value| resolve(&parameter.kind, value, environment)) {
            Ok(value) => {
                bound.insert(parameter.name.clone(), value);
            }
            Err(Wrong { message, help }) => {
                let message = format!("the input `{}` is wrong: {message}", parameter.name);
                problems.push(InputProblem { parameter: parameter.name.clone(), message, help });
            }
        }
    }
    if problems.is_empty() { Ok(bound) } else { Err(problems) }
}

/// Why a value does not fit.
struct Wrong {
    message: String,
    help: Option<String>,
}

impl From<String> for Wrong {
    fn from(message: String) -> Self {
        Self { message, help: None }
    }
}

fn strangers(runbook: &Runbook, given: &[(String, String)]) -> Vec<InputProblem> {
    let names = || runbook.parameters.iter().map(|parameter| parameter.name.as_str());
    let mut problems = Vec::new();
    for (index, (name, _)) in given.iter().enumerate() {
        let earlier = given[..index].iter().any(|(earlier, _)| earlier == name);
        let (message, help) = if earlier {
            (format!("the input `{name}` is given twice"), "give it once".to_owned())
        } else if names().any(|known| known == name) {
            continue;
        } else {
            let help = match did_you_mean(name, names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("its parameters are {}", super::fields::list(names())),
            };
            (format!("`{}` has no parameter `{name}`", runbook.id), help)
        };
        problems.push(InputProblem { parameter: name.clone(), message, help: Some(help) });
    }
    problems
}

fn missing(parameter: &Parameter) -> InputProblem {
    let described = parameter.description.as_ref().map(|text| format!(" ({text})")).unwrap_or_default();
    InputProblem {
        parameter: parameter.name.clone(),
        message: format!("the input `{}`{described} is missing, and nothing supplies it", parameter.name),
        help: Some(format!("add `-i {}=…`", parameter.name)),
    }
}

fn from_text(kind: &ParameterType, text: &str) -> Result<Value, Wrong> {
    let ParameterType::List { of } = kind else { return Ok(given(kind, text)?) };
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    items.map(|item| from_text(of, item)).collect::<Result<_, _>>().map(Value::List)
}

/// A value that an environment or a default supplies: of the right type already, or text that has yet to be read.
fn from_value(kind: &ParameterType, value: &Value) -> Result<Value, Wrong> {
    match (kind, value) {
        (ParameterType::List { of }, Value::List(items)) => {
            items.iter().map(|item| from_value(of, item)).collect::<Result<_, _>>().map(Value::List)
        }
        (_, Value::Text(text)) => from_text(kind, text),
        (_, Value::Integer(number)) => Ok(given(kind, &number.to_string())?),
        (_, Value::Boolean(truth)) => Ok(given(kind, &truth.to_string())?),
        (_, other) => Err(format!("it is a {}, where {} is needed", other.type_name(), described(kind)).into()),
    }
}

/// Reads one value from text; a target stays a name or an id, because the environment is not known here.
///
/// # Errors
/// A sentence: what the text is not.
pub(super) fn given(kind: &ParameterType, text: &str) -> Result<Value, String> {
    match kind {
        ParameterType::String { pattern, choices } => {
            if let Some(pattern) = pattern
                && !Pattern::parse(pattern)?.matches(text)
            {
                return Err(format!("`{text}` does not match the pattern `{pattern}`"));
            }
            if !choices.is_empty() && !choices.iter().any(|choice| choice == text) {
                let choices = super::fields::list(choices.iter().map(String::as_str));
                return Err(format!("`{text}` is not one of {choices}"));
            }
            Ok(Value::text(text))
        }
        ParameterType::Integer { min, max } => {
            let number = whole_number(text).ok_or_else(|| format!("`{text}` is not a whole number"))?;
            match (min, max) {
                (Some(min), _) if number < *min => Err(format!("{number} is less than {min}")),
                (_, Some(max)) if number > *max => Err(format!("{number} is more than {max}")),
                _ => Ok(Value::Integer(number)),
            }
        }
        ParameterType::Boolean => {
            truth(text).map(Value::Boolean).ok_or_else(|| format!("`{text}` is neither `true` nor `false`"))
        }
        ParameterType::Duration => bounded_span(text).map(|_| Value::text(text)),
        ParameterType::Target { .. } if text.trim().is_empty() => Err("the name of a resource is empty".to_owned()),
        ParameterType::Target { .. } => Ok(Value::text(text.trim())),
        ParameterType::List { .. } => Err(format!("`{text}` is not a list")),
    }
}

/// Puts the environment's resources in the place of their names.
fn resolve(kind: &ParameterType, value: Value, environment: &Environment) -> Result<Value, Wrong> {
    match (kind, value) {
        (ParameterType::Target { of }, Value::Text(name)) => target(*of, &name, environment),
        (ParameterType::List { of }, Value::List(items)) => {
            items.into_iter().map(|item| resolve(of, item, environment)).collect::<Result<_, _>>().map(Value::List)
        }
        (_, value) => Ok(value),
    }
}

fn target(kind: TargetKind, name: &str, environment: &Environment) -> Result<Value, Wrong> {
    // Resource ids are compared without regard to case (Resource Manager, "resource names and ids").
    let named = |target: &&super::Target| target.name == name || target.id.eq_ignore_ascii_case(name);
    let mut candidates = environment.targets.iter().filter(named);
    if let Some(found) = candidates.clone().find(|target| target.kind == kind) {
        return Ok(found.value());
    }
    if let Some(other) = candidates.next() {
        return Err(format!("`{name}` is a {}, and a {kind} is needed", other.kind).into());
    }
    let known = || environment.targets.iter().filter(|target| target.kind == kind).map(|target| target.name.as_str());
    let help = match did_you_mean(name, known()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it has {}", super::fields::list(known())),
    };
    let message = format!("the environment `{}` has no {kind} `{name}`", environment.name);
    Err(Wrong { message, help: Some(help) })
}

fn described(kind: &ParameterType) -> String {
    match kind {
        ParameterType::String { .. } => "a string".to_owned(),
        ParameterType::Integer { .. } => "an integer".to_owned(),
        ParameterType::Boolean => "a boolean".to_owned(),
        ParameterType::Duration => "a duration".to_owned(),
        ParameterType::Target { of } => format!("a {of}"),
        ParameterType::List { of } => format!("a list, each item {}", described(of)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runbook() -> Runbook {
        let text = "runbook: r\nformat: 1\nversion: 1.0.0\ntitle: T\nparameters:\n\
            \x20 app: {type: webapp, description: the app}\n\
            \x20 apps: {type: list, of: webapp, default: [chatbot-web, chatbot-worker]}\n\
            \x20 name: {type: string, pattern: '[a-z]+', default: abc}\n\
            \x20 count: {type: integer, min: 1, max: 9, default: 3}\n\
            \x20 pause: {type: duration, default: 5m}\n\
            \x20 colour: {type: string, choices: [red, blue], default: red}\n\
            steps:\n  - {id: s, title: S, wait: {for: 1s}}\n";
        let checked = super::super::check("r.yaml", text.as_bytes());
        checked.runbook.unwrap_or_else(|| panic!("{:?}", checked.findings))
    }

    fn bind(given: &[(&str, &str)]) -> Result<BTreeMap<String, Value>, Vec<String>> {
        let given: Vec<_> = given.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        bind_inputs(&runbook(), &given, &Environment::simulated())
            .map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_target_is_found_by_name_and_by_id_and_becomes_a_record() {
        let by_name = bind(&[("app", "chatbot-web/staging")]).unwrap();
        let id = by_name["app"].field("id").unwrap().as_text().unwrap().to_uppercase();
        assert_eq!(bind(&[("app", &id)]).unwrap()["app"], by_name["app"]);
        assert_eq!(by_name["app"].field("url"), Some(&Value::text("https://chatbot-web-staging.azurewebsites.net")));
    }

    #[test]
    fn what_is_not_given_comes_from_the_default() {
        let bound = bind(&[("app", "chatbot-web"), ("apps", "chatbot-worker, chatbot-scheduler")]).unwrap();
        assert_eq!(bound["apps"].to_string(), "chatbot-worker, chatbot-scheduler");
        assert_eq!((&bound["count"], &bound["pause"]), (&Value::Integer(3), &Value::text("5m")));
    }

    #[test]
    fn every_problem_is_said_at_once_with_what_to_write_instead() {
        let problems = bind(&[
            ("ap", "x"),
            ("apps", "chatbot-wep, chatbot-kv"),
            ("name", "ABC"),
            ("count", "10"),
            ("pause", "soon"),
            ("colour", "green"),
            ("colour", "red"),
        ])
        .unwrap_err();
        let expected = [
            "`r` has no parameter `ap`; did you mean `app`?",
            "the input `colour` is given twice; give it once",
            "the input `app` (the app) is missing, and nothing supplies it; add `-i app=…`",
            "the input `apps` is wrong: the environment `sim` has no webapp `chatbot-wep`; did you mean `chatbot-web`?",
            "the input `name` is wrong: `ABC` does not match the pattern `[a-z]+`",
            "the input `count` is wrong: 10 is more than 9",
            "the input `pause` is wrong: `soon` is not a length of time; write for example `90s`, `5m` or `24h`",
            "the input `colour` is wrong: `green` is not one of `red` and `blue`",
        ];
        assert_eq!(problems, expected);
        let kind = bind(&[("app", "chatbot-kv")]).unwrap_err();
        assert_eq!(kind, ["the input `app` is wrong: `chatbot-kv` is a keyvault, and a webapp is needed"]);
    }
}
