use std::sync::Arc;
use std::time::Duration;

use super::redirect::loopback;
use super::secret::Environment;
use super::{
    AzureHands, Control, Credential, EstateClock, Pace, Redactor, SignIn, SystemClock, SystemEntropy, SystemTimer,
    WorldError, WorldSetting,
};
use crate::base::{Clock, Entropy};
use crate::effect::{Hands, Timer};

/// Everything that the composition root hands to the engine.
pub struct World {
    /// The hands.
    pub hands: Arc<dyn Hands>,
    /// The clock of the estate and the host.
    pub clock: Arc<dyn Clock>,
    /// Waits by the estate's clock.
    pub timer: Arc<dyn Timer>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Says who is signed in.
    pub credential: Arc<Credential>,
}

/// How long one request may take.
const LIMIT: Duration = Duration::from_mins(1);

/// Opens a simulated estate at a loopback endpoint, `http://127.0.0.1:PORT`. Must be called inside a tokio runtime.
///
/// `redactor` and `environment` are shared with the log and the composition root.
///
/// # Errors
/// The endpoint is not one of this machine, or the simulator does not answer.
pub async fn open_simulated(
    endpoint: &str,
    pace: Pace,
    redactor: Redactor,
    environment: Environment,
) -> Result<World, WorldError> {
    let clock = EstateClock::open(Control::open(endpoint)?, pace).await?;
    let endpoint = loopback(endpoint)?;
    let setting =
        WorldSetting { sign_in: SignIn::Simulated, redirect: Some(endpoint), redactor, environment, limit: LIMIT };
    let (hands, credential) = AzureHands::open(&setting)?;
    Ok(World {
        hands: Arc::new(hands),
        clock: clock.clone(),
        timer: clock,
        entropy: Arc::new(SystemEntropy::open()?),
        credential,
    })
}

/// Opens the live world. Nothing is sent and nobody signs in until the first request.
///
/// # Errors
/// The HTTP client cannot be made, the sign-in's settings are wrong, or it is [`SignIn::Simulated`].
pub fn open_live(sign_in: SignIn, redactor: Redactor, environment: Environment) -> Result<World, WorldError> {
    let setting = WorldSetting { sign_in, redirect: None, redactor, environment, limit: LIMIT };
    let (hands, credential) = AzureHands::open(&setting)?;
    Ok(World {
        hands: Arc::new(hands),
        clock: Arc::new(SystemClock),
        timer: Arc::new(SystemTimer),
        entropy: Arc::new(SystemEntropy::open()?),
        credential,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_live_world_is_never_opened_with_the_simulated_sign_in_nor_with_a_tenant_of_the_wrong_shape() {
        let environment: Environment = Arc::new(|_| None);
        assert!(open_live(SignIn::Simulated, Redactor::new(), environment.clone()).is_err());
        let tenant = "not a tenant; rm -rf /".to_owned();
        assert!(open_live(SignIn::Cli { tenant }, Redactor::new(), environment).is_err());
    }
}
