use async_trait::async_trait;

use super::{Errand, Evidence, Handle, Sent};
use crate::base::{AttemptId, Span, Timestamp};

/// The hands: whatever carries a request to the world.
///
/// `observe`, `probe` and every check of DESIGN §3 are reads of catalogue rows, so one method serves them; what they
/// mean is judged by the row, not by the hand.
#[async_trait]
pub trait Hands: Send + Sync {
    /// Sends a request that may change the world, exactly once: no retry of any kind happens below this method.
    ///
    /// The attempt's id travels as `x-ms-client-request-id`. Dropping the future may leave the request sent.
    async fn send(&self, errand: &Errand, attempt: AttemptId) -> Sent;

    /// Asks once how an accepted operation stands.
    async fn poll(&self, handle: &Handle, attempt: AttemptId) -> Sent;

    /// Reads. May try again by itself where reading again is harmless; follows the service's paging to its end.
    async fn read(&self, errand: &Errand) -> Sent;
}

/// The estate's time as something that can be waited for and, in a simulated estate, moved.
#[async_trait]
pub trait Timer: Send + Sync {
    /// Returns when the estate's clock shows `at` or later. At `--speed max` a simulated clock is moved there.
    async fn wait_until(&self, at: Timestamp);

    /// How long, by the host's clock, [`Timer::wait_until`] would take; zero at `--speed max`.
    fn host_wait(&self, at: Timestamp) -> Span;

    /// Moves a simulated estate's clock on.
    ///
    /// # Errors
    /// A sentence: the environment is live, or the simulator does not answer.
    async fn advance(&self, by: Span) -> Result<Timestamp, String>;
}

/// The files of the computer at which the person sits.
pub trait Files: Send + Sync {
    /// Takes in a file as evidence.
    ///
    /// # Errors
    /// A sentence without its full stop: it is not a plain file, too large, cannot be read, or holds what looks like a
    /// secret. No part of what it holds is repeated.
    fn take_in(&self, path: &str) -> Result<Evidence, String>;
}
