//! What may be done to a secret: a new version, and switching one version off and on.

use super::super::by_hand::line;
use super::super::{
    Answers, Args, ChangeFacts, Class, Field, Json, Line, Method, Piece, Probe, ProbeContext, ProbeVerdict,
    RenderError, Reply, Request, Risk, Row, Script, Service, TargetKind, Told, Type, Unreadable,
};
use super::argument::{
    optional, optional_list, optional_text, output, read_back, required, secret_name, vault_name, vault_url, version,
};
use super::reading::{body, field, last_segment, list, needed};
use super::versions::{API, ATTEMPT_TAG, newest_shown, state, versions_of};
use crate::base::{Encoding, SecretRef, Span, Value};

const VAULT: super::super::Parameter =
    required("vault", Type::Target(TargetKind::Keyvault), "The vault that holds the secret.");

/// `keyvault.secret.set`.
pub(super) static SET: Row = Row {
    name: "keyvault.secret.set",
    summary: "Adds a new version of a secret, which becomes the newest one.",
    parameters: &[
        VAULT,
        required("name", Type::String, "The secret's name."),
        required("value", Type::Secret, "Where the value is to be had."),
        optional("content_type", Type::String, "The content type, usually carried over from the version before."),
        optional("tags", Type::List(&Type::Record), "Tags as `{name, value}`, usually carried over."),
    ],
    outputs: &[output("version", Type::String, "The new version.").told(Told::Printed)],
    risk: Risk::Reversible,
    class: Class::B,
    service: Service::KeyVault,
    api_version: Some(API),
    operation_id: Some("SetSecret"),
    documentation: "https://learn.microsoft.com/rest/api/keyvault/secrets/set-secret/set-secret",
    permissions: &["Microsoft.KeyVault/vaults/secrets/setSecret/action"],
    render: render_set,
    follow: None,
    parse: parse_set,
    judge: None,
    change: Some(SET_FACTS),
    by_hand: Some(set_by_hand),
};

/// What must be known of whatever adds a version.
pub(super) const SET_FACTS: ChangeFacts = ChangeFacts {
    read_back: |args| read_back(args, "name"),
    locks: secret_lock,
    observe: |args| vec![versions_of(args)],
    observed: |_, seen| seen.first().map(newest_field).into_iter().collect(),
    probe: Probe {
        answers: Answers::Whether,
        reads: |args| vec![versions_of(args)],
        judge: judge_set,
        settles: Span::seconds(30),
    },
    undo: "Set the old value anew (as a further version), refresh the consumers, and only then disable this version: \
           disabling the newest version breaks everyone who reads without naming one.",
    touches: "Whoever reads the secret without naming a version gets the new value as soon as its cache expires: App \
              Service within 24 hours, or at once after a refresh of its references.",
    expect: Span::seconds(5),
    loses: None,
};

/// `keyvault.secret.disable`.
pub(super) static DISABLE: Row = Row {
    name: "keyvault.secret.disable",
    summary: "Disables one version of a secret, so that it can no longer be read.",
    risk: Risk::Destructive,
    render: |args| render_enabled(args, false),
    by_hand: Some(|args| enabled_by_hand(args, " --enabled false --query attributes.enabled")),
    change: Some(ChangeFacts {
        undo: "Enable the version again.",
        touches: "Whoever names this version, and, if it is the newest one, everyone who reads without naming one: there \
                  is no fallback to an older version.",
        probe: Probe { judge: |context, seen| judge_enabled(context, seen, false), ..SWITCH_PROBE },
        ..SWITCH_FACTS
    }),
    ..SWITCH
};

/// `keyvault.secret.enable`.
pub(super) static ENABLE: Row = Row {
    name: "keyvault.secret.enable",
    summary: "Enables one version of a secret again.",
    risk: Risk::Reversible,
    render: |args| render_enabled(args, true),
    by_hand: Some(|args| enabled_by_hand(args, " --enabled true --query attributes.enabled")),
    change: Some(ChangeFacts {
        undo: "Disable the version again.",
        touches: "",
        probe: Probe { judge: |context, seen| judge_enabled(context, seen, true), ..SWITCH_PROBE },
        ..SWITCH_FACTS
    }),
    ..SWITCH
};

/// What switching off and on have in common.
const SWITCH: Row = Row {
    name: "",
    summary: "",
    parameters: &[
        VAULT,
        required("name", Type::String, "The secret's name."),
        required("version", Type::String, "The version, 32 hexadecimal digits."),
    ],
    outputs: &[output("enabled", Type::Boolean, "Whether the version is enabled now.")],
    risk: Risk::Destructive,
    class: Class::A,
    service: Service::KeyVault,
    api_version: Some(API),
    operation_id: Some("UpdateSecret"),
    documentation: "https://learn.microsoft.com/rest/api/keyvault/secrets/update-secret/update-secret",
    permissions: &["Microsoft.KeyVault/vaults/secrets/update/action"],
    render: |args| render_enabled(args, false),
    follow: None,
    parse: parse_enabled,
    judge: None,
    change: None,
    by_hand: None,
};

const SWITCH_PROBE: Probe = Probe {
    answers: Answers::Whether,
    reads: |args| vec![versions_of(args)],
    judge: |context, seen| judge_enabled(context, seen, false),
    settles: Span::seconds(30),
};

const SWITCH_FACTS: ChangeFacts = ChangeFacts {
    read_back: |args| read_back(args, "name"),
    locks: secret_lock,
    observe: |args| vec![versions_of(args)],
    observed: observed_switch,
    probe: SWITCH_PROBE,
    undo: "",
    touches: "",
    expect: Span::seconds(5),
    loses: None,
};

fn render_set(args: &Args) -> Result<Request, RenderError> {
    let url = format!("{}/secrets/{}?api-version={API}", vault_url(args, "vault")?, secret_name(args, "name")?);
    let value = match args.get("value") {
        Some(Value::Secret { secret }) => Json::Secret(secret.clone()),
        Some(other) => {
            // The text is not repeated: somebody may have written the secret itself here.
            let found = format!("a {}", other.type_name());
            return Err(RenderError::Shape { name: "value", wanted: "a reference to a secret", found });
        }
        None => return Err(RenderError::Missing("value")),
    };
    let content_type = optional_text(args, "content_type")?.filter(|text| !text.is_empty());
    if let Some(text) = content_type {
        whole("content_type", text)?;
    }
    let mut tags = optional_list(args, "tags")?.iter().map(tag).collect::<Result<Vec<_>, _>>()?;
    tags.retain(|(name, _)| name != ATTEMPT_TAG);
    tags.push((ATTEMPT_TAG.to_owned(), Json::Attempt));
    let mut members = vec![("value".to_owned(), value), ("tags".to_owned(), Json::Object(tags))];
    if let Some(content_type) = content_type {
        members.push(("contentType".to_owned(), Json::text(content_type)));
    }
    members.push(("attributes".to_owned(), Json::object([("enabled", Json::Boolean(true))])));
    Ok(Request::new(Service::KeyVault, Method::Put, url).with_body(Json::Object(members)))
}

/// The value goes through a file that only its owner reads and that is gone when the lines have run: on the command line
/// every process of the machine would see it, and by default `az` prints it.
pub(super) fn set_by_hand(args: &Args) -> Result<Script, RenderError> {
    let request = render_set(args)?;
    let (url, name) = (vault_url(args, "vault")?, secret_name(args, "name")?);
    let mut before = vec![
        vec![Piece::Shell("set -euo pipefail; umask 077")],
        vec![Piece::Shell("folder=$(mktemp -d \"${TMPDIR:-/tmp}/callout.XXXXXX\")")],
        vec![Piece::Shell("trap 'rm -rf \"$folder\"' EXIT")],
    ];
    if let Some(Value::Secret { secret }) = args.get("value") {
        before.extend(value_by_hand(secret, url));
    }
    before.push(vec![Piece::Shell("test -s \"$folder/value\"")]);
    let mut command = line([("az keyvault secret set --vault-name ", vault_name(args)), (" --name ", name)]);
    command.push(Piece::Shell(" --file \"$folder/value\" --encoding utf-8"));
    if let Some(content_type) = optional_text(args, "content_type")?.filter(|text| !text.is_empty()) {
        // Every version of `az` knows this name of the content type, and only later ones the other.
        command.extend(line([(" --description ", content_type)]));
    }
    let mut tags = tags_of(&request).peekable();
    if tags.peek().is_some() {
        command.push(Piece::Shell(" --tags"));
    }
    for (name, value) in tags {
        command.extend(line([(" ", &format!("{name}={value}"))]));
    }
    command.push(Piece::Shell(" --query id --output tsv"));
    Ok(Script { before, command, good: None })
}

/// The tags of a request to set a secret, without the attempt's.
fn tags_of(request: &Request) -> impl Iterator<Item = (&str, &str)> {
    let member = |name: &str, json: &'_ Json| matches!(json, Json::Object(_)) && name == "tags";
    let members = match &request.body {
        Some(Json::Object(members)) => members.as_slice(),
        _ => &[],
    };
    let tags = members.iter().find(|(name, json)| member(name, json)).map(|(_, json)| json);
    let tags = if let Some(Json::Object(tags)) = tags { tags.as_slice() } else { &[] };
    tags.iter().filter_map(|(name, value)| match value {
        Json::Text(value) => Some((name.as_str(), value.as_str())),
        _ => None,
    })
}

/// The lines that put a secret's value into the file.
pub(super) fn value_by_hand(secret: &SecretRef, vault: &str) -> Vec<Line> {
    match secret {
        SecretRef::Generate { bytes, encoding } => {
            let bytes = bytes.to_string();
            let (make, tidy) = match encoding {
                Encoding::Base64url => ("openssl rand -base64 ", " | tr '+/' '-_' | tr -d '=\\n' > \"$folder/value\""),
                Encoding::Hex => ("openssl rand -hex ", " | tr -d '\\n' > \"$folder/value\""),
            };
            let mut make = line([(make, &bytes)]);
            make.push(Piece::Shell(tidy));
            vec![make]
        }
        SecretRef::Version { vault: of, name, version } => {
            let url = if of.is_empty() { vault } else { of };
            let id = format!("{url}/secrets/{name}/{version}");
            let mut get = line([("az keyvault secret download --id ", &id)]);
            get.push(Piece::Shell(" --file \"$folder/value\" --encoding utf-8"));
            vec![get]
        }
        SecretRef::Rehosted { vault: of, name, version, host } => {
            let version = SecretRef::Version { vault: of.clone(), name: name.clone(), version: version.clone() };
            let mut lines = value_by_hand(&version, vault);
            lines.push(line([("host=", host)]));
            let replace = "sed -i -E \"s#^(postgres(ql)?://[^@/]*@)[^/:?]+#\\\\1$host#\" \"$folder/value\"";
            lines.push(vec![Piece::Shell(replace)]);
            lines.push(vec![Piece::Shell("grep -q -F \"@$host\" \"$folder/value\"")]);
            lines
        }
        SecretRef::Reissued { vault: of, name, version, login } => {
            let version = SecretRef::Version { vault: of.clone(), name: name.clone(), version: version.clone() };
            let mut lines = value_by_hand(&version, vault);
            let keep = "login=$(sed -E 's#^[a-z]+://([^:@/]+):.*#\\1#' \"$folder/value\")";
            lines.push(login.as_ref().map_or_else(|| vec![Piece::Shell(keep)], |login| line([("login=", login)])));
            lines.push(vec![Piece::Shell("fresh=$(openssl rand -base64 32 | tr '+/' '-_' | tr -d '=\\n')")]);
            let replace = "sed -i -E \"s#^(postgres(ql)?://)[^:@/]+:[^@/]+@#\\1$login:$fresh@#\" \"$folder/value\"";
            lines.push(vec![Piece::Shell(replace)]);
            lines.push(vec![Piece::Shell("grep -q -F \"$login:$fresh@\" \"$folder/value\"")]);
            lines
        }
        // It is asked for: a name from a runbook is never made a part of the shell's own language.
        SecretRef::Environment { name } => {
            let mut ask = line([("printf '%s' \"$(printenv -- ", name)]);
            ask.push(Piece::Shell(")\" > \"$folder/value\""));
            vec![ask]
        }
        // No row takes one; the test for an empty file stops whoever gets here.
        SecretRef::Setting { .. } => Vec::new(),
    }
}

fn enabled_by_hand(args: &Args, to: &'static str) -> Result<Script, RenderError> {
    let (_, name, version) = (vault_url(args, "vault")?, secret_name(args, "name")?, version(args, "version")?);
    let mut command = line([
        ("az keyvault secret set-attributes --vault-name ", vault_name(args)),
        (" --name ", name),
        (" --version ", version),
    ]);
    command.extend([Piece::Shell(to), Piece::Shell(" --output tsv")]);
    Ok(Script::of(command))
}

fn tag(tag: &Value) -> Result<(String, Json), RenderError> {
    let text = |name| tag.field(name).and_then(Value::as_text);
    let pair = text("name").zip(text("value")).filter(|(name, _)| !name.is_empty());
    let Some((name, value)) = pair else {
        let found = tag.to_string();
        return Err(RenderError::Shape { name: "tags", wanted: "a list of `{name, value}`", found });
    };
    whole("tags", name)?;
    whole("tags", value)?;
    Ok((name.to_owned(), Json::text(value)))
}

/// What stands in the place of a part that was taken out of an answer before anybody saw it.
const REDACTED: &str = "«redacted»";

/// Refuses a text that was read with a part taken out: carried over, it would be written without that part.
fn whole(name: &'static str, text: &str) -> Result<(), RenderError> {
    if text.contains(REDACTED) {
        let wanted = "a text that nothing was taken out of for looking like a secret; change it in the vault first";
        return Err(RenderError::Shape { name, wanted, found: text.to_owned() });
    }
    Ok(())
}

pub(super) fn parse_set(_: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    Ok(Value::record([("version", Value::text(last_segment(needed(body(replies, 0)?, "/id")?)))]))
}

fn judge_set(context: &ProbeContext<'_>, seen: &[Value]) -> ProbeVerdict {
    let Some(outputs) = seen.first() else {
        return ProbeVerdict::Unknown { seen: "the versions could not be read".into() };
    };
    let attempt = context.attempt.to_string();
    match list(outputs, "versions").iter().find(|version| field(version, "attempt") == attempt) {
        Some(ours) => {
            let version = field(ours, "version");
            ProbeVerdict::Happened {
                outputs: Value::record([("version", Value::text(version))]),
                seen: format!("version {version} carries the tag of this attempt"),
            }
        }
        None => ProbeVerdict::DidNot { seen: "no version carries the tag of this attempt".into() },
    }
}

fn render_enabled(args: &Args, enabled: bool) -> Result<Request, RenderError> {
    let (vault, name, version) = (vault_url(args, "vault")?, secret_name(args, "name")?, version(args, "version")?);
    let url = format!("{vault}/secrets/{name}/{version}?api-version={API}");
    let body = Json::object([("attributes", Json::object([("enabled", Json::Boolean(enabled))]))]);
    Ok(Request::new(Service::KeyVault, Method::Patch, url).with_body(body))
}

fn parse_enabled(_: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let enabled = body(replies, 0)?.pointer("/attributes/enabled").and_then(serde_json::Value::as_bool);
    let enabled = enabled.ok_or_else(|| Unreadable("attributes.enabled".into()))?;
    Ok(Value::record([("enabled", Value::Boolean(enabled))]))
}

fn judge_enabled(context: &ProbeContext<'_>, seen: &[Value], wanted: bool) -> ProbeVerdict {
    let Some(found) = seen.first().and_then(|outputs| this_version(context.args, outputs)) else {
        return ProbeVerdict::Unknown { seen: "the version is not in the list of versions".into() };
    };
    let seen = format!("version {} is {}", field(found, "version"), state(found));
    if found.field("enabled") == Some(&Value::Boolean(wanted)) {
        ProbeVerdict::Happened { outputs: Value::record([("enabled", Value::Boolean(wanted))]), seen }
    } else {
        ProbeVerdict::DidNot { seen }
    }
}

fn observed_switch(args: &Args, seen: &[Value]) -> Vec<Field> {
    let Some(outputs) = seen.first() else { return Vec::new() };
    let this = this_version(args, outputs).map_or("not there", state);
    vec![Field::new("this version", this), newest_field(outputs)]
}

fn newest_field(outputs: &Value) -> Field {
    Field::new("newest version", newest_shown(outputs))
}

fn this_version<'a>(args: &Args, outputs: &'a Value) -> Option<&'a Value> {
    let wanted = args.get("version").and_then(Value::as_text)?;
    list(outputs, "versions").iter().find(|version| field(version, "version").eq_ignore_ascii_case(wanted))
}

/// Key Vault compares names without regard to case, and so must a key that keeps two effects apart.
fn secret_lock(args: &Args) -> Vec<String> {
    let parts =
        vault_url(args, "vault").and_then(|vault| Ok(format!("{vault}/secrets/{}", secret_name(args, "name")?)));
    parts.map(|key| key.to_ascii_lowercase()).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::super::argument::tests::{args, vault};
    use super::super::versions::tests::{ATTEMPT, NEW, OLD, outputs};
    use super::*;
    use crate::base::{SecretRef, Timestamp};
    use serde_json::json;

    fn secret() -> Value {
        Value::Secret { secret: SecretRef::Environment { name: "TOKEN".into() } }
    }

    fn set(name: &str) -> Args {
        args([("vault", vault()), ("name", Value::text(name)), ("value", secret())])
    }

    fn switch(version: &str) -> Args {
        args([("vault", vault()), ("name", Value::text("session-secret")), ("version", Value::text(version))])
    }

    fn probe(row: &Row, args: &Args, attempt: &str, seen: &[Value]) -> ProbeVerdict {
        let sent_at = Timestamp::from_seconds(1_700_000_100);
        let context = ProbeContext { args, attempt: attempt.parse().unwrap(), sent_at, before: &[] };
        (row.change.as_ref().unwrap().probe.judge)(&context, seen)
    }

    #[test]
    fn a_new_version_carries_the_mark_of_its_attempt_and_what_was_carried_over() {
        let mut args = set("session-secret");
        let tag = |name, value| Value::record([("name", Value::text(name)), ("value", Value::text(value))]);
        args.insert("tags".into(), Value::List(vec![tag("owner", "web"), tag("callout-attempt", "stale")]));
        args.insert("content_type".into(), Value::text("text/plain"));
        let request = (SET.render)(&args).unwrap();
        assert_eq!(request.method, Method::Put);
        assert_eq!(request.url, "https://chatbot-kv.vault.azure.net/secrets/session-secret?api-version=7.5");
        let body = request.body.unwrap().fill(ATTEMPT, &mut |_| Ok::<_, ()>("s3cret".into())).unwrap();
        assert_eq!(
            body,
            json!({"value": "s3cret", "contentType": "text/plain", "attributes": {"enabled": true},
                   "tags": {"owner": "web", "callout-attempt": ATTEMPT}})
        );
    }

    #[test]
    fn what_was_redacted_when_it_was_read_is_never_written_back() {
        let tag = |name, value| Value::record([("name", Value::text(name)), ("value", Value::text(value))]);
        for (name, value) in [
            ("tags", Value::List(vec![tag("note", "pwd=«redacted» wiki")])),
            ("tags", Value::List(vec![tag("pwd=«redacted»", "web")])),
            ("content_type", Value::text("text/plain; key=«redacted»")),
        ] {
            let mut args = set("session-secret");
            args.insert(name.into(), value);
            let refused = (SET.render)(&args).unwrap_err().to_string();
            assert!(refused.contains("«redacted»") && refused.contains("change it in the vault first"), "{refused}");
        }
    }

    #[test]
    fn an_empty_content_type_is_left_out() {
        let mut args = set("s");
        args.insert("content_type".into(), Value::text(""));
        let body = (SET.render)(&args).unwrap().body.unwrap().masked();
        assert!(body.get("contentType").is_none(), "{body}");
    }

    #[test]
    fn names_that_would_leave_their_place_and_secrets_by_value_are_refused() {
        assert!((SET.render)(&set("../keys/k1")).is_err());
        assert!((SET.render)(&set("a/b")).is_err());
        let mut by_value = set("s");
        by_value.insert("value".into(), Value::text("hunter2hunter2"));
        let error = (SET.render)(&by_value).unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
        assert!((DISABLE.render)(&switch("../../keys/k1")).is_err());
    }

    #[test]
    fn the_new_version_is_read_from_its_id() {
        let id = format!("https://chatbot-kv.vault.azure.net/secrets/session-secret/{NEW}");
        let outputs = (SET.parse)(&set("s"), &[Reply::json(200, json!({ "id": id }))]).unwrap();
        assert_eq!(field(&outputs, "version"), NEW);
        assert!((SET.parse)(&set("s"), &[Reply::empty(200)]).is_err());
    }

    #[test]
    fn a_set_happened_exactly_if_a_version_carries_our_attempt() {
        let args = set("session-secret");
        let ours = probe(&SET, &args, ATTEMPT, &[outputs(true)]);
        let ProbeVerdict::Happened { outputs: given, .. } = ours else { panic!("{ours:?}") };
        assert_eq!(field(&given, "version"), NEW);
        let other = "01938a3c-0000-7000-8000-00000000000f";
        assert!(matches!(probe(&SET, &args, other, &[outputs(true)]), ProbeVerdict::DidNot { .. }));
        assert!(matches!(probe(&SET, &args, ATTEMPT, &[]), ProbeVerdict::Unknown { .. }));
    }

    #[test]
    fn disabling_and_enabling_name_the_version_and_nothing_else() {
        for (row, enabled) in [(&DISABLE, false), (&ENABLE, true)] {
            let request = (row.render)(&switch(OLD)).unwrap();
            assert_eq!(request.method, Method::Patch);
            assert_eq!(
                request.url,
                format!("https://chatbot-kv.vault.azure.net/secrets/session-secret/{OLD}?api-version=7.5")
            );
            assert_eq!(request.body.unwrap().masked(), json!({"attributes": {"enabled": enabled}}));
        }
        let reply = Reply::json(200, json!({"attributes": {"enabled": false}}));
        assert_eq!((DISABLE.parse)(&switch(OLD), &[reply]).unwrap().field("enabled"), Some(&Value::Boolean(false)));
    }

    #[test]
    fn a_switch_happened_if_the_version_stands_as_wanted_and_is_unknown_if_it_is_gone() {
        let args = switch(OLD);
        assert!(matches!(probe(&DISABLE, &args, ATTEMPT, &[outputs(false)]), ProbeVerdict::Happened { .. }));
        assert!(matches!(probe(&DISABLE, &args, ATTEMPT, &[outputs(true)]), ProbeVerdict::DidNot { .. }));
        assert!(matches!(probe(&ENABLE, &args, ATTEMPT, &[outputs(true)]), ProbeVerdict::Happened { .. }));
        let gone = switch("00000000000000000000000000000000");
        assert!(matches!(probe(&DISABLE, &gone, ATTEMPT, &[outputs(true)]), ProbeVerdict::Unknown { .. }));
    }

    #[test]
    fn a_person_consents_to_this_version_and_to_which_one_is_the_newest() {
        let facts = DISABLE.change.as_ref().unwrap();
        let fields = (facts.observed)(&switch(OLD), &[outputs(true)]);
        assert_eq!(
            fields,
            [Field::new("this version", "enabled"), Field::new("newest version", format!("{NEW}, enabled"))]
        );
        assert_eq!((facts.read_back)(&switch(OLD)), "session-secret");
        assert_eq!((facts.locks)(&switch(OLD)), ["https://chatbot-kv.vault.azure.net/secrets/session-secret"]);
    }
}
