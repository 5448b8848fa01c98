//! The service: everything in it by name, and what changes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::document::{self, Document};
use super::index::{Index, etag, normalised};
use super::indexer::{Indexer, Twist};
use crate::sim::clock::Moment;
use crate::sim::storage::Account;

/// How long a change of an alias takes to reach the readers, in estate seconds.
const ALIAS_LAG: i64 = 10;
const DAY: i64 = 24 * 3600;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Search {
    pub(crate) indexes: BTreeMap<String, Index>,
    pub(crate) aliases: BTreeMap<String, Alias>,
    pub(crate) sources: BTreeMap<String, Source>,
    pub(crate) indexers: BTreeMap<String, Indexer>,
}

/// An alias: what it stands for, and what readers still get for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Alias {
    pub(crate) index: String,
    pub(crate) etag: String,
    former: Option<(String, Moment)>,
}

/// A data source. How it is connected is not kept: the service never tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) definition: Document,
    pub(crate) etag: String,
}

/// A change of the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Changed {
    IndexSet {
        name: String,
        definition: Document,
    },
    IndexDeleted {
        name: String,
    },
    AliasSet {
        name: String,
        index: String,
    },
    AliasDeleted {
        name: String,
    },
    SourceSet {
        name: String,
        definition: Document,
    },
    SourceDeleted {
        name: String,
    },
    IndexerSet {
        name: String,
        definition: Document,
    },
    IndexerDeleted {
        name: String,
    },
    IndexerReset {
        name: String,
    },
    RunStarted {
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        twist: Option<Twist>,
    },
    /// What a client pushes: documents to write, and keys to delete.
    Pushed {
        index: String,
        written: Vec<Document>,
        deleted: Vec<String>,
    },
}

impl Search {
    /// The service as it is found: the index `docs` with all manuals, the alias `chatbot-docs` that the app asks, and an
    /// indexer that ran last night and will run again tonight.
    pub(crate) fn begin(at: Moment, account: &Account) -> Self {
        let last_night = at.plus_seconds(-at.seconds().rem_euclid(DAY) + 2 * 3600);
        let last_night = if last_night > at { last_night.plus_seconds(-DAY) } else { last_night };
        let mut docs = Index::new(last_night, normalised(definition()).unwrap_or_default());
        let mut manuals = 0;
        for (blob, found) in account.containers.get(crate::sim::storage::DOCS).into_iter().flatten() {
            if document::is_manual(blob) {
                manuals += 1;
                docs.write_all(&document::parts(blob, found.modified));
            }
        }
        docs.count(last_night);
        let long_ago = at.plus_seconds(-60 * DAY);
        let alias = Alias { index: "docs".to_owned(), etag: etag(long_ago), former: None };
        let source = Source { definition: source(), etag: etag(long_ago) };
        let indexer = Indexer::found(last_night, indexer(last_night), manuals);
        Self {
            indexes: BTreeMap::from([("docs".to_owned(), docs)]),
            aliases: BTreeMap::from([("chatbot-docs".to_owned(), alias)]),
            sources: BTreeMap::from([("docs-blobs".to_owned(), source)]),
            indexers: BTreeMap::from([("docs-indexer".to_owned(), indexer)]),
        }
    }

    /// The index that a reader gets under a name, which may be an alias.
    pub(crate) fn read(&self, name: &str, at: Moment) -> Option<&Index> {
        let of_alias = self.aliases.get(name).map(|alias| match &alias.former {
            Some((former, until)) if at < *until && self.indexes.contains_key(former) => former.as_str(),
            _ => alias.index.as_str(),
        });
        self.indexes.get(of_alias.unwrap_or(name))
    }

    /// Applies one change; one that names what is not there does nothing.
    pub(crate) fn apply(&mut self, at: Moment, change: &Changed, account: &Account) {
        match change {
            Changed::IndexSet { name, definition } => match self.indexes.get_mut(name) {
                Some(index) => index.redefine(at, definition.clone()),
                None => drop(self.indexes.insert(name.clone(), Index::new(at, definition.clone()))),
            },
            Changed::IndexDeleted { name } => drop(self.indexes.remove(name)),
            Changed::AliasSet { name, index } => {
                let former = self.aliases.remove(name).map(|alias| (alias.index, at.plus_seconds(ALIAS_LAG)));
                self.aliases.insert(name.clone(), Alias { index: index.clone(), etag: etag(at), former });
            }
            Changed::AliasDeleted { name } => drop(self.aliases.remove(name)),
            Changed::SourceSet { name, definition } => {
                self.sources.insert(name.clone(), Source { definition: definition.clone(), etag: etag(at) });
            }
            Changed::SourceDeleted { name } => drop(self.sources.remove(name)),
            Changed::IndexerSet { name, definition } => match self.indexers.get_mut(name) {
                Some(indexer) => indexer.redefine(at, definition.clone()),
                None => {
                    let indexer = Indexer::new(at, definition.clone());
                    let is_disabled = indexer.is_disabled();
                    self.indexers.insert(name.clone(), indexer);
                    if !is_disabled {
                        self.run(at, name, None, account);
                    }
                }
            },
            Changed::IndexerDeleted { name } => drop(self.indexers.remove(name)),
            Changed::IndexerReset { name } => {
                if let Some(indexer) = self.indexers.get_mut(name) {
                    indexer.reset(at);
                }
            }
            Changed::RunStarted { name, twist } => self.run(at, name, *twist, account),
            Changed::Pushed { index, written, deleted } => {
                if let Some(index) = self.indexes.get_mut(index) {
                    index.write_all(written);
                    index.documents.retain(|key, _| !deleted.contains(key));
                    index.count(at);
                }
            }
        }
    }

    /// Writes the parts of a blob into an index, which an alias may name too; whether that could be done.
    pub(crate) fn push(&mut self, at: Moment, name: &str, blob: &str, modified: Moment) -> bool {
        let name = self.aliases.get(name).map_or(name, |alias| alias.index.as_str());
        let Some(index) = self.indexes.get_mut(name).filter(|_| document::is_manual(blob)) else { return false };
        let is_whole = index.write_all(&document::parts(blob, modified)) == 0;
        index.count(at);
        is_whole
    }

    fn run(&mut self, at: Moment, name: &str, twist: Option<Twist>, account: &Account) {
        let container = self.container(name);
        if let Some(indexer) = self.indexers.get_mut(name) {
            indexer.run(at, account, &container, twist);
        }
    }

    /// The container that an indexer reads.
    fn container(&self, indexer: &str) -> String {
        let source = self.indexers.get(indexer).and_then(|indexer| self.sources.get(indexer.text("dataSourceName")));
        source.and_then(|source| source.definition["container"]["name"].as_str()).unwrap_or_default().to_owned()
    }

    /// The indexer that something comes due for next, and when.
    pub(crate) fn due(&self) -> Option<(Moment, String)> {
        let all = self.indexers.iter().filter_map(|(name, indexer)| Some((indexer.due()?, name)));
        all.min().map(|(due, name)| (due, name.clone()))
    }

    /// Lets happen what comes due for an indexer at that moment.
    pub(crate) fn come_due(&mut self, at: Moment, name: &str, account: &Account) {
        let container = self.container(name);
        if let Some(indexer) = self.indexers.get_mut(name) {
            indexer.come_due(at, &mut self.indexes, account, &container);
        }
    }
}

fn object(document: Value) -> Document {
    if let Value::Object(members) = document { members } else { Document::new() }
}

/// The definition of the index `docs`.
fn definition() -> Document {
    object(json!({
        "name": "docs",
        "fields": [
            {"name": "chunk_id", "type": "Edm.String", "key": true, "searchable": false, "facetable": false},
            {"name": "parent_id", "type": "Edm.String", "searchable": false},
            {"name": "title", "type": "Edm.String", "facetable": false},
            {"name": "content", "type": "Edm.String", "filterable": false, "sortable": false, "facetable": false},
            {"name": "group", "type": "Edm.String", "searchable": false},
            {"name": "modified", "type": "Edm.DateTimeOffset", "facetable": false},
        ],
    }))
}

fn source() -> Document {
    object(
        json!({"name": "docs-blobs", "type": "azureblob", "credentials": {}, "container": {"name": "docs", "query": "manuals"}}),
    )
}

fn indexer(start: Moment) -> Document {
    object(json!({
        "name": "docs-indexer",
        "dataSourceName": "docs-blobs",
        "targetIndexName": "docs",
        "schedule": {"interval": "P1D", "startTime": start.seconds_text()},
        "parameters": {"configuration": {"indexedFileNameExtensions": ".pdf", "dataToExtract": "contentAndMetadata"}},
        "disabled": false,
    }))
}
