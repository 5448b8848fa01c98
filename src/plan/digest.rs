use serde_json::json;

use super::{Bound, Mode, Plan};
use crate::base::{CanonicalError, Digest, InstanceId, LogId, RunId, canonical};
use crate::effect::Field;

impl Plan {
    /// The plan digest: revision, inputs, environment and graph, and no observed state.
    ///
    /// # Errors
    /// The plan holds a number of more than 53 bits, or a name outside the canonical profile.
    pub fn digest(&self) -> Result<Digest, CanonicalError> {
        let json = serde_json::to_value(self).map_err(|why| CanonicalError::Json(why.to_string()))?;
        Ok(Digest::of("plan-v1", canonical(&json)?.as_bytes()))
    }
}

impl Plan {
    /// The digest of what a drill is to show, objectives and scenario; none for every other run.
    ///
    /// # Errors
    /// As [`Plan::digest`].
    pub fn exercise_digest(&self) -> Result<Option<Digest>, CanonicalError> {
        let Some(exercise) = &self.exercise else { return Ok(None) };
        let json = serde_json::to_value(exercise).map_err(|why| CanonicalError::Json(why.to_string()))?;
        Ok(Some(Digest::of("exercise-v1", canonical(&json)?.as_bytes())))
    }
}

/// Which step of which run a digest is of.
#[derive(Clone, Copy, Debug)]
pub struct StepPlace<'a> {
    /// The log.
    pub log: LogId,
    /// The run.
    pub run: RunId,
    /// The instance.
    pub step: &'a InstanceId,
    /// The run's mode.
    pub mode: Mode,
}

/// The step digest: what a person consents to, and what is compared again just before sending.
///
/// It covers log, run, instance, mode, the request (method, address with its api-version, body with each secret by its
/// reference and the attempt by its place), the targets that the effect locks, and the observed fields.
///
/// # Errors
/// As [`Plan::digest`].
pub fn step_digest(place: StepPlace<'_>, bound: &Bound, fields: &[Field]) -> Result<Digest, CanonicalError> {
    let targets = bound.row.change.as_ref().map(|change| (change.locks)(&bound.call.args)).unwrap_or_default();
    let json = json!({
        "log": place.log,
        "run": place.run,
        "step": place.step,
        "mode": place.mode,
        "action": bound.call.action,
        "request": bound.request.digest(),
        "targets": targets,
        "fields": fields,
    });
    Ok(Digest::of("step-v1", canonical(&json)?.as_bytes()))
}

/// The digest of a consent to several effects: of the ordered list of their step digests.
pub fn group_digest(steps: &[Digest]) -> Digest {
    let bytes: Vec<u8> = steps.iter().flat_map(|digest| digest.as_bytes().iter().copied()).collect();
    Digest::of("group-v1", &bytes)
}
