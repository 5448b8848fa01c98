use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::Bench;

const WEB: &str = "chatbot-web";
const WEB_HOST: &str = "chatbot-web.azurewebsites.net";

async fn set_fresh(bench: &Bench) -> String {
    let (_, set) = bench.vault(Method::PUT, "/secrets/session-secret", Some(json!({"value": "fresh"}))).await;
    version(&set)
}

async fn disable(bench: &Bench, version: &str) {
    let path = format!("/secrets/session-secret/{version}");
    let (status, _) = bench.vault(Method::PATCH, &path, Some(json!({"attributes": {"enabled": false}}))).await;
    assert_eq!(status, StatusCode::OK);
}

fn version(bundle: &Value) -> String {
    bundle["id"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

async fn refresh(bench: &Bench, site: &str) -> Value {
    let path = format!("/{site}/config/configreferences/appsettings/refresh");
    let (status, document) = bench.arm(Method::POST, &path, None).await;
    assert_eq!(status, StatusCode::OK);
    document
}

#[tokio::test]
async fn an_app_uses_the_old_secret_until_its_references_are_refreshed() {
    let bench = Bench::new().await;
    let (_, old) = bench.held(WEB, "SESSION_SECRET").await;
    let new = set_fresh(&bench).await;
    assert_eq!(bench.held(WEB, "SESSION_SECRET").await.1, old);
    assert_eq!(bench.get(WEB_HOST, "/health/ready").await.0, StatusCode::OK, "green, with the old secret in use");

    let shown = refresh(&bench, WEB).await;
    let session = shown["value"].as_array().unwrap().iter().find(|one| one["name"] == "SESSION_SECRET").unwrap();
    assert_eq!(session["properties"]["activeVersion"].as_str(), old.as_deref(), "a first look still shows the old one");
    bench.advance(4).await;
    assert_eq!(bench.held(WEB, "SESSION_SECRET").await, ("Resolved".to_owned(), Some(new)));
    assert_eq!(bench.held("chatbot-worker", "SESSION_SECRET").await.1, old, "the other apps were not asked");
}

#[tokio::test]
async fn a_bare_restart_keeps_the_old_secret() {
    let bench = Bench::new().await;
    let before = bench.held(WEB, "SESSION_SECRET").await;
    set_fresh(&bench).await;
    assert_eq!(bench.arm(Method::POST, "/chatbot-web/restart", None).await.0, StatusCode::OK);
    assert_eq!(bench.get(WEB_HOST, "/health/ready").await.0, StatusCode::SERVICE_UNAVAILABLE);
    bench.advance(20).await;
    assert_eq!(bench.get(WEB_HOST, "/health/ready").await.0, StatusCode::OK);
    assert_eq!(bench.held(WEB, "SESSION_SECRET").await, before);
}

#[tokio::test]
async fn a_change_of_settings_fetches_every_reference() {
    let bench = Bench::new().await;
    let new = set_fresh(&bench).await;
    let (_, settings) = bench.arm(Method::POST, "/chatbot-worker/config/appsettings/list", None).await;
    let body = json!({"properties": settings["properties"]});
    assert_eq!(bench.arm(Method::PUT, "/chatbot-worker/config/appsettings", Some(body)).await.0, StatusCode::OK);
    assert_eq!(bench.held("chatbot-worker", "SESSION_SECRET").await.1, Some(new));
}

#[tokio::test]
async fn a_reference_is_fetched_anew_after_24_hours() {
    let bench = Bench::new().await;
    let (_, old) = bench.held("chatbot-worker", "SESSION_SECRET").await;
    let new = set_fresh(&bench).await;
    // The worker fetched five hours before the world began.
    bench.advance(18 * 3600).await;
    assert_eq!(bench.held("chatbot-worker", "SESSION_SECRET").await.1, old);
    bench.advance(3600).await;
    assert_eq!(bench.held("chatbot-worker", "SESSION_SECRET").await.1, Some(new));
}

#[tokio::test]
async fn disabling_the_newest_version_breaks_an_app_only_when_it_fetches() {
    let bench = Bench::new().await;
    let new = set_fresh(&bench).await;
    disable(&bench, &new).await;
    assert_eq!(bench.get(WEB_HOST, "/health/ready").await.0, StatusCode::OK);
    refresh(&bench, WEB).await;
    bench.advance(4).await;
    assert_eq!(bench.held(WEB, "SESSION_SECRET").await, ("AccessToKeyVaultDenied".to_owned(), None));
    let (status, body) = bench.get(WEB_HOST, "/health/ready").await;
    assert_eq!((status, &body["status"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("unready")));
}

#[tokio::test]
async fn disabling_the_older_versions_harms_nobody() {
    let bench = Bench::new().await;
    let (_, before) = bench.vault(Method::GET, "/secrets/session-secret/versions", None).await;
    let new = set_fresh(&bench).await;
    for one in before["value"].as_array().unwrap() {
        disable(&bench, &version(one)).await;
    }
    refresh(&bench, WEB).await;
    bench.advance(4).await;
    assert_eq!(bench.held(WEB, "SESSION_SECRET").await, ("Resolved".to_owned(), Some(new)));
    bench.advance(48 * 3600).await;
    assert_eq!(bench.get(WEB_HOST, "/health/ready").await.0, StatusCode::OK);
}

#[tokio::test]
async fn the_view_of_the_estate_shows_versions_and_no_values() {
    let bench = Bench::new().await;
    bench.vault(Method::PUT, "/secrets/session-secret", Some(json!({"value": "canary-3f9"}))).await;
    let view = bench.control(Method::GET, "estate", None).await;
    let held = &view["apps"]["chatbot-web"]["slots"]["production"]["references"]["SESSION_SECRET"];
    assert!(held["version"].is_string() && held["fetched_at"].is_string());
    assert_eq!(view["secrets"]["session-secret"].as_array().unwrap().len(), 3);
    assert!(!view.to_string().contains("canary-3f9"));
}

#[tokio::test]
async fn the_clock_moves_forward_only_and_at_the_speed_that_is_set() {
    let bench = Bench::new().await;
    let now = |document: &Value| document["now"].as_str().unwrap().to_owned();
    let before = bench.control(Method::GET, "clock", None).await;
    assert_eq!(now(&before).len(), "2026-11-20T03:12:41.000000Z".len());
    let past = bench.control(Method::POST, "clock/advance", Some(json!({"to": "2001-01-01T00:00:00Z"}))).await;
    assert!(now(&past) >= now(&before));
    let future = bench.control(Method::POST, "clock/advance", Some(json!({"seconds": 86_400}))).await;
    assert!(now(&future) > now(&past));
    let fast = bench.control(Method::POST, "clock/speed", Some(json!({"speed": 60}))).await;
    assert_eq!(fast["speed"], 60);
    let (status, _) = bench.ask(Method::POST, "localhost", "/_sim/clock/speed", Some(json!({"speed": 0}))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}
