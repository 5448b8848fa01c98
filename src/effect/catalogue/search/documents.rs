//! What is in an index: counted, counted by their parents, and found.

use serde_json::Value as Document;

use super::super::super::{
    Args, Class, Method, Parameter, RenderError, Reply, Request, Risk, Row, Script, Service, Type, Unreadable, Verdict,
};
use super::super::argument::{escaped, optional, optional_text, output, required, text};
use super::super::reading::{body, list};
use super::place::{API, SERVICE, look, name, request};
use crate::base::Value;

/// Documents are reached through an alias as well.
const INDEX: Parameter = required("index", Type::String, "The index's name, or an alias for it.");
const EQUALS: Parameter = optional("equals", Type::Integer, "As a check: exactly so many.");
const AT_LEAST: Parameter = optional("at_least", Type::Integer, "As a check: at least so many; 1 if nothing is said.");
const AT_MOST: Parameter = optional("at_most", Type::Integer, "As a check: at most so many.");

/// `search.documents.count`.
pub(in super::super) static COUNT: Row = READ;

/// The first of the reads, from which the others take what they have in common.
const READ: Row = Row {
    name: "search.documents.count",
    summary: "Counts the documents of an index. Where they are parts of larger ones, it is the parts that are counted.",
    parameters: &[SERVICE, INDEX, EQUALS, AT_LEAST, AT_MOST],
    outputs: &[output("count", Type::Integer, "The number of documents.")],
    risk: Risk::Read,
    class: Class::R,
    service: Service::Search,
    api_version: Some(API),
    operation_id: Some("Documents_Count"),
    documentation: "https://learn.microsoft.com/rest/api/searchservice/documents/count",
    permissions: &["Microsoft.Search/searchServices/indexes/documents/read"],
    render: render_count,
    follow: None,
    parse: parse_count,
    judge: Some(|args, outputs| judge(args, outputs, "documents")),
    change: None,
    by_hand: Some(|args| Ok(look(&render_count(args)?, wish(args, "The number")))),
};

/// `search.documents.distinct`. It asks for every value of the field with a facet; a count of zero there means all of
/// them, counted exactly over all shards (search-faceted-navigation-examples).
pub(in super::super) static DISTINCT: Row = Row {
    name: "search.documents.distinct",
    summary: "Counts the different values of a field: of parts of larger documents, the larger documents.",
    parameters: &[
        SERVICE,
        INDEX,
        required("field", Type::String, "The field that names the larger document; it must be facetable."),
        EQUALS,
        AT_LEAST,
        AT_MOST,
    ],
    outputs: &[output("count", Type::Integer, "The number of different values.")],
    operation_id: Some("Documents_SearchGet"),
    documentation: "https://learn.microsoft.com/rest/api/searchservice/documents/search-get",
    render: render_distinct,
    parse: parse_distinct,
    judge: Some(|args, outputs| judge(args, outputs, "different values")),
    by_hand: Some(|args| Ok(look(&render_distinct(args)?, wish(args, "The number of values under @search.facets")))),
    ..READ
};

/// `search.documents.query`.
pub(in super::super) static QUERY: Row = Row {
    name: "search.documents.query",
    summary: "Searches an index, and compares how much is found and, among the first ten, what.",
    parameters: &[
        SERVICE,
        INDEX,
        required("search", Type::String, "What is searched for; `*` finds everything."),
        optional("filter", Type::String, "A filter, as the service writes it: what a reader may see, perhaps."),
        EQUALS,
        AT_LEAST,
        AT_MOST,
        optional("field", Type::String, "The field to read of the first ten; it must be retrievable."),
        optional("found", Type::String, "As a check: a value that `field` must have in one of the first ten."),
    ],
    outputs: &[
        output("count", Type::Integer, "How many documents were found."),
        output("values", Type::List(&Type::String), "What `field` holds in the first ten, in their order."),
    ],
    operation_id: Some("Documents_SearchGet"),
    documentation: "https://learn.microsoft.com/rest/api/searchservice/documents/search-get",
    render: render_query,
    parse: parse_query,
    judge: Some(judge_query),
    by_hand: Some(query_by_hand),
    ..READ
};

fn render_count(args: &Args) -> Result<Request, RenderError> {
    request(args, Method::Get, &format!("/indexes('{}')/docs/$count", name(args, "index")?), API)
}

fn render_distinct(args: &Args) -> Result<Request, RenderError> {
    let (index, field) = (name(args, "index")?, field_name(args)?.ok_or(RenderError::Missing("field"))?);
    let path = format!("/indexes('{index}')/docs?search=*&$top=0&facet={}", escaped(&format!("{field},count:0")));
    request(args, Method::Get, &path, API)
}

fn render_query(args: &Args) -> Result<Request, RenderError> {
    let (index, search) = (name(args, "index")?, text(args, "search")?);
    let mut path = format!("/indexes('{index}')/docs?search={}&$count=true", escaped(search));
    if let Some(filter) = optional_text(args, "filter")?.filter(|filter| !filter.is_empty()) {
        path.push_str("&$filter=");
        path.push_str(&escaped(filter));
    }
    match (field_name(args)?, optional_text(args, "found")?) {
        (Some(field), _) => path.push_str(&format!("&$select={}&$top=10", escaped(field))),
        (None, None) => path.push_str("&$top=0"),
        (None, Some(_)) => return Err(RenderError::Missing("field")),
    }
    request(args, Method::Get, &path, API)
}

/// A field's name: letters, digits and underscores, and slashes before a part of it (REST API, "naming rules").
fn field_name(args: &Args) -> Result<Option<&str>, RenderError> {
    let Some(text) = optional_text(args, "field")? else { return Ok(None) };
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'/';
    if !text.is_empty() && text.len() <= 256 && text.bytes().all(allowed) {
        return Ok(Some(text));
    }
    let wanted = "a field's name (letters, digits and underscores)";
    Err(RenderError::Shape { name: "field", wanted, found: text.to_owned() })
}

fn parse_count(_: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let count = body(replies, 0)?.as_i64().ok_or_else(|| Unreadable("count".into()))?;
    Ok(Value::record([("count", Value::Integer(count))]))
}

fn parse_distinct(args: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let field = field_name(args).ok().flatten().ok_or_else(|| Unreadable("field".into()))?;
    let facets = body(replies, 0)?.get("@search.facets").and_then(|facets| facets.get(field));
    let facets = facets.and_then(Document::as_array).ok_or_else(|| Unreadable("@search.facets".into()))?;
    Ok(Value::record([("count", Value::Integer(i64::try_from(facets.len()).unwrap_or(i64::MAX)))]))
}

fn parse_query(args: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let body = body(replies, 0)?;
    let count = body.get("@odata.count").and_then(Document::as_i64).ok_or_else(|| Unreadable("@odata.count".into()))?;
    let field = field_name(args).ok().flatten();
    let found = body.get("value").and_then(Document::as_array).map(Vec::as_slice).unwrap_or_default();
    let values = field.into_iter().flat_map(|field| found.iter().filter_map(|document| shown(document, field)));
    Ok(Value::record([("count", Value::Integer(count)), ("values", Value::List(values.collect()))]))
}

/// What a field of a document holds, as text.
fn shown(document: &Document, field: &str) -> Option<Value> {
    let value = document.pointer(&format!("/{field}"))?;
    Some(Value::text(value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
}

/// What the number must be: at least one, if nothing else is said.
fn bounds(args: &Args) -> (i64, Option<i64>) {
    let number = |name| if let Some(Value::Integer(number)) = args.get(name) { Some(*number) } else { None };
    match (number("equals"), number("at_least"), number("at_most")) {
        (Some(equals), _, _) => (equals, Some(equals)),
        (None, None, Some(most)) => (0, Some(most)),
        (None, least, most) => (least.unwrap_or(1), most),
    }
}

fn wished(args: &Args) -> String {
    match bounds(args) {
        (least, Some(most)) if least == most => format!("exactly {least}"),
        (0, Some(most)) => format!("at most {most}"),
        (least, Some(most)) => format!("{least} to {most}"),
        (least, None) => format!("at least {least}"),
    }
}

fn wish(args: &Args, what: &str) -> String {
    format!("{what} is {}.", wished(args))
}

fn judge(args: &Args, outputs: &Value, what: &str) -> Verdict {
    let count = if let Some(Value::Integer(count)) = outputs.field("count") { *count } else { -1 };
    let (least, most) = bounds(args);
    let seen = format!("{count} {what}");
    if count >= least && most.is_none_or(|most| count <= most) {
        Verdict::Pass { seen }
    } else {
        Verdict::Fail { seen: format!("{seen}; expected {}", wished(args)) }
    }
}

fn judge_query(args: &Args, outputs: &Value) -> Verdict {
    let verdict = judge(args, outputs, "found");
    let (Verdict::Pass { seen }, Some(wanted)) = (&verdict, args.get("found").and_then(Value::as_text)) else {
        return verdict;
    };
    if list(outputs, "values").iter().any(|value| value.as_text() == Some(wanted)) {
        Verdict::Pass { seen: format!("{seen}, {wanted} among the first ten") }
    } else {
        Verdict::Fail { seen: format!("{seen}, but {wanted} is not among the first ten") }
    }
}

fn query_by_hand(args: &Args) -> Result<Script, RenderError> {
    let mut good = wish(args, "The number under @odata.count");
    if let Some(wanted) = optional_text(args, "found")? {
        good = format!("{good} One of the documents shown holds {wanted}.");
    }
    Ok(look(&render_query(args)?, good))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::place::tests::with;
    use super::*;

    fn of<const N: usize>(more: [(&str, Value); N]) -> Args {
        let mut args = with(more);
        args.insert("index".into(), Value::text("docs"));
        args
    }

    #[test]
    fn what_is_searched_for_cannot_leave_its_place_in_the_address() {
        let args = of([("search", Value::text("a&$filter=x")), ("filter", Value::text("group eq 'b'"))]);
        let url = render_query(&args).unwrap().url;
        assert!(url.contains("?search=a%26%24filter%3Dx&$count=true&$filter=group%20eq%20%27b%27&$top=0&"), "{url}");
        assert!(render_distinct(&of([("field", Value::text("a,count:1"))])).is_err());
        let url = render_distinct(&of([("field", Value::text("parent_id"))])).unwrap().url;
        assert!(url.contains("?search=*&$top=0&facet=parent_id%2Ccount%3A0&"), "{url}");
    }

    #[test]
    fn a_count_is_a_bare_number_and_distinct_values_are_those_of_the_facet() {
        let count = parse_count(&of([]), &[Reply::json(200, json!(360))]).unwrap();
        assert_eq!(count.field("count"), Some(&Value::Integer(360)));
        assert!(parse_count(&of([]), &[Reply::empty(200)]).is_err());
        let facets = json!({"value": [], "@search.facets": {"parent_id": [{"value": "a", "count": 3}, {"value": "b", "count": 3}]}});
        let distinct = parse_distinct(&of([("field", Value::text("parent_id"))]), &[Reply::json(200, facets)]).unwrap();
        assert_eq!(distinct.field("count"), Some(&Value::Integer(2)));
    }

    #[test]
    fn a_number_is_held_against_what_was_wished_and_one_is_meant_if_nothing_is_said() {
        let judged = |args: &Args, count| judge(args, &Value::record([("count", Value::Integer(count))]), "documents");
        let number = |name, number| of([(name, Value::Integer(number))]);
        for (args, good, bad) in
            [(of([]), 1, 0), (number("equals", 5), 5, 6), (number("at_least", 5), 5, 4), (number("at_most", 0), 0, 1)]
        {
            assert!(matches!(judged(&args, good), Verdict::Pass { .. }), "{args:?}");
            assert!(matches!(judged(&args, bad), Verdict::Fail { .. }), "{args:?}");
        }
    }

    #[test]
    fn a_golden_query_wants_its_answer_among_the_first_ten() {
        let args =
            of([("search", Value::text("returns")), ("field", Value::text("title")), ("found", Value::text("B"))]);
        let outputs = |title: &str| {
            let body = json!({"@odata.count": 30, "value": [{"title": "A"}, {"title": title, "content": "canary"}]});
            parse_query(&args, &[Reply::json(200, body)]).unwrap()
        };
        assert!(matches!(judge_query(&args, &outputs("B")), Verdict::Pass { .. }));
        assert!(matches!(judge_query(&args, &outputs("C")), Verdict::Fail { seen } if seen.contains("30 found")));
        assert!(!outputs("B").to_string().contains("canary"), "no field but the one that was asked for");
        assert!(render_query(&of([("search", Value::text("x")), ("found", Value::text("B"))])).is_err());
    }
}
