use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::HostClock;

/// A moment in UTC with a precision of one microsecond, written as RFC 3339 with a `Z` and exactly six decimals.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(jiff::Timestamp);

impl Timestamp {
    /// Takes a moment and drops what is finer than a microsecond.
    ///
    /// A moment outside jiff's range (years -9999 to 9999) becomes the nearest end of that range.
    pub fn from_microseconds(microseconds: i64) -> Self {
        let range_end = if microseconds < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
        Self(jiff::Timestamp::from_microsecond(microseconds).unwrap_or(range_end))
    }

    /// Takes whole seconds since 1970-01-01T00:00:00Z, as Azure's data planes give them.
    pub fn from_seconds(seconds: i64) -> Self {
        Self::from_microseconds(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub fn microseconds(self) -> i64 {
        self.0.as_microsecond()
    }

    /// The moment `span` earlier, or the first one that can be told.
    #[must_use]
    pub fn before(self, span: Span) -> Self {
        Self::from_microseconds(self.microseconds().saturating_sub(span.microseconds()))
    }

    /// The moment `span` later, or the last one that can be told.
    #[must_use]
    pub fn after(self, span: Span) -> Self {
        Self::from_microseconds(self.microseconds().saturating_add(span.microseconds()))
    }

    /// How long it is from `earlier` to this moment; zero if `earlier` is not earlier.
    pub fn since(self, earlier: Self) -> Span {
        Span::from_microseconds(self.microseconds().saturating_sub(earlier.microseconds()))
    }

    /// The time of day, `03:12:41Z`.
    pub fn clock_face(self) -> String {
        self.0.strftime("%H:%M:%SZ").to_string()
    }

    /// The date, `2026-11-21`.
    pub fn day(self) -> String {
        self.0.strftime("%Y-%m-%d").to_string()
    }

    /// The date and the time to the minute, `2026-11-21 03:10Z`.
    pub fn minute(self) -> String {
        self.0.strftime("%Y-%m-%d %H:%MZ").to_string()
    }

    /// Reads a moment as HTTP writes it, `Fri, 20 Nov 2026 03:10:30 GMT` (RFC 9110 §5.6.7); none if it is not one.
    pub fn from_http(text: &str) -> Option<Self> {
        jiff::fmt::rfc2822::parse(text).ok().map(|at| Self::from_microseconds(at.timestamp().as_microsecond()))
    }

    /// The same moment for the time library.
    pub const fn jiff(self) -> jiff::Timestamp {
        self.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6}", self.0)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = jiff::Error;

    /// Reads any RFC 3339 moment; what is finer than a microsecond is dropped.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::from_microseconds(text.parse::<jiff::Timestamp>()?.as_microsecond()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A length of time that is never negative, with a precision of one microsecond. In JSON: whole microseconds.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Span(i64);

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// So many seconds.
    pub const fn seconds(seconds: u32) -> Self {
        Self(seconds as i64 * 1_000_000)
    }

    /// So many minutes.
    pub const fn minutes(minutes: u32) -> Self {
        Self(minutes as i64 * 60_000_000)
    }

    /// So many microseconds; a negative number counts as zero.
    pub const fn from_microseconds(microseconds: i64) -> Self {
        Self(if microseconds < 0 { 0 } else { microseconds })
    }

    /// The length in microseconds.
    pub const fn microseconds(self) -> i64 {
        self.0
    }

    /// The length for the standard library.
    pub const fn std(self) -> std::time::Duration {
        std::time::Duration::from_micros(self.0.unsigned_abs())
    }

    /// Reads what people write: `24h`, `5m`, `1m 30s`, `PT5M`. Calendar units are refused, because a day is not always
    /// 24 hours.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let duration: SignedDuration = text
            .parse()
            .map_err(|_| format!("`{text}` is not a length of time; write for example `90s`, `5m` or `24h`"))?;
        if duration.is_negative() {
            return Err(format!("`{text}` is negative"));
        }
        let microseconds = i64::try_from(duration.as_micros()).map_err(|_| format!("`{text}` is too long"))?;
        Ok(Self(microseconds))
    }
}

impl fmt::Display for Span {
    /// Writes what people say: `41s`, `9m 12s`, `24h`, and milliseconds below one second.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0 / 1_000_000;
        let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        match (hours, minutes, rest) {
            (0, 0, 0) if self.0 > 0 => write!(f, "{}ms", self.0 / 1000),
            (0, 0, seconds) => write!(f, "{seconds}s"),
            (0, minutes, 0) => write!(f, "{minutes}m"),
            (0, minutes, seconds) => write!(f, "{minutes}m {seconds}s"),
            (hours, 0, _) => write!(f, "{hours}h"),
            (hours, minutes, _) => write!(f, "{hours}h {minutes}m"),
        }
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Whose clock a moment was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockSource {
    /// The host's clock.
    System,
    /// The clock of a simulated estate, which may run faster or be moved on.
    Simulated,
}

/// The only way to ask for the time. `world` implements it; tests bring their own.
pub trait Clock: Send + Sync {
    /// The host's clock: for `recorded_at`, ids, locks and checkpoints.
    fn host_now(&self) -> Timestamp;
    /// What is known of the host's clock just now, beside what it shows.
    fn host_clock(&self) -> HostClock;
    /// The estate's clock: for timers, durations and `occurred_at`. Equal to the host's clock in a live environment.
    fn now(&self) -> Timestamp;
    /// Which clock [`Clock::now`] reads.
    fn source(&self) -> ClockSource;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_always_shows_six_decimals() {
        let moment: Timestamp = "2026-11-20T03:10:00Z".parse().unwrap();
        assert_eq!(moment.to_string(), "2026-11-20T03:10:00.000000Z");
        let finer: Timestamp = "2026-11-20T03:10:00.123456789Z".parse().unwrap();
        assert_eq!(finer.to_string(), "2026-11-20T03:10:00.123456Z");
    }

    #[test]
    fn going_back_and_forth_ends_where_it_began_and_stops_at_the_ends_of_time() {
        let moment: Timestamp = "2026-11-20T03:10:00Z".parse().unwrap();
        assert_eq!(moment.before(Span::minutes(5)).to_string(), "2026-11-20T03:05:00.000000Z");
        assert_eq!(moment.before(Span::minutes(5)).after(Span::minutes(5)), moment);
        let forever = Span::from_microseconds(i64::MAX);
        assert_eq!(moment.before(forever).before(forever), Timestamp::from_microseconds(i64::MIN));
        assert_eq!(moment.after(forever), Timestamp::from_microseconds(i64::MAX));
    }

    #[test]
    fn spans_are_read_and_written_as_people_say_them() {
        for text in ["41s", "9m 12s", "24h", "1h 30m", "5m"] {
            assert_eq!(Span::parse(text).unwrap().to_string(), text);
        }
        assert!(Span::parse("soon").unwrap_err().contains("`90s`"));
        assert!(Span::parse("-5m").is_err());
    }
}
