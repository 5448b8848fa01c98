use std::fs;
use std::path::Path;

use callout::base::Value;
use callout::effect::{Call, Meaning, Sent, find, meaning};
use serde_json::Value as Document;

use super::stage::{Answer, Stage};

/// The exchanges of a recording of the Python client's tests.
fn recording(folder: &Path, name: &str) -> Vec<Document> {
    let path = folder.join(format!("recordings/search-data/{name}.jsonl"));
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The answer of an exchange, byte for byte as far as the recorder kept it.
fn answer(exchange: &Document) -> Answer {
    let body = match &exchange["responseBody"] {
        Document::Null => String::new(),
        Document::String(text) => text.clone(),
        document => document.to_string(),
    };
    let headers = exchange["responseHeaders"].as_object().unwrap().iter();
    let kept = headers.filter(|(name, _)| ["content-type", "etag", "request-id"].contains(&name.as_str()));
    let kept = kept.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()));
    Answer {
        status: u16::try_from(exchange["statusCode"].as_u64().unwrap()).unwrap(),
        headers: kept.collect(),
        body: body.into(),
    }
}

/// What our client makes of a recorded exchange with this method and this end of the path, whatever it asks for itself.
async fn replayed(exchanges: &[Document], method: &str, end: &str, call: &Call) -> Value {
    let path = |exchange: &Document| exchange["url"].as_str().unwrap().split('?').next().unwrap().to_owned();
    let found = exchanges.iter().find(|exchange| exchange["method"] == method && path(exchange).ends_with(end));
    let found = found.unwrap_or_else(|| panic!("no {method} …{end}")).clone();
    Stage::new(move |_| {
        let answer = answer(&found);
        Box::pin(async move { answer })
    })
    .await
    .outputs(call)
    .await
}

#[tokio::test]
async fn what_the_service_really_answers_is_understood() {
    let Some(folder) = super::azure_data() else { return };
    let number = |value: &Value, name: &str| value.field(name).cloned();
    let call = |action: &str, more: &[(&str, &str)]| super::call(action, super::args(more));

    let counted = recording(&folder, "test_search_client_basic_live.test_get_document_count");
    let count = replayed(&counted, "GET", "/docs/$count", &call("search.documents.count", &[])).await;
    assert_eq!(number(&count, "count"), Some(Value::Integer(10)), "a number in plain text behind a byte-order mark");

    let ran = recording(&folder, "test_search_indexer_client_live.test_run_indexer");
    let indexer =
        replayed(&ran, "GET", "/indexers", &call("search.indexer.get", &[("indexer", "sample-indexer")])).await;
    assert_eq!(indexer.field("index"), Some(&Value::text("hotels")));
    assert_eq!(indexer.field("etag"), Some(&Value::text("\"0x8D96CBA7CA5BCFA\"")));
    let status = replayed(&ran, "GET", "/search.status", &call("search.indexer.status", &[])).await;
    assert_eq!(status.field("result"), Some(&Value::text("")), "accepted, and the history does not know of it yet");

    let reset = recording(&folder, "test_search_indexer_client_live.test_reset_indexer");
    let status = replayed(&reset, "GET", "/search.status", &call("search.indexer.status", &[])).await;
    assert_eq!(status.field("result"), Some(&Value::text("inProgress")));
    assert_eq!(status.field("reset"), Some(&Value::text("2021-08-31T20:03:49.565000Z")), "kept by the history");

    let listed = recording(&folder, "test_search_index_client_data_source_live.test_delete_datasource");
    let source =
        replayed(&listed, "GET", "/datasources", &call("search.datasource.get", &[("source", "sample-datasource")]))
            .await;
    assert_eq!(
        (source.field("kind"), source.field("container")),
        (Some(&Value::text("azureblob")), Some(&Value::text("searchcontainer")))
    );

    let statistics = recording(&folder, "test_search_index_client_live.test_get_service_statistics");
    let quota = replayed(&statistics, "GET", "/servicestats", &call("search.service.quota", &[])).await;
    assert_eq!((number(&quota, "indexes"), number(&quota, "room")), (Some(Value::Integer(0)), Some(Value::Integer(3))));

    let deleted = recording(&folder, "test_search_index_client_live.test_delete_indexes");
    let gone = replayed(&deleted, "GET", "/indexes", &call("search.index.get", &[("index", "drgqefsg")])).await;
    assert_eq!(gone.field("exists"), Some(&Value::Boolean(false)));

    let facets = recording(&folder, "test_search_client_search_live.test_get_search_facets_result");
    let distinct = replayed(
        &facets,
        "POST",
        "/docs/search.post.search",
        &call("search.documents.distinct", &[("field", "category")]),
    )
    .await;
    assert!(matches!(number(&distinct, "count"), Some(Value::Integer(count)) if count > 0));
}

#[tokio::test]
async fn what_the_service_really_answers_to_a_run_and_a_reset_is_whole_without_an_operation_to_ask_about() {
    let Some(folder) = super::azure_data() else { return };
    let exchanges =
        [("test_run_indexer", "search.indexer.run", 202), ("test_reset_indexer", "search.indexer.reset", 204)];
    for (name, action, status) in exchanges {
        let all = recording(&folder, &format!("test_search_indexer_client_live.{name}"));
        let found = all.into_iter().find(|exchange| exchange["statusCode"] == status).unwrap();
        let stage = Stage::new(move |_| {
            let answer = answer(&found);
            Box::pin(async move { answer })
        });
        let (row, call) = (find(action).unwrap(), super::call(action, super::args(&[])));
        let sent = stage.await.send(&call).await;
        assert!(
            matches!(&sent, Sent::Answered(reply) if reply.status == status && reply.request_id.is_some()),
            "{sent:?}"
        );
        let meaning = meaning(&sent, row.class, false, |reply| (row.parse)(&call.args, std::slice::from_ref(reply)));
        assert!(matches!(meaning, Meaning::Happened { .. }), "{action}: {meaning:?}");
    }
}
