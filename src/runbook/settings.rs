use std::collections::BTreeMap;

use url::Url;
use uuid::Uuid;

use super::check::TARGET_KINDS;
use super::fields::Fields;
use super::grammar::{ENVIRONMENT, POLICY, SETTINGS, TARGET};
use super::written::{Form, Written};
use super::{Code, Environment, EstateKind, Finding, Findings, Policy, RevisionRule, SignIn, Target, parse, read};
use crate::base::Value;
use crate::effect::TargetKind;

/// Reads the environments of a user's own configuration file. All of them are live.
///
/// `id` and `url` of a target follow from its name where they are not given; see [`Target::conventional`] for when they
/// must be. Where they are given they must be those of the resource that the name says, because the name is what an
/// operator reads back and the other two are where a request goes: an id is of the target's kind, ends in its name and
/// lies in the environment's subscription (in any resource group), and a vault's address is that of its name. A site's
/// address may be any: it can have a domain of its own.
///
/// # Errors
/// Every finding, up to 100.
pub fn parse_environments(bytes: &[u8]) -> Result<Vec<Environment>, Vec<Finding>> {
    let text = parse::text(bytes).map_err(|finding| vec![finding])?;
    let mut findings = Findings::new(text);
    let environments = parse::parse(&mut findings).and_then(|written| environments(&written, &mut findings));
    match environments {
        Some(environments) if !findings.any_error() => Ok(environments),
        _ => Err(findings.into_sorted()),
    }
}

fn environments(written: &Written, findings: &mut Findings<'_>) -> Option<Vec<Environment>> {
    let fields = Fields::read(written, &SETTINGS, findings)?;
    let items = read::list(fields.get("environments")?, "a list of environments", findings)?;
    let mut environments: Vec<Environment> = Vec::new();
    for item in items {
        let Some(environment) = environment(item, findings) else { continue };
        if environments.iter().any(|known| known.name == environment.name) {
            let message = format!("two environments are called `{}`", environment.name);
            findings.add(Finding::new(Code::DuplicateName, item.head(), message).help("rename one of them"));
        }
        environments.push(environment);
    }
    Some(environments)
}

fn environment(written: &Written, findings: &mut Findings<'_>) -> Option<Environment> {
    let fields = Fields::read(written, &ENVIRONMENT, findings)?;
    if let Some(written) = fields.get("cloud") {
        read::word(written, "a cloud that this version knows", &[("public", ())], findings);
    }
    let name = fields.get("name").and_then(|written| name(written, findings));
    let tenant = fields.get("tenant").and_then(|written| guid(written, "a tenant's id", findings));
    let subscription = fields.get("subscription").and_then(|written| guid(written, "a subscription's id", findings));
    let resource_group = fields.get("resource_group").and_then(|written| resource_group(written, findings));
    let sign_in = fields.get("sign_in").and_then(|written| sign_in(written, findings));
    let protected = fields.get("protected").and_then(|written| read::boolean(written, "`protected`", findings));
    let policy = policy(fields.get("policy"), protected.unwrap_or(false), findings);
    let inputs = fields.get("inputs").map(|written| inputs(written, findings)).unwrap_or_default();
    let (subscription, resource_group) = (subscription?, resource_group?);
    let items = read::list(fields.get("targets")?, "a list of targets", findings)?;
    let mut targets: Vec<Target> = Vec::new();
    for item in items {
        let Some(target) = target(item, &subscription, &resource_group, findings) else { continue };
        if targets.iter().any(|known| known.name == target.name && known.kind == target.kind) {
            let message = format!("two targets are called `{}`", target.name);
            findings.add(Finding::new(Code::DuplicateName, item.head(), message).help("remove one of the two"));
        }
        targets.push(target);
    }
    Some(Environment {
        name: name?,
        estate: EstateKind::Live,
        tenant: tenant?,
        subscription,
        resource_group,
        sign_in: sign_in?,
        protected: protected.unwrap_or(false),
        policy,
        targets,
        inputs,
    })
}

/// What is not said follows from whether the environment is protected: then a text must at least be in a commit.
fn policy(written: Option<&Written>, protected: bool, findings: &mut Findings<'_>) -> Policy {
    let usual = if protected { RevisionRule::Committed } else { RevisionRule::Any };
    let Some(fields) = written.and_then(|written| Fields::read(written, &POLICY, findings)) else {
        return Policy { revision: usual, allowed_signers: None };
    };
    let rules = [RevisionRule::Any, RevisionRule::Committed, RevisionRule::Signed].map(|rule| (rule.word(), rule));
    let revision = fields.get("revision").and_then(|written| read::word(written, "a rule", &rules, findings));
    let file = fields.get("allowed_signers").and_then(|written| read::scalar(written, "a file", findings));
    Policy { revision: revision.unwrap_or(usual), allowed_signers: file.map(|file| file.text.clone()) }
}

fn name(written: &Written, findings: &mut Findings<'_>) -> Option<String> {
    let name = &read::scalar(written, "an environment's name", findings)?.text;
    if name == "sim" {
        let message = "`sim` is the simulator, which needs no configuration";
        findings.add(Finding::new(Code::WrongValue, written.place, message).help("choose another name"));
        return None;
    }
    let fine = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    if name.len() > 63 || !name.starts_with(|first: char| first.is_ascii_lowercase()) || !name.chars().all(fine) {
        let message = format!("`{name}` is not a name for an environment");
        let help = "write lower-case letters, digits and hyphens, beginning with a letter";
        findings.add(Finding::new(Code::MalformedName, written.place, message).help(help));
        return None;
    }
    Some(name.clone())
}

fn guid(written: &Written, what: &str, findings: &mut Findings<'_>) -> Option<String> {
    let text = &read::scalar(written, what, findings)?.text;
    match Uuid::try_parse(text) {
        Ok(id) if text.len() == 36 => Some(id.as_hyphenated().to_string()),
        _ => {
            let message = format!("`{text}` is not {what}");
            let help = "write 36 characters, as `az account show` prints them";
            findings.add(Finding::new(Code::WrongValue, written.place, message).help(help));
            None
        }
    }
}

fn resource_group(written: &Written, findings: &mut Findings<'_>) -> Option<String> {
    let name = &read::scalar(written, "a resource group's name", findings)?.text;
    // Resource Manager, "naming rules": letters, digits, underscores, hyphens, periods and parentheses, up to 90.
    let fine = |letter: char| letter.is_alphanumeric() || "_-.()".contains(letter);
    if name.is_empty() || name.chars().count() > 90 || !name.chars().all(fine) || name.ends_with('.') {
        let message = format!("`{name}` is not a name for a resource group");
        findings.add(Finding::new(Code::WrongValue, written.place, message));
        return None;
    }
    Some(name.clone())
}

fn sign_in(written: &Written, findings: &mut Findings<'_>) -> Option<SignIn> {
    let text = written.scalar().map(|scalar| scalar.text.as_str()).unwrap_or_default();
    if ["azd", "managed_identity", "workload_identity", "client_secret", "auto"].contains(&text) {
        let message = format!("signing in by `{text}` is not supported by this version");
        findings.add(Finding::new(Code::NotSupported, written.place, message).help("write `sign_in: cli`"));
        return None;
    }
    read::word(written, "a way to sign in", &[("cli", SignIn::Cli)], findings)
}

fn target(written: &Written, subscription: &str, resource_group: &str, findings: &mut Findings<'_>) -> Option<Target> {
    let fields = Fields::read(written, &TARGET, findings)?;
    let kinds = TARGET_KINDS.map(|kind| (kind.word(), kind));
    let kind = fields.get("kind").and_then(|written| read::word(written, "a kind of target", &kinds, findings));
    let id = fields.get("id").and_then(|written| Some((written, id(written, findings)?)));
    let url = fields.get("url").and_then(|written| Some((written, address(written, findings)?)));
    let kind = kind?;
    let written = fields.get("name")?;
    let name = &read::scalar(written, "a target's name", findings)?.text;
    if !is_target_name(kind, name) {
        let message = format!("`{name}` is not a name for a {kind}");
        let help = match kind {
            TargetKind::Webapp => "write the site's name, or `SITE/SLOT`",
            TargetKind::Keyvault => "write the vault's name: 3 to 24 letters, digits and hyphens",
        };
        findings.add(Finding::new(Code::WrongValue, written.place, message).help(help));
        return None;
    }
    let usual = Target::conventional(kind, name, subscription, resource_group);
    if let Some((written, id)) = &id {
        // Only the resource group is free: `id` has made sure that there is one.
        let group = id.split('/').nth(4).unwrap_or(resource_group);
        let own = Target::conventional(kind, name, subscription, group).id;
        if !own.eq_ignore_ascii_case(id) {
            let message = format!("`{id}` is not the id of the {kind} `{name}` in this environment's subscription");
            let help = format!("leave `id` out, or write `{}`, in whatever resource group it is", usual.id);
            findings.add(Finding::new(Code::WrongValue, written.place, message).help(help));
        }
    }
    if let Some((written, url)) = &url
        && kind == TargetKind::Keyvault
        && !usual.url.eq_ignore_ascii_case(url)
    {
        let message = format!("`{url}` is not the address of the {kind} `{name}`");
        let help = format!("leave `url` out, or write `{}`", usual.url);
        findings.add(Finding::new(Code::WrongValue, written.place, message).help(help));
    }
    Some(Target { id: id.map_or(usual.id, |(_, id)| id), url: url.map_or(usual.url, |(_, url)| url), ..usual })
}

/// Resource Manager, "naming rules": sites and slots up to 60 letters, digits and hyphens; vaults 3 to 24.
fn is_target_name(kind: TargetKind, name: &str) -> bool {
    let part = |part: &str, least: usize, most: usize| {
        (least..=most).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    match (kind, name.split_once('/')) {
        (TargetKind::Webapp, None) => part(name, 1, 60),
        (TargetKind::Webapp, Some((app, slot))) => part(app, 1, 60) && part(slot, 1, 59),
        (TargetKind::Keyvault, _) => part(name, 3, 24),
    }
}

fn id(written: &Written, findings: &mut Findings<'_>) -> Option<String> {
    let text = &read::scalar(written, "a resource id", findings)?.text;
    let fine = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains(['?', '#', '%', '\\']);
    let parts: Vec<&str> = text.split('/').skip(1).collect();
    let resource = text.starts_with("/subscriptions/") && parts.len() >= 8 && parts.len().is_multiple_of(2);
    if !resource || !parts.iter().all(|part| fine(part)) || text.contains(char::is_whitespace) {
        let message = format!("`{text}` is not a resource id");
        let help = "write `/subscriptions/…/resourceGroups/…/providers/…`, as `az resource show --query id` prints it";
        findings.add(Finding::new(Code::WrongValue, written.place, message).help(help));
        return None;
    }
    Some(text.clone())
}

fn address(written: &Written, findings: &mut Findings<'_>) -> Option<String> {
    let text = &read::scalar(written, "an address", findings)?.text;
    let plain = |url: &Url| {
        url.scheme() == "https"
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    };
    match Url::parse(text) {
        Ok(url) if plain(&url) => Some(url.as_str().trim_end_matches('/').to_owned()),
        _ => {
            let message = format!("`{text}` is not an https address without user, query and fragment");
            let help = "write for example `https://app.example.com`";
            findings.add(Finding::new(Code::WrongValue, written.place, message).help(help));
            None
        }
    }
}

/// Inputs by runbook and parameter. They are kept as text: what they must be is known when a runbook is bound.
fn inputs(written: &Written, findings: &mut Findings<'_>) -> BTreeMap<String, BTreeMap<String, Value>> {
    let mut all = BTreeMap::new();
    for (runbook, written) in members(written, "`inputs`", findings) {
        let mut inputs = BTreeMap::new();
        for (parameter, written) in members(written, "the inputs of a runbook", findings) {
            let value = match &written.form {
                Form::List(_) => {
                    let items = read::texts(written, "a list", findings).into_iter().map(Value::Text);
                    Some(Value::List(items.collect()))
                }
                _ => read::text(written, "an input", findings).map(Value::Text),
            };
            inputs.extend(value.map(|value| (parameter.clone(), value)));
        }
        all.insert(runbook.clone(), inputs);
    }
    all
}

fn members<'w>(written: &'w Written, what: &str, findings: &mut Findings<'_>) -> Vec<(&'w String, &'w Written)> {
    match &written.form {
        Form::Mapping(entries) => return entries.iter().map(|entry| (&entry.key, &entry.value)).collect(),
        Form::Refused => {}
        Form::Scalar(_) | Form::List(_) => {
            let message = format!("{what} is a mapping, and here stands {}", written.described());
            findings.add(Finding::new(Code::WrongType, written.head(), message));
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIVE: &str = "\
environments:
  - name: production
    tenant: 11111111-1111-4111-8111-111111111111
    subscription: 33333333-3333-4333-8333-333333333333
    resource_group: shop-rg
    sign_in: cli
    protected: true
    targets:
      - {name: shop/blue, kind: webapp}
      - {name: shop-kv, kind: keyvault, url: 'https://shop-kv.vault.azure.net/'}
    inputs:
      key-rotation: {vault: shop-kv, consumers: [shop/blue]}
";

    #[test]
    fn id_and_address_follow_from_the_name() {
        let environments = parse_environments(LIVE.as_bytes()).unwrap();
        let [production] = environments.as_slice() else { panic!("one environment") };
        let shop = production.target(TargetKind::Webapp, "shop/blue").unwrap();
        assert!(shop.id.ends_with("/resourceGroups/shop-rg/providers/Microsoft.Web/sites/shop/slots/blue"));
        assert_eq!(shop.url, "https://shop-blue.azurewebsites.net");
        assert_eq!(production.targets[1].url, "https://shop-kv.vault.azure.net");
        assert!(production.protected && production.estate == EstateKind::Live);
        assert_eq!(production.inputs["key-rotation"]["consumers"].to_string(), "shop/blue");
    }

    #[test]
    fn a_protected_environment_demands_a_commit_unless_its_policy_says_otherwise() {
        let policy = |text: String| parse_environments(text.as_bytes()).unwrap().remove(0).policy;
        let rule = |text: String| policy(text).revision;
        assert_eq!(rule(LIVE.to_owned()), RevisionRule::Committed);
        assert_eq!(rule(LIVE.replace("protected: true", "protected: false")), RevisionRule::Any);
        let said = |policy: &str| LIVE.replace("protected: true", &format!("protected: true\n    policy: {policy}"));
        assert_eq!(rule(said("{revision: any}")), RevisionRule::Any);
        let signed = policy(said("{revision: signed, allowed_signers: ~/signers}"));
        assert_eq!((signed.revision, signed.allowed_signers.as_deref()), (RevisionRule::Signed, Some("~/signers")));
        let findings = parse_environments(said("{revision: reviewed, signers: x}").as_bytes()).unwrap_err();
        let codes: Vec<_> = findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, [Code::WrongValue, Code::UnknownKey]);
    }

    #[test]
    fn a_name_cannot_reach_out_of_its_place_in_an_address() {
        for (name, kind) in
            [("a/b/c", "webapp"), ("a?x", "webapp"), ("..", "webapp"), ("a/", "webapp"), ("a/b", "keyvault")]
        {
            let text = LIVE.replace("{name: shop/blue, kind: webapp}", &format!("{{name: '{name}', kind: {kind}}}"));
            let findings = parse_environments(text.as_bytes()).unwrap_err();
            assert_eq!(findings[0].code, Code::WrongValue, "{name}");
        }
    }

    /// The configuration with that target in the place of the slot.
    fn with(target: &str) -> String {
        LIVE.replace("{name: shop/blue, kind: webapp}", target)
    }

    const HERE: &str = "/subscriptions/33333333-3333-4333-8333-333333333333/resourceGroups";
    const THERE: &str = "/subscriptions/44444444-4444-4444-8444-444444444444/resourceGroups";

    #[test]
    fn an_id_or_a_vaults_address_that_is_of_another_resource_is_refused_on_its_line() {
        for target in [
            format!("{{name: web-test, kind: webapp, id: {HERE}/rg/providers/Microsoft.Web/sites/web-prod}}"),
            format!("{{name: web-test, kind: webapp, id: {THERE}/rg/providers/Microsoft.Web/sites/web-test}}"),
            format!("{{name: web-test, kind: webapp, id: {HERE}/rg/providers/Microsoft.KeyVault/vaults/web-test}}"),
            format!("{{name: web/blue, kind: webapp, id: {HERE}/rg/providers/Microsoft.Web/sites/web}}"),
            format!("{{name: web/blue, kind: webapp, id: {HERE}/rg/providers/Microsoft.Web/sites/web/slots/green}}"),
            format!("{{name: blue, kind: webapp, id: {HERE}/rg/providers/Microsoft.Web/sites/web/slots/blue}}"),
            format!("{{name: kv-test, kind: keyvault, id: {HERE}/rg/providers/Microsoft.KeyVault/vaults/kv-prod}}"),
            "{name: kv-test, kind: keyvault, url: 'https://kv-prod.vault.azure.net'}".to_owned(),
            "{name: kv-test, kind: keyvault, url: 'https://kv-test.vault.azure.net.example.com'}".to_owned(),
            "{name: kv-test, kind: keyvault, url: 'https://kv-test.vault.azure.net:444'}".to_owned(),
            "{name: kv-test, kind: keyvault, url: 'https://kv-test.vault.azure.net/secrets'}".to_owned(),
        ] {
            let text = with(&target);
            let findings = parse_environments(text.as_bytes()).expect_err(&target);
            let [finding] = findings.as_slice() else { panic!("{target}: {findings:?}") };
            let struck = text[finding.place.start..finding.place.end].trim_matches('\'');
            assert_eq!(finding.code, Code::WrongValue, "{target}");
            assert!(struck.contains("//") != struck.starts_with('/') && target.contains(struck), "{target}: {struck}");
        }
    }

    #[test]
    fn a_resource_of_another_group_and_a_site_with_its_own_domain_are_accepted() {
        for (target, id, url) in [
            (
                format!(
                    "{{name: web-test, kind: webapp, url: 'https://www.example.com/', \
                     id: {HERE}/Other.RG/providers/microsoft.web/Sites/Web-Test}}"
                ),
                format!("{HERE}/Other.RG/providers/microsoft.web/Sites/Web-Test"),
                "https://www.example.com",
            ),
            (
                format!("{{name: web/blue, kind: webapp, id: {HERE}/rg/providers/Microsoft.Web/sites/web/slots/Blue}}"),
                format!("{HERE}/rg/providers/Microsoft.Web/sites/web/slots/Blue"),
                "https://web-blue.azurewebsites.net",
            ),
            (
                "{name: KV-test, kind: keyvault, url: 'https://kv-TEST.vault.azure.net/'}".to_owned(),
                format!("{HERE}/shop-rg/providers/Microsoft.KeyVault/vaults/KV-test"),
                "https://kv-test.vault.azure.net",
            ),
        ] {
            let environments = parse_environments(with(&target).as_bytes()).expect(&target);
            let read = &environments[0].targets[0];
            assert_eq!((read.id.as_str(), read.url.as_str()), (id.as_str(), url));
        }
    }

    #[test]
    fn every_fault_of_an_environment_is_found_at_once() {
        let text = LIVE
            .replace("name: production", "name: sim")
            .replace("tenant: 1111", "tenant: x111")
            .replace("sign_in: cli", "sign_in: azd")
            .replace("protected: true", "protected: yes")
            .replace("https://shop", "http://shop");
        let findings = parse_environments(text.as_bytes()).unwrap_err();
        let codes: Vec<_> = findings.iter().map(|finding| finding.code).collect();
        let wrong = Code::WrongValue;
        assert_eq!(codes, [wrong, wrong, Code::NotSupported, wrong, wrong]);
    }
}
