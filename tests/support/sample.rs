use callout::base::{SecretRef, Value};
use callout::effect::{Args, Parameter, Presence, Row, TargetKind, Type};

/// Arguments under which a row can be asked, where its web app is `app`.
pub(crate) fn sample(row: &Row, app: &str) -> Args {
    // To replace settings is to set some or to remove some, and neither alone is required.
    let is_needed = |parameter: &&Parameter| parameter.presence == Presence::Required || parameter.name == "remove";
    let needed = row.parameters.iter().filter(is_needed);
    needed.map(|parameter| (parameter.name.to_owned(), value(row, parameter, app))).collect()
}

/// A value for a parameter, as its row would take it: rows mean different things by one name.
fn value(row: &Row, parameter: &Parameter, app: &str) -> Value {
    match (parameter.kind, parameter.name) {
        (Type::Target(TargetKind::Webapp), _) => target(TargetKind::Webapp, app),
        (Type::Target(kind), name) => target(kind, name),
        (Type::Secret, _) => Value::Secret { secret: SecretRef::Environment { name: "CANARY".to_owned() } },
        (Type::List(&Type::String), _) => Value::List(vec![Value::text("CHAT_MAX_TURNS")]),
        (Type::List(_), _) => {
            let member = |name, value| Value::record([("name", Value::text(name)), ("value", Value::text(value))]);
            Value::List(vec![member("dataSourceName", "\"docs-blobs\""), member("targetIndexName", "\"docs\"")])
        }
        (_, "version") => Value::text("0".repeat(32)),
        (_, "url") => Value::text("https://chatbot-web.azurewebsites.net/health"),
        (_, "definition") => Value::text(r#"{"fields": []}"#),
        (_, "resource") => {
            Value::text(TargetKind::Webapp.id(app, "22222222-2222-4222-8222-222222222222", "chatbot-rg").unwrap())
        }
        (_, "at" | "since") => Value::text("2026-11-20T03:05:00Z"),
        (_, "from" | "to") if row.name.starts_with("postgres.") => Value::text("203.0.113.10"),
        (_, "from") => Value::text("docs-next"),
        (_, "query") => Value::text("SELECT 1"),
        _ => Value::text("docs"),
    }
}

fn target(kind: TargetKind, name: &str) -> Value {
    let id = kind.id(name, "22222222-2222-4222-8222-222222222222", "chatbot-rg").unwrap();
    let url = kind.url(name).unwrap_or_default();
    Value::record([("name", Value::text(name)), ("id", Value::text(id)), ("url", Value::text(url))])
}
