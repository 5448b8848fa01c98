//! What differs from one operating system to the next: users, file systems, signals, terminals, what is told of clocks.
//! The only such file.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::SystemTime;

#[cfg(unix)]
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};
use uuid::Uuid;

use crate::base::Uptime;

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

/// The id of the host's present uptime. Only Linux has one: its kernel draws it when it starts (random(4)).
pub(super) fn boot_id() -> Option<Uuid> {
    // Elsewhere there is no such file.
    fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?.trim().parse().ok()
}

/// How long the host has been up, its sleep included.
pub(super) fn uptime() -> Option<Uptime> {
    #[cfg(unix)]
    {
        // Linux counts sleep in CLOCK_BOOTTIME only (clock_gettime(2)); macOS counts it in CLOCK_MONOTONIC.
        #[cfg(target_os = "linux")]
        let clock = rustix::time::ClockId::Boottime;
        #[cfg(not(target_os = "linux"))]
        let clock = rustix::time::ClockId::Monotonic;
        let shown = rustix::time::clock_gettime(clock);
        let (seconds, rest) = (u64::try_from(shown.tv_sec).ok()?, u64::try_from(shown.tv_nsec).ok()?);
        Some(Uptime::from_nanoseconds(seconds.checked_mul(1_000_000_000)?.checked_add(rest)?))
    }
    #[cfg(not(unix))]
    return None;
}

/// When the host's clock was last set by a server's, as far as the host tells: `systemd-timesyncd` touches a file each
/// time (systemd-timesyncd.service(8)). Other services tell only whoever asks the kernel by adjtimex(2), and no safe and
/// lean library does.
pub(super) fn synchronised_at() -> Option<SystemTime> {
    fs::metadata("/run/systemd/timesync/synchronized").and_then(|found| found.modified()).ok()
}

/// The executable file of this process.
///
/// On Linux it is the very file that runs, also when another one has been put in its place since (proc(5)). Elsewhere it is
/// what now stands where the program was started from.
///
/// # Errors
/// It cannot be found or read.
pub(super) fn program_file() -> io::Result<File> {
    #[cfg(target_os = "linux")]
    return File::open("/proc/self/exe");
    #[cfg(not(target_os = "linux"))]
    return File::open(std::env::current_exe()?);
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
    fn the_kernel_tells_which_boot_it_is_and_how_long_ago_that_was() {
        assert!(boot_id().is_some_and(|id| id == boot_id().unwrap()));
        let (earlier, later) = (uptime().unwrap(), uptime().unwrap());
        assert!(earlier <= later, "{earlier:?} {later:?}");
        // The first number is the uptime in seconds, sleep included (proc(5)).
        let told = fs::read_to_string("/proc/uptime").unwrap();
        let seconds: f64 = told.split(' ').next().unwrap().parse().unwrap();
        let found = std::time::Duration::from_nanos(later.nanoseconds()).as_secs_f64();
        assert!((seconds - found).abs() < 5.0, "{seconds} s, {found} s");
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
