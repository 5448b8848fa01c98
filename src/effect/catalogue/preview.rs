//! A swap in two phases: the slot first runs with the settings of the place that it will take, is looked at there, and
//! only then changes places with it, or is given its own settings back.

use super::super::{
    Answers, Args, Call, ChangeFacts, Class, Field, Json, Method, Probe, ProbeContext, ProbeVerdict, RenderError,
    Request, Risk, Row, Service,
};
use super::argument::read_back;
use super::place::{SLOT, WITH, pair};
use super::reading::field;
use super::webapp::{API, DEPLOYMENTS, GET, about};
use crate::base::{Span, Value};

/// `webapp.slot.preview`. It is ended by `webapp.slot.swap` or `webapp.slot.preview.reset`.
pub(super) static PREVIEW: Row = Row {
    name: "webapp.slot.preview",
    summary: "Lets a slot run with the settings of the place that it is to take, as the first half of a swap.",
    risk: Risk::Reversible,
    operation_id: Some("WebApps_ApplySlotConfigurationSlot"),
    documentation: "https://learn.microsoft.com/rest/api/appservice/web-apps/apply-slot-configuration-slot",
    permissions: &["Microsoft.Web/sites/slots/applySlotConfig/Action"],
    render: render_preview,
    change: Some(ChangeFacts {
        probe: Probe { judge: judge_preview, ..PROBE },
        undo: "Reset the preview, which gives the slot its own settings back.",
        touches: "Instances of the slot restart with the settings of production: what it does then, it does to production's \
                  databases and queues. Production itself is not touched.",
        ..FACTS
    }),
    ..HALF
};

/// `webapp.slot.preview.reset`.
pub(super) static RESET: Row = Row {
    name: "webapp.slot.preview.reset",
    summary: "Ends the preview of a swap and gives the slot its own settings back.",
    risk: Risk::Reversible,
    operation_id: Some("WebApps_ResetProductionSlotConfig"),
    documentation: "https://learn.microsoft.com/rest/api/appservice/web-apps/reset-production-slot-config",
    permissions: &["Microsoft.Web/sites/resetSlotConfig/Action", "Microsoft.Web/sites/slots/resetSlotConfig/Action"],
    render: render_reset,
    change: Some(ChangeFacts {
        probe: Probe { judge: judge_reset, ..PROBE },
        undo: "Start the preview again.",
        touches: "Instances of the slot restart with its own settings.",
        ..FACTS
    }),
    ..HALF
};

/// What both have in common. Asked for again, either leads to the same state.
const HALF: Row = Row {
    name: "",
    summary: "",
    parameters: &[SLOT, WITH],
    outputs: &[],
    risk: Risk::Reversible,
    class: Class::C,
    service: Service::ResourceManager,
    api_version: Some(API),
    operation_id: None,
    documentation: "",
    permissions: &[],
    render: render_preview,
    follow: None,
    parse: |_, _| Ok(Value::record([])),
    judge: None,
    change: None,
    by_hand: None,
};

const PROBE: Probe =
    Probe { answers: Answers::Whether, reads: observe, judge: judge_preview, settles: Span::minutes(5) };

const FACTS: ChangeFacts = ChangeFacts {
    read_back: |args| pair(args).map_or_else(|_| read_back(args, "app"), |pair| pair.site.to_owned()),
    locks: |args| pair(args).map(|pair| pair.locks()).unwrap_or_default(),
    observe,
    observed,
    probe: PROBE,
    undo: "",
    touches: "",
    expect: Span::minutes(1),
    loses: None,
};

fn render_preview(args: &Args) -> Result<Request, RenderError> {
    let pair = pair(args)?;
    Ok(about(Method::Post, pair.source.id, "/applySlotConfig").with_body(entity(pair.destination.slot)))
}

/// It is asked of the place that the slot was to take, as Microsoft's own command line does.
fn render_reset(args: &Args) -> Result<Request, RenderError> {
    Ok(about(Method::Post, pair(args)?.destination.id, "/resetSlotConfig"))
}

/// The body of whatever is done with a pair of slots.
pub(super) fn entity(target: &str) -> Json {
    Json::object([("targetSlot", Json::text(target)), ("preserveVnet", Json::Boolean(true))])
}

fn observe(args: &Args) -> Vec<Call> {
    let Ok(pair) = pair(args) else { return Vec::new() };
    let (source, destination) = (pair.target_of(pair.source), pair.target_of(pair.destination));
    vec![Call::new(GET.name, [("app", destination)]), Call::new(DEPLOYMENTS.name, [("app", source)])]
}

fn observed(args: &Args, seen: &[Value]) -> Vec<Field> {
    let (Ok(pair), [get, source]) = (pair(args), seen) else { return Vec::new() };
    let shown = |text: &str, otherwise: &str| if text.is_empty() { otherwise.to_owned() } else { text.to_owned() };
    vec![
        Field::new("preview", shown(field(get, "preview"), "none")),
        Field::new(&format!("{} runs", pair.source.slot), shown(field(source, "active"), "no deployment is known")),
    ]
}

fn judge_preview(context: &ProbeContext<'_>, seen: &[Value]) -> ProbeVerdict {
    judge(context, seen, str::eq_ignore_ascii_case)
}

fn judge_reset(context: &ProbeContext<'_>, seen: &[Value]) -> ProbeVerdict {
    judge(context, seen, |previewed, _| previewed.is_empty())
}

/// The place that is to be taken tells which slot is previewed (`targetSwapSlot`, as in Microsoft's recordings).
fn judge(context: &ProbeContext<'_>, seen: &[Value], is_wanted: impl Fn(&str, &str) -> bool) -> ProbeVerdict {
    let (Ok(pair), Some(get)) = (pair(context.args), seen.first()) else {
        return ProbeVerdict::Unknown { seen: "the site could not be read".into() };
    };
    let previewed = field(get, "preview");
    let seen = match previewed {
        "" => "no preview is on".to_owned(),
        slot => format!("the preview of {slot} is on"),
    };
    if is_wanted(previewed, pair.source.slot) {
        ProbeVerdict::Happened { outputs: Value::record([]), seen }
    } else {
        ProbeVerdict::DidNot { seen }
    }
}

#[cfg(test)]
mod tests {
    use super::super::argument::tests::{app, args};
    use super::*;
    use crate::base::Timestamp;
    use serde_json::json;

    fn of() -> Args {
        args([("app", app("chatbot-web/staging")), ("target", app("chatbot-web"))])
    }

    fn probed(row: &Row, preview: &str) -> ProbeVerdict {
        let args = of();
        let attempt = "01938a3c-0000-7000-8000-000000000001".parse().unwrap();
        let context = ProbeContext { args: &args, attempt, sent_at: Timestamp::from_seconds(0), before: &[] };
        let get = Value::record([("preview", Value::text(preview))]);
        (row.change.as_ref().unwrap().probe.judge)(&context, &[get, Value::record([])])
    }

    #[test]
    fn the_slot_is_asked_to_preview_and_the_place_that_it_takes_to_reset() {
        let preview = (PREVIEW.render)(&of()).unwrap();
        assert!(preview.url.contains("/slots/staging/applySlotConfig?"), "{}", preview.url);
        assert_eq!(preview.body.unwrap().masked(), json!({"targetSlot": "production", "preserveVnet": true}));
        let reset = (RESET.render)(&of()).unwrap();
        assert!(reset.url.contains("/sites/chatbot-web/resetSlotConfig?") && reset.body.is_none(), "{}", reset.url);
    }

    #[test]
    fn which_slot_is_previewed_tells_whether_it_happened() {
        assert!(matches!(probed(&PREVIEW, "staging"), ProbeVerdict::Happened { .. }));
        assert!(matches!(probed(&PREVIEW, ""), ProbeVerdict::DidNot { .. }));
        assert!(matches!(probed(&PREVIEW, "blue"), ProbeVerdict::DidNot { .. }));
        assert!(matches!(probed(&RESET, ""), ProbeVerdict::Happened { .. }));
        assert!(matches!(probed(&RESET, "staging"), ProbeVerdict::DidNot { .. }));
    }

    #[test]
    fn a_preview_by_somebody_else_changes_what_was_consented_to() {
        let seen = |preview: &str| {
            let (get, runs) = (("preview", Value::text(preview)), ("active", Value::text("d-1")));
            (PREVIEW.change.as_ref().unwrap().observed)(&of(), &[Value::record([get]), Value::record([runs])])
        };
        assert_eq!(seen("")[0], Field::new("preview", "none"));
        assert_ne!(seen(""), seen("blue"));
    }

    #[test]
    fn production_itself_is_no_slot_to_preview() {
        assert!((PREVIEW.render)(&args([("app", app("chatbot-web"))])).is_err());
        assert!((RESET.render)(&args([("app", app("chatbot-web"))])).is_err());
    }
}
