use std::fs::{self, OpenOptions};
use std::io::Write;

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{ARM, Bench, SITES, setting, world_file};
use crate::sim::world::World;
use crate::sim::{SimError, Speed, find, serve};

#[tokio::test]
async fn a_restarted_server_serves_the_same_world_and_takes_the_same_tokens() {
    let bench = Bench::new().await;
    let rule = json!({"method": "PUT", "path": "/secrets/other", "skip": 3, "do": "drop_after"});
    bench.control(Method::POST, "faults", Some(rule)).await;
    bench.vault(Method::PUT, "/secrets/session-secret", Some(json!({"value": "fresh"}))).await;
    bench.arm(Method::POST, "/chatbot-web/config/configreferences/appsettings/refresh", None).await;
    bench.advance(3 * 24 * 3600).await;
    let before = bench.control(Method::GET, "estate", None).await;
    let (vault_token, arm_token) = (bench.vault_token.clone(), bench.arm_token.clone());
    bench.server.stop().await;

    let mut bench = Bench::in_folder(bench.folder).await;
    (bench.vault_token, bench.arm_token) = (vault_token, arm_token);
    let after = bench.control(Method::GET, "estate", None).await;
    assert_eq!(after["secrets"], before["secrets"]);
    assert_eq!(after["apps"], before["apps"]);
    assert!(after["now"].as_str() >= before["now"].as_str());
    assert_eq!(bench.received("PUT", "/secrets/session-secret").await, 1);
    assert_eq!(bench.control(Method::GET, "faults", None).await["rules"][0]["skip"], 3);
    assert_eq!(bench.vault(Method::GET, "/secrets/session-secret", None).await.0, StatusCode::OK);
}

#[tokio::test]
async fn an_accepted_swap_is_polled_on_by_its_location_after_a_restart() {
    let bench = Bench::new().await;
    let path = format!("{SITES}/chatbot-web/slots/staging/slotsswap?api-version=2023-12-01");
    let body = json!({"targetSlot": "production", "preserveVnet": true});
    let accepted = bench.send(Method::POST, ARM, &path, Some(body)).await.unwrap();
    let location = accepted.headers()["location"].to_str().unwrap().to_owned();
    let poll = location.strip_prefix("https://management.azure.com").unwrap();
    bench.server.stop().await;

    let bench = Bench::in_folder(bench.folder).await;
    assert_eq!(bench.get(ARM, poll).await.0, StatusCode::ACCEPTED);
    bench.advance(90).await;
    let (status, site) = bench.get(ARM, poll).await;
    assert_eq!((status, &site["name"]), (StatusCode::OK, &json!("chatbot-web/staging")));
    assert_eq!(bench.received("POST", "/slotsswap").await, 1);
}

#[tokio::test]
async fn only_one_server_serves_a_world_and_the_others_are_told_where() {
    let bench = Bench::new().await;
    let file = world_file(&bench.folder);
    assert_eq!(find(&file).unwrap().as_deref(), Some(bench.server.endpoint()));
    match serve(setting(&bench.folder)).await {
        Err(SimError::AlreadyServed { endpoint }) => assert_eq!(endpoint.as_deref(), Some(bench.server.endpoint())),
        other => panic!("expected AlreadyServed, got {:?}", other.map(|server| server.endpoint().to_owned())),
    }
    bench.server.stop().await;
    assert_eq!(find(&file).unwrap(), None);
}

#[test]
fn an_endpoint_without_a_held_lock_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let file = world_file(&folder);
    assert_eq!(find(&file).unwrap(), None);
    fs::write(folder.path().join("drill.sim.jsonl.lock"), "").unwrap();
    fs::write(folder.path().join("drill.sim.jsonl.endpoint"), "http://127.0.0.1:1").unwrap();
    assert_eq!(find(&file).unwrap(), None);
}

#[test]
fn time_never_goes_back_for_a_world_whose_server_was_killed() {
    let folder = tempfile::tempdir().unwrap();
    let file = world_file(&folder);
    let mut latest = None;
    for _ in 0..3 {
        // Dropping the world without closing it is what a kill leaves: the file as it was, and a free lock.
        let mut world = World::open(&file, Speed::Times(3600)).unwrap();
        let shown = world.now().unwrap();
        assert!(latest.is_none_or(|latest| shown >= latest), "{shown} after {latest:?}");
        latest = Some(world.forward_to(shown.plus_seconds(10)).unwrap());
    }
}

#[test]
fn a_torn_last_line_is_dropped_and_a_damaged_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = world_file(&folder);
    let estate = World::open(&file, Speed::Times(1)).unwrap().estate().clone();
    let whole = fs::read(&file).unwrap();
    let mut appending = OpenOptions::new().append(true).open(&file).unwrap();
    appending.write_all(br#"{"change":{"at":"2026-"#).unwrap();
    let mut again = World::open(&file, Speed::Times(1)).unwrap();
    assert_eq!(again.estate(), &estate);
    again.now().unwrap();
    drop(again);
    assert!(fs::read(&file).unwrap().starts_with(&whole));
    assert!(World::open(&file, Speed::Times(1)).is_ok(), "what came after the torn line is whole");

    appending.write_all(b"{\"change\":12}\n").unwrap();
    assert!(matches!(World::open(&file, Speed::Times(1)), Err(SimError::Damaged { line: 4, .. })));
}

#[test]
fn a_file_that_is_not_ours_or_newer_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = world_file(&folder);
    for (text, sentence) in [
        ("shopping list", "is not a simulated estate; it was left untouched"),
        ("{\"kind\":\"something else\",\"format\":1}\n", "is not a simulated estate; it was left untouched"),
        (
            "{\"kind\":\"callout simulated estate\",\"format\":2}\n",
            "has format 2, and this program knows formats up to 1; use the newer program",
        ),
    ] {
        fs::write(&file, text).unwrap();
        let error = World::open(&file, Speed::Times(1)).err().unwrap();
        assert!(error.to_string().ends_with(sentence), "{error}");
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
}

#[test]
fn a_file_that_a_kill_left_empty_or_with_half_a_header_is_a_new_world() {
    let folder = tempfile::tempdir().unwrap();
    let file = world_file(&folder);
    for text in ["", "{\"kind\":\"callout sim"] {
        fs::write(&file, text).unwrap();
        assert!(World::open(&file, Speed::Times(1)).is_ok());
        assert!(World::open(&file, Speed::Times(1)).is_ok());
    }
}

#[cfg(unix)]
#[test]
fn the_world_file_is_readable_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    World::open(&world_file(&folder), Speed::Times(1)).unwrap();
    assert_eq!(fs::metadata(world_file(&folder)).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_reset_begins_the_estate_anew_and_the_clock_goes_on() {
    let bench = Bench::new().await;
    let before = bench.control(Method::GET, "estate", None).await;
    bench.vault(Method::PUT, "/secrets/session-secret", Some(json!({"value": "fresh"}))).await;
    bench.advance(3600).await;
    bench.control(Method::POST, "reset", None).await;
    let after = bench.control(Method::GET, "estate", None).await;
    assert_eq!(after["secrets"]["session-secret"].as_array().unwrap().len(), 2);
    assert_ne!(after["secrets"], before["secrets"]);
    assert!(after["now"].as_str() > before["now"].as_str());
    assert_eq!(bench.received("PUT", "/secrets/session-secret").await, 0);
}
