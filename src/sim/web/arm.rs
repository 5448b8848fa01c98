//! Resource Manager: subscriptions, resource groups and the sites under them.

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{App, activity, body, metrics, swap};
use crate::sim::answer::{Answer, arm_error};
use crate::sim::asked::{Asked, is_api_version};
use crate::sim::change::{Change, Place};
use crate::sim::clock::Moment;
use crate::sim::error::SimError;
use crate::sim::estate::PRODUCTION;
use crate::sim::postgres;
use crate::sim::search;
use crate::sim::world::World;

pub(crate) const HOST: &str = "management.azure.com";
pub(crate) const SUBSCRIPTION: &str = "22222222-2222-4222-8222-222222222222";
pub(crate) const GROUP: &str = "chatbot-rg";
pub(crate) const LOCATION: &str = "westeurope";

/// The body of `PUT …/config/appsettings`.
#[derive(Deserialize)]
struct Settings {
    #[serde(default)]
    properties: BTreeMap<String, String>,
}

/// Answers a request that has a token for Resource Manager.
pub(crate) fn answer(world: &mut World, at: Moment, asked: &Asked) -> Result<Answer, SimError> {
    let bad = StatusCode::BAD_REQUEST;
    match asked.parameter("api-version") {
        None => {
            let text = "The api-version query parameter (?api-version=) is required for all requests.";
            return Ok(arm_error(bad, "MissingApiVersionParameter", text));
        }
        Some(version) if !is_api_version(&version) => {
            let text = format!("The api-version '{version}' is invalid. The supported versions are '2023-12-01'.");
            return Ok(arm_error(bad, "InvalidApiVersionParameter", &text));
        }
        Some(_) => {}
    }
    // Resource identifiers are compared without case: clients write `resourcegroups` and `resourceGroups`.
    let lower = asked.path.to_lowercase();
    let segments: Vec<&str> = lower.split('/').filter(|part| !part.is_empty()).collect();
    let get = asked.method == Method::GET;
    match segments[..] {
        // Here the specification requires `nextLink`; an empty one ends the list.
        ["subscriptions"] if get => Ok(Answer::ok(&json!({"value": [body::subscription()], "nextLink": ""}))),
        ["subscriptions", subscription, ..] if subscription != SUBSCRIPTION => {
            let text = format!("The subscription '{subscription}' could not be found.");
            Ok(arm_error(StatusCode::NOT_FOUND, "SubscriptionNotFound", &text))
        }
        ["subscriptions", _] if get => Ok(Answer::ok(&body::subscription())),
        ["subscriptions", _, "resourcegroups"] if get => Ok(Answer::ok(&json!({"value": [body::group()]}))),
        ["subscriptions", _, "providers", "microsoft.web", "sites"] if get => Ok(list_sites(world)),
        ["subscriptions", _, "providers", "microsoft.insights", "eventtypes", "management", "values"] if get => {
            Ok(activity::answer(world, at, asked))
        }
        ["subscriptions", _, "resourcegroups", group, ..] if group != GROUP => {
            let text = format!("Resource group '{group}' could not be found.");
            Ok(arm_error(StatusCode::NOT_FOUND, "ResourceGroupNotFound", &text))
        }
        ["subscriptions", _, "resourcegroups", _] if get => Ok(Answer::ok(&body::group())),
        ["subscriptions", _, "resourcegroups", _, "providers", "microsoft.web", "sites"] if get => {
            Ok(list_sites(world))
        }
        ["subscriptions", _, "resourcegroups", _, "providers", "microsoft.search", "searchservices", ref rest @ ..] => {
            Ok(search::resource::answer(&asked.method, rest))
        }
        ["subscriptions", _, "resourcegroups", _, "providers", "microsoft.web", "sites", app, ref rest @ ..] => {
            under_app(world, at, asked, app, rest)
        }
        ["subscriptions", _, "providers", "microsoft.dbforpostgresql", ref rest @ ..] => {
            Ok(postgres::provider(world, at, asked, rest))
        }
        ["subscriptions", _, "resourcegroups", _, "providers", "microsoft.dbforpostgresql", "flexibleservers", ..] => {
            postgres::answer(world, at, asked, asked.segments().get(7..).unwrap_or_default())
        }
        _ => Ok(no_such_resource(&lower)),
    }
}

fn under_app(world: &mut World, at: Moment, asked: &Asked, app: &str, rest: &[&str]) -> Result<Answer, SimError> {
    let Some(found) = world.estate().apps.get(app) else {
        return Ok(no_such_resource(&format!("Microsoft.Web/sites/{app}")));
    };
    let (slot, rest) = match rest {
        ["slots"] if asked.method == Method::GET => {
            let slots = found.slots.iter().filter(|(name, _)| *name != PRODUCTION);
            let place = |name: &String| Place { app: app.to_owned(), slot: name.clone() };
            let value: Vec<_> = slots.map(|(name, slot)| body::site(&place(name), found, slot)).collect();
            return Ok(Answer::ok(&json!({"value": value, "nextLink": null})));
        }
        ["slots", slot, rest @ ..] => (*slot, rest),
        rest => (PRODUCTION, rest),
    };
    if !found.slots.contains_key(slot) {
        return Ok(no_such_resource(&format!("Microsoft.Web/sites/{app}/slots/{slot}")));
    }
    let place = Place { app: app.to_owned(), slot: slot.to_owned() };
    match asked.method {
        Method::GET => Ok(read(world, at, asked, &place, rest)),
        Method::POST => post(world, at, asked, place, rest),
        Method::PUT if rest == ["config", "appsettings"] => put_settings(world, at, asked, &place),
        _ => Ok(not_allowed(asked)),
    }
}

fn read(world: &World, at: Moment, asked: &Asked, place: &Place, rest: &[&str]) -> Answer {
    let (Some(app), Some(slot)) = (world.estate().apps.get(&place.app), world.estate().slot(place)) else {
        return no_such_resource(&place.app);
    };
    match rest {
        [] => {
            let etag = format!("\"{:X}\"", slot.modified.microseconds());
            Answer::ok(&body::site(place, app, slot)).with("etag", &etag)
        }
        ["config", "configreferences", "appsettings"] => Answer::ok(&body::references(place, slot)),
        ["config", "configreferences", "appsettings", setting] => {
            match slot.cache.iter().find(|(name, _)| name.eq_ignore_ascii_case(setting)) {
                Some((name, cached)) => Answer::ok(&body::reference(place, slot, name, cached)),
                None => no_such_resource(setting),
            }
        }
        ["config", "web"] => Answer::ok(&body::configuration(place)),
        ["instances"] => Answer::ok(&body::instances(place, slot, at)),
        ["providers", "microsoft.insights", "metrics"] => metrics(asked, at, place, app),
        ["config", "slotconfignames"] => Answer::ok(&body::sticky_names(place, app)),
        ["deployments"] => Answer::ok(&json!({"value": [body::deployment(place, &slot.content)], "nextLink": null})),
        ["deployments", id] if body::deployment_id(&slot.content) == *id => {
            Answer::ok(&body::deployment(place, &slot.content))
        }
        ["operationresults", operation] => swap::poll(world.estate(), at, asked, place, operation),
        _ => no_such_resource(&rest.join("/")),
    }
}

/// The metrics that are asked for. The service tells the last hour when no time span is named, and nothing else is here.
fn metrics(asked: &Asked, at: Moment, place: &Place, app: &App) -> Answer {
    let names = asked.parameter("metricnames").unwrap_or_default();
    let bad = |text: &str| Answer::json(StatusCode::BAD_REQUEST, &json!({"code": "BadRequest", "message": text}));
    if let Some(unknown) = names.split(',').find(|name| !metrics::is_known(name)) {
        return bad(&format!("Failed to find metric configuration for provider: Microsoft.Web, metric: {unknown}"));
    }
    if asked.parameter("timespan").is_some() {
        return bad("The simulated metrics are told of the last hour only.");
    }
    Answer::ok(&metrics::document(app, place, &body::site_id(place), &names, at))
}

fn post(world: &mut World, at: Moment, asked: &Asked, place: Place, rest: &[&str]) -> Result<Answer, SimError> {
    let change = match rest {
        ["restart"] => Change::Restarted { place },
        ["start"] => Change::Started { place },
        ["stop"] => Change::Stopped { place },
        ["config", "configreferences", "appsettings", "refresh"] => {
            world.change(at, Change::ReferencesRefreshed { place: place.clone() })?;
            // What is in use changes a little later; the answer shows what is in use now.
            return Ok(with_slot(world, &place, body::references));
        }
        ["config", "appsettings", "list"] => return Ok(with_slot(world, &place, body::settings)),
        ["applyslotconfig"] => return swap::preview(world, at, asked, &place),
        ["resetslotconfig"] => Change::PreviewReset { app: place.app },
        ["slotsswap"] => return swap::start(world, at, asked, &place),
        ["slotsdiffs"] => return Ok(swap::differences(world.estate(), asked, &place)),
        _ => return Ok(not_allowed(asked)),
    };
    world.change(at, change)?;
    Ok(Answer::empty(StatusCode::OK))
}

fn put_settings(world: &mut World, at: Moment, asked: &Asked, place: &Place) -> Result<Answer, SimError> {
    if let Some(conflict) = swap::conflict(world.estate(), &place.app) {
        return Ok(conflict);
    }
    let settings = match asked.json::<Settings>() {
        Ok(Settings { properties }) => properties,
        Err(error) => return Ok(web_error(StatusCode::BAD_REQUEST, "BadRequest", &error.to_string())),
    };
    world.change(at, Change::SettingsReplaced { place: place.clone(), settings })?;
    Ok(with_slot(world, place, body::settings))
}

fn with_slot(world: &World, place: &Place, document: impl Fn(&Place, &super::Slot) -> Value) -> Answer {
    match world.estate().slot(place) {
        Some(slot) => Answer::ok(&document(place, slot)),
        None => no_such_resource(&place.slot),
    }
}

fn list_sites(world: &World) -> Answer {
    let sites = world.estate().apps.iter().filter_map(|(name, app)| {
        let place = Place { app: name.clone(), slot: PRODUCTION.to_owned() };
        Some(body::site(&place, app, app.slots.get(PRODUCTION)?))
    });
    Answer::ok(&json!({"value": sites.collect::<Vec<_>>(), "nextLink": null}))
}

fn no_such_resource(what: &str) -> Answer {
    let text = format!(
        "The Resource '{what}' under resource group '{GROUP}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"
    );
    arm_error(StatusCode::NOT_FOUND, "ResourceNotFound", &text)
}

fn not_allowed(asked: &Asked) -> Answer {
    let text = format!("The resource does not support http method '{}' here.", asked.method);
    arm_error(StatusCode::METHOD_NOT_ALLOWED, "HttpMethodNotSupported", &text)
}

/// An error as App Service itself writes it: not in the shape of Resource Manager.
pub(crate) fn web_error(status: StatusCode, code: &str, message: &str) -> Answer {
    let document = json!({
        "Code": code,
        "Message": message,
        "Target": null,
        "Details": [{"Message": message}, {"Code": code}, {"ErrorEntity": {"Code": code, "Message": message}}],
        "Innererror": null,
    });
    Answer::json(status, &document)
}
