//! The control endpoints, under `/_sim/` of any host: clock, faults, settings, swaps, databases, ingestion, requests,
//! estate.

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Answer, simulator_error};
use super::asked::Asked;
use super::breakage::Break;
use super::change::{Change, Place};
use super::clock::{Moment, Speed};
use super::error::SimError;
use super::estate::Estate;
use super::fault::{Event, Rule};
use super::host;
use super::ingestion;
use super::postgres;
use super::search::{is_manual, view};
use super::server::Hall;
use super::storage;
use super::web::{Resolution, Slot};
use super::world::World;

/// The clock is set forward by at most so many seconds at once: ten years.
const FARTHEST: i64 = 10 * 366 * 24 * 3600;

/// The body of `POST /_sim/clock/advance`: one of the two.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Advance {
    Seconds(f64),
    To(Moment),
}

/// The body of `POST /_sim/clock/speed`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewSpeed {
    speed: u32,
}

/// The body of `POST /_sim/swaps`: how long every later swap takes, in estate seconds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Swaps {
    seconds: u32,
}

/// The body of `POST /_sim/databases/{server}/behind`: the port of a real server on this machine.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Behind {
    port: u16,
}

/// Answers a control request.
pub(crate) fn answer(hall: &Hall, asked: &Asked) -> Result<Answer, SimError> {
    let segments = asked.segments();
    let mut world = hall.world();
    match (&asked.method, segments.get(1..).unwrap_or_default()) {
        (&Method::GET, ["clock"]) => clock(&mut world),
        (&Method::POST, ["clock", "advance"]) => advance(&mut world, asked),
        (&Method::POST, ["clock", "speed"]) => match asked.json::<NewSpeed>() {
            Ok(NewSpeed { speed: 0 }) => Ok(refused("the speed must be at least 1")),
            Ok(NewSpeed { speed }) => {
                world.set_speed(Speed::Times(speed));
                clock(&mut world)
            }
            Err(error) => Ok(refused(&error.to_string())),
        },
        (&Method::GET, ["requests"]) => {
            Ok(Answer::ok(&json!({"count": world.log().entries().len(), "requests": world.log().entries()})))
        }
        (&Method::GET, ["faults"]) => Ok(faults(&world)),
        (&Method::POST, ["faults"]) => match asked.json::<Rule>() {
            Ok(rule) => {
                world.fault(Event::Added(rule))?;
                Ok(faults(&world))
            }
            Err(error) => Ok(refused(&error.to_string())),
        },
        (&Method::GET, ["authority"]) => Ok(hall.authority().answer()),
        (&Method::POST, ["databases", server, "corrupt"]) => {
            let at = world.now()?;
            world.change(at, Change::Database(postgres::Change::Corrupted { server: (*server).to_owned() }))?;
            Ok(Answer::ok(&json!({"server": server, "at": at})))
        }
        (&Method::POST, ["break"]) => match asked.json::<Break>() {
            Ok(breakage) => break_down(&mut world, breakage),
            Err(error) => Ok(refused(&error.to_string())),
        },
        (&Method::POST, ["databases", server, "taken"]) => {
            let at = world.now()?;
            world.change(at, Change::Database(postgres::Change::Taken { server: (*server).to_owned() }))?;
            Ok(Answer::ok(&json!({"server": server, "at": at})))
        }
        (&Method::POST, ["databases", server, "behind"]) => match asked.json::<Behind>() {
            Ok(Behind { port }) => {
                hall.put_behind((*server).to_owned(), port);
                Ok(Answer::ok(&json!({"server": server, "port": port})))
            }
            Err(error) => Ok(refused(&error.to_string())),
        },
        (&Method::POST, ["apps", app, slot, "settings"]) => set_settings(&mut world, asked, app, slot),
        (&Method::POST, ["ingestion"]) => push_all(&mut world),
        (&Method::POST, ["storage"]) => change_storage(&mut world, asked),
        (&Method::POST, ["swaps"]) => match asked.json::<Swaps>() {
            Ok(Swaps { seconds }) => {
                world.set_swap_seconds(seconds);
                Ok(Answer::ok(&json!({"seconds": seconds})))
            }
            Err(error) => Ok(refused(&error.to_string())),
        },
        (&Method::DELETE, ["faults"]) => {
            world.fault(Event::Cleared)?;
            hall.release();
            Ok(faults(&world))
        }
        (&Method::POST, ["reset"]) => {
            world.reset()?;
            hall.release();
            clock(&mut world)
        }
        (&Method::POST, ["stop"]) => {
            hall.stop();
            Ok(Answer::empty(StatusCode::ACCEPTED))
        }
        (&Method::GET, ["estate"]) => {
            let now = world.now()?;
            Ok(Answer::ok(&estate(world.estate(), now)))
        }
        _ => Ok(simulator_error(StatusCode::NOT_FOUND, "the simulator has no such control endpoint")),
    }
}

/// Somebody sets settings of an app beside those that it has, without asking anybody.
fn set_settings(world: &mut World, asked: &Asked, app: &str, slot: &str) -> Result<Answer, SimError> {
    let added = match asked.json::<BTreeMap<String, String>>() {
        Ok(added) => added,
        Err(error) => return Ok(refused(&error.to_string())),
    };
    let at = world.now()?;
    let place = Place { app: app.to_owned(), slot: slot.to_owned() };
    let Some(found) = world.estate().slot(&place) else { return Ok(refused("there is no such app or slot")) };
    let mut settings = found.settings.clone();
    settings.extend(added);
    let names: Vec<String> = settings.keys().cloned().collect();
    world.change(at, Change::SettingsReplaced { place, settings })?;
    Ok(Answer::ok(&json!({"names": names})))
}

/// Somebody writes a blob or a message, or deletes some, without asking anybody.
fn change_storage(world: &mut World, asked: &Asked) -> Result<Answer, SimError> {
    let change = match asked.json::<storage::Changed>() {
        Ok(change) => change,
        Err(error) => return Ok(refused(&error.to_string())),
    };
    let at = world.now()?;
    world.change(at, Change::Storage(change))?;
    Ok(Answer::ok(&json!({"at": at})))
}

/// Somebody starts the ingestion job for all documents: it puts a message for each of them into the worker's queue.
fn push_all(world: &mut World) -> Result<Answer, SimError> {
    let at = world.now()?;
    let blobs = world.estate().storage.containers.get(storage::DOCS).into_iter().flatten();
    let blobs: Vec<String> = blobs.map(|(name, _)| name).filter(|name| is_manual(name)).cloned().collect();
    for blob in &blobs {
        let (queue, id, text) = (ingestion::WAITING.to_owned(), host::uuid()?, ingestion::asking(blob));
        world.change(at, Change::Storage(storage::Changed::MessagePut { queue, id, text }))?;
    }
    Ok(Answer::ok(&json!({"messages": blobs.len()})))
}

fn clock(world: &mut World) -> Result<Answer, SimError> {
    let now = world.now()?;
    Ok(Answer::ok(&json!({"now": now, "speed": world.speed().factor()})))
}

fn advance(world: &mut World, asked: &Asked) -> Result<Answer, SimError> {
    let now = world.now()?;
    let to = match asked.json::<Advance>() {
        Ok(Advance::To(to)) => to,
        Ok(Advance::Seconds(seconds)) => match SignedDuration::try_from_secs_f64(seconds) {
            Ok(span) => {
                let span = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
                Moment::from_microseconds(now.microseconds().saturating_add(span))
            }
            Err(error) => return Ok(refused(&error.to_string())),
        },
        Err(error) => return Ok(refused(&error.to_string())),
    };
    if to > now.plus_seconds(FARTHEST) {
        return Ok(refused("the clock is set forward by at most ten years at once"));
    }
    world.forward_to(to)?;
    clock(world)
}

/// Breaks something for a drill, and says when.
fn break_down(world: &mut World, breakage: Break) -> Result<Answer, SimError> {
    let at = world.now()?;
    if let Some(why) = world.estate().lacks(&breakage) {
        return Ok(refused(&why));
    }
    world.change(at, Change::Broken(breakage))?;
    Ok(Answer::ok(&json!({"at": at})))
}

fn faults(world: &World) -> Answer {
    Answer::ok(&json!({"rules": world.faults().standing()}))
}

fn refused(message: &str) -> Answer {
    simulator_error(StatusCode::BAD_REQUEST, message)
}

/// The estate for people and tests: everything but the values of the vault's secrets.
fn estate(estate: &Estate, now: Moment) -> Value {
    let versions = |name: &str| -> Vec<Value> {
        let all = estate.vault.versions(name).unwrap_or_default().iter();
        all.map(|version| json!({"version": version.id, "enabled": version.enabled, "created": version.created, "tags": version.tags}))
            .collect()
    };
    let secrets = estate.vault.newest().map(|(name, _)| (name.to_owned(), versions(name).into()));
    let apps = estate.apps.iter().map(|(name, app)| {
        let slots = app.slots.iter().map(|(name, found)| (name.clone(), slot(found, now)));
        let document = json!({
            "slots": slots.collect::<serde_json::Map<_, _>>(),
            "swap": app.swap.as_ref().map(|swap| json!({"source": swap.source, "target": swap.target, "started": swap.started, "due": swap.due})),
            "swapped": app.swapped.as_ref().map(|swap| json!({"source": swap.source, "target": swap.target, "at": swap.at})),
        });
        (name.clone(), document)
    });
    let leaks = estate.leaks.iter().map(|leak| {
        let works = estate.vault.readable(&leak.secret, Some(&leak.version)).is_ok();
        json!({"secret": leak.secret, "version": leak.version, "at": leak.at, "works": works})
    });
    let databases = estate.databases.servers.iter().map(|(name, server)| {
        let roles: serde_json::Map<_, _> = server.roles().map(|(role, may)| (role.to_owned(), may.into())).collect();
        (name.clone(), json!({"state": server.state.word(), "may_sign_in": roles}))
    });
    json!({
        "databases": databases.collect::<serde_json::Map<_, _>>(),
        "leaked": leaks.collect::<Vec<_>>(),
        "born": estate.born(),
        "now": now,
        "secrets": secrets.collect::<serde_json::Map<_, _>>(),
        "apps": apps.collect::<serde_json::Map<_, _>>(),
        "search": view::search(estate, now),
        "storage": view::storage(estate),
    })
}

fn slot(slot: &Slot, now: Moment) -> Value {
    let references = slot.cache.iter().map(|(name, cached)| {
        let (status, version) = match &cached.resolution {
            Resolution::Resolved { version, .. } => ("Resolved", Some(version)),
            Resolution::Unresolved(status) => (status.word(), None),
        };
        (name.clone(), json!({"status": status, "version": version, "fetched_at": cached.fetched_at}))
    });
    json!({
        "build": slot.content.build,
        "commit": slot.content.commit,
        "serving": slot.trouble(now).is_none(),
        "settings": slot.settings,
        "references": references.collect::<serde_json::Map<_, _>>(),
    })
}
