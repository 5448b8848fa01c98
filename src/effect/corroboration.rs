use super::{Call, Method, Request, Service};
use crate::base::{AttemptId, Span, Timestamp, Value};

/// How many events of others are told.
const TOLD: usize = 3;
/// How far the clocks of the service and of this computer may differ.
const SLACK: Span = Span::minutes(5);

/// The question that is put to the Activity Log about an effect whose own probe cannot tell: what happened to the resource
/// since it was sent. None for what the log does not know: reads, and everything but the management plane.
pub fn corroboration(request: &Request, sent_at: Timestamp) -> Option<Call> {
    if request.service != Service::ResourceManager || request.method == Method::Get {
        return None;
    }
    let rest = request.url.split_once("://")?.1;
    let path = rest[rest.find('/')?..].split('?').next()?;
    // An operation is asked for below its resource; what is told of it may name either.
    let (_, kinds) = path.split_once("/providers/")?;
    let resource = match kinds.split('/').collect::<Vec<_>>()[..] {
        [_, _, _, "slots", _, ..] => cut(path, kinds, 5)?,
        [_, _, _, ..] => cut(path, kinds, 3)?,
        _ => return None,
    };
    let since = Timestamp::from_microseconds(sent_at.microseconds() - SLACK.microseconds());
    let args = [("resource", Value::text(resource)), ("since", Value::text(since.to_string()))];
    Some(Call::new("activity.events", args))
}

/// A path up to the so manieth segment behind `providers`.
fn cut<'a>(path: &'a str, kinds: &str, segments: usize) -> Option<&'a str> {
    let kept: usize = kinds.split('/').take(segments).map(|segment| segment.len() + 1).sum::<usize>().checked_sub(1)?;
    path.get(..path.len() - kinds.len() + kept)
}

/// What the Activity Log tells of an attempt, as a sentence for the person who decides. It never decides by itself: it is
/// minutes behind, so what is not there may still come.
pub fn corroborated(attempt: AttemptId, outputs: &Value) -> String {
    let events = outputs.field("events").and_then(Value::as_list).unwrap_or_default();
    let text = |event: &Value, name: &str| event.field(name).and_then(Value::as_text).unwrap_or_default().to_owned();
    let id = attempt.to_string();
    let told = |event: &Value| {
        let at = text(event, "at").parse::<Timestamp>().map_or_else(|_| text(event, "at"), Timestamp::clock_face);
        format!("{at} {} {}", text(event, "operation"), text(event, "status"))
    };
    let (ours, others): (Vec<&Value>, Vec<&Value>) =
        events.iter().partition(|event| text(event, "request").eq_ignore_ascii_case(&id));
    let list = |events: &[&Value]| events.iter().take(TOLD).map(|event| told(event)).collect::<Vec<_>>().join(", ");
    match (ours.as_slice(), others.as_slice()) {
        ([], []) => {
            "the Activity Log tells of no change so far; it is minutes behind, and that proves nothing".to_owned()
        }
        ([], others) => {
            format!("the Activity Log tells of other changes and not of ours, and is minutes behind: {}", list(others))
        }
        (ours, _) => format!("the Activity Log has our request: {}", list(ours)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const SITE: &str = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Web/sites/web";

    fn asked(method: Method, service: Service, rest: &str) -> Option<String> {
        let url = format!("https://management.azure.com{SITE}{rest}?api-version=2023-12-01");
        let call = corroboration(&Request::new(service, method, url), Timestamp::from_seconds(1_000_000))?;
        call.args["resource"].as_text().map(str::to_owned)
    }

    #[test]
    fn the_log_is_asked_about_the_resource_whose_change_was_sent() {
        let arm = Service::ResourceManager;
        assert_eq!(asked(Method::Post, arm, "/restart").as_deref(), Some(SITE));
        assert_eq!(asked(Method::Post, arm, "/slots/staging/slotsswap"), Some(format!("{SITE}/slots/staging")));
        assert_eq!(asked(Method::Get, arm, ""), None);
        assert_eq!(asked(Method::Put, Service::KeyVault, ""), None);
    }

    #[test]
    fn our_own_request_is_told_apart_from_others_and_nothing_proves_nothing() {
        let attempt = AttemptId::new(Uuid::from_u128(7));
        let event = |request: &str| {
            let fields = [("at", "2026-11-20T10:01:00Z"), ("operation", "restart"), ("status", "Succeeded")];
            let all = fields.into_iter().chain([("request", request)]);
            Value::Record(all.map(|(name, text)| (name.to_owned(), Value::text(text))).collect())
        };
        let said = |events: Vec<Value>| corroborated(attempt, &Value::record([("events", Value::List(events))]));
        let ours = attempt.to_string().to_uppercase();
        let both = said(vec![event("x"), event(&ours)]);
        assert_eq!(both, "the Activity Log has our request: 10:01:00Z restart Succeeded");
        assert!(said(vec![event("x")]).contains("other changes and not of ours"));
        assert!(said(Vec::new()).contains("proves nothing"));
    }
}
