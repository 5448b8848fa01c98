use std::ffi::OsStr;
use std::io::{Read as _, Write};
use std::num::NonZeroU16;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::Signal;
use vt100::{Cell, Color, Parser};

use super::callout::Callout;
use super::home::Home;
use super::process::{End, Process};
use super::watched::Watched;

/// How long something may take to appear.
const LIMIT: Duration = Duration::from_secs(20);

/// The program in a terminal, as a person has it before them. It is killed when this is dropped.
pub(crate) struct Screen {
    process: Process,
    terminal: Arc<Watched<Terminal>>,
    keyboard: Box<dyn Write + Send>,
    pty: Box<dyn MasterPty + Send>,
    /// The terminal's own modes (echo, lines, signals) before the program was started.
    modes: String,
    _home: Home,
}

struct Terminal {
    parser: Parser,
    closed: bool,
}

impl Screen {
    /// Starts Callout with `args` in a home of its own.
    pub(crate) fn start<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>, cols: u16, rows: u16) -> Self {
        Self::open(Callout::new().args(args), cols, rows)
    }

    /// Starts another program in the same surroundings.
    pub(crate) fn start_program<A: AsRef<OsStr>>(
        program: &str,
        args: impl IntoIterator<Item = A>,
        cols: u16,
        rows: u16,
    ) -> Self {
        Self::open(Callout::new().program(program).args(args), cols, rows)
    }

    pub(super) fn open(callout: Callout, cols: u16, rows: u16) -> Self {
        assert!(callout.stdin.is_none(), "a terminal has a keyboard; use `press` and `write`");
        let pair = native_pty_system().openpty(size(cols, rows)).unwrap();
        let modes = modes(&*pair.master);
        let mut command = CommandBuilder::new(&callout.program);
        command.args(&callout.args);
        command.env_clear();
        for (name, value) in &callout.variables {
            command.env(name, value);
        }
        command.cwd(&callout.folder);
        let mut child = pair.slave.spawn_command(command).unwrap();
        let pid = child.process_id().unwrap();
        let process = Process::new(pid, move || {
            let status = child.wait().unwrap();
            End { code: status.signal().is_none().then(|| status.exit_code().try_into().unwrap()) }
        });

        let parser = Parser::new(NonZeroU16::new(rows).unwrap(), NonZeroU16::new(cols).unwrap(), 0);
        let terminal = Arc::new(Watched::new(Terminal { parser, closed: false }));
        let shown = Arc::clone(&terminal);
        let mut output = pair.master.try_clone_reader().unwrap();
        thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(length @ 1..) = output.read(&mut buffer) {
                shown.with(|terminal| terminal.parser.process(&buffer[..length]));
            }
            shown.with(|terminal| terminal.closed = true);
        });
        let keyboard = pair.master.take_writer().unwrap();
        Self { process, terminal, keyboard, pty: pair.master, modes, _home: callout.home }
    }

    /// Waits until `text` stands on the screen, and returns the whole screen at that moment.
    pub(crate) fn wait_for(&self, text: &str) -> String {
        self.wait_until(&format!("{text:?} on the screen"), |contents| contents.contains(text))
    }

    /// Waits until the screen is as `is_so` wants it; `what` names that in the panic. Returns the screen.
    pub(crate) fn wait_until(&self, what: &str, mut is_so: impl FnMut(&str) -> bool) -> String {
        let mut ended = false;
        let found = self.terminal.wait(LIMIT, |terminal| {
            let contents = contents(&terminal.parser);
            let fits = is_so(&contents);
            ended = terminal.closed && !fits;
            (fits || ended).then_some(contents)
        });
        match found {
            Some(contents) if !ended => contents,
            _ if ended => panic!("the program ended before there was {what}\n{}", self.contents_with_style()),
            _ => panic!("after {LIMIT:?} there is not {what}\n{}", self.contents_with_style()),
        }
    }

    /// Presses one key: a character, or a name such as `Enter`, `Esc`, `Up`, `PageDown`, `F1`, `Ctrl-C`, `Alt-x`.
    pub(crate) fn press(&mut self, key: &str) {
        let bytes = key_bytes(key);
        self.send(&bytes);
    }

    /// Types a text, character by character.
    pub(crate) fn write(&mut self, text: &str) {
        for key in text.chars() {
            self.send(key.to_string().as_bytes());
        }
    }

    /// The screen as text, one line per row. Blanks at the end of a row and blank rows at the end are left out.
    pub(crate) fn contents(&self) -> String {
        self.terminal.with(|terminal| contents(&terminal.parser))
    }

    /// The screen with each stretch of other than plain text as `‹style›text‹›`; a colour is its number or `#rrggbb`.
    pub(crate) fn contents_with_style(&self) -> String {
        self.terminal.with(|terminal| contents_with_style(&terminal.parser))
    }

    /// Whether the terminal is as it was before: the usual screen, with a cursor, pastes as they come, no mouse, and the
    /// modes of the line that it had.
    pub(crate) fn is_given_back(&self) -> bool {
        let shows = self.terminal.with(|terminal| {
            let screen = terminal.parser.screen();
            let mouse = screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None;
            !screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste() && !mouse
        });
        shows && modes(&*self.pty) == self.modes
    }

    /// Gives the terminal another size.
    pub(crate) fn resize(&self, cols: u16, rows: u16) {
        // The parser first: what the program draws upon the signal is already meant for the new size.
        self.terminal.with(|terminal| {
            terminal.parser.set_size(NonZeroU16::new(rows).unwrap(), NonZeroU16::new(cols).unwrap());
        });
        self.pty.resize(size(cols, rows)).unwrap();
    }

    /// Sends a signal, unless the program has ended.
    pub(crate) fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Waits for the end; no code if a signal ended the program. The screen can still be looked at.
    #[must_use = "an exit code that nobody looks at proves nothing"]
    pub(crate) fn exit_code(&self) -> Option<i32> {
        let Some(end) = self.process.wait(LIMIT) else {
            panic!("the program still runs after {LIMIT:?}\n{}", self.contents_with_style());
        };
        // What was written last may still be on its way through the terminal.
        self.terminal.wait(Duration::from_secs(2), |terminal| terminal.closed.then_some(()));
        end.code
    }

    fn send(&mut self, bytes: &[u8]) {
        self.keyboard.write_all(bytes).unwrap();
        self.keyboard.flush().unwrap();
    }
}

fn size(cols: u16, rows: u16) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

/// The modes of a terminal's line, as text: their type is of a crate that the tests do not know.
fn modes(pty: &dyn MasterPty) -> String {
    format!("{:?}", pty.get_termios().expect("a terminal has modes (termios(3))"))
}

/// The bytes that xterm sends for a key.
fn key_bytes(key: &str) -> Vec<u8> {
    let text = match key {
        "Enter" => "\r",
        "Esc" => "\x1b",
        "Tab" => "\t",
        "BackTab" => "\x1b[Z",
        "Backspace" => "\x7f",
        "Space" => " ",
        "Up" => "\x1b[A",
        "Down" => "\x1b[B",
        "Right" => "\x1b[C",
        "Left" => "\x1b[D",
        "Home" => "\x1b[H",
        "End" => "\x1b[F",
        "Delete" => "\x1b[3~",
        "PageUp" => "\x1b[5~",
        "PageDown" => "\x1b[6~",
        "F1" => "\x1bOP",
        "F2" => "\x1bOQ",
        "F3" => "\x1bOR",
        "F4" => "\x1bOS",
        _ => {
            let (modifier, name) = key.rsplit_once('-').filter(|(_, name)| !name.is_empty()).unwrap_or(("", key));
            assert_eq!(name.chars().count(), 1, "{key:?} is no key; use `write` for a text");
            return match modifier {
                "" => name.as_bytes().to_vec(),
                "Ctrl" => vec![name.as_bytes()[0].to_ascii_uppercase() & 0x1f],
                "Alt" => [b"\x1b", name.as_bytes()].concat(),
                _ => panic!("{key:?} is no key; there are Ctrl and Alt"),
            };
        }
    };
    text.as_bytes().to_vec()
}

fn contents(parser: &Parser) -> String {
    let (_, cols) = parser.screen().size();
    joined(parser.screen().rows(0, cols.get()))
}

fn joined(rows: impl Iterator<Item = String>) -> String {
    let rows: Vec<String> = rows.map(|row| row.trim_end().to_owned()).collect();
    rows.join("\n").trim_end_matches('\n').to_owned()
}

fn contents_with_style(parser: &Parser) -> String {
    let (rows, cols) = parser.screen().size();
    joined((0..rows.get()).map(|row| {
        let mut line = String::new();
        let mut style = String::new();
        for cell in (0..cols.get()).filter_map(|col| parser.screen().cell(row, col)) {
            if cell.is_wide_continuation() {
                continue;
            }
            let next = style_of(cell);
            if next != style {
                line.extend(["‹", &next, "›"]);
                style = next;
            }
            line.push_str(if cell.has_contents() { cell.contents() } else { " " });
        }
        if !style.is_empty() {
            line.push_str("‹›");
        }
        line
    }))
}

fn style_of(cell: &Cell) -> String {
    let colour = |name: &str, colour| match colour {
        Color::Default => None,
        Color::Idx(number) => Some(format!("{name}{number}")),
        Color::Rgb(red, green, blue) => Some(format!("{name}#{red:02x}{green:02x}{blue:02x}")),
    };
    let flags = [
        (cell.bold(), "bold"),
        (cell.dim(), "dim"),
        (cell.italic(), "italic"),
        (cell.underline(), "underline"),
        (cell.inverse(), "inverse"),
    ];
    let words = flags.into_iter().filter(|(is_set, _)| *is_set).map(|(_, word)| word.to_owned());
    let colours = [colour("", cell.fgcolor()), colour("on ", cell.bgcolor())];
    colours.into_iter().flatten().chain(words).collect::<Vec<_>>().join(" ")
}

#[test]
fn callout_ends_in_a_terminal() {
    assert!(Screen::start(["--version"], 80, 24).exit_code().is_some(), "a signal ended it");
}

#[test]
fn keys_reach_the_program_and_its_answer_is_seen() {
    let mut screen =
        Screen::start_program("sh", ["-c", "stty -echo; echo ready; read x; echo \"<$x>\"; exit 4"], 20, 3);
    screen.wait_for("ready");
    screen.write("naïv");
    screen.press("e");
    screen.press("Enter");
    screen.wait_for("<naïve>");
    assert_eq!(screen.exit_code(), Some(4));
    assert_eq!(screen.contents(), "ready\n<naïve>");
}

#[test]
fn an_interrupt_from_the_keyboard_or_from_outside_ends_it() {
    let start = || {
        let screen = Screen::start_program("sh", ["-c", "echo ready; read x"], 20, 3);
        screen.wait_for("ready");
        screen
    };
    let mut screen = start();
    screen.press("Ctrl-C");
    assert_eq!(screen.exit_code(), None);
    let screen = start();
    screen.signal(Signal::TERM);
    assert_eq!(screen.exit_code(), None);
}

#[test]
fn a_new_size_reaches_the_program() {
    let script = "trap 'stty size' WINCH; stty size; while :; do read x; done";
    let screen = Screen::start_program("sh", ["-c", script], 80, 24);
    screen.wait_for("24 80");
    screen.resize(200, 50);
    screen.wait_for("50 200");
}

#[test]
fn style_is_told_beside_the_text() {
    let script = "printf 'a \\033[1;31mred\\033[m b\\n\\033[7m>\\033[48;2;1;2;255m<\\033[m'";
    let screen = Screen::start_program("sh", ["-c", script], 12, 4);
    screen.wait_until("both lines", |contents| contents.contains("><"));
    assert_eq!(screen.contents_with_style(), "a ‹1 bold›red‹› b\n‹inverse›>‹on #0102ff inverse›<‹›");
}

#[test]
fn what_never_appears_ends_with_the_program() {
    let screen = Home::new().callout(["-c", "echo something else"]).program("sh").screen(40, 4);
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| screen.wait_for("this"))).unwrap_err();
    let text = panic.downcast_ref::<String>().expect("a panic with values has a text");
    assert!(text.contains("something else"), "{text}");
}

#[test]
fn a_key_is_named_or_a_character() {
    assert_eq!(["Enter", "Up", "x", "-", "Ctrl-C", "Alt-x"].map(key_bytes), {
        [&b"\r"[..], b"\x1b[A", b"x", b"-", b"\x03", b"\x1bx"]
    });
    assert!(std::panic::catch_unwind(|| key_bytes("Entr")).is_err());
}
