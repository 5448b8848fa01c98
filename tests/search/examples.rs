use std::collections::BTreeMap;
use std::fs;

use callout::base::Value;
use callout::effect::{Class, Reply, catalogue};
use serde_json::Value as Document;

/// The operations of ours that have published examples of a good answer, and how many answers that are, over all versions
/// of the service. Where Microsoft has none (a facet), the simulator and the recordings stand alone.
const EXPECTED: &[(&str, usize)] = &[
    ("search.alias.get", 1),
    ("search.alias.set", 2),
    ("search.datasource.get", 1),
    ("search.documents.count", 1),
    ("search.documents.query", 2),
    ("search.index.create", 2),
    ("search.index.delete", 1),
    ("search.index.get", 1),
    ("search.index.statistics", 1),
    ("search.index.update", 2),
    ("search.indexer.delete", 1),
    ("search.indexer.get", 1),
    ("search.indexer.reset", 1),
    ("search.indexer.run", 1),
    ("search.indexer.set", 2),
    ("search.indexer.status", 1),
    ("search.service.get", 1),
    ("search.service.quota", 1),
];

#[test]
fn every_published_answer_to_an_operation_of_ours_is_understood() {
    let Some(folder) = super::azure_data() else { return };
    let text = fs::read_to_string(folder.join("examples.jsonl")).unwrap();
    let examples: Vec<Document> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut understood: BTreeMap<&str, usize> = BTreeMap::new();
    for row in catalogue().filter(|row| row.name.starts_with("search.")) {
        // The one about facets has no example, because none of the examples asks for one.
        if row.name == "search.documents.distinct" {
            continue;
        }
        for example in &examples {
            let is_ours = example["operationId"].as_str() == row.operation_id
                && example["spec"]
                    .as_str()
                    .is_some_and(|spec| spec.contains("earch") && spec.contains(row.api_version.unwrap()));
            let status = u16::try_from(example["statusCode"].as_u64().unwrap()).unwrap();
            if !is_ours || !(200..300).contains(&status) {
                continue;
            }
            let body = example["responseBody"].clone();
            let reply = if body.is_null() { Reply::empty(status) } else { Reply::json(status, body.clone()) };
            let read = (row.parse)(&super::args(&[]), &[reply]);
            let outputs = read.unwrap_or_else(|why| panic!("{}: {why}: {body}", row.name));
            assert!(!outputs.to_string().contains("AccountKey"), "{}", row.name);
            assert!(row.class != Class::R || matches!(outputs, Value::Record(ref fields) if !fields.is_empty()));
            *understood.entry(row.name).or_default() += 1;
        }
    }
    assert_eq!(understood.into_iter().collect::<Vec<_>>(), EXPECTED);
}
