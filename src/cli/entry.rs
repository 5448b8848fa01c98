//! Entries that this process writes beside any run's holder.

use super::{Failure, Setting};
use crate::base::{Clock as _, ClockSource, Commitment, Entropy, EntryId};
use crate::journal::{Actor, Authn, Channel, Draft, Fact, Payload, Tool, Writer};
use crate::world::{SystemClock, SystemEntropy, host_id, os_user, program_digest};

/// An entry about the log itself, now. Whoever writes about a run says which, and what the estate's clock shows.
pub(crate) fn draft(setting: &Setting, entropy: &dyn Entropy, channel: Channel, fact: Fact) -> Draft {
    let now = SystemClock.host_now();
    Draft {
        id: EntryId::new(entropy.uuid()),
        recorded_at: now,
        host_clock: SystemClock.host_clock(),
        occurred_at: now,
        clock: ClockSource::System,
        run: None,
        fence: None,
        actor: unsigned(),
        writer: writer(setting, entropy),
        channel,
        refs: Vec::new(),
        fact,
    }
}

/// This program on this computer. Only for whoever is about to write: the first call reads the whole executable, and may
/// make the data folder.
pub(crate) fn writer(setting: &Setting, entropy: &dyn Entropy) -> Writer {
    Writer { host: host_id(&setting.data, entropy), tool: Tool::this(program_digest()) }
}

/// Who acts where no token was used: all that is known is the operating system's user.
pub(crate) fn unsigned() -> Actor {
    Actor { authn: Authn::None, tenant: None, object: None, os_user: os_user() }
}

/// A text to be kept beside the log.
///
/// # Errors
/// The generator cannot be read.
pub(crate) fn payload(text: &str) -> Result<Payload, Failure> {
    let salt = SystemEntropy::open()?.salt();
    Ok(Payload { commitment: Commitment::to_text(text, &salt), salt, text: text.to_owned() })
}
