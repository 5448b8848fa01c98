//! What the Activity Log tells of changes. It knows the management plane only and is minutes behind, so what stands there is
//! a trace, and what does not stand there is nothing at all.

use serde_json::Value as Json;

use super::super::{Args, Class, Method, RenderError, Reply, Request, Risk, Row, Service, Type, Unreadable};
use super::argument::{output, required, text as argument};
use super::reading::{body, items, needed, text};
use super::webapp::ARM;
use crate::base::{Timestamp, Value};

/// The version of the Activity Log's events.
const API: &str = "2015-04-01";

/// `activity.events`. Asked for a resource group, because an event may name the resource, what is below it, or its parent;
/// of the answer only what is at or below the resource counts.
pub(super) static EVENTS: Row = Row {
    name: "activity.events",
    summary: "Reads which changes of a resource the Activity Log tells of; it is minutes behind, and absence proves nothing.",
    parameters: &[
        required("resource", Type::String, "The resource's full Resource Manager id."),
        required("since", Type::String, "Only events that happened then or later, RFC 3339; at most 90 days ago."),
    ],
    outputs: &[output(
        "events",
        Type::List(&Type::Record),
        "The newest first: `at`, `operation`, `status`, `request` (the client's own id of its request) and `resource`.",
    )],
    risk: Risk::Read,
    class: Class::R,
    service: Service::ResourceManager,
    api_version: Some(API),
    operation_id: Some("ActivityLogs_List"),
    documentation: "https://learn.microsoft.com/rest/api/monitor/activity-logs/list",
    permissions: &["Microsoft.Insights/eventtypes/values/Read"],
    render,
    follow: None,
    parse,
    judge: None,
    change: None,
    by_hand: None,
};

/// The subscription and the resource group of an id, which is checked for the characters that an id may have.
fn group_of(id: &str) -> Option<(&str, &str)> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._()/".contains(&byte);
    if !id.bytes().all(allowed) || id.contains("..") {
        return None;
    }
    match id.trim_start_matches('/').split('/').collect::<Vec<_>>()[..] {
        [subscriptions, subscription, groups, group, "providers", ..]
            if subscriptions.eq_ignore_ascii_case("subscriptions")
                && groups.eq_ignore_ascii_case("resourceGroups")
                && !subscription.is_empty()
                && !group.is_empty() =>
        {
            Some((subscription, group))
        }
        _ => None,
    }
}

fn render(args: &Args) -> Result<Request, RenderError> {
    let shape = |name, wanted, found: &str| RenderError::Shape { name, wanted, found: found.to_owned() };
    let resource = argument(args, "resource")?;
    let (subscription, group) = group_of(resource)
        .ok_or_else(|| shape("resource", "the full id of a resource in a resource group", resource))?;
    let since = argument(args, "since")?;
    let since: Timestamp = since.parse().map_err(|_| shape("since", "a moment, as RFC 3339", since))?;
    let url = format!(
        "{ARM}/subscriptions/{subscription}/providers/Microsoft.Insights/eventtypes/management/values?api-version={API}\
         &$filter=eventTimestamp%20ge%20%27{since}%27%20and%20resourceGroupName%20eq%20%27{group}%27"
    );
    Ok(Request::new(Service::ResourceManager, Method::Get, url))
}

/// What an event is about. Its own id begins with that too, and is the only place in some.
fn resource_of(event: &Json) -> Result<&str, Unreadable> {
    match text(event, "/resourceId") {
        "" => needed(event, "/id").map(|id| id.split("/events/").next().unwrap_or(id)),
        id => Ok(id),
    }
}

fn parse(args: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let resource = argument(args, "resource").map_err(|error| Unreadable(error.to_string()))?.to_ascii_lowercase();
    let mut events = Vec::new();
    for event in items(body(replies, 0)?)? {
        let id = resource_of(event)?;
        let lower = id.to_ascii_lowercase();
        let below = lower.strip_prefix(resource.trim_end_matches('/'));
        if below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
            events.push(Value::record([
                ("at", Value::text(needed(event, "/eventTimestamp")?)),
                ("operation", Value::text(needed(event, "/operationName/value")?)),
                ("status", Value::text(text(event, "/status/value"))),
                ("request", Value::text(text(event, "/httpRequest/clientRequestId"))),
                ("resource", Value::text(id)),
            ]));
        }
    }
    Ok(Value::record([("events", Value::List(events))]))
}

#[cfg(test)]
mod tests {
    use super::super::argument::tests::args;
    use super::*;
    use serde_json::json;

    const SITE: &str = "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/chatbot-rg/providers/Microsoft.Web/sites/web";

    fn of(resource: &str) -> Args {
        args([("resource", Value::text(resource)), ("since", Value::text("2026-11-20T10:00:00Z"))])
    }

    #[test]
    fn the_log_of_the_resources_group_is_asked_from_a_moment_on() {
        let request = (EVENTS.render)(&of(SITE)).unwrap();
        let filter = "$filter=eventTimestamp%20ge%20%272026-11-20T10:00:00.000000Z%27%20and%20resourceGroupName%20eq%20%27chatbot-rg%27";
        assert!(request.url.ends_with(filter), "{}", request.url);
        for wrong in [
            "",
            "chatbot-web",
            "/subscriptions/x/resourceGroups/y",
            &format!("{SITE}' or 1 eq 1"),
            &format!("{SITE}/../x"),
        ] {
            assert!((EVENTS.render)(&of(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_told_of_the_resource_and_of_what_is_below_it_counts_and_nothing_else() {
        let event = |resource: String| {
            json!({"resourceId": resource, "eventTimestamp": "2026-11-20T10:01:00Z",
                "operationName": {"value": "Microsoft.Web/sites/restart/Action"}, "status": {"value": "Succeeded"},
                "httpRequest": {"clientRequestId": "a"}})
        };
        let all =
            [SITE.to_uppercase(), format!("{SITE}/slots/staging"), format!("{SITE}2"), "/subscriptions/x".to_owned()];
        let body = json!({"value": all.map(event)});
        let outputs = (EVENTS.parse)(&of(SITE), &[Reply::json(200, body)]).unwrap();
        assert_eq!(outputs.field("events").and_then(Value::as_list).map(<[Value]>::len), Some(2));
    }
}
