//! The versions of a secret: the read that shows, checks and probes everything that is done to a secret.

use serde_json::Value as Json;

use super::super::by_hand::line;
use super::super::{
    Args, Class, Method, Reply, Request, Risk, Row, Script, Service, TargetKind, Told, Type, Unreadable, Verdict,
};
use super::super::{Call, RenderError};
use super::argument::{optional, output, pass_on, required, secret_name, vault_name, vault_url};
use super::reading::{body, field, items, last_segment, list, needed, text};
use crate::base::{Timestamp, Value};

/// The data plane's version that all rows of this service use.
pub(super) const API: &str = "7.5";

/// The tag by which an attempt finds its own version again.
pub(super) const ATTEMPT_TAG: &str = "callout-attempt";

/// `keyvault.secret.versions`.
pub(super) static VERSIONS: Row = Row {
    name: "keyvault.secret.versions",
    summary: "Lists the versions of a secret, never their values.",
    parameters: &[
        required("vault", Type::Target(TargetKind::Keyvault), "The vault that holds the secret."),
        required("name", Type::String, "The secret's name."),
        optional("newest", Type::String, "As a check: the version that must be the newest, and enabled."),
        optional(
            "disabled",
            Type::List(&Type::String),
            "As a check: versions that must be disabled; without `newest`, nothing else is asked for then.",
        ),
    ],
    outputs: &[
        output("current", Type::String, "The newest version, enabled or not; empty if there is none.")
            .told(Told::LastSegment("sort_by([], &attributes.created)[-1].id")),
        output("enabled", Type::List(&Type::String), "The enabled versions, newest first.")
            .told(Told::LastSegment("reverse(sort_by([?attributes.enabled], &attributes.created))[].id")),
        output("content_type", Type::String, "The content type of the newest version; empty if it has none.")
            .told(Told::Query("sort_by([], &attributes.created)[-1].contentType || ''")),
        output(
            "tags",
            Type::List(&Type::Record),
            "The newest version's tags as `{name, value}`, without Callout's own.",
        ),
        output(
            "expires",
            Type::String,
            "When the newest version ceases to be valid (RFC 3339); empty if it never does. A new version does not take this \
             over.",
        )
        .told(Told::Query("sort_by([], &attributes.created)[-1].attributes.expires || ''")),
        output(
            "versions",
            Type::List(&Type::Record),
            "All versions, newest first: `{version, enabled, created, attempt}`.",
        ),
    ],
    risk: Risk::Read,
    class: Class::R,
    service: Service::KeyVault,
    api_version: Some(API),
    operation_id: Some("GetSecretVersions"),
    documentation: "https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret-versions/get-secret-versions",
    permissions: &["Microsoft.KeyVault/vaults/secrets/readMetadata/action"],
    render,
    follow: None,
    parse,
    judge: Some(judge),
    change: None,
    by_hand: Some(by_hand),
};

/// The call of this row for the vault and the secret that `args` names.
pub(super) fn versions_of(args: &Args) -> Call {
    Call::new(VERSIONS.name, [("vault", pass_on(args, "vault")), ("name", pass_on(args, "name"))])
}

/// The newest version and whether it is enabled, for a person.
pub(super) fn newest_shown(outputs: &Value) -> String {
    let newest = list(outputs, "versions").first();
    newest.map_or_else(|| "none".to_owned(), |newest| format!("{}, {}", field(newest, "version"), state(newest)))
}

/// The word for a version's state.
pub(super) fn state(version: &Value) -> &'static str {
    if version.field("enabled") == Some(&Value::Boolean(true)) { "enabled" } else { "disabled" }
}

fn render(args: &Args) -> Result<Request, RenderError> {
    let (vault, name) = (vault_url(args, "vault")?, secret_name(args, "name")?);
    let url = format!("{vault}/secrets/{name}/versions?api-version={API}");
    Ok(Request::new(Service::KeyVault, Method::Get, url))
}

fn by_hand(args: &Args) -> Result<Script, RenderError> {
    let (_, name) = (vault_url(args, "vault")?, secret_name(args, "name")?);
    let command = line([("az keyvault secret list-versions --vault-name ", vault_name(args)), (" --name ", name)]);
    let newest = args.get("newest").and_then(Value::as_text);
    let newest = newest.map(|version| format!("The version that was created last is {version}, and is enabled."));
    let off: Vec<_> = off(args).collect();
    let off = (!off.is_empty()).then(|| format!("Disabled: {}.", off.join(", ")));
    let good: Vec<_> = newest.into_iter().chain(off).collect();
    let usual = || "The version that was created last is enabled.".to_owned();
    Ok(Script::of(command).good(if good.is_empty() { usual() } else { good.join(" ") }))
}

/// One version as the service lists it.
struct Listed<'a> {
    version: &'a str,
    enabled: bool,
    created: i64,
    attempt: &'a str,
    item: &'a Json,
}

fn parse(_: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let mut listed = items(body(replies, 0)?)?.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    // The service lists by version id, which is random, and `created` counts whole seconds. Of two versions of one
    // second the later attempt is the newer one: its id is a UUIDv7.
    listed.sort_by(|a, b| (b.created, b.attempt).cmp(&(a.created, a.attempt)));
    let newest = listed.first();
    let enabled = listed.iter().filter(|version| version.enabled).map(|version| Value::text(version.version));
    let versions = listed.iter().map(|version| {
        Value::record([
            ("version", Value::text(version.version)),
            ("enabled", Value::Boolean(version.enabled)),
            ("created", Value::text(Timestamp::from_seconds(version.created).to_string())),
            ("attempt", Value::text(version.attempt)),
        ])
    });
    Ok(Value::record([
        ("current", Value::text(newest.map_or("", |newest| newest.version))),
        ("enabled", Value::List(enabled.collect())),
        ("content_type", Value::text(newest.map_or("", |newest| text(newest.item, "/contentType")))),
        ("tags", Value::List(newest.map(|newest| tags(newest.item)).unwrap_or_default())),
        ("expires", Value::text(newest.map(|newest| expires(newest.item)).transpose()?.unwrap_or_default())),
        ("versions", Value::List(versions.collect())),
    ]))
}

fn read(item: &Json) -> Result<Listed<'_>, Unreadable> {
    let enabled = item.pointer("/attributes/enabled").and_then(Json::as_bool);
    let created = item.pointer("/attributes/created").and_then(Json::as_i64);
    Ok(Listed {
        version: last_segment(needed(item, "/id")?),
        enabled: enabled.ok_or_else(|| Unreadable("attributes.enabled".into()))?,
        created: created.ok_or_else(|| Unreadable("attributes.created".into()))?,
        attempt: text(item, "/tags/callout-attempt"),
        item,
    })
}

/// When a version ceases to be valid; empty if it has no such moment.
fn expires(item: &Json) -> Result<String, Unreadable> {
    match item.pointer("/attributes/exp") {
        None | Some(Json::Null) => Ok(String::new()),
        Some(seconds) => {
            let seconds = seconds.as_i64().ok_or_else(|| Unreadable("attributes.exp".into()))?;
            Ok(Timestamp::from_seconds(seconds).to_string())
        }
    }
}

fn tags(item: &Json) -> Vec<Value> {
    let tags = item.get("tags").and_then(Json::as_object).into_iter().flatten();
    tags.filter(|(name, _)| *name != ATTEMPT_TAG)
        .filter_map(|(name, value)| {
            Some(Value::record([("name", Value::text(name)), ("value", Value::text(value.as_str()?))]))
        })
        .collect()
}

/// The versions that must be disabled.
fn off(args: &Args) -> impl Iterator<Item = &str> {
    args.get("disabled").and_then(Value::as_list).unwrap_or_default().iter().filter_map(Value::as_text)
}

fn judge(args: &Args, outputs: &Value) -> Verdict {
    if args.contains_key("disabled") {
        let version = |wanted: &str| {
            list(outputs, "versions").iter().find(|found| field(found, "version").eq_ignore_ascii_case(wanted))
        };
        let seen: Vec<(&str, &str)> =
            off(args).map(|wanted| (wanted, version(wanted).map_or("not there", state))).collect();
        let told = |(version, state): &(&str, &str)| format!("{version} is {state}");
        if let Some(on) = seen.iter().find(|(_, state)| *state != "disabled") {
            return Verdict::Fail { seen: format!("{}; expected disabled", told(on)) };
        }
        if !args.contains_key("newest") {
            return Verdict::Pass { seen: seen.iter().map(told).collect::<Vec<_>>().join(", ") };
        }
    }
    let shown = newest_shown(outputs);
    let is_enabled = list(outputs, "versions").first().is_some_and(|newest| state(newest) == "enabled");
    let wanted = args.get("newest").and_then(Value::as_text);
    let is_wanted = wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(field(outputs, "current")));
    if is_enabled && is_wanted {
        return Verdict::Pass { seen: format!("the newest version is {shown}") };
    }
    let expected = wanted.map_or_else(|| "an enabled one".to_owned(), |wanted| format!("{wanted}, enabled"));
    Verdict::Fail { seen: format!("the newest version is {shown}; expected {expected}") }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::argument::tests::{args, vault};
    use super::*;
    use serde_json::json;

    pub(in super::super) const OLD: &str = "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a";
    pub(in super::super) const NEW: &str = "f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1";
    pub(in super::super) const ATTEMPT: &str = "01938a3c-0000-7000-8000-000000000001";

    /// Two versions, in the order of the service: by id, not by age.
    pub(in super::super) fn listing(old_enabled: bool) -> Reply {
        let id = |version| format!("https://chatbot-kv.vault.azure.net/secrets/session-secret/{version}");
        Reply::json(
            200,
            json!({"value": [
                {"id": id(OLD), "attributes": {"enabled": old_enabled, "created": 1_700_000_000}},
                {"id": id(NEW), "contentType": "text/plain", "attributes": {"enabled": true, "created": 1_700_000_100},
                 "tags": {"owner": "web", "callout-attempt": ATTEMPT}},
            ]}),
        )
    }

    pub(in super::super) fn outputs(old_enabled: bool) -> Value {
        parse(&args([]), &[listing(old_enabled)]).unwrap()
    }

    fn of(name: &str) -> Args {
        args([("vault", vault()), ("name", Value::text(name))])
    }

    #[test]
    fn the_request_asks_for_the_versions_of_exactly_that_secret() {
        let request = render(&of("session-secret")).unwrap();
        assert_eq!(
            request,
            Request::new(
                Service::KeyVault,
                Method::Get,
                "https://chatbot-kv.vault.azure.net/secrets/session-secret/versions?api-version=7.5"
            )
        );
        assert!(render(&of("../keys/k1")).is_err());
        assert!(render(&of("a/b")).is_err());
    }

    #[test]
    fn the_newest_version_is_the_one_made_last_wherever_it_stands_in_the_list() {
        let outputs = outputs(true);
        assert_eq!(field(&outputs, "current"), NEW);
        assert_eq!(field(&outputs, "content_type"), "text/plain");
        assert_eq!(list(&outputs, "enabled"), [Value::text(NEW), Value::text(OLD)]);
        assert_eq!(field(&list(&outputs, "versions")[0], "attempt"), ATTEMPT);
        assert_eq!(field(&list(&outputs, "versions")[1], "created"), "2023-11-14T22:13:20.000000Z");
    }

    #[test]
    fn the_newest_version_tells_when_it_expires_and_silence_is_never() {
        assert_eq!(field(&outputs(true), "expires"), "");
        let expiring = |exp: Json| {
            let item = json!({"id": format!("https://v.vault.azure.net/secrets/s/{OLD}"),
                "attributes": {"enabled": true, "created": 1_700_000_000, "exp": exp}});
            parse(&args([]), &[Reply::json(200, json!({"value": [item]}))])
        };
        assert_eq!(field(&expiring(json!(1_731_536_000)).unwrap(), "expires"), "2024-11-13T22:13:20.000000Z");
        assert_eq!(field(&expiring(Json::Null).unwrap(), "expires"), "");
        assert_eq!(expiring(json!("soon")), Err(Unreadable("attributes.exp".into())));
    }

    #[test]
    fn our_own_mark_is_not_among_the_tags_to_carry_over() {
        let owner = Value::record([("name", Value::text("owner")), ("value", Value::text("web"))]);
        assert_eq!(list(&outputs(true), "tags"), [owner]);
    }

    #[test]
    fn of_two_versions_of_one_second_the_later_attempt_is_the_newer() {
        let item = |version: &str, attempt: &str| {
            json!({"id": format!("https://v.vault.azure.net/secrets/s/{version}"), "tags": {"callout-attempt": attempt},
                   "attributes": {"enabled": true, "created": 1_700_000_000}})
        };
        let later = "01938a3c-0000-7000-8000-000000000002";
        let reply = Reply::json(200, json!({"value": [item(OLD, ATTEMPT), item(NEW, later)]}));
        assert_eq!(field(&parse(&args([]), &[reply]).unwrap(), "current"), NEW);
    }

    #[test]
    fn an_answer_without_attributes_is_unreadable_rather_than_assumed() {
        let reply = Reply::json(200, json!({"value": [{"id": "https://v.vault.azure.net/secrets/s/x"}]}));
        assert_eq!(parse(&args([]), &[reply]), Err(Unreadable("attributes.enabled".into())));
        assert!(parse(&args([]), &[Reply::empty(200)]).is_err());
    }

    #[test]
    fn a_secret_without_versions_has_no_newest_one_and_passes_no_check() {
        let outputs = parse(&args([]), &[Reply::json(200, json!({"value": []}))]).unwrap();
        assert_eq!(field(&outputs, "current"), "");
        assert!(matches!(judge(&args([]), &outputs), Verdict::Fail { .. }));
    }

    #[test]
    fn a_check_may_want_versions_to_be_disabled_and_asks_for_nothing_else_then() {
        let off = |version: &str, newest: Option<&str>, old_enabled| {
            let mut args = args([("disabled", Value::List(vec![Value::text(version)]))]);
            args.extend(newest.map(|newest| ("newest".to_owned(), Value::text(newest))));
            judge(&args, &outputs(old_enabled))
        };
        assert!(matches!(off(OLD, None, false), Verdict::Pass { .. }));
        assert!(matches!(off(OLD, Some(NEW), false), Verdict::Pass { .. }));
        assert!(matches!(off(OLD, Some(OLD), false), Verdict::Fail { .. }), "the newest is another");
        let on = off(OLD, Some(NEW), true);
        assert!(matches!(&on, Verdict::Fail { seen } if seen.contains("is enabled; expected disabled")), "{on:?}");
        assert!(matches!(off("ffff", None, false), Verdict::Fail { seen } if seen.contains("not there")));
    }

    #[test]
    fn the_check_wants_the_named_version_to_be_the_newest_and_enabled() {
        let of = |newest: &str| judge(&args([("newest", Value::text(newest))]), &outputs(true));
        assert!(matches!(of(NEW), Verdict::Pass { .. }));
        assert!(of(OLD).seen().contains(NEW), "it says which one is the newest");
        assert!(matches!(of(OLD), Verdict::Fail { .. }));
    }
}
