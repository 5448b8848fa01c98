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
