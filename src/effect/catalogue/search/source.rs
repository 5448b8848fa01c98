use super::super::super::{
    Args, Class, Method, RenderError, Reply, Request, Risk, Row, Service, Type, Unreadable, Verdict,
};
use super::super::argument::{optional, optional_text, output, required};
use super::super::reading::{field, text};
use super::place::{API, SERVICE, listed, look, name, request};
use crate::base::Value;

/// `search.datasource.get`. It asks for three members by name, and the connection string is none of them.
pub(in super::super) static GET: Row = Row {
    name: "search.datasource.get",
    summary: "Reads what kind of source an indexer reads, and which container of it; never how it is connected.",
    parameters: &[
        SERVICE,
        required("source", Type::String, "The data source's name."),
        optional("container", Type::String, "As a check: the container that it must be about; without it, any."),
    ],
    outputs: &[
        output("kind", Type::String, "Its kind, `azureblob`; empty if there is no such source."),
        output("container", Type::String, "The container, or table, that it is about."),
        output("folder", Type::String, "The part of the container that it is about; empty if all of it."),
    ],
    risk: Risk::Read,
    class: Class::R,
    service: Service::Search,
    api_version: Some(API),
    operation_id: Some("DataSources_List"),
    documentation: "https://learn.microsoft.com/rest/api/searchservice/data-sources/list",
    permissions: &["Microsoft.Search/searchServices/dataSources/read"],
    render,
    follow: None,
    parse,
    judge: Some(judge),
    change: None,
    by_hand: Some(|args| {
        let source = name(args, "source")?;
        Ok(look(&render(args)?, format!("A data source of the name {source} is in the list.")))
    }),
};

fn render(args: &Args) -> Result<Request, RenderError> {
    name(args, "source")?;
    optional_text(args, "container")?;
    request(args, Method::Get, "/datasources?$select=name,type,container", API)
}

fn parse(args: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let wanted = name(args, "source").map_err(|_| Unreadable("name".into()))?;
    let found = listed(replies, wanted)?;
    let part = |pointer: &str| Value::text(found.map(|found| text(found, pointer)).unwrap_or_default());
    Ok(Value::record([
        ("kind", part("/type")),
        ("container", part("/container/name")),
        ("folder", part("/container/query")),
    ]))
}

fn judge(args: &Args, outputs: &Value) -> Verdict {
    let (kind, container) = (field(outputs, "kind"), field(outputs, "container"));
    if kind.is_empty() {
        return Verdict::Fail { seen: "there is no such data source".into() };
    }
    let seen = format!("{kind}, container {container}");
    match args.get("container").and_then(Value::as_text) {
        Some(wanted) if wanted != container => Verdict::Fail { seen: format!("{seen}; expected container {wanted}") },
        _ => Verdict::Pass { seen },
    }
}
