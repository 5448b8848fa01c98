//! What the platform has counted of a site's requests. It is always behind, by minutes: whatever is said of the numbers
//! says until when they go, and too few of them say nothing.

use serde_json::Value as Json;

use super::super::{
    Args, Class, Method, RenderError, Reply, Request, Risk, Row, Service, TargetKind, Type, Unreadable, Verdict,
};
use super::argument::{optional, optional_text, output, target};
use super::reading::{body, field, items, needed, text};
use super::webapp::{APP, ARM};
use crate::base::{Decimal, Span, Timestamp, Value};

/// The version of Azure Monitor's metrics.
const API: &str = "2024-02-01";

/// `webapp.metrics`. Without a time span the service answers for the last hour by its own clock, so this row needs none.
pub(super) static METRICS: Row = Row {
    name: "webapp.metrics",
    summary: "Reads how many requests a site answered in the last hour, how many with a server error, and how fast.",
    parameters: &[
        APP,
        optional(
            "since",
            Type::String,
            "Only minutes that began then or later count, RFC 3339; the last hour if not given.",
        ),
        optional(
            "at_most",
            Type::Decimal,
            "As a check: which percentage of server errors is still good; 5 if not given.",
        ),
        optional(
            "at_least",
            Type::Integer,
            "As a check: of how many requests at least a rate means something; 20 if not given.",
        ),
        optional("minutes", Type::Integer, "As a check: how many minutes must have been counted; 1 if not given."),
    ],
    outputs: &[
        output("requests", Type::Integer, "How many requests were answered."),
        output("errors", Type::Integer, "How many of them with 500 or more."),
        output("percent", Type::Decimal, "Their share in percent, to one decimal; 0 of no requests."),
        output("seconds", Type::Decimal, "How long an answer took on average, in seconds, to three decimals."),
        output("minutes", Type::Integer, "How many minutes have been counted."),
        output("until", Type::String, "The end of the last minute that has been counted; empty if none has."),
    ],
    risk: Risk::Read,
    class: Class::R,
    service: Service::ResourceManager,
    api_version: Some(API),
    operation_id: Some("Metrics_List"),
    documentation: "https://learn.microsoft.com/rest/api/monitor/metrics/list",
    permissions: &["Microsoft.Insights/metrics/read"],
    render,
    follow: None,
    parse,
    judge: Some(judge),
    change: None,
    by_hand: None,
};

const REQUESTS: &str = "Requests";
const ERRORS: &str = "Http5xx";
const SECONDS: &str = "HttpResponseTime";

fn render(args: &Args) -> Result<Request, RenderError> {
    let id = target(args, "app", TargetKind::Webapp)?.id;
    let url = format!(
        "{ARM}{id}/providers/Microsoft.Insights/metrics?api-version={API}&metricnames={REQUESTS},{ERRORS},{SECONDS}\
         &aggregation=Total,Average&interval=PT1M"
    );
    Ok(Request::new(Service::ResourceManager, Method::Get, url))
}

/// The moment from which minutes count. It is no part of the request, so a plan that does not know it yet is whole.
fn since(args: &Args) -> Result<Option<Timestamp>, RenderError> {
    let Some(text) = optional_text(args, "since")?.filter(|text| !text.is_empty()) else { return Ok(None) };
    let shape = || RenderError::Shape { name: "since", wanted: "a moment, as RFC 3339", found: text.to_owned() };
    text.parse().map(Some).map_err(|_| shape())
}

/// A minute of a metric: when it began, what it adds up to, and its mean. A minute that has not been counted yet has
/// neither.
struct Minute {
    began: Timestamp,
    total: Option<f64>,
    average: Option<f64>,
}

/// The minutes of one metric; none if the service has not counted it, which proves nothing.
fn minutes(body: &Json, metric: &str, since: Option<Timestamp>) -> Result<Vec<Minute>, Unreadable> {
    let mut minutes = Vec::new();
    // Every metric is read, so that an answer of another shape is noticed whatever was asked for.
    for item in items(body)? {
        let is_wanted = needed(item, "/name/value")?.eq_ignore_ascii_case(metric);
        let data = item.pointer("/timeseries/0/data").and_then(Json::as_array);
        for minute in data.into_iter().flatten() {
            let began = text(minute, "/timeStamp").parse().map_err(|_| Unreadable("timeStamp".into()))?;
            if is_wanted && since.is_none_or(|since| began >= since) {
                let number = |name| minute.get(name).and_then(Json::as_f64);
                minutes.push(Minute { began, total: number("total"), average: number("average") });
            }
        }
    }
    Ok(minutes)
}

#[expect(clippy::cast_possible_truncation, reason = "counts and thousandths of a second are far below 2^63")]
fn parse(args: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let (body, since) = (body(replies, 0)?, since(args).map_err(|error| Unreadable(error.to_string()))?);
    let requests: Vec<Minute> =
        minutes(body, REQUESTS, since)?.into_iter().filter(|minute| minute.total.is_some()).collect();
    let sum = |minutes: &[Minute]| minutes.iter().filter_map(|minute| minute.total).sum::<f64>();
    let (count, errors) = (sum(&requests), sum(&minutes(body, ERRORS, since)?));
    // A mean of means would give a quiet minute the weight of a busy one, so each counts as often as it had requests.
    let taken: f64 = minutes(body, SECONDS, since)?
        .iter()
        .filter_map(|minute| {
            let requests = requests.iter().find(|other| other.began == minute.began)?.total?;
            Some(minute.average? * requests)
        })
        .sum();
    let share = |part: f64, scale: f64| if count > 0.0 { (part / count * scale).round() as i64 } else { 0 };
    let until = requests.last().map(|minute| minute.began.after(Span::minutes(1)).to_string());
    Ok(Value::record([
        ("requests", Value::Integer(count.round() as i64)),
        ("errors", Value::Integer(errors.round() as i64)),
        ("percent", decimal(share(errors, 1000.0), 10)),
        ("seconds", decimal(share(taken, 1000.0), 1000)),
        ("minutes", Value::Integer(i64::try_from(requests.len()).unwrap_or(i64::MAX))),
        ("until", Value::text(until.unwrap_or_default())),
    ]))
}

/// `units` of one `scale`th each, as decimal text.
fn decimal(units: i64, scale: i64) -> Value {
    let digits = scale.ilog10() as usize;
    let text = format!("{}.{:0digits$}", units / scale, units % scale);
    Value::text(Decimal::parse(&text).unwrap_or_default().to_string())
}

fn judge(args: &Args, outputs: &Value) -> Verdict {
    let number = |value: Option<&Value>, otherwise| match value {
        Some(Value::Integer(number)) => *number,
        _ => otherwise,
    };
    let given = |name, otherwise| number(args.get(name), otherwise);
    let counted = |name| number(outputs.field(name), 0);
    let at_most = optional_text(args, "at_most").ok().flatten().and_then(|text| Decimal::parse(text).ok());
    let at_most = at_most.unwrap_or_else(|| match args.get("at_most") {
        Some(Value::Integer(number)) => Decimal::from(*number),
        _ => Decimal::from(5),
    });
    let percent = Decimal::parse(field(outputs, "percent")).unwrap_or_default();
    let (requests, errors) = (counted("requests"), counted("errors"));
    let until = match field(outputs, "until").parse::<Timestamp>() {
        Ok(until) => until.minute(),
        Err(_) => {
            return Verdict::CannotObserve { seen: "no minute has been counted yet; metrics lag by minutes".into() };
        }
    };
    let seen = format!("{errors} of {requests} requests failed ({percent} %), metrics until {until}");
    if requests < given("at_least", 20) {
        let seen = format!("{seen}: a rate of fewer than {} requests means nothing", given("at_least", 20));
        return Verdict::CannotObserve { seen };
    }
    if percent > at_most {
        return Verdict::Fail { seen: format!("{seen}; expected at most {at_most} %") };
    }
    if counted("minutes") < given("minutes", 1) {
        let seen = format!("{seen}: only {} of {} minutes are counted", counted("minutes"), given("minutes", 1));
        return Verdict::CannotObserve { seen };
    }
    Verdict::Pass { seen }
}

#[cfg(test)]
mod tests {
    use super::super::argument::tests::{app, args};
    use super::*;
    use serde_json::json;

    fn of(more: &[(&str, Value)]) -> Args {
        let mut args = args([("app", app("chatbot-web"))]);
        args.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        args
    }

    /// Minutes from 10:00 on: requests and errors of each, or nothing yet.
    fn reply(counted: &[Option<(u32, u32)>]) -> Reply {
        let metric = |name: &str, data: Vec<Json>| {
            json!({"id": name, "type": "Microsoft.Insights/metrics", "name": {"value": name, "localizedValue": name},
                "unit": "Count", "timeseries": [{"metadatavalues": [], "data": data}]})
        };
        let minute = |place: usize, member: &str, value: Option<f64>| {
            let mut minute = json!({"timeStamp": format!("2026-11-20T10:{place:02}:00Z")});
            if let Some(value) = value {
                minute[member] = json!(value);
            }
            minute
        };
        let each = |member: &str, of: fn((u32, u32)) -> f64| {
            counted.iter().enumerate().map(|(place, counts)| minute(place, member, counts.map(of))).collect()
        };
        Reply::json(
            200,
            json!({"value": [
                metric(REQUESTS, each("total", |(requests, _)| f64::from(requests))),
                metric(ERRORS, each("total", |(_, errors)| f64::from(errors))),
                metric(SECONDS, each("average", |(requests, _)| if requests > 50 { 0.25 } else { 0.75 })),
            ]}),
        )
    }

    fn judged(more: &[(&str, Value)], counted: &[Option<(u32, u32)>]) -> Verdict {
        let args = of(more);
        judge(&args, &parse(&args, &[reply(counted)]).unwrap())
    }

    #[test]
    fn the_numbers_say_until_when_they_go() {
        let outputs = parse(&of(&[]), &[reply(&[Some((100, 7)), Some((100, 0)), Some((50, 0)), None, None])]).unwrap();
        assert_eq!(outputs.field("requests"), Some(&Value::Integer(250)));
        assert_eq!((field(&outputs, "percent"), field(&outputs, "seconds")), ("2.8", "0.35"));
        assert_eq!(field(&outputs, "until"), "2026-11-20T10:03:00.000000Z");
        assert!(judged(&[], &[Some((100, 2)), None]).seen().contains("metrics until"));
    }

    #[test]
    fn only_minutes_since_the_moment_count() {
        let since = ("since", Value::text("2026-11-20T10:01:00.611Z"));
        let counted = [Some((100, 100)), Some((100, 100)), Some((100, 1))];
        assert!(matches!(judged(&[since], &counted), Verdict::Pass { .. }));
        assert!(matches!(judged(&[], &counted), Verdict::Fail { .. }));
        let read = |since| parse(&of(&[("since", Value::text(since))]), &[reply(&counted)]);
        assert!(read("ten o'clock").is_err());
        assert!(read("").is_ok(), "never swapped");
    }

    #[test]
    fn too_few_requests_or_minutes_are_no_verdict_and_no_traffic_is_not_health() {
        for counted in [&[][..], &[None], &[Some((0, 0))], &[Some((19, 19))]] {
            assert!(matches!(judged(&[], counted), Verdict::CannotObserve { .. }), "{}", counted.len());
        }
        let fifteen = ("minutes", Value::Integer(15));
        assert!(matches!(judged(std::slice::from_ref(&fifteen), &[Some((100, 0))]), Verdict::CannotObserve { .. }));
        assert!(matches!(judged(&[fifteen], &[Some((100, 50))]), Verdict::Fail { .. }), "bad enough already");
    }

    #[test]
    fn the_threshold_is_the_authors() {
        let at_most = |text: &str| ("at_most", Value::text(text));
        assert!(matches!(judged(&[at_most("0.5")], &[Some((100, 1))]), Verdict::Fail { .. }));
        assert!(matches!(judged(&[at_most("1")], &[Some((100, 1))]), Verdict::Pass { .. }));
    }

    #[test]
    fn a_metric_that_is_not_answered_proves_nothing_and_another_shape_is_unreadable() {
        let outputs = parse(&of(&[]), &[Reply::json(200, json!({"value": []}))]).unwrap();
        assert!(matches!(judge(&of(&[]), &outputs), Verdict::CannotObserve { .. }));
        for bad in [json!({}), json!({"value": [{"timeseries": []}]})] {
            assert!(parse(&of(&[]), &[Reply::json(200, bad)]).is_err());
        }
    }
}
