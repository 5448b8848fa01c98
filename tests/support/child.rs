use std::io::{Read, Write};
use std::os::unix::process::CommandExt as _;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal};

use super::callout::Callout;
use super::home::Home;
use super::process::{End, Process};
use super::watched::Watched;

/// Longer than any run may take, so that a program that hangs fails its test and not the whole suite.
const RUN_LIMIT: Duration = Duration::from_mins(4);
/// How long a line that is waited for may take.
const LINE_LIMIT: Duration = Duration::from_secs(20);

/// The program while it runs, on pipes. It is killed when this is dropped.
pub(crate) struct Child {
    process: Process,
    output: Arc<Watched<Output>>,
    stdin: Option<ChildStdin>,
    _home: Home,
}

#[derive(Default)]
struct Output {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    closed: usize,
}

/// How the program ended, and what it said.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Nothing if a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Child {
    pub(super) fn start(callout: Callout) -> Self {
        let mut child = Command::new(&callout.program)
            .args(&callout.args)
            .env_clear()
            .envs(callout.variables)
            .current_dir(&callout.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let output = Arc::new(Watched::new(Output::default()));
        follow(child.stdout.take().unwrap(), &output, |output| &mut output.stdout);
        follow(child.stderr.take().unwrap(), &output, |output| &mut output.stderr);
        let mut stdin = child.stdin.take();
        if let Some(text) = callout.stdin {
            let mut pipe = stdin.take().unwrap();
            // A program that ends without reading all of it is no error of the test.
            thread::spawn(move || pipe.write_all(text.as_bytes()));
        }
        let process = Process::new(child.id(), move || End { code: child.wait().unwrap().code() });
        Self { process, output, stdin, _home: callout.home }
    }

    /// Writes a line to standard input.
    pub(crate) fn say(&mut self, line: &str) {
        let pipe = self.stdin.as_mut().expect("standard input was given whole, with `stdin`");
        writeln!(pipe, "{line}").unwrap();
    }

    /// Waits until standard output contains `text`, and returns all of it so far.
    pub(crate) fn wait_for(&self, text: &str) -> String {
        let found = self.output.wait(LINE_LIMIT, |output| {
            let stdout = String::from_utf8_lossy(&output.stdout);
            (stdout.contains(text) || output.closed == 2).then(|| stdout.into_owned())
        });
        match found {
            Some(stdout) if stdout.contains(text) => stdout,
            Some(_) => panic!("the program ended without saying {text:?}\n{}", self.said()),
            None => panic!("the program did not say {text:?} in {LINE_LIMIT:?}\n{}", self.said()),
        }
    }

    /// What standard output has said so far.
    pub(crate) fn stdout(&self) -> String {
        self.output.with(|output| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// The number of the process.
    pub(crate) fn pid(&self) -> Pid {
        self.process.pid()
    }

    /// Sends a signal, unless the program has ended.
    pub(crate) fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Ends the program as a crash would, and waits until it is gone. What it started lives on, as it would.
    pub(crate) fn kill9(self) -> Outcome {
        self.signal(Signal::KILL);
        self.wait()
    }

    /// Waits for the end with standard input open, as a program that was left alone.
    #[must_use = "an outcome that nobody looks at proves nothing"]
    pub(crate) fn wait_with_stdin_open(mut self) -> Outcome {
        let stdin = self.stdin.take();
        let outcome = self.wait();
        drop(stdin);
        outcome
    }

    /// Closes standard input and waits for the end.
    #[must_use = "an outcome that nobody looks at proves nothing"]
    pub(crate) fn wait(mut self) -> Outcome {
        drop(self.stdin.take());
        let Some(end) = self.process.wait(RUN_LIMIT) else {
            panic!("the program still runs after {RUN_LIMIT:?}\n{}", self.said());
        };
        // A child of the program may hold the pipes open for longer; what it would say is not waited for.
        self.output.wait(Duration::from_secs(2), |output| (output.closed == 2).then_some(()));
        self.output.with(|output| Outcome {
            code: end.code,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    fn said(&self) -> String {
        self.output
            .with(|output| streams(&String::from_utf8_lossy(&output.stdout), &String::from_utf8_lossy(&output.stderr)))
    }
}

impl Outcome {
    /// Demands exit code 0.
    pub(crate) fn succeeded(self) -> Self {
        self.exits(0)
    }

    /// Demands this exit code.
    pub(crate) fn exits(self, code: i32) -> Self {
        let Self { code: actual, stdout, stderr } = &self;
        assert!(*actual == Some(code), "exit code {code} was expected, not {actual:?}\n{}", streams(stdout, stderr));
        self
    }
}

fn streams(stdout: &str, stderr: &str) -> String {
    format!("--- standard output\n{stdout}\n--- standard error\n{stderr}\n---")
}

fn follow(
    mut pipe: impl Read + Send + 'static,
    output: &Arc<Watched<Output>>,
    stream: impl Fn(&mut Output) -> &mut Vec<u8> + Send + 'static,
) {
    let output = Arc::clone(output);
    thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(length @ 1..) = pipe.read(&mut buffer) {
            output.with(|output| stream(output).extend_from_slice(&buffer[..length]));
        }
        output.with(|output| output.closed += 1);
    });
}

#[test]
fn a_program_that_asks_can_be_answered() {
    let mut child =
        Callout::new().program("sh").args(["-c", "echo ready; read x; echo \"got $x\"; read x; exit 7"]).spawn();
    child.wait_for("ready\n");
    child.say("yes");
    assert_eq!(child.wait_for("got"), "ready\ngot yes\n");
    assert_eq!(child.wait().exits(7).stderr, "");
}

#[test]
fn a_signal_reaches_the_program_and_a_kill_ends_it() {
    let start = || {
        let script = "trap 'echo term; exit 5' TERM; echo ready; while :; do read x || exit 1; done";
        let child = Callout::new().program("sh").args(["-c", script]).spawn();
        child.wait_for("ready");
        child
    };
    let child = start();
    child.signal(Signal::TERM);
    child.wait_for("term");
    child.wait().exits(5);
    assert_eq!(start().kill9().code, None);
}

#[test]
fn a_program_that_is_let_go_does_not_live_on() {
    let home = Home::new();
    let child = home.callout(["-c", "echo $$; read x"]).program("sh").spawn();
    let pid: u32 = child.wait_for("\n").trim().parse().unwrap();
    drop(child);
    let alive = home.callout(["-c", &format!("kill -0 {pid}")]).program("sh").run();
    assert_ne!(alive.code, Some(0), "the process {pid} is still there");
}
