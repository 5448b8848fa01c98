use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use tokio::sync::Mutex;

use super::clock::host_now;
use super::redirect::Network;
use super::secret::Environment;
use super::token_source::{SIMULATED_TENANT, source};
use super::{Redactor, WorldError, error};

/// How to sign in. Always said outright, never guessed: a chain that silently takes the next identity runs a step as
/// somebody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignIn {
    /// Whoever is signed in to the Azure CLI, in this tenant.
    Cli {
        /// The tenant's id; a token of another one is refused.
        tenant: String,
    },
    /// Whoever is signed in to the Azure Developer CLI, in this tenant.
    Azd {
        /// The tenant's id.
        tenant: String,
    },
    /// The identity that Azure gives to this machine or app.
    ManagedIdentity {
        /// The tenant's id.
        tenant: String,
        /// The client id of an identity that was assigned by a user.
        client: Option<String>,
    },
    /// The identity of a Kubernetes service account, whose token stands in the file that the pod's environment names.
    WorkloadIdentity {
        /// The tenant's id.
        tenant: String,
        /// The client id, if it is not the one that the pod's environment names.
        client: Option<String>,
    },
    /// An application with a secret.
    ClientSecret {
        /// The tenant's id.
        tenant: String,
        /// The application's (client) id.
        client: String,
        /// The environment variable that holds the secret.
        variable: String,
    },
    /// The Azure CLI, else the Azure Developer CLI; for environments that nothing protects.
    Auto {
        /// The tenant's id.
        tenant: String,
    },
    /// The simulated estate's own service principal.
    Simulated,
}

impl SignIn {
    fn tenant(&self) -> &str {
        match self {
            Self::Cli { tenant }
            | Self::Azd { tenant }
            | Self::ManagedIdentity { tenant, .. }
            | Self::WorkloadIdentity { tenant, .. }
            | Self::ClientSecret { tenant, .. }
            | Self::Auto { tenant } => tenant,
            Self::Simulated => SIMULATED_TENANT,
        }
    }
}

/// The audience of Resource Manager.
pub(super) const MANAGEMENT: &str = "https://management.azure.com/.default";
/// The audience of every vault.
pub(super) const VAULT: &str = "https://vault.azure.net/.default";
/// The audience of every AI Search service.
pub(super) const SEARCH: &str = "https://search.azure.com/.default";
/// The audience of every storage account, blobs and queues alike.
pub(super) const STORAGE: &str = "https://storage.azure.com/.default";

/// Who the token speaks for, as its claims say. They are read, not verified: the service verifies them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The tenant's id.
    pub tenant: String,
    /// The object id of the user or the service principal.
    pub object: String,
    /// A name for people, if the token has one: the user's, or the application's id.
    pub name: Option<String>,
}

/// The one credential and the one token cache of a process.
///
/// It gives tokens for Resource Manager and the data planes above only, whatever a service's challenge asks for, only such of the
/// expected tenant, and only such of whoever the first one spoke for. A token is renewed five minutes before it expires.
pub struct Credential {
    source: Arc<dyn TokenCredential>,
    sign_in: SignIn,
    redactor: Redactor,
    kept: Mutex<Kept>,
}

/// What a credential remembers.
#[derive(Default)]
struct Kept {
    tokens: BTreeMap<String, AccessToken>,
    /// The object id of the first token, which the journal names as the actor. It outlives every token.
    object: Option<String>,
}

/// How long before its end a token is renewed, in seconds.
const RENEWED_BEFORE: i64 = 300;
/// How long a sign-in may take. `az` can hang on a network drive or a prompt.
const SIGN_IN_LIMIT: Duration = Duration::from_secs(30);

impl Credential {
    /// Prepares the sign-in; nothing is asked yet.
    pub(super) fn open(
        sign_in: SignIn,
        network: &Network,
        redactor: Redactor,
        environment: &Environment,
    ) -> Result<Arc<Self>, WorldError> {
        let source = source(&sign_in, network, &redactor, environment)?;
        Ok(Self::over(source, sign_in, redactor))
    }

    fn over(source: Arc<dyn TokenCredential>, sign_in: SignIn, redactor: Redactor) -> Arc<Self> {
        Arc::new(Self { source, sign_in, redactor, kept: Mutex::default() })
    }

    /// Who is signed in, by the token for Resource Manager.
    ///
    /// # Errors
    /// No token, one of another tenant, or one whose claims cannot be read; the sentence says what to do.
    pub async fn identity(&self) -> Result<Identity, WorldError> {
        let token = self.token(MANAGEMENT).await.map_err(WorldError::SignIn)?;
        claims(token.token.secret()).map_err(WorldError::SignIn)
    }

    /// Makes sure that a token for `scope` is at hand.
    pub(super) async fn ready(&self, scope: &str) -> Result<(), String> {
        self.token(scope).await.map(drop)
    }

    /// Forgets all tokens: a service has refused one. Whom they spoke for is kept.
    pub(super) async fn forget(&self) {
        self.kept.lock().await.tokens.clear();
    }

    /// A token for `scope`, from the cache or new. One caller at a time asks for a new one, the others wait for it.
    async fn token(&self, scope: &str) -> Result<AccessToken, String> {
        if ![MANAGEMENT, SEARCH, STORAGE, VAULT].contains(&scope) {
            return Err(format!("a token for `{scope}` was asked for, which is never given"));
        }
        let mut kept = self.kept.lock().await;
        let now = host_now().microseconds() / 1_000_000;
        if let Some(token) = kept.tokens.get(scope)
            && token.expires_on.unix_timestamp() > now + RENEWED_BEFORE
        {
            return Ok(token.clone());
        }
        let scopes = [scope];
        let asked = tokio::time::timeout(SIGN_IN_LIMIT, self.source.get_token(&scopes, None)).await;
        let token = match asked {
            Err(_) => return Err(format!("no token came within {} s", SIGN_IN_LIMIT.as_secs())),
            Ok(Err(error)) => return Err(self.sentence(&error::chain(&error))),
            Ok(Ok(token)) => token,
        };
        self.redactor.learn(token.token.secret());
        let found = claims(token.token.secret())?;
        let expected = self.sign_in.tenant();
        if !found.tenant.eq_ignore_ascii_case(expected) {
            return Err(format!(
                "the token is of tenant {}, but the environment says {expected}; nothing was sent",
                found.tenant
            ));
        }
        // A renewed token speaks for whoever is signed in by then; what it does would be journaled under the first one's name.
        match &kept.object {
            Some(first) if !first.eq_ignore_ascii_case(&found.object) => return Err(somebody_else(first, &found)),
            Some(_) => {}
            None => kept.object = Some(found.object),
        }
        kept.tokens.insert(scope.to_owned(), token.clone());
        Ok(token)
    }

    /// What went wrong, and what to do about it.
    fn sentence(&self, chain: &str) -> String {
        if let SignIn::Cli { tenant } = &self.sign_in {
            if chain.contains("not found on PATH") || chain.contains("wasn't found") {
                return "the Azure CLI (`az`) is not on the PATH; install it, or choose another sign-in".to_owned();
            }
            if chain.contains("az login") || chain.contains("AADSTS") {
                let said = self.redactor.redact(chain).chars().take(200).collect::<String>();
                return format!("the Azure CLI is not signed in; run `az login --tenant {tenant}` ({said})");
            }
        }
        if let SignIn::Azd { tenant } = &self.sign_in
            && chain.contains("azd auth login")
        {
            return format!("the Azure Developer CLI is not signed in; run `azd auth login --tenant-id {tenant}`");
        }
        self.redactor.redact(chain).chars().take(400).collect()
    }
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credential").field("sign_in", &self.sign_in).finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenCredential for Credential {
    async fn get_token(&self, scopes: &[&str], _: Option<TokenRequestOptions<'_>>) -> azure_core::Result<AccessToken> {
        let [scope] = scopes else {
            return Err(azure_core::Error::with_message(ErrorKind::Credential, "exactly one scope is needed"));
        };
        self.token(scope).await.map_err(|why| azure_core::Error::with_message(ErrorKind::Credential, why))
    }
}

fn somebody_else(first: &str, found: &Identity) -> String {
    let name = found.name.as_deref().unwrap_or("no name");
    let object = &found.object;
    format!("somebody else is signed in now ({name}, {object}, not {first}); nothing was sent; resume as them")
}

#[derive(Deserialize)]
struct Claims {
    tid: String,
    oid: String,
    upn: Option<String>,
    preferred_username: Option<String>,
    appid: Option<String>,
}

/// Reads the claims of a JSON Web Token (RFC 7519) without verifying them.
fn claims(token: &str) -> Result<Identity, String> {
    let claims = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok());
    let claims = claims.and_then(|bytes| serde_json::from_slice::<Claims>(&bytes).ok());
    let claims = claims.ok_or("the token does not say its tenant and object, so it is not used")?;
    let name = claims.upn.or(claims.preferred_username).or(claims.appid);
    Ok(Identity { tenant: claims.tid, object: claims.oid, name })
}

#[cfg(test)]
pub(super) mod tests {
    use std::ffi::OsStr;
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::Output;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use azure_identity::{AzureCliCredential, AzureCliCredentialOptions, Executor};

    use super::super::token_source::Quiet;
    use super::*;

    pub(in super::super) const TENANT: &str = "55555555-5555-4555-8555-555555555555";

    /// Plays `az`: what it would print, and how often it was run.
    #[derive(Debug)]
    pub(in super::super) struct Az {
        status: i32,
        lifetime: i64,
        tenant: String,
        object: std::sync::Mutex<&'static str>,
        stderr: &'static str,
        runs: AtomicUsize,
    }

    impl Az {
        /// From now on somebody else is signed in.
        pub(in super::super) fn becomes(&self, object: &'static str) {
            *self.object.lock().unwrap() = object;
        }

        /// How often it was run.
        pub(in super::super) fn runs(&self) -> usize {
            self.runs.load(Ordering::SeqCst)
        }

        fn stdout(&self) -> String {
            let (tenant, object) = (&self.tenant, *self.object.lock().unwrap());
            let claims = format!(r#"{{"tid":"{tenant}","oid":"{object}","upn":"ops@example.com"}}"#);
            let claims = URL_SAFE_NO_PAD.encode(claims);
            let expires = host_now().microseconds() / 1_000_000 + self.lifetime;
            format!(r#"{{"accessToken":"eyJhbGciOiJub25lIn0.{claims}.x","expires_on":{expires},"tokenType":"Bearer"}}"#)
        }
    }

    #[async_trait]
    impl Executor for Az {
        async fn run(&self, _: &OsStr, _: &[&OsStr]) -> std::io::Result<Output> {
            self.runs.fetch_add(1, Ordering::SeqCst);
            Ok(Output {
                status: std::process::ExitStatus::from_raw(self.status << 8),
                stdout: self.stdout().into_bytes(),
                stderr: self.stderr.as_bytes().to_vec(),
            })
        }
    }

    /// A credential over an `az` that ends with `status`, or gives a token of `tenant` for `lifetime` seconds.
    pub(in super::super) fn az(
        status: i32,
        tenant: &str,
        lifetime: i64,
        stderr: &'static str,
    ) -> (Arc<Credential>, Arc<Az>) {
        let object = std::sync::Mutex::new("o-1");
        let az =
            Arc::new(Az { status, lifetime, tenant: tenant.to_owned(), object, stderr, runs: AtomicUsize::new(0) });
        let options = AzureCliCredentialOptions {
            tenant_id: Some(TENANT.to_owned()),
            executor: Some(az.clone()),
            ..Default::default()
        };
        let source = AzureCliCredential::new(Some(options)).unwrap();
        (Credential::over(source, SignIn::Cli { tenant: TENANT.to_owned() }, Redactor::new()), az)
    }

    #[tokio::test]
    async fn a_token_is_asked_for_once_per_audience_and_says_who_it_is() {
        let (credential, az) = az(0, TENANT, 3600, "");
        let identity = credential.identity().await.unwrap();
        assert_eq!((identity.tenant.as_str(), identity.object.as_str()), (TENANT, "o-1"));
        assert_eq!(identity.name.as_deref(), Some("ops@example.com"));
        credential.ready(MANAGEMENT).await.unwrap();
        credential.ready(VAULT).await.unwrap();
        assert_eq!(az.runs(), 2);
        credential.forget().await;
        credential.ready(VAULT).await.unwrap();
        assert_eq!(az.runs(), 3);
    }

    #[tokio::test]
    async fn a_token_near_its_end_is_renewed() {
        let (credential, az) = az(0, TENANT, 60, "");
        credential.ready(VAULT).await.unwrap();
        credential.ready(VAULT).await.unwrap();
        assert_eq!(az.runs(), 2);
    }

    #[tokio::test]
    async fn a_token_of_another_tenant_is_refused_with_both_named() {
        let (credential, _) = az(0, SIMULATED_TENANT, 3600, "");
        let error = credential.ready(VAULT).await.unwrap_err();
        assert!(error.contains(SIMULATED_TENANT) && error.contains(TENANT), "{error}");
        assert!(credential.identity().await.is_err());
    }

    #[tokio::test]
    async fn a_renewed_token_of_somebody_else_is_refused_and_one_of_the_first_is_taken_again() {
        let (credential, az) = az(0, TENANT, 60, "");
        credential.identity().await.unwrap();
        az.becomes("o-2");
        for scope in [MANAGEMENT, VAULT] {
            let error = credential.ready(scope).await.unwrap_err();
            assert!(error.contains("somebody else is signed in now") && error.contains("o-2"), "{error}");
        }
        credential.forget().await;
        assert!(credential.ready(MANAGEMENT).await.is_err(), "a refused token must not change who is spoken for");
        az.becomes("o-1");
        credential.ready(MANAGEMENT).await.unwrap();
    }

    #[tokio::test]
    async fn no_audience_but_our_two_is_given_a_token_whatever_a_challenge_says() {
        let (credential, az) = az(0, TENANT, 3600, "");
        assert!(credential.ready("https://graph.microsoft.com/.default").await.is_err());
        assert_eq!(az.runs(), 0);
    }

    #[tokio::test]
    async fn a_missing_or_signed_out_cli_is_told_with_what_to_do() {
        let (missing, _) = az(127, TENANT, 0, "sh: az: not found");
        assert!(missing.ready(VAULT).await.unwrap_err().contains("install"));
        let (signed_out, _) = az(1, TENANT, 0, "ERROR: Please run 'az login' to setup account.");
        let error = signed_out.ready(VAULT).await.unwrap_err();
        assert!(error.contains(&format!("az login --tenant {TENANT}")), "{error}");
    }

    #[tokio::test]
    async fn az_is_run_with_nothing_to_read_so_it_cannot_wait_for_an_answer() {
        let args = ["-c", "cat; echo over"].map(OsStr::new);
        let output =
            tokio::time::timeout(SIGN_IN_LIMIT, Quiet.run(OsStr::new("/bin/sh"), &args)).await.unwrap().unwrap();
        assert_eq!(output.stdout, b"over\n");
    }
}
