//! What has been counted of an app's requests, minute by minute, and how late that is told.

use serde_json::{Value, json};

use super::app::{App, Power, Slot};
use super::reference::Resolution;
use crate::sim::change::Place;
use crate::sim::clock::Moment;
use crate::sim::estate::PRODUCTION;

/// A minute is told so long after its end, in estate seconds. Azure Monitor says minutes.
const LAG: i64 = 180;
/// Without a time span the last hour is told.
const HOUR: i64 = 3600;
/// What is longer ago than this is forgotten.
const KEPT: i64 = 3 * HOUR;
/// The build that answers every second question with an error.
pub(crate) const BAD_BUILD: &str = "4720";

/// What production did with its requests from a moment on, until the next stretch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stretch {
    from: Moment,
    served: Served,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Served {
    build: String,
    power: Power,
    warm_at: Moment,
    lacks_a_value: bool,
}

impl Served {
    fn by(slot: &Slot) -> Self {
        let lacks = slot.cache.values().any(|held| matches!(held.resolution, Resolution::Unresolved(_)));
        Self { build: slot.content.build.clone(), power: slot.power, warm_at: slot.warm_at, lacks_a_value: lacks }
    }
}

impl App {
    /// Takes note of what production does with its requests from now on.
    pub(crate) fn note(&mut self, at: Moment) {
        let Some(served) = self.slots.get(PRODUCTION).map(Served::by) else { return };
        if self.past.last().is_none_or(|last| last.served != served) {
            self.past.push(Stretch { from: at, served });
        }
        // The last stretch before the horizon still tells of the time after it.
        let old = self.past.iter().filter(|stretch| stretch.from < at.plus_seconds(-KEPT)).count();
        self.past.drain(..old.saturating_sub(1));
    }

    fn at(&self, moment: Moment) -> Option<&Served> {
        self.past
            .iter()
            .rev()
            .find(|stretch| stretch.from <= moment)
            .or(self.past.first())
            .map(|stretch| &stretch.served)
    }
}

/// What one minute is counted as.
struct Minute {
    requests: i64,
    errors: i64,
    /// How long an answer took, in seconds; nothing if there was none.
    seconds: Option<f64>,
}

/// The web app is asked by people all day, its slots and the other apps by nobody.
fn minute(app: &App, place: &Place, began: Moment) -> Minute {
    let nothing = Minute { requests: 0, errors: 0, seconds: None };
    if place.app != "chatbot-web" || place.slot != PRODUCTION {
        return nothing;
    }
    let middle = began.plus_seconds(30);
    let Some(served) = app.at(middle).filter(|served| served.power == Power::Running) else { return nothing };
    // Every third request is for a page, the others are questions.
    let requests = 90 + (began.seconds() / 60).rem_euclid(7) * 6;
    let questions = requests * 2 / 3;
    let (errors, seconds) = if middle < served.warm_at {
        (requests, 2.0)
    } else if served.lacks_a_value {
        (questions, 0.4)
    } else if served.build == BAD_BUILD {
        (questions / 2, 1.9)
    } else {
        (0, 0.35)
    };
    Minute { requests, errors, seconds: Some(seconds) }
}

/// The metrics asked for by `names`, of the last hour. Of the last minutes nothing is told yet.
pub(crate) fn document(app: &App, place: &Place, id: &str, names: &str, now: Moment) -> Value {
    let end = Moment::from_microseconds(now.seconds().div_euclid(60) * 60 * 1_000_000);
    let begin = end.plus_seconds(-HOUR);
    let text = |moment: Moment| moment.spaced_text().replace(' ', "T");
    let minutes: Vec<Moment> = (0..60).map(|number| begin.plus_seconds(number * 60)).collect();
    let metric = |name: &str| {
        let data: Vec<Value> = minutes
            .iter()
            .map(|&began| {
                let mut point = json!({"timeStamp": text(began)});
                let counted = minute(app, place, began);
                if began.plus_seconds(60 + LAG) <= now {
                    match name {
                        "Requests" => point["total"] = json!(counted.requests),
                        "Http5xx" => point["total"] = json!(counted.errors),
                        _ => point["average"] = json!(counted.seconds.unwrap_or_default()),
                    }
                }
                point
            })
            .collect();
        json!({
            "id": format!("{id}/providers/Microsoft.Insights/metrics/{name}"),
            "type": "Microsoft.Insights/metrics",
            "name": {"value": name, "localizedValue": name},
            "unit": if name == "HttpResponseTime" { "Seconds" } else { "Count" },
            "timeseries": [{"metadatavalues": [], "data": data}],
            "errorCode": "Success",
        })
    };
    json!({
        "cost": 59,
        "timespan": format!("{}/{}", text(begin), text(end)),
        "interval": "PT1M",
        "namespace": "Microsoft.Web/sites",
        "resourceregion": "westeurope",
        "value": names.split(',').map(metric).collect::<Vec<_>>(),
    })
}

/// Whether there is such a metric here.
pub(crate) fn is_known(name: &str) -> bool {
    ["Requests", "Http5xx", "HttpResponseTime"].contains(&name)
}
