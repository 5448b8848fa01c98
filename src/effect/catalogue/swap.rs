//! The slot swap. Sent twice, it swaps back: the classic accident.

use super::super::by_hand::line;
use super::super::{
    Answers, Args, Call, ChangeFacts, Class, Field, Json, Method, Piece, Probe, ProbeContext, ProbeVerdict,
    RenderError, Request, Risk, Row, Script, Service,
};
use super::argument::read_back;
use super::place::{SLOT, WITH, pair};
use super::reading::field;
use super::webapp::{API, DEPLOYMENTS, GET, about};
use crate::base::{Span, Value};

/// `webapp.slot.swap`.
pub(super) static SWAP: Row = Row {
    name: "webapp.slot.swap",
    summary: "Swaps a slot with production, or with another slot.",
    parameters: &[SLOT, WITH],
    outputs: &[],
    risk: Risk::Destructive,
    class: Class::D,
    service: Service::ResourceManager,
    api_version: Some(API),
    operation_id: Some("WebApps_SwapSlotSlot"),
    documentation: "https://learn.microsoft.com/rest/api/appservice/web-apps/swap-slot-slot",
    permissions: &["Microsoft.Web/sites/slots/slotsswap/Action"],
    render,
    follow: None,
    parse: |_, _| Ok(Value::record([])),
    judge: None,
    change: Some(ChangeFacts {
        read_back: |args| pair(args).map_or_else(|_| read_back(args, "app"), |swap| swap.site.to_owned()),
        locks,
        observe,
        observed,
        // Up to five tries of 90 s warm the instances up, and a swap that fails to is ended by the platform only after
        // minutes more. Believing its absence earlier offers a second swap, which would take the first one back.
        probe: Probe { answers: Answers::Whether, reads: observe, judge, settles: Span::minutes(15) },
        undo: "Swap again, which holds only until the next deployment to the source slot: until then it keeps the former \
               production.",
        touches: "Instances of the source slot restart and are warmed up, by default accepting any status, even 500. Sticky \
                  settings stay where they are; databases, workers, schedulers and front-end hosts do not move.",
        expect: Span::minutes(3),
        loses: None,
    }),
    by_hand: Some(by_hand),
};

fn render(args: &Args) -> Result<Request, RenderError> {
    let swap = pair(args)?;
    let body = Json::object([("targetSlot", Json::text(swap.destination.slot)), ("preserveVnet", Json::Boolean(true))]);
    Ok(about(Method::Post, swap.source.id, "/slotsswap").with_body(body))
}

/// `az` waits for the end of the swap, which `az rest` would not.
fn by_hand(args: &Args) -> Result<Script, RenderError> {
    let swap = pair(args)?;
    let mut command = line([
        ("az webapp deployment slot swap --resource-group ", swap.group()),
        (" --name ", swap.site),
        (" --slot ", swap.source.slot),
        (" --target-slot ", swap.destination.slot),
    ]);
    command.push(Piece::Shell(" --preserve-vnet true"));
    Ok(Script::of(command))
}

fn locks(args: &Args) -> Vec<String> {
    pair(args).map(|swap| swap.locks()).unwrap_or_default()
}

fn observe(args: &Args) -> Vec<Call> {
    let Ok(swap) = pair(args) else { return Vec::new() };
    let (source, destination) = (swap.target_of(swap.source), swap.target_of(swap.destination));
    vec![
        Call::new(GET.name, [("app", destination.clone())]),
        Call::new(DEPLOYMENTS.name, [("app", destination)]),
        Call::new(DEPLOYMENTS.name, [("app", source)]),
    ]
}

fn observed(args: &Args, seen: &[Value]) -> Vec<Field> {
    let (Ok(swap), [get, destination, source]) = (pair(args), seen) else { return Vec::new() };
    vec![
        Field::new(LAST_SWAP, last_swap(get)),
        Field::new(&runs(swap.destination.slot), deployment(destination)),
        Field::new(&runs(swap.source.slot), deployment(source)),
    ]
}

const LAST_SWAP: &str = "last swap";
const NOTHING_KNOWN: &str = "no deployment is known";

fn runs(slot: &str) -> String {
    format!("{slot} runs")
}

fn last_swap(get: &Value) -> String {
    match field(get, "swapped_at") {
        "" => "never".to_owned(),
        at => format!("{at}, {} to {}", field(get, "swap_source"), field(get, "swap_destination")),
    }
}

fn deployment(outputs: &Value) -> String {
    match (field(outputs, "active"), field(outputs, "message")) {
        ("", _) => NOTHING_KNOWN.to_owned(),
        (active, "") => active.to_owned(),
        (active, message) => format!("{active} ({message})"),
    }
}

fn judge(context: &ProbeContext<'_>, seen: &[Value]) -> ProbeVerdict {
    let unknown = |seen: &str| ProbeVerdict::Unknown { seen: seen.to_owned() };
    let Ok(swap) = pair(context.args) else { return unknown("the arguments cannot be read") };
    let now = observed(context.args, seen);
    let value =
        |fields: &[Field], name: &str| fields.iter().find(|field| field.name == name).map(|field| field.value.clone());
    let (destination, source) = (runs(swap.destination.slot), runs(swap.source.slot));
    let (Some(swap_before), Some(swap_now), Some(source_before), Some(destination_now)) = (
        value(context.before, LAST_SWAP),
        value(&now, LAST_SWAP),
        value(context.before, &source),
        value(&now, &destination),
    ) else {
        return unknown("what stood before, or what stands now, is not known");
    };
    let seen = format!("last swap {swap_now}; {destination} {destination_now}");
    if source_before == NOTHING_KNOWN {
        return unknown(&format!("{seen}; what the source slot ran before is not known"));
    }
    match (swap_now != swap_before, destination_now == source_before) {
        (true, true) => ProbeVerdict::Happened { outputs: Value::record([]), seen },
        (false, false) => ProbeVerdict::DidNot { seen },
        (true, false) => unknown(&format!("{seen}: swapped since, but it does not run what the source slot ran")),
        (false, true) => unknown(&format!("{seen}: it runs what the source slot ran, but no swap is recorded")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::argument::tests::{app, args};
    use super::*;
    use crate::base::Timestamp;

    fn of(slot: &str) -> Args {
        args([("app", app(&format!("chatbot-web/{slot}")))])
    }

    fn onto(slot: &str, target: &str) -> Args {
        args([("app", app(slot)), ("target", app(target))])
    }

    fn seen(swapped_at: &str, production: &str, staging: &str) -> Vec<Value> {
        let get = [
            ("swapped_at", Value::text(swapped_at)),
            ("swap_source", Value::text("staging")),
            ("swap_destination", Value::text("Production")),
        ];
        let runs = |id| Value::record([("active", Value::text(id)), ("message", Value::text(""))]);
        vec![Value::record(get), runs(production), runs(staging)]
    }

    fn probe(before: &[Value], now: &[Value]) -> ProbeVerdict {
        let args = of("staging");
        let before = observed(&args, before);
        let attempt = "01938a3c-0000-7000-8000-000000000001".parse().unwrap();
        judge(&ProbeContext { args: &args, attempt, sent_at: Timestamp::from_seconds(0), before: &before }, now)
    }

    #[test]
    fn the_swap_is_asked_of_the_source_slot_with_its_destination_in_the_body() {
        let request = render(&of("staging")).unwrap();
        assert_eq!(request.method, Method::Post);
        assert!(request.url.ends_with("/sites/chatbot-web/slots/staging/slotsswap?api-version=2023-12-01"));
        assert_eq!(
            request.body.unwrap().masked(),
            serde_json::json!({"targetSlot": "production", "preserveVnet": true})
        );
    }

    #[test]
    fn a_slot_that_would_leave_its_place_and_a_swap_with_itself_are_refused() {
        for bad in ["../x", "a/b", "", "production", "Production", "a.b"] {
            assert!(render(&of(bad)).is_err(), "{bad}");
        }
        assert!(render(&onto("chatbot-web/staging", "chatbot-web/Staging")).is_err());
        assert!(render(&args([("app", app("chatbot-web"))])).is_err(), "the site itself is not swapped from");
    }

    #[test]
    fn a_slot_is_swapped_with_its_own_site_or_a_slot_of_it_and_with_nothing_else() {
        let body = |args: &Args| render(args).unwrap().body.unwrap().masked()["targetSlot"].clone();
        assert_eq!(body(&onto("chatbot-web/staging", "chatbot-web")), "production");
        assert_eq!(body(&onto("chatbot-web/staging", "chatbot-web/blue")), "blue");
        for other in ["chatbot-worker", "chatbot-worker/blue"] {
            let refused = render(&onto("chatbot-web/staging", other)).unwrap_err().to_string();
            assert!(refused.contains("the site that the slot belongs to") && refused.contains(other), "{refused}");
        }
    }

    #[test]
    fn the_name_of_the_site_is_typed_and_comes_from_the_id_that_is_swapped() {
        let read_back = SWAP.change.as_ref().unwrap().read_back;
        assert_eq!(read_back(&of("staging")), "chatbot-web");
        let Value::Record(mut fields) = app("chatbot-web/staging") else { panic!("a record") };
        fields.insert("name".into(), Value::text("harmless/staging"));
        assert_eq!(read_back(&args([("app", Value::Record(fields))])), "chatbot-web");
    }

    #[test]
    fn both_slots_are_kept_from_any_other_effect() {
        let keys = locks(&of("Staging"));
        assert_eq!(keys.len(), 2);
        assert!(keys[0].ends_with("/sites/chatbot-web/slots/staging") && keys[1].ends_with("/sites/chatbot-web"));
    }

    #[test]
    fn a_person_consents_to_the_last_swap_and_to_what_both_slots_run() {
        let names: Vec<String> =
            observed(&of("staging"), &seen("", "d-1", "d-2")).into_iter().map(|f| f.name).collect();
        assert_eq!(names, ["last swap", "production runs", "staging runs"]);
        assert_eq!(observe(&of("staging")).len(), 3);
        assert!(
            observe(&of("staging"))[2].args["app"]
                .field("id")
                .is_some_and(|id| id.to_string().ends_with("/slots/staging"))
        );
    }

    #[test]
    fn it_happened_only_if_the_last_swap_is_new_and_production_runs_what_staging_ran() {
        let before = seen("2026-11-01T00:00:00Z", "d-1", "d-2");
        assert!(matches!(probe(&before, &seen("2026-11-20T03:10:00Z", "d-2", "d-1")), ProbeVerdict::Happened { .. }));
        assert!(matches!(probe(&before, &before), ProbeVerdict::DidNot { .. }));
        for mixed in [seen("2026-11-20T03:10:00Z", "d-1", "d-2"), seen("2026-11-01T00:00:00Z", "d-2", "d-1")] {
            assert!(matches!(probe(&before, &mixed), ProbeVerdict::Unknown { .. }));
        }
        assert!(matches!(probe(&before, &[]), ProbeVerdict::Unknown { .. }));
    }

    #[test]
    fn two_slots_of_which_nothing_is_known_prove_nothing() {
        let unknown = seen("2026-11-01T00:00:00Z", "", "");
        assert!(matches!(probe(&unknown, &seen("2026-11-20T03:10:00Z", "", "")), ProbeVerdict::Unknown { .. }));
        assert!(matches!(probe(&unknown, &unknown), ProbeVerdict::Unknown { .. }));
    }
}
