use std::io::{self, Read, Write};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use super::Redactor;
use crate::base::Span;

/// How much of what a command says is kept.
const MOST: usize = 256 << 10;

/// What is read beyond that, so that a secret at the cut is known for one.
const MARGIN: usize = 4 << 10;

/// Where a command speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attached {
    /// Where this program does, and what it says is kept.
    Captured,
    /// At the terminal itself, as an editor must; nothing of it is kept.
    Terminal,
    /// Nowhere: a screen stands on the terminal. What it says is kept, and it hears nothing.
    Hidden,
}

/// A command that was performed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Performed {
    /// The command, word by word, redacted.
    pub command: Vec<String>,
    /// Its exit code; none if a signal ended it.
    pub exit: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// How long it took, by the host's clock.
    pub took: Span,
    /// What it said on both of its outputs, in the order in which it came, redacted; at most 256 KiB.
    pub output: String,
}

/// Performs a command of a person's own, as that person's shell would: in the current folder, with this process's
/// environment and standard input. What it says is shown while it comes. A hidden one has no input and is not shown.
/// Blocks until it has ended and closed its outputs.
///
/// # Errors
/// It cannot be started; then nothing was done.
pub fn perform(words: &[String], attached: Attached, redactor: &Redactor) -> io::Result<Performed> {
    let Some((program, args)) = words.split_first() else { return Err(io::ErrorKind::InvalidInput.into()) };
    #[expect(clippy::disallowed_methods, reason = "this is the one place in which a person's own command is started")]
    let mut command = Command::new(program);
    command.args(args);
    if attached != Attached::Terminal {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
    }
    if attached == Attached::Hidden {
        command.stdin(Stdio::null());
    }
    let began = Instant::now();
    let mut child = command.spawn()?;
    let heard = Mutex::new(Heard::default());
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let status = thread::scope(|scope| -> io::Result<ExitStatus> {
        let shows = attached == Attached::Captured;
        if let Some(stdout) = stdout {
            let heard = &heard;
            scope
                .spawn(move || if shows { heed(stdout, io::stdout(), heard) } else { heed(stdout, io::sink(), heard) });
        }
        if let Some(stderr) = stderr {
            let heard = &heard;
            scope
                .spawn(move || if shows { heed(stderr, io::stderr(), heard) } else { heed(stderr, io::sink(), heard) });
        }
        child.wait()
    })?;
    let heard = heard.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Performed {
        command: redactor.redact_words(words),
        exit: status.code(),
        signal: status.signal(),
        took: Span::from_microseconds(i64::try_from(began.elapsed().as_micros()).unwrap_or(i64::MAX)),
        output: heard.text(redactor),
    })
}

/// What a command has said so far.
#[derive(Default)]
struct Heard {
    kept: Vec<u8>,
    all: usize,
}

impl Heard {
    fn take(&mut self, bytes: &[u8]) {
        let room = (MOST + MARGIN).saturating_sub(self.kept.len());
        self.kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.all += bytes.len();
    }

    fn text(&self, redactor: &Redactor) -> String {
        let mut text = redactor.redact(&String::from_utf8_lossy(&self.kept));
        if text.len() > MOST {
            text.truncate(text.floor_char_boundary(MOST));
            text.push_str(&format!("\n(cut here: it said {} bytes)", self.all));
        }
        text
    }
}

/// Passes on what a command says, and keeps it. A reader that has gone away does not stop the command.
fn heed(mut from: impl Read, mut to: impl Write, heard: &Mutex<Heard>) {
    let mut bytes = [0; 8 << 10];
    loop {
        match from.read(&mut bytes) {
            Ok(0) => return,
            Ok(count) => {
                heard.lock().unwrap_or_else(PoisonError::into_inner).take(&bytes[..count]);
                let _ = to.write_all(&bytes[..count]).and_then(|()| to.flush());
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, redactor: &Redactor) -> Performed {
        let words = ["sh", "-c", script].map(str::to_owned);
        perform(&words, Attached::Hidden, redactor).unwrap()
    }

    #[test]
    fn what_a_command_says_is_kept_without_secrets_and_its_code_is_told() {
        let redactor = Redactor::new();
        redactor.learn("hunter2hunter2");
        let done = shell("echo hunter2hunter2; echo trouble >&2; exit 3", &redactor);
        assert_eq!((done.exit, done.signal), (Some(3), None));
        assert!(done.output.contains("trouble") && !done.output.contains("hunter2"), "{}", done.output);
        assert!(!done.command.concat().contains("hunter2"), "{:?}", done.command);
    }

    #[test]
    fn a_hidden_command_hears_nothing_and_what_it_says_is_kept() {
        let words = ["sh", "-c", "cat; echo done"].map(str::to_owned);
        assert_eq!(perform(&words, Attached::Hidden, &Redactor::new()).unwrap().output, "done\n");
    }

    #[test]
    fn more_than_is_kept_is_cut_and_a_secret_at_the_cut_does_not_show_by_half() {
        let redactor = Redactor::new();
        redactor.learn("hunter2hunter2");
        let done = shell(&format!("head -c {} /dev/zero | tr '\\0' a; echo hunter2hunter2", MOST - 7), &redactor);
        assert!(done.output.len() < MOST + 100 && done.output.contains("(cut here: it said "), "{}", done.output.len());
        assert!(!done.output.contains("hunter"), "a part of it is there");
    }

    #[test]
    fn a_signal_is_told_apart_from_a_code_and_a_command_that_is_not_there_from_one_that_failed() {
        assert_eq!(shell("kill -TERM $$", &Redactor::new()).signal, Some(15));
        assert!(perform(&["no-such-command".to_owned()], Attached::Captured, &Redactor::new()).is_err());
    }
}
