use serde_json::Value as Document;

use super::super::super::{
    Args, Class, Method, RenderError, Reply, Request, Risk, Row, Service, TargetKind, Told, Type, Unreadable, Verdict,
};
use super::super::argument::{optional, output, target};
use super::super::reading::{body, field, needed, text};
use super::super::webapp::ARM;
use super::place::{API, SERVICE, look, request};
use crate::base::Value;

/// The resource provider's version.
const MANAGEMENT: &str = "2023-11-01";

/// `search.service.get`.
pub(in super::super) static GET: Row = Row {
    name: "search.service.get",
    summary: "Reads how an AI Search service stands, and whether it can be reached from public networks.",
    parameters: &[SERVICE],
    outputs: &[
        output("status", Type::String, "`running`, `provisioning`, `degraded`, `error` and others.")
            .told(Told::Query("properties.status")),
        output("details", Type::String, "What the service adds to its status; empty if nothing.")
            .told(Told::Query("properties.statusDetails || ''")),
        output("public_access", Type::String, "`enabled` or `disabled`: whether public networks reach its data plane.")
            .told(Told::Query("properties.publicNetworkAccess || ''")),
        output("tier", Type::String, "Its tier, which bounds how many indexes there may be.")
            .told(Told::Query("sku.name")),
        output("replicas", Type::Integer, "How many replicas serve it."),
    ],
    risk: Risk::Read,
    class: Class::R,
    service: Service::ResourceManager,
    api_version: Some(MANAGEMENT),
    operation_id: Some("Services_Get"),
    documentation: "https://learn.microsoft.com/rest/api/searchmanagement/services/get",
    permissions: &["Microsoft.Search/searchServices/read"],
    render: |args| {
        let id = target(args, "service", TargetKind::Search)?.id;
        let url = format!("{ARM}{id}?api-version={MANAGEMENT}");
        Ok(Request::new(Service::ResourceManager, Method::Get, url))
    },
    follow: None,
    parse: parse_get,
    judge: Some(judge_get),
    change: None,
    by_hand: None,
};

/// `search.service.quota`.
pub(in super::super) static QUOTA: Row = Row {
    name: "search.service.quota",
    summary: "Reads how many indexes a service has, and how many it may have.",
    parameters: &[
        SERVICE,
        optional(
            "room_for",
            Type::Integer,
            "As a check: how many more indexes there must be room for; 1 if not given.",
        ),
    ],
    outputs: &[
        output("indexes", Type::Integer, "How many indexes there are.")
            .told(Told::Query("counters.indexesCount.usage")),
        output("room", Type::Integer, "How many more there may be; -1 if nothing bounds them."),
        output("indexers", Type::Integer, "How many indexers there are.")
            .told(Told::Query("counters.indexersCount.usage")),
        output("bytes", Type::Integer, "What all indexes take, in bytes.")
            .told(Told::Query("counters.storageSize.usage")),
    ],
    risk: Risk::Read,
    class: Class::R,
    service: Service::Search,
    api_version: Some(API),
    operation_id: Some("GetServiceStatistics"),
    documentation: "https://learn.microsoft.com/rest/api/searchservice/get-service-statistics/get-service-statistics",
    permissions: &["Microsoft.Search/searchServices/read"],
    render: render_quota,
    follow: None,
    parse: parse_quota,
    judge: Some(judge_quota),
    change: None,
    by_hand: Some(|args| {
        let good = format!("Of indexesCount, `quota` is at least {} above `usage`.", room_for(args));
        Ok(look(&render_quota(args)?, good))
    }),
};

fn parse_get(_: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let body = body(replies, 0)?;
    let replicas = body.pointer("/properties/replicaCount").and_then(Document::as_i64).unwrap_or(1);
    Ok(Value::record([
        ("status", Value::text(needed(body, "/properties/status")?)),
        ("details", Value::text(text(body, "/properties/statusDetails"))),
        ("public_access", Value::text(text(body, "/properties/publicNetworkAccess"))),
        ("tier", Value::text(text(body, "/sku/name"))),
        ("replicas", Value::Integer(replicas)),
    ]))
}

fn judge_get(_: &Args, outputs: &Value) -> Verdict {
    let (status, details) = (field(outputs, "status"), field(outputs, "details"));
    let mut seen = format!("{status}, tier {}", field(outputs, "tier"));
    if !details.is_empty() {
        seen = format!("{seen}: {details}");
    }
    if field(outputs, "public_access").eq_ignore_ascii_case("disabled") {
        seen = format!("{seen}; its data plane answers on private networks only");
    }
    if status.eq_ignore_ascii_case("running") { Verdict::Pass { seen } } else { Verdict::Fail { seen } }
}

fn render_quota(args: &Args) -> Result<Request, RenderError> {
    request(args, Method::Get, "/servicestats", API)
}

fn room_for(args: &Args) -> i64 {
    if let Some(Value::Integer(room)) = args.get("room_for") { *room } else { 1 }
}

fn parse_quota(_: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let body = body(replies, 0)?;
    let counter = |name: &str, part: &str| body.pointer(&format!("/counters/{name}/{part}")).and_then(Document::as_i64);
    let usage = |name: &str| counter(name, "usage").ok_or_else(|| Unreadable(format!("counters.{name}.usage")));
    let indexes = usage("indexesCount")?;
    let room = counter("indexesCount", "quota").map_or(-1, |quota| (quota - indexes).max(0));
    Ok(Value::record([
        ("indexes", Value::Integer(indexes)),
        ("room", Value::Integer(room)),
        ("indexers", Value::Integer(usage("indexersCount")?)),
        ("bytes", Value::Integer(usage("storageSize")?)),
    ]))
}

fn judge_quota(args: &Args, outputs: &Value) -> Verdict {
    let number = |name| if let Some(Value::Integer(number)) = outputs.field(name) { *number } else { 0 };
    let (indexes, room, wanted) = (number("indexes"), number("room"), room_for(args));
    if room < 0 {
        return Verdict::Pass { seen: format!("{indexes} indexes, and no bound") };
    }
    let seen = format!("{indexes} indexes, and room for {room} more");
    if room >= wanted {
        Verdict::Pass { seen }
    } else {
        Verdict::Fail { seen: format!("{seen}; expected room for {wanted}") }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::place::tests::with;
    use super::*;

    #[test]
    fn a_service_that_runs_on_private_networks_only_says_so() {
        let body =
            json!({"sku": {"name": "basic"}, "properties": {"status": "running", "publicNetworkAccess": "disabled"}});
        let outputs = parse_get(&with([]), &[Reply::json(200, body)]).unwrap();
        assert!(matches!(judge_get(&with([]), &outputs), Verdict::Pass { seen } if seen.contains("private networks")));
        let url = (GET.render)(&with([])).unwrap().url;
        assert!(url.ends_with("/Microsoft.Search/searchServices/chatbot-search?api-version=2023-11-01"), "{url}");
    }

    #[test]
    fn room_is_what_is_left_of_the_quota() {
        let of = |usage: i64, quota: serde_json::Value| {
            let counter = |usage: i64, quota: &serde_json::Value| json!({"usage": usage, "quota": quota});
            let counters = json!({"indexesCount": counter(usage, &quota), "indexersCount": counter(1, &quota), "storageSize": counter(9, &quota)});
            parse_quota(&with([]), &[Reply::json(200, json!({ "counters": counters }))]).unwrap()
        };
        assert!(matches!(judge_quota(&with([]), &of(14, json!(15))), Verdict::Pass { .. }));
        assert!(matches!(judge_quota(&with([]), &of(15, json!(15))), Verdict::Fail { .. }));
        assert!(matches!(judge_quota(&with([]), &of(15, json!(null))), Verdict::Pass { .. }));
        let two = with([("room_for", Value::Integer(2))]);
        assert!(matches!(judge_quota(&two, &of(14, json!(15))), Verdict::Fail { .. }));
    }
}
