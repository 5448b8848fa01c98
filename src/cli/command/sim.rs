use std::io::Write;
use std::path::Path;
use std::pin::pin;

use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::base::{Span, Timestamp};
use crate::cli::args::{Fault, Sim, Speed};
use crate::cli::estate::{simulated, world_file};
use crate::cli::text::columns;
use crate::cli::{Exit, Failure, Setting, store};
use crate::runbook::EstateKind;
use crate::world::Signals;

/// Serves, moves and disturbs the simulated estate.
///
/// A command that finds nobody serving serves the estate for the moment; what it changes stands in the world file.
pub(crate) async fn sim(setting: &Setting, sim: &Sim, out: &mut dyn Write) -> Result<Exit, Failure> {
    // Looking begins no world: where there is none, nothing was received and nothing was put in force.
    let has_world = || world_file(&setting.store_for(EstateKind::Simulated)).exists();
    match sim {
        Sim::Requests { json } if !has_world() => return show_requests(&json!([]), *json, out),
        Sim::Fault(fault) if rule(fault).is_none() && !fault.clear && !has_world() => {
            return show_faults(&json!([]), out);
        }
        _ => {}
    }
    let store = store::for_world(setting)?;
    match sim {
        Sim::Serve { port } => serve(setting, &store, *port, out).await,
        Sim::Advance { duration } => advance(&store, *duration, out).await,
        Sim::Fault(fault) => disturb(&store, fault, out).await,
        Sim::Reset => {
            let estate = simulated(&store, None).await?;
            let clock = estate.control().post("reset", json!({})).await?;
            estate.stop().await;
            writeln!(out, "The estate is new again; its clock shows {}.", moment(&clock["now"]))?;
            Ok(Exit::Success)
        }
        Sim::Requests { json } => {
            let estate = simulated(&store, None).await?;
            let answer = estate.control().get("requests").await?;
            estate.stop().await;
            show_requests(&answer["requests"], *json, out)
        }
    }
}

async fn serve(setting: &Setting, store: &Path, port: Option<u16>, out: &mut dyn Write) -> Result<Exit, Failure> {
    if setting.speed == Some(Speed::Max) {
        return Err(Failure::usage("`--speed max` jumps to what a run waits for next, and a server runs nothing")
            .hint("give a factor, or use `callout sim advance`"));
    }
    let estate = simulated(store, port).await?;
    if !estate.is_ours() {
        let what = format!("this simulated estate is already being served at {}", estate.endpoint());
        return Err(Failure::usage(what).hint("use it, or stop that process first"));
    }
    if let Some(speed) = setting.speed {
        estate.set_speed(speed).await?;
    }
    // Heard from before it is said that the estate is served: whoever reads that may send one at once.
    let mut signals =
        Signals::listen().map_err(|error| Failure::new(Exit::Internal, "signals cannot be heard").because(&error))?;
    writeln!(out, "The simulated estate of {} is served at {}.", store.display(), estate.endpoint())?;
    writeln!(out, "Ctrl-C ends it; its clock stands still until it is served again.")?;
    out.flush()?;
    let control = estate.control().clone();
    let mut served = pin!(estate.join());
    tokio::select! {
        _ = signals.next() => {
            control.stop().await?;
            served.await;
        }
        () = &mut served => {}
    }
    Ok(Exit::Success)
}

async fn advance(store: &Path, by: Span, out: &mut dyn Write) -> Result<Exit, Failure> {
    let estate = simulated(store, None).await?;
    let now = estate.advance(by).await?;
    estate.stop().await;
    writeln!(out, "The estate's clock is set forward by {by} and shows {now}.")?;
    Ok(Exit::Success)
}

/// A rule as the control endpoint takes and gives it.
fn rule(fault: &Fault) -> Option<Json> {
    let blow = if let Some(code) = fault.status {
        let body = if fault.html { "html" } else { "json" };
        json!({"status": {"code": code, "body": body, "retry_after": fault.retry_after}})
    } else if let Some(seconds) = fault.stall {
        json!({"stall": {"seconds": seconds}})
    } else if fault.drop_before {
        json!("drop_before")
    } else if fault.drop_after {
        json!("drop_after")
    } else if fault.hold {
        json!("hold")
    } else if fault.halfway {
        json!("halfway")
    } else if fault.short {
        json!("short")
    } else {
        return None;
    };
    Some(json!({
        "method": fault.method,
        "host": fault.host,
        "path": fault.path,
        "skip": fault.skip.unwrap_or(0),
        "times": fault.times.unwrap_or(1),
        "do": blow,
    }))
}

async fn disturb(store: &Path, fault: &Fault, out: &mut dyn Write) -> Result<Exit, Failure> {
    let estate = simulated(store, None).await?;
    let answer = match rule(fault) {
        Some(rule) => estate.control().post("faults", rule).await?,
        None if fault.clear => estate.control().delete("faults").await?,
        None => estate.control().get("faults").await?,
    };
    estate.stop().await;
    show_faults(&answer["rules"], out)
}

fn show_faults(rules: &Json, out: &mut dyn Write) -> Result<Exit, Failure> {
    let rules: Vec<Standing> = serde_json::from_value(rules.clone()).map_err(|error| unreadable(&error))?;
    if rules.is_empty() {
        writeln!(out, "No fault is in force.")?;
    }
    for Standing { method, host, path, skip, times, matched, blow } in rules {
        let any = |part: Option<String>| part.unwrap_or_else(|| "any".to_owned());
        let hit = matched.saturating_sub(skip).min(times);
        writeln!(
            out,
            "method {}, host {}, path {}: {blow}, after {skip} that pass; hit {hit} of {times}",
            any(method),
            any(host),
            any(path)
        )?;
    }
    Ok(Exit::Success)
}

/// A rule in force, as the simulator tells it.
#[derive(Deserialize)]
struct Standing {
    method: Option<String>,
    host: Option<String>,
    path: Option<String>,
    skip: u32,
    times: u32,
    matched: u32,
    #[serde(rename = "do")]
    blow: Json,
}

/// A request that was received, as the simulator tells it.
#[derive(Deserialize)]
struct Received {
    at: Timestamp,
    host: String,
    method: String,
    path: String,
    status: Option<u16>,
    dropped: Option<String>,
}

fn show_requests(requests: &Json, as_json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    if as_json {
        writeln!(out, "{requests:#}")?;
        return Ok(Exit::Success);
    }
    let received: Vec<Received> = serde_json::from_value(requests.clone()).map_err(|error| unreadable(&error))?;
    if received.is_empty() {
        writeln!(out, "No request has been received.")?;
    }
    let rows = received.into_iter().map(|Received { at, host, method, path, status, dropped }| {
        let end = match (status, dropped) {
            (Some(status), _) => status.to_string(),
            (None, Some(when)) => format!("cut {when}"),
            (None, None) => "open".to_owned(),
        };
        [at.clock_face(), end, method, format!("{host}{path}")]
    });
    out.write_all(columns(rows).as_bytes())?;
    Ok(Exit::Success)
}

fn unreadable(error: &serde_json::Error) -> Failure {
    Failure::new(Exit::Failed, "the simulated estate gives an answer that cannot be read; is it of another version?")
        .because(error)
}

/// The estate's clock for a person.
fn moment(text: &Json) -> String {
    text.as_str().and_then(|text| text.parse::<Timestamp>().ok()).map(|at| at.to_string()).unwrap_or_default()
}
