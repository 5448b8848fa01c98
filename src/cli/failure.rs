use std::error::Error;
use std::fmt::Write as _;
use std::io;

use super::text::body;

/// How the program ends: the one table of exit codes. Scripts and checks call the program by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It succeeded, or there was nothing to do.
    Success,
    /// It failed, something was found, or a verification was refused.
    Failed,
    /// The command line is wrong, or what it names is not found or cannot be read.
    Usage,
    /// A run is paused: it waits for a person or a time.
    Paused,
    /// An effect was sent and its outcome is not known.
    InDoubt,
    /// A run was aborted or rolled back.
    Aborted,
    /// A policy refuses it.
    Refused,
    /// The program's own fault (`EX_SOFTWARE` of sysexits).
    Internal,
    /// What an ad-hoc command ended with, passed on.
    Command(u8),
}

impl Exit {
    /// The number.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Paused => 3,
            Self::InDoubt => 4,
            Self::Aborted => 5,
            Self::Refused => 6,
            Self::Internal => 70,
            Self::Command(code) => code,
        }
    }
}

/// What a person is told when a command cannot do its work. The rooms below know nothing of exit codes and hints; both
/// are attached here, at the border.
#[derive(Debug)]
pub(crate) struct Failure {
    /// How the program ends.
    pub(crate) exit: Exit,
    /// What is shown above everything else, such as findings with their lines and carets; empty, or ends with a newline.
    pub(crate) shown: String,
    /// What is wrong, as a lower-case sentence without its full stop. Empty: nobody is left who would read it.
    pub(crate) what: String,
    /// Why, the nearest cause first.
    pub(crate) causes: Vec<String>,
    /// What to do about it.
    pub(crate) hint: Option<String>,
}

impl Failure {
    /// A failure without causes or hint.
    pub(crate) fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self { exit, shown: String::new(), what: what.into(), causes: Vec::new(), hint: None }
    }

    /// The command line is wrong, or what it names is not found or cannot be read.
    pub(crate) fn usage(what: impl Into<String>) -> Self {
        Self::new(Exit::Usage, what)
    }

    /// The failure that an error is: its sentence, and its sources as causes.
    pub(crate) fn of(exit: Exit, error: &dyn Error) -> Self {
        let mut failure = Self::new(exit, error.to_string());
        failure.causes = sources(error);
        failure
    }

    /// The same, because of an error and its sources.
    #[must_use]
    pub(crate) fn because(mut self, error: &dyn Error) -> Self {
        self.causes.push(error.to_string());
        self.causes.extend(sources(error));
        self
    }

    /// The same below what is to be shown first.
    #[must_use]
    pub(crate) fn below(mut self, shown: impl Into<String>) -> Self {
        self.shown = shown.into();
        self
    }

    /// The same, saying what to do about it.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with a hint, if there is one.
    #[must_use]
    pub(crate) fn maybe_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint.or(self.hint);
        self
    }

    /// The lines for standard error.
    pub(crate) fn text(&self) -> String {
        let mut text = self.shown.clone();
        if self.what.is_empty() {
            return text;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        // Writing to a String cannot fail.
        let _ = writeln!(text, "error: {}", body(&self.what, 7));
        for cause in &self.causes {
            let _ = writeln!(text, "  because: {}", body(cause, 11));
        }
        if let Some(hint) = &self.hint {
            let _ = writeln!(text, "hint: {}", body(hint, 6));
        }
        text
    }
}

impl From<io::Error> for Failure {
    /// An error of standard output, the only stream whose errors travel by `?`.
    ///
    /// A reader that went away (`callout list | head -1`) has what it wanted: that is no failure and needs no words.
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::new(Exit::Success, "");
        }
        Self::new(Exit::Failed, "standard output cannot be written").because(&error)
    }
}

fn sources(error: &dyn Error) -> Vec<String> {
    let mut sources = Vec::new();
    let mut next = error.source();
    while let Some(source) = next {
        sources.push(source.to_string());
        next = source.source();
    }
    sources
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_that_scripts_rely_on() {
        let all = [
            Exit::Success,
            Exit::Failed,
            Exit::Usage,
            Exit::Paused,
            Exit::InDoubt,
            Exit::Aborted,
            Exit::Refused,
            Exit::Internal,
        ];
        assert_eq!(all.map(Exit::code), [0, 1, 2, 3, 4, 5, 6, 70]);
    }

    #[test]
    fn a_failure_says_what_why_and_what_to_do() {
        let cause = io::Error::new(io::ErrorKind::PermissionDenied, "permission denied");
        let failure = Failure::usage("the file `x` cannot be read").because(&cause).hint("look at its mode");
        assert_eq!(
            failure.text(),
            "error: the file `x` cannot be read\n  because: permission denied\nhint: look at its mode\n"
        );
    }

    #[test]
    fn what_was_typed_or_read_cannot_drive_the_terminal() {
        assert_eq!(Failure::usage("no `\u{1b}[2J`").text(), "error: no `\u{fffd}[2J`\n");
    }

    #[test]
    fn a_reader_that_went_away_is_no_failure() {
        let failure = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!((failure.exit, failure.text().as_str()), (Exit::Success, ""));
    }
}
