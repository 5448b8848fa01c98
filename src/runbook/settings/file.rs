use super::environment::{environment, name};
use crate::runbook::fields::Fields;
use crate::runbook::grammar::{ENVIRONMENT, ENVIRONMENT_FILE, SETTINGS};
use crate::runbook::written::Written;
use crate::runbook::{Code, Environment, Finding, Findings, parse, read};

/// What checking a library's environment file gives.
#[derive(Clone, Debug)]
pub struct CheckedEnvironment {
    /// The environment; none if there is an error among the findings.
    pub environment: Option<Environment>,
    /// Every finding, in the order of the text.
    pub findings: Vec<Finding>,
}

/// Checks the bytes of a file of a library's `environments/`. Of `file` only the stem matters, which must be the
/// environment's name. What [`parse_environments`] says of targets holds here too, and any bytes give an answer.
pub fn check_environment(file: &str, bytes: &[u8]) -> CheckedEnvironment {
    let text = match parse::text(bytes) {
        Ok(text) => text,
        Err(finding) => return CheckedEnvironment { environment: None, findings: vec![finding] },
    };
    let mut findings = Findings::new(text);
    let written = parse::parse(&mut findings);
    let environment = written.and_then(|written| of_file(stem(file), &written, &mut findings));
    CheckedEnvironment { environment: environment.filter(|_| !findings.any_error()), findings: findings.into_sorted() }
}

fn of_file(stem: &str, written: &Written, findings: &mut Findings<'_>) -> Option<Environment> {
    let fields = Fields::read(written, &ENVIRONMENT_FILE, findings)?;
    if let Some(written) = fields.get("format")
        && let Some(number) = read::integer(written, "`format`", findings)
        && number != 1
    {
        let message = format!("format {number} is not known to this program");
        findings.add(Finding::new(Code::UnknownFormat, written.place, message).help("write `format: 1`"));
    }
    let name = fields.get("environment").and_then(|written| {
        let name = name(written, findings)?;
        if name != stem {
            let message = format!("the environment calls itself `{name}`, and its file `{stem}`");
            let help = format!("write `environment: {stem}`, or rename the file to `{name}.yaml`");
            findings.add(Finding::new(Code::NameIsNotFile, written.place, message).help(help));
        }
        Some(name)
    });
    if let Some(entry) = fields.get("policy").and_then(|policy| policy.entry("allowed_signers")) {
        let message = "a library does not say who may sign its own runbooks";
        let help = "remove it; the user's own git configuration names the file (`gpg.ssh.allowedSignersFile`)";
        findings.add(Finding::new(Code::WrongValue, entry.key_place, message).help(help));
    }
    environment(&fields, name, findings)
}

/// The file's name without folders and ending.
fn stem(file: &str) -> &str {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")).unwrap_or(name)
}

/// Reads the environments of a user's own configuration file. All of them are live.
///
/// `id` and `url` of a target follow from its name where they are not given; see [`crate::runbook::Target::conventional`]
/// for when they must be. Where they are given they must be those of the resource that the name says, because the name is
/// what an operator reads back and the other two are where a request goes: an id is of the target's kind, ends in its name
/// and lies in a subscription of the environment (in any resource group), and an address is one that Azure gives to that
/// name. A site's address and a container app's may be any: they can have a domain of their own.
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
        let Some(fields) = Fields::read(item, &ENVIRONMENT, findings) else { continue };
        let name = fields.get("name").and_then(|written| name(written, findings));
        let Some(environment) = environment(&fields, name, findings) else { continue };
        if environments.iter().any(|known| known.name == environment.name) {
            let message = format!("two environments are called `{}`", environment.name);
            findings.add(Finding::new(Code::DuplicateName, item.head(), message).help("rename one of them"));
        }
        environments.push(environment);
    }
    Some(environments)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effect::TargetKind;
    use crate::runbook::{Code, EstateKind, RevisionRule, SignIn};

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
        assert_eq!(shop.url.as_deref(), Some("https://shop-blue.azurewebsites.net"));
        assert_eq!(production.targets[1].url.as_deref(), Some("https://shop-kv.vault.azure.net"));
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
            assert_eq!((read.id.as_str(), read.url.as_deref()), (id.as_str(), Some(url)));
        }
    }

    #[test]
    fn every_fault_of_an_environment_is_found_at_once() {
        let text = LIVE
            .replace("name: production", "name: sim")
            .replace("tenant: 1111", "tenant: x111")
            .replace("sign_in: cli", "sign_in: az")
            .replace("protected: true", "protected: yes")
            .replace("https://shop", "http://shop");
        let findings = parse_environments(text.as_bytes()).unwrap_err();
        let codes: Vec<_> = findings.iter().map(|finding| finding.code).collect();
        let wrong = Code::WrongValue;
        assert_eq!(codes, [wrong, wrong, wrong, wrong, wrong]);
    }

    /// A library's file of that name.
    fn file(name: &str) -> String {
        let head = format!("    environment: {name}\n    format: 1");
        let keys = LIVE.replacen("  - name: production", &head, 1);
        keys.lines().skip(1).map(|line| format!("{}\n", &line[4..])).collect::<Vec<_>>().concat()
    }

    #[test]
    fn a_librarys_file_has_the_same_keys_and_is_called_as_its_environment() {
        let text = file("production");
        let checked = check_environment("environments/production.yaml", text.as_bytes());
        let own = parse_environments(LIVE.as_bytes()).unwrap().remove(0);
        assert_eq!(checked.environment, Some(own), "{:?}\n{text}", checked.findings);
        let codes = |file: &str, text: &str| {
            let findings = check_environment(file, text.as_bytes()).findings;
            findings.iter().map(|finding| finding.code).collect::<Vec<_>>()
        };
        assert_eq!(codes("staging.yaml", &text), [Code::NameIsNotFile]);
        assert_eq!(codes("sim.yaml", &file("sim")), [Code::WrongValue]);
        assert_eq!(codes("production.yaml", &text.replace("format: 1", "format: 2")), [Code::UnknownFormat]);
        let signers = format!("{text}policy: {{allowed_signers: keys}}\n");
        assert_eq!(codes("production.yaml", &signers), [Code::WrongValue]);
        assert_eq!(codes("production.yaml", "\0"), [Code::NulByte]);
    }

    #[test]
    fn a_target_of_every_kind_has_its_own_rules() {
        let read = |target: &str| parse_environments(with(target).as_bytes()).map(|all| all[0].targets[0].clone());
        for (target, url) in [
            ("{name: shop-pg, kind: postgres}", Some("postgresql://shop-pg.postgres.database.azure.com")),
            ("{name: shop-search, kind: search}", Some("https://shop-search.search.windows.net")),
            ("{name: shopdata, kind: storage}", Some("https://shopdata.blob.core.windows.net")),
            ("{name: shopimages, kind: acr}", Some("https://shopimages.azurecr.io")),
            ("{name: shop-cache, kind: redis}", Some("rediss://shop-cache.redis.cache.windows.net:6380")),
            ("{name: api, kind: containerapp, url: 'https://api.example.com'}", Some("https://api.example.com")),
            (
                "{name: ai, kind: cognitive, url: 'https://shop.openai.azure.com'}",
                Some("https://shop.openai.azure.com"),
            ),
        ] {
            assert_eq!(read(target).expect(target).url.as_deref(), url);
        }
        let database = format!(
            "{{name: orders, kind: resource, id: {HERE}/rg/providers/Microsoft.Sql/servers/s/databases/orders}}"
        );
        assert_eq!(read(&database).unwrap().url, None);
        for target in [
            "{name: Shop-PG, kind: postgres}",
            "{name: shop-data, kind: storage}",
            "{name: api, kind: containerapp}",
            "{name: ai, kind: cognitive, url: 'https://shop.openai.azure.com.evil.example'}",
            "{name: ai, kind: cognitive, url: 'https://evil.example/.openai.azure.com'}",
            "{name: shop-search, kind: search, url: 'https://other.search.windows.net'}",
            "{name: shop-pg, kind: postgres, url: 'https://shop-pg.postgres.database.azure.com'}",
            "{name: orders, kind: resource}",
            &database.replace("name: orders", "name: other"),
            &database.replace(", id", ", url: 'https://x.example', id"),
        ] {
            assert!(read(target).is_err(), "{target}");
        }
    }

    #[test]
    fn a_target_may_lie_in_another_named_subscription_and_have_other_names() {
        let other = "44444444-4444-4444-8444-444444444444";
        let text = |target: &str| {
            with(target).replace("    sign_in", &format!("    subscriptions: {{dr: {other}}}\n    sign_in"))
        };
        let read = |target: &str| parse_environments(text(target).as_bytes());
        let found =
            read("{name: web-dr, kind: webapp, subscription: dr, resource_group: dr-rg, aliases: [standby]}").unwrap();
        let target = &found[0].targets[0];
        assert!(target.id.starts_with(&format!("/subscriptions/{other}/resourceGroups/dr-rg/")), "{}", target.id);
        assert!(target.answers_to("standby") && found[0].has_subscription(other));
        read(&format!("{{name: web-dr, kind: webapp, id: {THERE}/rg/providers/Microsoft.Web/sites/web-dr}}")).unwrap();
        for wrong in [
            "{name: web-dr, kind: webapp, subscription: rd}",
            "{name: web-dr, kind: webapp, aliases: ['a,b']}",
            &format!(
                "{{name: web-dr, kind: webapp, subscription: dr, id: {HERE}/rg/providers/Microsoft.Web/sites/web-dr}}"
            ),
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        let twice = text("{name: web, kind: webapp}\n      - {name: web2, kind: webapp, aliases: [web]}");
        let codes: Vec<Code> =
            parse_environments(twice.as_bytes()).unwrap_err().iter().map(|found| found.code).collect();
        assert_eq!(codes, [Code::DuplicateName]);
    }

    #[test]
    fn who_signs_in_is_said_and_no_secret_stands_beside_it() {
        let client = "66666666-6666-4666-8666-666666666666";
        let said = |sign_in: &str, protected: &str| {
            let text = LIVE.replace("sign_in: cli", &format!("sign_in: {sign_in}"));
            parse_environments(text.replace("protected: true", &format!("protected: {protected}")).as_bytes())
        };
        let secret = format!("{{by: client_secret, client: {client}, secret: 'env:APP_SECRET'}}");
        let expected = SignIn::ClientSecret { client: client.to_owned(), secret: "APP_SECRET".to_owned() };
        assert_eq!(said(&secret, "true").unwrap()[0].sign_in, expected);
        let managed = format!("{{by: managed_identity, client: {client}}}");
        let expected = SignIn::ManagedIdentity { client: Some(client.to_owned()) };
        assert_eq!(said(&managed, "true").unwrap()[0].sign_in, expected);
        assert_eq!(said("azd", "true").unwrap()[0].sign_in, SignIn::Azd);
        assert_eq!(said("auto", "false").unwrap()[0].sign_in, SignIn::Auto);
        let codes = |sign_in: &str| {
            let findings = said(sign_in, "true").unwrap_err();
            assert!(findings.iter().all(|finding| !finding.message.contains("hunter2")), "{findings:?}");
            findings.iter().map(|finding| finding.code).collect::<Vec<_>>()
        };
        assert_eq!(codes("auto"), [Code::GuessedSignIn]);
        assert_eq!(codes("client_secret"), [Code::MissingKey]);
        assert_eq!(codes(&secret.replace("env:APP_SECRET", "hunter2")), [Code::SecretInClear]);
        assert_eq!(codes(&format!("{{by: cli, client: {client}}}")), [Code::KeyOfOtherKind]);
    }

    #[test]
    fn a_policy_names_what_may_run_and_what_a_word_beforehand_confirms() {
        let text = LIVE.replace("protected: true", "policy: {yes: reversible, runbooks: [key-rotation]}");
        let policy = parse_environments(text.as_bytes()).unwrap().remove(0).policy;
        assert!(policy.allows("key-rotation") && !policy.allows("rollback"));
        assert_eq!(policy.yes, Some(crate::effect::Risk::Reversible));
        let wrong = text.replace("yes: reversible", "yes: maybe, no: x");
        assert_eq!(parse_environments(wrong.as_bytes()).unwrap_err().len(), 2);
    }

    #[test]
    fn a_policy_names_runbooks_by_names_that_a_runbook_can_have() {
        let text = LIVE.replace("protected: true", "policy: {runbooks: [key-rotation, 5m]}");
        let codes: Vec<_> = parse_environments(text.as_bytes()).unwrap_err().iter().map(|one| one.code).collect();
        assert_eq!(codes, [Code::MalformedName]);
    }
}
