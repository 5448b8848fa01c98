//! The data plane: `https://{service}.search.windows.net`.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::body;
use super::document::Document;
use super::index::{Index, fields, normalised, refused};
use super::indexer::seconds;
use super::query::{self, Query};
use super::service::{Changed, Search};
use crate::sim::answer::{Answer, arm_error};
use crate::sim::asked::{Asked, is_api_version};
use crate::sim::change::Change;
use crate::sim::clock::Moment;
use crate::sim::error::SimError;
use crate::sim::signin::{SEARCH_AUDIENCE, TENANT, Unauthorized};
use crate::sim::world::World;

pub(crate) const HOST: &str = "chatbot-search.search.windows.net";

const PRECONDITION: &str = "The precondition given in one of the request headers evaluated to false. No change was made to the resource from this request.";

/// The answer to a request that has no token for the service.
pub(crate) fn unauthorized(reason: Unauthorized) -> Answer {
    let text = match reason {
        Unauthorized::Missing => "Access denied: no credential was presented.",
        Unauthorized::Invalid | Unauthorized::Expired => {
            "Access denied: the token is not valid, or not valid any more."
        }
        Unauthorized::Audience => "Access denied: the token is for another audience.",
    };
    let place =
        format!(r#"Bearer authorization="https://login.microsoftonline.com/{TENANT}", resource="{SEARCH_AUDIENCE}""#);
    error(StatusCode::UNAUTHORIZED, "", text).with("www-authenticate", &place)
}

/// Answers a request that has a token for the service.
pub(crate) fn answer(world: &mut World, at: Moment, asked: &Asked) -> Result<Answer, SimError> {
    match asked.parameter("api-version") {
        None => return Ok(bad("", "The request is invalid. Details: The api-version query parameter is required.")),
        Some(version) if !is_api_version(&version) => {
            return Ok(bad(
                "",
                &format!("The request is invalid. Details: '{version}' is not a supported api-version."),
            ));
        }
        Some(_) => {}
    }
    let segments = asked.segments();
    let Some((kind, name)) = segments.first().and_then(|first| entity(first)) else {
        return Ok(collection(world, at, asked, &segments));
    };
    let rest = segments.get(1..).unwrap_or_default();
    match (kind, &asked.method, rest) {
        ("indexes", _, ["docs", more @ ..]) => documents(world, at, asked, name, more),
        ("indexes", _, [last]) if last.starts_with("docs(") => Ok(document(&world.estate().search, at, name, last)),
        ("indexes", &Method::GET, ["search.stats"]) => {
            let found = world.estate().search.indexes.get(name);
            Ok(found.map_or_else(
                || missing("index", name),
                |index| body::answer(StatusCode::OK, &body::statistics(index, at)),
            ))
        }
        ("indexers", &Method::GET, ["search.status"]) => {
            let found = world.estate().search.indexers.get(name);
            Ok(found.map_or_else(
                || missing("indexer", name),
                |found| body::answer(StatusCode::OK, &body::status(found, at)),
            ))
        }
        ("indexers", &Method::POST, ["search.run"]) => run(world, at, name),
        ("indexers", &Method::POST, ["search.reset"]) => {
            if !world.estate().search.indexers.contains_key(name) {
                return Ok(missing("indexer", name));
            }
            world.change(at, Change::Search(Changed::IndexerReset { name: name.to_owned() }))?;
            Ok(Answer::empty(StatusCode::NO_CONTENT))
        }
        (_, &Method::GET, []) => {
            let shown = shown(&world.estate().search, kind, name);
            Ok(shown.map_or_else(|| missing(singular(kind), name), |document| body::answer(StatusCode::OK, &document)))
        }
        (_, &Method::PUT, []) => put(world, at, asked, kind, name),
        (_, &Method::DELETE, []) => delete(world, at, asked, kind, name),
        _ => Ok(error(StatusCode::METHOD_NOT_ALLOWED, "", "The simulated service does not know this operation.")),
    }
}

/// `indexes('docs')`: the kind and the name.
fn entity(segment: &str) -> Option<(&str, &str)> {
    let (kind, rest) = segment.split_once("('")?;
    let name = rest.strip_suffix("')")?;
    ["indexes", "aliases", "datasources", "indexers"].contains(&kind).then_some((kind, name))
}

fn singular(kind: &str) -> &str {
    match kind {
        "indexes" => "index",
        "aliases" => "alias",
        "datasources" => "data source",
        _ => "indexer",
    }
}

/// A resource as it is shown; nothing if there is none.
fn shown(search: &Search, kind: &str, name: &str) -> Option<Value> {
    match kind {
        // An alias stands for its index here as well.
        "indexes" => {
            let of = search.aliases.get(name).map_or(name, |alias| alias.index.as_str());
            search.indexes.get(of).map(|index| body::index(of, index))
        }
        "aliases" => search.aliases.get(name).map(|alias| body::alias(name, alias)),
        "datasources" => search.sources.get(name).map(|source| body::source(name, source)),
        _ => search.indexers.get(name).map(|indexer| body::indexer(name, indexer)),
    }
}

fn collection(world: &World, at: Moment, asked: &Asked, segments: &[&str]) -> Answer {
    let search = &world.estate().search;
    let all: Vec<Value> = match (&asked.method, segments) {
        (&Method::GET, ["indexes"]) => search.indexes.iter().map(|(name, index)| body::index(name, index)).collect(),
        (&Method::GET, ["aliases"]) => search.aliases.iter().map(|(name, alias)| body::alias(name, alias)).collect(),
        (&Method::GET, ["datasources"]) => search.sources.iter().map(|(name, one)| body::source(name, one)).collect(),
        (&Method::GET, ["indexers"]) => search.indexers.iter().map(|(name, one)| body::indexer(name, one)).collect(),
        (&Method::GET, ["servicestats"]) => {
            return body::answer(StatusCode::OK, &body::service_statistics(search, at));
        }
        _ => return error(StatusCode::NOT_FOUND, "", "The simulated service has no such resource."),
    };
    let select = asked.parameter("$select");
    let wanted: Option<Vec<&str>> = select.as_deref().map(|select| select.split(',').map(str::trim).collect());
    let all = all.into_iter().map(|mut document| {
        if let (Value::Object(members), Some(wanted)) = (&mut document, &wanted) {
            members.retain(|name, _| wanted.contains(&name.as_str()));
        }
        document
    });
    body::answer(StatusCode::OK, &json!({"value": all.collect::<Vec<_>>()}))
}

/// Whether the request's condition holds for what is there.
fn holds(asked: &Asked, etag: Option<&str>) -> bool {
    let tag = |text: &str| text.trim_start_matches("W/").to_owned();
    let absent = asked.header("if-none-match").is_none_or(|unwanted| match etag {
        None => true,
        Some(etag) => unwanted != "*" && tag(unwanted) != etag,
    });
    let same =
        asked.header("if-match").is_none_or(|wanted| etag.is_some_and(|etag| wanted == "*" || tag(wanted) == etag));
    absent && same
}

fn put(world: &mut World, at: Moment, asked: &Asked, kind: &str, name: &str) -> Result<Answer, SimError> {
    let definition = match asked.json::<Document>() {
        Ok(definition) => definition,
        Err(error) => return Ok(bad("", &format!("The request is invalid. Details: {error}"))),
    };
    if definition.get("name").and_then(Value::as_str) != Some(name) {
        return Ok(bad("", "The request is invalid. Details: the name in the body must be the one of the address."));
    }
    let search = &world.estate().search;
    let before = shown(search, kind, name);
    if !holds(asked, before.as_ref().and_then(|before| before["@odata.etag"].as_str())) {
        return Ok(error(StatusCode::PRECONDITION_FAILED, "", PRECONDITION));
    }
    let change = match kind {
        "indexes" => set_index(search, name, definition),
        "aliases" => set_alias(search, name, &definition),
        "datasources" => set_source(name, definition),
        _ => set_indexer(search, name, definition),
    };
    match change {
        Err(answer) => Ok(answer),
        Ok(change) => {
            world.change(at, Change::Search(change))?;
            let status = if before.is_some() { StatusCode::OK } else { StatusCode::CREATED };
            if before.is_some() && asked.header("prefer") != Some("return=representation") {
                return Ok(Answer::empty(StatusCode::NO_CONTENT));
            }
            let document = shown(&world.estate().search, kind, name).unwrap_or_default();
            Ok(body::answer(status, &document))
        }
    }
}

fn set_index(search: &Search, name: &str, definition: Document) -> Result<Changed, Answer> {
    if search.aliases.contains_key(name) {
        return Err(bad("", &format!("The name '{name}' is already used by an alias.")));
    }
    let definition = normalised(definition).map_err(|why| bad("", &why))?;
    match search.indexes.get(name) {
        Some(index) => {
            if let Some(why) = refused(&index.definition, &definition) {
                return Err(bad(
                    "OperationNotAllowed",
                    &format!("The request is invalid. Details: definition : {why}"),
                ));
            }
        }
        None if search.indexes.len() >= body::MOST_INDEXES => {
            let text = format!(
                "Index quota has been exceeded for this service. You must either delete unused indexes first, or upgrade the service for higher limits. Maximum number of indexes allowed: {}.",
                body::MOST_INDEXES
            );
            return Err(error(StatusCode::TOO_MANY_REQUESTS, "QuotaExceeded", &text));
        }
        None => {}
    }
    Ok(Changed::IndexSet { name: name.to_owned(), definition })
}

fn set_alias(search: &Search, name: &str, definition: &Document) -> Result<Changed, Answer> {
    let indexes = definition.get("indexes").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let [index] = indexes else {
        return Err(bad("", "The request is invalid. Details: alias : An alias must map to exactly one index."));
    };
    let index = index.as_str().unwrap_or_default();
    if search.indexes.contains_key(name) {
        return Err(bad("", &format!("The name '{name}' is already used by an index.")));
    }
    if !search.indexes.contains_key(index) {
        return Err(bad("", &format!("The index '{index}' of the alias was not found.")));
    }
    Ok(Changed::AliasSet { name: name.to_owned(), index: index.to_owned() })
}

fn set_source(name: &str, mut definition: Document) -> Result<Changed, Answer> {
    if !definition.get("container").is_some_and(|container| container["name"].is_string()) {
        return Err(bad("", "The request is invalid. Details: dataSource : A data source needs a container."));
    }
    definition.insert("credentials".to_owned(), json!({}));
    definition.retain(|name, value| !name.starts_with('@') && !value.is_null());
    Ok(Changed::SourceSet { name: name.to_owned(), definition })
}

fn set_indexer(search: &Search, name: &str, mut definition: Document) -> Result<Changed, Answer> {
    definition.retain(|name, value| !name.starts_with('@') && !value.is_null());
    let text = |member: &str| definition.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (source, index) = (text("dataSourceName"), text("targetIndexName"));
    if !search.sources.contains_key(&source) {
        return Err(bad("", &format!("This indexer refers to a data source '{source}' that doesn't exist.")));
    }
    // An alias cannot be the target of an indexer.
    if !search.indexes.contains_key(&index) {
        return Err(bad("", &format!("This indexer refers to an index '{index}' that doesn't exist.")));
    }
    let interval = definition.get("schedule").map(|schedule| schedule["interval"].as_str().and_then(seconds));
    if interval == Some(None) {
        return Err(bad(
            "",
            "The request is invalid. Details: schedule : The interval must be between 5 minutes and a day.",
        ));
    }
    Ok(Changed::IndexerSet { name: name.to_owned(), definition })
}

fn delete(world: &mut World, at: Moment, asked: &Asked, kind: &str, name: &str) -> Result<Answer, SimError> {
    let search = &world.estate().search;
    // An alias cannot be used to delete its index.
    let is_alias = kind == "indexes" && search.aliases.contains_key(name);
    let Some(before) = shown(search, kind, name).filter(|_| !is_alias) else {
        return Ok(missing(singular(kind), name));
    };
    if !holds(asked, before["@odata.etag"].as_str()) {
        return Ok(error(StatusCode::PRECONDITION_FAILED, "", PRECONDITION));
    }
    let aliases: Vec<&str> =
        search.aliases.iter().filter(|(_, alias)| alias.index == name).map(|(alias, _)| alias.as_str()).collect();
    if kind == "indexes" && !aliases.is_empty() {
        let text = format!(
            "The alias(es) '{}' mapped to the index '{name}' must be deleted or mapped to a different index before the index can be deleted.",
            aliases.join(", ")
        );
        return Ok(bad("", &text));
    }
    let name = name.to_owned();
    let change = match kind {
        "indexes" => Changed::IndexDeleted { name },
        "aliases" => Changed::AliasDeleted { name },
        "datasources" => Changed::SourceDeleted { name },
        _ => Changed::IndexerDeleted { name },
    };
    world.change(at, Change::Search(change))?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

fn run(world: &mut World, at: Moment, name: &str) -> Result<Answer, SimError> {
    let Some(indexer) = world.estate().search.indexers.get(name) else { return Ok(missing("indexer", name)) };
    if indexer.is_running() {
        let text = "Another indexer invocation is currently in progress; concurrent invocations are not allowed.";
        return Ok(error(StatusCode::CONFLICT, "", text));
    }
    let twist = world.twist();
    world.change(at, Change::Search(Changed::RunStarted { name: name.to_owned(), twist }))?;
    Ok(Answer::empty(StatusCode::ACCEPTED))
}

fn documents(world: &mut World, at: Moment, asked: &Asked, name: &str, rest: &[&str]) -> Result<Answer, SimError> {
    let Some(index) = world.estate().search.read(name, at) else { return Ok(missing("index", name)) };
    match (&asked.method, rest) {
        (&Method::GET, ["$count"]) => {
            // In plain text, with a byte-order mark.
            let text = format!("\u{feff}{}", index.documents.len());
            Ok(Answer::text(StatusCode::OK, "text/plain", text).with("odata-version", "4.0"))
        }
        (&Method::GET, []) => Ok(found(index, &Query::of_address(asked))),
        (&Method::POST, ["search.post.search"]) => match asked.json::<Document>() {
            Ok(body) => Ok(found(index, &Query::of_body(&body))),
            Err(error) => Ok(bad("", &error.to_string())),
        },
        (&Method::POST, ["search.index"]) => push(world, at, asked, name),
        _ => Ok(error(StatusCode::METHOD_NOT_ALLOWED, "", "The simulated service does not know this operation.")),
    }
}

fn found(index: &Index, query: &Query) -> Answer {
    query::answer(index, query).map_or_else(|why| bad("", &why), |answer| body::answer(StatusCode::OK, &answer))
}

/// `docs('KEY')`: one document, or 404 without a body.
fn document(search: &Search, at: Moment, name: &str, segment: &str) -> Answer {
    let Some(index) = search.read(name, at) else { return missing("index", name) };
    let key = segment.strip_prefix("docs('").and_then(|rest| rest.strip_suffix("')")).unwrap_or_default();
    match index.documents.get(key) {
        Some(document) => Answer::ok(&document.clone().into()).with("odata-version", "4.0"),
        None => Answer::empty(StatusCode::NOT_FOUND),
    }
}

/// What a client pushes: each document is written or deleted, and answered for by itself.
fn push(world: &mut World, at: Moment, asked: &Asked, name: &str) -> Result<Answer, SimError> {
    let batch = match asked.json::<Document>() {
        Ok(batch) => batch,
        Err(error) => return Ok(bad("", &error.to_string())),
    };
    let search = &world.estate().search;
    let of = search.aliases.get(name).map_or(name, |alias| alias.index.as_str()).to_owned();
    let key = search.indexes.get(&of).and_then(Index::key).unwrap_or_default().to_owned();
    let (mut written, mut deleted, mut results) = (Vec::new(), Vec::new(), Vec::new());
    for document in batch.get("value").and_then(Value::as_array).into_iter().flatten() {
        let Some(found) = document[&key].as_str() else {
            return Ok(bad("", "The request is invalid. Details: actions : Document key cannot be missing or empty."));
        };
        if document["@search.action"] == "delete" {
            deleted.push(found.to_owned());
        } else if let Value::Object(members) = document {
            let members = members.iter().filter(|(name, _)| !name.starts_with('@'));
            written.push(members.map(|(name, value)| (name.clone(), value.clone())).collect());
        }
        results.push(json!({"key": found, "status": true, "statusCode": 200}));
    }
    world.change(at, Change::Search(Changed::Pushed { index: of, written, deleted }))?;
    Ok(body::answer(StatusCode::OK, &json!({ "value": results })))
}

fn missing(what: &str, name: &str) -> Answer {
    error(
        StatusCode::NOT_FOUND,
        "",
        &format!("No {what} with the name '{name}' was found in the service 'chatbot-search'."),
    )
}

fn bad(code: &str, text: &str) -> Answer {
    error(StatusCode::BAD_REQUEST, code, text)
}

/// An error as the service writes it: its code is often empty.
fn error(status: StatusCode, code: &str, text: &str) -> Answer {
    arm_error(status, code, text)
}

/// The fields of an index, for people.
pub(crate) fn field_count(index: &Index) -> usize {
    fields(&index.definition).len()
}
