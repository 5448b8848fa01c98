use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{ARM, Bench};

const SEARCH: &str = "chatbot-search.search.windows.net";
const STABLE: &str = "api-version=2024-07-01";
const PREVIEW: &str = "api-version=2024-09-01-preview";

/// A bench with a token for the service.
struct Service {
    bench: Bench,
    token: String,
}

impl Service {
    async fn new() -> Self {
        let bench = Bench::new().await;
        let token = bench.token("https://search.azure.com/.default", "simulated").await["access_token"].clone();
        Self { bench, token: token.as_str().unwrap().to_owned() }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        condition: &[(&str, &str)],
        body: Option<Value>,
    ) -> reqwest::Response {
        let url = format!("{}{path}", self.bench.server.endpoint());
        let mut request = self.bench.client.request(method, url).header("host", SEARCH).bearer_auth(&self.token);
        for (name, value) in condition {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        request.send().await.unwrap()
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let prefer = [("prefer", "return=representation")];
        super::document(self.send(method, path, &prefer, body).await).await
    }

    async fn get(&self, path: &str) -> Value {
        let (status, document) = self.ask(Method::GET, path, None).await;
        assert_eq!(status, StatusCode::OK, "{path}: {document}");
        document
    }

    /// The documents that are counted under a name.
    async fn count(&self, name: &str) -> i64 {
        let answer = self.send(Method::GET, &format!("/indexes('{name}')/docs/$count?{STABLE}"), &[], None).await;
        assert_eq!(answer.headers()["content-type"], "text/plain");
        let text = answer.bytes().await.unwrap();
        let text = text.strip_prefix(b"\xef\xbb\xbf").expect("a byte-order mark");
        std::str::from_utf8(text).unwrap().parse().unwrap()
    }

    /// Creates an empty index like `docs`.
    async fn side_by_side(&self, name: &str) -> StatusCode {
        let mut definition = self.get(&format!("/indexes('docs')?{STABLE}")).await;
        definition["name"] = json!(name);
        self.ask(Method::PUT, &format!("/indexes('{name}')?{STABLE}"), Some(definition)).await.0
    }

    /// Creates a disabled indexer that writes that index, and starts it.
    async fn run_into(&self, index: &str) -> String {
        let name = format!("{index}-indexer");
        let definition =
            json!({"name": name, "dataSourceName": "docs-blobs", "targetIndexName": index, "disabled": true});
        let made = self.ask(Method::PUT, &format!("/indexers('{name}')?{STABLE}"), Some(definition)).await;
        assert_eq!(made.0, StatusCode::CREATED, "{}", made.1);
        assert_eq!(self.run(&name).await, StatusCode::ACCEPTED);
        name
    }

    async fn run(&self, indexer: &str) -> StatusCode {
        self.ask(Method::POST, &format!("/indexers('{indexer}')/search.run?{STABLE}"), None).await.0
    }

    async fn last(&self, indexer: &str) -> Value {
        self.get(&format!("/indexers('{indexer}')/search.status?{STABLE}")).await["lastResult"].take()
    }

    async fn alias_to(&self, index: &str) -> StatusCode {
        let body = json!({"name": "chatbot-docs", "indexes": [index]});
        self.ask(Method::PUT, &format!("/aliases('chatbot-docs')?{PREVIEW}"), Some(body)).await.0
    }
}

#[tokio::test]
async fn a_new_index_is_filled_by_a_run_that_takes_its_time_and_told_by_a_history_that_lags() {
    let service = Service::new().await;
    assert_eq!(service.side_by_side("docs-2").await, StatusCode::CREATED);
    let indexer = service.run_into("docs-2").await;
    assert_eq!(service.last(&indexer).await, Value::Null, "accepted, and not in the history yet");
    assert_eq!(service.run(&indexer).await, StatusCode::CONFLICT);
    service.bench.advance(60).await;
    let last = service.last(&indexer).await;
    assert_eq!((&last["status"], service.count("docs-2").await), (&json!("inProgress"), 0));
    assert!(last["itemsProcessed"].as_i64().unwrap() > 0 && last["endTime"].is_null());
    service.bench.advance(200).await;
    assert_eq!(service.last(&indexer).await["status"], "success");
    assert_eq!(service.count("docs-2").await, 360);
    let stats =
        async || service.get(&format!("/indexes('docs-2')/search.stats?{STABLE}")).await["documentCount"].clone();
    assert_eq!(stats().await, 0, "statistics lag behind the count");
    service.bench.advance(200).await;
    assert_eq!(stats().await, 360);
}

#[tokio::test]
async fn an_alias_reaches_its_readers_after_a_while_and_keeps_its_index_from_being_deleted() {
    let service = Service::new().await;
    service.side_by_side("docs-2").await;
    assert_eq!(service.alias_to("docs-2").await, StatusCode::OK);
    let shown = service.get(&format!("/aliases('chatbot-docs')?{PREVIEW}")).await;
    assert_eq!((&shown["indexes"][0], service.count("chatbot-docs").await), (&json!("docs-2"), 360));
    service.bench.advance(10).await;
    assert_eq!(service.count("chatbot-docs").await, 0);
    assert_eq!(service.bench.get("chatbot-web.azurewebsites.net", "/version").await.0, StatusCode::OK);
    let (status, refusal) = service.ask(Method::DELETE, &format!("/indexes('docs-2')?{STABLE}"), None).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(refusal["error"]["message"].as_str().unwrap().contains("chatbot-docs"), "{refusal}");
    assert_eq!(
        service.ask(Method::DELETE, &format!("/indexes('docs')?{STABLE}"), None).await.0,
        StatusCode::NO_CONTENT
    );
    assert_eq!(service.alias_to("nothing").await, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_app_answers_from_what_its_alias_stands_for() {
    let service = Service::new().await;
    let sources = async || {
        let (_, answer) = service.bench.get("chatbot-web-staging.azurewebsites.net", "/api/ask").await;
        answer["sources"].clone()
    };
    assert_eq!(sources().await, 3);
    service.side_by_side("docs-2").await;
    service.alias_to("docs-2").await;
    service.bench.advance(10).await;
    assert_eq!(sources().await, 0);
}

#[tokio::test]
async fn the_nightly_run_feeds_the_index_of_its_definition_whatever_the_alias_says() {
    let service = Service::new().await;
    service.side_by_side("docs-2").await;
    service.alias_to("docs-2").await;
    let before = service.last("docs-indexer").await["startTime"].clone();
    service.bench.advance(24 * 3600).await;
    let last = service.last("docs-indexer").await;
    assert_ne!(last["startTime"], before);
    assert_eq!((&last["status"], &last["itemsProcessed"]), (&json!("success"), &json!(0)), "nothing has changed");
    assert_eq!((service.count("docs").await, service.count("docs-2").await), (360, 0));
    // Pointed at the new index it goes on where it stopped; only after a reset it reads everything.
    let mut definition = service.get(&format!("/indexers('docs-indexer')?{STABLE}")).await;
    definition["targetIndexName"] = json!("docs-2");
    service.ask(Method::PUT, &format!("/indexers('docs-indexer')?{STABLE}"), Some(definition.clone())).await;
    service.run("docs-indexer").await;
    service.bench.advance(300).await;
    assert_eq!(service.count("docs-2").await, 0);
    let reset = service.ask(Method::POST, &format!("/indexers('docs-indexer')/search.reset?{STABLE}"), None).await;
    assert_eq!((reset.0, &service.last("docs-indexer").await["status"]), (StatusCode::NO_CONTENT, &json!("reset")));
    service.run("docs-indexer").await;
    service.bench.advance(300).await;
    assert_eq!(service.count("docs-2").await, 360);
    definition["disabled"] = json!(true);
    service.ask(Method::PUT, &format!("/indexers('docs-indexer')?{STABLE}"), Some(definition)).await;
    let before = service.last("docs-indexer").await["startTime"].clone();
    service.bench.advance(48 * 3600).await;
    assert_eq!(service.last("docs-indexer").await["startTime"], before, "disabled, it never runs by itself");
}

#[tokio::test]
async fn a_run_can_fail_halfway_or_report_success_with_fewer_documents() {
    let service = Service::new().await;
    for (fault, result, documents) in [("halfway", "transientFailure", 180), ("short", "success", 270)] {
        let index = format!("docs-{fault}");
        service.side_by_side(&index).await;
        let rule = json!({"method": "POST", "path": "search.run", "do": fault});
        service.bench.control(Method::POST, "faults", Some(rule)).await;
        let indexer = service.run_into(&index).await;
        service.bench.advance(300).await;
        assert_eq!(service.last(&indexer).await["status"], result);
        assert_eq!(service.count(&index).await, documents, "{fault}");
        service.run(&indexer).await;
        service.bench.advance(300).await;
        let all = if fault == "halfway" { 360 } else { 270 };
        assert_eq!(service.count(&index).await, all, "what was left out in silence is not read again");
    }
}

#[tokio::test]
async fn fields_can_be_added_and_neither_changed_nor_deleted() {
    let service = Service::new().await;
    let path = format!("/indexes('docs')?{STABLE}");
    let definition = service.get(&path).await;
    let mut more = definition.clone();
    more["fields"].as_array_mut().unwrap().push(json!({"name": "language", "type": "Edm.String"}));
    assert_eq!(service.ask(Method::PUT, &path, Some(more)).await.0, StatusCode::OK);
    for (place, change) in [(3, json!("Edm.Int32")), (4, Value::Null)] {
        let mut other = definition.clone();
        if change.is_null() {
            other["fields"].as_array_mut().unwrap().remove(place);
        } else {
            other["fields"][place]["type"] = change;
        }
        let (status, refusal) = service.ask(Method::PUT, &path, Some(other)).await;
        assert_eq!((status, &refusal["error"]["code"]), (StatusCode::BAD_REQUEST, &json!("OperationNotAllowed")));
    }
}

#[tokio::test]
async fn a_condition_that_does_not_hold_changes_nothing_and_quota_bounds_the_indexes() {
    let service = Service::new().await;
    let body = || json!({"name": "chatbot-docs", "indexes": ["docs"]});
    let path = format!("/aliases('chatbot-docs')?{PREVIEW}");
    let etag = service.get(&path).await["@odata.etag"].as_str().unwrap().to_owned();
    for (condition, status) in
        [(("if-none-match", "*"), 412), (("if-match", "\"0x1\""), 412), (("if-match", etag.as_str()), 200)]
    {
        let prefer = ("prefer", "return=representation");
        let answer = service.send(Method::PUT, &path, &[prefer, condition], Some(body())).await;
        assert_eq!(answer.status().as_u16(), status, "{condition:?}");
    }
    for number in 2..=15 {
        assert_eq!(service.side_by_side(&format!("docs-{number}")).await, StatusCode::CREATED);
    }
    assert_eq!(service.side_by_side("docs-16").await, StatusCode::TOO_MANY_REQUESTS);
    let counters = service.get(&format!("/servicestats?{STABLE}")).await["counters"]["indexesCount"].clone();
    assert_eq!(counters, json!({"usage": 15, "quota": 15}));
}

#[tokio::test]
async fn a_query_finds_by_terms_and_filter_and_counts_parents_by_a_facet() {
    let service = Service::new().await;
    let query = async |rest: &str| service.get(&format!("/indexes('docs')/docs?{STABLE}&{rest}")).await;
    let found = query("search=returns&$count=true&$top=2&$select=parent_id").await;
    assert_eq!((&found["@odata.count"], found["value"].as_array().unwrap().len()), (&json!(30), 2));
    assert!(found["value"][0]["content"].is_null());
    let staff = query("search=*&$count=true&$top=0&$filter=group%20eq%20'staff'").await;
    assert_eq!(staff["@odata.count"], 36);
    let facets = query("search=*&$top=0&facet=parent_id%2Ccount%3A0").await;
    assert_eq!(facets["@search.facets"]["parent_id"].as_array().unwrap().len(), 120);
    assert_eq!(
        query("search=*&$top=0&facet=parent_id").await["@search.facets"]["parent_id"].as_array().unwrap().len(),
        10
    );
    let (status, _) =
        service.ask(Method::GET, &format!("/indexes('docs')/docs?{STABLE}&$filter=content%20eq%20'x'"), None).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "a field that is not filterable");
}

#[tokio::test]
async fn a_missing_document_is_404_without_a_body_and_a_pushed_one_is_found_at_once() {
    let service = Service::new().await;
    let missing = service.send(Method::GET, &format!("/indexes('docs')/docs('nobody')?{STABLE}"), &[], None).await;
    assert_eq!((missing.status(), missing.text().await.unwrap()), (StatusCode::NOT_FOUND, String::new()));
    let push =
        json!({"value": [{"@search.action": "upload", "chunk_id": "nobody", "parent_id": "x", "title": "Zebra"}]});
    let (status, answer) =
        service.ask(Method::POST, &format!("/indexes('docs')/docs/search.index?{STABLE}"), Some(push)).await;
    assert_eq!((status, &answer["value"][0]["status"]), (StatusCode::OK, &json!(true)));
    let found = service.get(&format!("/indexes('docs')/docs?{STABLE}&search=zebra&$count=true")).await;
    assert_eq!((&found["@odata.count"], service.count("docs").await), (&json!(1), 361));
    let delete = json!({"value": [{"@search.action": "delete", "chunk_id": "nobody"}]});
    service.ask(Method::POST, &format!("/indexes('chatbot-docs')/docs/search.index?{STABLE}"), Some(delete)).await;
    assert_eq!(service.count("docs").await, 360);
}

#[tokio::test]
async fn an_indexer_that_is_not_created_disabled_runs_at_once_and_none_writes_an_alias() {
    let service = Service::new().await;
    service.side_by_side("docs-2").await;
    let set = async |index: &str| {
        let definition = json!({"name": "eager", "dataSourceName": "docs-blobs", "targetIndexName": index});
        service.ask(Method::PUT, &format!("/indexers('eager')?{STABLE}"), Some(definition)).await
    };
    assert_eq!(set("chatbot-docs").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(set("docs-2").await.0, StatusCode::CREATED);
    assert_eq!(service.run("eager").await, StatusCode::CONFLICT);
    service.bench.advance(300).await;
    assert_eq!(service.count("docs-2").await, 360);
}

#[tokio::test]
async fn without_a_token_or_a_version_nothing_is_told_and_resource_manager_knows_the_service() {
    let service = Service::new().await;
    assert_eq!(service.bench.get(SEARCH, &format!("/indexes?{STABLE}")).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(service.ask(Method::GET, "/indexes", None).await.0, StatusCode::BAD_REQUEST);
    let path = "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/chatbot-rg/providers/Microsoft.Search/\
                searchServices/chatbot-search?api-version=2023-11-01";
    let (status, resource) = service.bench.get(ARM, path).await;
    assert_eq!((status, &resource["properties"]["status"]), (StatusCode::OK, &json!("running")));
}
