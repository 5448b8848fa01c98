//! An alias: the name that readers use for whichever index stands behind it. It cannot be the target of an indexer, and a
//! change of it takes about ten seconds to reach every reader.

use serde_json::Value as Document;

use super::super::super::{
    Answers, Args, Call, ChangeFacts, Class, Field, Json, Method, Parameter, Probe, ProbeContext, ProbeVerdict,
    RenderError, Reply, Request, Risk, Row, Script, Service, Type, Unreadable, Verdict,
};
use super::super::argument::{optional, optional_text, output, pass_on, read_back, required};
use super::super::reading::{body, field, items, text};
use super::place::{ETAG, PREVIEW, SERVICE, lock, look, name, request, unchanged};
use crate::base::{Span, Value};

const ALIAS: Parameter = required("alias", Type::String, "The alias's name.");

/// `search.alias.get`.
pub(in super::super) static GET: Row = READ;

/// The read, from which the rows of this file take what they have in common.
const READ: Row = Row {
    name: "search.alias.get",
    summary: "Reads for which index an alias stands.",
    parameters: &[
        SERVICE,
        ALIAS,
        optional("index", Type::String, "As a check: the index that it must stand for; without it, any."),
    ],
    outputs: &[
        output("index", Type::String, "The index that it stands for; empty if there is no such alias."),
        output("etag", Type::String, "Its entity tag; empty if there is no such alias."),
        output("aliases", Type::List(&Type::Record), "Every alias of the service: `{name, index}`."),
    ],
    risk: Risk::Read,
    class: Class::R,
    service: Service::Search,
    api_version: Some(PREVIEW),
    operation_id: Some("Aliases_List"),
    documentation: "https://learn.microsoft.com/rest/api/searchservice/aliases/list",
    permissions: &["Microsoft.Search/searchServices/aliases/read"],
    render: render_get,
    follow: None,
    parse: parse_get,
    judge: Some(judge_get),
    change: None,
    by_hand: Some(get_by_hand),
};

/// `search.alias.set`.
pub(in super::super) static SET: Row = Row {
    name: "search.alias.set",
    summary: "Lets an alias stand for another index, or makes it.",
    parameters: &[SERVICE, ALIAS, required("index", Type::String, "The index that it is to stand for."), ETAG],
    outputs: &[output("etag", Type::String, "Its entity tag.")],
    risk: Risk::Destructive,
    class: Class::A,
    operation_id: Some("Aliases_CreateOrUpdate"),
    documentation: "https://learn.microsoft.com/rest/api/searchservice/aliases/create-or-update",
    permissions: &["Microsoft.Search/searchServices/aliases/write"],
    render: render_set,
    parse: |_, replies| Ok(Value::record([("etag", Value::text(text(body(replies, 0)?, "/@odata.etag")))])),
    judge: None,
    change: Some(ChangeFacts {
        read_back: |args| read_back(args, "alias"),
        locks: |args| lock(args, "aliases", "alias"),
        observe: |args| vec![alias_of(args)],
        observed: |_, seen| seen.first().map(stands_for).into_iter().collect(),
        probe: Probe {
            answers: Answers::Whether,
            reads: |args| vec![alias_of(args)],
            judge: judge_set,
            settles: Span::minutes(1),
        },
        undo: "Let it stand for the former index again, which works as long as that index is there.",
        touches: "Everyone who searches by this name gets the other index, within about ten seconds and not all at once. No \
                  indexer follows: it goes on writing where its definition says.",
        expect: Span::seconds(10),
        loses: None,
    }),
    by_hand: None,
    ..READ
};

/// The call that lists every alias of the service that `args` names.
pub(super) fn aliases_of(args: &Args) -> Call {
    // Any name will do: what is wanted of the answer is the whole list.
    Call::new(GET.name, [("service", pass_on(args, "service")), ("alias", pass_on(args, "index"))])
}

fn alias_of(args: &Args) -> Call {
    Call::new(GET.name, [("service", pass_on(args, "service")), ("alias", pass_on(args, "alias"))])
}

fn render_get(args: &Args) -> Result<Request, RenderError> {
    name(args, "alias")?;
    if args.contains_key("index") {
        name(args, "index")?;
    }
    request(args, Method::Get, "/aliases", PREVIEW)
}

fn get_by_hand(args: &Args) -> Result<Script, RenderError> {
    let alias = name(args, "alias")?;
    let index = optional_text(args, "index")?;
    let good = index.map_or_else(
        || format!("The alias {alias} is in the list."),
        |index| format!("The alias {alias} is in the list, and its only index is {index}."),
    );
    Ok(look(&render_get(args)?, good))
}

fn render_set(args: &Args) -> Result<Request, RenderError> {
    let (alias, index) = (name(args, "alias")?, name(args, "index")?);
    let body = Json::object([("name", Json::text(alias)), ("indexes", Json::Array(vec![Json::text(index)]))]);
    unchanged(args, request(args, Method::Put, &format!("/aliases('{alias}')"), PREVIEW)?.with_body(body))
}

fn parse_get(args: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let wanted = name(args, "alias").map_err(|_| Unreadable("name".into()))?;
    let all = items(body(replies, 0)?)?;
    // The service allows exactly one index per alias.
    let index = |alias: &Document| Value::text(text(alias, "/indexes/0"));
    let found = all.iter().find(|alias| text(alias, "/name") == wanted);
    let aliases =
        all.iter().map(|alias| Value::record([("name", Value::text(text(alias, "/name"))), ("index", index(alias))]));
    Ok(Value::record([
        ("index", found.map_or_else(|| Value::text(""), index)),
        ("etag", Value::text(found.map(|found| text(found, "/@odata.etag")).unwrap_or_default())),
        ("aliases", Value::List(aliases.collect())),
    ]))
}

fn judge_get(args: &Args, outputs: &Value) -> Verdict {
    let seen = format!("it stands for {}", stands_for(outputs).value);
    let wanted = args.get("index").and_then(Value::as_text);
    let is_good =
        wanted.map_or_else(|| !field(outputs, "index").is_empty(), |wanted| wanted == field(outputs, "index"));
    match (is_good, wanted) {
        (true, _) => Verdict::Pass { seen },
        (false, Some(wanted)) => Verdict::Fail { seen: format!("{seen}; expected {wanted}") },
        (false, None) => Verdict::Fail { seen: "there is no such alias".into() },
    }
}

const STANDS_FOR: &str = "stands for";

fn stands_for(outputs: &Value) -> Field {
    let index = field(outputs, "index");
    Field::new(STANDS_FOR, if index.is_empty() { "nothing: there is no such alias" } else { index })
}

fn judge_set(context: &ProbeContext<'_>, seen: &[Value]) -> ProbeVerdict {
    let Some(alias) = seen.first() else {
        return ProbeVerdict::Unknown { seen: "the aliases could not be read".into() };
    };
    let seen = format!("it stands for {}", stands_for(alias).value);
    if context.args.get("index").and_then(Value::as_text) == Some(field(alias, "index")) {
        let outputs = Value::record([("etag", Value::text(field(alias, "etag")))]);
        ProbeVerdict::Happened { outputs, seen }
    } else {
        ProbeVerdict::DidNot { seen }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::super::Condition;
    use super::super::place::tests::with;
    use super::*;
    use crate::base::Timestamp;

    fn to(index: &str) -> Args {
        with([("alias", Value::text("chatbot-docs")), ("index", Value::text(index)), ("etag", Value::text("\"0x1\""))])
    }

    fn seen(index: &str) -> Value {
        let list = json!({"value": [{"@odata.etag": "\"0x2\"", "name": "chatbot-docs", "indexes": [index]}]});
        parse_get(&to("any"), &[Reply::json(200, list)]).unwrap()
    }

    #[test]
    fn an_alias_is_set_as_it_was_read_and_by_the_version_that_knows_aliases() {
        let request = render_set(&to("docs-2")).unwrap();
        assert_eq!(request.condition, Some(Condition::Unchanged("\"0x1\"".into())));
        assert!(request.url.ends_with("/aliases('chatbot-docs')?api-version=2024-09-01-preview"));
        assert_eq!(request.body.unwrap().masked(), json!({"name": "chatbot-docs", "indexes": ["docs-2"]}));
        assert_eq!((SET.change.as_ref().unwrap().read_back)(&to("docs-2")), "chatbot-docs");
    }

    #[test]
    fn the_index_that_it_stands_for_tells_whether_it_was_set() {
        let args = to("docs-2");
        let attempt = "01938a3c-0000-7000-8000-000000000001".parse().unwrap();
        let context = ProbeContext { args: &args, attempt, sent_at: Timestamp::from_seconds(0), before: &[] };
        let happened = judge_set(&context, &[seen("docs-2")]);
        assert!(matches!(happened, ProbeVerdict::Happened { outputs, .. } if field(&outputs, "etag") == "\"0x2\""));
        assert!(matches!(judge_set(&context, &[seen("docs")]), ProbeVerdict::DidNot { .. }));
        assert!(matches!(judge_set(&context, &[]), ProbeVerdict::Unknown { .. }));
    }

    #[test]
    fn an_alias_that_is_not_there_stands_for_nothing() {
        let none = parse_get(&to("any"), &[Reply::json(200, json!({"value": []}))]).unwrap();
        assert_eq!((field(&none, "index"), field(&none, "etag")), ("", ""));
        assert!(matches!(judge_get(&to("docs"), &none), Verdict::Fail { .. }));
        assert!(matches!(judge_get(&to("docs"), &seen("docs")), Verdict::Pass { .. }));
        assert!(matches!(judge_get(&to("docs"), &seen("x")), Verdict::Fail { seen } if seen.contains("expected docs")));
    }
}
