use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A decimal number, kept exactly: at most 18 digits before the point and 18 after it.
///
/// It travels as text (`0.5`), because a JSON number that is not whole has no canonical form. There is no floating point:
/// `1.50` and `1.5` are the same number, and `0.1` is a tenth.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal(i128);

/// The digits before and after the point. 36 of them fit into 127 bits.
const PLACES: usize = 18;
/// The number 1.
const ONE: i128 = 10_i128.pow(18);

impl Decimal {
    /// Reads an optional `-`, digits, and optionally a point and more digits. There is no `+`, no exponent, no blank, and
    /// no point without a digit on either side.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
        let are_digits = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !are_digits(whole) || !are_digits(fraction) {
            return Err(format!("`{text}` is not a decimal number; write for example `0.5`"));
        }
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        if whole.len() > PLACES || fraction.len() > PLACES {
            return Err(format!("`{text}` has more than {PLACES} digits before or after the point"));
        }
        let units = format!("0{whole}{fraction:0<PLACES$}").bytes().fold(0, |units, digit| {
            // Exact: there are at most 36 digits.
            units * 10 + i128::from(digit - b'0')
        });
        Ok(Self(if text.starts_with('-') { -units } else { units }))
    }
}

impl From<i64> for Decimal {
    fn from(number: i64) -> Self {
        Self(i128::from(number) * ONE)
    }
}

impl fmt::Display for Decimal {
    /// Writes the shortest form: `-1.5`, `3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0.abs() / ONE, self.0.abs() % ONE);
        let sign = if self.0 < 0 { "-" } else { "" };
        if fraction == 0 {
            return write!(f, "{sign}{whole}");
        }
        let digits = format!("{fraction:0PLACES$}");
        write!(f, "{sign}{whole}.{}", digits.trim_end_matches('0'))
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_ordered_by_value_and_not_by_their_digits() {
        let ascending = ["-10", "-1.5", "-0.000000000000000001", "0", "0.1", "0.25", "1.5", "9", "10.0"];
        for pair in ascending.windows(2) {
            assert!(Decimal::parse(pair[0]).unwrap() < Decimal::parse(pair[1]).unwrap(), "{pair:?}");
        }
        assert_eq!(Decimal::parse("1.50"), Decimal::parse("01.5"));
        assert_eq!(Decimal::parse("-0.0"), Ok(Decimal::from(0)));
        assert_eq!(Decimal::parse("3"), Ok(Decimal::from(3)));
    }

    #[test]
    fn a_number_is_written_in_its_shortest_form() {
        for (text, shortest) in [("1.50", "1.5"), ("-007", "-7"), ("0.05", "0.05"), ("-0.10", "-0.1"), ("-0", "0")] {
            assert_eq!(Decimal::parse(text).unwrap().to_string(), shortest);
        }
        let largest = format!("{0}.{0}", "9".repeat(18));
        assert_eq!(Decimal::parse(&largest).unwrap().to_string(), largest);
    }

    #[test]
    fn what_is_not_a_decimal_number_or_has_too_many_digits_is_refused() {
        for text in ["", "-", ".5", "5.", "1e3", "+1", " 1", "1.2.3", "0x1", "½", "1_000", "--1", "٣"] {
            assert!(Decimal::parse(text).unwrap_err().contains("not a decimal number"), "{text}");
        }
        for text in ["1".repeat(19), format!("0.{}", "1".repeat(19))] {
            assert!(Decimal::parse(&text).unwrap_err().contains("18 digits"), "{text}");
        }
    }
}
