use reqwest::{Method, StatusCode};
use serde_json::json;

use super::Bench;

const BLOBS: &str = "chatbotstorage.blob.core.windows.net";
const QUEUES: &str = "chatbotstorage.queue.core.windows.net";

/// A bench with a token for storage.
struct Account {
    bench: Bench,
    token: String,
}

impl Account {
    async fn new() -> Self {
        let bench = Bench::new().await;
        let token = bench.token("https://storage.azure.com/.default", "simulated").await["access_token"].clone();
        Self { bench, token: token.as_str().unwrap().to_owned() }
    }

    async fn ask(&self, method: Method, host: &str, path: &str, body: &str) -> reqwest::Response {
        let url = format!("{}{path}", self.bench.server.endpoint());
        let request = self.bench.client.request(method, url).header("host", host).bearer_auth(&self.token);
        let request = request.header("x-ms-version", "2024-08-04").header("x-ms-blob-type", "BlockBlob");
        request.body(body.to_owned()).send().await.unwrap()
    }

    async fn text(&self, host: &str, path: &str) -> String {
        let answer = self.ask(Method::GET, host, path, "").await;
        assert_eq!(
            (answer.status(), &answer.headers()["content-type"]),
            (StatusCode::OK, &"application/xml".parse().unwrap())
        );
        answer.text().await.unwrap()
    }
}

#[tokio::test]
async fn blobs_are_listed_in_pages_and_a_new_one_is_the_newest() {
    let account = Account::new().await;
    let list = "/docs?restype=container&comp=list&prefix=manuals%2Freturns";
    let first = account.text(BLOBS, &format!("{list}&maxresults=6")).await;
    assert_eq!(first.matches("<Blob>").count(), 6);
    let marker = first.split_once("<NextMarker>").unwrap().1.split_once('<').unwrap().0;
    let second = account.text(BLOBS, &format!("{list}&marker={}", marker.replace('/', "%2F"))).await;
    assert_eq!(second.matches("<Blob>").count(), 4);
    assert!(second.contains("<NextMarker></NextMarker>"), "{second}");
    let put = account.ask(Method::PUT, BLOBS, "/docs/manuals/returns-11.pdf", "a manual").await;
    assert_eq!(put.status(), StatusCode::CREATED);
    assert!(account.text(BLOBS, list).await.contains("<Name>manuals/returns-11.pdf</Name>"));
    assert_eq!(
        account.ask(Method::DELETE, BLOBS, "/docs/manuals/returns-11.pdf", "").await.status(),
        StatusCode::ACCEPTED
    );
    assert_eq!(
        account.ask(Method::GET, BLOBS, "/nothing?restype=container&comp=list", "").await.status(),
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_queue_tells_its_length_in_a_header_and_shows_messages_without_taking_them() {
    let account = Account::new().await;
    let length = async |queue: &str| {
        let answer = account.ask(Method::GET, QUEUES, &format!("/{queue}?comp=metadata"), "").await;
        answer.headers()["x-ms-approximate-messages-count"].to_str().unwrap().to_owned()
    };
    assert_eq!((length("ingest").await, length("ingest-dead-letter").await), ("0".to_owned(), "2".to_owned()));
    let message = "<QueueMessage><MessageText>aGVsbG8=</MessageText></QueueMessage>";
    let dead = "/ingest-dead-letter/messages";
    assert_eq!(account.ask(Method::POST, QUEUES, dead, message).await.status(), StatusCode::CREATED);
    for _ in 0..2 {
        let shown = account.text(QUEUES, &format!("{dead}?peekonly=true&numofmessages=32")).await;
        assert!(shown.contains("<MessageText>aGVsbG8=</MessageText>") && shown.contains("<DequeueCount>0<"), "{shown}");
    }
    assert_eq!(account.ask(Method::DELETE, QUEUES, dead, "").await.status(), StatusCode::NO_CONTENT);
    assert_eq!(length("ingest-dead-letter").await, "0");
}

#[tokio::test]
async fn what_waits_is_pushed_while_the_worker_runs_and_goes_to_the_dead_letters_after_five_tries() {
    let account = Account::new().await;
    let bench = &account.bench;
    let state = async || bench.control(Method::GET, "estate", None).await;
    let queues = async || state().await["storage"]["queues"].take();
    let documents = async |index: &str| state().await["search"]["indexes"][index]["documents"].clone();
    let put = async |blob: &str| {
        let body = format!(r#"<QueueMessage><MessageText>{{"blob":"manuals/{blob}"}}</MessageText></QueueMessage>"#);
        account.ask(Method::POST, QUEUES, "/ingest/messages", &body).await
    };
    let switch = async |verb: &str| bench.arm(Method::POST, &format!("/chatbot-worker/{verb}"), None).await;
    account.ask(Method::PUT, BLOBS, "/docs/manuals/returns-11.pdf", "a manual").await;

    switch("stop").await;
    put("returns-11.pdf").await;
    bench.advance(3600).await;
    assert_eq!((queues().await["ingest"].clone(), documents("docs").await), (json!(1), json!(360)), "nobody takes it");
    switch("start").await;
    bench.advance(60).await;
    assert_eq!((queues().await["ingest"].clone(), documents("docs").await), (json!(0), json!(363)));

    put("scan-12.tif").await;
    bench.advance(10).await;
    let hidden = account.text(QUEUES, "/ingest/messages?peekonly=true").await;
    assert!(!hidden.contains("scan-12"), "somebody works on it: {hidden}");
    assert_eq!(queues().await["ingest"], 1, "and it is counted");
    bench.advance(100).await;
    assert_eq!(queues().await, json!({"ingest": 1, "ingest-dead-letter": 2}));
    bench.advance(60).await;
    assert_eq!(queues().await, json!({"ingest": 0, "ingest-dead-letter": 3}));
}

#[tokio::test]
async fn the_worker_writes_into_the_index_of_its_setting() {
    let account = Account::new().await;
    let bench = &account.bench;
    let missing = json!({"INGEST_INDEX": "docs-2"});
    bench.control(Method::POST, "apps/chatbot-worker/production/settings", Some(missing)).await;
    assert_eq!(bench.control(Method::POST, "ingestion", Some(json!({}))).await["messages"], 120);
    bench.advance(3600).await;
    let queues = bench.control(Method::GET, "estate", None).await["storage"]["queues"].take();
    assert_eq!(queues, json!({"ingest": 0, "ingest-dead-letter": 122}), "there is no such index");
}

#[tokio::test]
async fn a_request_without_a_token_or_a_version_is_refused_in_xml() {
    let account = Account::new().await;
    let url = format!("{}/docs?restype=container&comp=list", account.bench.server.endpoint());
    let bare = account.bench.client.get(&url).header("host", BLOBS).send().await.unwrap();
    assert_eq!(bare.status(), StatusCode::UNAUTHORIZED);
    assert!(bare.headers()["www-authenticate"].to_str().unwrap().contains("storage.azure.com"));
    let old = account.bench.client.get(&url).header("host", BLOBS).bearer_auth(&account.token).send().await.unwrap();
    assert_eq!(
        (old.status(), &old.headers()["x-ms-error-code"]),
        (StatusCode::BAD_REQUEST, &"MissingRequiredHeader".parse().unwrap())
    );
}
