//! Key Vault's data plane: `https://{vault}.vault.azure.net/secrets/…`.

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, json};

use super::{Absent, Version};
use crate::sim::answer::{Answer, vault_error, vault_inner_error};
use crate::sim::asked::{Asked, is_api_version};
use crate::sim::change::{Change, SecretSet, SecretUpdated, Value};
use crate::sim::clock::Moment;
use crate::sim::error::SimError;
use crate::sim::host;
use crate::sim::signin::{TENANT, Unauthorized, VAULT_AUDIENCE};
use crate::sim::world::World;

pub(crate) const HOST: &str = "chatbot-kv.vault.azure.net";

/// Pages hold at most so many items (specification 7.5), and as many where the client asks for none.
const PAGE: usize = 25;
/// A value may have so many bytes.
const LONGEST_VALUE: usize = 25_000;

/// The body of `PUT /secrets/{name}`.
#[derive(Deserialize)]
struct SetBody {
    value: Option<String>,
    #[serde(rename = "contentType")]
    content_type: Option<String>,
    tags: Option<BTreeMap<String, String>>,
    #[serde(default)]
    attributes: Attributes,
}

/// The body of `PATCH /secrets/{name}/{version}`.
#[derive(Deserialize)]
struct UpdateBody {
    #[serde(rename = "contentType")]
    content_type: Option<String>,
    tags: Option<BTreeMap<String, String>>,
    #[serde(default)]
    attributes: Attributes,
}

#[derive(Default, Deserialize)]
struct Attributes {
    enabled: Option<bool>,
    nbf: Option<i64>,
    exp: Option<i64>,
}

/// The challenge: where to get a token, and for what.
pub(crate) fn challenge(reason: Unauthorized) -> Answer {
    let place =
        format!(r#"Bearer authorization="https://login.microsoftonline.com/{TENANT}", resource="{VAULT_AUDIENCE}""#);
    let (header, message) = match reason {
        Unauthorized::Missing => (place, "AKV10000: Request is missing a Bearer or PoP token."),
        Unauthorized::Invalid => {
            (format!(r#"{place}, error="invalid_token""#), "AKV10001: Unable to validate the token.")
        }
        Unauthorized::Expired => {
            (format!(r#"{place}, error="invalid_token""#), "AKV10002: Error validating token: the token has expired.")
        }
        Unauthorized::Audience => (format!(r#"{place}, error="invalid_token""#), "AKV10022: Invalid audience."),
    };
    vault_error(StatusCode::UNAUTHORIZED, "Unauthorized", message).with("www-authenticate", &header)
}

/// Answers a request that has a token for the vault.
pub(crate) fn answer(world: &mut World, at: Moment, asked: &Asked) -> Result<Answer, SimError> {
    match asked.parameter("api-version") {
        None => return Ok(bad_parameter("api-version must be specified")),
        Some(version) if !is_api_version(&version) => {
            return Ok(bad_parameter(&format!("api-version: '{version}' is not a well-formed version")));
        }
        Some(_) => {}
    }
    match (&asked.method, &asked.segments()[..]) {
        (&Method::GET, ["secrets"]) => Ok(list_secrets(world, asked)),
        (_, ["secrets", name, ..]) if !is_name(name) => {
            Ok(bad_parameter(&format!("The request URI contains an invalid name: {name}")))
        }
        (&Method::PUT, ["secrets", name]) => set(world, at, asked, name),
        (&Method::GET, ["secrets", name]) => Ok(get(world, name, None)),
        (&Method::GET, ["secrets", name, "versions"]) => Ok(list_versions(world, asked, name)),
        (&Method::GET, ["secrets", name, version]) => Ok(get(world, name, Some(version))),
        (&Method::PATCH, ["secrets", name]) => update(world, at, asked, name, None),
        (&Method::PATCH, ["secrets", name, version]) => update(world, at, asked, name, Some(version)),
        (_, ["secrets"] | ["secrets", _] | ["secrets", _, _]) => Ok(vault_error(
            StatusCode::METHOD_NOT_ALLOWED,
            "MethodNotAllowed",
            &format!("The HTTP method {} is not supported by the simulated vault here.", asked.method),
        )),
        _ => Ok(vault_error(StatusCode::NOT_FOUND, "NotFound", "The requested resource was not found.")),
    }
}

fn set(world: &mut World, at: Moment, asked: &Asked, name: &str) -> Result<Answer, SimError> {
    let body: SetBody = match asked.json() {
        Ok(body) => body,
        Err(error) => return Ok(bad_parameter(&format!("The request body is not valid: {error}"))),
    };
    let Some(value) = body.value else { return Ok(bad_parameter("Property value is required")) };
    if value.len() > LONGEST_VALUE {
        return Ok(bad_parameter("Secret value exceeds the maximum of 25k bytes"));
    }
    let version = host::hex32()?;
    let set = SecretSet {
        name: name.to_owned(),
        version: version.clone(),
        value: Value(value),
        content_type: body.content_type,
        tags: body.tags,
        enabled: body.attributes.enabled.unwrap_or(true),
        not_before: body.attributes.nbf,
        expires: body.attributes.exp,
    };
    world.change(at, Change::SecretSet(set))?;
    Ok(match world.estate().vault.find(name, Some(&version)) {
        Ok(version) => bundle(name, version, Show::Value),
        Err(absent) => refuse(name, absent),
    })
}

fn update(world: &mut World, at: Moment, asked: &Asked, name: &str, version: Option<&str>) -> Result<Answer, SimError> {
    let body: UpdateBody = match asked.json() {
        Ok(body) => body,
        Err(error) => return Ok(bad_parameter(&format!("The request body is not valid: {error}"))),
    };
    let id = match world.estate().vault.find(name, version) {
        Ok(found) => found.id.clone(),
        Err(absent) => return Ok(refuse(name, absent)),
    };
    let update = SecretUpdated {
        name: name.to_owned(),
        version: id.clone(),
        content_type: body.content_type,
        tags: body.tags,
        enabled: body.attributes.enabled,
        not_before: body.attributes.nbf,
        expires: body.attributes.exp,
    };
    world.change(at, Change::SecretUpdated(update))?;
    Ok(match world.estate().vault.find(name, Some(&id)) {
        Ok(version) => bundle(name, version, Show::Properties),
        Err(absent) => refuse(name, absent),
    })
}

fn get(world: &World, name: &str, version: Option<&str>) -> Answer {
    match world.estate().vault.readable(name, version) {
        Ok(found) => bundle(name, found, Show::Value),
        Err(absent) => refuse(name, absent),
    }
}

/// Lists versions in the order of their identifiers, as Key Vault does: never take the first for the newest. A secret that
/// is not there has none, and that is no error (recorded of the service by the tests of Microsoft's own clients).
fn list_versions(world: &World, asked: &Asked, name: &str) -> Answer {
    let versions = world.estate().vault.versions(name).unwrap_or_default();
    let mut items: Vec<_> =
        versions.iter().map(|version| (version.id.clone(), item(name, version, Some(&version.id)))).collect();
    items.sort_by(|one, other| one.0.cmp(&other.0));
    page(asked, items)
}

fn list_secrets(world: &World, asked: &Asked) -> Answer {
    let newest = world.estate().vault.newest();
    page(asked, newest.map(|(name, version)| (name.to_owned(), item(name, version, None))).collect())
}

/// One page of the items, which are in the order of their keys, and the link to the next one.
fn page(asked: &Asked, items: Vec<(String, serde_json::Value)>) -> Answer {
    let most = match asked.parameter("maxresults").map(|text| text.parse::<usize>()) {
        None => PAGE,
        Some(Ok(most)) if (1..=PAGE).contains(&most) => most,
        Some(_) => return bad_parameter("maxresults must be between 1 and 25"),
    };
    let after = asked
        .parameter("$skiptoken")
        .map(|token| URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok()));
    let rest: Vec<_> = match after {
        None => items,
        Some(Some(last)) => items.into_iter().filter(|(key, _)| *key > last).collect(),
        Some(None) => return bad_parameter("The skip token is not valid"),
    };
    let more = rest.len() > most;
    let (keys, value): (Vec<_>, Vec<_>) = rest.into_iter().take(most).unzip();
    let next = keys.last().filter(|_| more).map(|last| {
        let version = asked.parameter("api-version").unwrap_or_default();
        // The port is written out, as Key Vault writes it.
        format!(
            "https://{HOST}:443{}?api-version={version}&$skiptoken={}&maxresults={most}",
            asked.path,
            URL_SAFE_NO_PAD.encode(last)
        )
    });
    Answer::ok(&json!({"value": value, "nextLink": next}))
}

/// Whether a body shows the secret's value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Show {
    Value,
    Properties,
}

fn bundle(name: &str, version: &Version, show: Show) -> Answer {
    let mut document = properties(name, version, Some(&version.id));
    if show == Show::Value {
        document.insert("value".to_owned(), json!(version.value.0));
    }
    Answer::ok(&document.into())
}

fn item(name: &str, version: &Version, id: Option<&str>) -> serde_json::Value {
    properties(name, version, id).into()
}

/// What is said of a version apart from its value; what was never set is absent.
fn properties(name: &str, version: &Version, id: Option<&str>) -> Map<String, serde_json::Value> {
    let mut attributes = Map::new();
    attributes.insert("enabled".to_owned(), json!(version.enabled));
    let mut set_if_some = |key: &str, seconds: Option<i64>| {
        seconds.map(|seconds| attributes.insert(key.to_owned(), json!(seconds)));
    };
    set_if_some("nbf", version.not_before);
    set_if_some("exp", version.expires);
    set_if_some("created", Some(version.created.seconds()));
    set_if_some("updated", Some(version.updated.seconds()));
    attributes.insert("recoveryLevel".to_owned(), json!("Recoverable+Purgeable"));
    attributes.insert("recoverableDays".to_owned(), json!(90));

    let mut document = Map::new();
    let id = id.map(|id| format!("/{id}")).unwrap_or_default();
    document.insert("id".to_owned(), json!(format!("https://{HOST}/secrets/{name}{id}")));
    document.insert("attributes".to_owned(), attributes.into());
    if let Some(content_type) = &version.content_type {
        document.insert("contentType".to_owned(), json!(content_type));
    }
    if let Some(tags) = &version.tags {
        document.insert("tags".to_owned(), json!(tags));
    }
    document
}

fn refuse(name: &str, absent: Absent) -> Answer {
    match absent {
        Absent::Secret | Absent::Version => vault_error(
            StatusCode::NOT_FOUND,
            "SecretNotFound",
            &format!(
                "A secret with (name/id) {name} was not found in this key vault. If you recently deleted this secret you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182"
            ),
        ),
        Absent::Disabled => vault_inner_error(
            StatusCode::FORBIDDEN,
            "Forbidden",
            "Operation get is not allowed on a disabled secret.",
            "SecretDisabled",
        ),
    }
}

fn bad_parameter(message: &str) -> Answer {
    vault_error(StatusCode::BAD_REQUEST, "BadParameter", message)
}

/// Names have 1 to 127 letters, digits and hyphens.
fn is_name(text: &str) -> bool {
    (1..=127).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
