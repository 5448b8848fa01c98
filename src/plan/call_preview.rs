use std::collections::BTreeMap;

use super::arguments::Arguments;
use super::known::{Known, Later};
use crate::base::Value;
use crate::effect::{self, Args, Reply, Request, Row};
use crate::runbook::CallSpec;

/// How many requests of one read are shown at most. Real reads have a handful; a row that never ends must not either.
const REQUESTS_MAX: usize = 1_000;

/// What a call would ask of the world, as far as that can be known before anything has run.
#[derive(Clone, Debug)]
pub struct CallPreview {
    /// The operation.
    pub action: String,
    /// The operation's row; none if this version of the program does not know it.
    pub row: Option<&'static Row>,
    /// Every request that is known: method and address on one line, the body on the next. Secrets stand as references,
    /// what an earlier step will tell as `«steps.…»`.
    pub requests: Vec<String>,
    /// The requests that only the answers to those will tell, in words.
    pub foretold: Vec<String>,
    /// Why there is no request, if there is none.
    pub unknown: Option<String>,
    /// The arguments that are not in the request because nothing can stand for them, with what they will be.
    pub left_out: Vec<(String, String)>,
    /// The steps after which all of it is known, each once.
    pub known_after: Vec<String>,
    /// The resources that the arguments name.
    pub targets: Vec<TargetName>,
    /// The targets that the effect locks, as far as they are known. Empty for a read.
    pub locks: Vec<String>,
    /// The text that is typed to confirm it.
    pub read_back: Option<String>,
    pub(super) arguments: Arguments,
    pub(super) rendered: Vec<Request>,
}

/// A resource of the environment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TargetName {
    /// The name.
    pub name: String,
    /// The Resource Manager id.
    pub id: String,
}

impl CallPreview {
    pub(super) fn of(spec: &CallSpec, known: &Known<'_>) -> Self {
        let row = effect::find(&spec.action);
        let arguments = Arguments::of(&spec.with, row, known);
        let (rendered, unknown) = requests(spec, row, &arguments);
        let back = |text: &str| arguments.stand_ins.put_back(text);
        let foretold = row.and_then(|row| row.follow).filter(|_| unknown.is_none());
        let foretold = foretold.map(|follow| (follow.foretell)(&arguments.args)).unwrap_or_default();
        let change = row.and_then(|row| row.change.as_ref());
        let locks = change.map(|change| (change.locks)(&arguments.args)).unwrap_or_default();
        Self {
            action: spec.action.clone(),
            row,
            requests: rendered.iter().map(|request| back(&request.shown())).collect(),
            foretold: foretold.iter().map(|text| back(text)).collect(),
            unknown: unknown.map(|why| back(&why)),
            left_out: arguments.left_out.iter().map(|(name, later)| (name.clone(), later.label.clone())).collect(),
            known_after: after(&arguments),
            targets: targets(&arguments),
            locks: locks.into_iter().filter(|lock| !arguments.stand_ins.stand_in(lock)).collect(),
            read_back: change.map(|change| back(&(change.read_back)(&arguments.args))),
            arguments,
            rendered,
        }
    }
}

/// Every request that does not depend on an answer, or why there is none.
fn requests(spec: &CallSpec, row: Option<&Row>, arguments: &Arguments) -> (Vec<Request>, Option<String>) {
    let Some(row) = row else { return (Vec::new(), Some(format!("the action `{}` is not known", spec.action))) };
    if let Some(why) = &arguments.wrong {
        return (Vec::new(), Some(why.clone()));
    }
    let missing = arguments.left_out.iter().find(|(name, _)| {
        let parameter = row.parameters.iter().find(|parameter| parameter.name == name);
        parameter.is_some_and(|parameter| parameter.presence == effect::Presence::Required)
    });
    if let Some((name, Later { label, .. })) = missing {
        return (Vec::new(), Some(format!("`{name}` will be «{label}»")));
    }
    match (row.render)(&arguments.args) {
        Ok(first) => (with_those_that_follow(row, &arguments.args, first), None),
        Err(why) => (Vec::new(), Some(why.to_string())),
    }
}

/// Answers without a body give the requests that follow from any answer.
fn with_those_that_follow(row: &Row, args: &Args, first: Request) -> Vec<Request> {
    let mut requests = vec![first];
    if let Some(follow) = row.follow {
        let mut replies = vec![Reply::empty(200)];
        loop {
            let next = (follow.next)(args, &replies);
            if next.is_empty() || requests.len() + next.len() > REQUESTS_MAX {
                break;
            }
            replies.extend(next.iter().map(|_| Reply::empty(200)));
            requests.extend(next);
        }
    }
    requests
}

fn after(arguments: &Arguments) -> Vec<String> {
    let left_out = arguments.left_out.iter().flat_map(|(_, later)| &later.after);
    let mut after: Vec<String> = Vec::new();
    for path in arguments.stand_ins.after().chain(left_out) {
        if !after.contains(path) {
            after.push(path.clone());
        }
    }
    after.sort();
    after
}

fn targets(arguments: &Arguments) -> Vec<TargetName> {
    let mut found = BTreeMap::new();
    for value in arguments.args.values() {
        collect(value, arguments, &mut found);
    }
    found.into_iter().map(|(id, name)| TargetName { name, id }).collect()
}

fn collect(value: &Value, arguments: &Arguments, found: &mut BTreeMap<String, String>) {
    let text = |name| value.field(name).and_then(Value::as_text);
    match value {
        Value::List(items) => {
            for item in items {
                collect(item, arguments, found);
            }
        }
        Value::Record(fields) => {
            if let (Some(name), Some(id)) = (text("name"), text("id"))
                && !arguments.stand_ins.stand_in(id)
            {
                found.insert(id.to_owned(), name.to_owned());
            } else {
                for value in fields.values() {
                    collect(value, arguments, found);
                }
            }
        }
        _ => {}
    }
}
