//! What expressions mean, what is wrong with them and where, and what they may cost.

mod cost;
mod generated;
mod property;
mod types;
mod values;

use std::collections::BTreeMap;

use super::{EvaluateError, Expression, Mistake, Names, Scope, Typing, Unnamed};
use crate::base::{SecretRef, Value};
use crate::effect::TargetKind;
use crate::runbook::Code;

/// The text that no result and no message may hold.
const CANARY: &str = "CANARY_IN_THE_VAULT";

/// Some inputs with their types, both as the checker and as a run knows them.
#[derive(Clone, Debug, Default)]
struct Inputs(BTreeMap<String, (Typing, Value)>);

impl Inputs {
    fn with(mut self, name: &str, typing: Typing, value: Value) -> Self {
        self.0.insert(name.to_owned(), (typing, value));
        self
    }

    /// One input of every type.
    fn all() -> Self {
        let texts = |texts: &[&str]| Value::List(texts.iter().copied().map(Value::text).collect());
        let fields = [("build", Value::text("1.10")), ("queue", Value::text("41")), ("depth", Value::Integer(3))];
        Self::default()
            .with("app", Typing::Target(TargetKind::Webapp), target("web"))
            .with(
                "apps",
                Typing::list(Typing::Target(TargetKind::Webapp)),
                Value::List(vec![target("web"), target("api")]),
            )
            .with("vault", Typing::Target(TargetKind::Keyvault), target("kv"))
            .with("name", Typing::String, Value::text("Web-1"))
            .with("names", Typing::list(Typing::String), texts(&["worker", "web", "web"]))
            .with("none", Typing::list(Typing::String), Value::List(Vec::new()))
            .with("count", Typing::Integer, Value::Integer(3))
            .with("counts", Typing::list(Typing::Integer), Value::List([10, 9, 10].map(Value::Integer).to_vec()))
            .with("ratio", Typing::Decimal, Value::text("1.50"))
            .with("flag", Typing::Boolean, Value::Boolean(true))
            .with("pause", Typing::Duration, Value::text("60s"))
            .with("pauses", Typing::list(Typing::Duration), texts(&["90s", "1m", "60s", "1h"]))
            .with("moment", Typing::Timestamp, Value::text("2026-11-20T04:10:00+01:00"))
            .with("fields", Typing::Record, Value::record(fields))
            .with("key", Typing::Secret, secret())
            .with("keys", Typing::list(Typing::Secret), Value::List(vec![secret(), secret()]))
    }
}

fn target(name: &str) -> Value {
    let id = format!("/subscriptions/0/resourceGroups/rg/providers/Microsoft.Web/sites/{name}");
    let url = format!("https://{name}.example.net");
    Value::record([("name", Value::text(name)), ("id", Value::text(id)), ("url", Value::text(url))])
}

fn secret() -> Value {
    Value::Secret { secret: SecretRef::Environment { name: CANARY.into() } }
}

impl Names for Inputs {
    fn typing(&self, path: &[&str]) -> Result<Typing, Unnamed> {
        let unnamed = |segment| Unnamed { segment, code: Code::UnknownName, message: "nothing".into(), help: None };
        match path {
            ["inputs", name, ..] => self.0.get(*name).ok_or_else(|| unnamed(1))?.0.clone().descend(path, 2),
            _ => Err(unnamed(0)),
        }
    }
}

impl Scope for Inputs {
    fn root(&self, name: &str) -> Option<Value> {
        let values = || self.0.iter().map(|(name, (_, value))| (name.clone(), value.clone())).collect();
        (name == "inputs").then(|| Value::Record(values()))
    }

    fn typing(&self, path: &[&str]) -> Typing {
        Names::typing(self, path).unwrap_or(Typing::Unknown)
    }
}

fn parse(source: &str) -> Expression {
    Expression::parse(source).unwrap_or_else(|why| panic!("{source}: {why:?}"))
}

fn value(source: &str) -> Result<Value, EvaluateError> {
    parse(source).evaluate(&Inputs::all())
}

/// The type, and what is wrong.
fn typed(source: &str) -> (Typing, Vec<Mistake>) {
    let mut mistakes = Vec::new();
    let typing = parse(source).typing(&Inputs::all(), &mut mistakes);
    (typing, mistakes)
}

/// The only mistake: the text that it points at, its code, its message and its help.
fn mistake(source: &str) -> (String, Code, String, String) {
    let (_, mistakes) = typed(source);
    let [Mistake { at, code, message, help }] = mistakes.as_slice() else { panic!("{source}: {mistakes:?}") };
    (source[at.clone()].to_owned(), *code, message.clone(), help.clone().unwrap_or_default())
}

#[track_caller]
fn is_true(source: &str) {
    assert_eq!(typed(source).0, Typing::Boolean, "{source}");
    assert!(typed(source).1.is_empty(), "{source}: {:?}", typed(source).1);
    assert_eq!(value(source), Ok(Value::Boolean(true)), "{source}");
}
