//! Whether a server's name can be had. Names of servers are host names, so they are one space for the whole world, and a
//! list of one's own servers tells nothing of those of others.

use super::super::super::by_hand::line;
use super::super::super::{
    Args, Class, Json, Method, RenderError, Reply, Request, Risk, Row, Script, Service, TargetKind, Type, Unreadable,
    Verdict,
};
use super::super::argument::{output, required, target};
use super::super::reading::{body, field, text};
use super::server::{API, about, group_and_name};
use crate::base::Value;

/// `postgres.name.check`.
pub(in super::super) static CHECK: Row = Row {
    name: "postgres.name.check",
    summary: "Asks whether the name of a server that is to be made is free in the whole world.",
    parameters: &[required("server", Type::Target(TargetKind::Postgres), "The server that is to be made.")],
    outputs: &[
        output("free", Type::Boolean, "Whether it is free now; nothing keeps it so."),
        output("why", Type::String, "What the service says if it is not; empty if it is."),
    ],
    risk: Risk::Read,
    class: Class::R,
    service: Service::ResourceManager,
    api_version: Some(API),
    operation_id: Some("CheckNameAvailability_Execute"),
    documentation: "https://learn.microsoft.com/rest/api/postgresql/flexibleserver/check-name-availability/execute?view=rest-postgresql-flexibleserver-2022-12-01",
    permissions: &["Microsoft.DBforPostgreSQL/checkNameAvailability/action"],
    render,
    follow: None,
    parse,
    judge: Some(judge),
    change: None,
    by_hand: Some(by_hand),
};

const TYPE: &str = "Microsoft.DBforPostgreSQL/flexibleServers";

fn render(args: &Args) -> Result<Request, RenderError> {
    let id = target(args, "server", TargetKind::Postgres)?.id;
    let (name, subscription) = (group_and_name(id).1, id.split('/').nth(2).unwrap_or_default());
    let rest = "/providers/Microsoft.DBforPostgreSQL/checkNameAvailability";
    let request = about(Method::Post, &format!("/subscriptions/{subscription}"), rest, API);
    Ok(request.with_body(Json::object([("name", Json::text(name)), ("type", Json::text(TYPE))])))
}

fn by_hand(args: &Args) -> Result<Script, RenderError> {
    let name = group_and_name(target(args, "server", TargetKind::Postgres)?.id).1;
    let wish = format!("{{\"name\": \"{name}\", \"type\": \"{TYPE}\"}}");
    let command = line([("az rest --method POST --url ", &render(args)?.url), (" --body ", &wish)]);
    Ok(Script::of(command).good("`nameAvailable` is true."))
}

fn parse(_: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let body = body(replies, 0)?;
    let free = body.get("nameAvailable").and_then(serde_json::Value::as_bool);
    let free = free.ok_or_else(|| Unreadable("nameAvailable".into()))?;
    let why = if free { "" } else { text(body, "/message") };
    Ok(Value::record([("free", Value::Boolean(free)), ("why", Value::text(why))]))
}

fn judge(_: &Args, outputs: &Value) -> Verdict {
    if outputs.field("free") == Some(&Value::Boolean(true)) {
        return Verdict::Pass { seen: "the name is free".into() };
    }
    let said = field(outputs, "why").trim_end_matches('.');
    let seen = "the name is taken, or cannot be had".to_owned();
    Verdict::Fail { seen: if said.is_empty() { seen } else { format!("{seen}: {said}") } }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::argument::tests::args;
    use super::super::server::tests::server;
    use super::*;

    #[test]
    fn the_subscription_is_asked_for_the_very_name() {
        let request = render(&args([("server", server("chatbot-pg-r1"))])).unwrap();
        assert!(request.url.ends_with(
            "/subscriptions/22222222-2222-4222-8222-222222222222/providers/Microsoft.DBforPostgreSQL/\
             checkNameAvailability?api-version=2022-12-01"
        ));
        assert_eq!(request.body.unwrap().masked(), json!({"name": "chatbot-pg-r1", "type": TYPE}));
    }

    #[test]
    fn a_name_is_free_only_if_the_service_says_so() {
        let judged = |body| parse(&Args::new(), &[Reply::json(200, body)]).map(|outputs| judge(&Args::new(), &outputs));
        assert!(matches!(judged(json!({"nameAvailable": true})).unwrap(), Verdict::Pass { .. }));
        let taken =
            judged(json!({"nameAvailable": false, "message": "Specified server name is already used."})).unwrap();
        assert!(matches!(taken, Verdict::Fail { seen } if seen.ends_with("already used")));
        assert!(judged(json!({"name": "x"})).is_err());
    }
}
