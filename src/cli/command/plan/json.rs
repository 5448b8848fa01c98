use serde_json::{Map, Value as Json, json};

use crate::base::{Digest, Span};
use crate::cli::prepare::Prepared;
use crate::plan::{
    CallPreview, CheckPreview, Consent, Forecast, Kind, Mode, Outlook, Plan, Revision, StepInstance, StepPreview,
    TargetName,
};
use crate::projection::revision;
use crate::runbook::{EstateKind, OnFailure, Until};

/// The plan for a program; what its members mean stands in the essay of the command.
pub(super) fn document(prepared: &Prepared, outlook: &Outlook, digest: Digest) -> Json {
    let Prepared { plan, environment, refusal, .. } = prepared;
    let Plan { runbook, place, .. } = plan;
    let inputs = plan.inputs.iter().map(|input| json!({"name": input.name, "value": input.value}));
    let of = |revision: &Revision| format!("{}, text {}", revision.origin, revision.text);
    let nested = plan.nested.iter().map(|nested| {
        let (runbook, revision) = (&nested.runbook, of(&nested.revision));
        json!({"runbook": runbook.id, "version": runbook.version, "revision": revision})
    });
    let sum = &outlook.summary;
    let layers = outlook.layers.iter().map(|layer| paths(outlook, layer));
    told(json!({
        "runbook": runbook.id,
        "version": runbook.version,
        "title": runbook.title,
        "revision": revision(plan),
        "environment": place.environment,
        "simulated": place.estate == EstateKind::Simulated,
        "protected": place.protected,
        "mode": mode(plan.mode),
        "policy": {
            "revision": environment.policy.revision.word(),
            "refused": refusal.as_ref().map(|refusal| &refusal.why),
        },
        "plan_digest": digest.to_string(),
        "inputs": inputs.collect::<Json>(),
        "nested": nested.collect::<Json>(),
        "forecast": {
            "restored": outlook.restored.as_ref().map(|restored| forecast(outlook, restored)),
            "whole": forecast(outlook, &outlook.whole),
        },
        "rto_s": outlook.rto.map(seconds),
        "keeps_rto": outlook.keeps_rto(),
        "layers": layers.collect::<Json>(),
        "warnings": outlook.warnings,
        "steps": outlook.steps.iter().map(|item| step(outlook, item)).collect::<Json>(),
        "summary": {
            "steps": sum.steps,
            "reads": sum.reads,
            "changes": sum.changes,
            "destructive": sum.destructive,
            "manual": sum.manual,
            "waits": sum.waits,
            "skipped": sum.skipped,
            "people": paths(outlook, &sum.people),
            "permissions": sum.permissions,
            "changed": sum.changed.iter().map(target).collect::<Json>(),
            "read": sum.read.iter().map(target).collect::<Json>(),
        },
    }))
}

/// Whole seconds, rounded down.
fn seconds(span: Span) -> u64 {
    span.std().as_secs()
}

/// The word of a mode.
pub(super) const fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Live => "live",
        Mode::Drill => "drill",
        Mode::Rehearsal => "rehearsal",
    }
}

/// The same without members that are null, at any depth.
fn told(json: Json) -> Json {
    match json {
        Json::Object(members) => {
            let members = members.into_iter().filter(|(_, value)| !value.is_null());
            Json::Object(members.map(|(name, value)| (name, told(value))).collect::<Map<_, _>>())
        }
        Json::Array(items) => items.into_iter().map(told).collect(),
        other => other,
    }
}

fn paths(outlook: &Outlook, indices: &[usize]) -> Json {
    indices.iter().filter_map(|index| outlook.steps.get(*index)).map(|step| step.path.as_str()).collect()
}

fn forecast(outlook: &Outlook, forecast: &Forecast) -> Json {
    json!({
        "at_least_s": seconds(forecast.at_least()),
        "machine_s": seconds(forecast.machine),
        "waiting_s": seconds(forecast.waiting),
        "people": paths(outlook, &forecast.people),
        "not_known": paths(outlook, &forecast.unknown),
        "path": paths(outlook, &forecast.path),
    })
}

fn step(outlook: &Outlook, step: &StepPreview) -> Json {
    let only_if = step.only_if.iter().map(|branch| json!({"gate": branch.gate, "choices": branch.choices}));
    let does = step.instances.first().and_then(|instance| instance.call.as_ref()).map(|call| call.action.as_str());
    let mut document = json!({
        "step": step.path,
        "runbook": step.runbook,
        "title": step.title,
        "why": step.why,
        "layer": step.layer + 1,
        "critical": step.is_critical,
        "needs": paths(outlook, &step.needs),
        "only_if": only_if.collect::<Json>(),
        "when": step.when.as_ref().map(|when| {
            json!({"expression": when.source, "holds": when.holds, "known_after": when.known_after})
        }),
        "for_each": step.each.as_ref().map(|each| json!({
            "list": each.source,
            "count": each.count,
            "known_after": each.known_after,
            "at_most": each.at_most,
            "max_parallel": each.max_parallel,
        })),
        "kind": step.kind.word(),
        "does": does,
        "skipped": step.is_skipped(),
        "in_place_of": step.stands_for,
        "risk": step.risk,
        "class": step.class().map(|class| class.to_string()),
        "consent": consent(&step.consent),
        "instances": step.instances.iter().map(instance).collect::<Json>(),
        "expect_s": step.expect.map(seconds),
        "machine_s": seconds(step.time.machine),
        "waiting_s": seconds(step.time.waiting),
        "marks": step.marks,
        "undo": {
            "sentence": step.undo.sentence,
            "until": step.undo.until,
            "point_of_no_return": step.undo.point_of_no_return,
        },
        "on_failure": on_failure(&step.on_failure),
        "retry": step.retry.as_ref().map(|retry| json!({
            "attempts": retry.attempts,
            "delay_s": seconds(retry.delay),
            "max_delay_s": seconds(retry.max_delay),
            "only_on": retry.only_on.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })),
        "timeout_s": step.timeout.map(seconds),
    });
    if let (Json::Object(members), Json::Object(more)) = (&mut document, kind(&step.kind)) {
        members.extend(more);
    }
    document
}

/// What only that kind of step has.
fn kind(kind: &Kind) -> Json {
    let pairs = |pairs: &[(String, String)], second: &str| -> Json {
        pairs.iter().map(|(name, value)| json!({"name": name, second: value})).collect()
    };
    match kind {
        Kind::Action | Kind::Check | Kind::WaitCheck => json!({}),
        Kind::Manual { instruction, fields } => json!({"instruction": instruction, "fields": pairs(fields, "what")}),
        Kind::Gate { question, choices } => json!({"question": question, "choices": pairs(choices, "leads")}),
        Kind::Wait { span } => json!({"wait_s": seconds(*span)}),
        Kind::WaitUntil { at } => json!({"until": at}),
        Kind::Runbook { name, inputs } => json!({"runs": {"runbook": name, "inputs": pairs(inputs, "value")}}),
        Kind::Skipped { why } => json!({"skipped_because": why}),
    }
}

fn consent(consent: &Consent) -> Json {
    match consent {
        Consent::None => Json::Null,
        Consent::Acknowledge => json!({"kind": "acknowledge", "second_person": false}),
        Consent::ReadBack { text, second_person } => {
            json!({"kind": "read_back", "text": text, "second_person": second_person})
        }
    }
}

fn on_failure(on_failure: &OnFailure) -> String {
    match on_failure {
        OnFailure::Ask => "ask".to_owned(),
        OnFailure::Retry => "retry".to_owned(),
        OnFailure::Continue => "continue".to_owned(),
        OnFailure::Undo => "undo".to_owned(),
        OnFailure::GoTo(step) => format!("go to {step}"),
    }
}

fn instance(instance: &StepInstance) -> Json {
    json!({
        "key": instance.key,
        "call": instance.call.as_ref().map(call),
        "again": instance.until.map(again),
        "verify": instance.verify.iter().map(check).collect::<Json>(),
        "probe": instance.probe.as_ref().map(check),
        "undo": instance.undo.iter().map(check).collect::<Json>(),
    })
}

fn check(check: &CheckPreview) -> Json {
    json!({
        "key": check.key,
        "for_each": check.each,
        "call": call(&check.call),
        "again": check.until.map(again),
    })
}

fn again(until: Until) -> Json {
    json!({"every_s": seconds(until.every), "timeout_s": seconds(until.timeout)})
}

fn call(call: &CallPreview) -> Json {
    let row = call.row;
    let requests = call.requests.iter().map(|request| {
        let (line, body) = request.split_once('\n').map_or((request.as_str(), None), |(line, body)| (line, Some(body)));
        let (method, url) = line.split_once(' ').unwrap_or(("", line));
        // The body was made from JSON; what was put back into it stands inside its texts.
        let body = body.map(|body| serde_json::from_str::<Json>(body).unwrap_or_else(|_| json!(body)));
        json!({"method": method, "url": url, "body": body})
    });
    json!({
        "action": call.action,
        "requests": requests.collect::<Json>(),
        "then": call.foretold,
        "unknown": call.unknown,
        "left_out": call.left_out.iter().map(|(name, value)| json!({"argument": name, "value": value})).collect::<Json>(),
        "known_after": call.known_after,
        "targets": call.targets.iter().map(target).collect::<Json>(),
        "locks": call.locks,
        "permissions": row.map(|row| row.permissions),
        "api_version": row.and_then(|row| row.api_version),
        "settles_s": row.and_then(|row| row.change.as_ref()).map(|change| seconds(change.probe.settles)),
    })
}

fn target(target: &TargetName) -> Json {
    json!({"name": target.name, "id": target.id})
}
