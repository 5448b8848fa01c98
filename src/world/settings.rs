//! The app settings of a site on their way from the service into the request that writes them anew. Their values stay in
//! this file: they are read, put where they belong, and overwritten.

use std::collections::{BTreeMap, BTreeSet};

use azure_core::http::{RawResponse, Url};
use serde_json::Value as Json;
use zeroize::Zeroizing;

use super::Redactor;
use super::guard::wipe;
use super::outcome::is_resource_manager;
use crate::base::{AttemptId, SecretRef, Value};
use crate::effect::{Errand, Request};

/// Where the settings are listed, as the end of a path.
pub(super) const LIST: &str = "/config/appsettings/list";

/// The settings by name.
type Listed = BTreeMap<String, Zeroizing<String>>;

/// Where the settings are listed that the request replaces.
pub(super) fn list_address(request: &Request) -> Result<Url, &'static str> {
    const WRONG: &str = "the request does not replace the app settings of a site";
    let (path, query) = request.url.split_once('?').ok_or(WRONG)?;
    let site = path.strip_suffix("/config/appsettings").ok_or(WRONG)?;
    let url: Url = format!("{site}{LIST}?{query}").parse().map_err(|_| WRONG)?;
    if is_resource_manager(&url) { Ok(url) } else { Err(WRONG) }
}

/// The settings in an answer.
pub(super) fn read(raw: &RawResponse) -> Result<Listed, String> {
    let mut body: Json = raw.body().json().map_err(|_| "the answer cannot be read".to_owned())?;
    let settings = body.get("properties").and_then(Json::as_object).map(|settings| {
        let pairs = settings.iter();
        pairs.filter_map(|(name, value)| Some((name.clone(), Zeroizing::new(value.as_str()?.to_owned())))).collect()
    });
    wipe(&mut body);
    settings.ok_or_else(|| "the answer has no settings in it".to_owned())
}

/// The request's body with the settings as they are, and what takes their values out of whatever is answered to it.
///
/// The values are learnt for this answer only: a setting may well be `production`, and from then on the word would be
/// missing everywhere.
///
/// # Errors
/// A sentence without any value: other settings are there than those that were looked at, or the request refers to those
/// of another site.
pub(super) fn fill(errand: &Errand, attempt: AttemptId, listed: &Listed) -> Result<(Json, Redactor), String> {
    let looked_at = errand.call.args.get("names").and_then(Value::as_list).unwrap_or_default();
    let looked_at: BTreeSet<&str> = looked_at.iter().filter_map(Value::as_text).collect();
    let there: BTreeSet<&str> = listed.keys().map(String::as_str).collect();
    if looked_at != there {
        let names = |one: &BTreeSet<&str>, other: &BTreeSet<&str>| {
            let names: Vec<&str> = one.difference(other).copied().collect();
            if names.is_empty() { "none".to_owned() } else { names.join(", ") }
        };
        return Err(format!(
            "somebody else has changed them since they were looked at (new: {}; gone: {})",
            names(&there, &looked_at),
            names(&looked_at, &there)
        ));
    }
    let id = errand.call.args.get("app").and_then(|app| app.field("id")).and_then(Value::as_text).unwrap_or_default();
    let mut value = |reference: &SecretRef| match reference {
        SecretRef::Setting { site, name } if site == id => {
            listed.get(name).map(|value| value.as_str().to_owned()).ok_or_else(|| format!("{name} is not there"))
        }
        _ => Err("the request refers to something else than the settings of its own site".to_owned()),
    };
    let body = errand.request.body.as_ref().ok_or("the rendered request has no body")?;
    let body = body.fill(&attempt.to_string(), &mut value)?;
    let redactor = Redactor::new();
    for value in listed.values() {
        redactor.learn(value);
    }
    Ok((body, redactor))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effect::{Call, find};

    const ID: &str = "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/chatbot-rg/providers/Microsoft.Web/\
                      sites/chatbot-web";

    fn errand(names: &[&str]) -> Errand {
        let app = Value::record([("name", Value::text("chatbot-web")), ("id", Value::text(ID))]);
        let names = Value::List(names.iter().map(|name| Value::text(*name)).collect());
        let set = Value::record([("name", Value::text("SEARCH_INDEX")), ("value", Value::text("chat-v2"))]);
        let remove = Value::List(vec![Value::text("OLD")]);
        let args = [("app", app), ("names", names), ("set", Value::List(vec![set])), ("remove", remove)];
        let call = Call::new("webapp.settings.replace", args);
        let request = (find(&call.action).unwrap().render)(&call.args).unwrap();
        Errand { call, request }
    }

    fn listed(pairs: &[(&str, &str)]) -> Listed {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), Zeroizing::new((*value).to_owned()))).collect()
    }

    fn attempt() -> AttemptId {
        "01938a3c-0000-7000-8000-000000000001".parse().unwrap()
    }

    #[test]
    fn what_is_not_changed_keeps_the_value_that_it_has() {
        let errand = errand(&["OLD", "SEARCH_INDEX", "TOKEN"]);
        let listed = listed(&[("OLD", "1"), ("SEARCH_INDEX", "chat-v1"), ("TOKEN", "hunter2hunter2")]);
        let (body, redactor) = fill(&errand, attempt(), &listed).unwrap();
        assert_eq!(body, serde_json::json!({"properties": {"SEARCH_INDEX": "chat-v2", "TOKEN": "hunter2hunter2"}}));
        assert_eq!(redactor.redact("TOKEN=hunter2hunter2 is too long"), "TOKEN=«redacted» is too long");
        let list = list_address(&errand.request).unwrap();
        assert!(list.as_str().ends_with("/sites/chatbot-web/config/appsettings/list?api-version=2023-12-01"), "{list}");
    }

    #[test]
    fn settings_that_somebody_else_added_or_removed_stop_the_request_and_are_named_without_their_values() {
        let errand = errand(&["OLD", "SEARCH_INDEX", "TOKEN"]);
        let changed = listed(&[("OLD", "1"), ("SEARCH_INDEX", "chat-v1"), ("NEW", "hunter2hunter2")]);
        let refused = fill(&errand, attempt(), &changed).unwrap_err();
        assert!(refused.contains("new: NEW; gone: TOKEN") && !refused.contains("hunter2"), "{refused}");
    }

    #[test]
    fn a_request_that_replaces_something_else_is_refused() {
        let mut errand = errand(&["OLD", "SEARCH_INDEX", "TOKEN"]);
        for url in
            ["https://evil.example/config/appsettings?api-version=1", "https://management.azure.com/x?api-version=1"]
        {
            url.clone_into(&mut errand.request.url);
            assert!(list_address(&errand.request).is_err(), "{url}");
        }
    }
}
