//! A site or a slot: how it stands, what it runs, and its restart.

use serde_json::Value as Json;

use super::super::{
    Answers, Args, Call, ChangeFacts, Class, Field, Method, Probe, ProbeVerdict, RenderError, Reply, Request, Risk,
    Row, Service, TargetKind, Told, Type, Unreadable,
};
use super::argument::{output, pass_on, read_back, required, target};
use super::reading::{body, field, items, last_segment, needed, text};
use crate::base::{Span, Value};

/// The resource provider's version that all rows of this service use.
pub(super) const API: &str = "2023-12-01";

/// Where Resource Manager answers.
pub(super) const ARM: &str = "https://management.azure.com";

/// The parameter that every row of this service has.
pub(super) const APP: super::super::Parameter =
    required("app", Type::Target(TargetKind::Webapp), "The site, or one of its slots.");

/// `webapp.get`.
pub(super) static GET: Row = Row {
    name: "webapp.get",
    summary: "Reads how a site stands and when it was last swapped.",
    parameters: &[APP],
    outputs: &[
        output("state", Type::String, "`Running` or `Stopped`.").told(Told::Query("properties.state")),
        output("host", Type::String, "The default host name.").told(Told::Query("properties.defaultHostName")),
        output("url", Type::String, "The default host name as an https address."),
        output("swapped_at", Type::String, "When the last swap ended, as the service writes it; empty if never.")
            .told(Told::Query("properties.slotSwapStatus.timestampUtc || ''")),
        output("swap_source", Type::String, "The source slot of the last swap; empty if never."),
        output("swap_destination", Type::String, "The destination slot of the last swap; empty if never."),
        output(
            "preview",
            Type::String,
            "The slot whose swap into this place is previewed and not ended; empty if none is.",
        )
        .told(Told::Query("properties.targetSwapSlot || ''")),
        output("modified", Type::String, "When the site was last modified, as the service writes it."),
    ],
    risk: Risk::Read,
    class: Class::R,
    service: Service::ResourceManager,
    api_version: Some(API),
    operation_id: Some("WebApps_Get"),
    documentation: "https://learn.microsoft.com/rest/api/appservice/web-apps/get",
    permissions: &["Microsoft.Web/sites/read"],
    render: |args| request(args, Method::Get, ""),
    follow: None,
    parse: parse_get,
    judge: None,
    change: None,
    by_hand: None,
};

/// `webapp.deployments`.
pub(super) static DEPLOYMENTS: Row = Row {
    name: "webapp.deployments",
    summary: "Reads which deployment a site runs.",
    parameters: &[APP],
    outputs: &[
        output("active", Type::String, "The id of the active deployment; empty if none is known.")
            .told(Told::LastSegment("value[?properties.active].id")),
        output("message", Type::String, "Its message.")
            .told(Told::Query("value[?properties.active].properties.message")),
        output("author", Type::String, "Who authored it.")
            .told(Told::Query("value[?properties.active].properties.author")),
        output("received", Type::String, "When it was received, as the service writes it."),
        output(
            "deployments",
            Type::List(&Type::Record),
            "All that are known, the newest first: `{id, message, author, received, active}`.",
        ),
    ],
    risk: Risk::Read,
    class: Class::R,
    service: Service::ResourceManager,
    api_version: Some(API),
    operation_id: Some("WebApps_ListDeployments"),
    documentation: "https://learn.microsoft.com/rest/api/appservice/web-apps/list-deployments",
    permissions: &["Microsoft.Web/sites/deployments/read"],
    render: |args| request(args, Method::Get, "/deployments"),
    follow: None,
    parse: parse_deployments,
    judge: None,
    change: None,
    by_hand: None,
};

/// `webapp.restart`.
pub(super) static RESTART: Row = Row {
    name: "webapp.restart",
    summary: "Restarts every instance of a site.",
    parameters: &[APP],
    outputs: &[],
    risk: Risk::Destructive,
    class: Class::D,
    service: Service::ResourceManager,
    api_version: Some(API),
    operation_id: Some("WebApps_Restart"),
    documentation: "https://learn.microsoft.com/rest/api/appservice/web-apps/restart",
    permissions: &["Microsoft.Web/sites/restart/Action"],
    render: |args| request(args, Method::Post, "/restart"),
    follow: None,
    parse: |_, _| Ok(Value::record([])),
    judge: None,
    change: Some(ChangeFacts {
        read_back: |args| read_back(args, "app"),
        locks: |args| lock(args).into_iter().collect(),
        observe: |args| vec![Call::new(GET.name, [("app", pass_on(args, "app"))])],
        observed: |_, seen| seen.first().map(|get| Field::new("state", field(get, "state"))).into_iter().collect(),
        probe: Probe {
            answers: Answers::Never,
            reads: |args| vec![Call::new(GET.name, [("app", pass_on(args, "app"))])],
            judge: |_, _| {
                ProbeVerdict::Unknown {
                seen: "Resource Manager does not tell when a site's instances were started; look at the start time of its \
                       processes, then decide"
                    .into(),
            }
            },
            settles: Span::minutes(5),
        },
        undo: "A restart cannot be undone; the instances come up again by themselves.",
        touches: "Requests in flight are lost, and every instance starts cold. A restart does not load a new secret.",
        expect: Span::minutes(2),
        loses: None,
    }),
    by_hand: None,
};

/// A request about the site in `args`: its id, then `rest`.
pub(super) fn request(args: &Args, method: Method, rest: &str) -> Result<Request, RenderError> {
    let id = target(args, "app", TargetKind::Webapp)?.id;
    Ok(about(method, id, rest))
}

/// A request about a resource: its id, which has been checked, then `rest`.
pub(super) fn about(method: Method, id: &str, rest: &str) -> Request {
    Request::new(Service::ResourceManager, method, format!("{ARM}{id}{rest}?api-version={API}"))
}

/// The key that keeps two effects off one site. Resource Manager compares ids without regard to case.
pub(super) fn lock(args: &Args) -> Option<String> {
    target(args, "app", TargetKind::Webapp).ok().map(|app| app.id.to_ascii_lowercase())
}

pub(super) fn parse_get(_: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let body = body(replies, 0)?;
    let host = needed(body, "/properties/defaultHostName")?;
    let swap = |member| Value::text(text(body, &format!("/properties/slotSwapStatus/{member}")));
    Ok(Value::record([
        ("state", Value::text(needed(body, "/properties/state")?)),
        ("host", Value::text(host)),
        ("url", Value::text(format!("https://{host}"))),
        ("swapped_at", swap("timestampUtc")),
        ("swap_source", swap("sourceSlotName")),
        ("swap_destination", swap("destinationSlotName")),
        ("preview", Value::text(text(body, "/properties/targetSwapSlot"))),
        ("modified", Value::text(text(body, "/properties/lastModifiedTimeUtc"))),
    ]))
}

fn parse_deployments(_: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let mut deployments: Vec<&Json> = items(body(replies, 0)?)?.iter().collect();
    // RFC 3339 in UTC, so later ones are greater as texts.
    deployments.sort_by_key(|item| std::cmp::Reverse(received(item)));
    let none = Json::Null;
    let active = deployments.iter().copied().find(|item| is_active(item)).unwrap_or(&none);
    let of = |item: &Json| {
        [
            ("message", Value::text(text(item, "/properties/message"))),
            ("author", Value::text(text(item, "/properties/author"))),
            ("received", Value::text(received(item))),
        ]
    };
    let id = |item: &Json| Value::text(last_segment(text(item, "/id")));
    let all = deployments.iter().map(|item| {
        let [message, author, received] = of(item);
        Value::record([("id", id(item)), message, author, received, ("active", Value::Boolean(is_active(item)))])
    });
    let [message, author, received] = of(active);
    let all = Value::List(all.collect());
    Ok(Value::record([("active", id(active)), message, author, received, ("deployments", all)]))
}

fn is_active(deployment: &Json) -> bool {
    deployment.pointer("/properties/active").and_then(Json::as_bool) == Some(true)
}

/// The specification knows `start_time`; the deployment engine adds `received_time`, which is earlier.
fn received(deployment: &Json) -> &str {
    let times = ["/properties/received_time", "/properties/start_time"].map(|time| text(deployment, time));
    times.into_iter().find(|time| !time.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::argument::tests::{app, args};
    use super::*;
    use crate::base::Timestamp;
    use crate::effect::ProbeContext;
    use serde_json::json;

    const SITE: &str = "https://management.azure.com/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/\
                        chatbot-rg/providers/Microsoft.Web/sites/chatbot-web";

    fn of(name: &str) -> Args {
        args([("app", app(name))])
    }

    #[test]
    fn requests_name_the_site_or_its_slot() {
        let url = |row: &Row, name| (row.render)(&of(name)).unwrap().url;
        assert_eq!(url(&GET, "chatbot-web"), format!("{SITE}?api-version=2023-12-01"));
        assert_eq!(url(&GET, "chatbot-web/staging"), format!("{SITE}/slots/staging?api-version=2023-12-01"));
        assert_eq!(url(&DEPLOYMENTS, "chatbot-web"), format!("{SITE}/deployments?api-version=2023-12-01"));
        let restart = (RESTART.render)(&of("chatbot-web")).unwrap();
        assert_eq!((restart.method, restart.body.is_none()), (Method::Post, true));
        assert_eq!(restart.url, format!("{SITE}/restart?api-version=2023-12-01"));
    }

    #[test]
    fn a_target_that_is_not_a_site_is_refused() {
        for bad in ["../x", "a/b/c", "a?b"] {
            assert!((RESTART.render)(&of(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_site_tells_its_state_and_its_last_swap_and_an_unswapped_one_says_never() {
        let site = |swap: Json| {
            let properties = json!({"state": "Running", "defaultHostName": "chatbot-web.azurewebsites.net",
                "slotSwapStatus": swap});
            (GET.parse)(&of("chatbot-web"), &[Reply::json(200, json!({ "properties": properties }))]).unwrap()
        };
        let swap = json!({"timestampUtc": "2026-11-20T03:10:00.611Z", "sourceSlotName": "staging",
            "destinationSlotName": "Production"});
        let swapped = site(swap);
        assert_eq!(field(&swapped, "url"), "https://chatbot-web.azurewebsites.net");
        assert_eq!(field(&swapped, "swapped_at"), "2026-11-20T03:10:00.611Z");
        assert_eq!(field(&swapped, "swap_destination"), "Production");
        assert_eq!(field(&site(Json::Null), "swapped_at"), "");
        assert!((GET.parse)(&of("chatbot-web"), &[Reply::json(200, json!({}))]).is_err());
    }

    #[test]
    fn the_active_deployment_is_the_one_that_says_so() {
        let item = |id: &str, active| {
            json!({"id": format!("/subscriptions/s/sites/chatbot-web/deployments/{id}"),
                "properties": {"active": active, "message": "2.4.1", "author": "pipeline", "start_time": "2026-11-19T10:00:00Z"}})
        };
        let reply = Reply::json(200, json!({"value": [item("d-1", Json::Null), item("d-2", json!(true))]}));
        let outputs = (DEPLOYMENTS.parse)(&of("chatbot-web"), &[reply]).unwrap();
        assert_eq!((field(&outputs, "active"), field(&outputs, "author")), ("d-2", "pipeline"));
        assert_eq!(field(&outputs, "received"), "2026-11-19T10:00:00Z");
        let none = (DEPLOYMENTS.parse)(&of("chatbot-web"), &[Reply::json(200, json!({"value": []}))]).unwrap();
        assert_eq!(field(&none, "active"), "");
    }

    #[test]
    fn a_restart_in_doubt_is_a_persons_question() {
        let args = of("chatbot-web");
        let attempt = "01938a3c-0000-7000-8000-000000000001".parse().unwrap();
        let context = ProbeContext { args: &args, attempt, sent_at: Timestamp::from_seconds(0), before: &[] };
        let verdict = (RESTART.change.as_ref().unwrap().probe.judge)(&context, &[]);
        assert!(matches!(verdict, ProbeVerdict::Unknown { .. }));
    }
}
