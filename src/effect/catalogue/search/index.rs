//! An index: what it holds, and making, changing and deleting it. The service has no backup of one.

use serde_json::Value as Document;

use super::super::super::{
    Answers, Args, Call, ChangeFacts, Class, Condition, Field, Method, Parameter, Probe, ProbeContext, ProbeVerdict,
    RenderError, Reply, Request, Risk, Row, Service, Told, Type, Unreadable, Verdict,
};
use super::super::argument::{optional, output, pass_on, read_back, required};
use super::super::reading::{body, field, text};
use super::alias::aliases_of;
use super::place::{API, ETAG, SERVICE, definition, listed, lock, look, name, request, unchanged};
use crate::base::{Span, Value};

const INDEX: Parameter = required("index", Type::String, "The index's name.");
const DEFINITION: Parameter = required(
    "definition",
    Type::String,
    "The definition, as JSON, from where you keep it; its name is replaced by `index`.",
);

/// `search.index.get`.
pub(in super::super) static GET: Row = Row {
    name: "search.index.get",
    summary: "Reads whether an index is there, and its fields.",
    parameters: &[
        SERVICE,
        INDEX,
        optional("exists", Type::Boolean, "As a check: whether it must be there; true if not given."),
    ],
    outputs: &[
        output("exists", Type::Boolean, "Whether it is there."),
        output("key", Type::String, "The key field; empty if it is not there."),
        output("fields", Type::List(&Type::String), "The names of its fields."),
        output("etag", Type::String, "Its entity tag; empty if it is not there."),
    ],
    risk: Risk::Read,
    class: Class::R,
    service: Service::Search,
    api_version: Some(API),
    operation_id: Some("Indexes_List"),
    documentation: "https://learn.microsoft.com/rest/api/searchservice/indexes/list",
    permissions: &["Microsoft.Search/searchServices/indexes/read"],
    render: render_get,
    follow: None,
    parse: parse_get,
    judge: Some(judge_get),
    change: None,
    by_hand: Some(|args| {
        let must = match args.get("exists") {
            Some(Value::Boolean(false)) => "is not",
            Some(_) => "is",
            None => "is or is not",
        };
        Ok(look(&render_get(args)?, format!("An index of the name {} {must} in the list.", name(args, "index")?)))
    }),
};

/// `search.index.statistics`. They lag behind what was written, by minutes.
pub(in super::super) static STATISTICS: Row = Row {
    name: "search.index.statistics",
    summary: "Reads how large an index is, as the service counted some minutes ago.",
    parameters: &[SERVICE, INDEX],
    outputs: &[
        output("documents", Type::Integer, "The number of documents.").told(Told::Query("documentCount")),
        output("bytes", Type::Integer, "What it takes, in bytes.").told(Told::Query("storageSize")),
        output("vector_bytes", Type::Integer, "What its vectors take in memory, in bytes.")
            .told(Told::Query("vectorIndexSize")),
    ],
    operation_id: Some("Indexes_GetStatistics"),
    documentation: "https://learn.microsoft.com/rest/api/searchservice/indexes/get-statistics",
    render: |args| request(args, Method::Get, &format!("/indexes('{}')/search.stats", name(args, "index")?), API),
    parse: parse_statistics,
    judge: None,
    ..GET_LIKE
};

/// What reads of one index have in common.
const GET_LIKE: Row = Row {
    name: "",
    summary: "",
    parameters: &[SERVICE, INDEX],
    outputs: &[],
    risk: Risk::Read,
    class: Class::R,
    service: Service::Search,
    api_version: Some(API),
    operation_id: None,
    documentation: "",
    permissions: &["Microsoft.Search/searchServices/indexes/read"],
    render: |args| request(args, Method::Get, "/indexes", API),
    follow: None,
    parse: parse_get,
    judge: None,
    change: None,
    by_hand: None,
};

/// `search.index.create`.
pub(in super::super) static CREATE: Row = Row {
    name: "search.index.create",
    summary: "Creates an index beside those that are there, and never over one.",
    parameters: &[SERVICE, INDEX, DEFINITION],
    outputs: &[output("etag", Type::String, "Its entity tag.")],
    class: Class::B,
    risk: Risk::Reversible,
    render: |args| Ok(put(args)?.only_if(Condition::Absent)),
    parse: parse_etag,
    change: Some(ChangeFacts {
        probe: Probe { judge: judge_create, ..PROBE },
        undo: "Delete it; nothing reads it before an alias, a setting or an indexer names it.",
        touches: "It takes one of the indexes that the service may have.",
        ..FACTS
    }),
    ..CHANGE
};

/// `search.index.update`. Fields can be added and hardly anything else: whatever is left out or differs is refused by the
/// service, which then has changed nothing.
pub(in super::super) static UPDATE: Row = Row {
    name: "search.index.update",
    summary: "Adds fields or settings to an index; what is there already cannot be changed in place.",
    parameters: &[SERVICE, INDEX, DEFINITION, ETAG],
    outputs: &[output("etag", Type::String, "Its entity tag.")],
    class: Class::A,
    risk: Risk::Destructive,
    render: |args| unchanged(args, put(args)?),
    parse: parse_etag,
    change: Some(ChangeFacts {
        probe: Probe { judge: judge_update, ..PROBE },
        undo: "A field that was added stays; write the index anew under another name and fill it.",
        touches: "Whoever queries it sees the new fields at once, empty until the documents are written again.",
        ..FACTS
    }),
    ..CHANGE
};

/// `search.index.delete`.
pub(in super::super) static DELETE: Row = Row {
    name: "search.index.delete",
    summary: "Deletes an index with all its documents.",
    parameters: &[SERVICE, INDEX, ETAG],
    outputs: &[],
    class: Class::A,
    risk: Risk::Destructive,
    operation_id: Some("Indexes_Delete"),
    documentation: "https://learn.microsoft.com/rest/api/searchservice/indexes/delete",
    permissions: &["Microsoft.Search/searchServices/indexes/delete"],
    render: |args| {
        let path = format!("/indexes('{}')", name(args, "index")?);
        unchanged(args, request(args, Method::Delete, &path, API)?)
    },
    parse: |_, _| Ok(Value::record([])),
    change: Some(ChangeFacts {
        observe: |args| vec![index_of(args), aliases_of(args)],
        observed: observed_delete,
        probe: Probe { judge: judge_delete, ..PROBE },
        undo: "Create it again from its definition and fill it from its source: the service keeps no copy. Documents whose \
               source is gone are lost.",
        touches: "Whoever queries it by its name. The service refuses while an alias stands for it.",
        ..FACTS
    }),
    ..CHANGE
};

/// What changes of an index have in common.
const CHANGE: Row = Row {
    operation_id: Some("Indexes_CreateOrUpdate"),
    documentation: "https://learn.microsoft.com/rest/api/searchservice/indexes/create-or-update",
    permissions: &["Microsoft.Search/searchServices/indexes/write"],
    ..GET_LIKE
};

const PROBE: Probe = Probe {
    answers: Answers::Whether,
    reads: |args| vec![index_of(args)],
    judge: judge_create,
    settles: Span::minutes(1),
};

const FACTS: ChangeFacts = ChangeFacts {
    read_back: |args| read_back(args, "index"),
    locks: |args| lock(args, "indexes", "index"),
    observe: |args| vec![index_of(args)],
    observed: |_, seen| seen.first().map(presence).into_iter().collect(),
    probe: PROBE,
    undo: "",
    touches: "",
    expect: Span::seconds(10),
    loses: None,
};

fn index_of(args: &Args) -> Call {
    Call::new(GET.name, [("service", pass_on(args, "service")), ("index", pass_on(args, "index"))])
}

fn render_get(args: &Args) -> Result<Request, RenderError> {
    name(args, "index")?;
    request(args, Method::Get, "/indexes", API)
}

/// Whether the check wants it to be there.
fn is_wanted(args: &Args) -> bool {
    args.get("exists") != Some(&Value::Boolean(false))
}

fn put(args: &Args) -> Result<Request, RenderError> {
    let index = name(args, "index")?;
    let body = definition(args, index)?;
    Ok(request(args, Method::Put, &format!("/indexes('{index}')"), API)?.with_body(body))
}

fn parse_get(args: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let index = name(args, "index").map_err(|_| Unreadable("name".into()))?;
    let found = listed(replies, index)?;
    let all = found.and_then(|found| found.get("fields")).and_then(Document::as_array);
    let fields = all.map(Vec::as_slice).unwrap_or_default();
    let is_key = |item: &&Document| item.get("key").and_then(Document::as_bool) == Some(true);
    let key = fields.iter().find(is_key).map(|key| text(key, "/name")).unwrap_or_default();
    Ok(Value::record([
        ("exists", Value::Boolean(found.is_some())),
        ("key", Value::text(key)),
        ("fields", Value::List(fields.iter().map(|item| Value::text(text(item, "/name"))).collect())),
        ("etag", Value::text(found.map(|found| text(found, "/@odata.etag")).unwrap_or_default())),
    ]))
}

fn judge_get(args: &Args, outputs: &Value) -> Verdict {
    let exists = outputs.field("exists") == Some(&Value::Boolean(true));
    let wanted = is_wanted(args);
    let seen = presence(outputs).value;
    match (exists == wanted, wanted) {
        (true, _) => Verdict::Pass { seen },
        (false, true) => Verdict::Fail { seen: format!("{seen}; it must be there") },
        (false, false) => Verdict::Fail { seen: format!("{seen}; the name must be free") },
    }
}

fn parse_statistics(_: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let body = body(replies, 0)?;
    let number = |member: &str| {
        let number = body.get(member).and_then(Document::as_i64).map(Value::Integer);
        number.ok_or_else(|| Unreadable(member.to_owned()))
    };
    Ok(Value::record([
        ("documents", number("documentCount")?),
        ("bytes", number("storageSize")?),
        ("vector_bytes", number("vectorIndexSize")?),
    ]))
}

fn parse_etag(_: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    Ok(Value::record([("etag", Value::text(text(body(replies, 0)?, "/@odata.etag")))]))
}

const PRESENCE: &str = "the index";
const ABSENT: &str = "not there";

fn presence(outputs: &Value) -> Field {
    if outputs.field("exists") != Some(&Value::Boolean(true)) {
        return Field::new(PRESENCE, ABSENT);
    }
    let fields = outputs.field("fields").and_then(Value::as_list).unwrap_or_default().len();
    Field::new(PRESENCE, format!("there, {fields} fields, {}", field(outputs, "etag")))
}

fn observed_delete(args: &Args, seen: &[Value]) -> Vec<Field> {
    let [index, aliases] = seen else { return Vec::new() };
    let wanted = args.get("index").and_then(Value::as_text).unwrap_or_default();
    let all = aliases.field("aliases").and_then(Value::as_list).unwrap_or_default();
    let names: Vec<&str> =
        all.iter().filter(|alias| field(alias, "index") == wanted).map(|alias| field(alias, "name")).collect();
    let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    vec![presence(index), Field::new("aliases for it", names)]
}

/// What stood before and what stands now, if both are known.
fn before_and_now<'a>(context: &'a ProbeContext<'_>, seen: &'a [Value]) -> Option<(&'a str, Field, &'a Value)> {
    let before = context.before.iter().find(|field| field.name == PRESENCE)?;
    let now = seen.first()?;
    Some((&before.value, presence(now), now))
}

const UNREAD: &str = "what stood before, or what stands now, is not known";

fn outputs_of(index: &Value) -> Value {
    Value::record([("etag", Value::text(field(index, "etag")))])
}

/// The service creates it only where nothing of that name is; so what stands there now and did not before is ours, unless
/// somebody chose the same name in the same moment.
fn judge_create(context: &ProbeContext<'_>, seen: &[Value]) -> ProbeVerdict {
    let Some((before, now, index)) = before_and_now(context, seen) else {
        return ProbeVerdict::Unknown { seen: UNREAD.into() };
    };
    match (before == ABSENT, now.value == ABSENT) {
        (true, false) => ProbeVerdict::Happened { outputs: outputs_of(index), seen: now.value },
        (_, true) => ProbeVerdict::DidNot { seen: now.value },
        (false, false) => ProbeVerdict::Unknown { seen: format!("{}, as it was before", now.value) },
    }
}

fn judge_update(context: &ProbeContext<'_>, seen: &[Value]) -> ProbeVerdict {
    let Some((before, now, index)) = before_and_now(context, seen) else {
        return ProbeVerdict::Unknown { seen: UNREAD.into() };
    };
    let wanted = definition(context.args, "").map(|wanted| wanted.masked());
    let wanted = wanted.ok().and_then(|wanted| items_of(&wanted).map(Iterator::collect::<Vec<_>>));
    let fields = index.field("fields").and_then(Value::as_list).unwrap_or_default();
    let has_all = wanted.is_some_and(|wanted| wanted.iter().all(|name| fields.contains(&Value::text(name))));
    match (before == now.value, has_all) {
        (false, true) => ProbeVerdict::Happened { outputs: outputs_of(index), seen: now.value },
        (true, _) => ProbeVerdict::DidNot { seen: format!("{}, as it was before", now.value) },
        (false, false) => ProbeVerdict::Unknown { seen: format!("{}: changed, but not as asked", now.value) },
    }
}

fn items_of(definition: &Document) -> Option<impl Iterator<Item = String>> {
    let fields = definition.get("fields")?.as_array()?;
    Some(fields.iter().map(|item| text(item, "/name").to_owned()))
}

fn judge_delete(context: &ProbeContext<'_>, seen: &[Value]) -> ProbeVerdict {
    match before_and_now(context, seen) {
        None => ProbeVerdict::Unknown { seen: UNREAD.into() },
        Some((_, now, _)) if now.value == ABSENT => {
            ProbeVerdict::Happened { outputs: Value::record([]), seen: now.value }
        }
        Some((_, now, _)) => ProbeVerdict::DidNot { seen: now.value },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::place::tests::with;
    use super::*;
    use crate::base::Timestamp;

    fn of(index: &str) -> Args {
        let definition = r#"{"fields": [{"name": "id", "type": "Edm.String", "key": true}, {"name": "title"}]}"#;
        with([("index", Value::text(index)), ("definition", Value::text(definition))])
    }

    /// What stands in the service: the indexes with these fields.
    fn seen(index: &str, listed: &[(&str, &[&str])]) -> Value {
        let list: Vec<Document> = listed
            .iter()
            .map(|(name, fields)| {
                let fields: Vec<Document> =
                    fields.iter().map(|field| json!({"name": field, "key": *field == "id"})).collect();
                json!({"name": name, "fields": fields, "@odata.etag": format!("\"{}\"", fields.len())})
            })
            .collect();
        parse_get(&of(index), &[Reply::json(200, json!({ "value": list }))]).unwrap()
    }

    fn probe(row: &Row, before: &Value, now: &Value) -> ProbeVerdict {
        let args = of("docs-2");
        let fields = [presence(before)];
        let attempt = "01938a3c-0000-7000-8000-000000000001".parse().unwrap();
        let context = ProbeContext { args: &args, attempt, sent_at: Timestamp::from_seconds(0), before: &fields };
        (row.change.as_ref().unwrap().probe.judge)(&context, std::slice::from_ref(now))
    }

    #[test]
    fn an_index_is_created_only_where_none_is_and_the_definition_takes_its_name() {
        let request = (CREATE.render)(&of("docs-2")).unwrap();
        assert_eq!((request.method, request.condition.as_ref()), (Method::Put, Some(&Condition::Absent)));
        assert_eq!(request.url, "https://chatbot-search.search.windows.net/indexes('docs-2')?api-version=2024-07-01");
        assert_eq!(request.body.unwrap().masked()["name"], "docs-2");
        let deleted = (DELETE.render)(&of("docs")).unwrap();
        assert_eq!((deleted.method, deleted.condition, deleted.body.is_none()), (Method::Delete, None, true));
    }

    #[test]
    fn an_index_that_is_not_there_is_an_observation_and_no_refusal() {
        let there = seen("docs", &[("docs", &["id", "title"]), ("other", &["id"])]);
        assert_eq!((field(&there, "key"), field(&there, "etag")), ("id", "\"2\""));
        assert!(matches!(judge_get(&of("docs"), &there), Verdict::Pass { .. }));
        let gone = seen("docs", &[("other", &["id"])]);
        assert!(matches!(judge_get(&of("docs"), &gone), Verdict::Fail { seen } if seen.contains("must be there")));
        let mut free = of("docs");
        free.insert("exists".into(), Value::Boolean(false));
        assert!(matches!(judge_get(&free, &gone), Verdict::Pass { .. }));
        assert!(matches!(judge_get(&free, &there), Verdict::Fail { .. }));
    }

    #[test]
    fn what_stands_there_and_did_not_before_was_created() {
        let (without, with) = (seen("docs-2", &[]), seen("docs-2", &[("docs-2", &["id", "title"])]));
        assert!(matches!(probe(&CREATE, &without, &with), ProbeVerdict::Happened { .. }));
        assert!(matches!(probe(&CREATE, &without, &without), ProbeVerdict::DidNot { .. }));
        assert!(matches!(probe(&CREATE, &with, &with), ProbeVerdict::Unknown { .. }));
        assert!(matches!(probe(&DELETE, &with, &without), ProbeVerdict::Happened { .. }));
        assert!(matches!(probe(&DELETE, &with, &with), ProbeVerdict::DidNot { .. }));
    }

    #[test]
    fn an_update_happened_if_the_index_changed_and_has_every_field_that_was_asked_for() {
        let of = |fields: &[&str]| seen("docs-2", &[("docs-2", fields)]);
        let before = of(&["id"]);
        assert!(matches!(probe(&UPDATE, &before, &of(&["id", "title"])), ProbeVerdict::Happened { .. }));
        assert!(matches!(probe(&UPDATE, &before, &before), ProbeVerdict::DidNot { .. }));
        assert!(matches!(probe(&UPDATE, &before, &of(&["id", "group"])), ProbeVerdict::Unknown { .. }));
    }

    #[test]
    fn whoever_deletes_an_index_sees_which_aliases_stand_for_it() {
        let alias =
            |name: &str, index: &str| Value::record([("name", Value::text(name)), ("index", Value::text(index))]);
        let aliases = Value::record([("aliases", Value::List(vec![alias("live", "docs-2"), alias("test", "other")]))]);
        let seen = [seen("docs-2", &[("docs-2", &["id"])]), aliases];
        let fields = observed_delete(&of("docs-2"), &seen);
        assert_eq!(fields[1], Field::new("aliases for it", "live"));
    }
}
