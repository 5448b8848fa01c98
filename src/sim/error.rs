//! What can go wrong while a simulated estate is opened and served.

use std::io;
use std::path::PathBuf;

/// Why a simulated estate could not be opened, served or found.
///
/// Each variant names the act that failed; the cause is the source.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// Another process (or another server in this one) serves the estate.
    #[error("this simulated estate is already being served{}", .endpoint.as_deref().map(|at| format!(" at {at}")).unwrap_or_default())]
    AlreadyServed {
        /// Where it is served, such as `http://127.0.0.1:40123`; absent while that server is still starting.
        endpoint: Option<String>,
    },
    /// The lock file beside the world file cannot be opened or locked.
    #[error("cannot take the lock {}", .path.display())]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The world file cannot be opened, created or read.
    #[error("cannot open the simulated estate {}", .path.display())]
    Open {
        /// The world file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The file is something else.
    #[error("{} is not a simulated estate; it was left untouched", .path.display())]
    NotOurs {
        /// The file that was found.
        path: PathBuf,
    },
    /// The file was written by a newer program.
    #[error("{} has format {found}, and this program knows formats up to {known}; use the newer program", .path.display())]
    Newer {
        /// The world file.
        path: PathBuf,
        /// The format that the file says it has.
        found: u32,
        /// The newest format that this program reads.
        known: u32,
    },
    /// A whole line of the file cannot be read; a torn last line is not an error.
    #[error("line {line} of {} cannot be read; the simulated estate is damaged, remove the file to begin a new one", .path.display())]
    Damaged {
        /// The world file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What the parser said.
        #[source]
        source: serde_json::Error,
    },
    /// A change could not be written, so it was neither applied nor answered.
    #[error("cannot write to the simulated estate {}", .path.display())]
    Append {
        /// The world file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// No port could be had on the loopback address.
    #[error("cannot listen on 127.0.0.1:{port}")]
    Listen {
        /// The port that was asked for; 0 stands for any.
        port: u16,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The file that tells others where the estate is served cannot be written or read.
    #[error("cannot keep the endpoint file {}", .path.display())]
    Endpoint {
        /// The endpoint file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// No certificate could be made for the simulated database servers.
    #[error("cannot make a certificate")]
    Certificate {
        /// What the library said.
        #[source]
        source: rcgen::Error,
    },
    /// The certificate that was made cannot be served.
    #[error("cannot serve TLS")]
    Tls {
        /// What the library said.
        #[source]
        source: rustls::Error,
    },
    /// The operating system gave no random bytes.
    #[error("cannot get random bytes")]
    Randomness {
        /// What the operating system said.
        #[source]
        source: getrandom::Error,
    },
}
