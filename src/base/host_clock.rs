use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

/// What is known of the host's clock at one moment, beside what it shows. What is not known is absent: absence never means
/// that the clock is wrong, or that it is right.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostClock {
    /// Whether the host says that its clock is kept in step with others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub synced: Option<bool>,
    /// By how much it is wrong at most, as the host says, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub err_ms: Option<u32>,
    /// The host's present uptime, by an id that the kernel draws when it starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<Uuid>,
    /// How long that uptime is. If between two entries of one boot this grows by much more or less than their times do, the
    /// clock was set in between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mono_ns: Option<Uptime>,
}

/// Nanoseconds on a clock that starts with the host and is never set. In JSON a decimal string, because after 104 days they
/// need more than the 53 bits that every reader keeps exactly (RFC 7493 §2.2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uptime(u64);

impl Uptime {
    /// So many nanoseconds.
    pub const fn from_nanoseconds(nanoseconds: u64) -> Self {
        Self(nanoseconds)
    }

    /// The nanoseconds.
    pub const fn nanoseconds(self) -> u64 {
        self.0
    }
}

impl fmt::Debug for Uptime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ns", self.0)
    }
}

impl Serialize for Uptime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Uptime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let nanoseconds: u64 = text.parse().map_err(de::Error::custom)?;
        if nanoseconds.to_string() == text {
            Ok(Self(nanoseconds))
        } else {
            Err(de::Error::custom("a number is written in one way only: digits, and no zero before them"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_not_known_is_absent() {
        assert_eq!(serde_json::to_value(HostClock::default()).unwrap(), json!({}));
        assert_eq!(serde_json::from_value::<HostClock>(json!({})).unwrap(), HostClock::default());
    }

    #[test]
    fn an_uptime_of_years_keeps_every_nanosecond_and_has_one_spelling() {
        let uptime = Uptime::from_nanoseconds(u64::MAX);
        assert_eq!(serde_json::to_value(uptime).unwrap(), json!("18446744073709551615"));
        assert_eq!(serde_json::from_value::<Uptime>(json!("18446744073709551615")).unwrap(), uptime);
        for strange in [json!("007"), json!("+7"), json!(""), json!("-1"), json!(7)] {
            assert!(serde_json::from_value::<Uptime>(strange.clone()).is_err(), "{strange}");
        }
    }
}
