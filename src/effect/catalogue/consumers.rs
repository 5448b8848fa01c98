//! Who reads a secret: the sites and slots whose app settings refer to it, in the vault's resource group and in those
//! of the consumers that are expected. Whoever reads it otherwise (code that asks the vault, another resource group, a
//! connection string) is not seen, and every verdict says where was looked.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::super::{
    Args, Class, Follow, Method, Piece, RenderError, Reply, Request, Risk, Row, Script, Service, TargetKind, Type,
    Unreadable, Verdict,
};
use super::argument::{optional, optional_list, output, required, secret_name, target, vault_name, vault_url};
use super::reading::{body, field, items, last_segment, list, needed};
use super::references::{references, references_request};
use super::webapp::{API, about};
use crate::base::Value;

/// `keyvault.secret.consumers`.
pub(super) static CONSUMERS: Row = Row {
    name: "keyvault.secret.consumers",
    summary: "Finds the sites and slots, in the resource groups of the vault and of the expected ones, whose app settings refer to \
              a secret.",
    parameters: &[
        required("vault", Type::Target(TargetKind::Keyvault), "The vault that holds the secret."),
        required("name", Type::String, "The secret's name."),
        optional(
            "expected",
            Type::List(&Type::Target(TargetKind::Webapp)),
            "As a check: the consumers that are known; another one, a pinned one, or one without a reference fails.",
        ),
    ],
    outputs: &[
        output("consumers", Type::List(&Type::Target(TargetKind::Webapp)), "Every site and slot that refers to it."),
        output("pinned", Type::List(&Type::Target(TargetKind::Webapp)), "Those whose reference names a version."),
    ],
    risk: Risk::Read,
    class: Class::R,
    service: Service::ResourceManager,
    api_version: Some(API),
    operation_id: Some("WebApps_ListByResourceGroup"),
    documentation: "https://learn.microsoft.com/rest/api/appservice/web-apps/list-by-resource-group",
    permissions: &["Microsoft.Web/sites/read", "Microsoft.Web/sites/slots/read", "Microsoft.Web/sites/config/read"],
    render,
    follow: Some(Follow { next: follow, foretell }),
    parse,
    judge: Some(judge),
    change: None,
    by_hand: Some(by_hand),
};

fn render(args: &Args) -> Result<Request, RenderError> {
    vault_url(args, "vault")?;
    secret_name(args, "name")?;
    target(args, "vault", TargetKind::Keyvault)?;
    for expected in optional_list(args, "expected")? {
        if !TargetKind::Webapp.is_id(field(expected, "id")) {
            let wanted = "a list of App Service sites or slots with their resource ids";
            return Err(RenderError::Shape { name: "expected", wanted, found: expected.to_string() });
        }
    }
    groups(args).first().map(|group| sites_of(group)).ok_or(RenderError::Missing("vault"))
}

/// The ids of the resource groups that are looked at: the vault's, then those of the expected consumers, each once.
fn groups(args: &Args) -> Vec<String> {
    let expected = args.get("expected").and_then(Value::as_list).unwrap_or_default();
    let mut groups: Vec<String> = Vec::new();
    for resource in args.get("vault").into_iter().chain(expected) {
        // `/subscriptions/S/resourceGroups/G`: five parts, of which the first is empty.
        let group = field(resource, "id").split('/').take(5).collect::<Vec<_>>().join("/");
        if !groups.iter().any(|known| known.eq_ignore_ascii_case(&group)) {
            groups.push(group);
        }
    }
    groups
}

fn sites_of(group: &str) -> Request {
    about(Method::Get, group, "/providers/Microsoft.Web/sites")
}

/// The rounds: the sites of each group; each site's slots; the references of each site and slot.
fn follow(args: &Args, replies: &[Reply]) -> Vec<Request> {
    let groups = groups(args);
    if replies.len() < groups.len() {
        return groups.iter().skip(replies.len()).map(|group| sites_of(group)).collect();
    }
    let Some(Ok(sites)) = replies.get(..groups.len()).map(hosts) else { return Vec::new() };
    if replies.len() == groups.len() {
        return sites.iter().map(|site| about(Method::Get, site.id, "/slots")).collect();
    }
    if replies.len() != groups.len() + sites.len() {
        return Vec::new();
    }
    let all = hosts(replies);
    all.map(|all| all.iter().map(|host| references_request(host.id)).collect()).unwrap_or_default()
}

/// What the sites and slots of the groups will tell: every address follows from an id.
fn foretell(_: &Args) -> Vec<String> {
    let of = |id: &str, rest: &str| format!("GET {}", about(Method::Get, id, rest).url);
    vec![of("«id of each site»", "/slots"), format!("GET {}", references_request("«id of each site and slot»").url)]
}

fn by_hand(args: &Args) -> Result<Script, RenderError> {
    render(args)?;
    let secret = secret_name(args, "name")?;
    let tail = |rest: &str| Piece::Text(format!("{rest}?api-version={API}"));
    let ids = Piece::Shell(" --query 'value[].id' --output tsv </dev/null; ");
    let mut command = vec![Piece::Shell("for group in")];
    for group in groups(args) {
        command.extend([Piece::Shell(" "), Piece::Text(group)]);
    }
    command.extend([
        Piece::Shell("; do\n  az rest --method GET --url \"https://management.azure.com$group\""),
        tail("/providers/Microsoft.Web/sites"),
        ids.clone(),
        Piece::Shell("\ndone | while read -r site; do\n  echo \"$site\"\n  "),
        Piece::Shell("az rest --method GET --url \"https://management.azure.com$site\""),
        tail("/slots"),
        ids,
        Piece::Shell("\ndone | while read -r host; do\n  echo \"$host\"\n  "),
        Piece::Shell("az rest --method GET --url \"https://management.azure.com$host\""),
        tail("/config/configreferences/appsettings"),
        Piece::Shell(" --query 'value[].properties.[vaultName, secretName, reference]' --output tsv </dev/null"),
        Piece::Shell(" | grep -iF -- "),
        Piece::Text(secret.to_owned()),
        // An app without a line is no error; what is missing is for the person to see.
        Piece::Shell(" || true\ndone"),
    ]);
    let good = match args.get("expected").and_then(Value::as_list) {
        Some(expected) => format!(
            "There is a line for {secret} of {} under exactly {}, and none names a version.",
            vault_name(args),
            names(expected)
        ),
        None => format!("The lines under an id are the references to {secret} of {}.", vault_name(args)),
    };
    Ok(Script::of(command).good(good))
}

/// A site or a slot as the service lists it.
struct Host<'a> {
    name: &'a str,
    id: &'a str,
    domain: &'a str,
}

/// The sites or slots in replies that list them. Each id is about to become part of an address, so each has its shape
/// checked.
fn hosts(replies: &[Reply]) -> Result<Vec<Host<'_>>, Unreadable> {
    let mut hosts = Vec::new();
    for index in 0..replies.len() {
        for item in items(body(replies, index)?)? {
            hosts.push(host(item)?);
        }
    }
    Ok(hosts)
}

fn host(item: &Json) -> Result<Host<'_>, Unreadable> {
    let id = needed(item, "/id")?;
    if !TargetKind::Webapp.is_id(id) {
        return Err(Unreadable("id".into()));
    }
    Ok(Host { name: needed(item, "/name")?, id, domain: needed(item, "/properties/defaultHostName")? })
}

fn parse(args: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let missing = || Unreadable("value".into());
    let groups = groups(args).len();
    let listed = groups + hosts(replies.get(..groups).ok_or_else(missing)?)?.len();
    let all = hosts(replies.get(..listed).ok_or_else(missing)?)?;
    // By name, so that a slot follows its site.
    let mut order: Vec<_> = all.iter().enumerate().collect();
    order.sort_by_key(|(_, host)| host.name);
    let (vault, secret) = (vault_name(args), args.get("name").and_then(Value::as_text).unwrap_or_default());
    let (mut consumers, mut pinned) = (Vec::new(), Vec::new());
    for (index, host) in order {
        let references = references(body(replies, listed + index)?)?;
        let ours = |vault_of: &str, secret_of: &str| {
            vault_of.eq_ignore_ascii_case(vault) && secret_of.eq_ignore_ascii_case(secret)
        };
        let mut found = references.iter().filter(|reference| ours(reference.vault, reference.secret)).peekable();
        if found.peek().is_some() {
            consumers.push(record(host));
        }
        if found.any(|reference| reference.is_pinned) {
            pinned.push(record(host));
        }
    }
    Ok(Value::record([("consumers", Value::List(consumers)), ("pinned", Value::List(pinned))]))
}

fn record(host: &Host<'_>) -> Value {
    Value::record([
        ("name", Value::text(host.name)),
        ("id", Value::text(host.id)),
        ("url", Value::text(format!("https://{}", host.domain))),
    ])
}

fn judge(args: &Args, outputs: &Value) -> Verdict {
    let consumers = list(outputs, "consumers");
    let pass = || Verdict::Pass { seen: format!("it is read by {}, as {} tell", names(consumers), scope(args)) };
    let Some(expected) = args.get("expected").and_then(Value::as_list) else { return pass() };
    let without = |these: &[Value], those: &[Value]| -> Vec<Value> {
        let id = |target: &Value| field(target, "id").to_ascii_lowercase();
        let known: BTreeSet<String> = those.iter().map(id).collect();
        these.iter().filter(|target| !known.contains(&id(target))).cloned().collect()
    };
    let (unknown, missing) = (without(consumers, expected), without(expected, consumers));
    let pinned = list(outputs, "pinned");
    let mut wrong = Vec::new();
    if !unknown.is_empty() {
        wrong.push(format!("also read by {}, not listed among the consumers", names(&unknown)));
    }
    if !missing.is_empty() {
        wrong.push(format!("no reference found in {}", names(&missing)));
    }
    if !pinned.is_empty() {
        wrong.push(format!("pinned to a version by {}", names(pinned)));
    }
    if wrong.is_empty() {
        pass()
    } else {
        Verdict::Fail { seen: format!("{}; looked at {}", wrong.join("; "), scope(args)) }
    }
}

/// Where was looked, in words.
fn scope(args: &Args) -> String {
    let groups = groups(args);
    let names: Vec<&str> = groups.iter().map(|group| last_segment(group)).collect();
    format!("the app settings in {}", names.join(", "))
}

fn names(targets: &[Value]) -> String {
    if targets.is_empty() { "nobody".to_owned() } else { Value::List(targets.to_vec()).to_string() }
}

#[cfg(test)]
mod tests {
    use super::super::argument::tests::{app, args, vault};
    use super::*;
    use serde_json::json;

    fn of() -> Args {
        args([("vault", vault()), ("name", Value::text("session-secret"))])
    }

    fn listing(names: &[&str]) -> Reply {
        let item = |name: &&str| {
            json!({"id": field(&app(name), "id"), "name": name,
                "properties": {"defaultHostName": format!("{}.azurewebsites.net", name.replace('/', "-"))}})
        };
        Reply::json(200, json!({"value": names.iter().map(item).collect::<Vec<_>>()}))
    }

    fn referring(reference: &str, secret: &str) -> Reply {
        let properties =
            json!({"reference": reference, "vaultName": "chatbot-kv", "secretName": secret, "status": "Resolved"});
        Reply::json(200, json!({"value": [{"id": "/x/SESSION_SECRET", "properties": properties}]}))
    }

    /// One site with one slot, and one site without: the site follows, its slot is pinned, the other reads another secret.
    fn replies() -> Vec<Reply> {
        vec![
            listing(&["chatbot-web", "chatbot-worker"]),
            listing(&["chatbot-web/staging"]),
            listing(&[]),
            referring("@Microsoft.KeyVault(VaultName=chatbot-kv;SecretName=session-secret)", "session-secret"),
            referring("@Microsoft.KeyVault(VaultName=chatbot-kv;SecretName=database-url)", "database-url"),
            referring(
                "@Microsoft.KeyVault(SecretUri=https://chatbot-kv.vault.azure.net/secrets/session-secret/0a)",
                "session-secret",
            ),
        ]
    }

    #[test]
    fn it_asks_for_sites_then_slots_then_references_and_is_complete() {
        let first = render(&of()).unwrap().url;
        assert!(
            first.ends_with("/resourceGroups/chatbot-rg/providers/Microsoft.Web/sites?api-version=2023-12-01"),
            "{first}"
        );
        let mut replies = replies();
        assert!(follow(&of(), &replies).is_empty(), "all six replies are there");
        replies.truncate(3);
        let urls: Vec<String> = follow(&of(), &replies).into_iter().map(|request| request.url).collect();
        assert_eq!(urls.len(), 3);
        assert!(urls[1].contains("/chatbot-worker/config/") && urls[2].contains("/slots/staging/config/"), "{urls:?}");
        replies.truncate(1);
        assert_eq!(follow(&of(), &replies).len(), 2, "one list of slots for each site");
    }

    #[test]
    fn consumers_are_those_who_refer_to_that_secret_and_pinned_ones_name_a_version() {
        let outputs = parse(&of(), &replies()).unwrap();
        assert_eq!(names(list(&outputs, "consumers")), "chatbot-web, chatbot-web/staging");
        assert_eq!(names(list(&outputs, "pinned")), "chatbot-web/staging");
        assert_eq!(field(&list(&outputs, "consumers")[1], "url"), "https://chatbot-web-staging.azurewebsites.net");
        assert!(parse(&of(), &replies()[..5]).is_err(), "a missing reply is not read as no consumer");
    }

    #[test]
    fn an_id_that_is_not_a_sites_is_never_asked() {
        let reply = Reply::json(200, json!({"value": [{"id": "/../evil", "name": "x"}]}));
        assert!(follow(&of(), &[reply]).is_empty());
    }

    #[test]
    fn a_consumer_that_nobody_listed_and_a_pinned_one_fail_the_check_by_name() {
        let outputs = parse(&of(), &replies()).unwrap();
        let mut args = of();
        args.insert("expected".into(), Value::List(vec![app("chatbot-web")]));
        let verdict = judge(&args, &outputs);
        assert!(
            matches!(&verdict, Verdict::Fail { seen } if seen.matches("chatbot-web/staging").count() == 2),
            "{verdict:?}"
        );
        let Value::Record(mut fields) = outputs else { panic!("a record") };
        fields.insert("pinned".into(), Value::List(Vec::new()));
        args.insert("expected".into(), Value::List(vec![app("chatbot-web"), app("chatbot-web/staging")]));
        assert!(matches!(judge(&args, &Value::Record(fields)), Verdict::Pass { .. }));
    }

    /// A site of another resource group than the vault's.
    fn elsewhere(name: &str) -> Value {
        let Value::Record(mut fields) = app(name) else { panic!("a record") };
        let id = field(&app(name), "id").replace("/chatbot-rg/", "/apps-rg/");
        fields.insert("id".into(), Value::text(id));
        Value::Record(fields)
    }

    fn expecting(expected: Vec<Value>) -> Args {
        let mut args = of();
        args.insert("expected".into(), Value::List(expected));
        args
    }

    #[test]
    fn a_check_that_found_no_reference_in_an_expected_app_fails_and_says_where_it_looked() {
        let outputs = Value::record([("consumers", Value::List(vec![])), ("pinned", Value::List(vec![]))]);
        let verdict = judge(&expecting(vec![elsewhere("shop")]), &outputs);
        let Verdict::Fail { seen } = &verdict else { panic!("{verdict:?}") };
        assert_eq!(seen, "no reference found in shop; looked at the app settings in chatbot-rg, apps-rg");
    }

    #[test]
    fn the_resource_groups_of_the_expected_apps_are_looked_at_too_each_once() {
        let args = expecting(vec![elsewhere("shop"), app("chatbot-web"), elsewhere("till")]);
        let item = json!({"id": field(&elsewhere("shop"), "id"), "name": "shop",
            "properties": {"defaultHostName": "shop.azurewebsites.net"}});
        let mut replies = vec![listing(&[])];
        let rest = follow(&args, &replies);
        assert_eq!(rest.len(), 1);
        assert!(rest[0].url.contains("/resourceGroups/apps-rg/providers/Microsoft.Web/sites?"), "{}", rest[0].url);
        replies.push(Reply::json(200, json!({"value": [item]})));
        assert!(follow(&args, &replies)[0].url.contains("/sites/shop/slots?"));
        replies.push(listing(&[]));
        assert!(follow(&args, &replies)[0].url.contains("/sites/shop/config/"));
        replies
            .push(referring("@Microsoft.KeyVault(VaultName=chatbot-kv;SecretName=session-secret)", "session-secret"));
        assert!(follow(&args, &replies).is_empty());
        let outputs = parse(&args, &replies).unwrap();
        assert_eq!(names(list(&outputs, "consumers")), "shop");
        let verdict = judge(&expecting(vec![elsewhere("shop")]), &outputs);
        assert!(matches!(&verdict, Verdict::Pass { seen } if seen.contains("apps-rg")), "{verdict:?}");
        assert!(render(&expecting(vec![Value::record([("id", Value::text("/../evil"))])])).is_err());
    }

    #[test]
    fn a_name_that_would_leave_its_place_is_refused() {
        for bad in ["../keys/k1", "a/b"] {
            assert!(render(&args([("vault", vault()), ("name", Value::text(bad))])).is_err(), "{bad}");
        }
    }
}
