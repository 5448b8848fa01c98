use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use crate::base::{Clock, ClockSource, Span, Timestamp};
use crate::effect::Timer;

/// The host's clock, for a live environment.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn host_now(&self) -> Timestamp {
        host_now()
    }

    fn now(&self) -> Timestamp {
        host_now()
    }

    fn source(&self) -> ClockSource {
        ClockSource::System
    }
}

/// Waits by the host's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemTimer;

/// Looks at the clock at least this often, so that a clock that is set, or a machine that slept, is noticed.
const LONGEST_NAP: Duration = Duration::from_secs(10);

#[async_trait]
impl Timer for SystemTimer {
    async fn wait_until(&self, at: Timestamp) {
        loop {
            let now = host_now();
            if now >= at {
                return;
            }
            tokio::time::sleep(at.since(now).std().min(LONGEST_NAP)).await;
        }
    }

    fn host_wait(&self, at: Timestamp) -> Span {
        at.since(host_now())
    }

    async fn advance(&self, _: Span) -> Result<Timestamp, String> {
        Err("a live environment's clock cannot be moved; only a simulated estate's can".to_owned())
    }
}

/// The host's time. A clock before 1970 counts as 1970.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the host's clock")]
pub(super) fn host_now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_microseconds(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_moment_that_has_passed_is_not_waited_for() {
        let clock = SystemClock;
        SystemTimer.wait_until(clock.now()).await;
        assert_eq!(SystemTimer.host_wait(Timestamp::from_seconds(0)), Span::ZERO);
        assert_eq!(clock.source(), ClockSource::System);
    }

    #[tokio::test]
    async fn a_live_clock_cannot_be_moved() {
        assert!(SystemTimer.advance(Span::seconds(1)).await.is_err());
    }
}
