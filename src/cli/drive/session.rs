use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::RunId;
use crate::cli::args::Speed;
use crate::cli::environment::sign_in;
use crate::cli::estate::{self, Estate};
use crate::cli::{Exit, Failure, Setting, entry, store};
use crate::engine::{Ports, Who};
use crate::journal::{Actor, Authn, Channel, RunLease, SqliteJournal};
use crate::runbook::{Environment, EstateKind, SignIn};
use crate::world::{self, LocalFiles, NoHands, Pace, Redactor, SystemClock, SystemEntropy, SystemTimer, World};

/// A store, an estate and its hands: all that a run needs but the run itself.
pub(crate) struct Session {
    /// The store's file.
    pub(crate) store: PathBuf,
    /// The store.
    pub(crate) journal: SqliteJournal,
    /// What the engine gets of the world.
    pub(crate) ports: Ports,
    /// Who acts.
    pub(crate) who: Who,
    /// The simulated estate, if it is one.
    pub(crate) estate: Option<Estate>,
    /// Knows the secrets that were resolved in this process.
    pub(crate) redactor: Redactor,
}

impl Session {
    /// Opens everything, the store first: if it cannot be had, nothing else is begun and nothing was created.
    ///
    /// # Errors
    /// The store, the estate or the sign-in cannot be had.
    pub(crate) async fn open(
        setting: &Setting,
        environment: &Environment,
        channel: Channel,
        redactor: Redactor,
    ) -> Result<Self, Failure> {
        let path = setting.store_for(environment.estate);
        let simulated = environment.estate == EstateKind::Simulated;
        if setting.speed.is_some() && !simulated {
            return Err(Failure::usage("`--speed` is for simulated environments: real time cannot be hurried"));
        }
        let journal = store::for_run(setting, environment.estate, channel)?;
        let authn = match environment.sign_in {
            SignIn::Simulated => Authn::Simulated,
            SignIn::Cli => Authn::Cli,
            _ => Authn::Token,
        };
        let mut actor = Actor { authn, ..entry::unsigned() };
        let files = Arc::new(LocalFiles { here: setting.here.clone(), redactor: redactor.clone() });
        let (world, estate) = open_world(setting, environment, &path, redactor.clone()).await?;
        let identity = world.credential.identity().await.map_err(|error| Failure::of(Exit::Usage, &error))?;
        let name = format!("{} ({})", if simulated { "you" } else { "signed in" }, shortened(&identity.object));
        actor.tenant = Some(identity.tenant);
        actor.object = Some(identity.object);
        let World { hands, timer, clock, entropy, .. } = world;
        let ports = Ports { hands, timer, clock, entropy, files };
        let name = if simulated { "you (simulated sign-in)".to_owned() } else { name };
        let writer = entry::writer(setting, &*ports.entropy);
        Ok(Self { store: path, journal, ports, who: Who { actor, writer, channel, name }, estate, redactor })
    }

    /// Opens the live store and nothing else: nobody signs in, and the hands reach nothing.
    ///
    /// # Errors
    /// The store cannot be had.
    pub(crate) fn apart(setting: &Setting, channel: Channel) -> Result<Self, Failure> {
        let journal = store::for_run(setting, EstateKind::Live, channel)?;
        let entropy = Arc::new(SystemEntropy::open()?);
        let writer = entry::writer(setting, &*entropy);
        let who = Who { actor: entry::unsigned(), writer, channel, name: "you (not signed in)".to_owned() };
        let files = Arc::new(LocalFiles { here: setting.here.clone(), redactor: Redactor::new() });
        let (hands, timer, clock) = (Arc::new(NoHands), Arc::new(SystemTimer), Arc::new(SystemClock));
        let ports = Ports { hands, timer, clock, entropy, files };
        Ok(Self {
            store: setting.store_for(EstateKind::Live),
            journal,
            ports,
            who,
            estate: None,
            redactor: Redactor::new(),
        })
    }

    /// Takes the right to write a run's events.
    ///
    /// # Errors
    /// Another process holds the run, or its lock file cannot be made.
    pub(crate) fn lease(&self, run: RunId) -> Result<RunLease, Failure> {
        match RunLease::take(&self.store, run) {
            Ok(Some(lease)) => Ok(lease),
            Ok(None) => {
                let pid = RunLease::holder_pid(&self.store, run);
                let holder = pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
                let short = run.short();
                Err(Failure::usage(format!("the run {short} is held by {holder}")).hint(format!(
                    "look at it with `callout show {short}`; `callout answer`, `skip`, `override`, `retry`, `undo`, \
                         `resolve`, `adhoc`, `note`, `pause` and `abort` ask its holder"
                )))
            }
            Err(error) => Err(Failure::of(Exit::Usage, &error)),
        }
    }
}

async fn open_world(
    setting: &Setting,
    environment: &Environment,
    store: &Path,
    redactor: Redactor,
) -> Result<(World, Option<Estate>), Failure> {
    let lookup = setting.lookup();
    let failed = |error: &dyn std::error::Error| Failure::of(Exit::Usage, error);
    match environment.sign_in {
        SignIn::Simulated => {
            let estate = estate::simulated(store, None).await?;
            let pace = match setting.speed {
                Some(Speed::Times(times)) => Pace::Times(times),
                Some(Speed::Max) => Pace::Max,
                None => Pace::AsServed,
            };
            let world = world::open_simulated(estate.endpoint(), pace, redactor, lookup).await;
            Ok((world.map_err(|error| failed(&error))?, Some(estate)))
        }
        _ => {
            let sign_in = sign_in(environment);
            Ok((world::open_live(sign_in, redactor, lookup).map_err(|error| failed(&error))?, None))
        }
    }
}

fn shortened(object: &str) -> String {
    object.chars().take(8).collect()
}

/// The store's log id is in every entry; a run that is begun needs its own id before its first.
pub(crate) fn new_run(ports: &Ports) -> RunId {
    let entropy = Arc::clone(&ports.entropy);
    RunId::new(entropy.uuid())
}
