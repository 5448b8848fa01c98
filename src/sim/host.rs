//! The host's clock and randomness: the only place of this room where something is not a function of its input.

use std::time::{Duration, Instant};

use super::clock::Moment;
use super::error::SimError;

/// Now, by the host's clock.
#[expect(clippy::disallowed_methods, reason = "the simulator is an island and has a host clock of its own")]
pub(crate) fn now() -> Moment {
    Moment::from_microseconds(jiff::Timestamp::now().as_microsecond())
}

/// Measures host time that has passed; not affected by a host clock that is set.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Bytes from the operating system's generator.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], SimError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|source| SimError::Randomness { source })?;
    Ok(bytes)
}

/// A random UUID, as Azure gives to requests and operations.
pub(crate) fn uuid() -> Result<uuid::Uuid, SimError> {
    Ok(uuid::Builder::from_random_bytes(random()?).into_uuid())
}

/// 32 lower-case hexadecimal digits, as Key Vault names versions.
pub(crate) fn hex32() -> Result<String, SimError> {
    Ok(hex::encode(random::<16>()?))
}
