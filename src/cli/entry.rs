//! Entries that this process writes beside any run's holder.

use super::Setting;
use crate::base::{Clock as _, ClockSource, Entropy, EntryId};
use crate::journal::{Actor, Authn, Channel, Draft, Fact, Tool, Writer};
use crate::world::{SystemClock, host_id, os_user, program_digest};

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
