//! A panic while the screen is up: the terminal is given back first, and then it is told, where a person can read it.
//!
//! The program has no key that makes it panic, and shall have none. So each test starts its own binary anew in a terminal;
//! there the test finds a word in its environment, opens the real screen, and panics under it.

use std::env;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use callout::engine::Handle;
use callout::tui::{self, Setting};
use tokio::sync::{mpsc, watch};

use crate::screens::boards;
use crate::support::{Home, Screen};

/// Set in the process that is to panic: the socket at which that process is told when.
const TOLD_AT: &str = "CALLOUT_TEST_PANICS_WHEN_TOLD_AT";

/// Starts this binary anew, with nothing but the test of that name, in a terminal.
fn again(home: &Home, test: &str) -> Screen {
    let program = env::current_exe().unwrap();
    let words = ["--exact", test, "--nocapture", "--test-threads", "1"];
    let again = home.callout(words).program(program.to_str().unwrap()).env(TOLD_AT, home.path("told"));
    again.screen(120, 36)
}

/// Looks at a screen that stands, tells its process to panic, and sees what a person sees after that.
fn panics_and_is_given_back(home: &Home, screen: &Screen, text: &str) -> String {
    screen.wait_for("key-rotation");
    assert!(!screen.is_given_back(), "it is a screen meanwhile");
    UnixStream::connect(home.path("told")).unwrap();
    let seen = screen.wait_for(text);
    assert!(screen.is_given_back(), "{}", screen.contents_with_style());
    seen
}

/// A screen from which no command is run.
fn no_command(_: Vec<String>) -> std::future::Ready<Option<String>> {
    std::future::ready(None)
}

#[test]
fn a_panic_of_the_screen_itself_is_told_after_the_terminal_was_given_back() {
    if let Some(socket) = env::var_os(TOLD_AT) {
        return screen_that_panics(Path::new(&socket));
    }
    let home = Home::new();
    let screen = again(&home, "panic::a_panic_of_the_screen_itself_is_told_after_the_terminal_was_given_back");
    panics_and_is_given_back(&home, &screen, "under the screen");
    assert_eq!(screen.exit_code(), Some(101), "the panic went on, and the test that panicked failed");
    assert!(screen.is_given_back(), "{}", screen.contents_with_style());
    assert!(screen.contents().contains("under the screen"), "{}", screen.contents());
}

/// The real screen before an engine that says nothing, and a panic on its own thread.
fn screen_that_panics(socket: &Path) {
    let told = UnixListener::bind(socket).unwrap();
    told.set_nonblocking(true).unwrap();
    let (asks, _inbox) = mpsc::unbounded_channel();
    let (_board, boards) = watch::channel(Arc::new(boards::running()));
    let (_remark, remarks) = watch::channel(None);
    let handle = Handle::new(asks, boards, remarks);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let told = tokio::net::UnixListener::from_std(told).unwrap();
        let panics = async {
            let never = told.accept().await.is_err();
            assert!(never, "under the screen");
        };
        // Both are polled by this one thread, so the panic finds the screen up and unwinds through it.
        let _ =
            tokio::join!(tui::run(handle, Setting { colour: false, unicode: true, banner: None }, no_command), panics);
    });
}

#[test]
fn a_picture_that_is_being_drawn_does_not_follow_the_terminal_that_was_given_back() {
    if let Some(socket) = env::var_os(TOLD_AT) {
        return screen_that_draws_on(Path::new(&socket));
    }
    // The panic falls between two pictures as often as into one.
    for _ in 0..16 {
        let home = Home::new();
        let name = "a_picture_that_is_being_drawn_does_not_follow_the_terminal_that_was_given_back";
        let mut screen = again(&home, &format!("panic::{name}"));
        panics_and_is_given_back(&home, &screen, "between two strokes");
        screen.press("Ctrl-C");
        assert_eq!(screen.exit_code(), None, "nobody hears the signal but the system");
        assert!(screen.is_given_back(), "{}", screen.contents_with_style());
    }
}

/// The real screen, which is never done drawing, and a panic on another thread.
fn screen_that_draws_on(socket: &Path) {
    let told = UnixListener::bind(socket).unwrap();
    thread::spawn(move || {
        let never = told.accept().is_err();
        assert!(never, "between two strokes");
    });
    let (asks, _inbox) = mpsc::unbounded_channel();
    let (board, boards) = watch::channel(Arc::new(boards::running()));
    thread::spawn(move || {
        let pictures = [boards::running(), boards::acknowledge()].map(Arc::new);
        while pictures.iter().all(|picture| board.send(Arc::clone(picture)).is_ok()) {}
    });
    let (_remark, remarks) = watch::channel(None);
    let handle = Handle::new(asks, boards, remarks);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _ = runtime.block_on(tui::run(handle, Setting { colour: false, unicode: true, banner: None }, no_command));
}

#[test]
fn a_panic_elsewhere_in_the_program_is_told_after_the_terminal_was_given_back_and_names_the_log() {
    if let Some(socket) = env::var_os(TOLD_AT) {
        return program_that_panics(Path::new(&socket));
    }
    let home = Home::new();
    let name = "a_panic_elsewhere_in_the_program_is_told_after_the_terminal_was_given_back_and_names_the_log";
    let mut screen = again(&home, &format!("panic::{name}"));
    let seen = panics_and_is_given_back(&home, &screen, "callout.log");
    let (text, log) = (seen.find("beside the screen"), seen.find("callout.log"));
    assert!(text.is_some() && text < log, "the panic stands above the place of the log\n{seen}");
    // The keyboard is the terminal's again: this is a signal, and no key of the screen's.
    screen.press("Ctrl-C");
    assert_eq!(screen.exit_code(), Some(0), "{}", screen.contents());
    assert!(screen.is_given_back(), "{}", screen.contents_with_style());
    let log = std::fs::read_to_string(home.path("state/callout/callout.log")).unwrap();
    assert!(log.contains("ERROR") && log.contains("beside the screen"), "{log}");
    let runs = home.callout(["runs"]).run().succeeded();
    assert!(runs.stdout.contains("paused"), "{}", runs.stdout);
}

/// The whole program with a run before its first consent, and a panic on a thread that is none of the screen's.
fn program_that_panics(socket: &Path) {
    let told = UnixListener::bind(socket).unwrap();
    let panics = thread::spawn(move || {
        told.accept().unwrap();
        panic!("beside the screen");
    });
    let words = ["callout", "run", "key-rotation", "--speed", "max"];
    assert_eq!(callout::cli::main(words.map(Into::into)), 3, "the run is paused");
    panics.join().unwrap_err();
}
