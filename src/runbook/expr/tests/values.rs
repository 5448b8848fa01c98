//! What expressions are worth.

use super::*;
use crate::runbook::Template;

#[test]
fn every_operator_has_its_meaning() {
    for source in [
        "inputs.name == 'Web-1'",
        "inputs.name != \"we\"\"b\"",
        "inputs.count < 4 && inputs.count <= 3 && inputs.count > 2 && inputs.count >= 3",
        "!(inputs.count == 4) || false",
        "true || inputs.flag",
        "!false && !!true",
        "-3 < 0",
        "inputs.flag == true",
    ] {
        is_true(source);
    }
    assert_eq!(value("false || true && false"), Ok(Value::Boolean(false)));
    assert_eq!(value("true || inputs.missing"), Ok(Value::Boolean(true)), "nothing is read beyond what decides");
}

#[test]
fn decimals_durations_and_moments_are_compared_by_value() {
    for source in [
        "inputs.ratio == 1.5 && inputs.ratio != 1.05 && inputs.ratio > 1 && 2 > inputs.ratio && inputs.ratio < 10.0",
        "inputs.pause == 1m && inputs.pause < 1h30m && 59s999ms < inputs.pause",
        "inputs.moment == '2026-11-20T03:10:00Z' && '2026-11-20T03:09:59.9Z' < inputs.moment",
        "contains(inputs.pauses, 90s) && !contains(inputs.pauses, 2m)",
        "first(sort(inputs.pauses)) == 60s && last(sort(inputs.pauses)) == 60m",
        "length(unique(inputs.pauses)) == 3",
        "any(inputs.pauses, p => p == 3600s)",
    ] {
        is_true(source);
    }
}

#[test]
fn texts_that_look_like_numbers_stay_texts() {
    assert_eq!(value("'1.10' == '1.1'"), Ok(Value::Boolean(false)));
    assert_eq!(value("inputs.fields.build == '1.1'"), Ok(Value::Boolean(false)));
    assert_eq!(value("inputs.fields.build == 1.1"), Ok(Value::Boolean(true)), "unless a number is asked for");
}

#[test]
fn a_target_is_the_same_by_its_id_whatever_the_case() {
    let mut shouted = target("web");
    if let Value::Record(fields) = &mut shouted {
        let id = fields["id"].to_string().to_uppercase();
        fields.insert("id".into(), Value::text(id));
    }
    let inputs = Inputs::all().with("other", Typing::Target(TargetKind::Webapp), shouted);
    for source in ["inputs.other == inputs.app", "contains(inputs.apps, inputs.other)"] {
        assert_eq!(parse(source).evaluate(&inputs), Ok(Value::Boolean(true)), "{source}");
    }
    assert_eq!(value("inputs.app == last(inputs.apps)"), Ok(Value::Boolean(false)));
}

#[test]
fn every_function_has_its_meaning() {
    for source in [
        "contains(inputs.names, 'worker') && contains(inputs.name, 'eb-')",
        "length(inputs.none) == 0 && length('é') == 1",
        "first(inputs.names) == 'worker' && last(inputs.names) == 'web'",
        "join(sort(inputs.names), '+') == 'web+web+worker'",
        "join(sort(inputs.counts), ' ') == '9 10 10'",
        "join(unique(inputs.names), ', ') == 'worker, web'",
        "last(split(inputs.app.id, '/')) == inputs.app.name",
        "length(split('abc', '')) == 1 && length(split('', ',')) == 1",
        "lower(inputs.name) == 'web-1'",
        "starts_with(inputs.name, 'Web') && ends_with(inputs.name, '-1') && !starts_with(inputs.name, 'web')",
        "before(inputs.moment, 5m) == '2026-11-20T03:05:00Z'",
        "after(before(inputs.moment, inputs.pause), 60s) == inputs.moment",
        "if(inputs.count > 2, 'many', 'few') == 'many'",
        "default(first(inputs.none), 'nobody') == 'nobody' && default(inputs.name, 'x') == inputs.name",
        "join(map(filter(inputs.apps, a => a.name != 'web'), a => a.url), ',') == 'https://api.example.net'",
        "any(inputs.apps, a => a.name == inputs.app.name) && !any(inputs.none, n => true)",
        "all(inputs.counts, c => c > 8) && all(inputs.none, n => false)",
        "all(inputs.apps, a => any(inputs.apps, b => b == a && b.name == a.name))",
    ] {
        is_true(source);
    }
    let nested = value("map(inputs.names, n => map(split(n, 'r'), part => length(part)))").unwrap();
    assert_eq!(nested.as_list().unwrap()[0], Value::List([2, 2, 0].map(Value::Integer).to_vec()));
}

#[test]
fn a_field_that_is_not_there_has_a_default() {
    assert_eq!(value("default(inputs.fields.absent, 'none')"), Ok(Value::text("none")));
    assert_eq!(value("default(inputs.fields.build, 'none')"), Ok(Value::text("1.10")));
    assert_eq!(value("inputs.fields.absent"), Err(EvaluateError::Unknown("inputs.fields.absent".into())));
}

#[test]
fn values_of_unknown_type_are_ordered_only_if_both_are_the_same() {
    for source in ["inputs.fields.queue > 9", "inputs.fields.queue < 41.5", "inputs.fields.depth < inputs.fields.queue"]
    {
        assert_eq!(value(source), Ok(Value::Boolean(true)), "{source}");
    }
    for source in ["inputs.fields.queue < 5m", "inputs.fields < 3", "inputs.fields.depth < inputs.fields.absent"] {
        assert!(value(source).is_err(), "{source}");
    }
    let inputs = Inputs::all().with(
        "more",
        Typing::Record,
        Value::record([("short", Value::text("90s")), ("long", Value::text("2m")), ("words", Value::text("soon"))]),
    );
    let of = |source: &str| parse(source).evaluate(&inputs);
    assert_eq!(of("inputs.more.short < inputs.more.long"), Ok(Value::Boolean(true)));
    let error = of("inputs.more.words < inputs.more.long").unwrap_err().to_string();
    assert_eq!(
        error,
        "`inputs.more.words` is a string, where a number, duration or timestamp, as on the other side, is needed"
    );
}

#[test]
fn what_has_no_value_says_which_part_and_why() {
    assert_eq!(value("inputs.missing"), Err(EvaluateError::Unknown("inputs.missing".into())));
    assert_eq!(value("first(inputs.none)"), Err(EvaluateError::Empty("inputs.none".into())));
    let error = value("true && inputs.name").unwrap_err().to_string();
    assert_eq!(error, "`inputs.name` is a string, where a boolean is needed");
    let error = value("map(inputs.apps, a => a.nam)").unwrap_err().to_string();
    assert_eq!(error, "`a.nam` stands for nothing here");
}

#[test]
fn a_secret_is_passed_on_whole_and_nothing_else_is_done_with_it() {
    for source in ["inputs.key", "(inputs.key)", "inputs.keys"] {
        assert!(value(source).unwrap().holds_secret(), "{source}");
        assert!(typed(source).1.is_empty(), "{source}");
    }
    let text = Template::parse("a ${{ inputs.key }}").unwrap();
    assert!(matches!(text.evaluate(&Inputs::all()), Err(EvaluateError::Type { .. })));
    for source in [
        "inputs.key == inputs.key",
        "contains(inputs.names, inputs.key)",
        "first(inputs.keys)",
        "length(inputs.keys)",
        "default(inputs.key, inputs.key)",
        "if(true, inputs.key, inputs.key)",
        "map(inputs.names, n => inputs.key)",
        "filter(inputs.keys, k => true)",
        "any(inputs.names, n => inputs.key)",
        "!inputs.key",
    ] {
        assert!(matches!(value(source), Err(EvaluateError::Type { .. })), "{source}");
        assert!(typed(source).1.iter().any(|mistake| mistake.code == Code::SecretLeak), "{source}");
    }
}

#[test]
fn a_number_of_more_than_53_bits_is_refused_however_it_is_written() {
    for source in [
        "9007199254740992",
        "-9007199254740992",
        "-9223372036854775808",
        "99999999999999999999",
        "-009223372036854775808",
    ] {
        let (_, why) = Expression::parse(source).unwrap_err();
        assert_eq!(why, "the number needs more than 53 bits", "{source}");
    }
    for source in ["9007199254740991", "-9007199254740991", "-0009007199254740991"] {
        assert!(Expression::parse(source).is_ok(), "{source}");
    }
}
