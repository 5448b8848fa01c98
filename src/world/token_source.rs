use std::ffi::OsStr;
use std::process::{Output, Stdio};
use std::sync::Arc;

use async_trait::async_trait;
use azure_core::cloud::CloudConfiguration;
use azure_core::credentials::{Secret, TokenCredential};
use azure_core::http::{ClientOptions, RetryOptions};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, AzureDeveloperCliCredential, AzureDeveloperCliCredentialOptions,
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions, DeveloperToolsCredential,
    DeveloperToolsCredentialOptions, Executor, ManagedIdentityCredential, ManagedIdentityCredentialOptions,
    UserAssignedId, WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};

use super::redirect::Network;
use super::secret::{Environment, from_environment};
use super::{Redactor, SignIn, WorldError, error};

pub(super) const SIMULATED_TENANT: &str = "11111111-1111-4111-8111-111111111111";
const SIMULATED_CLIENT: &str = "33333333-3333-4333-8333-333333333333";
const SIMULATED_SECRET: &str = "simulated";

/// Microsoft's credential for a way to sign in. Nobody is asked for a token yet.
///
/// # Errors
/// What the way needs is not there: a variable, a token file, an id of the right shape.
pub(super) fn source(
    sign_in: &SignIn,
    network: &Network,
    redactor: &Redactor,
    environment: &Environment,
) -> Result<Arc<dyn TokenCredential>, WorldError> {
    let source: azure_core::Result<Arc<dyn TokenCredential>> = match sign_in {
        SignIn::Cli { tenant } => {
            let options = AzureCliCredentialOptions {
                tenant_id: Some(tenant.clone()),
                executor: Some(Arc::new(Quiet)),
                ..Default::default()
            };
            AzureCliCredential::new(Some(options)).map(|source| source as _)
        }
        SignIn::Azd { tenant } => {
            let options =
                AzureDeveloperCliCredentialOptions { tenant_id: Some(tenant.clone()), executor: Some(Arc::new(Quiet)) };
            AzureDeveloperCliCredential::new(Some(options)).map(|source| source as _)
        }
        SignIn::ManagedIdentity { client, .. } => {
            let options = ManagedIdentityCredentialOptions {
                user_assigned_id: client.clone().map(UserAssignedId::ClientId),
                client_options: options(network),
            };
            ManagedIdentityCredential::new(Some(options)).map(|source| source as _)
        }
        SignIn::WorkloadIdentity { tenant, client } => {
            let credential_options = ClientAssertionCredentialOptions { client_options: options(network) };
            let options = WorkloadIdentityCredentialOptions {
                credential_options,
                client_id: client.clone(),
                tenant_id: Some(tenant.clone()),
                token_file_path: None,
            };
            WorkloadIdentityCredential::new(Some(options)).map(|source| source as _)
        }
        SignIn::ClientSecret { tenant, client, variable } => {
            let secret = from_environment(environment, variable).map_err(WorldError::SignIn)?;
            redactor.learn(&secret);
            by_secret(tenant, client, Secret::new(secret.to_string()), options(network))
        }
        // The tools are asked for their own tenant; a token of another one than is expected is refused afterwards.
        SignIn::Auto { .. } => {
            let options = DeveloperToolsCredentialOptions { executor: Some(Arc::new(Quiet)) };
            DeveloperToolsCredential::new(Some(options)).map(|source| source as _)
        }
        SignIn::Simulated => {
            by_secret(SIMULATED_TENANT, SIMULATED_CLIENT, Secret::new(SIMULATED_SECRET), options(network))
        }
    };
    source.map_err(|error| WorldError::SignIn(redactor.redact(&error::chain(&error))))
}

fn by_secret(
    tenant: &str,
    client: &str,
    secret: Secret,
    client_options: ClientOptions,
) -> azure_core::Result<Arc<dyn TokenCredential>> {
    let options = ClientSecretCredentialOptions { client_options };
    Ok(ClientSecretCredential::new(tenant, client.to_owned(), secret, Some(options))?)
}

/// The cloud is said outright, so that `AZURE_AUTHORITY_HOST` of the surroundings has no say.
fn options(network: &Network) -> ClientOptions {
    ClientOptions {
        retry: RetryOptions::none(),
        transport: Some(network.transport()),
        cloud: Some(Arc::new(CloudConfiguration::AzurePublic)),
        ..Default::default()
    }
}

/// Runs `az` or `azd` with nothing to read from, and ends it when nobody waits any longer.
#[derive(Debug)]
pub(super) struct Quiet;

#[async_trait]
impl Executor for Quiet {
    async fn run(&self, program: &OsStr, args: &[&OsStr]) -> std::io::Result<Output> {
        tokio::process::Command::new(program).args(args).stdin(Stdio::null()).kill_on_drop(true).output().await
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::super::Credential;
    use super::super::redirect::tests::Canned;
    use super::*;

    const TENANT: &str = "55555555-5555-4555-8555-555555555555";
    const CLIENT: &str = "66666666-6666-4666-8666-666666666666";

    /// An answer of a token service; `expiry` is how it says when the token ends.
    fn token(expiry: &str) -> String {
        let claims = URL_SAFE_NO_PAD.encode(format!(r#"{{"tid":"{TENANT}","oid":"o-1","appid":"{CLIENT}"}}"#));
        format!(r#"{{"access_token":"eyJhbGciOiJub25lIn0.{claims}.x",{expiry},"token_type":"Bearer","resource":"r"}}"#)
    }

    fn kept(name: &str) -> Option<String> {
        (name == "APP_SECRET").then(|| "a secret of the test".to_owned())
    }

    fn open(sign_in: SignIn, network: &Network) -> Result<Arc<Credential>, WorldError> {
        let environment: Environment = Arc::new(kept);
        Credential::open(sign_in, network, Redactor::new(), &environment)
    }

    fn by(variable: &str) -> SignIn {
        SignIn::ClientSecret { tenant: TENANT.to_owned(), client: CLIENT.to_owned(), variable: variable.to_owned() }
    }

    #[tokio::test]
    async fn an_application_signs_in_with_a_secret_that_only_its_variable_holds() {
        let answer = token(r#""expires_in":3600"#);
        let canned = Canned::serve([("200 OK", "content-type: application/json\r\n", answer.as_str())]).await;
        let identity = open(by("APP_SECRET"), &canned.network()).unwrap().identity().await.unwrap();
        assert_eq!((identity.tenant.as_str(), identity.object.as_str()), (TENANT, "o-1"));
        let asked = canned.asked().concat();
        assert!(asked.starts_with(&format!("POST /{TENANT}/oauth2/v2.0/token")), "{asked}");
        assert!(asked.contains("host: login.microsoftonline.com"), "{asked}");
    }

    #[tokio::test]
    async fn a_variable_that_is_not_set_is_named_and_nobody_is_asked() {
        let canned = Canned::serve([]).await;
        let error = open(by("NOWHERE"), &canned.network()).unwrap_err().to_string();
        assert!(error.contains("NOWHERE") && canned.asked().is_empty(), "{error}");
    }

    #[tokio::test]
    async fn a_managed_identity_asks_the_machine_and_says_which_identity_is_meant() {
        let answer = token(r#""expires_on":"4102444800""#);
        let canned = Canned::serve([("200 OK", "content-type: application/json\r\n", answer.as_str())]).await;
        let sign_in = SignIn::ManagedIdentity { tenant: TENANT.to_owned(), client: Some(CLIENT.to_owned()) };
        let identity = open(sign_in, &canned.network()).unwrap().identity().await.unwrap();
        assert_eq!(identity.object, "o-1");
        let asked = canned.asked().concat();
        assert!(asked.contains("GET /metadata/identity/oauth2/token") && asked.contains(CLIENT), "{asked}");
        assert!(asked.contains("host: 169.254.169.254"), "{asked}");
    }

    #[tokio::test]
    async fn a_workload_identity_outside_a_pod_says_what_is_missing() {
        let canned = Canned::serve([]).await;
        let sign_in = SignIn::WorkloadIdentity { tenant: TENANT.to_owned(), client: Some(CLIENT.to_owned()) };
        let error = open(sign_in, &canned.network()).unwrap_err().to_string();
        assert!(error.contains("token file"), "{error}");
        let azd = SignIn::Azd { tenant: "not a tenant; rm -rf /".to_owned() };
        assert!(open(azd, &canned.network()).is_err(), "a tenant of the wrong shape reaches no command line");
    }
}
