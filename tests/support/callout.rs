use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use super::child::{Child, Outcome};
use super::home::Home;
use super::screen::Screen;

/// The real program, about to be started.
pub(crate) struct Callout {
    pub(super) home: Home,
    pub(super) program: OsString,
    pub(super) args: Vec<OsString>,
    pub(super) variables: Vec<(OsString, OsString)>,
    pub(super) stdin: Option<String>,
    pub(super) folder: PathBuf,
}

impl Callout {
    /// The program in a home of its own, which is gone when the program is.
    pub(crate) fn new() -> Self {
        Self::at(Home::new())
    }

    /// The program in a home that outlives it.
    pub(crate) fn at(home: Home) -> Self {
        let (variables, folder) = (home.variables(), home.desk());
        let program = env!("CARGO_BIN_EXE_callout").into();
        Self { home, program, args: Vec::new(), variables, stdin: None, folder }
    }

    /// Another program in place of Callout, in the same surroundings.
    pub(crate) fn program(mut self, program: &str) -> Self {
        self.program = program.into();
        self
    }

    pub(crate) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets a variable; beside these there are only those of [`Home`].
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.variables.push((name.into(), value.as_ref().to_owned()));
        self
    }

    /// What stands on standard input, to its end.
    pub(crate) fn stdin(mut self, text: &str) -> Self {
        self.stdin = Some(text.to_owned());
        self
    }

    /// The folder to start in, in place of the home's desk.
    pub(crate) fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = folder.into();
        self
    }

    /// Runs the program to its end. Standard input is empty unless it was given.
    #[must_use = "an outcome that nobody looks at proves nothing"]
    pub(crate) fn run(mut self) -> Outcome {
        self.stdin.get_or_insert_default();
        self.spawn().wait()
    }

    /// Starts the program with pipes. Standard input stays open unless it was given.
    pub(crate) fn spawn(self) -> Child {
        Child::start(self)
    }

    /// Starts the program in a terminal.
    pub(crate) fn screen(self, cols: u16, rows: u16) -> Screen {
        Screen::open(self, cols, rows)
    }
}

#[test]
fn a_program_sees_its_home_and_nothing_else() {
    let home = Home::new();
    let outcome = Callout::at(home.clone()).program("env").env("CALLOUT_X", "1").run().succeeded();
    let mut names: Vec<&str> = outcome.stdout.lines().filter_map(|line| line.split('=').next()).collect();
    names.sort_unstable();
    assert_eq!(names, {
        [
            "CALLOUT_X",
            "HOME",
            "LANG",
            "PATH",
            "TERM",
            "TMPDIR",
            "TZ",
            "XDG_CACHE_HOME",
            "XDG_CONFIG_HOME",
            "XDG_DATA_HOME",
            "XDG_STATE_HOME",
        ]
    });
    assert!(outcome.stdout.contains(&format!("XDG_DATA_HOME={}\n", home.path("data").display())), "{}", outcome.stdout);
}

#[test]
fn input_arguments_and_folder_reach_the_program() {
    let home = Home::new();
    let script = "pwd; echo \"$1\"; cat; echo trouble >&2; exit 3";
    let outcome = home.callout(["-c", script, "sh"]).args([home.store()]).program("sh").stdin("a\nb\n").run().exits(3);
    assert_eq!(outcome.stdout, format!("{}\n{}\na\nb\n", home.desk().display(), home.store().display()));
    assert_eq!(outcome.stderr, "trouble\n");
    Callout::new().program("sh").args(["-c", "test \"$PWD\" = /"]).folder("/").run().succeeded();
}

#[test]
fn a_wrong_exit_code_shows_both_streams() {
    let outcome = Callout::new().program("sh").args(["-c", "echo seen; echo heard >&2; exit 1"]).run();
    let panic = std::panic::catch_unwind(|| outcome.succeeded()).expect_err("exit code 1 is no success");
    let text = panic.downcast_ref::<String>().expect("a panic with values has a text");
    assert!(text.contains("seen") && text.contains("heard") && text.contains("Some(1)"), "{text}");
}
