//! What an indexer does: a run, what became of it, and a reset, after which the next run reads everything again.

use serde_json::Value as Document;

use super::super::super::{
    Answers, Args, Call, ChangeFacts, Class, Field, Method, Probe, ProbeContext, ProbeVerdict, RenderError, Reply,
    Request, Risk, Row, Script, Service, Type, Unreadable, Verdict,
};
use super::super::argument::{optional, optional_text, output, pass_on, read_back};
use super::super::reading::{body, field, needed, text};
use super::indexer::INDEXER;
use super::place::{API, SERVICE, lock, look, name, request};
use crate::base::{Span, Timestamp, Value};

/// `search.indexer.status`.
pub(in super::super) static STATUS: Row = READ;

/// The read, from which the rows of this file take what they have in common.
const READ: Row = Row {
    name: "search.indexer.status",
    summary: "Reads what became of an indexer's last run; as a check, it must have ended well.",
    parameters: &[
        SERVICE,
        INDEXER,
        optional(
            "after",
            Type::String,
            "As a check: the start of an earlier run, which does not count, as `started` told it; empty: any run counts.",
        ),
        optional("failures", Type::Integer, "As a check: how many documents may have failed; none if not given."),
        optional("ended", Type::Boolean, "As a check: whether it is enough that the run has ended, well or not."),
    ],
    outputs: &[
        output("state", Type::String, "`running` if the indexer can run, `error` if it needs somebody's help."),
        output(
            "result",
            Type::String,
            "`success`, `inProgress`, `transientFailure`, `persistentFailure` or `reset`; empty if it never ran.",
        ),
        output("started", Type::String, "When the last run started (RFC 3339); empty if it never ran."),
        output("ended", Type::String, "When it ended; empty while it is under way."),
        output("processed", Type::Integer, "How many documents it has processed."),
        output("failed", Type::Integer, "How many of them failed."),
        output("warnings", Type::Integer, "How many warnings it gave."),
        output("message", Type::String, "What it says of its failure; empty if there is none."),
        output("reset", Type::String, "When it was last reset (RFC 3339), as far as the history goes; empty if never."),
    ],
    risk: Risk::Read,
    class: Class::R,
    service: Service::Search,
    api_version: Some(API),
    operation_id: Some("Indexers_GetStatus"),
    documentation: "https://learn.microsoft.com/rest/api/searchservice/indexers/get-status",
    permissions: &["Microsoft.Search/searchServices/indexers/read"],
    render: render_status,
    follow: None,
    parse: parse_status,
    judge: Some(judge_status),
    change: None,
    by_hand: Some(status_by_hand),
};

/// `search.indexer.run`. Sent twice it runs twice, or is refused (409) while the first run goes on.
pub(in super::super) static RUN: Row = Row {
    name: "search.indexer.run",
    summary: "Starts a run of an indexer: what has changed since its last one is read and written.",
    parameters: &[SERVICE, INDEXER],
    outputs: &[],
    risk: Risk::Reversible,
    class: Class::D,
    operation_id: Some("Indexers_Run"),
    documentation: "https://learn.microsoft.com/rest/api/searchservice/indexers/run",
    permissions: &["Microsoft.Search/searchServices/indexers/run/action"],
    render: |args| ask(args, "search.run"),
    parse: |_, _| Ok(Value::record([])),
    judge: None,
    change: Some(ChangeFacts {
        probe: Probe { judge: judge_run, ..PROBE },
        undo: "A run cannot be taken back; what it wrote goes with the index that it wrote.",
        touches: "It writes the index of its definition, whoever reads that. It goes on by itself; its status tells when it has \
                  ended.",
        ..FACTS
    }),
    by_hand: None,
    ..READ
};

/// `search.indexer.reset`.
pub(in super::super) static RESET: Row = Row {
    name: "search.indexer.reset",
    summary: "Lets an indexer forget what it has read, so that its next run reads everything.",
    parameters: &[SERVICE, INDEXER],
    outputs: &[],
    risk: Risk::Reversible,
    class: Class::C,
    operation_id: Some("Indexers_Reset"),
    documentation: "https://learn.microsoft.com/rest/api/searchservice/indexers/reset",
    permissions: &["Microsoft.Search/searchServices/indexers/write"],
    render: |args| ask(args, "search.reset"),
    parse: |_, _| Ok(Value::record([])),
    judge: None,
    change: Some(ChangeFacts {
        observed: |_, seen| seen.first().map(last_reset).into_iter().collect(),
        probe: Probe { judge: judge_reset, ..PROBE },
        undo: "It cannot be taken back; the next run takes longer and ends with the same documents.",
        touches: "The next run reads the whole source, which may cost hours and calls of skills.",
        ..FACTS
    }),
    by_hand: None,
    ..READ
};

/// The history lags behind what was accepted, so absence means nothing for a while.
const PROBE: Probe = Probe {
    answers: Answers::Whether,
    reads: |args| vec![status_of(args)],
    judge: judge_run,
    settles: Span::minutes(5),
};

const FACTS: ChangeFacts = ChangeFacts {
    read_back: |args| read_back(args, "indexer"),
    locks: |args| lock(args, "indexers", "indexer"),
    observe: |args| vec![status_of(args)],
    observed: |_, seen| seen.first().map(last_run).into_iter().collect(),
    probe: PROBE,
    undo: "",
    touches: "",
    expect: Span::seconds(5),
    loses: None,
};

fn status_of(args: &Args) -> Call {
    Call::new(STATUS.name, [("service", pass_on(args, "service")), ("indexer", pass_on(args, "indexer"))])
}

fn ask(args: &Args, what: &str) -> Result<Request, RenderError> {
    request(args, Method::Post, &format!("/indexers('{}')/{what}", name(args, "indexer")?), API)
}

fn render_status(args: &Args) -> Result<Request, RenderError> {
    optional_text(args, "after")?;
    request(args, Method::Get, &format!("/indexers('{}')/search.status", name(args, "indexer")?), API)
}

fn status_by_hand(args: &Args) -> Result<Script, RenderError> {
    let after = optional_text(args, "after")?.filter(|after| !after.is_empty());
    let after = after.map(|after| format!(", and its startTime is after {after}")).unwrap_or_default();
    let failures = if let Some(Value::Integer(failures)) = args.get("failures") { *failures } else { 0 };
    let good = if is_end_enough(args) {
        format!("Under lastResult, status is neither inProgress nor reset{after}.")
    } else {
        format!("Under lastResult, status is success{after}; itemsFailed is at most {failures}.")
    };
    Ok(look(&render_status(args)?, good))
}

fn parse_status(_: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let body = body(replies, 0)?;
    let none = Document::Null;
    let last = body.get("lastResult").filter(|last| !last.is_null()).unwrap_or(&none);
    let number = |member: &str| Value::Integer(last.get(member).and_then(Document::as_i64).unwrap_or(0));
    let warnings = last.get("warnings").and_then(Document::as_array).map_or(0, Vec::len);
    let history = body.get("executionHistory").and_then(Document::as_array).into_iter().flatten();
    let resets = history.chain([last]).filter(|entry| text(entry, "/status") == "reset");
    let reset = resets.filter_map(|reset| text(reset, "/startTime").parse::<Timestamp>().ok()).max();
    let moment = |member: &str| {
        let text = text(last, &format!("/{member}"));
        let at = if text.is_empty() { None } else { Some(text.parse::<Timestamp>()) };
        at.transpose().map(|at| Value::text(at.map(|at| at.to_string()).unwrap_or_default()))
    };
    Ok(Value::record([
        ("state", Value::text(needed(body, "/status")?)),
        ("result", Value::text(text(last, "/status"))),
        ("started", moment("startTime").map_err(|_| Unreadable("lastResult.startTime".into()))?),
        ("ended", moment("endTime").map_err(|_| Unreadable("lastResult.endTime".into()))?),
        ("processed", number("itemsProcessed")),
        ("failed", number("itemsFailed")),
        ("warnings", Value::Integer(i64::try_from(warnings).unwrap_or(i64::MAX))),
        ("message", Value::text(text(last, "/errorMessage"))),
        ("reset", Value::text(reset.map(|at| at.to_string()).unwrap_or_default())),
    ]))
}

fn integer(outputs: &Value, name: &str) -> i64 {
    if let Some(Value::Integer(number)) = outputs.field(name) { *number } else { 0 }
}

fn judge_status(args: &Args, outputs: &Value) -> Verdict {
    let after = args.get("after").and_then(Value::as_text).unwrap_or_default();
    let (result, started) = (field(outputs, "result"), field(outputs, "started"));
    if result.is_empty() || !is_later(started, after) {
        return Verdict::Fail { seen: format!("no run is known that started after {}", shown(after)) };
    }
    let (processed, failed, warnings) =
        (integer(outputs, "processed"), integer(outputs, "failed"), integer(outputs, "warnings"));
    let mut seen = format!("{result}, {processed} processed, {failed} failed, {warnings} warnings, started {started}");
    if !field(outputs, "message").is_empty() {
        seen = format!("{seen}: {}", field(outputs, "message"));
    }
    let allowed = integer(&Value::Record(args.clone()), "failures");
    match result {
        "success" if failed <= allowed => Verdict::Pass { seen },
        "inProgress" => Verdict::Fail { seen: format!("{seen}; still under way") },
        "reset" => Verdict::Fail { seen: format!("{seen}; it has not run since") },
        _ if is_end_enough(args) => Verdict::Pass { seen },
        _ => Verdict::Fail { seen },
    }
}

/// Whether a run that failed passes too: whoever waits for its end need not wait any longer then.
fn is_end_enough(args: &Args) -> bool {
    args.get("ended") == Some(&Value::Boolean(true))
}

/// Whether a run started after another one; an empty text is before everything.
fn is_later(started: &str, after: &str) -> bool {
    match (started.parse::<Timestamp>(), after.parse::<Timestamp>()) {
        (Ok(started), Ok(after)) => started > after,
        (Ok(_), Err(_)) => after.is_empty(),
        (Err(_), _) => false,
    }
}

fn shown(moment: &str) -> &str {
    if moment.is_empty() { "the beginning" } else { moment }
}

const LAST_RUN: &str = "last run";
const LAST_RESET: &str = "last reset";
const NEVER: &str = "never";

/// Only its start: a run that is under way goes on while somebody reads, and that is no drift.
fn last_run(outputs: &Value) -> Field {
    let started = field(outputs, "started");
    Field::new(LAST_RUN, if started.is_empty() { NEVER } else { started })
}

fn last_reset(outputs: &Value) -> Field {
    let reset = field(outputs, "reset");
    Field::new(LAST_RESET, if reset.is_empty() { NEVER } else { reset })
}

/// The start of the last run before, and what stands now.
fn before_and_now<'a>(context: &'a ProbeContext<'_>, seen: &'a [Value]) -> Option<(&'a str, &'a Value)> {
    let before = context.before.iter().find(|field| field.name == LAST_RUN)?;
    Some((if before.value == NEVER { "" } else { &before.value }, seen.first()?))
}

fn judge_run(context: &ProbeContext<'_>, seen: &[Value]) -> ProbeVerdict {
    let Some((before, now)) = before_and_now(context, seen) else {
        return ProbeVerdict::Unknown { seen: "the last run before, or the last run now, is not known".into() };
    };
    let started = field(now, "started");
    // A reset stands in the history too, and is no run.
    let is_run = field(now, "result") != "reset";
    if is_run && is_later(started, before) {
        // Whoever started it, the schedule perhaps: a run is what was wanted, and this one began after the intent.
        let seen = format!("a run started {started}, and it is {}", field(now, "result"));
        return ProbeVerdict::Happened { outputs: Value::record([]), seen };
    }
    ProbeVerdict::DidNot { seen: format!("no run has started since {}", shown(before)) }
}

/// The history keeps a reset when something has run since.
fn judge_reset(context: &ProbeContext<'_>, seen: &[Value]) -> ProbeVerdict {
    let before = context.before.iter().find(|field| field.name == LAST_RESET);
    let (Some(before), Some(now)) = (before, seen.first()) else {
        return ProbeVerdict::Unknown { seen: "the last reset before, or the last reset now, is not known".into() };
    };
    let before = if before.value == NEVER { "" } else { &before.value };
    let reset = field(now, "reset");
    if is_later(reset, before) {
        let seen = format!("the history has a reset of {reset}");
        ProbeVerdict::Happened { outputs: Value::record([]), seen }
    } else {
        ProbeVerdict::DidNot { seen: format!("the history has no reset since {}", shown(before)) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::place::tests::with;
    use super::*;

    const EARLIER: &str = "2026-11-20T02:00:00.000000Z";
    const LATER: &str = "2026-11-20T03:10:00.000000Z";

    fn of<const N: usize>(more: [(&str, Value); N]) -> Args {
        let mut args = with(more);
        args.insert("indexer".into(), Value::text("nightly"));
        args
    }

    fn seen(result: &str, started: &str, failed: i64) -> Value {
        let last = json!({"status": result, "startTime": started, "endTime": null, "itemsProcessed": 7,
            "itemsFailed": failed, "errors": [], "warnings": [{"message": "w"}], "errorMessage": null});
        let body = json!({"status": "running", "lastResult": last, "executionHistory": [], "limits": {}});
        parse_status(&of([]), &[Reply::json(200, body)]).unwrap()
    }

    fn never_ran() -> Value {
        let body = json!({"status": "running", "lastResult": null, "executionHistory": []});
        parse_status(&of([]), &[Reply::json(200, body)]).unwrap()
    }

    fn probe(row: &Row, before: &Value, now: &Value) -> ProbeVerdict {
        let (args, fields) = (of([]), [last_run(before), last_reset(before)]);
        let attempt = "01938a3c-0000-7000-8000-000000000001".parse().unwrap();
        let context = ProbeContext { args: &args, attempt, sent_at: Timestamp::from_seconds(0), before: &fields };
        (row.change.as_ref().unwrap().probe.judge)(&context, std::slice::from_ref(now))
    }

    #[test]
    fn a_run_is_asked_for_once_and_without_a_body() {
        let request = (RUN.render)(&of([])).unwrap();
        assert!(request.url.ends_with("/indexers('nightly')/search.run?api-version=2024-07-01"));
        assert_eq!((request.method, request.body.is_none(), RUN.class), (Method::Post, true, Class::D));
    }

    #[test]
    fn a_run_that_started_later_than_the_one_before_proves_it_and_its_absence_does_not_at_once() {
        assert!(matches!(probe(&RUN, &never_ran(), &seen("inProgress", EARLIER, 0)), ProbeVerdict::Happened { .. }));
        let before = seen("success", EARLIER, 0);
        assert!(matches!(probe(&RUN, &before, &seen("success", LATER, 0)), ProbeVerdict::Happened { .. }));
        assert!(matches!(probe(&RUN, &before, &before), ProbeVerdict::DidNot { .. }));
        assert!(matches!(probe(&RUN, &before, &seen("reset", LATER, 0)), ProbeVerdict::DidNot { .. }));
        assert!(matches!(probe(&RUN, &never_ran(), &never_ran()), ProbeVerdict::DidNot { .. }));
        assert!(PROBE.settles > Span::minutes(1));
    }

    #[test]
    fn a_reset_is_told_by_the_history_even_if_something_has_run_since() {
        let seen = |resets: &[&str]| {
            let entries: Vec<Document> =
                resets.iter().map(|at| json!({"status": "reset", "startTime": at, "endTime": at})).collect();
            let last = json!({"status": "inProgress", "startTime": LATER, "itemsProcessed": 0, "itemsFailed": 0});
            let body = json!({"status": "running", "lastResult": last, "executionHistory": entries});
            parse_status(&of([]), &[Reply::json(200, body)]).unwrap()
        };
        assert!(matches!(probe(&RESET, &seen(&[]), &seen(&[EARLIER])), ProbeVerdict::Happened { .. }));
        assert!(matches!(probe(&RESET, &seen(&[EARLIER]), &seen(&[LATER, EARLIER])), ProbeVerdict::Happened { .. }));
        assert!(matches!(probe(&RESET, &seen(&[EARLIER]), &seen(&[EARLIER])), ProbeVerdict::DidNot { .. }));
    }

    #[test]
    fn only_a_success_of_a_later_run_with_few_enough_failures_passes() {
        let after = |failures: i64| of([("after", Value::text(EARLIER)), ("failures", Value::Integer(failures))]);
        assert!(matches!(judge_status(&after(0), &seen("success", LATER, 0)), Verdict::Pass { .. }));
        assert!(matches!(judge_status(&after(0), &seen("success", EARLIER, 0)), Verdict::Fail { .. }));
        assert!(matches!(judge_status(&after(0), &seen("success", LATER, 2)), Verdict::Fail { .. }));
        assert!(matches!(judge_status(&after(2), &seen("success", LATER, 2)), Verdict::Pass { .. }));
        let under_way = judge_status(&after(0), &seen("inProgress", LATER, 0));
        assert!(
            matches!(under_way, Verdict::Fail { seen } if seen.contains("under way") && seen.contains("7 processed"))
        );
        assert!(matches!(judge_status(&of([]), &seen("transientFailure", LATER, 0)), Verdict::Fail { .. }));
        assert!(matches!(judge_status(&of([]), &never_ran()), Verdict::Fail { .. }));
        let ended = of([("ended", Value::Boolean(true)), ("after", Value::text(EARLIER))]);
        for (result, started, passes) in [
            ("success", LATER, true),
            ("transientFailure", LATER, true),
            ("transientFailure", EARLIER, false),
            ("inProgress", LATER, false),
            ("reset", LATER, false),
        ] {
            let verdict = judge_status(&ended, &seen(result, started, 2));
            assert_eq!(matches!(verdict, Verdict::Pass { .. }), passes, "{result} {started}");
        }
        assert!(matches!(
            judge_status(&of([("after", Value::text(""))]), &seen("success", EARLIER, 0)),
            Verdict::Pass { .. }
        ));
    }
}
