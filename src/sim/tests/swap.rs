use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{ARM, Bench, SITES};

const SWAP: &str = "/chatbot-web/slots/staging/slotsswap";

fn to_production() -> Value {
    json!({"targetSlot": "production", "preserveVnet": true})
}

async fn build(bench: &Bench, host: &str) -> String {
    let (_, version) = bench.get(host, "/version").await;
    version["build"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_swap_is_accepted_with_a_location_only_and_ends_with_the_body_of_the_site() {
    let bench = Bench::new().await;
    let path = format!("{SITES}{SWAP}?api-version=2023-12-01");
    let accepted = bench.send(Method::POST, ARM, &path, Some(to_production())).await.unwrap();
    assert_eq!(accepted.status(), StatusCode::ACCEPTED);
    let header = |name: &str| accepted.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    assert!(header("etag").is_some() && header("azure-asyncoperation").is_none());
    assert_eq!(header("retry-after").as_deref(), Some("15"));
    let location = header("location").unwrap();
    assert_eq!(accepted.text().await.unwrap(), "");

    let poll = location.strip_prefix("https://management.azure.com").unwrap();
    let running = bench.send(Method::GET, ARM, poll, None).await.unwrap();
    assert_eq!(running.status(), StatusCode::ACCEPTED);
    assert_eq!(running.headers()["location"].to_str().unwrap(), location);
    assert_eq!(build(&bench, "chatbot-web.azurewebsites.net").await, "4720");

    bench.advance(90).await;
    let (status, site) = bench.get(ARM, poll).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(site["name"], "chatbot-web/staging");
    assert_eq!(site["properties"]["slotSwapStatus"]["destinationSlotName"], "Production");
    assert_eq!(build(&bench, "chatbot-web.azurewebsites.net").await, "4711");
    assert_eq!(bench.received("POST", "/slotsswap").await, 1);
}

#[tokio::test]
async fn a_second_swap_conflicts_while_the_first_one_runs() {
    let bench = Bench::new().await;
    assert_eq!(bench.arm(Method::POST, SWAP, Some(to_production())).await.0, StatusCode::ACCEPTED);
    let (status, refusal) = bench.arm(Method::POST, SWAP, Some(to_production())).await;
    assert_eq!((status, &refusal["Code"]), (StatusCode::CONFLICT, &json!("Conflict")));
    bench.advance(90).await;
    assert_eq!(bench.arm(Method::POST, SWAP, Some(to_production())).await.0, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_swap_takes_as_long_as_it_is_told_to_and_changes_nothing_before_its_end() {
    let bench = Bench::new().await;
    bench.control(Method::POST, "swaps", Some(json!({"seconds": 400}))).await;
    assert_eq!(bench.arm(Method::POST, SWAP, Some(to_production())).await.0, StatusCode::ACCEPTED);
    let swapped_at = async || {
        let (_, site) = bench.arm(Method::GET, "/chatbot-web", None).await;
        site["properties"]["slotSwapStatus"]["timestampUtc"].clone()
    };
    let before = swapped_at().await;
    bench.advance(390).await;
    assert_eq!(build(&bench, "chatbot-web.azurewebsites.net").await, "4720");
    assert_eq!(swapped_at().await, before);
    bench.advance(10).await;
    assert_eq!(build(&bench, "chatbot-web.azurewebsites.net").await, "4711");
    assert_ne!(swapped_at().await, before);
}

#[tokio::test]
async fn production_serves_during_a_swap_and_the_former_production_restarts_after_it() {
    let bench = Bench::new().await;
    bench.arm(Method::POST, SWAP, Some(to_production())).await;
    let ready = async |host: &str| bench.get(host, "/health/ready").await.0.as_u16();
    let (web, staging) = ("chatbot-web.azurewebsites.net", "chatbot-web-staging.azurewebsites.net");
    assert_eq!((ready(web).await, ready(staging).await), (200, 503));
    bench.advance(90).await;
    assert_eq!((ready(web).await, ready(staging).await), (200, 503));
    bench.advance(20).await;
    assert_eq!((ready(web).await, ready(staging).await), (200, 200));
}

#[tokio::test]
async fn deployments_follow_the_content_and_sticky_settings_do_not() {
    let bench = Bench::new().await;
    let deployment = async |site: &str| {
        let (_, list) = bench.arm(Method::GET, &format!("/{site}/deployments"), None).await;
        list["value"][0]["name"].as_str().unwrap().to_owned()
    };
    let environment = async |site: &str| {
        let (_, list) = bench.arm(Method::POST, &format!("/{site}/config/appsettings/list"), None).await;
        list["properties"]["APP_ENVIRONMENT"].as_str().unwrap().to_owned()
    };
    let (web, staging) = ("chatbot-web", "chatbot-web/slots/staging");
    let (bad, good) = (deployment(web).await, deployment(staging).await);
    assert_ne!(bad, good);
    bench.arm(Method::POST, SWAP, Some(to_production())).await;
    bench.advance(90).await;
    assert_eq!((deployment(web).await, deployment(staging).await), (good, bad));
    assert_eq!((environment(web).await, environment(staging).await), ("production".to_owned(), "staging".to_owned()));
}

#[tokio::test]
async fn the_bad_release_fails_every_second_question_and_the_former_one_none() {
    let bench = Bench::new().await;
    let ask = async |host: &str| bench.get(host, "/api/ask").await.0.as_u16();
    let web = "chatbot-web.azurewebsites.net";
    assert_eq!([ask(web).await, ask(web).await, ask(web).await, ask(web).await], [500, 200, 500, 200]);
    assert_eq!(bench.get(web, "/health/ready").await.0.as_u16(), 200);
    let staging = "chatbot-web-staging.azurewebsites.net";
    assert_eq!([ask(staging).await, ask(staging).await], [200, 200]);
}

#[tokio::test]
async fn differences_between_slots_tell_what_stays() {
    let bench = Bench::new().await;
    let (status, page) = bench.arm(Method::POST, "/chatbot-web/slots/staging/slotsdiffs", Some(to_production())).await;
    assert_eq!(status, StatusCode::OK);
    let differences = page["value"].as_array().unwrap();
    assert_eq!(differences.len(), 1);
    assert_eq!(differences[0]["properties"]["settingName"], "APP_ENVIRONMENT");
    assert_eq!(differences[0]["properties"]["valueInTargetSlot"], "production");
}

#[tokio::test]
async fn what_does_not_exist_is_refused_in_resource_managers_words() {
    let bench = Bench::new().await;
    let (status, refusal) = bench.arm(Method::GET, "/chatbot-none", None).await;
    assert_eq!((status, &refusal["error"]["code"]), (StatusCode::NOT_FOUND, &json!("ResourceNotFound")));
    let (status, refusal) = bench.get(ARM, &format!("{SITES}/chatbot-web")).await;
    assert_eq!((status, &refusal["error"]["code"]), (StatusCode::BAD_REQUEST, &json!("MissingApiVersionParameter")));
    let nobody = Some(json!({"targetSlot": "nobody", "preserveVnet": false}));
    assert_eq!(bench.arm(Method::POST, SWAP, nobody).await.0, StatusCode::BAD_REQUEST);
    let (status, sites) = bench.arm(Method::GET, "", None).await;
    assert_eq!((status, sites["value"].as_array().unwrap().len()), (StatusCode::OK, 3));
}
