use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{ARM, Bench, SITES, VAULT};

const SET: &str = "/secrets/session-secret?api-version=7.5";

async fn rule(bench: &Bench, rule: Value) {
    bench.control(Method::POST, "faults", Some(rule)).await;
}

async fn versions(bench: &Bench) -> usize {
    let (_, page) = bench.vault(Method::GET, "/secrets/session-secret/versions", None).await;
    page["value"].as_array().unwrap().len()
}

fn value() -> Value {
    json!({"value": "fresh"})
}

#[tokio::test]
async fn a_connection_dropped_before_gives_no_answer_and_no_change() {
    let bench = Bench::new().await;
    rule(&bench, json!({"method": "PUT", "path": "/secrets/", "do": "drop_before"})).await;
    let error = bench.send(Method::PUT, VAULT, SET, Some(value())).await.unwrap_err();
    assert!(!error.is_status() && !error.is_connect(), "{error:?}");
    assert_eq!(versions(&bench).await, 2);
    let log = bench.control(Method::GET, "requests", None).await;
    let dropped: Vec<_> = log["requests"].as_array().unwrap().iter().filter(|one| one["dropped"] == "before").collect();
    assert_eq!((dropped.len(), &dropped[0]["method"]), (1, &json!("PUT")));
    assert_eq!(bench.send(Method::PUT, VAULT, SET, Some(value())).await.unwrap().status(), StatusCode::OK, "only once");
}

#[tokio::test]
async fn a_connection_dropped_after_gives_no_answer_but_the_change_has_happened() {
    let bench = Bench::new().await;
    rule(&bench, json!({"method": "PUT", "host": "vault", "do": "drop_after"})).await;
    let error = bench.send(Method::PUT, VAULT, SET, Some(value())).await.unwrap_err();
    assert!(!error.is_status() && !error.is_connect(), "{error:?}");
    assert_eq!(versions(&bench).await, 3);
}

#[tokio::test]
async fn a_challenge_does_not_use_up_a_rule() {
    let bench = Bench::new().await;
    rule(&bench, json!({"method": "PUT", "do": "drop_before"})).await;
    let url = format!("{}{SET}", bench.server.endpoint());
    let challenged = bench.client.put(url).header("host", VAULT).send().await.unwrap();
    assert_eq!(challenged.status(), StatusCode::UNAUTHORIZED);
    assert!(bench.send(Method::PUT, VAULT, SET, Some(value())).await.is_err());
}

#[tokio::test]
async fn a_rule_skips_hits_and_is_used_up() {
    let bench = Bench::new().await;
    let status = json!({"status": {"code": 503, "body": "html", "retry_after": 7}});
    rule(&bench, json!({"method": "GET", "path": "/SITES/chatbot-web", "skip": 1, "times": 2, "do": status})).await;
    let mut seen = Vec::new();
    for _ in 0..4 {
        let path = format!("{SITES}/chatbot-web?api-version=2023-12-01");
        let answer = bench.send(Method::GET, ARM, &path, None).await.unwrap();
        if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
            assert_eq!(answer.headers()["retry-after"], "7");
            assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
        }
        seen.push(answer.status().as_u16());
    }
    assert_eq!(seen, [200, 503, 503, 200]);
    let rules = bench.control(Method::GET, "faults", None).await;
    assert_eq!(rules["rules"][0]["matched"], 3);
}

#[tokio::test]
async fn a_held_answer_comes_when_the_rules_are_removed() {
    let bench = Bench::new().await;
    rule(&bench, json!({"method": "PUT", "path": "/secrets/", "do": "hold"})).await;
    let mut held = Box::pin(bench.send(Method::PUT, VAULT, SET, Some(value())));
    // Whatever the pace of the machine: the change is seen first, and the answer is not there yet.
    let mut waited = async || timeout(Duration::from_millis(20), &mut held).await;
    while versions(&bench).await < 3 {
        assert!(waited().await.is_err());
    }
    assert!(waited().await.is_err());
    bench.control(Method::DELETE, "faults", None).await;
    assert_eq!(held.await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_stalled_answer_comes_late_and_stopping_the_server_does_not_wait_for_it() {
    let bench = Bench::new().await;
    rule(&bench, json!({"method": "PUT", "path": "/secrets/one", "do": {"stall": {"seconds": 0.05}}})).await;
    rule(&bench, json!({"method": "PUT", "path": "/secrets/two", "do": {"stall": {"seconds": 3600}}})).await;
    let late = bench.send(Method::PUT, VAULT, "/secrets/one?api-version=7.5", Some(value())).await.unwrap();
    assert_eq!(late.status(), StatusCode::OK);
    let mut stalled = Box::pin(bench.send(Method::PUT, VAULT, "/secrets/two?api-version=7.5", Some(value())));
    while bench.received("PUT", "/secrets/two").await == 0 {
        assert!(timeout(Duration::from_millis(20), &mut stalled).await.is_err());
    }
    bench.ask(Method::POST, "localhost", "/_sim/stop", None).await;
    assert!(stalled.await.is_err(), "the connection is closed without an answer");
}

#[tokio::test]
async fn a_rule_that_makes_no_sense_is_refused_with_a_sentence() {
    let bench = Bench::new().await;
    let nonsense = json!({"method": "PUT", "do": "explode"});
    let (status, refusal) = bench.ask(Method::POST, "localhost", "/_sim/faults", Some(nonsense)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(refusal["error"]["message"].as_str().unwrap().contains("explode"));
}
