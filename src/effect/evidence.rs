use crate::base::{Digest, Value};

/// A file that was taken in as evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The file's name, without its folders.
    pub name: String,
    /// The SHA-256 of its bytes, as `sha256sum` prints it.
    pub sha256: Digest,
    /// How many bytes it has.
    pub bytes: u32,
    /// Its content as the journal keeps it, under the digest of this text: the bytes themselves if they are UTF-8, else a
    /// data URL in base64 (RFC 2397). Which of the two it is, `sha256` tells.
    pub text: String,
}

impl Evidence {
    /// What a field of a manual step gives: a record with `name`, `sha256`, `bytes`, and `text`, the digest under which the
    /// journal keeps the content.
    pub fn value(&self, kept_under: Digest) -> Value {
        Value::record([
            ("name", Value::text(&self.name)),
            ("sha256", Value::text(self.sha256.to_string())),
            ("bytes", Value::Integer(self.bytes.into())),
            ("text", Value::text(kept_under.to_string())),
        ])
    }
}
