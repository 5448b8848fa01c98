//! What holds for every expression.

use proptest::collection::vec;
use proptest::prelude::*;

use super::generated::{Author, expression, inputs};
use super::*;
use crate::base::{Decimal, Span, Timestamp};
use crate::runbook::Template;

/// Words and signs in any order, which are far more often nearly an expression than random letters are.
fn soup() -> impl Strategy<Value = String> {
    let words = vec![
        "inputs",
        ".",
        "app",
        "apps",
        "(",
        ")",
        ",",
        "==",
        "<",
        "=>",
        "&&",
        "||",
        "!",
        "'a'",
        "\"",
        "'",
        "5m",
        "0.5",
        "-3",
        "filter",
        "map",
        "contains",
        "if",
        "x",
        "true",
        "${{",
        "}}",
        "é",
        "[",
        "9007199254740993",
        "\u{1F600}",
        "-",
        " ",
    ];
    vec(prop::sample::select(words), 0..40).prop_map(|words| words.concat())
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,60}",
        soup(),
        expression(Author::Careless).prop_map(|(source, _)| source),
        soup().prop_map(|soup| format!("text ${{{{ {soup} }}}} text")),
    ]
}

/// Tells whether a value is of a type.
fn is_of(value: &Value, typing: &Typing) -> bool {
    match (typing, value) {
        (Typing::String, Value::Text(_))
        | (Typing::Integer, Value::Integer(_))
        | (Typing::Boolean, Value::Boolean(_)) => true,
        (Typing::Decimal, Value::Text(text)) => Decimal::parse(text).is_ok(),
        (Typing::Duration, Value::Text(text)) => Span::parse(text).is_ok(),
        (Typing::Timestamp, Value::Text(text)) => text.parse::<Timestamp>().is_ok(),
        (Typing::Target(_), Value::Record(fields)) => fields.contains_key("id") && fields.contains_key("name"),
        (Typing::List(item), Value::List(items)) => items.iter().all(|value| is_of(value, item)),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused_at_a_place_within_it(text in any_text(), inputs in inputs()) {
        match Expression::read(&text) {
            Ok(expression) => {
                let again = parse(expression.source());
                prop_assert_eq!(again.source(), expression.source());
                prop_assert_eq!(format!("{:?}", again.tree()), format!("{:?}", expression.tree()));
                let mut mistakes = Vec::new();
                expression.typing(&inputs, &mut mistakes);
                for mistake in mistakes {
                    prop_assert!(expression.source().get(mistake.at).is_some_and(|part| !part.is_empty()));
                }
                let _ = expression.evaluate(&inputs);
            }
            Err(flaw) => prop_assert!(text.get(flaw.at).is_some()),
        }
        match Template::read(&text) {
            Ok(template) => prop_assert_eq!(template.source(), text.as_str()),
            Err(flaw) => prop_assert!(text.get(flaw.at).is_some()),
        }
    }

    #[test]
    fn what_the_checker_accepts_has_a_value_of_the_type_that_it_said(
        (source, wanted) in expression(Author::Careful),
        inputs in inputs(),
    ) {
        let Ok(expression) = Expression::parse(&source) else {
            prop_assert!(source.len() > Expression::BYTES_MAX, "{}", source);
            return Ok(());
        };
        let mut mistakes = Vec::new();
        let typing = expression.typing(&inputs, &mut mistakes);
        prop_assert!(mistakes.is_empty(), "{}: {:?}", source, mistakes);
        prop_assert_eq!(&typing, &wanted, "{}", &source);
        match expression.evaluate(&inputs) {
            Ok(value) => prop_assert!(is_of(&value, &typing), "{} is {:?}, not {}", source, value, typing),
            Err(EvaluateError::Empty(_) | EvaluateError::TooExpensive | EvaluateError::TooLarge) => {}
            Err(other) => prop_assert!(false, "{}: {}", source, other),
        }
    }

    #[test]
    fn a_careless_author_is_stopped_by_the_checker_or_by_nothing(
        (source, _) in expression(Author::Careless),
        inputs in inputs(),
    ) {
        let Ok(expression) = Expression::parse(&source) else { return Ok(()) };
        let mut mistakes = Vec::new();
        let typings = expression.typings(&inputs, &mut mistakes);
        if mistakes.is_empty() && !typings.contains(&Typing::Unknown) && !source.contains("inputs.fields") {
            let value = expression.evaluate(&inputs);
            prop_assert!(!matches!(value, Err(EvaluateError::Type { .. } | EvaluateError::Unknown(_))), "{}", source);
        }
    }

    #[test]
    fn a_secret_leaves_an_expression_whole_or_not_at_all(
        (source, _) in expression(Author::Careless),
        inputs in inputs(),
    ) {
        let Ok(expression) = Expression::parse(&source) else { return Ok(()) };
        let mut mistakes = Vec::new();
        expression.typing(&inputs, &mut mistakes);
        let said = format!("{mistakes:?}");
        prop_assert!(!said.contains(CANARY), "{}", said);
        match expression.evaluate(&inputs) {
            Ok(value) if format!("{value:?}").contains(CANARY) => {
                let whole = ["inputs.key", "inputs.keys", "inputs.fields", "inputs.fields.key"];
                prop_assert!(whole.contains(&expression.source()), "{} is {:?}", source, value);
            }
            Ok(_) => {}
            Err(why) => prop_assert!(!format!("{why:?} {why}").contains(CANARY), "{}: {}", source, why),
        }
        let text = Template::parse(&format!("text ${{{{ {source} }}}}")).unwrap();
        let shown = text.evaluate(&inputs).map_or_else(|why| why.to_string(), |value| value.to_string());
        prop_assert!(!shown.contains(CANARY), "{}", shown);
    }

    #[test]
    fn every_evaluation_ends_within_its_budget((source, _) in expression(Author::Careful), length in 1_usize..3_000) {
        let Ok(expression) = Expression::parse(&source) else { return Ok(()) };
        let many = |typing: &Typing, value: &Value| (Typing::list(typing), Value::List(vec![value.clone(); length]));
        let mut inputs = Inputs::default();
        for (name, typing, value) in [
            ("string", Typing::String, Value::text("a,b")),
            ("integer", Typing::Integer, Value::Integer(3)),
            ("decimal", Typing::Decimal, Value::text("0.5")),
            ("boolean", Typing::Boolean, Value::Boolean(true)),
            ("duration", Typing::Duration, Value::text("5m")),
            ("timestamp", Typing::Timestamp, Value::text("2026-11-20T03:10:00Z")),
            ("app", Typing::Target(TargetKind::Webapp), target("web")),
        ] {
            let (list, values) = many(&typing, &value);
            inputs = inputs.with(name, typing, value).with(&format!("{name}s"), list, values);
        }
        let begun = std::time::Instant::now();
        let value = expression.evaluate(&inputs);
        prop_assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{} took {:?}", source, begun.elapsed());
        prop_assert!(!matches!(value, Err(EvaluateError::Type { .. } | EvaluateError::Unknown(_))), "{}", source);
    }
}
