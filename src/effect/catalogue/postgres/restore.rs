//! Bringing data back: a new server, made from another one's backups. Nothing is ever restored in place.

use super::super::super::by_hand::line;
use super::super::super::{
    Answers, Args, Call, ChangeFacts, Class, Field, Json, Loss, Method, Output, Parameter, Probe, ProbeContext,
    ProbeVerdict, RenderError, Reply, Request, Risk, Row, Script, Service, TargetKind, Type, Unreadable,
};
use super::super::argument::{
    optional, optional_list, optional_text, output, pass_on, read_back, required, target, text,
};
use super::super::reading::{body, field, needed};
use super::server::{API, ATTEMPT_TAG, GET, group_and_name, is_found, list_of, lock, request};
use crate::base::{Span, Timestamp, Value};

/// What this operation and its fellow have in common.
const DOCUMENTATION: &str = "https://learn.microsoft.com/rest/api/postgresql/flexibleserver/servers/create?view=rest-postgresql-flexibleserver-2022-12-01";
const CONTINUITY: &str = "https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-business-continuity";

/// `postgres.server.restore`.
pub(in super::super) static RESTORE: Row = Row {
    name: "postgres.server.restore",
    summary: "Makes a new server with the data that another one had at a moment.",
    parameters: &[
        NEW,
        SOURCE,
        required(
            "at",
            Type::Timestamp,
            "The moment: not before the earliest restore point, not in the last 5 minutes.",
        ),
        LOCATION,
        ZONE,
        SUBNET,
        DNS_ZONE,
        TAGS,
    ],
    render: |args| render(args, "PointInTimeRestore"),
    by_hand: Some(by_hand),
    change: Some(ChangeFacts { loses: Some(Loss { most: Span::minutes(5), source: CONTINUITY }), ..FACTS }),
    ..CREATE
};

/// `postgres.server.georestore`.
pub(in super::super) static GEO_RESTORE: Row = Row {
    name: "postgres.server.georestore",
    summary: "Makes a new server in the paired region from the newest backup that was copied there.",
    parameters: &[
        NEW,
        SOURCE,
        required(
            "at",
            Type::Timestamp,
            "A moment, which the interface demands; what comes back is the newest copied backup, whatever it says.",
        ),
        required("location", Type::String, "The paired region."),
        ZONE,
        SUBNET,
        DNS_ZONE,
        TAGS,
    ],
    render: |args| render(args, "GeoRestore"),
    change: Some(ChangeFacts {
        loses: Some(Loss { most: Span::minutes(60), source: CONTINUITY }),
        expect: Span::minutes(45),
        probe: Probe { settles: Span::minutes(90), ..PROBE },
        ..FACTS
    }),
    ..CREATE
};

const NEW: Parameter =
    required("server", Type::Target(TargetKind::Postgres), "The new server, whose name nobody in the world may have.");
const SOURCE: Parameter =
    required("source", Type::Target(TargetKind::Postgres), "The server whose data is brought back.");
const LOCATION: Parameter = required("location", Type::String, "The region, which is the source's.");
const ZONE: Parameter = optional("zone", Type::String, "The availability zone, `1` to `3`.");
const SUBNET: Parameter = optional(
    "subnet",
    Type::String,
    "The id of the subnet, for a source without public access; a private server stays private.",
);
const DNS_ZONE: Parameter =
    optional("dns_zone", Type::String, "The id of the private DNS zone that goes with the subnet.");
const TAGS: Parameter =
    optional("tags", Type::List(&Type::Record), "Tags as `{name, value}`, beside the attempt's own.");

const CREATE: Row = Row {
    name: "",
    summary: "",
    parameters: &[],
    outputs: OUTPUTS,
    risk: Risk::Reversible,
    class: Class::B,
    service: Service::ResourceManager,
    api_version: Some(API),
    operation_id: Some("Servers_Create"),
    documentation: DOCUMENTATION,
    permissions: &[
        "Microsoft.DBforPostgreSQL/flexibleServers/write",
        "Microsoft.DBforPostgreSQL/flexibleServers/read",
        "Microsoft.Network/virtualNetworks/subnets/join/action",
    ],
    render: |args| render(args, "PointInTimeRestore"),
    follow: None,
    parse,
    judge: None,
    change: None,
    by_hand: None,
};

const OUTPUTS: &[Output] = &[
    output("host", Type::String, "The name under which the new server answers."),
    output("attempt", Type::String, "The attempt that made it, by its tag."),
];

const FACTS: ChangeFacts = ChangeFacts {
    read_back: |args| read_back(args, "server"),
    // The source must not be deleted while its backups are read.
    locks: |args| [lock(args, "server"), lock(args, "source")].into_iter().flatten().collect(),
    observe: |args| vec![Call::new(GET.name, [("server", pass_on(args, "source"))]), list_of(args)],
    observed,
    probe: PROBE,
    undo: "Delete the new server, and only if it carries the tag of this attempt.",
    touches: "The source goes on as it is. The new server has the parameters' defaults, no firewall rules, no private \
              endpoints, no high availability, no locks and no alerts, and its logins have the passwords of that moment.",
    expect: Span::minutes(20),
    loses: None,
};

const PROBE: Probe =
    Probe { answers: Answers::Whether, reads: |args| vec![list_of(args)], judge, settles: Span::minutes(40) };

fn render(args: &Args, mode: &str) -> Result<Request, RenderError> {
    let (new, source) = (target(args, "server", TargetKind::Postgres)?, target(args, "source", TargetKind::Postgres)?);
    let wrong = |name, wanted, found: &str| Err(RenderError::Shape { name, wanted, found: found.to_owned() });
    if new.id.eq_ignore_ascii_case(source.id) {
        return wrong("server", "another server than the source: nothing is restored in place", new.name);
    }
    let at = text(args, "at")?;
    let Ok(at) = at.parse::<Timestamp>() else { return wrong("at", "a moment", at) };
    let location = text(args, "location")?;
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' ');
    if !plain(location) {
        return wrong("location", "a region, such as `westeurope`", location);
    }
    let mut properties = vec![
        ("createMode".to_owned(), Json::text(mode)),
        ("sourceServerResourceId".to_owned(), Json::text(source.id)),
        ("pointInTimeUTC".to_owned(), Json::text(at.to_string())),
    ];
    if let Some(zone) = optional_text(args, "zone")?.filter(|zone| !zone.is_empty()) {
        if !["1", "2", "3"].contains(&zone) {
            return wrong("zone", "`1`, `2` or `3`", zone);
        }
        properties.push(("availabilityZone".to_owned(), Json::text(zone)));
    }
    let network = network(args)?;
    if !network.is_empty() {
        properties.push(("network".to_owned(), Json::Object(network)));
    }
    let body = Json::object([
        ("location", Json::text(location)),
        ("tags", Json::Object(tags(args)?)),
        ("properties", Json::Object(properties)),
    ]);
    Ok(request(args, Method::Put, "")?.with_body(body))
}

/// The members of `network`: none for a server with public access.
fn network(args: &Args) -> Result<Vec<(String, Json)>, RenderError> {
    let mut members = Vec::new();
    for (name, member, wanted) in [
        ("subnet", "delegatedSubnetResourceId", "the id of a subnet, or nothing"),
        ("dns_zone", "privateDnsZoneArmResourceId", "the id of a private DNS zone, or nothing"),
    ] {
        let Some(id) = optional_text(args, name)?.filter(|id| !id.is_empty()) else { continue };
        if !id.starts_with("/subscriptions/") || id.contains(char::is_whitespace) {
            return Err(RenderError::Shape { name, wanted, found: id.to_owned() });
        }
        members.push((member.to_owned(), Json::text(id)));
    }
    Ok(members)
}

fn tags(args: &Args) -> Result<Vec<(String, Json)>, RenderError> {
    let mut tags = Vec::new();
    for tag in optional_list(args, "tags")? {
        let text = |name| tag.field(name).and_then(Value::as_text);
        let Some((name, value)) = text("name").zip(text("value")).filter(|(name, _)| !name.is_empty()) else {
            let (wanted, found) = ("a list of `{name, value}`", tag.to_string());
            return Err(RenderError::Shape { name: "tags", wanted, found });
        };
        if name != ATTEMPT_TAG {
            tags.push((name.to_owned(), Json::text(value)));
        }
    }
    tags.push((ATTEMPT_TAG.to_owned(), Json::Attempt));
    Ok(tags)
}

/// `az` waits for the end of the restore, which `az rest` would not. It cannot set tags, so nothing tells later which
/// attempt made the server.
fn by_hand(args: &Args) -> Result<Script, RenderError> {
    render(args, "PointInTimeRestore")?;
    let (new, source) = (target(args, "server", TargetKind::Postgres)?, target(args, "source", TargetKind::Postgres)?);
    let (group, name) = group_and_name(new.id);
    let mut command = line([
        ("az postgres flexible-server restore --resource-group ", group),
        (" --name ", name),
        (" --source-server ", source.id),
        (" --restore-time ", text(args, "at")?),
    ]);
    for (option, given) in [(" --zone ", "zone"), (" --subnet ", "subnet"), (" --private-dns-zone ", "dns_zone")] {
        if let Some(text) = optional_text(args, given)?.filter(|text| !text.is_empty()) {
            command.extend(line([(option, text)]));
        }
    }
    Ok(Script::of(command))
}

fn parse(_: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let server = body(replies, 0)?;
    let attempt = server.get("tags").and_then(|tags| tags.get(ATTEMPT_TAG)).and_then(serde_json::Value::as_str);
    Ok(Value::record([
        ("host", Value::text(needed(server, "/properties/fullyQualifiedDomainName")?)),
        ("attempt", Value::text(attempt.unwrap_or_default())),
    ]))
}

/// A person consents to the source as it stands and to the new name being free. The earliest restore point is not among
/// the facts, because it moves by itself.
fn observed(_: &Args, seen: &[Value]) -> Vec<Field> {
    let [source, new] = seen else { return Vec::new() };
    let taken = match field(new, "attempt") {
        _ if !is_found(new) => "free in its resource group".to_owned(),
        "" => "taken by a server that is not ours".to_owned(),
        attempt => format!("taken by the server of attempt {attempt}"),
    };
    vec![Field::new("source", field(source, "state")), Field::new("new name", taken)]
}

fn judge(context: &ProbeContext<'_>, seen: &[Value]) -> ProbeVerdict {
    let Some(new) = seen.first() else {
        return ProbeVerdict::Unknown { seen: "the servers could not be read".into() };
    };
    if !is_found(new) {
        return ProbeVerdict::DidNot { seen: "there is no server of that name in the resource group".into() };
    }
    let (attempt, state) = (field(new, "attempt"), field(new, "state"));
    if attempt == context.attempt.to_string() {
        let outputs = Value::record([("host", Value::text(field(new, "host"))), ("attempt", Value::text(attempt))]);
        let seen = format!("the server carries the tag of this attempt, and is {state}");
        return ProbeVerdict::Happened { outputs, seen };
    }
    ProbeVerdict::DidNot { seen: "the server of that name does not carry the tag of this attempt".into() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::argument::tests::args;
    use super::super::server::tests::{ATTEMPT, document, listed, server};
    use super::*;

    fn of(new: &str, at: &str) -> Args {
        args([
            ("server", server(new)),
            ("source", server("chatbot-pg")),
            ("at", Value::text(at)),
            ("location", Value::text("westeurope")),
        ])
    }

    const AT: &str = "2026-11-20T03:05:00Z";

    fn probe(seen: &[Value]) -> ProbeVerdict {
        let args = of("chatbot-pg-r1", AT);
        let attempt = ATTEMPT.parse().unwrap();
        let context = ProbeContext { args: &args, attempt, sent_at: Timestamp::from_seconds(0), before: &[] };
        judge(&context, seen)
    }

    #[test]
    fn the_new_server_is_named_and_marked_and_everything_else_is_the_sources() {
        let mut args = of("chatbot-pg-r1", AT);
        let tag = |name, value| Value::record([("name", Value::text(name)), ("value", Value::text(value))]);
        args.insert("tags".into(), Value::List(vec![tag("app", "chatbot"), tag("callout-attempt", "stale")]));
        let request = (RESTORE.render)(&args).unwrap();
        assert_eq!(request.method, Method::Put);
        assert!(request.url.ends_with("/flexibleServers/chatbot-pg-r1?api-version=2022-12-01"), "{}", request.url);
        let body = request.body.unwrap().fill(ATTEMPT, &mut |_| Err(())).unwrap();
        let source = server("chatbot-pg").field("id").unwrap().to_string();
        assert_eq!(
            body,
            json!({"location": "westeurope", "tags": {"app": "chatbot", "callout-attempt": ATTEMPT}, "properties":
                {"createMode": "PointInTimeRestore", "sourceServerResourceId": source,
                 "pointInTimeUTC": "2026-11-20T03:05:00.000000Z"}})
        );
    }

    #[test]
    fn a_private_server_stays_private() {
        let mut args = of("chatbot-pg-r1", AT);
        args.insert("subnet".into(), Value::text("/subscriptions/s/subnets/data"));
        args.insert("dns_zone".into(), Value::text(""));
        let body = (RESTORE.render)(&args).unwrap().body.unwrap().masked();
        let network = body.pointer("/properties/network").unwrap();
        assert_eq!(network, &json!({"delegatedSubnetResourceId": "/subscriptions/s/subnets/data"}));
    }

    #[test]
    fn nothing_is_restored_in_place_or_to_what_is_no_moment() {
        let refused = |args: &Args| (RESTORE.render)(args).unwrap_err().to_string();
        assert!(refused(&of("chatbot-pg", AT)).contains("in place"));
        assert!(refused(&of("chatbot-pg-r1", "yesterday")).contains("moment"));
        let mut odd = of("chatbot-pg-r1", AT);
        odd.insert("location".into(), Value::text("westeurope\", \"x"));
        assert!(refused(&odd).contains("region"));
    }

    #[test]
    fn it_happened_exactly_if_the_server_of_that_name_carries_our_tag() {
        let ours = document("chatbot-pg-r1", "Updating", &json!({"callout-attempt": ATTEMPT}));
        let happened = probe(&[listed("chatbot-pg-r1", [&ours])]);
        let ProbeVerdict::Happened { outputs, seen } = happened else { panic!("{happened:?}") };
        assert!(seen.contains("Updating") && field(&outputs, "attempt") == ATTEMPT);
        let foreign = document("chatbot-pg-r1", "Ready", &json!({"callout-attempt": "another"}));
        assert!(matches!(probe(&[listed("chatbot-pg-r1", [&foreign])]), ProbeVerdict::DidNot { .. }));
        assert!(matches!(probe(&[listed("chatbot-pg-r1", [])]), ProbeVerdict::DidNot { .. }));
        assert!(matches!(probe(&[]), ProbeVerdict::Unknown { .. }));
    }

    #[test]
    fn a_person_sees_whether_the_name_is_free() {
        let source = Value::record([("state", Value::text("Ready"))]);
        let taken = |servers| observed(&Args::new(), &[source.clone(), servers])[1].value.clone();
        assert!(taken(listed("r1", [])).starts_with("free"));
        assert!(taken(listed("r1", [&document("r1", "Ready", &json!({}))])).contains("not ours"));
        let keys = (FACTS.locks)(&of("chatbot-pg-r1", AT));
        assert!(keys[0].ends_with("/chatbot-pg-r1") && keys[1].ends_with("/chatbot-pg"));
    }

    #[test]
    fn a_restore_in_the_region_may_lose_minutes_and_one_from_another_region_an_hour() {
        let most = |row: &Row| row.change.as_ref().unwrap().loses.unwrap().most;
        assert_eq!(most(&RESTORE), Span::minutes(5));
        assert_eq!(most(&GEO_RESTORE), Span::minutes(60));
        let body = (GEO_RESTORE.render)(&of("chatbot-pg-r1", AT)).unwrap().body.unwrap().masked();
        assert_eq!(body.pointer("/properties/createMode").unwrap(), "GeoRestore");
    }
}
