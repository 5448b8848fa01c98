//! Locks on the wire (Microsoft.Authorization 2016-09-01).

use axum::http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::server_id;
use super::fleet::{Change, Fleet, Lock};
use crate::sim::answer::{Answer, arm_error};
use crate::sim::asked::Asked;
use crate::sim::change::Change as Whole;
use crate::sim::clock::Moment;
use crate::sim::error::SimError;
use crate::sim::world::World;

/// The body of a lock.
#[derive(Deserialize)]
struct Body {
    properties: Properties,
}

#[derive(Deserialize)]
struct Properties {
    level: String,
    #[serde(default)]
    notes: Option<String>,
}

/// Answers a request about the locks of a server.
pub(crate) fn answer(
    world: &mut World,
    at: Moment,
    asked: &Asked,
    server: &str,
    rest: &[&str],
) -> Result<Answer, SimError> {
    let locks = world.estate().databases.locks.get(server);
    match (&asked.method, rest) {
        (&Method::GET, []) => {
            let all = locks.into_iter().flatten().map(|(name, lock)| document(server, name, lock));
            Ok(Answer::ok(&json!({"value": all.collect::<Vec<_>>()})))
        }
        (&Method::GET, [name]) => Ok(match locks.and_then(|locks| locks.get(*name)) {
            Some(lock) => Answer::ok(&document(server, name, lock)),
            None => missing(name),
        }),
        (&Method::PUT, [name]) => {
            let Ok(Body { properties: Properties { level, notes } }) = asked.json() else {
                let text = "The request content was invalid and could not be deserialized.";
                return Ok(arm_error(StatusCode::BAD_REQUEST, "InvalidRequestContent", text));
            };
            if !["CanNotDelete", "ReadOnly"].contains(&level.as_str()) {
                let text = format!("The lock level '{level}' is not valid.");
                return Ok(arm_error(StatusCode::BAD_REQUEST, "InvalidLockLevel", &text));
            }
            let is_new = locks.is_none_or(|locks| !locks.contains_key(*name));
            let answer = document(server, name, &Lock { level: level.clone(), notes: notes.clone() });
            let (server, name) = (server.to_owned(), (*name).to_owned());
            world.change(at, Whole::Database(Change::LockSet { server, name, level, notes }))?;
            let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
            Ok(Answer::json(status, &answer))
        }
        (&Method::DELETE, [name]) => {
            if locks.is_none_or(|locks| !locks.contains_key(*name)) {
                return Ok(Answer::empty(StatusCode::NO_CONTENT));
            }
            let (server, name) = (server.to_owned(), (*name).to_owned());
            world.change(at, Whole::Database(Change::LockDeleted { server, name }))?;
            Ok(Answer::empty(StatusCode::OK))
        }
        _ => {
            let text = format!("The resource does not support http method '{}' here.", asked.method);
            Ok(arm_error(StatusCode::METHOD_NOT_ALLOWED, "HttpMethodNotSupported", &text))
        }
    }
}

/// The refusal of what a lock forbids: a deletion by any lock, every other change by one that is read-only.
pub(crate) fn refusal(fleet: &Fleet, server: &str, method: &Method) -> Option<Answer> {
    let locks = fleet.locks.get(server)?;
    let forbids = |lock: &Lock| *method == Method::DELETE || lock.level == "ReadOnly";
    let (name, _) = locks.iter().find(|(_, lock)| forbids(lock))?;
    let act = if *method == Method::DELETE { "delete" } else { "write" };
    let id = server_id(server);
    let text = format!(
        "The scope '{id}' cannot perform {act} operation because following scope(s) are locked: '{id}' ({name}). Please remove the lock and try again."
    );
    Some(arm_error(StatusCode::CONFLICT, "ScopeLocked", &text))
}

fn document(server: &str, name: &str, lock: &Lock) -> Value {
    let mut properties = json!({"level": lock.level});
    if let Some(notes) = &lock.notes {
        properties["notes"] = json!(notes);
    }
    json!({
        "id": format!("{}/providers/Microsoft.Authorization/locks/{name}", server_id(server)),
        "type": "Microsoft.Authorization/locks",
        "name": name,
        "properties": properties,
    })
}

fn missing(name: &str) -> Answer {
    let text = format!("The lock '{name}' could not be found.");
    arm_error(StatusCode::NOT_FOUND, "LockNotFound", &text)
}
