use serde::{Deserialize, Serialize};

use super::Digest;

/// A commitment to text that is kept beside the log, so that the text can be removed without breaking the chain.
///
/// `commit = SHA256("payload-v1\n" || salt || bytes)`. The salt, 32 random bytes, is kept with the text: without it, a
/// short text could be guessed from its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commitment {
    /// The digest of salt and bytes.
    pub commit: Digest,
    /// How many bytes the text has.
    pub bytes: u64,
    /// The media type, `text/plain`.
    pub media: String,
}

impl Commitment {
    /// Commits to a text.
    pub fn to_text(text: &str, salt: &[u8; 32]) -> Self {
        let commit = Digest::of_parts(&[b"payload-v1\n", salt, text.as_bytes()]);
        Self { commit, bytes: text.len() as u64, media: "text/plain".into() }
    }
}
