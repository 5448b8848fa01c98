use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::Span;

/// What a hand saw when it sent a request. Texts have passed redaction.
#[derive(Debug)]
pub enum Sent {
    /// Certainly not sent: connection refused, DNS, TLS, or no token.
    NeverSent {
        /// A sentence for a person.
        why: String,
    },
    /// Sent, perhaps in part, and no whole answer came back: reset, timeout, broken body.
    Lost {
        /// A sentence for a person.
        why: String,
    },
    /// Answered, with whatever status.
    Answered(Reply),
}

/// An answer's parts that matter here. A hand removes a secret's text before it makes one.
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body, if it is JSON, or XML of a storage account (each element a member by its name, of several with one name
    /// an array; the root's name is left out). Parts that nobody may see, such as a message's text, are taken out.
    /// `None`: empty, or neither.
    pub body: Option<serde_json::Value>,
    /// Redacted text. Of a signed-in service: the first 200 characters of a body that is not JSON, for the sentence to
    /// the operator. Of [`Service::Http`](super::Service::Http), where a check may look for words in it: the body as
    /// received, JSON or not, up to 64 KiB.
    pub text: Option<String>,
    /// `x-ms-request-id`, or what the service calls it.
    pub request_id: Option<String>,
    /// `Azure-AsyncOperation`, or else `Location`, if it has the origin of the request.
    pub operation: Option<Handle>,
    /// Whether the service has no operation that could be asked about: then a 202 is its whole answer.
    pub no_operation: bool,
    /// `Retry-After`, at most one hour.
    pub retry_after: Option<Span>,
}

impl fmt::Debug for Reply {
    /// Leaves the body out: a body is data of the estate, and this text may reach a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("status", &self.status)
            .field("request_id", &self.request_id)
            .finish_non_exhaustive()
    }
}

impl Reply {
    /// An answer with a JSON body and nothing else.
    pub fn json(status: u16, body: serde_json::Value) -> Self {
        Self { body: Some(body), ..Self::empty(status) }
    }

    /// An answer with no body.
    pub const fn empty(status: u16) -> Self {
        Self {
            status,
            body: None,
            text: None,
            request_id: None,
            operation: None,
            no_operation: false,
            retry_after: None,
        }
    }
}

/// Where to ask how an accepted operation goes on. It is journaled before the first poll, so that any later process
/// can go on polling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handle {
    /// The absolute address, of the same origin as the request that was accepted.
    pub url: String,
    /// Which protocol the address speaks.
    pub kind: HandleKind,
}

/// The two ways in which Resource Manager tells of a long-running operation
/// (azure-resource-manager async-operations).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandleKind {
    /// `Azure-AsyncOperation`: always 200, with `status` in the body.
    AsyncOperation,
    /// `Location`: 202 until it is done, then the result.
    Location,
}
