use std::fmt;
use std::io::{self, Read};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};

/// A SHA-256 digest (FIPS 180-4), written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Digests `bytes` under a domain word, so that a digest of one kind of thing can never stand for another:
    /// `SHA256(domain || "\n" || bytes)`.
    pub fn of(domain: &str, bytes: &[u8]) -> Self {
        Self::of_parts(&[domain.as_bytes(), b"\n", bytes])
    }

    /// Digests the concatenation of `parts`, without any framing. For formats whose framing is fixed elsewhere
    /// (RFC 6962 leaves and nodes, plain file hashes).
    pub fn of_parts(parts: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update(part);
        }
        Self(hasher.finalize().into())
    }

    /// Digests everything that can be read, without any framing, as `sha256sum` does.
    ///
    /// # Errors
    /// It cannot be read to its end.
    pub fn of_stream(mut stream: impl Read) -> io::Result<Self> {
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            match stream.read(&mut buffer) {
                Ok(0) => return Ok(Self(hasher.finalize().into())),
                Ok(length) => hasher.update(&buffer[..length]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes 32 bytes that already are a digest.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first 12 hexadecimal digits: enough for a person to compare, not enough to verify.
    pub fn short(&self) -> String {
        hex::encode(&self.0[..6])
    }

    /// Reads 64 lower-case hexadecimal digits; anything else is `None`.
    pub fn parse(text: &str) -> Option<Self> {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return None;
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("a digest is 64 lower-case hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_nothing_is_the_one_in_the_standard() {
        let digest = Digest::of_parts(&[]);
        assert_eq!(digest.to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(Digest::parse(&digest.to_string()), Some(digest));
    }

    #[test]
    fn a_stream_has_the_digest_of_its_bytes() {
        let bytes = vec![7; 200_000];
        assert_eq!(Digest::of_stream(bytes.as_slice()).unwrap(), Digest::of_parts(&[&bytes]));
    }

    #[test]
    fn a_domain_word_separates_equal_bytes() {
        assert_ne!(Digest::of("step-v1", b"x"), Digest::of("plan-v1", b"x"));
    }

    #[test]
    fn upper_case_is_not_a_digest_because_two_spellings_would_compare_unequal() {
        let upper = Digest::of_parts(&[]).to_string().to_uppercase();
        assert_eq!(Digest::parse(&upper), None);
    }
}
