//! The service and the account for people and tests.

use serde_json::{Map, Value, json};

use super::wire::field_count;
use crate::sim::clock::Moment;
use crate::sim::estate::Estate;

/// What `/_sim/estate` tells of the service.
pub(crate) fn search(estate: &Estate, at: Moment) -> Value {
    let search = &estate.search;
    let indexes = search
        .indexes
        .iter()
        .map(|(name, index)| (name.clone(), json!({"documents": index.documents.len(), "fields": field_count(index)})));
    let aliases = search.aliases.iter().map(|(name, alias)| (name.clone(), json!(alias.index)));
    let feeding = search.indexers.iter().map(|(name, indexer)| {
        let last = indexer.history(at).into_iter().next();
        let view = json!({
            "index": indexer.text("targetIndexName"),
            "disabled": indexer.is_disabled(),
            "result": last.as_ref().map(|last| last.result),
            "started": last.map(|last| last.started),
        });
        (name.clone(), view)
    });
    json!({
        "indexes": indexes.collect::<Map<_, _>>(),
        "aliases": aliases.collect::<Map<_, _>>(),
        "indexers": feeding.collect::<Map<_, _>>(),
    })
}

/// What `/_sim/estate` tells of the account.
pub(crate) fn storage(estate: &Estate) -> Value {
    let containers = estate.storage.containers.iter().map(|(name, blobs)| (name.clone(), json!(blobs.len())));
    let queues = estate.storage.queues.iter().map(|(name, messages)| (name.clone(), json!(messages.len())));
    json!({"containers": containers.collect::<Map<_, _>>(), "queues": queues.collect::<Map<_, _>>()})
}
