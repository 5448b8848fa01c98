//! From which addresses a server with public access may be reached. A restored server has none of its source's rules.

use super::super::super::by_hand::line;
use super::super::super::{
    Answers, Args, Call, ChangeFacts, Class, Field, Json, Method, Parameter, Piece, Probe, ProbeContext, ProbeVerdict,
    RenderError, Reply, Request, Risk, Row, Script, Service, TargetKind, Type, Unreadable, Verdict,
};
use super::super::argument::{optional, optional_list, output, pass_on, read_back, required, target, text};
use super::super::reading::{body, field, items, list, text as member};
use super::server::{API, SERVER, group_and_name, lock, request};
use crate::base::{Span, Value};

/// `postgres.firewall.list`.
pub(in super::super) static LIST: Row = Row {
    name: "postgres.firewall.list",
    summary: "Reads the firewall rules of a server.",
    parameters: &[
        SERVER,
        optional(
            "expect",
            Type::List(&Type::Record),
            "As a check: the rules that must stand, as `{name, from, to}`, such as another server's `rules`.",
        ),
    ],
    outputs: &[output("rules", Type::List(&Type::Record), "The rules, as `{name, from, to}`.")],
    risk: Risk::Read,
    class: Class::R,
    service: Service::ResourceManager,
    api_version: Some(API),
    operation_id: Some("FirewallRules_ListByServer"),
    documentation: "https://learn.microsoft.com/rest/api/postgresql/flexibleserver/firewall-rules/list-by-server?view=rest-postgresql-flexibleserver-2022-12-01",
    permissions: &["Microsoft.DBforPostgreSQL/flexibleServers/firewallRules/read"],
    render: |args| {
        optional_list(args, "expect")?;
        request(args, Method::Get, "/firewallRules")
    },
    follow: None,
    parse,
    judge: Some(judge),
    change: None,
    by_hand: None,
};

/// `postgres.firewall.set`.
pub(in super::super) static SET: Row = Row {
    name: "postgres.firewall.set",
    summary: "Sets one firewall rule of a server.",
    parameters: &[
        SERVER,
        NAME,
        required("from", Type::String, "The first address, IPv4; `0.0.0.0` to `0.0.0.0` stands for all of Azure."),
        required("to", Type::String, "The last address, IPv4."),
    ],
    outputs: &[],
    risk: Risk::Reversible,
    class: Class::A,
    service: Service::ResourceManager,
    api_version: Some(API),
    operation_id: Some("FirewallRules_CreateOrUpdate"),
    documentation: "https://learn.microsoft.com/rest/api/postgresql/flexibleserver/firewall-rules/create-or-update?view=rest-postgresql-flexibleserver-2022-12-01",
    permissions: &["Microsoft.DBforPostgreSQL/flexibleServers/firewallRules/write"],
    render: render_set,
    follow: None,
    parse: |_, _| Ok(Value::record([])),
    judge: None,
    change: Some(ChangeFacts {
        undo: "Delete the rule, or set what it was.",
        touches: "Whoever comes from these addresses can try to sign in.",
        probe: Probe { judge: judge_set, ..PROBE },
        ..FACTS
    }),
    by_hand: Some(set_by_hand),
};

/// `postgres.firewall.delete`.
pub(in super::super) static DELETE: Row = Row {
    name: "postgres.firewall.delete",
    summary: "Deletes one firewall rule of a server.",
    parameters: &[SERVER, NAME],
    outputs: &[],
    risk: Risk::Destructive,
    class: Class::A,
    service: Service::ResourceManager,
    api_version: Some(API),
    operation_id: Some("FirewallRules_Delete"),
    documentation: "https://learn.microsoft.com/rest/api/postgresql/flexibleserver/firewall-rules/delete?view=rest-postgresql-flexibleserver-2022-12-01",
    permissions: &["Microsoft.DBforPostgreSQL/flexibleServers/firewallRules/delete"],
    render: |args| request(args, Method::Delete, &format!("/firewallRules/{}", rule_name(args)?)),
    follow: None,
    parse: |_, _| Ok(Value::record([])),
    judge: None,
    change: Some(ChangeFacts {
        undo: "Set the rule again, with the addresses that it had.",
        touches: "Whoever comes from these addresses cannot connect any more; open connections stay.",
        probe: Probe { judge: judge_delete, ..PROBE },
        ..FACTS
    }),
    by_hand: Some(delete_by_hand),
};

const NAME: Parameter = required("name", Type::String, "The rule's name.");

const PROBE: Probe =
    Probe { answers: Answers::Whether, reads: |args| vec![list_of(args)], judge: judge_set, settles: Span::minutes(5) };

const FACTS: ChangeFacts = ChangeFacts {
    read_back: |args| read_back(args, "name"),
    locks: |args| lock(args, "server").into_iter().collect(),
    observe: |args| vec![list_of(args)],
    observed: |args, seen| seen.first().map(|all| Field::new("rule", shown(args, all))).into_iter().collect(),
    probe: PROBE,
    undo: "",
    touches: "",
    expect: Span::minutes(1),
    loses: None,
};

fn list_of(args: &Args) -> Call {
    Call::new(LIST.name, [("server", pass_on(args, "server"))])
}

/// A rule's name: 1 to 80 letters, digits, hyphens and underscores.
fn rule_name(args: &Args) -> Result<&str, RenderError> {
    let name = text(args, "name")?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if (1..=80).contains(&name.len()) && name.bytes().all(allowed) {
        return Ok(name);
    }
    let wanted = "a rule's name (1 to 80 letters, digits, hyphens and underscores)";
    Err(RenderError::Shape { name: "name", wanted, found: name.to_owned() })
}

/// The four numbers of an IPv4 address, written without leading zeros, which some read as octal.
fn address(text: &str) -> Option<[u8; 4]> {
    let parts: Vec<u8> = text.split('.').map_while(|part| part.parse().ok()).collect();
    let numbers: [u8; 4] = parts.try_into().ok()?;
    (written(numbers) == text).then_some(numbers)
}

fn written([a, b, c, d]: [u8; 4]) -> String {
    format!("{a}.{b}.{c}.{d}")
}

fn addresses(args: &Args) -> Result<(String, String), RenderError> {
    let given = |name| {
        let given = text(args, name)?;
        let shape = || RenderError::Shape { name, wanted: "an IPv4 address", found: given.to_owned() };
        address(given).ok_or_else(shape)
    };
    let (from, to) = (given("from")?, given("to")?);
    if from > to {
        let wanted = "an address that is not before `from`";
        return Err(RenderError::Shape { name: "to", wanted, found: written(to) });
    }
    if from == [0; 4] && to == [255; 4] {
        let wanted = "less than the whole internet; open it by hand if that is what is meant";
        return Err(RenderError::Shape { name: "to", wanted, found: format!("{} to {}", written(from), written(to)) });
    }
    Ok((written(from), written(to)))
}

fn render_set(args: &Args) -> Result<Request, RenderError> {
    let (rest, (from, to)) = (format!("/firewallRules/{}", rule_name(args)?), addresses(args)?);
    let properties = [("startIpAddress", Json::text(from)), ("endIpAddress", Json::text(to))];
    let body = Json::object([("properties", Json::object(properties))]);
    Ok(request(args, Method::Put, &rest)?.with_body(body))
}

fn set_by_hand(args: &Args) -> Result<Script, RenderError> {
    let (group, server) = group_and_name(target(args, "server", TargetKind::Postgres)?.id);
    let (from, to) = addresses(args)?;
    Ok(Script::of(line([
        ("az postgres flexible-server firewall-rule create --resource-group ", group),
        (" --name ", server),
        (" --rule-name ", rule_name(args)?),
        (" --start-ip-address ", &from),
        (" --end-ip-address ", &to),
    ])))
}

fn delete_by_hand(args: &Args) -> Result<Script, RenderError> {
    let (group, server) = group_and_name(target(args, "server", TargetKind::Postgres)?.id);
    let mut command = line([
        ("az postgres flexible-server firewall-rule delete --resource-group ", group),
        (" --name ", server),
        (" --rule-name ", rule_name(args)?),
    ]);
    command.push(Piece::Shell(" --yes"));
    Ok(Script::of(command))
}

fn parse(_: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let rules = items(body(replies, 0)?)?.iter().map(|rule| {
        Value::record([
            ("name", Value::text(member(rule, "/name"))),
            ("from", Value::text(member(rule, "/properties/startIpAddress"))),
            ("to", Value::text(member(rule, "/properties/endIpAddress"))),
        ])
    });
    Ok(Value::record([("rules", Value::List(rules.collect()))]))
}

fn found<'a>(outputs: &'a Value, name: &str) -> Option<&'a Value> {
    list(outputs, "rules").iter().find(|rule| field(rule, "name").eq_ignore_ascii_case(name))
}

fn range(rule: &Value) -> String {
    format!("{} to {}", field(rule, "from"), field(rule, "to"))
}

fn shown(args: &Args, outputs: &Value) -> String {
    let name = args.get("name").and_then(Value::as_text).unwrap_or_default();
    found(outputs, name).map_or_else(|| "not there".to_owned(), range)
}

/// Rules are compared by name and addresses; a rule beyond those expected is said and passes.
fn judge(args: &Args, outputs: &Value) -> Verdict {
    let expected = args.get("expect").and_then(Value::as_list).unwrap_or_default();
    let mut missed = Vec::new();
    for rule in expected {
        let name = field(rule, "name");
        match found(outputs, name) {
            Some(found) if range(found) == range(rule) => {}
            Some(found) => missed.push(format!("{name} is {}, expected {}", range(found), range(rule))),
            None => missed.push(format!("{name} is not there")),
        }
    }
    let stand = list(outputs, "rules").len();
    if missed.is_empty() {
        return Verdict::Pass { seen: format!("{} rules are as expected, {stand} stand", expected.len()) };
    }
    Verdict::Fail { seen: missed.join("; ") }
}

fn judge_set(context: &ProbeContext<'_>, seen: &[Value]) -> ProbeVerdict {
    let (Some(outputs), Ok((from, to))) = (seen.first(), addresses(context.args)) else {
        return ProbeVerdict::Unknown { seen: "the rules could not be read".into() };
    };
    let shown = shown(context.args, outputs);
    let seen = format!("the rule is {shown}");
    if shown == format!("{from} to {to}") {
        ProbeVerdict::Happened { outputs: Value::record([]), seen }
    } else {
        ProbeVerdict::DidNot { seen }
    }
}

fn judge_delete(context: &ProbeContext<'_>, seen: &[Value]) -> ProbeVerdict {
    let (Some(outputs), Ok(name)) = (seen.first(), rule_name(context.args)) else {
        return ProbeVerdict::Unknown { seen: "the rules could not be read".into() };
    };
    match found(outputs, name) {
        None => ProbeVerdict::Happened { outputs: Value::record([]), seen: "there is no such rule".into() },
        Some(rule) => ProbeVerdict::DidNot { seen: format!("the rule stands: {}", range(rule)) },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::argument::tests::args;
    use super::super::server::tests::{ATTEMPT, server};
    use super::*;
    use crate::base::Timestamp;

    fn of(name: &str, from: &str, to: &str) -> Args {
        let text = |text: &str| Value::text(text);
        args([("server", server("chatbot-pg")), ("name", text(name)), ("from", text(from)), ("to", text(to))])
    }

    fn outputs() -> Value {
        let rule =
            json!({"name": "office", "properties": {"startIpAddress": "203.0.113.0", "endIpAddress": "203.0.113.9"}});
        (LIST.parse)(&Args::new(), &[Reply::json(200, json!({"value": [rule]}))]).unwrap()
    }

    fn probe(row: &Row, args: &Args, seen: &[Value]) -> ProbeVerdict {
        let attempt = ATTEMPT.parse().unwrap();
        let context = ProbeContext { args, attempt, sent_at: Timestamp::from_seconds(0), before: &[] };
        (row.change.as_ref().unwrap().probe.judge)(&context, seen)
    }

    #[test]
    fn a_rule_names_addresses_in_order_and_never_the_whole_internet() {
        let request = (SET.render)(&of("office", "203.0.113.0", "203.0.113.9")).unwrap();
        assert!(request.url.contains("/firewallRules/office?"), "{}", request.url);
        let properties = json!({"startIpAddress": "203.0.113.0", "endIpAddress": "203.0.113.9"});
        assert_eq!(request.body.unwrap().masked(), json!({ "properties": properties }));
        for (name, from, to) in [
            ("a/b", "1.1.1.1", "1.1.1.1"),
            ("a", "1.1.1.2", "1.1.1.1"),
            ("a", "0.0.0.0", "255.255.255.255"),
            ("a", "1.1.1", "1.1.1.1"),
            ("a", "1.1.1.1.1", "1.1.1.1"),
            ("a", "010.1.1.1", "10.1.1.1"),
        ] {
            assert!((SET.render)(&of(name, from, to)).is_err(), "{name} {from} {to}");
        }
    }

    #[test]
    fn a_set_happened_if_the_rule_has_the_addresses_and_a_delete_if_it_is_gone() {
        let (same, other) = (of("Office", "203.0.113.0", "203.0.113.9"), of("office", "203.0.113.0", "203.0.113.8"));
        assert!(matches!(probe(&SET, &same, &[outputs()]), ProbeVerdict::Happened { .. }));
        assert!(matches!(probe(&SET, &other, &[outputs()]), ProbeVerdict::DidNot { .. }));
        assert!(matches!(probe(&DELETE, &same, &[outputs()]), ProbeVerdict::DidNot { .. }));
        assert!(matches!(probe(&DELETE, &of("x", "1.1.1.1", "1.1.1.1"), &[outputs()]), ProbeVerdict::Happened { .. }));
        assert!(matches!(probe(&DELETE, &same, &[]), ProbeVerdict::Unknown { .. }));
    }

    #[test]
    fn the_rules_of_one_server_are_expected_of_another() {
        let rules = outputs().field("rules").unwrap().clone();
        let expect = args([("server", server("chatbot-pg")), ("expect", rules)]);
        assert!(matches!(judge(&expect, &outputs()), Verdict::Pass { .. }));
        let none = Value::record([("rules", Value::List(Vec::new()))]);
        assert!(matches!(judge(&expect, &none), Verdict::Fail { seen } if seen.contains("office")));
    }
}
