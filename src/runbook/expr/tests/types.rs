//! What is wrong with expressions, and where.

use super::*;

#[test]
fn a_wrong_word_is_found_at_its_own_place_with_the_word_that_was_meant() {
    let (at, code, message, help) = mistake("filter(inputs.apps, a => a.nam == 'x')");
    assert_eq!((at.as_str(), code), ("nam", Code::Operand));
    assert_eq!((message.as_str(), help.as_str()), ("a webapp has no field `nam`", "did you mean `name`?"));

    let (at, code, _, help) = mistake("any(inputs.apps, app => ap.name == 'x')");
    assert_eq!((at.as_str(), code, help.as_str()), ("ap", Code::UnknownName, "did you mean `app`?"));

    let (at, _, message, help) = mistake("inputs.apps.name == 'x'");
    assert_eq!((at.as_str(), message.as_str()), ("name", "`inputs.apps` is a list of webapp and has no fields"));
    assert!(help.contains("map(inputs.apps, name => name.name)"), "{help}");
}

#[test]
fn only_like_is_compared_with_like() {
    for (source, at, message) in [
        ("inputs.count == 'three'", "'three'", "is a string, where an integer is needed"),
        ("'three' == inputs.count", "'three'", "is a string, where an integer is needed"),
        ("inputs.pause < inputs.count", "inputs.count", "is an integer, where a duration is needed"),
        ("inputs.count < 0.5", "0.5", "is a decimal, where an integer is needed"),
        ("inputs.ratio < inputs.count", "inputs.count", "is an integer, where a decimal is needed"),
        ("inputs.name < 5m", "inputs.name", "is a string, where a duration is needed"),
        ("inputs.name < inputs.name", "inputs.name", "where an integer, decimal, duration or timestamp is needed"),
        ("inputs.app == inputs.vault", "inputs.vault", "is a keyvault, where a webapp is needed"),
        ("inputs.names == inputs.name", "inputs.names", "is a list of string, where a string is needed"),
        ("contains(inputs.names, 3)", "3", "is an integer, where a string is needed"),
        ("contains(inputs.name, 3)", "3", "is an integer, where a string is needed"),
        ("if(true, inputs.count, 'x')", "'x'", "is a string, where an integer is needed"),
        ("inputs.moment > 'yesterday'", "'yesterday'", "is a string, where a timestamp is needed"),
    ] {
        let found = typed(source).1;
        assert!(!found.is_empty(), "{source}");
        assert_eq!(&source[found[0].at.clone()], at, "{source}");
        assert!(found[0].message.ends_with(message), "{source}: {}", found[0].message);
        assert_eq!(found[0].code, Code::Operand, "{source}");
    }
}

#[test]
fn a_value_in_quotes_is_told_to_take_them_off() {
    for (source, help) in [
        ("inputs.count == '3'", "write `3`, without quotes"),
        ("inputs.pause == '5m'", "write `5m`, without quotes"),
        ("inputs.ratio > '0.5'", "write `0.5`, without quotes"),
        ("inputs.flag == 'true'", "write `true`, without quotes"),
        ("inputs.moment > '2026-11-20'", "write a moment as '2026-11-20T03:10:00Z'"),
    ] {
        assert_eq!(mistake(source).3, help, "{source}");
    }
}

#[test]
fn every_function_says_what_it_takes() {
    for (source, message) in [
        ("first(inputs.name)", "`inputs.name` is a string, where a list is needed"),
        ("length(inputs.count)", "`inputs.count` is an integer, where a list or a string is needed"),
        ("sort(inputs.apps)", "where a list of texts, numbers, durations or timestamps is needed"),
        ("unique(inputs.apps) == inputs.app", "is a list of webapp, where a webapp is needed"),
        ("join(inputs.apps, ',')", "is a list of webapp, where a list of what can stand inside text is needed"),
        ("split(inputs.count, ',')", "`inputs.count` is an integer, where a string is needed"),
        ("lower(inputs.flag)", "`inputs.flag` is a boolean, where a string is needed"),
        ("before(inputs.moment, inputs.count)", "`inputs.count` is an integer, where a duration is needed"),
        ("after('soon', 5m)", "`'soon'` is a string, where a timestamp is needed"),
        ("if(inputs.count, 1, 2)", "`inputs.count` is an integer, where a boolean is needed"),
        ("default(inputs.name, 3)", "`3` is an integer, where a string is needed"),
        ("filter(inputs.apps, a => a.name)", "`a.name` is a string, where a boolean is needed"),
        ("map(inputs.name, n => n)", "`inputs.name` is a string, where a list is needed"),
        ("contains(map(inputs.names, n => inputs.fields), 'x')", "where a list of what `==` can compare is needed"),
    ] {
        let found = mistake(source).2;
        assert!(found.ends_with(message), "{source}: {found}");
    }
}

#[test]
fn the_type_of_an_expression_follows_from_its_parts() {
    for (source, typing) in [
        ("map(inputs.apps, a => map(inputs.names, n => length(n)))", Typing::list(Typing::list(Typing::Integer))),
        ("first(map(inputs.apps, a => a))", Typing::Target(TargetKind::Webapp)),
        ("filter(inputs.pauses, p => p < 5m)", Typing::list(Typing::Duration)),
        ("if(inputs.flag, inputs.pause, inputs.name)", Typing::String),
        ("default(inputs.moment, '2026-11-20T03:10:00Z')", Typing::Timestamp),
        ("default(inputs.fields.lag, 0.5)", Typing::Unknown),
        ("before(inputs.moment, 5m)", Typing::Timestamp),
        ("split(inputs.name, '-')", Typing::list(Typing::String)),
    ] {
        let (found, mistakes) = typed(source);
        assert!(mistakes.is_empty(), "{source}: {mistakes:?}");
        assert_eq!(found, typing, "{source}");
    }
    assert_eq!(typed("map(inputs.apps, a => a)").0.to_string(), "a list of webapp");
    assert_eq!(Typing::Integer.to_string(), "an integer");
}

/// Where it is, what it says, and what to write instead.
fn flaw(source: &str) -> (String, String, String) {
    let flaw = Expression::read(source).unwrap_err();
    (source[flaw.at].to_owned(), flaw.message, flaw.help.unwrap_or_default())
}

#[test]
fn a_flaw_is_at_its_own_byte() {
    for (source, at) in [("inputs.a = 1", 9), ("  inputs.", 9), ("contains(a)", 0), ("a == b == c", 7), ("'x", 0)] {
        assert_eq!(Expression::parse(source).unwrap_err().0, at, "{source}");
    }
}

#[test]
fn what_people_write_elsewhere_is_answered_with_what_to_write_here() {
    for (source, at, help) in [
        ("a = b", "=", "write `==`"),
        ("a && b and c", "and", "write `&&`"),
        ("a >= 1 || a => 1", "=>", "write `>=`"),
        ("a + 1", "+", "expressions do not calculate"),
        ("a[0]", "[", "write `first(list)`"),
        ("a ? b : c", "?", "write `if("),
        ("a == 1.2.3", "1.2.", "put texts in quotes"),
        ("a < 5min", "5m", "`1h30m`"),
        ("a < 2d", "2d", "`1h30m`"),
        ("lenght(a)", "lenght", "did you mean `length`?"),
        ("filter(a, b.c == 1)", "b", "write `filter(list, name => condition)`"),
        ("contains(a, b => 1)", "b", "write `contains(list, value)`"),
        ("filter(a)", "filter(a)", "write `filter(list, name => condition)`"),
    ] {
        let (found, _, found_help) = flaw(source);
        assert_eq!(found, at, "{source}");
        assert!(found_help.contains(help), "{source}: {found_help}");
    }
}

#[test]
fn a_bound_name_is_well_formed_and_means_nothing_else() {
    for (source, at, message) in [
        ("any(a, inputs => true)", "inputs", "has a meaning already"),
        ("any(a, item => true)", "item", "has a meaning already"),
        ("any(a, true => true)", "true", "has a meaning already"),
        ("any(a, x => any(x, x => true))", "x", "stands for an item of the outer list already"),
        ("any(a, App => true)", "App", "is not a name for an item"),
        ("any(a, a-b => true)", "a-b", "is not a name for an item"),
    ] {
        let (found, found_message, _) = flaw(source);
        assert_eq!(found, at, "{source}");
        assert!(found_message.ends_with(message), "{source}: {found_message}");
    }
    assert!(
        Expression::parse("any(a, x => true) && any(b, x => true)").is_ok(),
        "beside each other they may be the same"
    );
    assert_eq!(mistake("any(inputs.names, n => n == 'a') && n == 'b'").0, "n", "and outside they stand for nothing");
}
