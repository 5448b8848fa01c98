//! The documents that the service answers with.

use serde_json::{Value, json};

use super::document::Document;
use super::index::Index;
use super::indexer::{Ended, Indexer};
use super::service::{Alias, Search};
use crate::sim::answer::Answer;
use crate::sim::clock::Moment;

/// How many indexes the service may have; a service of the tier Basic has 15.
pub(crate) const MOST_INDEXES: usize = 15;
/// What a document takes, in bytes.
const OF_A_DOCUMENT: usize = 4_096;

/// A definition with its name and its entity tag.
fn named(definition: &Document, name: &str, etag: &str) -> Value {
    let mut document = definition.clone();
    document.insert("name".to_owned(), name.into());
    document.insert("@odata.etag".to_owned(), etag.into());
    document.into()
}

pub(crate) fn index(name: &str, index: &Index) -> Value {
    named(&index.definition, name, &index.etag)
}

pub(crate) fn source(name: &str, source: &super::service::Source) -> Value {
    named(&source.definition, name, &source.etag)
}

pub(crate) fn indexer(name: &str, indexer: &Indexer) -> Value {
    named(&indexer.definition, name, &indexer.etag)
}

pub(crate) fn alias(name: &str, alias: &Alias) -> Value {
    json!({"@odata.etag": alias.etag, "name": name, "indexes": [alias.index]})
}

pub(crate) fn statistics(index: &Index, at: Moment) -> Value {
    let documents = index.counted(at);
    json!({"documentCount": documents, "storageSize": documents * OF_A_DOCUMENT, "vectorIndexSize": 0})
}

pub(crate) fn service_statistics(search: &Search, at: Moment) -> Value {
    let documents: usize = search.indexes.values().map(|index| index.counted(at)).sum();
    let of = |usage: usize, quota: Value| json!({"usage": usage, "quota": quota});
    json!({
        "counters": {
            "documentCount": of(documents, Value::Null),
            "indexesCount": of(search.indexes.len(), json!(MOST_INDEXES)),
            "indexersCount": of(search.indexers.len(), json!(MOST_INDEXES)),
            "dataSourcesCount": of(search.sources.len(), json!(MOST_INDEXES)),
            "storageSize": of(documents * OF_A_DOCUMENT, json!(2_147_483_648_u64)),
            "synonymMaps": of(0, json!(3)),
            "skillsetCount": of(0, json!(MOST_INDEXES)),
            "vectorIndexSize": of(0, json!(1_073_741_824_u64)),
        },
        "limits": {
            "maxFieldsPerIndex": 1000,
            "maxFieldNestingDepthPerIndex": 10,
            "maxComplexCollectionFieldsPerIndex": 40,
            "maxComplexObjectsInCollectionsPerDocument": 3000,
        },
    })
}

pub(crate) fn status(indexer: &Indexer, at: Moment) -> Value {
    let history = indexer.history(at);
    let mut document = json!({
        "status": "running",
        "executionHistory": history.iter().filter(|run| run.until.is_some()).map(execution).collect::<Vec<_>>(),
        "limits": {"maxRunTime": "PT24H", "maxDocumentExtractionSize": 16_777_216, "maxDocumentContentCharactersToExtract": 64_000},
    });
    if let Some(last) = history.first() {
        document["lastResult"] = execution(last);
    }
    document
}

fn execution(run: &Ended) -> Value {
    let mut document = json!({
        "status": run.result,
        "startTime": run.started.milliseconds_text(),
        "endTime": run.until.map(Moment::milliseconds_text),
        "errors": [],
        "warnings": [],
        "itemsProcessed": run.processed,
        "itemsFailed": run.failed,
    });
    if let Some(message) = &run.message {
        document["errorMessage"] = json!(message);
        document["errors"] = json!([{"errorMessage": message, "statusCode": 503}]);
    }
    document
}

/// An answer with one resource, whose tag stands in a header too.
pub(crate) fn answer(status: axum::http::StatusCode, document: &Value) -> Answer {
    let answer = Answer::json(status, document).with("odata-version", "4.0");
    match document["@odata.etag"].as_str() {
        Some(etag) => answer.with("etag", &format!("W/{etag}")),
        None => answer,
    }
}
