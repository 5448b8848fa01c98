use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use uuid::Uuid;

use super::platform;
use crate::base::{Clock, ClockSource, HostClock, Span, Timestamp};
use crate::effect::Timer;

/// The host's clock, for a live environment.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn host_now(&self) -> Timestamp {
        host_now()
    }

    fn host_clock(&self) -> HostClock {
        host_clock()
    }

    fn now(&self) -> Timestamp {
        host_now()
    }

    fn source(&self) -> ClockSource {
        ClockSource::System
    }
}

/// The clock of an estate that nobody serves, or whose hour was just read: it stands.
#[derive(Clone, Copy, Debug)]
pub struct StillClock {
    /// What it shows.
    pub now: Timestamp,
    /// Which clock that is.
    pub source: ClockSource,
}

impl Clock for StillClock {
    fn host_now(&self) -> Timestamp {
        host_now()
    }

    fn host_clock(&self) -> HostClock {
        host_clock()
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn source(&self) -> ClockSource {
        self.source
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

/// A clock counts as kept in step for so long after a server has set it: `systemd-timesyncd` asks again after at most
/// 2048 s (timesyncd.conf(5)), and one answer may be lost.
const IN_STEP: Duration = Duration::from_secs(2 * 2048);

/// What is known of the host's clock. Two system calls and no more: it is asked for with every entry.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the host's clock")]
pub(super) fn host_clock() -> HostClock {
    static BOOT: OnceLock<Option<Uuid>> = OnceLock::new();
    HostClock {
        synced: platform::synchronised_at().and_then(|at| is_in_step(at, SystemTime::now())),
        // The kernel knows it, and tells only by adjtimex(2).
        err_ms: None,
        boot: *BOOT.get_or_init(platform::boot_id),
        mono_ns: platform::uptime(),
    }
}

/// Whether a clock that was last set then is in step now. That it is not, nobody says: another service may keep it.
fn is_in_step(set_at: SystemTime, now: SystemTime) -> Option<bool> {
    now.duration_since(set_at).is_ok_and(|since| since <= IN_STEP).then_some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clock_that_was_set_lately_is_said_to_be_in_step() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_hours(1000);
        assert_eq!(is_in_step(now - Duration::from_mins(30), now), Some(true));
        assert_eq!(is_in_step(now - Duration::from_hours(2), now), None);
        assert_eq!(is_in_step(now + Duration::from_mins(1), now), None, "it was put back since");
    }

    #[test]
    fn the_host_tells_what_it_can_of_its_clock() {
        let (earlier, later) = (SystemClock.host_clock(), SystemClock.host_clock());
        assert_eq!((earlier.boot, earlier.err_ms), (later.boot, None));
        assert!(earlier.mono_ns.is_some() && earlier.mono_ns <= later.mono_ns, "{earlier:?} {later:?}");
    }

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
