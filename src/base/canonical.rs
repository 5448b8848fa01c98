use serde_json::Value as Json;
use thiserror::Error;

/// Why a value has no canonical form.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum CanonicalError {
    /// Keys are ours; foreign names travel as values.
    #[error("the key `{0}` is not made of lower-case ASCII letters, digits, `_`, `-`, `.` or `$`")]
    Key(String),
    /// The value has no JSON form at all.
    #[error("the value has no JSON form: {0}")]
    Json(String),
    /// Numbers that are not whole, or need more than 53 bits, travel as decimal strings.
    #[error("the number {0} is not a whole number of at most 53 bits")]
    Number(String),
}

/// The largest whole number that every JSON reader keeps exactly: 2^53 - 1 (RFC 7493 §2.2).
const LARGEST: u64 = (1 << 53) - 1;

/// Writes the one canonical form of a JSON value: RFC 8785 under a profile in which its hard parts cannot occur.
///
/// Keys are lower-case ASCII, so that sorting by byte is sorting by UTF-16 unit; numbers are whole and at most 53 bits;
/// members whose value is null are left out; strings stay as received (no normalisation). The text holds no newline.
///
/// # Errors
/// A key or a number outside the profile. A string cannot fail: it is valid Unicode by type.
pub fn canonical(value: &Json) -> Result<String, CanonicalError> {
    let mut text = String::new();
    write(value, &mut text)?;
    Ok(text)
}

fn write(value: &Json, out: &mut String) -> Result<(), CanonicalError> {
    match value {
        Json::Null => out.push_str("null"),
        Json::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Json::Number(number) => {
            let exact = number.as_u64().map_or_else(
                || number.as_i64().is_some_and(|value| value.unsigned_abs() <= LARGEST),
                |value| value <= LARGEST,
            );
            if !exact {
                return Err(CanonicalError::Number(number.to_string()));
            }
            out.push_str(&number.to_string());
        }
        Json::String(text) => write_text(text, out),
        Json::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, out)?;
            }
            out.push(']');
        }
        Json::Object(members) => {
            let mut present: Vec<_> = members.iter().filter(|(_, value)| !value.is_null()).collect();
            present.sort_by(|(a, _), (b, _)| a.as_bytes().cmp(b.as_bytes()));
            out.push('{');
            for (index, (key, value)) in present.into_iter().enumerate() {
                if !key
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-.$".contains(&byte))
                {
                    return Err(CanonicalError::Key(key.clone()));
                }
                if index > 0 {
                    out.push(',');
                }
                write_text(key, out);
                out.push(':');
                write(value, out)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

/// RFC 8785 §3.2.2.2 is what `serde_json` writes: the two-character escapes, `\u00xx` in lower case for the other
/// control characters, and everything else as it is.
fn write_text(text: &str, out: &mut String) {
    out.push_str(&Json::String(text.to_owned()).to_string());
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_are_sorted_and_nulls_are_absent() {
        let value = json!({"b": 1, "a": {"d": null, "c": [true, null]}});
        assert_eq!(canonical(&value).unwrap(), r#"{"a":{"c":[true,null]},"b":1}"#);
    }

    #[test]
    fn control_characters_are_escaped_and_nothing_else_is() {
        let value = json!({"text": "a\nb\u{1}\u{7f}é\u{2028}\"\\/"});
        assert_eq!(canonical(&value).unwrap(), "{\"text\":\"a\\nb\\u0001\u{7f}é\u{2028}\\\"\\\\/\"}");
    }

    #[test]
    fn what_readers_disagree_about_is_refused() {
        assert!(matches!(canonical(&json!(1.5)), Err(CanonicalError::Number(_))));
        assert!(matches!(canonical(&json!(1_u64 << 53)), Err(CanonicalError::Number(_))));
        assert!(matches!(canonical(&json!({"Upper": 1})), Err(CanonicalError::Key(_))));
        assert_eq!(canonical(&json!(-9_007_199_254_740_991_i64)).unwrap(), "-9007199254740991");
    }
}
