//! A role of a server: whether it may sign in, and what the server keeps of its password.

use std::num::NonZeroU32;

use aws_lc_rs::{digest, hmac, pbkdf2};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::sim::change::Value;
use crate::sim::clock::Moment;

/// A role with all that it ever was, because a restore brings back what it was then.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Role {
    /// Every password that it had, and since when.
    passwords: Vec<(Moment, Password)>,
    /// Whether it may sign in, and since when.
    logins: Vec<(Moment, bool)>,
}

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Denial {
    Password,
    /// The password is right: PostgreSQL looks at it first.
    NoLogin,
}

impl Role {
    pub(crate) fn begin(at: Moment, password: Option<Password>, may_sign_in: bool) -> Self {
        Self {
            passwords: password.map(|password| (at, password)).into_iter().collect(),
            logins: vec![(at, may_sign_in)],
        }
    }

    /// Changes what is given and leaves the rest.
    pub(crate) fn alter(&mut self, at: Moment, password: Option<&Password>, may_sign_in: Option<bool>) {
        self.passwords.extend(password.map(|password| (at, password.clone())));
        self.logins.extend(may_sign_in.map(|may| (at, may)));
    }

    /// As it was at a moment.
    pub(crate) fn at(&self, point: Moment) -> Self {
        let passwords = self.passwords.iter().filter(|(since, _)| *since <= point).cloned();
        let logins = self.logins.iter().filter(|(since, _)| *since <= point).copied();
        Self { passwords: passwords.collect(), logins: logins.collect() }
    }

    pub(crate) fn may_sign_in(&self) -> bool {
        self.logins.last().is_some_and(|(_, may)| *may)
    }

    pub(crate) fn signs_in(&self, password: &str) -> Result<(), Denial> {
        if !self.passwords.last().is_some_and(|(_, current)| current.accepts(password)) {
            return Err(Denial::Password);
        }
        if self.may_sign_in() { Ok(()) } else { Err(Denial::NoLogin) }
    }
}

/// A password as it was set: as itself through Resource Manager, or as a verifier by a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Password {
    Plain(Value),
    /// `SCRAM-SHA-256$ITERATIONS:SALT$STOREDKEY:SERVERKEY`, as PostgreSQL keeps it.
    Verifier(Value),
}

impl Password {
    /// As a statement's text says: PostgreSQL takes a text of a verifier's shape for one.
    pub(crate) fn stated(text: &str) -> Self {
        let value = Value(text.to_owned());
        if Scram::read(text).is_some() { Self::Verifier(value) } else { Self::Plain(value) }
    }

    pub(crate) fn accepts(&self, given: &str) -> bool {
        match self {
            Self::Plain(Value(text)) => text == given,
            Self::Verifier(Value(text)) => Scram::read(text).is_some_and(|scram| scram.accepts(given)),
        }
    }
}

/// The parts of a verifier that a login needs (RFC 5803, section 2).
struct Scram {
    iterations: NonZeroU32,
    salt: Vec<u8>,
    stored: Vec<u8>,
}

impl Scram {
    fn read(text: &str) -> Option<Self> {
        let (cost, keys) = text.strip_prefix("SCRAM-SHA-256$")?.split_once('$')?;
        let ((iterations, salt), (stored, _)) = (cost.split_once(':')?, keys.split_once(':')?);
        let decoded = |text| STANDARD.decode(text).ok();
        Some(Self { iterations: iterations.parse().ok()?, salt: decoded(salt)?, stored: decoded(stored)? })
    }

    fn accepts(&self, given: &str) -> bool {
        let mut salted = [0; 32];
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, self.iterations, &self.salt, given.as_bytes(), &mut salted);
        let client = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &salted), b"Client Key");
        digest::digest(&digest::SHA256, client.as_ref()).as_ref() == self.stored
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verifier_is_known_by_its_shape_and_takes_its_password_only() {
        // Made by PostgreSQL 15 of the password `pencil`.
        let verifier = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:\
                        wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";
        let password = Password::stated(verifier);
        assert!(matches!(password, Password::Verifier(_)));
        assert!(password.accepts("pencil") && !password.accepts("pen"));
        let plain = Password::stated("pencil");
        assert!(matches!(plain, Password::Plain(_)) && plain.accepts("pencil"));
    }
}
