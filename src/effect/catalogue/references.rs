//! A site's Key Vault references: which version each setting uses now, and the request to fetch them again.

use serde_json::Value as Json;

use super::super::by_hand::line;
use super::super::{
    Answers, Args, Call, ChangeFacts, Class, Field, Method, Piece, Probe, ProbeContext, ProbeVerdict, RenderError,
    Reply, Request, Risk, Row, Script, Service, TargetKind, Type, Unreadable, Verdict,
};
use super::argument::{optional, output, pass_on, read_back};
use super::reading::{body, field, items, last_segment, list, needed, text};
use super::webapp::{API, APP, about, lock, request};
use crate::base::{Span, Value};

const REFERENCES_PATH: &str = "/config/configreferences/appsettings";

/// `webapp.references`.
pub(super) static REFERENCES: Row = Row {
    name: "webapp.references",
    summary: "Reads which version of which secret each setting of a site uses now; as a check, each must resolve.",
    parameters: &[
        APP,
        optional("secret", Type::String, "As a check: only references to this secret count; without it, all do."),
        optional("vault", Type::Target(TargetKind::Keyvault), "As a check: only references to this vault count."),
        optional("version", Type::String, "As a check: the version that must be in use."),
        optional("not_version", Type::String, "As a check: the version that must no longer be in use."),
    ],
    outputs: &[output(
        "references",
        Type::List(&Type::Record),
        "Every reference of the site: `{setting, vault, secret, status, active_version}`.",
    )],
    risk: Risk::Read,
    class: Class::R,
    service: Service::ResourceManager,
    api_version: Some(API),
    operation_id: Some("WebApps_GetAppSettingsKeyVaultReferences"),
    documentation: "https://learn.microsoft.com/rest/api/appservice/web-apps/get-app-settings-key-vault-references",
    permissions: &["Microsoft.Web/sites/config/read"],
    render: |args| request(args, Method::Get, REFERENCES_PATH),
    follow: None,
    parse,
    judge: Some(judge),
    change: None,
    by_hand: Some(by_hand),
};

/// `webapp.references.refresh`. The operation is documented, but does not stand in the 2023-12-01 specification.
pub(super) static REFRESH: Row = Row {
    name: "webapp.references.refresh",
    summary: "Makes a site fetch its Key Vault references again.",
    parameters: &[APP],
    outputs: &[],
    risk: Risk::Reversible,
    class: Class::C,
    service: Service::ResourceManager,
    api_version: Some(API),
    operation_id: None,
    documentation: "https://learn.microsoft.com/azure/app-service/app-service-key-vault-references",
    permissions: &["Microsoft.Web/sites/config/write"],
    render: |args| request(args, Method::Post, "/config/configreferences/appsettings/refresh"),
    follow: None,
    parse: |_, _| Ok(Value::record([])),
    judge: None,
    change: Some(ChangeFacts {
        read_back: |args| read_back(args, "app"),
        locks: |args| lock(args).into_iter().collect(),
        observe: |args| vec![references_of(args)],
        observed: |_, seen| seen.first().map(reference_fields).unwrap_or_default(),
        probe: Probe {
            answers: Answers::Whether,
            reads: |args| vec![references_of(args)],
            judge: judge_refresh,
            settles: Span::minutes(2),
        },
        undo: "Set the old value as a new version of the secret, then refresh again: a refresh always fetches the newest \
               enabled version.",
        touches: "The site restarts its instances if a value has changed.",
        expect: Span::minutes(1),
        loses: None,
    }),
    by_hand: None,
};

/// The read of one site's or slot's references, for a read of many.
pub(super) fn references_request(id: &str) -> Request {
    about(Method::Get, id, REFERENCES_PATH)
}

/// A reference as the service lists it.
pub(super) struct Reference<'a> {
    pub(super) setting: &'a str,
    pub(super) vault: &'a str,
    pub(super) secret: &'a str,
    status: &'a str,
    active_version: &'a str,
    /// Whether the setting itself names a version.
    pub(super) is_pinned: bool,
}

/// The references in an answer.
pub(super) fn references(body: &Json) -> Result<Vec<Reference<'_>>, Unreadable> {
    items(body)?.iter().map(reference).collect()
}

fn reference(item: &Json) -> Result<Reference<'_>, Unreadable> {
    let member = |name: &str| text(item, &format!("/properties/{name}"));
    let written = member("reference");
    // The setting's own text decides. Only where the answer lacks it does `secretVersion` stand for it.
    let is_pinned = if written.is_empty() { !member("secretVersion").is_empty() } else { names_a_version(written) };
    Ok(Reference {
        setting: last_segment(needed(item, "/id")?),
        vault: member("vaultName"),
        secret: member("secretName"),
        status: member("status"),
        active_version: member("activeVersion"),
        is_pinned,
    })
}

/// Tells whether `@Microsoft.KeyVault(…)` names a version, in either of its two forms
/// (`SecretUri=https://VAULT/secrets/NAME/VERSION` and `…;SecretVersion=VERSION`).
fn names_a_version(reference: &str) -> bool {
    let inner = reference.split_once('(').map_or(reference, |(_, inner)| inner).trim_end_matches(')');
    inner.split(';').filter_map(|part| part.split_once('=')).any(|(key, value)| {
        let value = value.trim();
        match key.trim().to_ascii_lowercase().as_str() {
            "secretversion" => !value.is_empty(),
            "secreturi" => value.trim_end_matches('/').split('/').count() > 5,
            _ => false,
        }
    })
}

fn by_hand(args: &Args) -> Result<Script, RenderError> {
    let mut command = line([("az rest --method GET --url ", &request(args, Method::Get, REFERENCES_PATH)?.url)]);
    command.push(Piece::Shell(
        " --query 'value[].properties.{vault: vaultName, secret: secretName, status: status, active: activeVersion}' \
         --output table",
    ));
    let text = |name| args.get(name).and_then(Value::as_text);
    let which =
        text("secret").map_or_else(|| "Each reference".to_owned(), |secret| format!("Each reference to {secret}"));
    let version = text("version").map(|version| format!(", and its active version is {version}")).unwrap_or_default();
    let other = text("not_version").map(|version| format!(", and its active version is not {version}"));
    let other = other.unwrap_or_default();
    Ok(Script::of(command).good(format!("{which} has the status Resolved{version}{other}.")))
}

fn references_of(args: &Args) -> Call {
    Call::new(REFERENCES.name, [("app", pass_on(args, "app"))])
}

fn parse(_: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let references = references(body(replies, 0)?)?;
    let records = references.iter().map(|reference| {
        Value::record([
            ("setting", Value::text(reference.setting)),
            ("vault", Value::text(reference.vault)),
            ("secret", Value::text(reference.secret)),
            ("status", Value::text(reference.status)),
            ("active_version", Value::text(reference.active_version)),
        ])
    });
    Ok(Value::record([("references", Value::List(records.collect()))]))
}

fn judge(args: &Args, outputs: &Value) -> Verdict {
    let wanted = |name| args.get(name).and_then(Value::as_text);
    // A target's name is its vault's name; both are compared without regard to case, as Key Vault does.
    let vault = args.get("vault").map(|vault| field(vault, "name"));
    let counts = |reference: &&Value| {
        wanted("secret").is_none_or(|secret| secret.eq_ignore_ascii_case(field(reference, "secret")))
            && vault.is_none_or(|vault| vault.eq_ignore_ascii_case(field(reference, "vault")))
    };
    let counted: Vec<&Value> = list(outputs, "references").iter().filter(counts).collect();
    if counted.is_empty() && ["secret", "vault", "version", "not_version"].iter().all(|name| !args.contains_key(*name))
    {
        return Verdict::Pass { seen: "it has no Key Vault references".into() };
    }
    if counted.is_empty() {
        return Verdict::Fail { seen: "no setting refers to that secret".into() };
    }
    let is_active = |reference: &Value, version: &str| version.eq_ignore_ascii_case(field(reference, "active_version"));
    let is_good = |reference: &&Value| {
        field(reference, "status") == "Resolved"
            && wanted("version").is_none_or(|version| is_active(reference, version))
            && wanted("not_version").is_none_or(|version| !is_active(reference, version))
    };
    let shown = |reference: &&Value| format!("{} uses {}", field(reference, "setting"), in_use(reference));
    let bad: Vec<String> = counted.iter().copied().filter(|reference| !is_good(reference)).map(|r| shown(&r)).collect();
    if bad.is_empty() {
        return Verdict::Pass { seen: counted.iter().map(shown).collect::<Vec<_>>().join("; ") };
    }
    let expected = wanted("version").map(|version| format!("; expected {version} Resolved"));
    let unexpected = wanted("not_version").map(|version| format!("; expected another than {version}, Resolved"));
    Verdict::Fail { seen: [Some(bad.join("; ")), expected, unexpected].into_iter().flatten().collect() }
}

fn in_use(reference: &Value) -> String {
    match field(reference, "active_version") {
        "" => format!("no version, {}", field(reference, "status")),
        version => format!("{version} {}", field(reference, "status")),
    }
}

fn reference_fields(outputs: &Value) -> Vec<Field> {
    let references = list(outputs, "references").iter();
    references.map(|reference| Field::new(field(reference, "setting"), in_use(reference))).collect()
}

fn judge_refresh(context: &ProbeContext<'_>, seen: &[Value]) -> ProbeVerdict {
    let Some(outputs) = seen.first() else {
        return ProbeVerdict::Unknown { seen: "the references could not be read".into() };
    };
    let now = reference_fields(outputs);
    let changed: Vec<String> = now
        .iter()
        .filter(|field| !context.before.contains(field))
        .map(|field| format!("{} uses {}", field.name, field.value))
        .collect();
    if changed.is_empty() {
        ProbeVerdict::DidNot { seen: "every reference stands as before".into() }
    } else {
        ProbeVerdict::Happened { outputs: Value::record([]), seen: format!("now {}", changed.join("; ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::argument::tests::{app, args, vault};
    use super::super::versions::tests::{ATTEMPT, NEW, OLD};
    use super::*;
    use crate::base::Timestamp;
    use serde_json::json;

    fn seen(version: &str, status: &str) -> Value {
        let item = json!({
            "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/chatbot-web/config/configreferences/appsettings/SESSION_SECRET",
            "properties": {"vaultName": "chatbot-kv", "secretName": "session-secret", "status": status, "activeVersion": version},
        });
        parse(&args([]), &[Reply::json(200, json!({ "value": [item] }))]).unwrap()
    }

    fn check(secret: &str, version: &str, seen: &Value) -> Verdict {
        let args = args([("secret", Value::text(secret)), ("version", Value::text(version)), ("vault", vault())]);
        judge(&args, seen)
    }

    #[test]
    fn a_check_may_want_that_a_version_is_no_longer_in_use() {
        let gone = |active| judge(&args([("not_version", Value::text(NEW))]), &seen(active, "Resolved"));
        assert!(matches!(gone(OLD), Verdict::Pass { .. }));
        let still = gone(NEW);
        assert!(matches!(&still, Verdict::Fail { seen } if seen.contains("expected another than f1f1")), "{still:?}");
    }

    #[test]
    fn the_requests_are_those_of_the_references_of_a_site_or_slot() {
        let of = |name| args([("app", app(name))]);
        let read = (REFERENCES.render)(&of("chatbot-web")).unwrap();
        assert!(read.url.ends_with("/sites/chatbot-web/config/configreferences/appsettings?api-version=2023-12-01"));
        let refresh = (REFRESH.render)(&of("chatbot-web/staging")).unwrap();
        assert_eq!(refresh.method, Method::Post);
        assert!(refresh.url.ends_with(
            "/sites/chatbot-web/slots/staging/config/configreferences/appsettings/refresh?api-version=2023-12-01"
        ));
        assert!(refresh.body.is_none());
        assert!((REFRESH.render)(&of("a/b/c")).is_err());
    }

    #[test]
    fn only_the_named_secret_counts_and_it_must_be_resolved_at_the_named_version() {
        assert!(matches!(check("session-secret", NEW, &seen(NEW, "Resolved")), Verdict::Pass { .. }));
        let stale = check("session-secret", NEW, &seen(OLD, "Resolved"));
        assert!(matches!(stale, Verdict::Fail { .. }));
        assert!(stale.seen().contains(OLD) && stale.seen().contains(NEW), "{}", stale.seen());
        let denied = check("session-secret", NEW, &seen("", "AccessToKeyVaultDenied"));
        assert!(matches!(&denied, Verdict::Fail { seen } if seen.contains("AccessToKeyVaultDenied")));
        assert!(matches!(check("database-url", NEW, &seen(NEW, "Resolved")), Verdict::Fail { .. }));
    }

    #[test]
    fn a_site_without_references_has_none_to_break_and_only_a_named_one_can_be_missing() {
        let none = parse(&args([]), &[Reply::json(200, json!({"value": []}))]).unwrap();
        let bare = judge(&args([("app", app("chatbot-web"))]), &none);
        assert!(matches!(&bare, Verdict::Pass { seen } if seen.contains("no Key Vault references")), "{bare:?}");
        for (name, value) in
            [("secret", Value::text("session-secret")), ("vault", vault()), ("version", Value::text(NEW))]
        {
            let judged = judge(&args([("app", app("chatbot-web")), (name, value)]), &none);
            assert!(matches!(judged, Verdict::Fail { .. }), "{name}");
        }
        let denied = seen("", "AccessToKeyVaultDenied");
        assert!(matches!(judge(&args([("app", app("chatbot-web"))]), &denied), Verdict::Fail { .. }));
    }

    #[test]
    fn a_setting_that_names_a_version_is_pinned_whatever_the_answer_adds() {
        for (reference, pinned) in [
            ("@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/s)", false),
            ("@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/s/)", false),
            ("@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/s/0a0a)", true),
            ("@Microsoft.KeyVault(VaultName=v;SecretName=s)", false),
            ("@Microsoft.KeyVault(VaultName=v;SecretName=s;SecretVersion=)", false),
            ("@Microsoft.KeyVault(VaultName=v; SecretName=s; SecretVersion=0a0a)", true),
        ] {
            let item = json!({"id": "/x/S", "properties": {"reference": reference, "secretVersion": "0a0a"}});
            assert_eq!(super::reference(&item).unwrap().is_pinned, pinned, "{reference}");
        }
        let bare = json!({"id": "/x/S", "properties": {"secretVersion": "0a0a"}});
        assert!(super::reference(&bare).unwrap().is_pinned);
    }

    #[test]
    fn a_refresh_happened_if_a_reference_differs_from_before() {
        let args = args([("app", app("chatbot-web"))]);
        let before = reference_fields(&seen(OLD, "Resolved"));
        assert_eq!(before, [Field::new("SESSION_SECRET", format!("{OLD} Resolved"))]);
        let attempt = ATTEMPT.parse().unwrap();
        let context = ProbeContext { args: &args, attempt, sent_at: Timestamp::from_seconds(0), before: &before };
        assert!(matches!(judge_refresh(&context, &[seen(NEW, "Resolved")]), ProbeVerdict::Happened { .. }));
        assert!(matches!(judge_refresh(&context, &[seen(OLD, "Resolved")]), ProbeVerdict::DidNot { .. }));
        assert!(matches!(judge_refresh(&context, &[]), ProbeVerdict::Unknown { .. }));
    }
}
