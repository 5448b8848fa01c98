//! The instances of a site, as the platform sees them: a swap and a restart are done when all of them are ready again.

use super::super::{Args, Class, Method, Reply, Risk, Row, Service, Type, Unreadable, Verdict};
use super::argument::{optional, output};
use super::reading::{body, field, items, list, needed};
use super::webapp::{API, APP, request};
use crate::base::Value;

/// `webapp.instances`.
pub(super) static INSTANCES: Row = Row {
    name: "webapp.instances",
    summary: "Reads the state of each instance of a site; as a check, all must be ready.",
    parameters: &[
        APP,
        optional("at_least", Type::Integer, "As a check: how many instances there must be; 1 if not given."),
    ],
    outputs: &[
        output("instances", Type::List(&Type::Record), "Each: `{id, state}`; the state is READY, STOPPED or UNKNOWN."),
        output("count", Type::Integer, "How many there are."),
    ],
    risk: Risk::Read,
    class: Class::R,
    service: Service::ResourceManager,
    api_version: Some(API),
    operation_id: Some("WebApps_ListInstanceIdentifiers"),
    documentation: "https://learn.microsoft.com/rest/api/appservice/web-apps/list-instance-identifiers",
    permissions: &["Microsoft.Web/sites/instances/read", "Microsoft.Web/sites/slots/instances/read"],
    render: |args| request(args, Method::Get, "/instances"),
    follow: None,
    parse,
    judge: Some(judge),
    change: None,
    by_hand: None,
};

fn parse(_: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let mut instances = Vec::new();
    for item in items(body(replies, 0)?)? {
        // The id of an instance is long, and no person reads its end.
        let id: String = needed(item, "/name")?.chars().take(12).collect();
        let state = needed(item, "/properties/state")?;
        instances.push(Value::record([("id", Value::text(id)), ("state", Value::text(state))]));
    }
    let count = i64::try_from(instances.len()).unwrap_or(i64::MAX);
    Ok(Value::record([("instances", Value::List(instances)), ("count", Value::Integer(count))]))
}

fn judge(args: &Args, outputs: &Value) -> Verdict {
    let instances = list(outputs, "instances");
    let wanted = match args.get("at_least") {
        Some(Value::Integer(wanted)) => usize::try_from(*wanted).unwrap_or(1),
        _ => 1,
    };
    let unready: Vec<String> = instances
        .iter()
        .filter(|instance| field(instance, "state") != "READY")
        .map(|instance| format!("{} is {}", field(instance, "id"), field(instance, "state")))
        .collect();
    if !unready.is_empty() {
        return Verdict::Fail { seen: format!("of {} instances, {}", instances.len(), unready.join(", ")) };
    }
    if instances.len() < wanted {
        return Verdict::Fail { seen: format!("{} instances are ready; expected {wanted}", instances.len()) };
    }
    Verdict::Pass { seen: format!("{} instances, all ready", instances.len()) }
}

#[cfg(test)]
mod tests {
    use super::super::argument::tests::{app, args};
    use super::*;
    use serde_json::json;

    fn judged(states: &[&str], at_least: i64) -> Verdict {
        let args = args([("app", app("chatbot-web")), ("at_least", Value::Integer(at_least))]);
        let item = |state: &&str| json!({"name": "0123456789abcdef", "properties": {"state": state}});
        let body = json!({"value": states.iter().map(item).collect::<Vec<_>>()});
        judge(&args, &parse(&args, &[Reply::json(200, body)]).unwrap())
    }

    #[test]
    fn all_instances_must_be_ready_and_as_many_as_wanted() {
        assert!(matches!(judged(&["READY", "READY"], 2), Verdict::Pass { .. }));
        assert!(matches!(judged(&["READY"], 2), Verdict::Fail { .. }));
        assert!(matches!(judged(&[], 1), Verdict::Fail { .. }));
        let one = judged(&["READY", "UNKNOWN"], 1);
        assert!(matches!(&one, Verdict::Fail { seen } if seen.contains("0123456789ab is UNKNOWN")), "{one:?}");
    }
}
