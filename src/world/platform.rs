//! What differs from one operating system to the next: users, file systems, signals, terminals. The only such file.

use std::io;
use std::path::Path;

#[cfg(unix)]
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

/// What this process can be told from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM, or SIGHUP: the terminal is gone.
    Terminate,
}

/// Hears what this process is told from outside. From its making on, none of these signals ends the process by itself.
#[derive(Debug)]
pub struct Signals {
    #[cfg(unix)]
    streams: [Stream; 3],
}

impl Signals {
    /// Begins to listen. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// The operating system does not let signals be heard.
    pub fn listen() -> io::Result<Self> {
        #[cfg(unix)]
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        Ok(Self {
            #[cfg(unix)]
            streams: [signal(kinds[0])?, signal(kinds[1])?, signal(kinds[2])?],
        })
    }

    /// Waits for the next one. Several that come between two calls may be heard as one.
    pub async fn next(&mut self) -> Signal {
        #[cfg(unix)]
        {
            let [interrupt, terminate, hang_up] = &mut self.streams;
            tokio::select! {
                _ = interrupt.recv() => Signal::Interrupt,
                _ = terminate.recv() => Signal::Terminate,
                _ = hang_up.recv() => Signal::Terminate,
            }
        }
        #[cfg(not(unix))]
        {
            // If even this cannot be heard there is nothing to wait for.
            let _ = tokio::signal::ctrl_c().await;
            Signal::Interrupt
        }
    }
}

/// The numeric id of the operating system's user, for whoever must say who acts without a token.
pub fn os_user() -> Option<u32> {
    #[cfg(unix)]
    return Some(rustix::process::getuid().as_raw());
    #[cfg(not(unix))]
    return None;
}

/// Forgets what was typed at the terminal on standard input and has not been read, also a line that is not finished.
///
/// Does nothing where standard input is no terminal (POSIX tcflush refuses it with ENOTTY): what stands in a pipe or a
/// file is kept. What this process has read already is not forgotten.
pub fn forget_typed() {
    #[cfg(unix)]
    // A terminal that is gone has nothing to forget; the next read says so.
    let _ = rustix::termios::tcflush(io::stdin(), rustix::termios::QueueSelector::IFlush);
}

/// The name of the network file system that `path` is on, if it is on one that is known here.
///
/// Only Linux tells (by `statfs`, the magic numbers of statfs(2)). A file system that is not in the list, FUSE among
/// them, counts as local: whether locks hold there cannot be told from its name.
pub fn network_file_system(path: &Path) -> Option<String> {
    #[cfg(target_os = "linux")]
    {
        let found = rustix::fs::statfs(path).ok()?;
        // The type's width and sign differ between architectures; the numbers themselves have 32 bits.
        let magic = u32::try_from(i128::from(found.f_type) & 0xffff_ffff).ok()?;
        NETWORK.iter().find(|(number, _)| *number == magic).map(|(_, name)| (*name).to_owned())
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = path;
        None
    }
}

/// The magic numbers of network file systems, from statfs(2) and `linux/magic.h`.
#[cfg(target_os = "linux")]
const NETWORK: [(u32, &str); 9] = [
    (0x0000_6969, "NFS"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB2"),
    (0x0000_517b, "SMB"),
    (0x5346_414f, "AFS"),
    (0x6b41_4653, "AFS"),
    (0x7375_7245, "Coda"),
    (0x00c3_6400, "Ceph"),
    (0x0102_1997, "9P"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temporary_folder_is_local() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(network_file_system(folder.path()), None);
        assert_eq!(network_file_system(&folder.path().join("missing")), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn every_magic_number_stands_for_one_system() {
        let mut numbers: Vec<u32> = NETWORK.iter().map(|(number, _)| *number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), NETWORK.len());
    }
}
