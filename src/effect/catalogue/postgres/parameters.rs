//! A server's parameters. A restored server has their defaults, so they are compared and set again.

use serde_json::Value as Document;

use super::super::super::by_hand::line;
use super::super::super::{
    Answers, Args, Call, ChangeFacts, Class, Field, Json, Method, Probe, ProbeContext, ProbeVerdict, RenderError,
    Reply, Request, Risk, Row, Script, Service, TargetKind, Type, Unreadable, Verdict,
};
use super::super::argument::{optional, optional_list, output, pass_on, read_back, required, target, text};
use super::super::reading::{body, field, items, list, text as member};
use super::server::{API, SERVER, group_and_name, lock, request};
use crate::base::{Span, Value};

/// `postgres.parameters.get`.
pub(in super::super) static GET: Row = Row {
    name: "postgres.parameters.get",
    summary: "Reads a server's parameters, and which of them are not the defaults.",
    parameters: &[
        SERVER,
        optional(
            "expect",
            Type::List(&Type::Record),
            "As a check: the parameters that must have a value, as `{name, value}`, such as another server's `set`.",
        ),
    ],
    outputs: &[
        output("set", Type::List(&Type::Record), "Those that somebody set, as `{name, value}`."),
        output("parameters", Type::List(&Type::Record), "All of them, as `{name, value, source}`."),
        output("pending_restart", Type::List(&Type::String), "Those whose value holds only after a restart."),
    ],
    risk: Risk::Read,
    class: Class::R,
    service: Service::ResourceManager,
    api_version: Some(API),
    operation_id: Some("Configurations_ListByServer"),
    documentation: "https://learn.microsoft.com/rest/api/postgresql/flexibleserver/configurations/list-by-server?view=rest-postgresql-flexibleserver-2022-12-01",
    permissions: &["Microsoft.DBforPostgreSQL/flexibleServers/configurations/read"],
    render: |args| {
        for expected in optional_list(args, "expect")? {
            pair(expected)?;
        }
        request(args, Method::Get, "/configurations")
    },
    follow: None,
    parse,
    judge: Some(judge),
    change: None,
    by_hand: None,
};

/// `postgres.parameters.set`.
pub(in super::super) static SET: Row = Row {
    name: "postgres.parameters.set",
    summary: "Sets one parameter of a server.",
    parameters: &[
        SERVER,
        required("name", Type::String, "The parameter's name."),
        required("value", Type::String, "Its value, as text."),
    ],
    outputs: &[],
    risk: Risk::Reversible,
    class: Class::A,
    service: Service::ResourceManager,
    api_version: Some(API),
    operation_id: Some("Configurations_Put"),
    documentation: "https://learn.microsoft.com/rest/api/postgresql/flexibleserver/configurations/put?view=rest-postgresql-flexibleserver-2022-12-01",
    permissions: &["Microsoft.DBforPostgreSQL/flexibleServers/configurations/write"],
    render: render_set,
    follow: None,
    parse: |_, _| Ok(Value::record([])),
    judge: None,
    change: Some(ChangeFacts {
        read_back: |args| read_back(args, "name"),
        // A server takes one change at a time.
        locks: |args| lock(args, "server").into_iter().collect(),
        observe: |args| vec![get_of(args)],
        observed: |args, seen| seen.first().map(|all| Field::new("value", value_of(args, all))).into_iter().collect(),
        probe: Probe {
            answers: Answers::Whether,
            reads: |args| vec![get_of(args)],
            judge: judge_set,
            settles: Span::minutes(5),
        },
        undo: "Set the value that it had.",
        touches: "Some parameters hold only after a restart of the server, which this does not do.",
        expect: Span::seconds(40),
        loses: None,
    }),
    by_hand: Some(by_hand),
};

fn get_of(args: &Args) -> Call {
    Call::new(GET.name, [("server", pass_on(args, "server"))])
}

/// A parameter's name: letters, digits, underscores, and the dot of an extension's.
fn parameter(args: &Args) -> Result<&str, RenderError> {
    let name = text(args, "name")?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.';
    if (1..=128).contains(&name.len()) && name.bytes().all(allowed) && !name.contains("..") && !name.starts_with('.') {
        return Ok(name);
    }
    let wanted = "a parameter's name (letters, digits, underscores and dots)";
    Err(RenderError::Shape { name: "name", wanted, found: name.to_owned() })
}

fn render_set(args: &Args) -> Result<Request, RenderError> {
    let rest = format!("/configurations/{}", parameter(args)?);
    let properties = [("value", Json::text(text(args, "value")?)), ("source", Json::text("user-override"))];
    let body = Json::object([("properties", Json::object(properties))]);
    Ok(request(args, Method::Put, &rest)?.with_body(body))
}

fn by_hand(args: &Args) -> Result<Script, RenderError> {
    let (group, server) = group_and_name(target(args, "server", TargetKind::Postgres)?.id);
    Ok(Script::of(line([
        ("az postgres flexible-server parameter set --resource-group ", group),
        (" --server-name ", server),
        (" --name ", parameter(args)?),
        (" --value ", text(args, "value")?),
    ])))
}

fn pair(expected: &Value) -> Result<(&str, &str), RenderError> {
    let text = |name| expected.field(name).and_then(Value::as_text);
    text("name").zip(text("value")).ok_or_else(|| RenderError::Shape {
        name: "expect",
        wanted: "a list of `{name, value}`",
        found: expected.to_string(),
    })
}

fn parse(_: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let all = items(body(replies, 0)?)?;
    let name = |item: &Document| Value::text(member(item, "/name"));
    let value = |item: &Document| Value::text(member(item, "/properties/value"));
    // The service writes `user-override`; a value that equals the default is no difference.
    let is_set = |item: &&Document| {
        source(item).eq_ignore_ascii_case("user-override")
            && member(item, "/properties/value") != member(item, "/properties/defaultValue")
    };
    let waits = |item: &&Document| item.pointer("/properties/isConfigPendingRestart") == Some(&Document::Bool(true));
    let record = |item: &Document| {
        Value::record([("name", name(item)), ("value", value(item)), ("source", Value::text(source(item)))])
    };
    let set = all.iter().filter(is_set).map(|item| Value::record([("name", name(item)), ("value", value(item))]));
    Ok(Value::record([
        ("set", Value::List(set.collect())),
        ("parameters", Value::List(all.iter().map(record).collect())),
        ("pending_restart", Value::List(all.iter().filter(waits).map(name).collect())),
    ]))
}

fn source(item: &Document) -> &str {
    member(item, "/properties/source")
}

/// The value of a parameter in the outputs of [`GET`]; parameters' names are compared without regard to case.
fn found<'a>(outputs: &'a Value, name: &str) -> Option<&'a str> {
    let all = list(outputs, "parameters").iter();
    all.filter(|item| field(item, "name").eq_ignore_ascii_case(name)).map(|item| field(item, "value")).next()
}

fn value_of(args: &Args, outputs: &Value) -> String {
    let name = args.get("name").and_then(Value::as_text).unwrap_or_default();
    found(outputs, name).map_or_else(|| "there is no such parameter".to_owned(), str::to_owned)
}

fn judge(args: &Args, outputs: &Value) -> Verdict {
    let expected = args.get("expect").and_then(Value::as_list).unwrap_or_default();
    let mut missed = Vec::new();
    for (name, value) in expected.iter().filter_map(|expected| pair(expected).ok()) {
        match found(outputs, name) {
            Some(found) if found == value => {}
            Some(found) => missed.push(format!("{name} is {found}, expected {value}")),
            None => missed.push(format!("{name} is not there, expected {value}")),
        }
    }
    if missed.is_empty() {
        return Verdict::Pass { seen: format!("all {} parameters are as expected", expected.len()) };
    }
    Verdict::Fail { seen: missed.join("; ") }
}

/// Numbers and switches come back as they were sent, so the texts are compared without regard to case only.
fn judge_set(context: &ProbeContext<'_>, seen: &[Value]) -> ProbeVerdict {
    let Some(outputs) = seen.first() else {
        return ProbeVerdict::Unknown { seen: "the parameters could not be read".into() };
    };
    let wanted = context.args.get("value").and_then(Value::as_text).unwrap_or_default();
    let found = value_of(context.args, outputs);
    let seen = format!("the value is {found}");
    if found.eq_ignore_ascii_case(wanted) {
        ProbeVerdict::Happened { outputs: Value::record([]), seen }
    } else {
        ProbeVerdict::DidNot { seen }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::argument::tests::args;
    use super::super::server::tests::{ATTEMPT, server};
    use super::*;
    use crate::base::Timestamp;

    fn outputs() -> Value {
        let item = |name: &str, value: &str, default: &str, source: &str, waits: bool| {
            json!({"name": name, "properties": {"value": value, "defaultValue": default, "source": source,
                "isConfigPendingRestart": waits}})
        };
        let all = json!({"value": [
            item("max_connections", "200", "859", "user-override", true),
            item("array_nulls", "on", "on", "system-default", false),
            item("work_mem", "4096", "4096", "user-override", false),
        ]});
        (GET.parse)(&Args::new(), &[Reply::json(200, all)]).unwrap()
    }

    fn of(name: &str, value: &str) -> Args {
        args([("server", server("chatbot-pg")), ("name", Value::text(name)), ("value", Value::text(value))])
    }

    #[test]
    fn only_what_somebody_set_to_something_else_is_a_difference() {
        let pair = Value::record([("name", Value::text("max_connections")), ("value", Value::text("200"))]);
        assert_eq!(outputs().field("set"), Some(&Value::List(vec![pair.clone()])));
        assert_eq!(outputs().field("pending_restart"), Some(&Value::List(vec![Value::text("max_connections")])));
        let expect = |pairs| args([("server", server("chatbot-pg")), ("expect", Value::List(pairs))]);
        assert!(matches!(judge(&expect(vec![pair]), &outputs()), Verdict::Pass { .. }));
        let other = Value::record([("name", Value::text("work_mem")), ("value", Value::text("8192"))]);
        assert!(matches!(judge(&expect(vec![other]), &outputs()), Verdict::Fail { seen } if seen.contains("8192")));
        assert!((GET.render)(&expect(vec![Value::text("x")])).is_err());
    }

    #[test]
    fn setting_one_names_it_and_leaves_the_others() {
        let request = (SET.render)(&of("max_connections", "200")).unwrap();
        assert!(request.url.contains("/chatbot-pg/configurations/max_connections?"), "{}", request.url);
        assert_eq!(request.body.unwrap().masked(), json!({"properties": {"value": "200", "source": "user-override"}}));
        for bad in ["", "a/b", "../x", "a b", "a?b", ".x"] {
            assert!((SET.render)(&of(bad, "1")).is_err(), "{bad}");
        }
    }

    #[test]
    fn it_happened_if_the_value_stands_there() {
        let probe = |args: &Args, seen: &[Value]| {
            let attempt = ATTEMPT.parse().unwrap();
            let context = ProbeContext { args, attempt, sent_at: Timestamp::from_seconds(0), before: &[] };
            judge_set(&context, seen)
        };
        assert!(matches!(probe(&of("ARRAY_NULLS", "ON"), &[outputs()]), ProbeVerdict::Happened { .. }));
        assert!(matches!(probe(&of("array_nulls", "off"), &[outputs()]), ProbeVerdict::DidNot { .. }));
        assert!(matches!(probe(&of("array_nulls", "off"), &[]), ProbeVerdict::Unknown { .. }));
    }
}
