use super::{Args, RenderError};

/// Gives the commands with which a person does by hand what a row does, for the day on which the program cannot.
///
/// The arguments may hold stand-ins for what is not known yet, so nothing may be derived from a text but by taking it
/// whole.
///
/// # Errors
/// As the row's `render`.
pub type ByHand = fn(&Args) -> Result<Script, RenderError>;

/// Commands for a POSIX shell with Azure's command line, `az`, and what a good answer looks like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// What comes first, a line each. Where there is such a line, all lines belong into one subshell.
    pub before: Vec<Line>,
    /// The command that does it. What it prints is its answer.
    pub command: Line,
    /// For a check: what the answer must say to pass, as a sentence.
    pub good: Option<String>,
}

/// A line of shell in pieces.
pub type Line = Vec<Piece>;

/// A piece of a line: what is foreign is never shell, by type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Shell as it stands, blanks included.
    Shell(&'static str),
    /// A text, which whoever writes the line quotes whole.
    Text(String),
}

/// How an output is read from the answer of a row's command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// A `JMESPath` query of the answer, for `--query`; it must give text.
    Query(&'static str),
    /// A query that gives addresses, one or a list; the output is what stands behind the last slash of each.
    LastSegment(&'static str),
    /// The command prints an address, and nothing else; the output is what stands behind its last slash.
    Printed,
}

impl Script {
    /// A command alone.
    pub const fn of(command: Line) -> Self {
        Self { before: Vec::new(), command, good: None }
    }

    /// The same with what a good answer says.
    #[must_use]
    pub fn good(mut self, good: impl Into<String>) -> Self {
        self.good = Some(good.into());
        self
    }
}

/// A line of shell and texts in turns, shell first.
pub(super) fn line<const N: usize>(pieces: [(&'static str, &str); N]) -> Line {
    let piece = |(shell, text): (&'static str, &str)| [Piece::Shell(shell), Piece::Text(text.to_owned())];
    pieces.into_iter().flat_map(piece).collect()
}
