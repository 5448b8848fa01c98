use serde::{Deserialize, Serialize};

use crate::base::{AttemptId, Digest, InstanceId};
use crate::effect::{Class, Field, Risk};

/// What a person is asked to consent to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// The risk, which says how consent is given.
    pub risk: Risk,
    /// The digest that the consent is bound to: of the one step, or of the ordered list of item digests.
    pub digest: Digest,
    /// What is typed to confirm a destructive step.
    pub read_back: String,
    /// Each effect, in order.
    pub effects: Vec<EffectConsent>,
}

/// One effect of a consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectConsent {
    /// The instance.
    pub step: InstanceId,
    /// The step digest.
    pub digest: Digest,
    /// What was observed.
    pub fields: Vec<Field>,
}

/// How consent was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentBy {
    /// A person acknowledged.
    Enter,
    /// A person typed the target's name.
    ReadBack,
    /// An option or an answers file of a headless run.
    Headless,
}

/// The write-ahead record of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// The instance.
    pub step: InstanceId,
    /// The attempt; it travels as `x-ms-client-request-id`.
    pub attempt: AttemptId,
    /// Which attempt of the instance it is, from 1.
    pub number: u32,
    /// The row.
    pub action: String,
    /// What sending it twice would do.
    pub class: Class,
    /// The HTTP method, for a person.
    pub method: String,
    /// The address, for a person.
    pub url: String,
    /// The digest of method, address and body.
    pub request: Digest,
    /// The step digest that was consented to.
    pub digest: Digest,
    /// The keys that it holds until its outcome is known.
    pub locks: Vec<String>,
    /// What is expected to come of it.
    pub expected: String,
    /// What was observed just before.
    pub before: Vec<Field>,
}
