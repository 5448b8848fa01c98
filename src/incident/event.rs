use serde::{Deserialize, Serialize};

use crate::base::Commitment;

/// What people say of an incident or a run. Anyone may append these at any time; they never block anyone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data")]
pub enum Event {
    /// A note on the timeline.
    #[serde(rename = "timeline.noted")]
    Noted {
        /// The text, kept beside the log.
        text: Commitment,
    },
}
