//! The slots of a site, what a swap would move between two of them, and where production's traffic goes.

use serde_json::Value as Json;

use super::super::{
    Args, Class, Method, RenderError, Reply, Request, Risk, Row, Service, TargetKind, Type, Unreadable, Verdict,
};
use super::argument::{output, target};
use super::place::{PRODUCTION, SLOT, WITH, pair, split_slot};
use super::preview::entity;
use super::reading::{body, field, items, list, needed, text};
use super::webapp::{API, APP, about};
use crate::base::Value;

/// `webapp.slots`.
pub(super) static SLOTS: Row = Row {
    name: "webapp.slots",
    summary: "Lists the slots of a site beside production.",
    parameters: &[APP],
    outputs: &[
        output("slots", Type::List(&Type::Target(TargetKind::Webapp)), "Every slot; production is none of them."),
        output("states", Type::List(&Type::Record), "Of each: `{slot, state, host}`."),
    ],
    risk: Risk::Read,
    class: Class::R,
    service: Service::ResourceManager,
    api_version: Some(API),
    operation_id: Some("WebApps_ListSlots"),
    documentation: "https://learn.microsoft.com/rest/api/appservice/web-apps/list-slots",
    permissions: &["Microsoft.Web/sites/slots/read"],
    render: |args| Ok(about(Method::Get, site(args)?, "/slots")),
    follow: None,
    parse: parse_slots,
    judge: None,
    change: None,
    by_hand: None,
};

/// `webapp.slot.differences`. The service answers with the values of both places, which may be secrets; none is given.
pub(super) static DIFFERENCES: Row = Row {
    name: "webapp.slot.differences",
    summary: "Lists the settings in which a slot and the place that it would take differ, without their values.",
    parameters: &[SLOT, WITH],
    outputs: &[
        output("differences", Type::List(&Type::Record), "Each: `{setting, kind, rule}`, as the service calls them."),
        output("settings", Type::List(&Type::String), "The names of the settings that differ."),
    ],
    risk: Risk::Read,
    class: Class::R,
    service: Service::ResourceManager,
    api_version: Some(API),
    operation_id: Some("WebApps_ListSlotDifferencesSlot"),
    documentation: "https://learn.microsoft.com/rest/api/appservice/web-apps/list-slot-differences-slot",
    permissions: &["Microsoft.Web/sites/slots/slotsdiffs/Action"],
    render: render_differences,
    follow: None,
    parse: parse_differences,
    judge: None,
    change: None,
    // `az rest` would print the values of both places.
    by_hand: Some(differences_by_hand),
};

/// `webapp.traffic`.
pub(super) static TRAFFIC: Row = Row {
    name: "webapp.traffic",
    summary: "Reads which share of production's traffic is sent to slots; as a check, none may be.",
    parameters: &[APP],
    outputs: &[output("rules", Type::List(&Type::Record), "Each rule: `{slot, percent}`; none if all traffic stays.")],
    risk: Risk::Read,
    class: Class::R,
    service: Service::ResourceManager,
    api_version: Some(API),
    operation_id: Some("WebApps_GetConfiguration"),
    documentation: "https://learn.microsoft.com/rest/api/appservice/web-apps/get-configuration",
    permissions: &["Microsoft.Web/sites/config/read"],
    render: |args| Ok(about(Method::Get, site(args)?, "/config/web")),
    follow: None,
    parse: parse_traffic,
    judge: Some(judge_traffic),
    change: None,
    by_hand: None,
};

/// The id of the site itself, whichever of its slots is named.
fn site(args: &Args) -> Result<&str, RenderError> {
    let id = target(args, "app", TargetKind::Webapp)?.id;
    Ok(split_slot(id).map_or(id, |(site, _)| site))
}

fn parse_slots(_: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let (mut slots, mut states) = (Vec::new(), Vec::new());
    for item in items(body(replies, 0)?)? {
        let id = needed(item, "/id")?;
        let Some((_, slot)) = split_slot(id).filter(|_| TargetKind::Webapp.is_id(id)) else {
            return Err(Unreadable("id".into()));
        };
        let host = needed(item, "/properties/defaultHostName")?;
        slots.push(Value::record([
            ("name", Value::text(needed(item, "/name")?)),
            ("id", Value::text(id)),
            ("url", Value::text(format!("https://{host}"))),
        ]));
        states.push(Value::record([
            ("slot", Value::text(slot)),
            ("state", Value::text(text(item, "/properties/state"))),
            ("host", Value::text(host)),
        ]));
    }
    Ok(Value::record([("slots", Value::List(slots)), ("states", Value::List(states))]))
}

fn render_differences(args: &Args) -> Result<Request, RenderError> {
    let pair = pair(args)?;
    Ok(about(Method::Post, pair.source.id, "/slotsdiffs").with_body(entity(pair.destination.slot)))
}

fn differences_by_hand(args: &Args) -> Result<super::super::Script, RenderError> {
    use super::super::by_hand::line;
    use super::super::{Piece, Script};
    let pair = pair(args)?;
    let url = render_differences(args)?.url;
    let entity = entity(pair.destination.slot).masked().to_string();
    let mut command = line([("az rest --method POST --url ", &url), (" --body ", &entity)]);
    command.push(Piece::Shell(" --query 'value[].properties.[settingName, diffRule]' --output tsv"));
    Ok(Script::of(command))
}

fn parse_differences(_: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let read = |item: &Json| -> Result<Value, Unreadable> {
        Ok(Value::record([
            ("setting", Value::text(needed(item, "/properties/settingName")?)),
            ("kind", Value::text(text(item, "/properties/settingType"))),
            ("rule", Value::text(text(item, "/properties/diffRule"))),
        ]))
    };
    let differences: Vec<Value> = items(body(replies, 0)?)?.iter().map(read).collect::<Result<_, _>>()?;
    let settings = differences.iter().map(|difference| Value::text(field(difference, "setting"))).collect();
    Ok(Value::record([("differences", Value::List(differences)), ("settings", Value::List(settings))]))
}

fn parse_traffic(_: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let properties = body(replies, 0)?.get("properties").ok_or_else(|| Unreadable("properties".into()))?;
    let rules = properties.pointer("/experiments/rampUpRules").and_then(Json::as_array);
    let rules = rules.into_iter().flatten().map(|rule| {
        let percent = rule.get("reroutePercentage").map_or_else(|| "0".to_owned(), Json::to_string);
        Value::record([
            ("slot", Value::text(text(rule, "/name"))),
            ("percent", Value::text(percent.trim_end_matches(".0"))),
        ])
    });
    Ok(Value::record([("rules", Value::List(rules.collect()))]))
}

fn judge_traffic(_: &Args, outputs: &Value) -> Verdict {
    let routed = list(outputs, "rules").iter().filter(|rule| field(rule, "percent") != "0");
    let routed: Vec<String> =
        routed.map(|rule| format!("{} % to {}", field(rule, "percent"), field(rule, "slot"))).collect();
    if routed.is_empty() {
        Verdict::Pass { seen: format!("all traffic goes to {PRODUCTION}") }
    } else {
        Verdict::Fail { seen: format!("traffic is routed away from {PRODUCTION}: {}", routed.join(", ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::argument::tests::{app, args};
    use super::*;
    use serde_json::json;

    fn of(name: &str) -> Args {
        args([("app", app(name))])
    }

    #[test]
    fn the_slots_are_those_of_the_site_whichever_slot_is_named() {
        for name in ["chatbot-web", "chatbot-web/staging"] {
            let url = (SLOTS.render)(&of(name)).unwrap().url;
            assert!(url.ends_with("/sites/chatbot-web/slots?api-version=2023-12-01"), "{url}");
        }
        let staging = app("chatbot-web/staging");
        let item = json!({"id": field(&staging, "id"), "name": "chatbot-web/staging",
            "properties": {"state": "Stopped", "defaultHostName": "chatbot-web-staging.azurewebsites.net"}});
        let outputs = (SLOTS.parse)(&of("chatbot-web"), &[Reply::json(200, json!({ "value": [item] }))]).unwrap();
        assert_eq!(field(&list(&outputs, "states")[0], "state"), "Stopped");
        assert_eq!(field(&list(&outputs, "slots")[0], "url"), "https://chatbot-web-staging.azurewebsites.net");
        let site = json!({"value": [{"id": field(&app("chatbot-web"), "id"), "name": "chatbot-web"}]});
        assert!((SLOTS.parse)(&of("chatbot-web"), &[Reply::json(200, site)]).is_err(), "a site is no slot");
    }

    #[test]
    fn differences_are_named_and_their_values_kept_out() {
        let item = json!({"properties": {"settingName": "TOKEN", "settingType": "AppSetting",
            "diffRule": "SettingsWillBeSwapped", "valueInCurrentSlot": "hunter2", "valueInTargetSlot": "hunter3"}});
        let replies = [Reply::json(200, json!({ "value": [item] }))];
        let outputs = (DIFFERENCES.parse)(&of("chatbot-web/staging"), &replies).unwrap();
        assert_eq!(list(&outputs, "settings"), [Value::text("TOKEN")]);
        assert!(!format!("{outputs:?}").contains("hunter"));
        let request = (DIFFERENCES.render)(&of("chatbot-web/staging")).unwrap();
        assert!(request.url.contains("/slots/staging/slotsdiffs?"), "{}", request.url);
        assert_eq!(request.body.unwrap().masked(), json!({"targetSlot": "production", "preserveVnet": true}));
        let script = format!("{:?}", (DIFFERENCES.by_hand.unwrap())(&of("chatbot-web/staging")).unwrap());
        assert!(script.contains("settingName, diffRule"), "{script}");
    }

    #[test]
    fn traffic_that_goes_elsewhere_fails_the_check_and_a_rule_of_nothing_does_not() {
        let judged = |rules: Json| {
            let body = json!({"properties": {"experiments": {"rampUpRules": rules}}});
            judge_traffic(&of("chatbot-web"), &(TRAFFIC.parse)(&of("chatbot-web"), &[Reply::json(200, body)]).unwrap())
        };
        assert!(matches!(judged(json!([])), Verdict::Pass { .. }));
        assert!(matches!(judged(json!([{"name": "staging", "reroutePercentage": 0.0}])), Verdict::Pass { .. }));
        let routed = judged(json!([{"name": "staging", "reroutePercentage": 12.5}]));
        assert!(matches!(&routed, Verdict::Fail { seen } if seen.contains("12.5 % to staging")), "{routed:?}");
        assert!((TRAFFIC.parse)(&of("chatbot-web"), &[Reply::json(200, json!({}))]).is_err());
    }
}
