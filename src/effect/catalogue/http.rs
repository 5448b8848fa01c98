//! A plain GET: what an application says of itself. No token of ours ever goes with it.

use super::super::by_hand::line;
use super::super::{
    Args, Class, Method, Output, Parameter, RenderError, Reply, Request, Risk, Row, Script, Service, Type, Unreadable,
    Verdict,
};
use super::argument::{https_url, optional, optional_list, output, required};
use super::reading::field;
use crate::base::Value;

/// `http.get`. Every answered status is an answer to this row; only no answer at all is "cannot observe".
pub(super) static GET: Row = Row {
    name: "http.get",
    summary: "Reads an address without signing in, and compares status, text and members.",
    parameters: &[required("url", Type::String, "The address, https."), EXPECT, READ],
    outputs: OUTPUTS,
    risk: Risk::Read,
    class: Class::R,
    service: Service::Http,
    api_version: None,
    operation_id: None,
    documentation: "https://www.rfc-editor.org/rfc/rfc9110#section-9.3.1",
    permissions: &[],
    render,
    follow: None,
    parse,
    judge: Some(judge),
    change: None,
    by_hand: Some(by_hand),
};

/// What a page is compared with.
pub(super) const EXPECT: Parameter = optional(
    "expect",
    Type::Record,
    "As a check: `{status: INTEGER, contains: TEXT, fields: {NAME: TEXT}}`; status is 200 if not given, and a field is a \
     member of a JSON answer, compared as a whole.",
);

/// What of a page is given.
pub(super) const READ: Parameter =
    optional("read", Type::List(&Type::String), "Members of a JSON answer to give as `fields`.");

/// What a page gives.
pub(super) const OUTPUTS: &[Output] = &[
    output("status", Type::Integer, "The HTTP status."),
    output("contains", Type::Boolean, "Whether the answer holds the expected text; true if none is expected."),
    output(
        "fields",
        Type::Record,
        "The members asked for or expected that are there, as text, names in lower case and `_` for what is no letter or \
         digit.",
    ),
];

fn render(args: &Args) -> Result<Request, RenderError> {
    let url = https_url(args, "url")?;
    check_wishes(args)?;
    Ok(Request::new(Service::Http, Method::Get, url))
}

fn by_hand(args: &Args) -> Result<Script, RenderError> {
    let url = https_url(args, "url")?;
    let command = line([("curl --silent --show-error --max-time 30 --write-out '\\n%{http_code}\\n' ", url)]);
    Ok(Script::of(command).good(wishes(args)))
}

/// What a page must say to pass, as a sentence.
pub(super) fn wishes(args: &Args) -> String {
    let expect = args.get("expect");
    let status = match expect.and_then(|expect| expect.field("status")) {
        Some(Value::Integer(status)) => *status,
        _ => 200,
    };
    let mut good = format!("The status, in the last line, is {status}");
    if let Some(text) = expect.and_then(|expect| expect.field("contains")) {
        good.push_str(&format!("; the page holds {text}"));
    }
    for (name, value) in wished_fields(args) {
        good.push_str(&format!("; its member {name} is {value}"));
    }
    good.push('.');
    good
}

/// Refuses an `expect` or a `read` that could never be met, or always.
pub(super) fn check_wishes(args: &Args) -> Result<(), RenderError> {
    const WANTED: &str = "a record of `status` (100 to 599), `contains` (text) and `fields` (a record of texts)";
    let shape = |name, wanted, found: &Value| Err(RenderError::Shape { name, wanted, found: found.to_string() });
    for name in optional_list(args, "read")? {
        if name.as_text().and_then(field_name).is_none() {
            return shape("read", "a list of names that begin with a letter", name);
        }
    }
    match args.get("expect") {
        None => {}
        Some(expect @ Value::Record(wishes)) => {
            let is_good = |(name, value): (&String, &Value)| match (name.as_str(), value) {
                ("status", Value::Integer(100..=599)) | ("contains", Value::Text(_)) => true,
                ("fields", Value::Record(fields)) => fields.values().all(|value| wished(value).is_some()),
                _ => false,
            };
            if !wishes.iter().all(is_good) {
                return shape("expect", WANTED, expect);
            }
        }
        Some(other) => return shape("expect", WANTED, other),
    }
    Ok(())
}

/// The text that a field must have. An empty one would be met by a member that says nothing, so there is none.
fn wished(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) if !text.is_empty() => Some(text.clone()),
        Value::Integer(_) | Value::Boolean(_) => Some(value.to_string()),
        _ => None,
    }
}

/// The fields that are expected, by name.
fn wished_fields(args: &Args) -> impl Iterator<Item = (&String, &Value)> {
    let fields = args.get("expect").and_then(|expect| expect.field("fields"));
    fields.and_then(|fields| if let Value::Record(fields) = fields { Some(fields) } else { None }).into_iter().flatten()
}

fn parse(args: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let reply = replies.first().ok_or_else(|| Unreadable("status".into()))?;
    Ok(page(args, reply))
}

/// The outputs that an answer gives.
pub(super) fn page(args: &Args, reply: &Reply) -> Value {
    let text = match (&reply.text, &reply.body) {
        (Some(text), _) => text.clone(),
        (None, Some(body)) => body.to_string(),
        (None, None) => String::new(),
    };
    let wanted = args.get("expect").map(|expect| field(expect, "contains")).unwrap_or_default();
    let asked = args.get("read").and_then(Value::as_list).unwrap_or_default();
    let is_asked = |member: &str| asked.iter().any(|name| name.as_text() == Some(member));
    let is_wished = |name: &str| wished_fields(args).any(|(wished, _)| wished == name);
    let members = reply.body.as_ref().and_then(serde_json::Value::as_object).into_iter().flatten();
    let fields = members.filter_map(|(member, value)| {
        let name = field_name(member)?;
        if !is_asked(member) && !is_wished(&name) {
            return None;
        }
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Some((name, Value::Text(text)))
    });
    Value::record([
        ("status", Value::Integer(i64::from(reply.status))),
        ("contains", Value::Boolean(text.contains(wanted))),
        ("fields", Value::Record(fields.collect())),
    ])
}

/// A member's name as the name of a field: lower case, and `_` for what a field's name cannot hold.
fn field_name(member: &str) -> Option<String> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let name: String =
        member.to_ascii_lowercase().chars().map(|c| if u8::try_from(c).is_ok_and(fits) { c } else { '_' }).collect();
    name.starts_with(|first: char| first.is_ascii_lowercase()).then_some(name)
}

/// Compares what an answer gave with what was expected of it.
pub(super) fn judge(args: &Args, outputs: &Value) -> Verdict {
    let expect = args.get("expect");
    let status = expect.and_then(|expect| expect.field("status")).cloned().unwrap_or(Value::Integer(200));
    let seen_status = outputs.field("status").cloned().unwrap_or(Value::Integer(0));
    let mut seen = vec![format!("answered {seen_status}")];
    if let Some(Value::Record(fields)) = outputs.field("fields") {
        seen.extend(fields.iter().map(|(name, value)| format!("{name} {value}")));
    }
    let mut missed = Vec::new();
    if seen_status != status {
        missed.push(format!("expected {status}"));
    }
    if outputs.field("contains") != Some(&Value::Boolean(true)) {
        missed.push(format!(
            "expected the text `{}`",
            expect.map(|expect| field(expect, "contains")).unwrap_or_default()
        ));
    }
    let given = |name: &str| outputs.field("fields").and_then(|fields| fields.field(name)).and_then(Value::as_text);
    for (name, value) in wished_fields(args) {
        let wished = wished(value);
        if wished.is_none() || given(name) != wished.as_deref() {
            missed.push(format!("expected {name} {}", wished.unwrap_or_default()));
        }
    }
    if missed.is_empty() {
        return Verdict::Pass { seen: seen.join(", ") };
    }
    Verdict::Fail { seen: format!("{}; {}", seen.join(", "), missed.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::super::argument::tests::args;
    use super::*;
    use serde_json::json;

    const URL: &str = "https://chatbot-web.azurewebsites.net/health/ready";

    fn of(expect: Value, read: &[&str]) -> Args {
        let read = read.iter().map(|name| Value::text(*name)).collect();
        args([("url", Value::text(URL)), ("expect", expect), ("read", Value::List(read))])
    }

    fn status(status: i64) -> Value {
        Value::record([("status", Value::Integer(status))])
    }

    #[test]
    fn the_request_is_a_get_of_exactly_that_address() {
        assert_eq!(render(&of(status(200), &[])).unwrap(), Request::new(Service::Http, Method::Get, URL));
        assert!(render(&args([("url", Value::text("http://chatbot-web/health"))])).is_err());
        assert!(render(&of(status(42), &[])).is_err());
        assert!(render(&of(Value::record([("stauts", Value::Integer(200))]), &[])).is_err());
        assert!(render(&of(status(200), &["1st"])).is_err());
    }

    #[test]
    fn only_the_members_asked_for_become_fields_and_their_names_fit_a_record() {
        let reply = Reply::json(200, json!({"status": "ok", "deploymentId": "d-2", "instance-count": 3, "token": "x"}));
        let args = of(status(200), &["deploymentId", "instance-count", "absent"]);
        let outputs = parse(&args, &[reply]).unwrap();
        let expected = [("deploymentid", Value::text("d-2")), ("instance_count", Value::text("3"))];
        assert_eq!(outputs.field("fields"), Some(&Value::record(expected)));
    }

    #[test]
    fn the_status_is_judged_and_200_is_meant_if_nothing_is_said() {
        let bare = args([("url", Value::text(URL))]);
        let judged = |args: &Args, status| judge(args, &parse(args, &[Reply::empty(status)]).unwrap());
        assert!(matches!(judged(&bare, 200), Verdict::Pass { .. }));
        assert!(matches!(judged(&bare, 503), Verdict::Fail { .. }));
        assert!(matches!(judged(&of(status(503), &[]), 503), Verdict::Pass { .. }));
    }

    #[test]
    fn an_expected_text_is_looked_for_in_what_was_received() {
        let args = of(Value::record([("contains", Value::text("\"ready\": true"))]), &[]);
        let reply = |text: &str| Reply { text: Some(text.into()), ..Reply::empty(200) };
        let judged = |text| judge(&args, &parse(&args, &[reply(text)]).unwrap());
        assert!(matches!(judged("{\"ready\": true}"), Verdict::Pass { .. }));
        assert!(matches!(judged("{\"ready\": false}"), Verdict::Fail { seen } if seen.contains("ready")));
    }

    #[test]
    fn an_expected_member_is_compared_as_a_whole_and_must_be_there() {
        let expect = |build: Value| of(Value::record([("fields", Value::record([("build", build)]))]), &[]);
        let judged = |args: &Args, body| judge(args, &parse(args, &[Reply::json(200, body)]).unwrap());
        let short = expect(Value::text("471"));
        assert!(matches!(judged(&short, json!({"build": "471"})), Verdict::Pass { .. }));
        let longer = judged(&short, json!({"build": "4711"}));
        assert!(matches!(&longer, Verdict::Fail { seen } if seen == "answered 200, build 4711; expected build 471"));
        assert!(matches!(judged(&short, json!({"commit": "471"})), Verdict::Fail { .. }));
        assert!(matches!(judged(&short, json!(["471"])), Verdict::Fail { .. }));
        assert!(matches!(judged(&expect(Value::Integer(4711)), json!({"build": 4711})), Verdict::Pass { .. }));
        assert!(render(&expect(Value::text(""))).is_err(), "nothing is no build");
        assert!(render(&expect(Value::List(Vec::new()))).is_err());
    }

    #[test]
    fn what_was_read_is_part_of_what_was_seen() {
        let args = of(status(200), &["version"]);
        let outputs = parse(&args, &[Reply::json(200, json!({"version": "2.4.1"}))]).unwrap();
        assert_eq!(judge(&args, &outputs).seen(), "answered 200, version 2.4.1");
    }
}
