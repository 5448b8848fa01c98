use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use azure_core::error::ErrorKind;
use azure_core::http::pager::PagerOptions;
use azure_core::http::request::options::ClientRequestId;
use azure_core::http::{ClientMethodOptions, Context, RawResponse, RequestContent, Url};
use azure_security_keyvault_secrets::models::{
    SecretAttributes, SecretClientGetSecretOptions, SecretClientListSecretPropertiesVersionsOptions,
    SecretClientSetSecretOptions, SecretClientUpdateSecretPropertiesOptions, SetSecretParameters,
    UpdateSecretPropertiesParameters,
};
use azure_security_keyvault_secrets::{SecretClient, SecretClientOptions};
use futures::StreamExt as _;
use serde_json::Value as Json;
use zeroize::{Zeroize as _, Zeroizing};

use super::arm::{client_options, http_method};
use super::guard::{Expected, Rule, wipe};
use super::outcome::{Outcome, outcome, timed_out};
use super::redirect::Network;
use super::retry::again;
use super::secret::{self, Environment, Resolved};
use super::sign_in::VAULT;
use super::{Credential, Redactor};
use crate::base::{AttemptId, Encoding, SecretRef, Value};
use crate::effect::{Args, Errand, Reply, Sent};

/// The hand for Key Vault's data plane: Microsoft's client, one per vault, with our guard as its last policy.
///
/// The client is called by the operation's arguments, not by the rendered request; so the guard compares two things that
/// came about on different ways.
pub(super) struct KeyVault {
    network: Network,
    credential: Arc<Credential>,
    redactor: Redactor,
    environment: Environment,
    limit: Duration,
    clients: Mutex<BTreeMap<String, Arc<SecretClient>>>,
}

/// The data plane's version, as in the catalogue.
const API: &str = "7.5";

impl KeyVault {
    pub(super) fn new(
        network: Network,
        credential: Arc<Credential>,
        redactor: Redactor,
        environment: Environment,
        limit: Duration,
    ) -> Self {
        Self { network, credential, redactor, environment, limit, clients: Mutex::default() }
    }

    /// Sends an effect once.
    pub(super) async fn send(&self, errand: &Errand, attempt: AttemptId) -> Sent {
        if let Err(why) = self.credential.ready(VAULT).await {
            return Sent::NeverSent { why };
        }
        let result = match errand.call.action.as_str() {
            "keyvault.secret.set" | "keyvault.secret.copy" | "keyvault.secret.rehost" | "keyvault.secret.reissue" => {
                self.set(errand, attempt).await
            }
            "keyvault.secret.disable" => self.switch(errand, attempt, false).await,
            "keyvault.secret.enable" => self.switch(errand, attempt, true).await,
            other => Err(format!("no hand knows how to carry `{other}` to a vault")),
        };
        result.unwrap_or_else(|why| Sent::NeverSent { why: self.redactor.redact(&why) })
    }

    /// Reads the versions of a secret, all pages.
    pub(super) async fn read(&self, errand: &Errand) -> Sent {
        if errand.call.action != "keyvault.secret.versions" {
            return Sent::NeverSent { why: format!("no hand knows how to read `{}`", errand.call.action) };
        }
        again(&self.credential, || async {
            if let Err(why) = self.credential.ready(VAULT).await {
                return Outcome::Refused { why };
            }
            self.versions(errand).await.unwrap_or_else(Outcome::refused)
        })
        .await
        .into()
    }

    async fn versions(&self, errand: &Errand) -> Result<Outcome, String> {
        let (client, name) = (self.client(vault(&errand.call.args)?)?, text(&errand.call.args, "name")?);
        let expected = announce(errand, None, Rule::Pages)?;
        let method_options = PagerOptions { context: context(&expected, None), ..Default::default() };
        let options = SecretClientListSecretPropertiesVersionsOptions { method_options, ..Default::default() };
        let reading = async {
            let mut pages = client.list_secret_properties_versions(name, Some(options))?.into_pages();
            let mut whole: Option<(RawResponse, Vec<Json>)> = None;
            while let Some(page) = pages.next().await {
                let raw = page?.to_raw_response();
                let body: Json = raw.body().json()?;
                let items = body.get("value").and_then(Json::as_array).cloned().ok_or_else(|| {
                    azure_core::Error::with_message(ErrorKind::DataConversion, "a page has no list of versions in it")
                })?;
                whole.get_or_insert_with(|| (raw, Vec::new())).1.extend(items);
            }
            Ok(whole)
        };
        let result: azure_core::Result<_> = match tokio::time::timeout(self.limit, reading).await {
            Ok(result) => result,
            Err(_) => return Ok(timed_out(&expected, self.limit)),
        };
        match result {
            Ok(Some((first, items))) => {
                let mut answered = outcome(Ok(first), &expected, &self.redactor);
                if let Outcome::Answered { reply: Reply { body: Some(body), .. }, .. } = &mut answered {
                    let mut items = Json::Array(items);
                    self.redactor.redact_json(&mut items);
                    *body = serde_json::json!({ "value": items });
                }
                Ok(answered)
            }
            Ok(None) => Err("the vault gave no page at all".to_owned()),
            Err(error) => Ok(outcome(Err(error), &expected, &self.redactor)),
        }
    }

    async fn set(&self, errand: &Errand, attempt: AttemptId) -> Result<Sent, String> {
        let args = &errand.call.args;
        let (client, name) = (self.client(vault(args)?)?, text(args, "name")?);
        let body = errand.request.body.as_ref().ok_or("the rendered request has no body")?;
        let [reference] = *body.secrets() else {
            return Err("the rendered request does not hold one secret".to_owned());
        };
        let secret = self.resolve(reference).await?;
        let body = body.fill(&attempt.to_string(), &mut |_| Ok::<_, String>(secret.as_str().to_owned()))?;
        let mut parameters = SetSecretParameters {
            value: Some(secret.as_str().to_owned()),
            content_type: args
                .get("content_type")
                .and_then(Value::as_text)
                .filter(|t| !t.is_empty())
                .map(str::to_owned),
            tags: Some(tags(args, attempt)),
            secret_attributes: Some(SecretAttributes { enabled: Some(true), ..Default::default() }),
        };
        // Written here and not by the client, so that our copy of the text can be overwritten at once.
        let content = serde_json::to_vec(&parameters);
        parameters.value.zeroize();
        let content = RequestContent::from(content.map_err(|error| error.to_string())?);
        let expected = announce(errand, Some(body), Rule::AfterChallenge)?;
        let method_options = ClientMethodOptions { context: context(&expected, Some(attempt)) };
        let options = SecretClientSetSecretOptions { method_options };
        let sending = async { Ok(client.set_secret(name, content, Some(options)).await?.to_raw_response()) };
        Ok(self.carry(sending, &expected).await)
    }

    async fn switch(&self, errand: &Errand, attempt: AttemptId, enabled: bool) -> Result<Sent, String> {
        let args = &errand.call.args;
        let (client, name) = (self.client(vault(args)?)?, text(args, "name")?);
        let parameters = UpdateSecretPropertiesParameters {
            secret_attributes: Some(SecretAttributes { enabled: Some(enabled), ..Default::default() }),
            ..Default::default()
        };
        let content = RequestContent::try_from(parameters).map_err(|error| error.to_string())?;
        let body = match &errand.request.body {
            Some(body) => Some(body.fill(&attempt.to_string(), &mut |_| Err("no secret belongs here".to_owned()))?),
            None => None,
        };
        let expected = announce(errand, body, Rule::AfterChallenge)?;
        let options = SecretClientUpdateSecretPropertiesOptions {
            secret_version: Some(text(args, "version")?.to_owned()),
            method_options: ClientMethodOptions { context: context(&expected, Some(attempt)) },
        };
        let sending =
            async { Ok(client.update_secret_properties(name, content, Some(options)).await?.to_raw_response()) };
        Ok(self.carry(sending, &expected).await)
    }

    async fn carry(&self, sending: impl Future<Output = azure_core::Result<RawResponse>>, expected: &Expected) -> Sent {
        let outcome = match tokio::time::timeout(self.limit, sending).await {
            Ok(result) => outcome(result, expected, &self.redactor),
            Err(_) => timed_out(expected, self.limit),
        };
        let sent = Sent::from(outcome);
        if matches!(&sent, Sent::Answered(reply) if reply.status == 401) {
            self.credential.forget().await;
        }
        sent
    }

    /// The texts of all secrets that a body holds.
    pub(super) async fn resolve_all(&self, body: Option<&crate::effect::Json>) -> Result<Resolved, String> {
        let mut resolved = Resolved::default();
        for reference in body.map(crate::effect::Json::secrets).unwrap_or_default() {
            resolved.0.push((reference.clone(), self.resolve(reference).await?));
        }
        Ok(resolved)
    }

    /// A secret's text, and from now on a word that is redacted.
    async fn resolve(&self, reference: &SecretRef) -> Result<Zeroizing<String>, String> {
        let text = match reference {
            SecretRef::Generate { bytes, encoding } => secret::generate(*bytes, *encoding)?,
            SecretRef::Environment { name } => secret::from_environment(&self.environment, name)?,
            SecretRef::Version { vault, name, version } => self.version(vault, name, version).await?,
            SecretRef::Rehosted { vault, name, version, host } => {
                let address = self.version(vault, name, version).await?;
                self.redactor.learn(&address);
                secret::rehosted(&address, host)?
            }
            SecretRef::Reissued { vault, name, version, login } => {
                let address = self.version(vault, name, version).await?;
                self.redactor.learn(&address);
                let fresh = secret::generate(32, Encoding::Base64url)?;
                self.redactor.learn(&fresh);
                secret::reissued(&address, login.as_deref(), &fresh)?
            }
            SecretRef::Setting { .. } => return Err("no vault is given what an app setting holds".to_owned()),
        };
        self.redactor.learn(&text);
        Ok(text)
    }

    /// Reads one version of a secret. Only here does a secret's text come from the network, and it goes nowhere but into
    /// the request that asked for it.
    async fn version(&self, vault: &str, name: &str, version: &str) -> Result<Zeroizing<String>, String> {
        secret::check_place(vault, name, version)?;
        let client = self.client(vault)?;
        let url = format!("{vault}/secrets/{name}/{version}?api-version={API}");
        let url: Url = url.parse().map_err(|_| "the vault's address cannot be read")?;
        let expected = Expected::new(azure_core::http::Method::Get, url, None, Rule::AfterChallenge);
        let options = SecretClientGetSecretOptions {
            secret_version: Some(version.to_owned()),
            method_options: ClientMethodOptions { context: context(&expected, None) },
            ..Default::default()
        };
        let reading = tokio::time::timeout(self.limit, client.get_secret(name, Some(options)));
        let what = || format!("version {version} of {name} could not be read, so nothing was sent");
        let answer = match reading.await {
            Err(_) => return Err(format!("{}: no answer within {} s", what(), self.limit.as_secs_f32())),
            Ok(Err(error)) => {
                return Err(match outcome(Err(error), &expected, &self.redactor).into() {
                    Sent::NeverSent { why } | Sent::Lost { why } => format!("{}: {why}", what()),
                    Sent::Answered(reply) => format!("{}: the vault answered {}", what(), reply.status),
                });
            }
            Ok(Ok(answer)) => answer,
        };
        let mut body: Json = answer.to_raw_response().body().json().map_err(|_| what())?;
        let text = body.get("value").and_then(Json::as_str).map(|text| Zeroizing::new(text.to_owned()));
        wipe(&mut body);
        text.ok_or_else(|| format!("{}: it has no value", what()))
    }

    /// The one client of a vault: the first request of every client costs a challenge.
    fn client(&self, vault: &str) -> Result<Arc<SecretClient>, String> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(vault) {
            return Ok(client.clone());
        }
        let options = SecretClientOptions {
            api_version: API.to_owned(),
            client_options: client_options(&self.network),
            verify_challenge_resource: Some(true),
        };
        let client = SecretClient::new(vault, self.credential.clone(), Some(options));
        let client = Arc::new(client.map_err(|error| error.to_string())?);
        clients.insert(vault.to_owned(), client.clone());
        Ok(client)
    }
}

fn announce(errand: &Errand, body: Option<Json>, rule: Rule) -> Result<Arc<Expected>, String> {
    let url = errand.request.url.parse().map_err(|_| "the rendered address cannot be read")?;
    Ok(Expected::new(http_method(errand.request.method), url, body, rule))
}

fn context(expected: &Arc<Expected>, attempt: Option<AttemptId>) -> Context<'static> {
    let context = Context::new().with_value(expected.clone());
    match attempt {
        Some(attempt) => context.with_value(ClientRequestId::new(attempt.to_string())),
        None => context,
    }
}

fn vault(args: &Args) -> Result<&str, String> {
    let url = args.get("vault").and_then(|vault| vault.field("url")).and_then(Value::as_text);
    url.ok_or_else(|| "the vault has no address".to_owned())
}

fn text<'a>(args: &'a Args, name: &str) -> Result<&'a str, String> {
    args.get(name).and_then(Value::as_text).ok_or_else(|| format!("`{name}` is missing"))
}

fn tags(args: &Args, attempt: AttemptId) -> HashMap<String, String> {
    let pairs = args.get("tags").and_then(Value::as_list).unwrap_or_default().iter().filter_map(|tag| {
        let text = |name| tag.field(name).and_then(Value::as_text).map(str::to_owned);
        Some((text("name")?, text("value")?))
    });
    pairs.chain([("callout-attempt".to_owned(), attempt.to_string())]).collect()
}

#[cfg(test)]
mod tests {
    use super::super::redirect::tests::Canned;
    use super::super::sign_in::tests::{TENANT, az};
    use super::*;
    use crate::effect::{Call, find};

    const CHALLENGE: (&str, &str, &str) = (
        "401 Unauthorized",
        "www-authenticate: Bearer authorization=\"https://login.microsoftonline.com/t\", resource=\"https://vault.azure.net\"\r\n",
        "",
    );

    /// Reads the versions of a secret from a vault that answers so.
    async fn versions<const N: usize>(answers: [(&str, &str, &str); N]) -> (Sent, Canned) {
        let canned = Canned::serve(answers).await;
        let (credential, _) = az(0, TENANT, 3600, "");
        let environment: Environment = Arc::new(|_| None);
        let limit = Duration::from_secs(30);
        let hand = KeyVault::new(canned.network(), credential, Redactor::new(), environment, limit);
        let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v";
        let url = "https://v.vault.azure.net";
        let vault = [("name", "v"), ("id", id), ("url", url)].map(|(name, text)| (name, Value::text(text)));
        let vault = Value::record(vault);
        let call = Call::new("keyvault.secret.versions", [("vault", vault), ("name", Value::text("s"))]);
        let request = (find(&call.action).unwrap().render)(&call.args).unwrap();
        (hand.read(&Errand { call, request }).await, canned)
    }

    fn page(body: &str) -> (&str, &str, &str) {
        ("200 OK", "content-type: application/json\r\n", body)
    }

    #[tokio::test]
    async fn versions_of_all_pages_are_put_together_by_links_that_redaction_would_take_out() {
        let first = r#"{"value": [{"id": "1"}], "nextLink": "https://v.vault.azure.net/secrets/s/versions?api-version=7.5&sig=abc"}"#;
        let (sent, canned) = versions([CHALLENGE, page(first), page(r#"{"value": [{"id": "2"}]}"#)]).await;
        let Sent::Answered(reply) = sent else { panic!("{sent:?}") };
        assert_eq!(reply.body.unwrap(), serde_json::json!({"value": [{"id": "1"}, {"id": "2"}]}));
        assert!(canned.asked()[2].contains("sig=abc"));
    }

    #[tokio::test]
    async fn a_page_without_a_list_of_versions_is_a_failed_read() {
        let first = r#"{"value": [{"id": "1"}], "nextLink": "https://v.vault.azure.net/secrets/s/versions?api-version=7.5&x=2"}"#;
        let (first, broken) = (page(first), page("{}"));
        let (sent, _) = versions([CHALLENGE, first, broken, first, broken, first, broken]).await;
        assert!(matches!(&sent, Sent::Lost { why } if why.contains("no list")), "{sent:?}");
    }

    #[tokio::test]
    async fn a_link_to_another_origin_is_refused_once_and_not_asked_for_again() {
        let first =
            r#"{"value": [{"id": "1"}], "nextLink": "https://w.vault.azure.net/secrets/s/versions?api-version=7.5"}"#;
        let (sent, canned) = versions([CHALLENGE, page(first), page(first), page(first)]).await;
        assert!(matches!(&sent, Sent::NeverSent { why } if why.contains("address differs")), "{sent:?}");
        assert_eq!(canned.asked().len(), 2);
    }
}
