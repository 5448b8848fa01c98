//! The estate's clock: moments, speed, and the lease that keeps it from going backwards.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::host::Stopwatch;

const MICROSECONDS: i64 = 1_000_000;

/// A moment of the estate, in whole microseconds; written as RFC 3339 with six decimals and a `Z`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(jiff::Timestamp);

impl Moment {
    /// Takes microseconds since 1970; outside the years -9999 to 9999 it is the nearest end of that range.
    pub(crate) fn from_microseconds(microseconds: i64) -> Self {
        let end = if microseconds < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
        Self(jiff::Timestamp::from_microsecond(microseconds).unwrap_or(end))
    }

    pub(crate) fn microseconds(self) -> i64 {
        self.0.as_microsecond()
    }

    /// Whole seconds since 1970, as Key Vault writes times.
    pub(crate) fn seconds(self) -> i64 {
        self.0.as_second()
    }

    /// The moment that many seconds later, or earlier for a negative number.
    pub(crate) fn plus_seconds(self, seconds: i64) -> Self {
        Self::from_microseconds(self.microseconds().saturating_add(seconds.saturating_mul(MICROSECONDS)))
    }

    /// With three decimals, as App Service writes the moment of a swap.
    pub(crate) fn milliseconds_text(self) -> String {
        format!("{:.3}", self.0)
    }

    /// `2026-11-20T03:12:41Z`, as people write moments into definitions.
    pub(crate) fn seconds_text(self) -> String {
        format!("{:.0}", self.0)
    }

    /// `Fri, 20 Nov 2026 03:12:41 GMT` (RFC 9110), as storage writes moments.
    pub(crate) fn http_text(self) -> String {
        self.0.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    /// `2026-11-20 03:12:41Z`, as the sign-in service writes moments.
    pub(crate) fn spaced_text(self) -> String {
        self.0.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6}", self.0)
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Moment {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<jiff::Timestamp>().map(|at| Self::from_microseconds(at.as_microsecond()))
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// How fast the estate's clock runs while somebody serves the estate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speed {
    /// So many estate seconds pass in one host second; 0 counts as 1.
    Times(u32),
}

impl Speed {
    pub(crate) fn factor(self) -> u32 {
        let Self::Times(factor) = self;
        factor.max(1)
    }
}

/// The running clock: `base + host time since then × speed`.
///
/// What it shows may be handed out only up to `bound`, and `bound` is written to the file first. A server that is killed
/// is followed by one that starts at the bound, so nobody ever sees the estate's time go back; it jumps ahead by at most
/// one host second's worth.
pub(crate) struct Clock {
    base: Moment,
    since: Stopwatch,
    speed: Speed,
    bound: Moment,
}

impl Clock {
    pub(crate) fn start(base: Moment, speed: Speed) -> Self {
        Self { base, since: Stopwatch::start(), speed, bound: base }
    }

    pub(crate) fn speed(&self) -> Speed {
        self.speed
    }

    /// What the clock shows. The caller asks [`lease_for`](Self::lease_for) before it hands the moment out.
    pub(crate) fn read(&self) -> Moment {
        let elapsed = i64::try_from(self.since.elapsed().as_micros()).unwrap_or(i64::MAX);
        let passed = elapsed.saturating_mul(i64::from(self.speed.factor()));
        Moment::from_microseconds(self.base.microseconds().saturating_add(passed))
    }

    /// The bound that must be durable before `now` is handed out; nothing if the present one suffices.
    pub(crate) fn lease_for(&self, now: Moment) -> Option<Moment> {
        (now >= self.bound).then(|| now.plus_seconds(i64::from(self.speed.factor())))
    }

    /// Takes note that `bound` has been written.
    pub(crate) fn leased(&mut self, bound: Moment) {
        self.bound = bound;
    }

    /// Sets the clock forward; a moment that has passed changes nothing.
    pub(crate) fn forward_to(&mut self, moment: Moment) {
        let now = self.read();
        self.base = now.max(moment);
        self.since = Stopwatch::start();
    }

    pub(crate) fn set_speed(&mut self, speed: Speed) {
        self.forward_to(self.read());
        self.speed = speed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_with_six_decimals_and_read_back() {
        let moment: Moment = "2026-11-20T03:12:41.5Z".parse().unwrap();
        assert_eq!(moment.to_string(), "2026-11-20T03:12:41.500000Z");
        assert_eq!(moment.plus_seconds(-1).to_string(), "2026-11-20T03:12:40.500000Z");
    }

    #[test]
    fn a_clock_leases_before_its_first_reading_and_not_again_until_the_lease_is_used_up() {
        let base = Moment::from_microseconds(0);
        let mut clock = Clock::start(base, Speed::Times(60));
        let bound = clock.lease_for(base).unwrap();
        assert_eq!(bound, base.plus_seconds(60));
        clock.leased(bound);
        assert_eq!(clock.lease_for(base.plus_seconds(59)), None);
        assert_eq!(clock.lease_for(base.plus_seconds(60)), Some(base.plus_seconds(120)));
    }

    #[test]
    fn the_clock_is_never_set_back() {
        let mut clock = Clock::start(Moment::from_microseconds(0).plus_seconds(100), Speed::Times(1));
        clock.forward_to(Moment::from_microseconds(0));
        assert!(clock.read() >= Moment::from_microseconds(0).plus_seconds(100));
        clock.forward_to(Moment::from_microseconds(0).plus_seconds(500));
        assert!(clock.read() >= Moment::from_microseconds(0).plus_seconds(500));
    }
}
