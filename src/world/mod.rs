//! The hands: everything that touches the network, the clock, the generator, the host or a repository.
//!
//! What comes in: an [`Errand`](crate::effect::Errand), which is an operation with the exact request that a person saw.
//! What goes out: [`Sent`](crate::effect::Sent) with a reply in it, in which no secret stands. On the way a request
//! passes, in this order:
//!
//! ```text
//! hands ── arm │ keyvault │ data_plane │ sql │ http   by service; a secret's text is resolved here, just before it is needed
//!             └─ sign_in              one credential, one cache, one tenant
//!                └─ guard             what leaves is what was rendered, and it leaves once
//!                   └─ redirect       the network, or a loopback endpoint that plays it
//! ```
//!
//! and its answer passes `outcome`, which tells certainly unsent from lost and takes secrets out. Apart from these stand
//! `git`, which reads a repository and never writes to it, and `signature`, which verifies what was signed there.
//!
//! Beside that stand the list of what a user trusts (`trust`), a file of the user's own; files that are taken in as evidence
//! (`files`); and commands of a person's own that are performed during a run (`command`).
//!
//! Deliberately absent: any judgement. What an answer means, whether to probe, to wait or to try again is said in
//! `effect` and decided in `run`; an effect is sent exactly once per call. Only reads are repeated here, three times at
//! most. No redirect is followed, and no link to another origin.

mod apart;
mod arm;
mod clock;
mod command;
mod control;
mod data_plane;
mod entropy;
mod error;
mod estate_clock;
mod files;
mod git;
mod guard;
mod hands;
mod host;
mod http;
mod keyvault;
mod open;
mod outcome;
mod platform;
mod reach;
mod redact;
mod redirect;
mod retry;
mod secret;
mod settings;
mod sign_in;
mod signature;
mod sql;
mod token_source;
mod trust;
mod xml;

pub use apart::NoHands;
pub use clock::{StillClock, SystemClock, SystemTimer};
pub use command::{Attached, Performed, perform};
pub use control::{Control, Reading};
pub use entropy::SystemEntropy;
pub use error::WorldError;
pub use estate_clock::{EstateClock, Pace};
pub use files::{LocalFiles, taken_in};
pub use git::{CommitFacts, Committed, GitState, HISTORY_MOST, Last, Tag, Tags, WorkTree, blob_id};
pub use hands::{AzureHands, WorldSetting};
pub use host::{host_id, program_digest};
pub use open::{World, open_live, open_simulated};
pub use platform::{Signal, Signals, forget_typed, network_file_system, os_user};
pub use reach::{Range, Reach, Reached, reach};
pub use redact::{REDACTED, RedactingWriter, Redactor};
pub use secret::Environment;
pub use sign_in::{Credential, Identity, SignIn};
pub use signature::{AllowedSigners, Signature, Signed, judge, usual_allowed_signers};
pub use trust::{TrustBook, Trusted, TrustedFile, is_open_to_all, read_plain};
