//! An index: its definition, its documents, and what the service has counted of them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::document::Document;
use crate::sim::clock::Moment;

/// How far the statistics lag behind, in estate seconds.
const STATISTICS_LAG: i64 = 180;

/// An index with its documents, by their keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Index {
    pub(crate) definition: Document,
    pub(crate) etag: String,
    pub(crate) documents: BTreeMap<String, Document>,
    /// How many documents there were from when on, oldest first; what is older than the lag is one entry.
    counted: Vec<(Moment, usize)>,
}

impl Index {
    /// An empty one.
    pub(crate) fn new(at: Moment, definition: Document) -> Self {
        Self { definition, etag: etag(at), documents: BTreeMap::new(), counted: vec![(at, 0)] }
    }

    /// Takes another definition, which the wire has found to be allowed.
    pub(crate) fn redefine(&mut self, at: Moment, definition: Document) {
        self.definition = definition;
        self.etag = etag(at);
    }

    /// The name of the key field.
    pub(crate) fn key(&self) -> Option<&str> {
        let keys = fields(&self.definition).iter().find(|field| field["key"] == json!(true))?;
        keys["name"].as_str()
    }

    /// Writes a document, the fields that the index has; whether it has a key.
    fn write(&mut self, document: &Document) -> bool {
        let Some(key) = self.key().and_then(|key| document.get(key)).and_then(Value::as_str).map(str::to_owned) else {
            return false;
        };
        let has = |name: &str| fields(&self.definition).iter().any(|field| field["name"] == name);
        let kept = document.iter().filter(|(name, _)| has(name)).map(|(name, value)| (name.clone(), value.clone()));
        let kept = kept.collect();
        self.documents.insert(key, kept);
        true
    }

    /// Writes documents; how many of them have no key.
    pub(crate) fn write_all(&mut self, documents: &[Document]) -> usize {
        documents.iter().filter(|document| !self.write(document)).count()
    }

    /// Takes note that documents were written or deleted.
    pub(crate) fn count(&mut self, at: Moment) {
        self.counted.push((at, self.documents.len()));
        let old = self.counted.iter().take_while(|(then, _)| then.plus_seconds(STATISTICS_LAG) <= at).count();
        self.counted.drain(..old.saturating_sub(1));
    }

    /// How many documents the statistics tell of.
    pub(crate) fn counted(&self, at: Moment) -> usize {
        let known = self.counted.iter().rev().find(|(then, _)| then.plus_seconds(STATISTICS_LAG) <= at);
        known.map_or(0, |(_, count)| *count)
    }
}

/// The fields of a definition.
pub(crate) fn fields(definition: &Document) -> &[Value] {
    definition.get("fields").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The entity tag of what was written at that moment.
pub(crate) fn etag(at: Moment) -> String {
    format!("\"0x{:X}\"", at.microseconds())
}

/// Why a definition cannot take the place of another one: a field that is gone, or that is another by now.
pub(crate) fn refused(old: &Document, new: &Document) -> Option<String> {
    for field in fields(old) {
        let name = field["name"].as_str().unwrap_or_default();
        match fields(new).iter().find(|other| other["name"] == name) {
            None => return Some(format!("Existing field(s) '{name}' cannot be deleted.")),
            Some(other) if other != field => return Some(format!("Existing field '{name}' cannot be changed.")),
            Some(_) => {}
        }
    }
    None
}

/// A definition as the service keeps it: what is left out of a field gets what the service takes for granted.
pub(crate) fn normalised(mut definition: Document) -> Result<Document, String> {
    let given = fields(&definition).to_vec();
    if given.is_empty() {
        return Err(
            "The request is invalid. Details: index : The index definition must have at least one field.".into()
        );
    }
    let mut all = Vec::new();
    for field in given {
        let (Some(name), Some(kind)) = (field["name"].as_str(), field["type"].as_str()) else {
            return Err("The request is invalid. Details: index : A field must have a name and a type.".into());
        };
        let is_text = kind == "Edm.String" || kind == "Collection(Edm.String)";
        let flag = |member: &str, usual: bool| field[member].as_bool().unwrap_or(usual);
        let single = !kind.starts_with("Collection");
        all.push(json!({
            "name": name,
            "type": kind,
            "key": flag("key", false),
            "retrievable": flag("retrievable", true),
            "stored": flag("stored", true),
            "searchable": flag("searchable", is_text),
            "filterable": flag("filterable", true),
            "sortable": flag("sortable", single),
            "facetable": flag("facetable", true),
            "synonymMaps": [],
        }));
    }
    if all.iter().filter(|field| field["key"] == json!(true)).count() != 1 {
        return Err("The request is invalid. Details: index : Each index must have one and only one key field.".into());
    }
    definition.insert("fields".to_owned(), all.into());
    definition.retain(|name, value| !name.starts_with('@') && !value.is_null());
    Ok(definition)
}
