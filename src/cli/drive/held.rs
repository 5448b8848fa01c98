use std::io::Write;

use super::closing::close;
use super::face::{Face, drive};
use super::session::Session;
use crate::base::RunId;
use crate::cli::estate::Estate;
use crate::cli::{Exit, Failure, Setting};
use crate::engine::{Engine, EngineError, Ports, Readiness};
use crate::journal::RunLease;
use crate::plan::Plan;
use crate::run::{Broken, BrokenBy};
use crate::runbook::{BannerColour, Role};
use crate::world::Redactor;

/// A run that this process holds, and all that it takes to drive it.
pub(super) struct Held {
    pub(super) engine: Engine,
    run: RunId,
    lease: RunLease,
    ports: Ports,
    redactor: Redactor,
    estate: Option<Estate>,
}

impl Held {
    /// Begins a run.
    ///
    /// # Errors
    /// Its lock or its first entry cannot be had.
    pub(super) fn begin(session: Session, run: RunId, plan: Plan, texts: Vec<String>) -> Result<Self, Failure> {
        let lease = session.lease(run)?;
        let Session { journal, ports, who, estate, redactor, .. } = session;
        let engine = Engine::begin(Box::new(journal), ports.clone(), &who, run, plan, texts)
            .map_err(|error| Failure::of(Exit::Usage, &error))?;
        Ok(Self { engine, run, lease, ports, redactor, estate })
    }

    /// Takes a run up.
    ///
    /// # Errors
    /// Another process holds it; it has ended, or cannot be read.
    pub(super) fn take_up(session: Session, run: RunId) -> Result<Self, Failure> {
        let lease = session.lease(run)?;
        let Session { journal, ports, who, estate, redactor, .. } = session;
        let engine = Engine::resume(Box::new(journal), ports.clone(), &who, run).map_err(|error| match error {
            EngineError::Over => Failure::usage(format!("the run {} has ended", run.short()))
                .hint("`callout timeline` tells it; `callout run` begins another"),
            other => Failure::of(Exit::Usage, &other),
        })?;
        Ok(Self { engine, run, lease, ports, redactor, estate })
    }

    /// Makes a drill ready that is not yet: the simulator breaks what the programme says, at this moment. In a live
    /// environment nothing is broken; a person does that, and the run says so. Every other run is left as it is.
    ///
    /// # Errors
    /// The simulator refuses to break something, or nobody answers; then the run stays, unprepared.
    pub(super) async fn stand_ready(&mut self, who: &[(Role, String)]) -> Result<(), Failure> {
        let state = self.engine.state();
        let Some(exercise) = state.plan.exercise.as_ref().filter(|_| state.is_unprepared() && !state.is_over()) else {
            return Ok(());
        };
        let mut broken = Vec::new();
        for breakage in &exercise.breaks {
            let (by, at) = match &self.estate {
                Some(estate) => (BrokenBy::Simulator, Some(estate.break_down(breakage).await?)),
                None => (BrokenBy::Person, None),
            };
            broken.push(Broken { breakage: breakage.clone(), by, at });
        }
        self.engine.prepare(Readiness { people: who.to_vec(), broken });
        Ok(())
    }

    /// Drives it with a face until it ends or is left, and says how.
    ///
    /// # Errors
    /// The store failed, or not all could be shown.
    pub(super) async fn drive(
        self,
        face: Face,
        setting: &Setting,
        banner: Option<BannerColour>,
        out: &mut (dyn Write + Send),
    ) -> Result<Exit, Failure> {
        let driven = drive(self.engine, face, setting, banner, &self.ports, &self.redactor, out).await?;
        drop(self.lease);
        if let Some(estate) = self.estate {
            estate.stop().await;
        }
        close(self.run, driven, out)
    }
}
