//! No expression takes long, whatever it says and whatever it is given.

use std::time::{Duration, Instant};

use super::*;
use crate::runbook::Template;

/// Far more than any expression takes on a busy machine, and far less than any of these would without a limit.
const AT_ONCE: Duration = Duration::from_secs(5);

fn many() -> Inputs {
    let texts = Value::List((0..10_000).map(|number| Value::text(format!("app-{number}"))).collect());
    let long = Value::List(vec![Value::text("x".repeat(1 << 20)); 64]);
    Inputs::default()
        .with("many", Typing::list(Typing::String), texts)
        .with("long", Typing::list(Typing::String), long)
        .with("text", Typing::String, Value::text("x".repeat(1 << 20)))
}

fn costs(source: &str) -> Result<Value, EvaluateError> {
    let begun = Instant::now();
    let value = parse(source).evaluate(&many());
    assert!(begun.elapsed() < AT_ONCE, "{source} took {:?}", begun.elapsed());
    value
}

#[test]
fn ten_thousand_items_are_no_trouble_once_and_too_many_for_each_other() {
    assert_eq!(costs("length(inputs.many)"), Ok(Value::Integer(10_000)));
    assert_eq!(costs("contains(inputs.many, 'app-9999')"), Ok(Value::Boolean(true)));
    assert_eq!(costs("length(filter(inputs.many, a => a != 'app-7'))"), Ok(Value::Integer(9_999)));
    assert_eq!(costs("first(sort(inputs.many)) == 'app-0'"), Ok(Value::Boolean(true)));
    for source in [
        "map(inputs.many, a => any(inputs.many, b => any(inputs.many, c => any(inputs.many, d => d == a))))",
        "all(inputs.many, a => all(inputs.many, b => a == b || true))",
        "all(inputs.many, a => contains(inputs.many, 'nobody') == false)",
        "all(inputs.many, a => length(sort(inputs.many)) > 0)",
        "all(inputs.many, a => length(unique(inputs.many)) > 0)",
        "all(inputs.many, a => inputs.text == inputs.text)",
        "all(inputs.many, a => !contains(inputs.text, 'y'))",
        "all(inputs.many, a => length(inputs.text) > 0)",
        "all(inputs.many, a => !contains(inputs.long, 'y'))",
    ] {
        assert_eq!(costs(source), Err(EvaluateError::TooExpensive), "{source}");
    }
}

#[test]
fn no_expression_makes_more_than_a_mebibyte() {
    for source in [
        "map(inputs.many, a => inputs.text)",
        "map(inputs.many, a => map(inputs.many, b => a))",
        "map(inputs.many, a => map(inputs.many, b => true))",
        "filter(inputs.long, a => true)",
        "join(inputs.long, '')",
        "join(inputs.many, inputs.text)",
        "split(inputs.text, 'x')",
        "lower(inputs.text)",
        "unique(inputs.long)",
    ] {
        let error = costs(source).unwrap_err();
        assert!(matches!(error, EvaluateError::TooLarge | EvaluateError::TooExpensive), "{source}: {error}");
    }
    assert_eq!(
        costs("inputs.text").unwrap().as_text().map(str::len),
        Some(1 << 20),
        "what is passed on does not count"
    );
}

#[test]
fn the_holes_of_a_text_share_what_they_may_cost() {
    let hole = "${{ length(filter(inputs.many, a => a != 'x')) }} ";
    assert!(Template::parse(hole).unwrap().evaluate(&many()).is_ok());
    let error = Template::parse(&hole.repeat(1_000)).unwrap().evaluate(&many()).unwrap_err();
    assert!(matches!(error, EvaluateError::TooExpensive | EvaluateError::TooLarge), "{error}");
    let large = Template::parse("${{ inputs.text }}${{ inputs.text }}").unwrap();
    assert_eq!(large.evaluate(&many()), Err(EvaluateError::TooLarge));
}

#[test]
fn five_thousand_parentheses_are_refused_and_not_followed() {
    let bound = (0..100).fold(String::new(), |text, number| text + &format!("map(a, x{number} => "));
    for deep in ["(", "!", "length(", "true && (!", &bound] {
        let text = deep.repeat(1_990 / deep.len());
        let why = Expression::parse(&text).unwrap_err().1;
        assert!(why.contains("levels deep"), "{deep}: {why}");
    }
    assert!(Expression::parse(&"(".repeat(5_000)).unwrap_err().1.contains("bytes"));
    let deepest = format!("{}true{}", "(".repeat(Expression::DEPTH_MAX), ")".repeat(Expression::DEPTH_MAX));
    assert_eq!(value(&deepest), Ok(Value::Boolean(true)));
}
