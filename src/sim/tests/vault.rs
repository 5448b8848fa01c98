use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{ARM, Bench, VAULT};

#[tokio::test]
async fn the_first_call_is_challenged_and_names_where_to_get_a_token() {
    let bench = Bench::new().await;
    let url = format!("{}/secrets/session-secret?api-version=7.5", bench.server.endpoint());
    let answer = bench.client.put(url).header("host", VAULT).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    let challenge = answer.headers()["www-authenticate"].to_str().unwrap().to_owned();
    assert_eq!(
        challenge,
        r#"Bearer authorization="https://login.microsoftonline.com/11111111-1111-4111-8111-111111111111", resource="https://vault.azure.net""#
    );
}

#[tokio::test]
async fn a_token_for_another_service_is_refused_everywhere() {
    let bench = Bench::new().await;
    for (host, token) in [(VAULT, &bench.arm_token), (ARM, &bench.vault_token)] {
        let url = format!("{}/secrets?api-version=7.5", bench.server.endpoint());
        let answer = bench.client.get(url).header("host", host).bearer_auth(token).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{host}");
    }
}

#[tokio::test]
async fn a_wrong_client_secret_is_refused_in_the_words_of_the_sign_in_service() {
    let bench = Bench::new().await;
    let refusal = bench.token("https://vault.azure.net/.default", "wrong").await;
    assert_eq!(refusal["error"], "invalid_client");
    assert_eq!(refusal["error_codes"], json!([7_000_215]));
    assert!(refusal["error_description"].as_str().unwrap().contains("\r\nTrace ID: "));
}

#[tokio::test]
async fn setting_a_secret_adds_a_version_and_the_old_one_stays_readable() {
    let bench = Bench::new().await;
    let (_, before) = bench.vault(Method::GET, "/secrets/session-secret", None).await;
    let body = json!({"value": "fresh", "tags": {"callout-attempt": "a-1"}, "contentType": "text/plain"});
    let (status, set) = bench.vault(Method::PUT, "/secrets/session-secret", Some(body)).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(set["tags"], json!({"callout-attempt": "a-1"}));
    assert_eq!(set["attributes"]["enabled"], true);

    let (_, newest) = bench.vault(Method::GET, "/secrets/session-secret/", None).await;
    assert_eq!(newest, set);
    let old = before["id"].as_str().unwrap().strip_prefix("https://chatbot-kv.vault.azure.net").unwrap();
    let (status, old) = bench.vault(Method::GET, old, None).await;
    assert_eq!((status, &old["value"]), (StatusCode::OK, &before["value"]));
}

#[tokio::test]
async fn a_disabled_newest_version_is_forbidden_and_nothing_falls_back_to_the_older_one() {
    let bench = Bench::new().await;
    let (_, newest) = bench.vault(Method::GET, "/secrets/session-secret", None).await;
    let path = newest["id"].as_str().unwrap().strip_prefix("https://chatbot-kv.vault.azure.net").unwrap();
    let disable = json!({"attributes": {"enabled": false}});
    let (status, patched) = bench.vault(Method::PATCH, path, Some(disable)).await;
    assert_eq!((status, &patched["attributes"]["enabled"]), (StatusCode::OK, &json!(false)));
    assert_eq!(patched.get("value"), None);
    for place in ["/secrets/session-secret", path] {
        let (status, refusal) = bench.vault(Method::GET, place, None).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        assert_eq!(refusal["error"]["innererror"]["code"], "SecretDisabled");
    }
}

#[tokio::test]
async fn versions_come_in_pages_of_25_and_in_no_useful_order() {
    let bench = Bench::new().await;
    for number in 0..30 {
        bench.vault(Method::PUT, "/secrets/paged", Some(json!({"value": format!("{number}")}))).await;
    }
    let mut ids = Vec::new();
    let mut path = "/secrets/paged/versions?api-version=7.5".to_owned();
    let mut sizes = Vec::new();
    loop {
        let (status, page) = bench.get(VAULT, &path).await;
        assert_eq!(status, StatusCode::OK);
        let items = page["value"].as_array().unwrap();
        sizes.push(items.len());
        ids.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["nextLink"].as_str() else { break };
        next.strip_prefix("https://chatbot-kv.vault.azure.net:443").unwrap().clone_into(&mut path);
    }
    assert_eq!(sizes, [25, 5]);
    assert!(ids.is_sorted());
    ids.dedup();
    assert_eq!(ids.len(), 30);
}

#[tokio::test]
async fn a_missing_or_malformed_api_version_is_refused_and_a_newer_one_is_not() {
    let bench = Bench::new().await;
    for (query, status) in [("", 400), ("?api-version=latest", 400), ("?api-version=2026-10-01", 200)] {
        let (answered, _) = bench.get(VAULT, &format!("/secrets{query}")).await;
        assert_eq!(answered.as_u16(), status, "{query}");
    }
}

#[tokio::test]
async fn an_unknown_secret_and_a_bad_name_are_told_apart() {
    let bench = Bench::new().await;
    let (status, missing) = bench.vault(Method::GET, "/secrets/nothing", None).await;
    assert_eq!((status, &missing["error"]["code"]), (StatusCode::NOT_FOUND, &json!("SecretNotFound")));
    let (status, bad) = bench.vault(Method::PUT, "/secrets/a_b", Some(json!({"value": "x"}))).await;
    assert_eq!((status, &bad["error"]["code"]), (StatusCode::BAD_REQUEST, &json!("BadParameter")));
}
