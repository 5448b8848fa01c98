//! How a server stands, and which servers stand beside it.

use serde_json::Value as Json;

use super::super::super::{
    Args, Call, Class, Method, Output, Parameter, RenderError, Reply, Request, Risk, Row, Service, TargetKind, Told,
    Type, Unreadable, Verdict,
};
use super::super::argument::{optional, optional_text, output, pass_on, required, target};
use super::super::reading::{body, field, items, needed, text};
use crate::base::{Timestamp, Value};

/// The resource provider's version that all rows of this service use.
pub(super) const API: &str = "2022-12-01";

const ARM: &str = "https://management.azure.com";

/// The tag by which a server is known to be ours.
pub(super) const ATTEMPT_TAG: &str = "callout-attempt";

/// The parameter that every row of this service has.
pub(super) const SERVER: Parameter = required("server", Type::Target(TargetKind::Postgres), "The server.");

/// `postgres.server.get`.
pub(in super::super) static GET: Row = Row {
    name: "postgres.server.get",
    summary: "Reads how a server stands, and from when on it can be restored.",
    parameters: &[
        SERVER,
        optional("state", Type::String, "As a check: the state that it must be in; `Ready` if not given."),
        optional("attempt", Type::String, "As a check: the attempt that must have made the server, by its tag."),
        optional("covers", Type::Timestamp, "As a check: a moment that its backups must reach back to."),
        optional("backed_up", Type::Boolean, "As a check: whether it must have a backup."),
    ],
    outputs: OUTPUTS,
    risk: Risk::Read,
    class: Class::R,
    service: Service::ResourceManager,
    api_version: Some(API),
    operation_id: Some("Servers_Get"),
    documentation: "https://learn.microsoft.com/rest/api/postgresql/flexibleserver/servers/get?view=rest-postgresql-flexibleserver-2022-12-01",
    permissions: &["Microsoft.DBforPostgreSQL/flexibleServers/read"],
    render: |args| {
        optional_text(args, "state")?;
        optional_text(args, "attempt")?;
        if let Some(found) = optional_text(args, "covers")?.filter(|text| text.parse::<Timestamp>().is_err()) {
            return Err(RenderError::Shape { name: "covers", wanted: "a moment", found: found.to_owned() });
        }
        request(args, Method::Get, "")
    },
    follow: None,
    parse: |_, replies| read(body(replies, 0)?),
    judge: Some(judge),
    change: None,
    by_hand: None,
};

const OUTPUTS: &[Output] = &[
    output("state", Type::String, "`Ready`, `Starting`, `Updating`, `Stopping`, `Stopped`, `Disabled` or `Dropping`.")
        .told(Told::Query("properties.state")),
    output("host", Type::String, "The name under which it answers.")
        .told(Told::Query("properties.fullyQualifiedDomainName")),
    output("location", Type::String, "The region, as the service writes it.").told(Told::Query("location")),
    output("version", Type::String, "The major version of PostgreSQL.").told(Told::Query("properties.version")),
    output("administrator", Type::String, "The administrator's login.")
        .told(Told::Query("properties.administratorLogin")),
    output(
        "earliest_restore",
        Type::Timestamp,
        "The earliest moment that can be restored; not given while there is no backup yet.",
    )
    .told(Told::Query("properties.backup.earliestRestoreDate")),
    output("retention_days", Type::Integer, "For how many days backups are kept."),
    output("geo_backup", Type::String, "`Enabled` if backups are copied to the paired region."),
    output("ha_mode", Type::String, "`Disabled`, `SameZone` or `ZoneRedundant`."),
    output("ha_state", Type::String, "`NotEnabled`, `Healthy`, or what is being done to the standby."),
    output("zone", Type::String, "The availability zone; empty if none."),
    output("sku", Type::String, "The size, `Standard_D4s_v3`."),
    output("public_access", Type::String, "`Enabled`, or `Disabled` if it is reached from its network only."),
    output("subnet", Type::String, "The id of the subnet that it stands in; empty if none."),
    output("dns_zone", Type::String, "The id of its private DNS zone; empty if none."),
    output("attempt", Type::String, "The attempt that made it, by its tag; empty if none of ours."),
    output("created", Type::String, "When it was made, as the service writes it; empty if it does not say."),
];

/// `postgres.server.list`. A server that is not there is no answer to [`GET`], but one to this row: so it is what a probe
/// of a create or a delete reads.
pub(in super::super) static LIST: Row = Row {
    name: "postgres.server.list",
    summary: "Reads which servers stand in a server's resource group, and whether it is one of them.",
    parameters: &[
        required("server", Type::Target(TargetKind::Postgres), "The server that is looked for. It need not be there."),
        optional(
            "expect",
            Type::String,
            "As a check: `present`, which is meant if it is not given, `absent`, or `ours`, which is absent or made by \
             `attempt`.",
        ),
        optional("attempt", Type::String, "For `ours`: the attempt; an empty one has made nothing."),
    ],
    outputs: &[
        output("found", Type::Boolean, "Whether the server is there."),
        output("state", Type::String, "Its state; empty if it is not there."),
        output("host", Type::String, "The name under which it answers; empty if it is not there."),
        output("attempt", Type::String, "The attempt that made it, by its tag; empty if none of ours."),
        output("servers", Type::List(&Type::Record), "All of them, as `{name, state, location, attempt}`."),
    ],
    risk: Risk::Read,
    class: Class::R,
    service: Service::ResourceManager,
    api_version: Some(API),
    operation_id: Some("Servers_ListByResourceGroup"),
    documentation: "https://learn.microsoft.com/rest/api/postgresql/flexibleserver/servers/list-by-resource-group?view=rest-postgresql-flexibleserver-2022-12-01",
    permissions: &["Microsoft.DBforPostgreSQL/flexibleServers/read"],
    render: render_list,
    follow: None,
    parse: parse_list,
    judge: Some(judge_list),
    change: None,
    by_hand: None,
};

/// A request about the server in `args`: its id, then `rest`.
pub(super) fn request(args: &Args, method: Method, rest: &str) -> Result<Request, RenderError> {
    Ok(about(method, target(args, "server", TargetKind::Postgres)?.id, rest, API))
}

/// A request about a resource: its id, which has been checked, then `rest`.
pub(super) fn about(method: Method, id: &str, rest: &str, version: &str) -> Request {
    Request::new(Service::ResourceManager, method, format!("{ARM}{id}{rest}?api-version={version}"))
}

/// The key that keeps two effects off one server. Resource Manager compares ids without regard to case.
pub(super) fn lock(args: &Args, name: &'static str) -> Option<String> {
    target(args, name, TargetKind::Postgres).ok().map(|server| server.id.to_ascii_lowercase())
}

/// The resource group and the name in a server's id. Its shape has been checked:
/// `/subscriptions/S/resourceGroups/G/providers/N/flexibleServers/NAME`.
pub(super) fn group_and_name(id: &str) -> (&str, &str) {
    let mut parts = id.split('/');
    (parts.nth(4).unwrap_or_default(), parts.next_back().unwrap_or_default())
}

/// A read of the server in `args`.
pub(super) fn get_of(args: &Args) -> Call {
    Call::new(GET.name, [("server", pass_on(args, "server"))])
}

/// A read of whether the server in `args` is there.
pub(super) fn list_of(args: &Args) -> Call {
    Call::new(LIST.name, [("server", pass_on(args, "server"))])
}

/// A moment that the service writes with seven decimals and an offset, as the runbook language writes moments.
pub(super) fn moment(json: &Json, pointer: &str) -> Option<Value> {
    let moment: Timestamp = text(json, pointer).parse().ok()?;
    Some(Value::text(moment.to_string()))
}

fn read(server: &Json) -> Result<Value, Unreadable> {
    let own = |pointer: &str| Value::text(text(server, &format!("/properties/{pointer}")));
    let days = server.pointer("/properties/backup/backupRetentionDays").and_then(Json::as_i64);
    let mut outputs = vec![
        ("state", Value::text(needed(server, "/properties/state")?)),
        ("host", own("fullyQualifiedDomainName")),
        ("location", Value::text(needed(server, "/location")?)),
        ("version", own("version")),
        ("administrator", own("administratorLogin")),
        ("retention_days", Value::Integer(days.unwrap_or(0))),
        ("geo_backup", own("backup/geoRedundantBackup")),
        ("ha_mode", own("highAvailability/mode")),
        ("ha_state", own("highAvailability/state")),
        ("zone", own("availabilityZone")),
        ("sku", Value::text(text(server, "/sku/name"))),
        ("public_access", own("network/publicNetworkAccess")),
        ("subnet", own("network/delegatedSubnetResourceId")),
        ("dns_zone", own("network/privateDnsZoneArmResourceId")),
        ("attempt", Value::text(attempt(server))),
        ("created", Value::text(text(server, "/systemData/createdAt"))),
    ];
    outputs.extend(moment(server, "/properties/backup/earliestRestoreDate").map(|at| ("earliest_restore", at)));
    Ok(Value::Record(outputs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()))
}

fn attempt(server: &Json) -> &str {
    server.get("tags").and_then(|tags| tags.get(ATTEMPT_TAG)).and_then(Json::as_str).unwrap_or_default()
}

fn judge(args: &Args, outputs: &Value) -> Verdict {
    let wanted = args.get("state").and_then(Value::as_text).unwrap_or("Ready");
    let mut seen = format!("the server is {}", field(outputs, "state"));
    let mut good = field(outputs, "state") == wanted;
    if !good {
        seen.push_str(&format!("; expected {wanted}"));
    }
    if let Some(attempt) = args.get("attempt").and_then(Value::as_text) {
        match field(outputs, "attempt") {
            found if found == attempt && !attempt.is_empty() => seen.push_str(", and this attempt made it"),
            found => {
                good = false;
                let found = if found.is_empty() { "carries no attempt's tag" } else { "was made by another attempt" };
                seen.push_str(&format!("; it {found}"));
            }
        }
    }
    if let Err(wrong) = backups(args, outputs) {
        good = false;
        seen.push_str(&wrong);
    }
    if good { Verdict::Pass { seen } } else { Verdict::Fail { seen } }
}

/// Whether there are backups, and whether they reach back as far as is wanted; else the end of a sentence that says so.
fn backups(args: &Args, outputs: &Value) -> Result<(), String> {
    let moment = |text: &str| text.parse::<Timestamp>().ok();
    let covers = args.get("covers").and_then(Value::as_text);
    match field(outputs, "earliest_restore") {
        "" if covers.is_some() || args.get("backed_up") == Some(&Value::Boolean(true)) => {
            Err("; it has no backup yet".to_owned())
        }
        earliest => match covers {
            Some(covers) if moment(earliest) > moment(covers) => {
                Err(format!("; {covers} is before {earliest}, the earliest moment that can be restored"))
            }
            _ => Ok(()),
        },
    }
}

fn render_list(args: &Args) -> Result<Request, RenderError> {
    const WANTED: &str = "`present`, `absent` or `ours`";
    optional_text(args, "attempt")?;
    if let Some(found) = optional_text(args, "expect")?.filter(|word| !["present", "absent", "ours"].contains(word)) {
        return Err(RenderError::Shape { name: "expect", wanted: WANTED, found: found.to_owned() });
    }
    let id = target(args, "server", TargetKind::Postgres)?.id;
    let all = id.rsplit_once('/').map_or(id, |(all, _)| all);
    Ok(about(Method::Get, all, "", API))
}

fn parse_list(args: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let id = target(args, "server", TargetKind::Postgres).map(|server| server.id).unwrap_or_default();
    let name = group_and_name(id).1;
    let servers = items(body(replies, 0)?)?;
    let is_it = |server: &&Json| text(server, "/name").eq_ignore_ascii_case(name);
    let found = servers.iter().find(is_it);
    let own = |pointer| Value::text(found.map(|server| text(server, pointer)).unwrap_or_default());
    let record = |server: &Json| {
        Value::record([
            ("name", Value::text(text(server, "/name"))),
            ("state", Value::text(text(server, "/properties/state"))),
            ("location", Value::text(text(server, "/location"))),
            ("attempt", Value::text(attempt(server))),
        ])
    };
    Ok(Value::record([
        ("found", Value::Boolean(found.is_some())),
        ("state", own("/properties/state")),
        ("host", own("/properties/fullyQualifiedDomainName")),
        ("attempt", Value::text(found.map(attempt).unwrap_or_default())),
        ("servers", Value::List(servers.iter().map(record).collect())),
    ]))
}

/// Tells whether the outputs of [`LIST`] have the server.
pub(super) fn is_found(outputs: &Value) -> bool {
    outputs.field("found") == Some(&Value::Boolean(true))
}

fn judge_list(args: &Args, outputs: &Value) -> Verdict {
    let found = is_found(outputs);
    let seen = match field(outputs, "state") {
        state if found => format!("there is a server of that name, and it is {state}"),
        _ => "there is no server of that name in the resource group".to_owned(),
    };
    let given = |name: &str| args.get(name).and_then(Value::as_text);
    let good = match given("expect") {
        Some("absent") => !found,
        Some("ours") if found => {
            let ours =
                given("attempt").is_some_and(|attempt| !attempt.is_empty() && attempt == field(outputs, "attempt"));
            let seen =
                format!("{seen}, and this attempt {}", if ours { "made it" } else { "is not known to have made it" });
            return if ours { Verdict::Pass { seen } } else { Verdict::Fail { seen } };
        }
        Some("ours") => true,
        _ => found,
    };
    if good { Verdict::Pass { seen } } else { Verdict::Fail { seen } }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::super::super::argument::tests::args;
    use super::*;

    pub(in super::super) const ATTEMPT: &str = "01938a3c-0000-7000-8000-00000000000a";

    pub(in super::super) fn server(name: &str) -> Value {
        let group = "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/chatbot-rg/providers";
        Value::record([
            ("name", Value::text(name)),
            ("id", Value::text(format!("{group}/Microsoft.DBforPostgreSQL/flexibleServers/{name}"))),
            ("url", Value::text(format!("postgresql://{name}.postgres.database.azure.com"))),
        ])
    }

    /// A server as the service writes it.
    pub(in super::super) fn document(name: &str, state: &str, tags: &Json) -> Json {
        json!({
            "name": name, "location": "West Europe", "tags": tags,
            "systemData": {"createdAt": "2026-02-05T22:28:39.6984272Z"},
            "sku": {"name": "Standard_D2s_v3", "tier": "GeneralPurpose"},
            "properties": {
                "state": state, "version": "16", "administratorLogin": "chatadmin", "availabilityZone": "1",
                "fullyQualifiedDomainName": format!("{name}.postgres.database.azure.com"),
                "backup": {"backupRetentionDays": 7, "geoRedundantBackup": "Disabled",
                    "earliestRestoreDate": "2026-11-13T02:00:00.7142612+00:00"},
                "network": {"publicNetworkAccess": "Enabled"},
                "highAvailability": {"mode": "ZoneRedundant", "state": "Healthy"},
            },
        })
    }

    /// The outputs of a list of these servers, when `name` is looked for.
    pub(in super::super) fn listed<const N: usize>(name: &str, servers: [&Json; N]) -> Value {
        let reply = Reply::json(200, json!({"value": servers.to_vec()}));
        (LIST.parse)(&args([("server", server(name))]), &[reply]).unwrap()
    }

    fn got(server: Json) -> Result<Value, Unreadable> {
        (GET.parse)(&Args::new(), &[Reply::json(200, server)])
    }

    #[test]
    fn a_server_tells_its_state_and_the_earliest_moment_to_the_microsecond() {
        let outputs = got(document("chatbot-pg", "Ready", &json!({}))).unwrap();
        assert_eq!(field(&outputs, "earliest_restore"), "2026-11-13T02:00:00.714261Z");
        assert_eq!((field(&outputs, "ha_mode"), field(&outputs, "ha_state")), ("ZoneRedundant", "Healthy"));
        assert_eq!(outputs.field("retention_days"), Some(&Value::Integer(7)));
        let mut young = document("chatbot-pg", "Ready", &json!({}));
        young["properties"]["backup"] = json!({"backupRetentionDays": 7});
        assert_eq!(got(young).unwrap().field("earliest_restore"), None, "no backup, no moment");
        assert!(got(json!({"properties": {}})).is_err());
    }

    #[test]
    fn a_check_wants_the_state_and_if_asked_the_attempt() {
        let ours = got(document("x", "Ready", &json!({"callout-attempt": ATTEMPT}))).unwrap();
        let plain = args([("server", server("x"))]);
        assert!(matches!(judge(&plain, &ours), Verdict::Pass { .. }));
        let updating = got(document("x", "Updating", &json!({}))).unwrap();
        assert!(matches!(judge(&plain, &updating), Verdict::Fail { seen } if seen.contains("Updating")));
        let of = |attempt: &str| args([("server", server("x")), ("attempt", Value::text(attempt))]);
        assert!(matches!(judge(&of(ATTEMPT), &ours), Verdict::Pass { .. }));
        assert!(matches!(judge(&of("another"), &ours), Verdict::Fail { .. }));
        let unmarked = got(document("x", "Ready", &json!({}))).unwrap();
        assert!(matches!(judge(&of(""), &unmarked), Verdict::Fail { .. }), "no tag is nobody's tag");
    }

    #[test]
    fn a_check_wants_backups_that_reach_back_to_a_moment() {
        let covers = |moment: &str| args([("server", server("x")), ("covers", Value::text(moment))]);
        let old = got(document("x", "Ready", &json!({}))).unwrap();
        assert!(matches!(judge(&covers("2026-11-13T02:00:00.714261Z"), &old), Verdict::Pass { .. }));
        let early = judge(&covers("2026-11-13T02:00:00Z"), &old);
        assert!(matches!(early, Verdict::Fail { seen } if seen.contains("earliest moment")));
        let mut young = document("x", "Ready", &json!({}));
        young["properties"]["backup"] = json!({"backupRetentionDays": 7});
        let young = got(young).unwrap();
        let any = args([("server", server("x")), ("backed_up", Value::Boolean(true))]);
        for wanted in [covers("2026-11-13T02:00:00Z"), any.clone()] {
            assert!(matches!(judge(&wanted, &young), Verdict::Fail { seen } if seen.contains("no backup yet")));
        }
        assert!(matches!(judge(&any, &old), Verdict::Pass { .. }));
        assert!((GET.render)(&covers("yesterday")).is_err());
    }

    #[test]
    fn a_list_says_whether_the_server_is_there_whatever_its_case() {
        let here = listed("Chatbot-PG", [&document("chatbot-pg", "Ready", &json!({}))]);
        assert!(is_found(&here) && field(&here, "host") == "chatbot-pg.postgres.database.azure.com");
        let gone = listed("chatbot-pg", [&document("other", "Ready", &json!({}))]);
        let verdict = |expect: &str| judge_list(&args([("expect", Value::text(expect))]), &gone);
        assert!(matches!(verdict("present"), Verdict::Fail { .. }));
        assert!(matches!(verdict("absent"), Verdict::Pass { .. }));
        assert!((LIST.parse)(&Args::new(), &[Reply::json(200, json!({}))]).is_err(), "no list is no absence");
    }

    #[test]
    fn what_may_be_deleted_is_ours_or_not_there() {
        let there = |tags| listed("x", [&document("x", "Ready", &tags)]);
        let ours = |attempt: &str| args([("expect", Value::text("ours")), ("attempt", Value::text(attempt))]);
        let marked = there(json!({"callout-attempt": ATTEMPT}));
        assert!(matches!(judge_list(&ours(ATTEMPT), &marked), Verdict::Pass { .. }));
        assert!(matches!(judge_list(&ours("another"), &marked), Verdict::Fail { .. }));
        assert!(matches!(judge_list(&ours(""), &there(json!({}))), Verdict::Fail { .. }), "no tag is nobody's tag");
        assert!(matches!(judge_list(&ours(""), &listed("x", [])), Verdict::Pass { .. }));
    }

    #[test]
    fn the_list_is_that_of_the_servers_own_group() {
        let request = (LIST.render)(&args([("server", server("chatbot-pg"))])).unwrap();
        assert!(request.url.ends_with(
            "/resourceGroups/chatbot-rg/providers/Microsoft.DBforPostgreSQL/flexibleServers?api-version=2022-12-01"
        ));
        let odd = args([("server", server("chatbot-pg")), ("expect", Value::text("gone"))]);
        assert!((LIST.render)(&odd).is_err());
    }
}
