//! What a query finds: terms, filters of equality, and facets.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::document::Document;
use super::index::{Index, fields};
use crate::sim::asked::Asked;

/// So many documents are shown where nothing is said, and so many at most.
const USUAL: usize = 50;
const MOST: usize = 1000;
/// So many values of a facet are shown where nothing is said.
const USUAL_FACETS: usize = 10;

/// A query, however it was sent.
#[derive(Debug, Default)]
pub(crate) struct Query {
    pub(crate) search: String,
    pub(crate) filter: Option<String>,
    pub(crate) select: Option<String>,
    pub(crate) facets: Vec<String>,
    pub(crate) count: bool,
    pub(crate) top: Option<usize>,
    pub(crate) skip: usize,
}

impl Query {
    /// As it stands in an address.
    pub(crate) fn of_address(asked: &Asked) -> Self {
        let number = |name: &str| asked.parameter(name).and_then(|text| text.parse().ok());
        let all = url::form_urlencoded::parse(asked.query.as_bytes());
        Self {
            search: asked.parameter("search").unwrap_or_else(|| "*".to_owned()),
            filter: asked.parameter("$filter"),
            select: asked.parameter("$select"),
            facets: all.filter(|(name, _)| name == "facet").map(|(_, value)| value.into_owned()).collect(),
            count: asked.parameter("$count").as_deref() == Some("true"),
            top: number("$top"),
            skip: number("$skip").unwrap_or(0),
        }
    }

    /// As it stands in a body.
    pub(crate) fn of_body(body: &Document) -> Self {
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        let number =
            |name: &str| body.get(name).and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok());
        let facets = body.get("facets").and_then(Value::as_array).into_iter().flatten();
        Self {
            search: text("search").unwrap_or_else(|| "*".to_owned()),
            filter: text("filter"),
            select: text("select"),
            facets: facets.filter_map(|facet| facet.as_str().map(str::to_owned)).collect(),
            count: body.get("count").and_then(Value::as_bool).unwrap_or(false),
            top: number("top"),
            skip: number("skip").unwrap_or(0),
        }
    }
}

/// Answers a query, or says why it makes no sense.
pub(crate) fn answer(index: &Index, query: &Query) -> Result<Value, String> {
    let conditions = query.filter.as_deref().map(|filter| conditions(index, filter)).transpose()?.unwrap_or_default();
    let terms: Vec<String> = terms(&query.search);
    let searchable = named(index, "searchable");
    let finds = |document: &&Document| {
        let holds =
            |(field, value): &(String, String)| document.get(field).is_some_and(|found| found == value.as_str());
        conditions.iter().all(holds)
            && (terms.is_empty() || searchable.iter().any(|field| has_term(document, field, &terms)))
    };
    let found: Vec<&Document> = index.documents.values().filter(finds).collect();
    let selected = selected(index, query.select.as_deref())?;
    let shown = found.iter().skip(query.skip).take(query.top.unwrap_or(USUAL).min(MOST)).map(|document| {
        let kept = document.iter().filter(|(name, _)| selected.contains(name));
        let mut shown = json!({"@search.score": 1.0});
        if let Value::Object(members) = &mut shown {
            members.extend(kept.map(|(name, value)| (name.clone(), value.clone())));
        }
        shown
    });
    let mut answer = json!({"value": shown.collect::<Vec<_>>()});
    if query.count {
        answer["@odata.count"] = json!(found.len());
    }
    let mut facets = serde_json::Map::new();
    for facet in &query.facets {
        let (field, values) = values(index, facet, &found)?;
        facets.insert(field, values);
    }
    if !facets.is_empty() {
        answer["@search.facets"] = facets.into();
    }
    Ok(answer)
}

/// The words that are searched for, in lower case; none stands for everything.
fn terms(search: &str) -> Vec<String> {
    if search.trim() == "*" {
        return Vec::new();
    }
    let words = search.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

fn has_term(document: &Document, field: &str, wanted: &[String]) -> bool {
    let text = document.get(field).and_then(Value::as_str).unwrap_or_default();
    let found = terms(text);
    wanted.iter().any(|term| found.contains(term))
}

/// The fields with that attribute.
fn named<'a>(index: &'a Index, attribute: &str) -> Vec<&'a str> {
    let has = fields(&index.definition).iter().filter(|field| field[attribute] == json!(true));
    has.filter_map(|field| field["name"].as_str()).collect()
}

/// `FIELD eq 'VALUE'`, several of them joined by `and`. That is all of the language that is known here.
fn conditions(index: &Index, filter: &str) -> Result<Vec<(String, String)>, String> {
    let filterable = named(index, "filterable");
    let condition = |text: &str| {
        let wrong = || {
            format!(
                "Invalid expression: the simulated service understands `FIELD eq 'VALUE'` joined by `and`, and not `{text}`.\r\nParameter name: $filter"
            )
        };
        let (field, value) = text.trim().split_once(" eq ").ok_or_else(wrong)?;
        let value = value.trim().strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).ok_or_else(wrong)?;
        if filterable.contains(&field.trim()) {
            Ok((field.trim().to_owned(), value.replace("''", "'")))
        } else {
            Err(format!(
                "Invalid expression: '{field}' is not a filterable field. Only filterable fields can be used in filter expressions.\r\nParameter name: $filter"
            ))
        }
    };
    filter.split(" and ").map(condition).collect()
}

/// The fields that are shown.
fn selected(index: &Index, select: Option<&str>) -> Result<Vec<String>, String> {
    let retrievable = named(index, "retrievable");
    match select.filter(|select| select.trim() != "*") {
        None => Ok(retrievable.into_iter().map(str::to_owned).collect()),
        Some(select) => select
            .split(',')
            .map(str::trim)
            .map(|field| {
                let missing = || format!("Invalid expression: Could not find a property named '{field}' on type 'search.document'.\r\nParameter name: $select");
                retrievable.contains(&field).then(|| field.to_owned()).ok_or_else(missing)
            })
            .collect(),
    }
}

/// The values of a facet, `FIELD` or `FIELD,count:N`, by how often they are found; a count of zero is all of them.
fn values(index: &Index, facet: &str, found: &[&Document]) -> Result<(String, Value), String> {
    let mut parts = facet.split(',');
    let field = parts.next().unwrap_or_default().trim();
    if !named(index, "facetable").contains(&field) {
        return Err(format!(
            "Invalid expression: The field '{field}' in the facet expression is not facetable.\r\nParameter name: facet"
        ));
    }
    let count = parts.find_map(|part| part.trim().strip_prefix("count:")).map(str::parse::<usize>);
    let most = match count {
        None => USUAL_FACETS,
        Some(Ok(0)) => usize::MAX,
        Some(Ok(count)) => count,
        Some(Err(_)) => return Err("Invalid expression: 'count' must be a number.\r\nParameter name: facet".into()),
    };
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for document in found {
        if let Some(value) = document.get(field).and_then(Value::as_str) {
            *counts.entry(value).or_default() += 1;
        }
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let values = counts.into_iter().take(most).map(|(value, count)| json!({"count": count, "value": value}));
    Ok((field.to_owned(), values.collect()))
}
