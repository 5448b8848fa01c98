//! Slot swaps on the wire: differences, start, and the polls of the long-running operation.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::arm::{HOST, web_error};
use super::body;
use crate::sim::answer::{Answer, arm_error};
use crate::sim::asked::Asked;
use crate::sim::change::{Change, Place};
use crate::sim::clock::Moment;
use crate::sim::error::SimError;
use crate::sim::estate::Estate;
use crate::sim::host;
use crate::sim::world::World;

/// What a poll is asked to wait, in seconds.
const RETRY_AFTER: &str = "15";

/// The body of `slotsswap` and `slotsdiffs`. `preserveVnet` is required by the specification and changes nothing here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entity {
    target_slot: String,
    #[serde(rename = "preserveVnet")]
    _preserve_vnet: bool,
}

/// Starts a swap: 202 with a `Location` and an `ETag`, no body.
pub(crate) fn start(world: &mut World, at: Moment, asked: &Asked, place: &Place) -> Result<Answer, SimError> {
    let target = match target(world.estate(), asked, place) {
        Ok(target) => target,
        Err(answer) => return Ok(answer),
    };
    if let Some(conflict) = conflict(world.estate(), &place.app) {
        return Ok(conflict);
    }
    let operation = host::uuid()?;
    let (app, source) = (place.app.clone(), place.slot.clone());
    let seconds = world.swap_seconds();
    world.change(at, Change::SwapStarted { operation, app, source, target, seconds })?;
    let version = asked.parameter("api-version").unwrap_or_default();
    let location = format!(
        "https://{HOST}{}/operationresults/{operation}?api-version={version}&t={}",
        body::site_id(place),
        at.microseconds()
    );
    Ok(accepted(&location).with("etag", &format!("\"{:X}\"", at.microseconds())))
}

/// Does the first half of a swap: 200 with an empty body.
pub(crate) fn preview(world: &mut World, at: Moment, asked: &Asked, place: &Place) -> Result<Answer, SimError> {
    let target = match target(world.estate(), asked, place) {
        Ok(target) => target,
        Err(answer) => return Ok(answer),
    };
    if let Some(conflict) = conflict(world.estate(), &place.app) {
        return Ok(conflict);
    }
    let (app, source) = (place.app.clone(), place.slot.clone());
    world.change(at, Change::PreviewStarted { app, source, target })?;
    Ok(Answer::empty(StatusCode::OK))
}

/// Answers a poll: 202 with the same `Location` until the swap is done, then 200 with the site that was swapped.
pub(crate) fn poll(estate: &Estate, at: Moment, asked: &Asked, place: &Place, operation: &str) -> Answer {
    let known = operation.parse().ok().and_then(|id: uuid::Uuid| estate.operations.get(&id));
    let Some(found) = known.filter(|found| found.app == place.app && found.slot == place.slot) else {
        let text = format!("The operation {operation} is not found.");
        return arm_error(StatusCode::NOT_FOUND, "NotFound", &text);
    };
    if at < found.due {
        return accepted(&format!("https://{HOST}{}?{}", asked.path, asked.query));
    }
    match (estate.apps.get(&place.app), estate.slot(place)) {
        (Some(app), Some(slot)) => {
            let etag = format!("\"{:X}\"", slot.modified.microseconds());
            Answer::ok(&body::site(place, app, slot)).with("etag", &etag)
        }
        _ => Answer::empty(StatusCode::NO_CONTENT),
    }
}

/// What a swap would move: the settings that differ between the slot and the target.
pub(crate) fn differences(estate: &Estate, asked: &Asked, place: &Place) -> Answer {
    let target = match target(estate, asked, place) {
        Ok(slot) => Place { app: place.app.clone(), slot },
        Err(answer) => return answer,
    };
    let (Some(app), Some(here), Some(there)) = (estate.apps.get(&place.app), estate.slot(place), estate.slot(&target))
    else {
        return Answer::ok(&json!({"value": [], "nextLink": null}));
    };
    let names: BTreeSet<&String> = here.settings.keys().chain(there.settings.keys()).collect();
    let differing = names.into_iter().filter(|name| here.settings.get(*name) != there.settings.get(*name));
    let value: Vec<Value> = differing
        .map(|name| {
            let (rule, text) = if app.sticky.contains(name) {
                ("SettingsWillRemainWithSlot", "The setting stays with its slot.")
            } else {
                ("SettingsWillBeSwapped", "The setting moves with the content.")
            };
            let id = format!("{}/slotsdiffs/{name}", body::site_id(place));
            json!({
                "id": id,
                "name": name,
                "type": "Microsoft.Web/sites/slotsdiffs",
                "properties": {
                    "level": "Information",
                    "settingType": "AppSetting",
                    "diffRule": rule,
                    "settingName": name,
                    "valueInCurrentSlot": here.settings.get(name),
                    "valueInTargetSlot": there.settings.get(name),
                    "description": text,
                },
            })
        })
        .collect();
    Answer::ok(&json!({"value": value, "nextLink": null}))
}

/// The refusal of whatever may not be done while a swap of this app is running.
pub(crate) fn conflict(estate: &Estate, app: &str) -> Option<Answer> {
    let swap = estate.apps.get(app)?.swap.as_ref()?;
    let text = format!(
        "Cannot modify this site because another operation is in progress. Details: Id: {}, OperationName: SwapSiteSlots, CreatedTime: {}, WebSystemName: websites, SiteName: {app}, SlotName: {}",
        swap.operation,
        swap.started.spaced_text(),
        swap.source
    );
    Some(web_error(StatusCode::CONFLICT, "Conflict", &text))
}

fn target(estate: &Estate, asked: &Asked, place: &Place) -> Result<String, Answer> {
    let bad = |text: &str| web_error(StatusCode::BAD_REQUEST, "BadRequest", text);
    let entity: Entity = asked.json().map_err(|error| bad(&format!("The request body is not valid: {error}")))?;
    let target = entity.target_slot.to_lowercase();
    if target == place.slot {
        return Err(bad("Source and destination slots must differ."));
    }
    let known = estate.apps.get(&place.app).is_some_and(|app| app.slots.contains_key(&target));
    if known { Ok(target) } else { Err(bad(&format!("Cannot find slot with name '{target}'."))) }
}

fn accepted(location: &str) -> Answer {
    Answer::empty(StatusCode::ACCEPTED).with("location", location).with("retry-after", RETRY_AFTER)
}
