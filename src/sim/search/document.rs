//! What an indexer makes of a blob: three parts of a manual.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::sim::clock::Moment;

/// A document of an index: its fields.
pub(crate) type Document = Map<String, Value>;

/// How many parts a manual is cut into.
pub(crate) const PARTS: u32 = 3;

/// Whether an indexer reads a blob of that name.
pub(crate) fn is_manual(blob: &str) -> bool {
    blob.rsplit_once('.').is_some_and(|(_, end)| end.eq_ignore_ascii_case("pdf"))
}

/// The parts of a manual. The key field of an index that takes them is `chunk_id`.
pub(crate) fn parts(blob: &str, modified: Moment) -> Vec<Document> {
    let stem = blob.rsplit('/').next().unwrap_or(blob).trim_end_matches(".pdf");
    let (topic, number) = stem.rsplit_once('-').unwrap_or((stem, "01"));
    // Every tenth manual is for the staff alone.
    let group = if number == "10" { "staff" } else { "everyone" };
    let part = |part: u32| {
        let document = json!({
            "chunk_id": format!("{}_{part}", URL_SAFE_NO_PAD.encode(blob)),
            "parent_id": blob,
            "title": format!("Manual {number} about {topic}"),
            "content": format!("Part {part} of {PARTS}: what a customer should know about {topic}, and what to answer."),
            "group": group,
            "modified": modified.seconds_text(),
        });
        if let Value::Object(fields) = document { fields } else { Document::new() }
    };
    (1..=PARTS).map(part).collect()
}
