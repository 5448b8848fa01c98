//! An indexer: what reads a source on a schedule and writes an index. Its definition is read whole and written whole, so
//! what is not meant to change is carried over from what was read.

use std::collections::BTreeMap;

use serde_json::Value as Document;

use super::super::super::{
    Answers, Args, Call, ChangeFacts, Class, Condition, Field, Json, Method, Parameter, Probe, ProbeContext,
    ProbeVerdict, RenderError, Reply, Request, Risk, Row, Script, Service, Type, Unreadable, Verdict,
};
use super::super::argument::{optional, optional_text, output, pass_on, read_back, required};
use super::super::reading::{body, field, list, text};
use super::place::{API, ETAG, SERVICE, listed, lock, look, name, request, unchanged};
use crate::base::{Span, Value};

/// The parameter that every row about an indexer has.
pub(super) const INDEXER: Parameter = required("indexer", Type::String, "The indexer's name.");

/// `search.indexer.get`.
pub(in super::super) static GET: Row = READ;

/// The read, from which the rows of this file take what they have in common.
const READ: Row = Row {
    name: "search.indexer.get",
    summary: "Reads an indexer's definition: what it reads, which index it writes, and whether it is disabled.",
    parameters: &[
        SERVICE,
        INDEXER,
        optional("index", Type::String, "As a check: the index that it must write."),
        optional("disabled", Type::Boolean, "As a check: whether it must be disabled."),
    ],
    outputs: &[
        output("exists", Type::Boolean, "Whether it is there."),
        output("source", Type::String, "The data source that it reads."),
        output("index", Type::String, "The index that it writes."),
        output("disabled", Type::Boolean, "Whether its schedule is off."),
        output("schedule", Type::String, "How often it runs by itself, as ISO 8601; empty if never."),
        output("etag", Type::String, "Its entity tag."),
        output(
            "definition",
            Type::List(&Type::Record),
            "Its definition as `{name, value}`, each value as JSON, for `search.indexer.set`; never a key of encryption.",
        ),
    ],
    risk: Risk::Read,
    class: Class::R,
    service: Service::Search,
    api_version: Some(API),
    operation_id: Some("Indexers_List"),
    documentation: "https://learn.microsoft.com/rest/api/searchservice/indexers/list",
    permissions: &["Microsoft.Search/searchServices/indexers/read"],
    render: render_get,
    follow: None,
    parse: parse_get,
    judge: Some(judge_get),
    change: None,
    by_hand: Some(get_by_hand),
};

/// `search.indexer.set`.
pub(in super::super) static SET: Row = Row {
    name: "search.indexer.set",
    summary: "Writes an indexer's definition: a new one beside the old, or switched off, on, or onto another index.",
    parameters: &[
        SERVICE,
        INDEXER,
        required(
            "like",
            Type::List(&Type::Record),
            "The definition that it is made from, as `{name, value}`, each value as JSON: the `definition` that \
             `search.indexer.get` gives, of this indexer or of another.",
        ),
        optional("index", Type::String, "The index that it is to write, if not the one of the definition."),
        optional("source", Type::String, "The data source that it is to read, if not the one of the definition."),
        optional("disabled", Type::Boolean, "Whether its schedule is to be off, if not as in the definition."),
        optional(
            "existing",
            Type::Boolean,
            "Whether one of this name must be there already (true) or must not (false); without it, either.",
        ),
        ETAG,
    ],
    outputs: &[output("etag", Type::String, "Its entity tag.")],
    risk: Risk::Reversible,
    class: Class::A,
    operation_id: Some("Indexers_CreateOrUpdate"),
    documentation: "https://learn.microsoft.com/rest/api/searchservice/indexers/create-or-update",
    permissions: &["Microsoft.Search/searchServices/indexers/write"],
    render: render_set,
    parse: |_, replies| Ok(Value::record([("etag", Value::text(text(body(replies, 0)?, "/@odata.etag")))])),
    judge: None,
    change: Some(ChangeFacts {
        read_back: |args| read_back(args, "indexer"),
        locks: |args| lock(args, "indexers", "indexer"),
        observe: |args| vec![indexer_of(args)],
        observed: |_, seen| seen.first().map(fields).unwrap_or_default(),
        probe: Probe {
            answers: Answers::Whether,
            reads: |args| vec![indexer_of(args)],
            judge: judge_set,
            settles: Span::minutes(1),
        },
        undo: "Write the former definition again.",
        touches: "A new one that is not disabled runs at once. One that was there does not run by being written, and goes on \
                  where it stopped: pointed at another index it writes there only what has changed since, unless it is \
                  reset.",
        expect: Span::seconds(10),
        loses: None,
    }),
    by_hand: None,
    ..READ
};

/// `search.indexer.delete`.
pub(in super::super) static DELETE: Row = Row {
    name: "search.indexer.delete",
    summary: "Deletes an indexer; what it has written stays in its index.",
    parameters: &[SERVICE, INDEXER, ETAG],
    outputs: &[],
    risk: Risk::Reversible,
    class: Class::A,
    operation_id: Some("Indexers_Delete"),
    documentation: "https://learn.microsoft.com/rest/api/searchservice/indexers/delete",
    permissions: &["Microsoft.Search/searchServices/indexers/delete"],
    render: |args| {
        let path = format!("/indexers('{}')", name(args, "indexer")?);
        unchanged(args, request(args, Method::Delete, &path, API)?)
    },
    parse: |_, _| Ok(Value::record([])),
    judge: None,
    change: Some(ChangeFacts {
        read_back: |args| read_back(args, "indexer"),
        locks: |args| lock(args, "indexers", "indexer"),
        observe: |args| vec![indexer_of(args)],
        observed: |_, seen| seen.first().map(fields).unwrap_or_default(),
        probe: Probe {
            answers: Answers::Whether,
            reads: |args| vec![indexer_of(args)],
            judge: judge_delete,
            settles: Span::minutes(1),
        },
        undo: "Write its definition again; it then reads everything anew, and at once unless it is disabled.",
        touches: "Its index is no longer fed by it, and its history is gone.",
        expect: Span::seconds(10),
        loses: None,
    }),
    by_hand: None,
    ..READ
};

/// The call of the read for the indexer that `args` names.
fn indexer_of(args: &Args) -> Call {
    Call::new(GET.name, [("service", pass_on(args, "service")), ("indexer", pass_on(args, "indexer"))])
}

fn render_get(args: &Args) -> Result<Request, RenderError> {
    name(args, "indexer")?;
    request(args, Method::Get, "/indexers", API)
}

fn get_by_hand(args: &Args) -> Result<Script, RenderError> {
    let indexer = name(args, "indexer")?;
    let mut good = format!("The indexer {indexer} is in the list");
    if let Some(index) = optional_text(args, "index")? {
        good = format!("{good}, with targetIndexName {index}");
    }
    if let Some(Value::Boolean(disabled)) = args.get("disabled") {
        good = format!("{good}, with disabled {disabled}");
    }
    Ok(look(&render_get(args)?, format!("{good}.")))
}

/// What the definition says, with what is to be other than it says.
fn wanted(args: &Args) -> Result<BTreeMap<String, Document>, RenderError> {
    let indexer = name(args, "indexer")?;
    let given = args.get("like").ok_or(RenderError::Missing("like"))?;
    let wanted = "a list of `{name, value}` with each value as JSON";
    let wrong = || RenderError::Shape { name: "like", wanted, found: given.to_string() };
    let member = |item: &Value| {
        let name = item.field("name").and_then(Value::as_text).filter(|name| !name.starts_with("@odata."))?;
        let value = item.field("value").and_then(Value::as_text)?;
        Some((name.to_owned(), serde_json::from_str(value).ok()?))
    };
    let items = given.as_list().ok_or_else(wrong)?;
    let members: Option<BTreeMap<String, Document>> = items.iter().map(member).collect();
    let mut members = members.ok_or_else(wrong)?;
    members.insert("name".to_owned(), indexer.into());
    for (parameter, member) in [("index", "targetIndexName"), ("source", "dataSourceName")] {
        if args.contains_key(parameter) {
            members.insert(member.to_owned(), name(args, parameter)?.into());
        }
        if !members.get(member).is_some_and(Document::is_string) {
            return Err(RenderError::Missing(parameter));
        }
    }
    if let Some(Value::Boolean(disabled)) = args.get("disabled") {
        members.insert("disabled".to_owned(), (*disabled).into());
    }
    Ok(members)
}

fn render_set(args: &Args) -> Result<Request, RenderError> {
    let members = wanted(args)?.into_iter().map(|(name, value)| (name, Json::from(value))).collect();
    let path = format!("/indexers('{}')", name(args, "indexer")?);
    let request = request(args, Method::Put, &path, API)?.with_body(Json::Object(members));
    let has_tag = optional_text(args, "etag")?.is_some_and(|tag| !tag.is_empty());
    match args.get("existing") {
        Some(Value::Boolean(false)) if has_tag => {
            let wanted = "left out where nothing of that name may be there";
            Err(RenderError::Shape { name: "etag", wanted, found: "given".to_owned() })
        }
        Some(Value::Boolean(false)) => Ok(request.only_if(Condition::Absent)),
        // Any tag will do (RFC 9110 §13.1.1).
        Some(Value::Boolean(true)) if !has_tag => Ok(request.only_if(Condition::Unchanged("*".to_owned()))),
        _ => unchanged(args, request),
    }
}

/// Members that are never carried over: what the service adds, and a key of encryption, which may hold a credential.
const LEFT_OUT: [&str; 2] = ["name", "encryptionKey"];

fn parse_get(args: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let wanted = name(args, "indexer").map_err(|_| Unreadable("name".into()))?;
    let found = listed(replies, wanted)?;
    let part = |pointer: &str| Value::text(found.map(|found| text(found, pointer)).unwrap_or_default());
    let disabled = found.and_then(|found| found.get("disabled")).and_then(Document::as_bool).unwrap_or(false);
    let members = found.and_then(Document::as_object).into_iter().flatten();
    let kept = members
        .filter(|(name, value)| !name.starts_with("@odata.") && !LEFT_OUT.contains(&name.as_str()) && !value.is_null());
    let definition = kept
        .map(|(name, value)| Value::record([("name", Value::text(name)), ("value", Value::text(value.to_string()))]));
    Ok(Value::record([
        ("exists", Value::Boolean(found.is_some())),
        ("source", part("/dataSourceName")),
        ("index", part("/targetIndexName")),
        ("disabled", Value::Boolean(disabled)),
        ("schedule", part("/schedule/interval")),
        ("etag", part("/@odata.etag")),
        ("definition", Value::List(definition.collect())),
    ]))
}

fn judge_get(args: &Args, outputs: &Value) -> Verdict {
    if outputs.field("exists") != Some(&Value::Boolean(true)) {
        return Verdict::Fail { seen: "there is no such indexer".into() };
    }
    let disabled = outputs.field("disabled");
    let state = if disabled == Some(&Value::Boolean(true)) { "disabled" } else { "enabled" };
    let seen = format!("{state}, writes {}", field(outputs, "index"));
    let mut missed = Vec::new();
    if let Some(index) = args.get("index").and_then(Value::as_text).filter(|index| *index != field(outputs, "index")) {
        missed.push(format!("expected it to write {index}"));
    }
    if args.get("disabled").is_some_and(|wanted| Some(wanted) != disabled) {
        missed.push(format!("expected it to be {}", if state == "enabled" { "disabled" } else { "enabled" }));
    }
    if missed.is_empty() {
        Verdict::Pass { seen }
    } else {
        Verdict::Fail { seen: format!("{seen}; {}", missed.join(", ")) }
    }
}

const DEFINITION: &str = "the definition";
const ABSENT: &str = "there is no such indexer";

/// What a person consents to: the parts that matter to them, and the tag that covers the rest.
fn fields(indexer: &Value) -> Vec<Field> {
    if indexer.field("exists") != Some(&Value::Boolean(true)) {
        return vec![Field::new(DEFINITION, ABSENT)];
    }
    let state = if indexer.field("disabled") == Some(&Value::Boolean(true)) { "disabled" } else { "enabled" };
    let part = |name| field(indexer, name);
    let shown = format!("reads {}, writes {}, {state}, {}", part("source"), part("index"), part("etag"));
    vec![Field::new(DEFINITION, shown)]
}

fn judge_delete(_: &ProbeContext<'_>, seen: &[Value]) -> ProbeVerdict {
    let now = seen.first().and_then(|indexer| fields(indexer).into_iter().next()).map(|field| field.value);
    match now {
        None => ProbeVerdict::Unknown { seen: "the indexers could not be read".into() },
        Some(seen) if seen == ABSENT => ProbeVerdict::Happened { outputs: Value::record([]), seen },
        Some(seen) => ProbeVerdict::DidNot { seen },
    }
}

fn judge_set(context: &ProbeContext<'_>, seen: &[Value]) -> ProbeVerdict {
    let (Some(indexer), Ok(wanted)) = (seen.first(), wanted(context.args)) else {
        return ProbeVerdict::Unknown { seen: "the indexers could not be read".into() };
    };
    let now = fields(indexer).into_iter().next().map(|field| field.value).unwrap_or_default();
    if now == ABSENT {
        return ProbeVerdict::DidNot { seen: now };
    }
    let found: BTreeMap<&str, Document> = list(indexer, "definition")
        .iter()
        .filter_map(|item| Some((field(item, "name"), serde_json::from_str(field(item, "value")).ok()?)))
        .collect();
    // The service adds what was left out and shows no null; so it is what was sent that is looked for.
    let is_there = |(name, value): (&String, &Document)| {
        value.is_null() || LEFT_OUT.contains(&name.as_str()) || found.get(name.as_str()) == Some(value)
    };
    let before = context.before.iter().find(|field| field.name == DEFINITION).map(|field| field.value.as_str());
    match (wanted.iter().all(is_there), before == Some(now.as_str())) {
        (true, _) => {
            let outputs = Value::record([("etag", Value::text(field(indexer, "etag")))]);
            ProbeVerdict::Happened { outputs, seen: now }
        }
        (false, true) => ProbeVerdict::DidNot { seen: format!("{now}, as it was before") },
        (false, false) => ProbeVerdict::Unknown { seen: format!("{now}: changed, but not as asked") },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::place::tests::with;
    use super::*;
    use crate::base::Timestamp;

    fn seen(index: &str, disabled: bool) -> Value {
        let list = json!({"value": [{
            "@odata.etag": "\"0x1\"", "name": "nightly", "dataSourceName": "blobs", "targetIndexName": index,
            "disabled": disabled, "schedule": {"interval": "P1D"}, "parameters": {"batchSize": 7}, "skillsetName": null,
            "encryptionKey": {"accessCredentials": {"applicationId": "a", "applicationSecret": "canary"}}}]});
        parse_get(&with([("indexer", Value::text("nightly"))]), &[Reply::json(200, list)]).unwrap()
    }

    fn set<const N: usize>(more: [(&str, Value); N]) -> Args {
        let mut args = with(more);
        args.entry("indexer".to_owned()).or_insert_with(|| Value::text("nightly"));
        args.insert("like".into(), seen("docs", false).field("definition").unwrap().clone());
        args
    }

    #[test]
    fn a_definition_is_carried_over_whole_but_for_what_is_to_change_and_never_with_a_credential() {
        let args = set([
            ("indexer", Value::text("docs-2-nightly")),
            ("index", Value::text("docs-2")),
            ("disabled", Value::Boolean(true)),
            ("existing", Value::Boolean(false)),
        ]);
        let request = render_set(&args).unwrap();
        assert_eq!(request.condition, Some(Condition::Absent));
        assert_eq!(
            request.body.unwrap().masked(),
            json!({"name": "docs-2-nightly", "dataSourceName": "blobs", "targetIndexName": "docs-2", "disabled": true,
                "schedule": {"interval": "P1D"}, "parameters": {"batchSize": 7}})
        );
        assert!(!seen("docs", false).to_string().contains("canary"));
    }

    #[test]
    fn one_that_must_be_there_is_written_under_its_tag_or_any() {
        let condition = |args: &Args| render_set(args).unwrap().condition;
        let existing = set([("existing", Value::Boolean(true))]);
        assert_eq!(condition(&existing), Some(Condition::Unchanged("*".into())));
        let tagged = set([("existing", Value::Boolean(true)), ("etag", Value::text("\"0x1\""))]);
        assert_eq!(condition(&tagged), Some(Condition::Unchanged("\"0x1\"".into())));
        assert!(render_set(&set([("existing", Value::Boolean(false)), ("etag", Value::text("\"0x1\""))])).is_err());
        assert!(render_set(&with([("indexer", Value::text("n")), ("like", Value::text("{}"))])).is_err());
    }

    #[test]
    fn it_was_written_if_what_was_sent_stands_there() {
        let args = set([("disabled", Value::Boolean(true))]);
        let before = fields(&seen("docs", false));
        let attempt = "01938a3c-0000-7000-8000-000000000001".parse().unwrap();
        let context = ProbeContext { args: &args, attempt, sent_at: Timestamp::from_seconds(0), before: &before };
        assert!(matches!(judge_set(&context, &[seen("docs", true)]), ProbeVerdict::Happened { .. }));
        assert!(matches!(judge_set(&context, &[seen("docs", false)]), ProbeVerdict::DidNot { .. }));
        assert!(matches!(judge_set(&context, &[seen("docs-2", false)]), ProbeVerdict::Unknown { .. }));
    }

    #[test]
    fn the_check_wants_the_index_and_the_schedule_as_they_are_said() {
        let of = |index: &str, disabled| with([("index", Value::text(index)), ("disabled", Value::Boolean(disabled))]);
        assert!(matches!(judge_get(&of("docs", true), &seen("docs", true)), Verdict::Pass { .. }));
        let wrong = judge_get(&of("docs-2", true), &seen("docs", false));
        assert!(matches!(wrong, Verdict::Fail { seen } if seen.contains("docs-2") && seen.contains("disabled")));
    }
}
