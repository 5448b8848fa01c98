use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use url::Url;

use super::arm::Arm;
use super::data_plane::DataPlane;
use super::http::Plain;
use super::keyvault::KeyVault;
use super::redirect::Network;
use super::secret::Environment;
use super::sign_in::Credential;
use super::sql::Sql;
use super::{Redactor, SignIn, WorldError};
use crate::base::AttemptId;
use crate::effect::{Errand, Handle, Hands, Sent, Service};

/// What the hands are made from.
#[derive(Clone)]
pub struct WorldSetting {
    /// How to sign in.
    pub sign_in: SignIn,
    /// The loopback endpoint of a simulated estate; nothing for a live one.
    pub redirect: Option<Url>,
    /// Shared with whoever else writes texts: it learns every secret that is resolved.
    pub redactor: Redactor,
    /// Reads an environment variable, for secrets that are kept in one.
    pub environment: Environment,
    /// How long one request may take, sign-in not counted; 60 s is right.
    pub limit: Duration,
}

/// Azure's hands: each request goes to the hand of its service.
pub struct AzureHands {
    arm: Arm,
    keyvault: Arc<KeyVault>,
    search: DataPlane,
    storage: DataPlane,
    sql: Sql,
    plain: Plain,
}

impl AzureHands {
    /// Makes the hands and the credential that they share. Nothing is sent.
    ///
    /// # Errors
    /// The HTTP client cannot be made, the sign-in's settings are wrong, or a simulated part is paired with a live one: a
    /// real token never goes to a simulator, and a simulated one never to Azure.
    pub fn open(setting: &WorldSetting) -> Result<(Self, Arc<Credential>), WorldError> {
        if (setting.sign_in == SignIn::Simulated) != setting.redirect.is_some() {
            return Err(WorldError::Paired);
        }
        let network = Network::open(setting.redirect.as_ref())?;
        let credential =
            Credential::open(setting.sign_in.clone(), &network, setting.redactor.clone(), &setting.environment)?;
        let redactor = || setting.redactor.clone();
        let keyvault = Arc::new(KeyVault::new(
            network.clone(),
            credential.clone(),
            redactor(),
            setting.environment.clone(),
            setting.limit,
        ));
        let hands = Self {
            arm: Arm::new(&network, credential.clone(), redactor(), setting.limit),
            sql: Sql::new(network.clone(), keyvault.clone(), redactor(), setting.limit),
            keyvault,
            search: DataPlane::search(&network, credential.clone(), redactor(), setting.limit),
            storage: DataPlane::storage(&network, credential.clone(), redactor(), setting.limit),
            plain: Plain::new(network, redactor()),
        };
        Ok((hands, credential))
    }
}

#[async_trait]
impl Hands for AzureHands {
    async fn send(&self, errand: &Errand, attempt: AttemptId) -> Sent {
        match errand.request.service {
            Service::ResourceManager if errand.call.action == "webapp.settings.replace" => {
                self.arm.replace_settings(errand, attempt).await
            }
            Service::ResourceManager => match self.keyvault.resolve_all(errand.request.body.as_ref()).await {
                Ok(secrets) => self.arm.send(&errand.request, attempt, &secrets).await,
                Err(why) => Sent::NeverSent { why },
            },
            Service::Sql => self.sql.send(&errand.request, attempt).await,
            Service::KeyVault => self.keyvault.send(errand, attempt).await,
            Service::Search => self.search.send(&errand.request, attempt).await,
            Service::Storage => self.storage.send(&errand.request, attempt).await,
            Service::Http => Sent::NeverSent { why: "plain HTTP only reads; nothing was sent".to_owned() },
        }
    }

    async fn poll(&self, handle: &Handle, attempt: AttemptId) -> Sent {
        self.arm.poll(handle, attempt).await
    }

    async fn read(&self, errand: &Errand) -> Sent {
        match errand.request.service {
            Service::ResourceManager => self.arm.read(&errand.request).await,
            Service::Sql => self.sql.read(errand).await,
            Service::KeyVault => self.keyvault.read(errand).await,
            Service::Search => self.search.read(&errand.request).await,
            Service::Storage => self.storage.read(&errand.request).await,
            Service::Http => self.plain.read(&errand.request).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(sign_in: SignIn, redirect: Option<&str>) -> Result<(), WorldError> {
        let setting = WorldSetting {
            sign_in,
            redirect: redirect.map(|text| text.parse().unwrap()),
            redactor: Redactor::new(),
            environment: Arc::new(|_| None),
            limit: Duration::from_secs(1),
        };
        AzureHands::open(&setting).map(drop)
    }

    #[test]
    fn a_real_sign_in_is_never_paired_with_a_simulator_nor_a_simulated_one_with_azure() {
        let cli = || SignIn::Cli { tenant: "55555555-5555-4555-8555-555555555555".to_owned() };
        let endpoint = "http://127.0.0.1:4711";
        assert!(matches!(open(cli(), Some(endpoint)), Err(WorldError::Paired)));
        assert!(matches!(open(SignIn::Simulated, None), Err(WorldError::Paired)));
        assert!(matches!(open(SignIn::Simulated, Some("http://10.0.0.1:80")), Err(WorldError::Endpoint(_))));
        open(cli(), None).unwrap();
        open(SignIn::Simulated, Some(endpoint)).unwrap();
    }
}
