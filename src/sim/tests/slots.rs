use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{ARM, Bench, SITES};

const STAGING: &str = "/chatbot-web/slots/staging";

async fn setting(bench: &Bench, site: &str, name: &str) -> Value {
    let (_, settings) = bench.arm(Method::POST, &format!("{site}/config/appsettings/list"), None).await;
    settings["properties"][name].clone()
}

async fn previewed(bench: &Bench) -> Value {
    bench.arm(Method::GET, "/chatbot-web", None).await.1["properties"]["targetSwapSlot"].clone()
}

async fn preview(bench: &Bench) -> StatusCode {
    let to_production = json!({"targetSlot": "production", "preserveVnet": true});
    bench.arm(Method::POST, &format!("{STAGING}/applySlotConfig"), Some(to_production)).await.0
}

#[tokio::test]
async fn a_preview_gives_the_slot_productions_sticky_settings_and_a_reset_its_own_again() {
    let bench = Bench::new().await;
    assert_eq!(preview(&bench).await, StatusCode::OK);
    assert_eq!(previewed(&bench).await, "staging", "production tells which slot is previewed");
    assert_eq!(setting(&bench, STAGING, "APP_ENVIRONMENT").await, "production");
    assert_eq!(setting(&bench, "/chatbot-web", "APP_ENVIRONMENT").await, "production");
    let (status, _) = bench.arm(Method::POST, "/chatbot-web/resetSlotConfig", None).await;
    assert_eq!((status, previewed(&bench).await), (StatusCode::OK, Value::Null));
    assert_eq!(setting(&bench, STAGING, "APP_ENVIRONMENT").await, "staging");
}

#[tokio::test]
async fn a_swap_ends_the_preview_and_leaves_sticky_settings_where_they_belong() {
    let bench = Bench::new().await;
    preview(&bench).await;
    let to_production = json!({"targetSlot": "production", "preserveVnet": true});
    bench.arm(Method::POST, &format!("{STAGING}/slotsswap"), Some(to_production)).await;
    bench.advance(90).await;
    assert_eq!(previewed(&bench).await, Value::Null);
    assert_eq!(setting(&bench, STAGING, "APP_ENVIRONMENT").await, "staging");
    assert_eq!(setting(&bench, "/chatbot-web", "APP_ENVIRONMENT").await, "production");
}

#[tokio::test]
async fn a_stopped_site_says_so_and_its_instances_are_unknown_until_they_are_warm() {
    let bench = Bench::new().await;
    let states = async || {
        let (_, instances) = bench.arm(Method::GET, "/chatbot-worker/instances", None).await;
        let states = instances["value"].as_array().unwrap().iter().map(|it| it["properties"]["state"].clone());
        states.collect::<Vec<_>>()
    };
    let site = async || bench.arm(Method::GET, "/chatbot-worker", None).await.1["properties"].clone();
    let before = site().await["lastModifiedTimeUtc"].clone();
    assert_eq!(states().await, ["READY", "READY"]);
    bench.arm(Method::POST, "/chatbot-worker/stop", None).await;
    assert_eq!((site().await["state"].clone(), states().await), (json!("Stopped"), vec![json!("STOPPED"); 2]));
    assert_ne!(site().await["lastModifiedTimeUtc"], before);
    bench.arm(Method::POST, "/chatbot-worker/start", None).await;
    assert_eq!((site().await["state"].clone(), states().await), (json!("Running"), vec![json!("UNKNOWN"); 2]));
    bench.advance(20).await;
    assert_eq!(states().await, ["READY", "READY"]);
}

/// The last minutes of a metric of production, the newest first.
async fn minutes(bench: &Bench, metric: &str) -> Vec<Value> {
    let path = format!(
        "{SITES}/chatbot-web/providers/Microsoft.Insights/metrics?api-version=2024-02-01&metricnames={metric}&interval=PT1M"
    );
    let (status, document) = bench.get(ARM, &path).await;
    assert_eq!(status, StatusCode::OK, "{document}");
    document["value"][0]["timeseries"][0]["data"].as_array().unwrap().iter().rev().cloned().collect()
}

#[tokio::test]
async fn metrics_lag_by_minutes_and_tell_what_production_did_at_the_time() {
    let bench = Bench::new().await;
    let errors = minutes(&bench, "Http5xx").await;
    assert!(errors[..3].iter().all(|minute| minute.get("total").is_none()), "not counted yet: {errors:?}");
    assert!(errors[4]["total"].as_i64().unwrap() > 0, "the bad release");
    assert_eq!(errors[40]["total"], 0, "before it was swapped in");
    bench.arm(Method::POST, "/chatbot-web/stop", None).await;
    bench.advance(600).await;
    assert_eq!(minutes(&bench, "Requests").await[4]["total"], 0, "nobody is served");
    let unknown =
        format!("{SITES}/chatbot-web/providers/Microsoft.Insights/metrics?api-version=2024-02-01&metricnames=X");
    assert_eq!(bench.get(ARM, &unknown).await.0, StatusCode::BAD_REQUEST);
}
