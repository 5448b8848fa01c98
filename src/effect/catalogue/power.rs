//! Stopping and starting a site: writers are stopped before a database is restored, and started again after it.

use super::super::by_hand::line;
use super::super::{
    Answers, Args, Call, ChangeFacts, Class, Field, Method, Probe, ProbeContext, ProbeVerdict, RenderError, Reply,
    Risk, Row, Script, Service, Told, Type, Unreadable, Verdict,
};
use super::argument::{optional, output, pass_on, read_back};
use super::reading::field;
use super::webapp::{API, APP, GET, lock, parse_get, request};
use crate::base::{Span, Value};

/// `webapp.state`.
pub(super) static STATE: Row = Row {
    name: "webapp.state",
    summary: "Checks whether a site runs or is stopped, and whether the first half of a swap was done to it.",
    parameters: &[
        APP,
        optional("state", Type::String, "The state that it must have; `Running` if not given."),
        optional("preview", Type::String, "The slot whose swap into this place must be previewed, or `none`."),
    ],
    judge: Some(judge_state),
    ..GET_STATE
};

/// The same read as `webapp.get`.
const GET_STATE: Row = Row {
    outputs: &[
        output("state", Type::String, "`Running` or `Stopped`.").told(Told::Query("properties.state")),
        output(
            "preview",
            Type::String,
            "The slot whose swap into this place is previewed and not ended; empty if none is.",
        )
        .told(Told::Query("properties.targetSwapSlot || ''")),
    ],
    risk: Risk::Read,
    class: Class::R,
    operation_id: Some("WebApps_Get"),
    documentation: "https://learn.microsoft.com/rest/api/appservice/web-apps/get",
    permissions: &["Microsoft.Web/sites/read"],
    render: |args| request(args, Method::Get, ""),
    parse: parse_state,
    by_hand: Some(state_by_hand),
    ..SWITCH
};

/// `webapp.stop`.
pub(super) static STOP: Row = Row {
    name: "webapp.stop",
    summary: "Stops every instance of a site, which then answers 403 and does no work.",
    risk: Risk::Destructive,
    operation_id: Some("WebApps_Stop"),
    documentation: "https://learn.microsoft.com/rest/api/appservice/web-apps/stop",
    permissions: &["Microsoft.Web/sites/stop/Action", "Microsoft.Web/sites/slots/stop/Action"],
    render: |args| request(args, Method::Post, "/stop"),
    change: Some(ChangeFacts {
        probe: Probe { judge: |context, seen| judge(context, seen, STOPPED), ..PROBE },
        undo: "Start the site again.",
        touches: "Requests in flight are lost, work in progress is cut off, and nobody is served until the site is started.",
        ..FACTS
    }),
    ..SWITCH
};

/// `webapp.start`.
pub(super) static START: Row = Row {
    name: "webapp.start",
    summary: "Starts a site that was stopped.",
    risk: Risk::Reversible,
    operation_id: Some("WebApps_Start"),
    documentation: "https://learn.microsoft.com/rest/api/appservice/web-apps/start",
    permissions: &["Microsoft.Web/sites/start/Action", "Microsoft.Web/sites/slots/start/Action"],
    render: |args| request(args, Method::Post, "/start"),
    change: Some(ChangeFacts {
        probe: Probe { judge: |context, seen| judge(context, seen, RUNNING), ..PROBE },
        undo: "Stop the site again; what it did meanwhile stays done.",
        touches: "Every instance starts cold, and begins at once with whatever is waiting for it: queues, timers, requests.",
        ..FACTS
    }),
    ..SWITCH
};

const RUNNING: &str = "Running";
const STOPPED: &str = "Stopped";

/// What stopping and starting have in common. A site that stands as wanted is left as it is, so either may be sent again.
const SWITCH: Row = Row {
    name: "",
    summary: "",
    parameters: &[APP],
    outputs: &[],
    risk: Risk::Destructive,
    class: Class::C,
    service: Service::ResourceManager,
    api_version: Some(API),
    operation_id: None,
    documentation: "",
    permissions: &[],
    render: |args| request(args, Method::Post, "/stop"),
    follow: None,
    parse: |_, _| Ok(Value::record([])),
    judge: None,
    change: None,
    by_hand: None,
};

const PROBE: Probe = Probe {
    answers: Answers::Whether,
    reads: |args| vec![Call::new(GET.name, [("app", pass_on(args, "app"))])],
    judge: |context, seen| judge(context, seen, STOPPED),
    // The state changes with the answer (seen in Microsoft's recordings); what is allowed for is a slow answer.
    settles: Span::minutes(2),
};

const FACTS: ChangeFacts = ChangeFacts {
    read_back: |args| read_back(args, "app"),
    locks: |args| lock(args).into_iter().collect(),
    observe: |args| vec![Call::new(GET.name, [("app", pass_on(args, "app"))])],
    observed,
    probe: PROBE,
    undo: "",
    touches: "",
    expect: Span::seconds(30),
    loses: None,
};

fn parse_state(args: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let get = parse_get(args, replies)?;
    Ok(Value::record(["state", "preview"].map(|name| (name, Value::text(field(&get, name))))))
}

fn judge_state(args: &Args, outputs: &Value) -> Verdict {
    let given = |name| args.get(name).and_then(Value::as_text);
    let preview = match field(outputs, "preview") {
        "" => "none",
        slot => slot,
    };
    let (state, wanted) = (field(outputs, "state"), given("state").unwrap_or("Running"));
    let seen = format!("the site is {state}, preview of a swap: {preview}");
    if !state.eq_ignore_ascii_case(wanted) {
        return Verdict::Fail { seen: format!("{seen}; expected {wanted}") };
    }
    match given("preview").filter(|wanted| !wanted.eq_ignore_ascii_case(preview)) {
        Some(wanted) => Verdict::Fail { seen: format!("{seen}; expected a preview of {wanted}") },
        None => Verdict::Pass { seen },
    }
}

fn state_by_hand(args: &Args) -> Result<Script, RenderError> {
    let given = |name| args.get(name).and_then(Value::as_text);
    let mut good = format!("`properties.state` is {}", given("state").unwrap_or(RUNNING));
    match given("preview") {
        Some("none") => good.push_str(", and `properties.targetSwapSlot` is null"),
        Some(slot) => good.push_str(&format!(", and `properties.targetSwapSlot` is {slot}")),
        None => {}
    }
    let url = request(args, Method::Get, "")?.url;
    Ok(Script::of(line([("az rest --method GET --url ", &url)])).good(good + "."))
}

fn observed(_: &Args, seen: &[Value]) -> Vec<Field> {
    seen.first().map(|get| Field::new("state", field(get, "state"))).into_iter().collect()
}

fn judge(_: &ProbeContext<'_>, seen: &[Value], wanted: &str) -> ProbeVerdict {
    let state = seen.first().map(|get| field(get, "state")).unwrap_or_default();
    let seen = format!("the site's state is {state}");
    match state {
        "" => ProbeVerdict::Unknown { seen: "the site's state could not be read".into() },
        state if state.eq_ignore_ascii_case(wanted) => ProbeVerdict::Happened { outputs: Value::record([]), seen },
        _ => ProbeVerdict::DidNot { seen },
    }
}

#[cfg(test)]
mod tests {
    use super::super::argument::tests::{app, args};
    use super::*;
    use crate::base::Timestamp;

    fn probed(row: &Row, seen: &[Value]) -> ProbeVerdict {
        let args = args([("app", app("chatbot-worker"))]);
        let attempt = "01938a3c-0000-7000-8000-000000000001".parse().unwrap();
        let context = ProbeContext { args: &args, attempt, sent_at: Timestamp::from_seconds(0), before: &[] };
        (row.change.as_ref().unwrap().probe.judge)(&context, seen)
    }

    #[test]
    fn the_state_tells_whether_it_happened_and_nothing_read_tells_nothing() {
        let state = |state: &str| [Value::record([("state", Value::text(state))])];
        assert!(matches!(probed(&STOP, &state("Stopped")), ProbeVerdict::Happened { .. }));
        assert!(matches!(probed(&STOP, &state("Running")), ProbeVerdict::DidNot { .. }));
        assert!(matches!(probed(&START, &state("Running")), ProbeVerdict::Happened { .. }));
        assert!(matches!(probed(&START, &state("Stopped")), ProbeVerdict::DidNot { .. }));
        assert!(matches!(probed(&START, &[]), ProbeVerdict::Unknown { .. }));
    }

    #[test]
    fn the_check_wants_a_state_and_no_preview_unless_one_is_named() {
        let judged = |more: &[(&str, &str)], state: &str, preview: &str| {
            let mut args = args([("app", app("chatbot-web"))]);
            args.extend(more.iter().map(|(name, text)| ((*name).to_owned(), Value::text(*text))));
            judge_state(&args, &Value::record([("state", Value::text(state)), ("preview", Value::text(preview))]))
        };
        assert!(matches!(judged(&[], "Running", ""), Verdict::Pass { .. }));
        assert!(matches!(judged(&[], "Stopped", ""), Verdict::Fail { .. }));
        assert!(matches!(judged(&[("state", "Stopped")], "Stopped", ""), Verdict::Pass { .. }));
        assert!(matches!(judged(&[("preview", "none")], "Running", "staging"), Verdict::Fail { .. }));
        assert!(matches!(judged(&[("preview", "staging")], "Running", "staging"), Verdict::Pass { .. }));
    }

    #[test]
    fn each_asks_for_its_own_and_neither_has_a_body() {
        let of = |row: &Row| (row.render)(&args([("app", app("chatbot-web/staging"))])).unwrap();
        for (row, verb) in [(&STOP, "stop"), (&START, "start")] {
            let request = of(row);
            assert_eq!((request.method, request.body.is_none()), (Method::Post, true));
            let wanted = format!("/sites/chatbot-web/slots/staging/{verb}?api-version=2023-12-01");
            assert!(request.url.ends_with(&wanted), "{}", request.url);
        }
    }
}
