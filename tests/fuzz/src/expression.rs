//! Any text at all as an expression and as a template: reading ends, what was read reads the same again, and evaluation
//! ends with a value or a sentence.

#![no_main]

use callout::base::Value;
use callout::runbook::{Expression, Scope, Template};
use libfuzzer_sys::fuzz_target;

/// A small world with a value of every type under each name.
struct World;

impl Scope for World {
    fn root(&self, name: &str) -> Option<Value> {
        let app = |name: &str| Value::record([("name", Value::text(name)), ("up", Value::Boolean(true))]);
        let fields = || {
            Value::record([
                ("text", Value::text("2026-03-01T03:10:00Z")),
                ("span", Value::text("5m")),
                ("decimal", Value::text("1.50")),
                ("number", Value::Integer(7)),
                ("yes", Value::Boolean(true)),
                ("apps", Value::List(vec![app("a"), app("b"), app("a")])),
                ("words", Value::List((0..200).map(|n| Value::text(format!("word {n}"))).collect())),
            ])
        };
        match name {
            "inputs" => Some(fields()),
            "steps" => Some(Value::record([("s", Value::record([("outputs", fields())]))])),
            "item" => Some(app("item")),
            "self" => Some(Value::record([("outputs", fields())])),
            _ => None,
        }
    }
}

fuzz_target!(|text: &str| {
    if let Ok(expression) = Expression::parse(text) {
        assert_eq!(Expression::parse(expression.source()).unwrap().source(), expression.source());
        let _ = expression.evaluate(&World);
    }
    if let Ok(template) = Template::parse(text) {
        assert_eq!(template.source(), text);
        let _ = template.evaluate(&World);
    }
});
