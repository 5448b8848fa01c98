//! Servers on the wire: reads, long-running changes, and the polls of those.

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::fleet::{Act, Change};
use super::role::Password;
use super::server::{ADMINISTRATOR, PARAMETERS, Server, State};
use super::{body, lock};
use crate::sim::answer::{Answer, arm_error};
use crate::sim::asked::Asked;
use crate::sim::change::{Change as Whole, Value as Secret};
use crate::sim::clock::Moment;
use crate::sim::error::SimError;
use crate::sim::host;
use crate::sim::search::Twist;
use crate::sim::web::{HOST, LOCATION, SUBSCRIPTION};
use crate::sim::world::World;

/// How long things take, in estate seconds: a restore of some hundred gigabytes, and what is done to a server.
const RESTORING: u32 = 12 * 60;
const DROPPING: u32 = 100;
const SETTING: u32 = 30;
/// How much a restore lacks that says nothing of it, in seconds.
const MISSING: i64 = 3600;
/// What a poll is asked to wait, in seconds.
const RETRY_AFTER: &str = "15";

/// The body of a create.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Create {
    #[serde(default)]
    tags: BTreeMap<String, String>,
    properties: CreateProperties,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateProperties {
    #[serde(default)]
    create_mode: Option<String>,
    #[serde(default)]
    source_server_resource_id: Option<String>,
    #[serde(default, rename = "pointInTimeUTC")]
    point: Option<Moment>,
}

/// The body of a change of the whole server.
#[derive(Deserialize)]
struct Update {
    properties: UpdateProperties,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UpdateProperties {
    administrator_login_password: Option<Secret>,
}

/// The body of a parameter.
#[derive(Deserialize)]
struct Parameter {
    properties: ParameterProperties,
}

#[derive(Deserialize)]
struct ParameterProperties {
    value: String,
}

/// The body of a firewall rule.
#[derive(Deserialize)]
struct Rule {
    properties: RuleProperties,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RuleProperties {
    start_ip_address: String,
    end_ip_address: String,
}

/// Answers a request about servers of the resource group: `rest` is what follows `flexibleServers`, as it was written.
pub(crate) fn answer(world: &mut World, at: Moment, asked: &Asked, rest: &[&str]) -> Result<Answer, SimError> {
    let [name, rest @ ..] = rest else { return Ok(list(world, at, asked)) };
    let name = name.to_lowercase();
    let lower: Vec<String> = rest.iter().map(|part| part.to_lowercase()).collect();
    let words: Vec<&str> = lower.iter().map(String::as_str).collect();
    if words.is_empty() && asked.method == Method::PUT {
        return create(world, at, asked, &name);
    }
    let Some(server) = world.estate().databases.servers.get(&name) else {
        // To delete what is not there is no error (Resource Manager's contract with its providers).
        let gone = words.is_empty() && asked.method == Method::DELETE;
        return Ok(if gone { Answer::empty(StatusCode::NO_CONTENT) } else { missing(&name) });
    };
    let get = asked.method == Method::GET;
    match words[..] {
        ["providers", "microsoft.authorization", "locks", ..] => {
            let [_, _, _, names @ ..] = rest else { return Ok(missing(&name)) };
            lock::answer(world, at, asked, &name, names)
        }
        [] if get => Ok(Answer::ok(&body::server(&name, server, at))),
        ["configurations"] if get => {
            let all = PARAMETERS.iter().filter_map(|(parameter, ..)| body::parameter(&name, server, parameter));
            Ok(Answer::ok(&json!({"value": all.collect::<Vec<_>>()})))
        }
        ["configurations", parameter] if get => {
            Ok(body::parameter(&name, server, parameter).map_or_else(|| missing(parameter), |found| Answer::ok(&found)))
        }
        ["firewallrules"] if get => {
            let all = server.rules.iter().map(|(rule, range)| body::rule(&name, rule, *range));
            Ok(Answer::ok(&json!({"value": all.collect::<Vec<_>>()})))
        }
        ["firewallrules", _] if get => {
            let rule = rest.get(1).copied().unwrap_or_default();
            let found = server.rules.get(rule);
            Ok(found.map_or_else(|| missing(rule), |range| Answer::ok(&body::rule(&name, rule, *range))))
        }
        _ if get => Ok(missing(&rest.join("/"))),
        _ => {
            if let Some(refusal) = refusal(world, &name, server, asked) {
                return Ok(refusal);
            }
            let (act, seconds) = match act(server, asked, rest, &words) {
                Ok(act) => act,
                Err(refused) => return Ok(refused),
            };
            begin(world, at, asked, &name, seconds, act)
        }
    }
}

/// Answers what is asked of the resource provider itself: all servers, and how operations stand. The path is in lower case.
pub(crate) fn provider(world: &World, at: Moment, asked: &Asked, rest: &[&str]) -> Answer {
    match rest {
        ["flexibleservers"] if asked.method == Method::GET => list(world, at, asked),
        ["locations", _, kind @ ("azureasyncoperation" | "operationresults"), id] if asked.method == Method::GET => {
            poll(world, at, asked, kind, id)
        }
        ["checknameavailability"] | ["locations", _, "checknameavailability"] if asked.method == Method::POST => {
            check_name(world, asked)
        }
        _ => missing(&rest.join("/")),
    }
}

fn list(world: &World, at: Moment, asked: &Asked) -> Answer {
    if asked.method != Method::GET {
        return not_allowed(asked);
    }
    let servers = world.estate().databases.servers.iter().map(|(name, server)| body::server(name, server, at));
    Answer::ok(&json!({"value": servers.collect::<Vec<_>>()}))
}

/// What would be done, and how long it takes.
fn act(server: &Server, asked: &Asked, rest: &[&str], words: &[&str]) -> Result<(Act, u32), Answer> {
    let invalid = |what: &str| {
        let text = format!("Invalid value given for parameter {what}. Specify a valid parameter value.");
        arm_error(StatusCode::BAD_REQUEST, "InvalidParameterValue", &text)
    };
    let own_name = || rest.get(1).copied().unwrap_or_default().to_owned();
    match (&asked.method, words) {
        (&Method::DELETE, []) => Ok((Act::Delete, DROPPING)),
        (&Method::PATCH, []) => {
            let update: Update = asked.json().map_err(|_| invalid("properties"))?;
            let password = update.properties.administrator_login_password.ok_or_else(|| invalid("properties"))?;
            if password.0.len() < 8 {
                return Err(invalid("administratorLoginPassword"));
            }
            Ok((Act::Password { role: ADMINISTRATOR.to_owned(), password: Password::Plain(password) }, 2 * SETTING))
        }
        (&Method::PUT | &Method::PATCH, ["configurations", name]) => {
            let parameter: Parameter = asked.json().map_err(|_| invalid("value"))?;
            if server.parameter(name).is_none() {
                return Err(missing(name));
            }
            Ok((Act::Parameter { name: (*name).to_owned(), value: parameter.properties.value }, SETTING))
        }
        (&Method::PUT, ["firewallrules", _]) => {
            let rule: Rule = asked.json().map_err(|_| invalid("startIpAddress"))?;
            let from = address(&rule.properties.start_ip_address).ok_or_else(|| invalid("startIpAddress"))?;
            let to = address(&rule.properties.end_ip_address).ok_or_else(|| invalid("endIpAddress"))?;
            Ok((Act::Rule { name: own_name(), from, to }, SETTING))
        }
        (&Method::DELETE, ["firewallrules", _]) => Ok((Act::RuleDeleted { name: own_name() }, SETTING)),
        _ => Err(not_allowed(asked)),
    }
}

fn address(text: &str) -> Option<[u8; 4]> {
    let parts: Vec<u8> = text.split('.').map_while(|part| part.parse().ok()).collect();
    parts.try_into().ok()
}

/// What keeps a server from being changed at all.
fn refusal(world: &World, name: &str, server: &Server, asked: &Asked) -> Option<Answer> {
    let fleet = &world.estate().databases;
    if let Some(locked) = lock::refusal(fleet, name, &asked.method) {
        return Some(locked);
    }
    (fleet.is_busy(name) || server.state != State::Ready).then(|| {
        let text = format!(
            "Cannot complete operation because server '{name}' is busy processing another operation. Please try again later."
        );
        arm_error(StatusCode::CONFLICT, "ServerIsBusy", &text)
    })
}

fn create(world: &mut World, at: Moment, asked: &Asked, name: &str) -> Result<Answer, SimError> {
    let bad = |code: &str, text: &str| Ok(arm_error(StatusCode::BAD_REQUEST, code, text));
    let invalid = |what: &str| {
        bad(
            "InvalidParameterValue",
            &format!("Invalid value given for parameter {what}. Specify a valid parameter value."),
        )
    };
    let Create { tags, properties } = match asked.json() {
        Ok(create) => create,
        Err(error) => return bad("InvalidRequestContent", &format!("The request content was invalid: {error}")),
    };
    if !world.estate().databases.is_free(name) {
        let text = format!("Specified server name is already used: '{name}'.");
        return Ok(arm_error(StatusCode::CONFLICT, "ServerNameAlreadyExists", &text));
    }
    match properties.create_mode.as_deref() {
        Some("PointInTimeRestore") => {}
        Some("GeoRestore") => {
            let text = "The source server does not have geo-redundant backup enabled.";
            return bad("GeoBackupsNotEnabled", text);
        }
        mode => {
            let mode = mode.unwrap_or("Default");
            return bad(
                "OperationNotAllowed",
                &format!("The simulated subscription makes no servers in the mode '{mode}'."),
            );
        }
    }
    let source = properties.source_server_resource_id.unwrap_or_default();
    let source = source.rsplit('/').next().unwrap_or_default().to_lowercase();
    let Some(found) = world.estate().databases.servers.get(&source) else { return invalid("sourceServerResourceId") };
    let Some(point) = properties.point.filter(|point| (found.earliest(at)..=at).contains(point)) else {
        return invalid("pointInTimeUTC");
    };
    begin(world, at, asked, name, RESTORING, Act::Restore { source, point, tags })
}

/// 202 with both headers, and a body that names the operation.
fn begin(
    world: &mut World,
    at: Moment,
    asked: &Asked,
    server: &str,
    seconds: u32,
    act: Act,
) -> Result<Answer, SimError> {
    let (operation, called, twist) = (host::uuid()?, act.word(), world.twist());
    let act = if twist == Some(Twist::Short) { short(act) } else { act };
    let fails = twist == Some(Twist::Halfway);
    let change = Change::Begun { operation, server: server.to_owned(), seconds, act, fails };
    world.change(at, Whole::Database(change))?;
    let version = asked.parameter("api-version").unwrap_or_default();
    let place = |kind: &str| {
        format!(
            "https://{HOST}/subscriptions/{SUBSCRIPTION}/providers/Microsoft.DBforPostgreSQL/locations/{LOCATION}/{kind}/{operation}?api-version={version}&t={}",
            at.microseconds()
        )
    };
    let accepted =
        Answer::json(StatusCode::ACCEPTED, &json!({"operation": called, "startTime": at.milliseconds_text()}));
    Ok(accepted
        .with("azure-asyncoperation", &place("azureAsyncOperation"))
        .with("location", &place("operationResults"))
        .with("retry-after", RETRY_AFTER))
}

/// A restore that says it has succeeded and lacks the last of what it should have brought back.
fn short(act: Act) -> Act {
    match act {
        Act::Restore { source, point, tags } => Act::Restore { source, point: point.plus_seconds(-MISSING), tags },
        act => act,
    }
}

fn poll(world: &World, at: Moment, asked: &Asked, kind: &str, id: &str) -> Answer {
    let fleet = &world.estate().databases;
    let Some(operation) = id.parse().ok().and_then(|id| fleet.operations.get(&id)) else { return missing(id) };
    let is_done = at >= operation.due;
    if kind == "azureasyncoperation" {
        let status = match (is_done, operation.fails) {
            (false, _) => "InProgress",
            (true, false) => "Succeeded",
            (true, true) => "Failed",
        };
        let started = operation.started.milliseconds_text();
        let mut document = json!({"name": id, "status": status, "startTime": started});
        if is_done && operation.fails {
            let text = "An unexpected error occured while processing the request.";
            document["error"] = json!({"code": "InternalServerError", "message": text});
        }
        let answer = Answer::ok(&document);
        return if is_done { answer } else { answer.with("retry-after", RETRY_AFTER) };
    }
    if !is_done {
        let here = format!("https://{HOST}{}?{}", asked.path, asked.query);
        return Answer::empty(StatusCode::ACCEPTED).with("location", &here).with("retry-after", RETRY_AFTER);
    }
    let name = &operation.server;
    let result = fleet.servers.get(name).and_then(|server| match &operation.act {
        Act::Restore { .. } | Act::Password { .. } => Some(body::server(name, server, at)),
        Act::Parameter { name: parameter, .. } => body::parameter(name, server, parameter),
        Act::Rule { name: rule, from, to } => Some(body::rule(name, rule, (*from, *to))),
        Act::Delete | Act::RuleDeleted { .. } => None,
    });
    result.map_or_else(|| Answer::empty(StatusCode::OK), |document| Answer::ok(&document))
}

fn check_name(world: &World, asked: &Asked) -> Answer {
    let wanted: Value = asked.json().unwrap_or_default();
    let name = wanted["name"].as_str().unwrap_or_default();
    let free = world.estate().databases.is_free(&name.to_lowercase());
    let mut answer = json!({
        "name": name, "type": "Microsoft.DBforPostgreSQL/flexibleServers", "nameAvailable": free,
        "message": if free { String::new() } else { format!("Specified server name is already used: '{name}'.") },
    });
    if !free {
        answer["reason"] = json!("AlreadyExists");
    }
    Answer::ok(&answer)
}

fn missing(what: &str) -> Answer {
    let text = format!(
        "The requested resource of type 'Microsoft.DBforPostgreSQL/flexibleServers' with name '{what}' was not found."
    );
    arm_error(StatusCode::NOT_FOUND, "ResourceNotFound", &text)
}

fn not_allowed(asked: &Asked) -> Answer {
    let text = format!("The resource does not support http method '{}' here.", asked.method);
    arm_error(StatusCode::METHOD_NOT_ALLOWED, "HttpMethodNotSupported", &text)
}
