//! The app settings of a site: their names, which of them are Key Vault references, and which stay with their slot.
//!
//! A setting's value may be a secret, so none ever becomes an output. What a runbook must know of a value it says itself,
//! and is told only whether it is so. The text of a Key Vault reference is no secret, and is given.

use serde_json::{Map, Value as Json};

use super::super::by_hand::line;
use super::super::{
    Args, Call, Class, Follow, Method, Piece, RenderError, Reply, Request, Risk, Row, Script, Service, TargetKind,
    Type, Unreadable, Verdict,
};
use super::argument::{optional, optional_list, output, pass_on, target};
use super::place::split_slot;
use super::reading::{body, field, list, text};
use super::webapp::{API, APP, about, request};
use crate::base::Value;

/// Where the settings are listed. It is a POST that reads: the service keeps values out of what GET shows.
const LIST: &str = "/config/appsettings/list";
const STICKY: &str = "/config/slotConfigNames";

/// `webapp.settings`. The site is read before its settings, so that whoever writes between the two is seen at the next
/// look: then the site was modified later than this look says.
pub(super) static SETTINGS: Row = Row {
    name: "webapp.settings",
    summary: "Reads the names of a site's app settings, never their values, and as a check compares some of them.",
    parameters: &[
        APP,
        optional("expect", Type::List(&Type::Record), "As a check: `{name, value}` of settings that must stand so."),
        optional("absent", Type::List(&Type::String), "As a check: names that must not be there."),
        optional("names", Type::List(&Type::String), "As a check: the names that must be there, and no other."),
    ],
    outputs: &[
        output("names", Type::List(&Type::String), "The names of all settings, in alphabetical order."),
        output(
            "references",
            Type::List(&Type::Record),
            "The settings that are Key Vault references: `{name, reference}`.",
        ),
        output(
            "sticky",
            Type::List(&Type::String),
            "The names that stay with their slot in a swap, of all slots of the site.",
        ),
        output("modified", Type::String, "When the site was last modified, as the service writes it."),
        output(
            "matches",
            Type::List(&Type::Record),
            "Of each expected setting, whether it stands so: `{name, matches}`.",
        ),
    ],
    risk: Risk::Read,
    class: Class::R,
    service: Service::ResourceManager,
    api_version: Some(API),
    operation_id: Some("WebApps_ListApplicationSettings"),
    documentation: "https://learn.microsoft.com/rest/api/appservice/web-apps/list-application-settings",
    permissions: &[
        "Microsoft.Web/sites/read",
        "Microsoft.Web/sites/config/list/Action",
        "Microsoft.Web/sites/config/read",
    ],
    render,
    follow: Some(Follow { next: follow, foretell }),
    parse,
    judge: Some(judge),
    change: None,
    by_hand: Some(by_hand),
};

/// The call of this row for the site in `args`, with what is expected of its settings.
pub(super) fn settings_of(args: &Args) -> Call {
    let mut call = Call::new(SETTINGS.name, [("app", pass_on(args, "app"))]);
    for (ours, theirs) in [("set", "expect"), ("remove", "absent")] {
        if let Some(value) = args.get(ours) {
            call.args.insert(theirs.to_owned(), value.clone());
        }
    }
    call
}

/// The settings in a list of `{name, value}`, each named once.
pub(super) fn pairs<'a>(args: &'a Args, name: &'static str) -> Result<Vec<(&'a str, &'a str)>, RenderError> {
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    for item in optional_list(args, name)? {
        let text = |member| item.field(member).and_then(Value::as_text);
        match (text("name"), text("value")) {
            (Some(setting), Some(value)) if is_name(setting) && !pairs.iter().any(|(known, _)| *known == setting) => {
                pairs.push((setting, value));
            }
            _ => {
                let wanted = "a list of `{name, value}`, both texts, each name once";
                return Err(RenderError::Shape { name, wanted, found: item.to_string() });
            }
        }
    }
    Ok(pairs)
}

/// The names in a list of texts.
pub(super) fn names<'a>(args: &'a Args, name: &'static str) -> Result<Vec<&'a str>, RenderError> {
    let names = optional_list(args, name)?.iter().map(|item| match item.as_text() {
        Some(setting) if is_name(setting) => Ok(setting),
        _ => Err(RenderError::Shape { name, wanted: "a list of names of settings", found: item.to_string() }),
    });
    names.collect()
}

/// A setting's name becomes an environment variable of the app: printable, and without `=`.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 256 && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'=')
}

fn render(args: &Args) -> Result<Request, RenderError> {
    pairs(args, "expect")?;
    names(args, "absent")?;
    names(args, "names")?;
    request(args, Method::Get, "")
}

fn follow(args: &Args, replies: &[Reply]) -> Vec<Request> {
    let id = target(args, "app", TargetKind::Webapp).map(|app| app.id);
    match (replies.len(), id) {
        (1, Ok(id)) => vec![about(Method::Post, id, LIST)],
        // What is sticky is kept by the site for all its slots.
        (2, Ok(id)) => vec![about(Method::Get, split_slot(id).map_or(id, |(site, _)| site), STICKY)],
        _ => Vec::new(),
    }
}

fn foretell(args: &Args) -> Vec<String> {
    let follows = |replies: &[Reply]| follow(args, replies).first().map(|next| format!("{} {}", next.method, next.url));
    let [one, two] = [Reply::empty(200), Reply::empty(200)];
    [follows(std::slice::from_ref(&one)), follows(&[one, two])].into_iter().flatten().collect()
}

/// Only names are printed: a terminal keeps what it shows.
fn by_hand(args: &Args) -> Result<Script, RenderError> {
    let list = about(Method::Post, target(args, "app", TargetKind::Webapp)?.id, LIST);
    let mut command = line([("az rest --method POST --url ", &list.url)]);
    command.push(Piece::Shell(" --query 'keys(properties)' --output tsv"));
    let expected: Vec<&str> = pairs(args, "expect")?.into_iter().map(|(name, _)| name).collect();
    let good = match (expected.as_slice(), names(args, "absent")?.as_slice()) {
        ([], []) => "The names are those that you expect.".to_owned(),
        ([], absent) => format!("{} is not among the names.", absent.join(", ")),
        (expected, _) => format!("{} is among the names; look up its value in the portal.", expected.join(", ")),
    };
    Ok(Script::of(command).good(good))
}

/// The settings by name. Only what is text is a setting.
fn properties(replies: &[Reply]) -> Result<&Map<String, Json>, Unreadable> {
    let properties = body(replies, 1)?.get("properties").and_then(Json::as_object);
    properties.ok_or_else(|| Unreadable("properties".into()))
}

fn parse(args: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let settings = properties(replies)?;
    let texts = |texts: &mut dyn Iterator<Item = &str>| Value::List(texts.map(Value::text).collect());
    let references = settings.iter().filter_map(|(name, value)| {
        let reference = value.as_str().filter(|text| text.starts_with("@Microsoft.KeyVault("))?;
        Some(Value::record([("name", Value::text(name)), ("reference", Value::text(reference))]))
    });
    let sticky = body(replies, 2)?.pointer("/properties/appSettingNames").and_then(Json::as_array);
    let mut sticky: Vec<&str> = sticky.into_iter().flatten().filter_map(Json::as_str).collect();
    sticky.sort_unstable();
    let expected = pairs(args, "expect").map_err(|error| Unreadable(error.to_string()))?;
    let matches = expected.iter().map(|(name, value)| {
        let stands = settings.get(*name).and_then(Json::as_str) == Some(*value);
        Value::record([("name", Value::text(*name)), ("matches", Value::Boolean(stands))])
    });
    Ok(Value::record([
        ("names", texts(&mut settings.keys().map(String::as_str))),
        ("references", Value::List(references.collect())),
        ("sticky", texts(&mut sticky.into_iter())),
        ("modified", Value::text(text(body(replies, 0)?, "/properties/lastModifiedTimeUtc"))),
        ("matches", Value::List(matches.collect())),
    ]))
}

/// How the settings differ from what is expected, as parts of a sentence; none if they do not.
pub(super) fn differences(args: &Args, outputs: &Value) -> Vec<String> {
    let there = |name: &str| list(outputs, "names").iter().any(|known| known.as_text() == Some(name));
    let mut wrong: Vec<String> = list(outputs, "matches")
        .iter()
        .filter(|setting| setting.field("matches") != Some(&Value::Boolean(true)))
        .map(|setting| match field(setting, "name") {
            name if there(name) => format!("{name} has another value"),
            name => format!("{name} is not there"),
        })
        .collect();
    let absent = names(args, "absent").unwrap_or_default();
    wrong.extend(absent.into_iter().filter(|name| there(name)).map(|name| format!("{name} is still there")));
    if args.contains_key("names") {
        let wanted = names(args, "names").unwrap_or_default();
        let found: Vec<&str> = list(outputs, "names").iter().filter_map(Value::as_text).collect();
        wrong.extend(wanted.iter().filter(|name| !found.contains(name)).map(|name| format!("{name} is missing")));
        wrong.extend(found.iter().filter(|name| !wanted.contains(name)).map(|name| format!("{name} is new")));
    }
    wrong
}

fn judge(args: &Args, outputs: &Value) -> Verdict {
    let wrong = differences(args, outputs);
    let count = list(outputs, "names").len();
    if wrong.is_empty() {
        return Verdict::Pass {
            seen: format!("{count} settings, as expected; last modified {}", field(outputs, "modified")),
        };
    }
    Verdict::Fail { seen: format!("{}; last modified {}", wrong.join("; "), field(outputs, "modified")) }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::argument::tests::{app, args};
    use super::*;
    use serde_json::json;

    const REFERENCE: &str = "@Microsoft.KeyVault(SecretUri=https://chatbot-kv.vault.azure.net/secrets/session-secret)";

    pub(in super::super) fn setting(name: &str, value: &str) -> Value {
        Value::record([("name", Value::text(name)), ("value", Value::text(value))])
    }

    pub(in super::super) fn texts(names: &[&str]) -> Value {
        Value::List(names.iter().map(|name| Value::text(*name)).collect())
    }

    fn replies() -> [Reply; 3] {
        [
            json!({"properties": {"lastModifiedTimeUtc": "2026-11-20T03:10:00.5833333"}}),
            json!({"properties": {"TOKEN": "hunter2hunter2", "SESSION_SECRET": REFERENCE, "SEARCH_INDEX": "chat-v1"}}),
            json!({"properties": {"connectionStringNames": null, "appSettingNames": ["APP_ENVIRONMENT"]}}),
        ]
        .map(|body| Reply::json(200, body))
    }

    fn of(more: &[(&str, Value)]) -> Args {
        let mut args = args([("app", app("chatbot-web/staging"))]);
        args.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        args
    }

    #[test]
    fn no_value_becomes_an_output_but_the_text_of_a_reference() {
        let outputs =
            parse(&of(&[("expect", Value::List(vec![setting("TOKEN", "hunter2hunter2")]))]), &replies()).unwrap();
        assert_eq!(outputs.field("names"), Some(&texts(&["SEARCH_INDEX", "SESSION_SECRET", "TOKEN"])));
        assert_eq!(field(&list(&outputs, "references")[0], "reference"), REFERENCE);
        assert_eq!(outputs.field("sticky"), Some(&texts(&["APP_ENVIRONMENT"])));
        assert_eq!(list(&outputs, "matches")[0].field("matches"), Some(&Value::Boolean(true)));
        let shown = format!("{outputs:?}");
        assert!(!shown.contains("hunter2") && !shown.contains("chat-v1"), "{shown}");
    }

    #[test]
    fn the_site_is_read_first_then_its_settings_and_what_is_sticky_of_the_whole_site() {
        let [site, settings, _] = replies();
        let args = of(&[]);
        assert!(render(&args).unwrap().url.ends_with("/sites/chatbot-web/slots/staging?api-version=2023-12-01"));
        let asked = follow(&args, std::slice::from_ref(&site));
        assert_eq!(asked[0].method, Method::Post);
        assert!(asked[0].url.contains("/slots/staging/config/appsettings/list?"), "{}", asked[0].url);
        let asked = follow(&args, &[site, settings]);
        assert!(asked[0].url.contains("/sites/chatbot-web/config/slotConfigNames?"), "{}", asked[0].url);
        assert!(follow(&args, &replies()).is_empty());
        assert_eq!(foretell(&args).len(), 2);
    }

    #[test]
    fn a_check_says_which_setting_differs_and_never_how() {
        let judged = |more: &[(&str, Value)]| judge(&of(more), &parse(&of(more), &replies()).unwrap());
        let expect = |value| ("expect", Value::List(vec![setting("SEARCH_INDEX", value)]));
        assert!(matches!(judged(&[expect("chat-v1")]), Verdict::Pass { .. }));
        let other = judged(&[expect("chat-v2")]);
        assert!(
            matches!(&other, Verdict::Fail { seen } if seen.contains("SEARCH_INDEX has another value")),
            "{other:?}"
        );
        assert!(!other.seen().contains("chat-v1"));
        assert!(matches!(judged(&[("absent", texts(&["TOKEN"]))]), Verdict::Fail { .. }));
        assert!(matches!(judged(&[("absent", texts(&["OLD"]))]), Verdict::Pass { .. }));
        let all = judged(&[("names", texts(&["SEARCH_INDEX", "SESSION_SECRET", "GONE"]))]);
        assert!(all.seen().contains("GONE is missing") && all.seen().contains("TOKEN is new"), "{all:?}");
    }

    #[test]
    fn what_cannot_be_a_setting_is_refused_before_anything_is_asked() {
        for bad in [setting("", "x"), setting("A=B", "x"), setting("A B", "x"), Value::text("A")] {
            assert!(render(&of(&[("expect", Value::List(vec![bad.clone()]))])).is_err(), "{bad}");
        }
        let twice = Value::List(vec![setting("A", "1"), setting("A", "2")]);
        assert!(render(&of(&[("expect", twice)])).is_err());
    }

    #[test]
    fn settings_that_are_not_there_are_unreadable_rather_than_none() {
        let [site, _, sticky] = replies();
        assert!(parse(&of(&[]), &[site, Reply::json(200, json!({})), sticky]).is_err());
    }
}
