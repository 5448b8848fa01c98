//! The Activity Log: the changes of the management plane that were received, told minutes later.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::arm::{GROUP, HOST, SUBSCRIPTION};
use crate::sim::answer::{Answer, arm_error};
use crate::sim::asked::Asked;
use crate::sim::clock::Moment;
use crate::sim::log::{Dropped, Entry, Outcome};
use crate::sim::world::World;

/// An event is told so long after it happened, in estate seconds. Azure says from 3 to 20 minutes.
const LAG: i64 = 180;

/// Answers `GET …/eventtypes/management/values`. The service demands a filter that begins with a moment.
pub(crate) fn answer(world: &World, at: Moment, asked: &Asked) -> Answer {
    let filter = asked.parameter("$filter").unwrap_or_default();
    let mut terms = filter.split(" and ").map(|term| term.split_whitespace().collect::<Vec<_>>());
    let since = match terms.next().as_deref() {
        Some(["eventTimestamp", "ge", moment]) => moment.trim_matches('\'').to_owned(),
        _ => return refused("The filter must begin with eventTimestamp ge '...'."),
    };
    for term in terms {
        match term[..] {
            ["resourceGroupName", "eq", group] if group.trim_matches('\'').eq_ignore_ascii_case(GROUP) => {}
            ["resourceGroupName", "eq", _] => return Answer::ok(&json!({"value": []})),
            _ => return refused("The filter names a property that is not supported."),
        }
    }
    let is_told = |entry: &&Entry| {
        let is_change =
            entry.host == HOST && entry.method != "GET" && entry.path.to_lowercase().contains("/providers/");
        is_change && entry.at.plus_seconds(LAG) <= at && moment(entry.at) >= since
    };
    let events = world.log().entries().iter().rev().filter(is_told).filter_map(event);
    Answer::ok(&json!({"value": events.collect::<Vec<_>>()}))
}

fn refused(text: &str) -> Answer {
    arm_error(StatusCode::BAD_REQUEST, "BadRequest", text)
}

/// A moment so that texts compare as moments do.
fn moment(at: Moment) -> String {
    at.spaced_text().replace(' ', "T")
}

/// What is told of a request; nothing of one that never arrived.
fn event(entry: &Entry) -> Option<Value> {
    let status = match entry.outcome? {
        Outcome::Status(202) => "Accepted",
        Outcome::Status(200..400) | Outcome::Dropped(Dropped::After) => "Succeeded",
        Outcome::Status(_) => "Failed",
        Outcome::Dropped(Dropped::Before) => return None,
    };
    let (_, kinds) = entry.path.split_once("/providers/")?;
    let segments: Vec<&str> = kinds.split('/').collect();
    // After the provider names follow kinds; what is left over is an action.
    let (provider, rest) = segments.split_first()?;
    let is_action = rest.len() % 2 == 1;
    let kinds: Vec<&str> = rest.iter().step_by(2).copied().collect();
    let verb = match entry.method.as_str() {
        _ if is_action => "Action",
        "DELETE" => "Delete",
        _ => "Write",
    };
    let operation = format!("{provider}/{}/{verb}", kinds.join("/"));
    let resource = if is_action { entry.path.rsplit_once('/')?.0 } else { &entry.path };
    let id = entry.client_request_id.clone().unwrap_or_default();
    let word = |text: &str| json!({"value": text, "localizedValue": text});
    Some(json!({
        "id": format!("{resource}/events/{}/ticks/{}", entry.number, entry.at.microseconds()),
        "eventDataId": entry.number.to_string(),
        "correlationId": id,
        "operationId": id,
        "eventName": word("EndRequest"),
        "category": word("Administrative"),
        "level": if status == "Failed" { "Error" } else { "Informational" },
        "httpRequest": {"clientRequestId": id, "method": entry.method},
        "resourceGroupName": GROUP,
        "resourceProviderName": word(provider),
        "resourceId": resource,
        "operationName": word(&operation),
        "status": word(status),
        "subStatus": word(""),
        "eventTimestamp": moment(entry.at),
        "submissionTimestamp": moment(entry.at.plus_seconds(LAG)),
        "subscriptionId": SUBSCRIPTION,
    }))
}
