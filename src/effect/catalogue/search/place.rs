use super::super::super::by_hand::line;
use super::super::super::{
    Args, Condition, Json, Method, Parameter, RenderError, Reply, Request, Script, Service, TargetKind, Type,
    Unreadable,
};
use super::super::argument::{optional, optional_text, required, target, text};
use super::super::reading::{body, items, text as member};
use crate::base::Value;

/// The data plane's version.
pub(super) const API: &str = "2024-07-01";

/// The version that knows aliases, which the stable one does not.
pub(super) const PREVIEW: &str = "2024-09-01-preview";

/// The parameter that every row of this service has.
pub(super) const SERVICE: Parameter = required("service", Type::Target(TargetKind::Search), "The AI Search service.");

/// What must still be so for a change to be made.
pub(super) const ETAG: Parameter = optional(
    "etag",
    Type::String,
    "The entity tag that was read; if somebody has changed it since, nothing is done. Empty: whatever it is now.",
);

/// The service's address, `https://NAME.search.windows.net`, without a slash at its end.
pub(super) fn url(args: &Args) -> Result<&str, RenderError> {
    target(args, "service", TargetKind::Search)?;
    let url = args.get("service").and_then(|service| service.field("url")).and_then(Value::as_text).unwrap_or_default();
    let host = url.strip_prefix("https://").and_then(|rest| rest.strip_suffix(".search.windows.net"));
    let wanted = "an AI Search service whose url is https://NAME.search.windows.net";
    match host {
        Some(host) if TargetKind::Search.is_name(host) => Ok(url),
        _ => Err(RenderError::Shape { name: "service", wanted, found: url.to_owned() }),
    }
}

/// The name of a thing in the service. Indexes and aliases have lower-case letters, digits and hyphens; the rest
/// underscores too (REST API, "naming rules"). What passes stays in its place in an address.
pub(super) fn name<'a>(args: &'a Args, parameter: &'static str) -> Result<&'a str, RenderError> {
    let text = text(args, parameter)?;
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
    let begins = text.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit());
    if begins && (2..=128).contains(&text.len()) && text.bytes().all(allowed) {
        return Ok(text);
    }
    let wanted = "a name of 2 to 128 lower-case letters, digits, hyphens and underscores";
    Err(RenderError::Shape { name: parameter, wanted, found: text.to_owned() })
}

/// A request about the service.
pub(super) fn request(args: &Args, method: Method, path: &str, version: &str) -> Result<Request, RenderError> {
    let join = if path.contains('?') { '&' } else { '?' };
    Ok(Request::new(Service::Search, method, format!("{}{path}{join}api-version={version}", url(args)?)))
}

/// A request under the condition that the thing is as it was read, if a tag of it is given.
pub(super) fn unchanged(args: &Args, request: Request) -> Result<Request, RenderError> {
    let Some(tag) = optional_text(args, "etag")?.filter(|tag| !tag.is_empty()) else { return Ok(request) };
    // It becomes a header, and nothing but its own part of it (RFC 9110 §8.8.3).
    if tag.len() <= 128 && tag.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(request.only_if(Condition::Unchanged(tag.to_owned())))
    } else {
        let wanted = "an entity tag as it was read";
        Err(RenderError::Shape { name: "etag", wanted, found: tag.to_owned() })
    }
}

/// The definition that was given as JSON, under the name that was given beside it.
pub(super) fn definition(args: &Args, named: &str) -> Result<Json, RenderError> {
    let text = text(args, "definition")?;
    let wanted = "a definition as a JSON object with `fields`, as the service or your repository has it";
    let wrong = |found: String| RenderError::Shape { name: "definition", wanted, found };
    let parsed = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
    let serde_json::Value::Object(mut members) = parsed else { return Err(wrong("something else".to_owned())) };
    if !members.get("fields").is_some_and(serde_json::Value::is_array) {
        return Err(wrong("an object without `fields`".to_owned()));
    }
    // What the service adds to what it shows is not part of what was defined.
    members.retain(|name, _| !name.starts_with("@odata."));
    members.insert("name".to_owned(), named.into());
    Ok(serde_json::Value::Object(members).into())
}

/// The thing of that name in the list of all of its kind; nothing if there is none.
pub(super) fn listed<'a>(replies: &'a [Reply], name: &str) -> Result<Option<&'a serde_json::Value>, Unreadable> {
    Ok(items(body(replies, 0)?)?.iter().find(|item| member(item, "/name") == name))
}

/// The read as a command, and what a good answer says.
pub(super) fn look(request: &Request, good: impl Into<String>) -> Script {
    let command = line([("az rest --method GET --resource https://search.azure.com --url ", &request.url)]);
    Script::of(command).good(good)
}

/// The key that keeps two effects off one thing.
pub(super) fn lock(args: &Args, kind: &str, parameter: &'static str) -> Vec<String> {
    let lock = url(args).and_then(|url| Ok(format!("{url}/{kind}/{}", name(args, parameter)?)));
    lock.into_iter().collect()
}

#[cfg(test)]
pub(in super::super) mod tests {
    use super::super::super::argument::tests::args;
    use super::*;

    pub(in super::super::super) fn service() -> Value {
        let group = "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/chatbot-rg";
        Value::record([
            ("name", Value::text("chatbot-search")),
            ("id", Value::text(format!("{group}/providers/Microsoft.Search/searchServices/chatbot-search"))),
            ("url", Value::text("https://chatbot-search.search.windows.net")),
        ])
    }

    pub(in super::super) fn with<const N: usize>(more: [(&str, Value); N]) -> Args {
        let mut args = args(more);
        args.insert("service".to_owned(), service());
        args
    }

    #[test]
    fn a_name_that_would_leave_its_place_in_an_address_is_refused() {
        for bad in ["", "a", "Docs", "a')", "../x", "a/b", "a b", "a?b", "-ab", "ä1", &"a".repeat(129)] {
            assert!(name(&with([("index", Value::text(bad))]), "index").is_err(), "{bad}");
        }
        assert_eq!(name(&with([("index", Value::text("docs-2"))]), "index").unwrap(), "docs-2");
    }

    #[test]
    fn a_services_address_cannot_point_elsewhere() {
        for bad in ["http://chatbot-search.search.windows.net", "https://a.b.search.windows.net", "https://x.example"] {
            let Value::Record(mut fields) = service() else { panic!("a record") };
            fields.insert("url".into(), Value::text(bad));
            assert!(url(&args([("service", Value::Record(fields))])).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_tag_that_would_be_more_than_a_header_is_refused_and_an_empty_one_is_none() {
        let put = || request(&with([]), Method::Put, "/aliases('a')", PREVIEW).unwrap();
        let of = |tag: &str| unchanged(&with([("etag", Value::text(tag))]), put());
        assert!(of("\"0x1\"\r\nx: y").is_err());
        assert_eq!(of("").unwrap().condition, None);
        assert_eq!(of("\"0x1\"").unwrap().condition, Some(Condition::Unchanged("\"0x1\"".into())));
    }

    #[test]
    fn a_definition_takes_the_name_that_is_given_and_leaves_out_what_the_service_added() {
        let of = |text: &str| definition(&with([("definition", Value::text(text))]), "docs-2");
        let body = of(r#"{"@odata.etag": "x", "name": "docs", "fields": [{"name": "id"}]}"#).unwrap().masked();
        assert_eq!(body, serde_json::json!({"name": "docs-2", "fields": [{"name": "id"}]}));
        for bad in ["", "{", "[]", "{}", r#"{"fields": 1}"#] {
            assert!(of(bad).is_err(), "{bad}");
        }
    }
}
