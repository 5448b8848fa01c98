use std::path::{Path, PathBuf};
use std::time::Duration;

use super::args::Speed;
use super::{Exit, Failure};
use crate::base::{Span, Timestamp};
use crate::runbook::Breakage;
use crate::sim::{self, Server, SimError};
use crate::world::Control;

/// How long a server that holds the lock may take to say where it listens.
const START_TRIES: u32 = 100;
const START_PAUSE: Duration = Duration::from_millis(50);

/// A simulated estate that is being served, by this process or by another.
pub(crate) struct Estate {
    endpoint: String,
    control: Control,
    server: Option<Server>,
}

/// The world file of a store: `X.sim.jsonl` beside `X`.
pub(crate) fn world_file(store: &Path) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(".sim.jsonl");
    name.into()
}

/// Finds the estate of a store where it is served, or serves it in this process until the [`Estate`] is dropped. The
/// store itself is not opened; its folder must be there.
///
/// A port is a wish for a server that is started here; one that is found keeps its own.
///
/// # Errors
/// The world file is not ours, newer, damaged, or cannot be written; the port cannot be had.
pub(crate) async fn simulated(store: &Path, port: Option<u16>) -> Result<Estate, Failure> {
    let world_file = world_file(store);
    for _ in 0..START_TRIES {
        if let Some(endpoint) = sim::find(&world_file)? {
            // Whoever may write beside the store may write an address there; only one of this machine is asked.
            let control = Control::open(&endpoint).map_err(|error| {
                let says =
                    format!("`{}.endpoint` says so; remove it when nobody serves the estate", world_file.display());
                Failure::of(Exit::Usage, &error).hint(says)
            })?;
            // A server that is just ending holds its lock a little longer than it listens.
            if control.clock().await.is_ok() {
                return Ok(Estate { endpoint, control, server: None });
            }
            tokio::time::sleep(START_PAUSE).await;
            continue;
        }
        let setting = sim::Setting { world_file: world_file.clone(), port, speed: sim::Speed::Times(1) };
        match sim::serve(setting).await {
            Ok(server) => {
                let endpoint = server.endpoint().to_owned();
                return Ok(Estate { control: Control::open(&endpoint)?, endpoint, server: Some(server) });
            }
            // Its server is starting, or ending; soon it will be one or the other.
            Err(SimError::AlreadyServed { .. }) => tokio::time::sleep(START_PAUSE).await,
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::usage("another process has begun to serve the simulated estate and does not say where")
        .hint("look for a `callout` that hangs"))
}

impl Estate {
    /// Where it is served: `http://127.0.0.1:PORT`, without a slash at the end.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Tells whether this process serves it, so that it stands still when this process ends.
    pub(crate) const fn is_ours(&self) -> bool {
        self.server.is_some()
    }

    /// The way to its control endpoints.
    pub(crate) const fn control(&self) -> &Control {
        &self.control
    }

    /// Sets the speed of the estate's clock. `max` leaves the clock at its pace; whoever waits sets it forward.
    pub(crate) async fn set_speed(&self, speed: Speed) -> Result<(), Failure> {
        match speed {
            Speed::Times(times) => Ok(self.control.set_speed(times).await.map(drop)?),
            Speed::Max => Ok(()),
        }
    }

    /// Sets the estate's clock forward, and gives what it shows then.
    pub(crate) async fn advance(&self, by: Span) -> Result<Timestamp, Failure> {
        Ok(self.control.advance_by(by).await?.now)
    }

    /// Breaks something in the estate for a drill, and gives the moment at which it broke.
    pub(crate) async fn break_down(&self, breakage: &Breakage) -> Result<Timestamp, Failure> {
        let json = |error: serde_json::Error| Failure::new(Exit::Internal, "a breakage cannot be said").because(&error);
        let answer = self.control.post("break", serde_json::to_value(breakage).map_err(json)?).await?;
        let at = answer["at"].as_str().and_then(|text| text.parse().ok());
        at.ok_or_else(|| Failure::new(Exit::Failed, format!("the simulator does not say when {breakage}")))
    }

    /// Waits until a server of this process is told to stop; one of another process is not waited for.
    pub(crate) async fn join(mut self) {
        if let Some(server) = self.server.take() {
            server.join().await;
        }
    }

    /// Stops a server of this process in good order, and waits for it. One of another process goes on.
    pub(crate) async fn stop(mut self) {
        if let Some(server) = self.server.take() {
            server.stop().await;
        }
    }
}

impl From<SimError> for Failure {
    fn from(error: SimError) -> Self {
        let failure = Self::of(Exit::Usage, &error);
        match error {
            SimError::Open { .. } | SimError::Lock { .. } | SimError::Append { .. } | SimError::Endpoint { .. } => {
                failure.hint("is the folder there, and may this user write to it? `--store FILE` names another place")
            }
            SimError::NotOurs { .. } => failure.hint("name another store with `--store FILE`"),
            SimError::Listen { .. } => failure.hint("leave `--port` out to take any free port"),
            SimError::AlreadyServed { .. }
            | SimError::Newer { .. }
            | SimError::Damaged { .. }
            | SimError::Certificate { .. }
            | SimError::Tls { .. }
            | SimError::Randomness { .. } => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_estate_is_served_once_and_found_by_whoever_comes_second() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("x.db");
        let first = simulated(&store, None).await.unwrap();
        let second = simulated(&store, None).await.unwrap();
        assert_eq!((first.is_ours(), second.is_ours()), (true, false));
        assert_eq!(first.endpoint(), second.endpoint());
        assert!(folder.path().join("x.db.sim.jsonl").exists(), "the world stands beside its store");
        first.stop().await;
        assert!(simulated(&store, None).await.unwrap().is_ours());
    }

    #[tokio::test]
    async fn its_clock_is_set_forward_from_outside() {
        let folder = tempfile::tempdir().unwrap();
        let estate = simulated(&folder.path().join("x.db"), None).await.unwrap();
        let before = estate.control().clock().await.unwrap().now;
        let passed = estate.advance(Span::minutes(24 * 60)).await.unwrap().since(before);
        assert!(passed >= Span::minutes(24 * 60), "{passed}");
    }

    #[tokio::test]
    async fn an_address_of_another_machine_beside_the_store_is_not_asked() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("x.db");
        let first = simulated(&store, None).await.unwrap();
        std::fs::write(folder.path().join("x.db.sim.jsonl.endpoint"), "http://192.0.2.1:80").unwrap();
        let Err(failure) = simulated(&store, None).await else { panic!("nobody serves it there") };
        assert!(failure.what.contains("192.0.2.1"), "{}", failure.what);
        first.stop().await;
    }
}
