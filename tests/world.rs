//! The hands against the simulator: Microsoft's own clients and ours, over real HTTP, with nothing to sign in to.

pub(crate) mod bench;
mod data_planes;
mod databases;
mod postgres;

use std::time::Duration;

use callout::base::{AttemptId, Encoding, SecretRef, Span, Timestamp, Value};
use callout::effect::{Call, Handle, Hands, Json, ProbeVerdict, Progress, Sent, Service, Verdict, find, progress};
use callout::world::{AzureHands, Pace, REDACTED, Redactor, SignIn, WorldSetting, open_simulated};
use serde_json::json;

use crate::support::sample;
use bench::{Bench, CANARY, answered, app, canary, environment, errand, field, of_secret, set, swap, versions};

#[tokio::test]
async fn a_secret_is_set_with_the_mark_of_its_attempt_and_its_text_comes_back_nowhere() {
    let bench = Bench::new().await;
    let before = bench.read(&versions()).await;
    let (call, attempt) = (set(canary()), bench.attempt());
    let reply = answered(bench.send(&call, attempt).await);
    assert_eq!(reply.status, 200);
    assert!(!reply.body.as_ref().unwrap().to_string().contains("canary"), "the text must not come back");
    assert_eq!(bench.redactor.redact(&format!("it is {CANARY}!")), format!("it is {REDACTED}!"));

    let outputs = (find(&call.action).unwrap().parse)(&call.args, &[reply]).unwrap();
    let after = bench.read(&versions()).await;
    assert_ne!(field(&before, "current"), field(&after, "current"));
    assert_eq!(field(&outputs, "version"), field(&after, "current"));
    let newest = &after.field("versions").unwrap().as_list().unwrap()[0];
    assert_eq!(field(newest, "attempt"), attempt.to_string());
    assert!(matches!(bench.probe(&call, attempt, &[]).await, ProbeVerdict::Happened { .. }));
    assert!(matches!(bench.probe(&call, bench.attempt(), &[]).await, ProbeVerdict::DidNot { .. }));
}

#[tokio::test]
async fn an_old_version_becomes_a_new_one_by_reference_and_the_other_is_disabled_and_enabled() {
    let bench = Bench::new().await;
    let current = field(&bench.read(&versions()).await, "current").to_owned();
    let generated = set(SecretRef::Generate { bytes: 32, encoding: Encoding::Base64url });
    assert_eq!(answered(bench.send(&generated, bench.attempt()).await).status, 200);
    let old = SecretRef::Version {
        vault: "https://chatbot-kv.vault.azure.net".to_owned(),
        name: "session-secret".to_owned(),
        version: current.clone(),
    };
    assert_eq!(answered(bench.send(&set(old), bench.attempt()).await).status, 200);

    for (action, enabled) in [("keyvault.secret.disable", false), ("keyvault.secret.enable", true)] {
        let call = of_secret(action, [("version", Value::text(&current))]);
        let reply = answered(bench.send(&call, bench.attempt()).await);
        assert_eq!(reply.body.unwrap()["attributes"]["enabled"], enabled, "{action}");
        assert!(matches!(bench.probe(&call, bench.attempt(), &[]).await, ProbeVerdict::Happened { .. }), "{action}");
    }
}

#[tokio::test]
async fn a_version_that_cannot_be_read_sends_nothing() {
    let bench = Bench::new().await;
    let missing = SecretRef::Version {
        vault: "https://chatbot-kv.vault.azure.net".to_owned(),
        name: "session-secret".to_owned(),
        version: "0".repeat(32),
    };
    let unset = SecretRef::Environment { name: "UNSET".to_owned() };
    for reference in [missing, unset] {
        let sent = bench.send(&set(reference), bench.attempt()).await;
        assert!(matches!(sent, Sent::NeverSent { .. }), "{sent:?}");
    }
    assert!(bench.arrived("PUT", "/secrets/session-secret").await.is_empty());
}

#[tokio::test]
async fn a_tag_that_was_redacted_when_it_was_read_is_not_written_back_without_its_part() {
    let bench = Bench::new().await;
    let tag = Value::record([("name", Value::text("note")), ("value", Value::text("pwd=see-wiki"))]);
    let mut first = set(canary());
    first.args.insert("tags".to_owned(), Value::List(vec![tag]));
    answered(bench.send(&first, bench.attempt()).await);
    let carried = bench.read(&versions()).await.field("tags").unwrap().clone();
    assert!(field(&carried.as_list().unwrap()[0], "value").contains(REDACTED));
    let mut next = set(canary());
    next.args.insert("tags".to_owned(), carried);
    assert!((find(&next.action).unwrap().render)(&next.args).unwrap_err().to_string().contains(REDACTED));
}

#[tokio::test]
async fn the_attempts_id_arrives_with_every_effect_of_both_services() {
    let bench = Bench::new().await;
    let (vaults, arms) = (bench.attempt(), bench.attempt());
    answered(bench.send(&set(canary()), vaults).await);
    let refresh = Call::new("webapp.references.refresh", [("app", app("chatbot-web"))]);
    answered(bench.send(&refresh, arms).await);
    for (method, end, attempt) in [("PUT", "/secrets/session-secret", vaults), ("POST", "/refresh", arms)] {
        let arrived = bench.arrived(method, end).await;
        assert!(!arrived.is_empty());
        assert!(arrived.iter().all(|entry| entry["client_request_id"] == attempt.to_string()), "{arrived:?}");
    }
}

#[tokio::test]
async fn consumers_are_found_and_a_refresh_makes_them_use_the_new_version() {
    let bench = Bench::new().await;
    let found = bench.read(&of_secret("keyvault.secret.consumers", [])).await;
    assert_eq!(found.field("consumers").unwrap().to_string(), "chatbot-web, chatbot-web/staging, chatbot-worker");
    let expected = Value::List(vec![app("chatbot-web"), app("chatbot-worker")]);
    let verdict = bench.check(&of_secret("keyvault.secret.consumers", [("expected", expected)])).await;
    assert!(matches!(&verdict, Verdict::Fail { seen } if seen.contains("chatbot-web/staging")), "{verdict:?}");

    answered(bench.send(&set(canary()), bench.attempt()).await);
    let version = field(&bench.read(&versions()).await, "current").to_owned();
    let uses = Call::new(
        "webapp.references",
        [("app", app("chatbot-web")), ("secret", Value::text("session-secret")), ("version", Value::text(version))],
    );
    assert!(matches!(bench.check(&uses).await, Verdict::Fail { .. }), "the app goes on with what it has cached");
    let refresh = Call::new("webapp.references.refresh", [("app", app("chatbot-web"))]);
    let before = bench.observed(&refresh).await;
    answered(bench.send(&refresh, bench.attempt()).await);
    bench.world.timer.advance(Span::minutes(5)).await.unwrap();
    assert!(matches!(bench.check(&uses).await, Verdict::Pass { .. }));
    assert!(matches!(bench.probe(&refresh, bench.attempt(), &before).await, ProbeVerdict::Happened { .. }));
}

#[tokio::test]
async fn a_swap_is_accepted_polled_to_its_end_and_proven() {
    let bench = Bench::new().await;
    let before = bench.observed(&swap()).await;
    assert_eq!(before.len(), 3);
    let attempt = bench.attempt();
    let reply = answered(bench.send(&swap(), attempt).await);
    assert_eq!(reply.status, 202);
    let handle: Handle = reply.operation.expect("where to ask");
    let mut polls = 0;
    loop {
        let sent = bench.world.hands.poll(&handle, attempt).await;
        match progress(&sent, &handle) {
            Progress::Running { retry_after, .. } => {
                let due = bench.world.clock.now().after(retry_after.max(Span::seconds(5)));
                bench.world.timer.wait_until(due).await;
            }
            Progress::Succeeded => break,
            other => panic!("{other:?}"),
        }
        polls += 1;
        assert!(polls < 200, "it must come to an end");
    }
    assert!(polls > 0, "a swap takes time");
    assert!(matches!(bench.probe(&swap(), attempt, &before).await, ProbeVerdict::Happened { .. }));
    assert_eq!(bench.arrived("POST", "/slotsswap").await.len(), 1);
}

#[tokio::test]
async fn a_dropped_answer_is_lost_and_the_probe_tells_whether_it_was_carried_out() {
    let bench = Bench::new().await;
    for (drop, happened) in [("drop_after", true), ("drop_before", false)] {
        bench.fault(json!({"method": "PUT", "path": "/secrets/", "do": drop})).await;
        let (call, attempt) = (set(canary()), bench.attempt());
        let sent = bench.send(&call, attempt).await;
        assert!(matches!(&sent, Sent::Lost { why } if why.contains("chatbot-kv.vault.azure.net")), "{drop}: {sent:?}");
        let verdict = bench.probe(&call, attempt, &[]).await;
        assert_eq!(matches!(verdict, ProbeVerdict::Happened { .. }), happened, "{drop}: {verdict:?}");
    }
    bench.fault(json!({"method": "POST", "path": "/slotsswap", "do": "drop_after"})).await;
    assert!(matches!(bench.send(&swap(), bench.attempt()).await, Sent::Lost { .. }));
    assert_eq!(bench.arrived("POST", "/slotsswap").await.len(), 1, "nothing is sent again by itself");
}

#[tokio::test]
async fn an_effect_is_sent_once_even_if_the_service_fails_and_a_read_is_tried_again() {
    let bench = Bench::new().await;
    let fails = |method: &str| json!({"method": method, "host": "management.azure.com", "times": 2, "do": {"status": {"code": 503, "body": "html"}}});
    bench.fault(fails("POST")).await;
    let restart = Call::new("webapp.restart", [("app", app("chatbot-worker"))]);
    let reply = answered(bench.send(&restart, bench.attempt()).await);
    assert_eq!(reply.status, 503);
    assert!(reply.text.is_some_and(|text| text.contains('<')));
    assert_eq!(bench.arrived("POST", "/restart").await.len(), 1);

    bench.fault(fails("GET")).await;
    let get = Call::new("webapp.get", [("app", app("chatbot-worker"))]);
    assert_eq!(field(&bench.read(&get).await, "state"), "Running");
    assert_eq!(bench.arrived("GET", "/sites/chatbot-worker").await.len(), 3);
}

#[tokio::test]
async fn an_answer_that_does_not_come_in_time_is_lost() {
    let bench = Bench::new().await;
    let setting = WorldSetting {
        sign_in: SignIn::Simulated,
        redirect: Some(bench.server.endpoint().parse().unwrap()),
        redactor: Redactor::new(),
        environment: environment(),
        limit: Duration::from_millis(300),
    };
    let (hands, _) = AzureHands::open(&setting).unwrap();
    bench.fault(json!({"method": "PUT", "do": "hold"})).await;
    let call = set(canary());
    let sent = hands.send(&errand(&call), bench.attempt()).await;
    assert!(matches!(sent, Sent::Lost { .. }), "{sent:?}");
}

#[tokio::test]
async fn an_unreachable_port_is_certainly_never_sent() {
    let bench = Bench::new().await;
    answered(bench.send(&set(canary()), bench.attempt()).await);
    let refresh = Call::new("webapp.references.refresh", [("app", app("chatbot-web"))]);
    answered(bench.send(&refresh, bench.attempt()).await);
    let Bench { server, world, .. } = bench;
    server.stop().await;
    for call in [set(canary()), refresh, swap()] {
        let attempt = AttemptId::new(world.entropy.uuid());
        let sent = world.hands.send(&errand(&call), attempt).await;
        let action = &call.action;
        assert!(matches!(&sent, Sent::NeverSent { why } if why.contains("no connection")), "{action}: {sent:?}");
    }
}

#[tokio::test]
async fn what_is_not_what_was_rendered_is_refused_on_the_real_pipeline() {
    let bench = Bench::new().await;
    let before = bench.read(&versions()).await;
    let call = set(canary());
    let mut other_name = errand(&call);
    other_name.request.url = other_name.request.url.replace("session-secret", "database-url");
    let mut other_tags = errand(&call);
    other_tags.call.args.insert("tags".to_owned(), tags());
    let mut other_value = errand(&call);
    let generated = SecretRef::Generate { bytes: 32, encoding: Encoding::Hex };
    other_value.request.body = Some(Json::object([("value", Json::Secret(generated))]));
    let mut other_switch = errand(&of_secret("keyvault.secret.enable", [("version", current(&before))]));
    other_switch.call.action = "keyvault.secret.disable".to_owned();
    for (errand, word) in
        [(other_name, "address"), (other_tags, "body"), (other_value, "rendered"), (other_switch, "body")]
    {
        let sent = bench.world.hands.send(&errand, bench.attempt()).await;
        assert!(matches!(&sent, Sent::NeverSent { why } if why.contains(word) && !why.contains("canary")), "{sent:?}");
    }
    assert_eq!(bench.read(&versions()).await, before);
}

fn tags() -> Value {
    Value::List(vec![Value::record([("name", Value::text("owner")), ("value", Value::text("web"))])])
}

fn current(versions: &Value) -> Value {
    versions.field("current").unwrap().clone()
}

#[tokio::test]
async fn plain_reads_judge_whatever_was_answered_and_give_only_what_was_asked_for() {
    let bench = Bench::new().await;
    let host = field(&bench.read(&Call::new("webapp.get", [("app", app("chatbot-web"))])).await, "url").to_owned();
    let of = |path: &str, status| {
        let expect = Value::record([("status", Value::Integer(status))]);
        Call::new("http.get", [("url", Value::text(format!("{host}{path}"))), ("expect", expect)])
    };
    assert!(matches!(bench.check(&of("/health/ready", 200)).await, Verdict::Pass { .. }));
    let nowhere = bench.check(&of("/no-such-page", 200)).await;
    assert!(matches!(&nowhere, Verdict::Fail { seen } if seen.contains("404")), "{nowhere:?}");
    assert!(matches!(bench.check(&of("/no-such-page", 404)).await, Verdict::Pass { .. }));
    let mut version = of("/version", 200);
    version.args.insert("read".to_owned(), Value::List(vec![Value::text("build")]));
    assert_eq!(field(bench.read(&version).await.field("fields").unwrap(), "build"), "4720");

    let failing = json!({"host": "azurewebsites.net", "do": {"status": {"code": 503, "body": "html"}}});
    bench.fault(failing).await;
    let unwell = bench.check(&of("/health/ready", 200)).await;
    assert!(
        matches!(&unwell, Verdict::Fail { seen } if seen.contains("503")),
        "an answer is judged, not asked for again"
    );
}

#[tokio::test]
async fn a_site_is_asked_under_the_host_that_the_platform_tells_and_without_a_token() {
    let bench = Bench::new().await;
    let of = |build: &str| {
        let fields = Value::record([("build", Value::text(build))]);
        let expect = Value::record([("fields", fields)]);
        let app = app("chatbot-web/slots/staging");
        Call::new("webapp.health", [("app", app), ("path", Value::text("/version")), ("expect", expect)])
    };
    assert!(matches!(bench.check(&of("4711")).await, Verdict::Pass { .. }));
    let part = bench.check(&of("471")).await;
    assert!(matches!(&part, Verdict::Fail { seen } if seen.contains("build 4711")), "{part:?}");
    let asked = bench.arrived("GET", "/version").await;
    assert!(asked.iter().all(|request| request["host"] == "chatbot-web-staging.azurewebsites.net"), "{asked:?}");
}

#[tokio::test]
async fn who_is_signed_in_is_read_from_the_token() {
    let bench = Bench::new().await;
    let identity = bench.world.credential.identity().await.unwrap();
    assert_eq!(identity.tenant, "11111111-1111-4111-8111-111111111111");
    assert!(!identity.object.is_empty());
}

#[tokio::test]
async fn a_wait_ends_when_another_process_moves_the_estates_clock() {
    let bench = Bench::new().await;
    let other = open_simulated(bench.server.endpoint(), Pace::Times(1), Redactor::new(), environment()).await.unwrap();
    let tomorrow: Timestamp = other.clock.now().after(Span::minutes(24 * 60));
    assert!(other.timer.host_wait(tomorrow) > Span::minutes(60));
    assert_eq!(bench.world.timer.host_wait(tomorrow), Span::ZERO);
    let waiting = other.timer.wait_until(tomorrow);
    let moving = bench.world.timer.wait_until(tomorrow);
    tokio::time::timeout(Duration::from_secs(20), futures::future::join(waiting, moving)).await.expect("both end");
    assert!(other.clock.now() >= tomorrow);
}

#[tokio::test]
async fn at_sixty_times_a_minute_passes_in_a_second() {
    let bench = Bench::new().await;
    let fast = open_simulated(bench.server.endpoint(), Pace::Times(60), Redactor::new(), environment()).await.unwrap();
    let start = fast.clock.now();
    let due = start.after(Span::minutes(1));
    assert!(fast.timer.host_wait(due) <= Span::seconds(1));
    tokio::time::timeout(Duration::from_secs(20), fast.timer.wait_until(due)).await.expect("it ends");
    assert!(fast.clock.now() >= due);
    let moved = fast.timer.advance(Span::minutes(10)).await.unwrap();
    assert!(moved >= due.after(Span::minutes(10)));
}

#[tokio::test]
async fn a_token_that_the_estate_no_longer_knows_is_asked_for_anew_by_the_next_read() {
    let bench = Bench::new().await;
    bench.read(&versions()).await;
    let get = Call::new("webapp.get", [("app", app("chatbot-web"))]);
    bench.read(&get).await;
    let url = format!("{}/_sim/reset", bench.server.endpoint());
    assert!(bench.client.post(url).send().await.unwrap().status().is_success());
    bench.read(&get).await;
    bench.read(&versions()).await;
}

#[test]
fn every_row_that_signs_in_is_rendered_for_a_host_that_may_have_a_token() {
    let hosts = [".vault.azure.net", ".search.windows.net", ".blob.core.windows.net", ".queue.core.windows.net"];
    for row in callout::effect::catalogue() {
        let url =
            (row.render)(&sample(row, "chatbot-web/staging")).unwrap_or_else(|why| panic!("{}: {why}", row.name)).url;
        if row.service == Service::Sql {
            // A password goes to a database server of Azure's, and no token at all.
            assert_eq!(url, "postgresql://server.postgres.database.azure.com:5432", "{}", row.name);
            continue;
        }
        let host = url.trim_start_matches("https://").split('/').next().unwrap().to_owned();
        let signs_in = host == "management.azure.com" || hosts.iter().any(|suffix| host.ends_with(suffix));
        assert_eq!(signs_in, !row.permissions.is_empty(), "{}: {host}", row.name);
    }
}
