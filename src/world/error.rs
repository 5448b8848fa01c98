use std::path::PathBuf;

use thiserror::Error;

/// Why a part of the world cannot be opened or read. Texts have passed redaction.
#[derive(Debug, Error)]
pub enum WorldError {
    /// A simulated estate is only ever served on this machine.
    #[error("`{0}` is not an address of the form http://127.0.0.1:PORT")]
    Endpoint(String),
    /// A live part and a simulated one were put together.
    #[error("the simulated sign-in and the simulated estate belong together, and neither goes with a live one")]
    Paired,
    /// The HTTP client could not be made.
    #[error("cannot make an HTTP client")]
    Client(#[source] reqwest::Error),
    /// No token could be had; the sentence says what to do.
    #[error("cannot sign in: {0}")]
    SignIn(String),
    /// The simulator did not answer, or not in its own words.
    #[error("the simulated estate at {endpoint} does not answer: {why}")]
    Simulator {
        /// Where it was asked.
        endpoint: String,
        /// What happened instead.
        why: String,
    },
    /// The simulator answered that it does not do what it was asked for.
    #[error("the simulated estate refuses (status {status}): {message}")]
    Refused {
        /// The HTTP status, 400 to 599.
        status: u16,
        /// The simulator's own sentence.
        message: String,
    },
    /// The operating system gives no random bytes.
    #[error("cannot draw random bytes")]
    Entropy(#[source] getrandom::Error),
    /// A repository is there but cannot be read.
    #[error("cannot read the git repository around {path}")]
    Git {
        /// The file whose revision was asked for.
        path: PathBuf,
        /// What git says.
        #[source]
        source: git2::Error,
    },
    /// What was said to be a revision is none, or more than one.
    #[error("git knows no commit by the name `{revision}`")]
    NoRevision {
        /// What was said.
        revision: String,
        /// What git says.
        #[source]
        source: git2::Error,
    },
    /// A commit does not have a file, or not as one that can be read.
    #[error("`{file}` {why} {commit}")]
    NoFile {
        /// The file, from the top of the work tree.
        file: PathBuf,
        /// The beginning of the commit's id.
        commit: String,
        /// Why not, to stand between the two: `is not in`.
        why: String,
    },
    /// The user's git configuration cannot be read.
    #[error("cannot read the user's git configuration")]
    GitConfiguration(#[source] git2::Error),
    /// The user's git configuration names the allowed signers by a path that depends on the current folder.
    #[error(
        "`gpg.ssh.allowedSignersFile` is the relative path `{0}`, which would be a file of the folder one happens to be in"
    )]
    RelativeSigners(PathBuf),
    /// An allowed-signers file cannot be read.
    #[error("cannot read the allowed signers in `{path}`")]
    Signers {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The list of trusted libraries cannot be read.
    #[error("cannot read the list of trusted libraries {path}")]
    ReadTrust {
        /// The list.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The list of trusted libraries cannot be written.
    #[error("cannot write the list of trusted libraries {path}")]
    WriteTrust {
        /// The list.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The list of trusted libraries could have been written by somebody else.
    #[error("the list of trusted libraries {0} is not this user's alone, so it is not believed")]
    ForeignTrust(PathBuf),
}

/// A whole error as one line: each text of the chain that adds something, joined by colons.
pub(super) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        if !texts.last().is_some_and(|last| last.contains(&text)) {
            texts.push(text);
        }
        next = error.source();
    }
    texts.join(": ")
}

/// The innermost text of a chain: what happened, without who noticed.
pub(super) fn root(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
