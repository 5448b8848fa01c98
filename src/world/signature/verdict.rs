use ssh_key::public::KeyData;
use ssh_key::{Algorithm, EcdsaCurve, HashAlg, LineEnding, PublicKey, SshSig};

use super::AllowedSigners;
use super::allowed::{NAMESPACE, Permission};
use crate::base::Timestamp;

/// What somebody signed, as it stands in a commit or a tag. Nothing of it has been verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The signature, in its armour.
    pub armour: String,
    /// The bytes that it signs.
    pub data: Vec<u8>,
    /// When it was made, as the committer or tagger says. As in git, this is the moment at which the key must be valid.
    pub at: Timestamp,
}

/// What is known of a signature. A key is given by its fingerprint, `SHA256:…`, as `ssh-keygen -l` prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signature {
    /// It is good, and its key may sign.
    Verified {
        /// For whom, as the allowed-signers file writes it.
        principals: String,
        /// The key.
        key: String,
    },
    /// It is good, but its key may not sign.
    NotAllowed {
        /// The key.
        key: String,
        /// Why not.
        why: String,
    },
    /// It does not belong to what it stands in.
    Bad {
        /// The key that it says made it.
        key: String,
    },
    /// It is good, but nobody has said which keys may sign.
    NoSigners {
        /// The key.
        key: String,
    },
    /// It is of a kind that is not verified, or cannot be read.
    NotVerified {
        /// Which kind, or why.
        why: String,
    },
    /// There is none.
    Unsigned,
}

/// Verifies a signature, without any other process.
///
/// Ed25519, ECDSA on P-256 and P-384, and the security-key forms of Ed25519 and P-256 are verified. RSA is not, because
/// its implementation has an open advisory (RUSTSEC-2023-0071) that every reader of the dependencies would have to weigh;
/// nor are `OpenPGP`, X.509 and SSH certificates.
pub fn judge(signed: Option<&Signed>, signers: Option<&AllowedSigners>) -> Signature {
    let Some(Signed { armour, data, at }) = signed else { return Signature::Unsigned };
    let not_verified = |why: &str| Signature::NotVerified { why: why.to_owned() };
    let armour = armour.trim();
    if armour.starts_with("-----BEGIN PGP ") {
        return not_verified("an OpenPGP signature");
    }
    if armour.starts_with("-----BEGIN SIGNED MESSAGE-----") {
        return not_verified("an X.509 signature");
    }
    let Some(signature) = read(armour) else { return not_verified("a signature that cannot be read") };
    let data_key = signature.public_key();
    let key = data_key.fingerprint(HashAlg::Sha256).to_string();
    if let Some(kind) = unsupported(data_key) {
        return not_verified(&format!("a signature with {kind}, which is not supported"));
    }
    // It covers the namespace as well: a signature over a mail or a file is not one over a commit.
    if PublicKey::from(data_key.clone()).verify(NAMESPACE, data, &signature).is_err() {
        return Signature::Bad { key };
    }
    let Some(signers) = signers else { return Signature::NoSigners { key } };
    match signers.permission(data_key, *at) {
        Permission::Granted(principals) => Signature::Verified { principals, key },
        Permission::Refused(why) => Signature::NotAllowed { key, why },
    }
}

/// The kind of a key that is not verified.
fn unsupported(key: &KeyData) -> Option<String> {
    match key.algorithm() {
        Algorithm::Ed25519
        | Algorithm::SkEd25519
        | Algorithm::SkEcdsaSha2NistP256
        | Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 | EcdsaCurve::NistP384 } => None,
        Algorithm::Rsa { .. } => Some("an RSA key".to_owned()),
        other if other.as_str().contains("-cert-") => Some("a certificate".to_owned()),
        other => Some(format!("a key of the kind {other}")),
    }
}

/// The signature in an armour. The reader is lenient about lengths and the format's number, which nothing signs: what it
/// would not write itself is refused, so that there is one way only to write a good signature.
fn read(armour: &str) -> Option<SshSig> {
    let armour = rewrapped(armour)?;
    let signature = SshSig::from_pem(&armour).ok()?;
    let own = signature.to_pem(LineEnding::LF).ok()?;
    (signature.version() == SshSig::VERSION && own.trim_end() == armour.trim_end()).then_some(signature)
}

/// The armour with lines as `ssh-keygen` breaks them, because the reader takes no others and signers differ.
fn rewrapped(armour: &str) -> Option<String> {
    const WIDTH: usize = 70;
    let (begin, end) = ("-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----");
    let body = armour.strip_prefix(begin)?.strip_suffix(end)?;
    let body: Vec<char> = body.chars().filter(|letter| !letter.is_whitespace()).collect();
    let lines: Vec<String> = body.chunks(WIDTH).map(|line| line.iter().collect()).collect();
    Some(format!("{begin}\n{}\n{end}\n", lines.join("\n")))
}
