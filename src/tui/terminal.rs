mod desk;

use std::cell::Cell;
use std::io::{self, Stdout, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{panic, thread};

use crossterm::event::{
    self, DisableBracketedPaste, EnableBracketedPaste, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers,
};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, execute};
use ratatui::backend::CrosstermBackend;
use ratatui::{Frame, Terminal};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant as Deadline, sleep_until};

use super::app::Model;
use super::msg::{Key, Moment, Msg, Request};
use super::theme::Setting;
use super::update::update;
use super::view::draw;
use crate::engine::Handle;

pub use desk::{DeskPorts, desk};

/// How a person left the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The run has ended, and the person has seen it.
    Ended,
    /// The run has not ended; it can be resumed.
    Left,
}

/// Why there is no screen, or no longer one. The terminal has been put back as it was, as far as it can be reached.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    /// The terminal does not become a screen. Nothing was shown yet.
    #[error("cannot turn this terminal into a screen")]
    Open {
        /// What the terminal said.
        #[source]
        source: io::Error,
    },
    /// The screen cannot be written.
    #[error("cannot draw on this terminal")]
    Draw {
        /// What the terminal said.
        #[source]
        source: io::Error,
    },
    /// Keys cannot be read.
    #[error("cannot read keys from this terminal")]
    Read {
        /// What the terminal said.
        #[source]
        source: io::Error,
    },
    /// The terminal is gone.
    #[error("this terminal gives no more keys")]
    Closed,
}

/// Shows the run until its person leaves, or until the engine stops before the run has ended.
///
/// Takes the whole terminal (raw mode, alternate screen, bracketed paste) and gives it back at the end, when the future
/// is dropped, and before a panic is printed. Ctrl-C is a key here; signals are the caller's, who may drop the future.
///
/// `adhoc` runs a command outside of the runbook, word by word, and gives what came of it to the engine; its future ends
/// with the command, and says why it was not run, if it was not. A future that is not done when the screen goes is dropped.
///
/// # Errors
/// If the terminal cannot be taken, drawn on or read.
pub async fn run<F>(
    mut handle: Handle,
    setting: Setting,
    adhoc: impl Fn(Vec<String>) -> F + Send,
) -> Result<Exit, TerminalError>
where
    F: Future<Output = Option<String>> + Send + 'static,
{
    let screen = Screen::open().map_err(|source| TerminalError::Open { source })?;
    let started = Instant::now();
    let mut keyboard = Keyboard::listen();
    let mut model = Model::new(handle.board(), setting);
    let (columns, rows) = crossterm::terminal::size().map_err(|source| TerminalError::Open { source })?;
    update(&mut model, Msg::Resize { columns, rows });
    update(&mut model, Msg::Remark(handle.remark()));
    let mut hands = Hands { handle: handle.clone(), screen, adhoc, commands: JoinSet::new() };
    let mut engine_runs = true;
    loop {
        hands.draw(&model)?;
        let now = Moment(started.elapsed());
        let mut messages = vec![Msg::Now(now), Msg::Drawn];
        hands.feed(&mut model, &mut messages)?;
        let wakes = model.wakes_at().map(|at| Deadline::from_std(started + at.0));
        tokio::select! {
            heard = keyboard.next() => for (at, event) in heard? {
                messages.push(Msg::Now(Moment(at.saturating_duration_since(started))));
                messages.extend(message(event));
            },
            runs = handle.changed(), if engine_runs => {
                engine_runs = runs;
                messages.extend([Msg::Board(handle.board()), Msg::Remark(handle.remark())]);
            }
            Some(ran) = hands.commands.join_next(), if !hands.commands.is_empty() => messages.extend(ran.ok()),
            () = sleep_until(wakes.unwrap_or_else(Deadline::now)), if wakes.is_some() => {}
        }
        messages.push(Msg::Now(Moment(started.elapsed())));
        let mut quits = hands.feed(&mut model, &mut messages)?;
        if !engine_runs && !model.stopped {
            // The last board is shown before the screen goes.
            hands.draw(&model)?;
            quits |= hands.feed(&mut model, &mut vec![Msg::Stopped])?;
        }
        if quits {
            return Ok(if model.has_ended() { Exit::Ended } else { Exit::Left });
        }
    }
}

/// What does as the model requests.
struct Hands<A> {
    handle: Handle,
    screen: Screen,
    adhoc: A,
    commands: JoinSet<Msg>,
}

impl<A, F> Hands<A>
where
    A: Fn(Vec<String>) -> F,
    F: Future<Output = Option<String>> + Send + 'static,
{
    fn draw(&mut self, model: &Model) -> Result<(), TerminalError> {
        self.screen.draw(|frame| draw(model, frame)).map_err(|source| TerminalError::Draw { source })
    }

    /// Gives the messages to the model and does what it requests. Returns whether the screen is to go.
    fn feed(&mut self, model: &mut Model, messages: &mut Vec<Msg>) -> Result<bool, TerminalError> {
        let mut quits = false;
        for request in messages.drain(..).flat_map(|message| update(model, message)) {
            match request {
                Request::Ask(ask) => self.handle.ask(ask),
                Request::Run { command } => {
                    let runs = (self.adhoc)(command.clone());
                    self.commands.spawn(async move { Msg::Ran { command, why_not: runs.await } });
                }
                Request::Redraw => self.screen.clear().map_err(|source| TerminalError::Draw { source })?,
                Request::Quit => quits = true,
            }
        }
        Ok(quits)
    }
}

/// An event, and when it was heard.
type Heard = (Instant, Event);

/// How soon a keyboard that nobody wants any more is let go.
const LET_GO: Duration = Duration::from_millis(100);
/// Events that follow one another within this time came together.
const TOGETHER: Duration = Duration::from_millis(1);
/// So many events are taken together at most.
const BATCH: usize = 4096;

/// Hears the keyboard, on a thread of its own, until it is dropped.
///
/// Not by crossterm's stream: its reader waits for the terminal to become readable and then reads 1 KiB, so that what
/// exceeds that waits until another key is pressed.
///
/// Each event bears the time at which it was heard: what waits while the screen is busy was not pressed later for that.
struct Keyboard {
    events: mpsc::UnboundedReceiver<io::Result<Vec<Heard>>>,
    unwanted: Arc<AtomicBool>,
    listener: Option<thread::JoinHandle<()>>,
}

impl Keyboard {
    fn listen() -> Self {
        let (sender, events) = mpsc::unbounded_channel();
        let unwanted = Arc::new(AtomicBool::new(false));
        let stops = Arc::clone(&unwanted);
        let listener = thread::spawn(move || {
            while !stops.load(Ordering::SeqCst) {
                let heard = match event::poll(LET_GO) {
                    Ok(false) => continue,
                    Ok(true) => together(),
                    Err(error) => Err(error),
                };
                let is_over = heard.is_err();
                if sender.send(heard).is_err() || is_over {
                    return;
                }
            }
        });
        Self { events, unwanted, listener: Some(listener) }
    }

    /// The next event and all that have come with it, so that they are taken as one: nothing is drawn between them, and
    /// so nothing that the first of them opens is confirmed by the last.
    async fn next(&mut self) -> Result<Vec<Heard>, TerminalError> {
        let heard = self.events.recv().await.ok_or(TerminalError::Closed)?;
        heard.map_err(|source| TerminalError::Read { source })
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        self.unwanted.store(true, Ordering::SeqCst);
        // Waited for, because it would take the first key from a screen that comes after this one. If it panicked, that has
        // been told.
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
    }
}

fn together() -> io::Result<Vec<Heard>> {
    let hear = || event::read().map(|event| (Instant::now(), event));
    let mut events = vec![hear()?];
    while events.len() < BATCH && event::poll(TOGETHER)? {
        events.push(hear()?);
    }
    Ok(events)
}

fn message(event: Event) -> Option<Msg> {
    match event {
        Event::Key(key) => (key.kind == KeyEventKind::Press).then(|| Msg::Key(name(key))),
        Event::Paste(text) => Some(Msg::Paste(text)),
        Event::Resize(columns, rows) => Some(Msg::Resize { columns, rows }),
        Event::FocusGained | Event::FocusLost | Event::Mouse(_) => None,
    }
}

const fn name(event: KeyEvent) -> Key {
    let (ctrl, alt) = (event.modifiers.contains(KeyModifiers::CONTROL), event.modifiers.contains(KeyModifiers::ALT));
    match event.code {
        // A terminal without better ways sends these two for Enter and Ctrl-J alike.
        KeyCode::Char('j' | 'm') if ctrl && !alt => Key::Enter,
        KeyCode::Char(character) if ctrl => Key::Ctrl(character.to_ascii_lowercase()),
        KeyCode::Char(character) if alt => Key::Alt(character),
        KeyCode::Char(character) => Key::Char(character),
        KeyCode::F(number) => Key::Function(number),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Esc,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        _ => Key::Other,
    }
}

type Hook = dyn Fn(&panic::PanicHookInfo<'_>) + Send + Sync;

/// The terminal while it is a screen. It is given back when this is dropped, and before a panic is printed: a panic on
/// another thread too, because its text would be lost in the alternate screen.
struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    stands: Arc<Stands>,
    /// What was done about a panic before.
    hook: Arc<Hook>,
}

impl Screen {
    fn open() -> io::Result<Self> {
        let terminal = Terminal::new(CrosstermBackend::new(io::stdout()))?;
        let stands = Arc::new(Stands { yes: AtomicBool::new(true), pen: Mutex::new(()) });
        let hook: Arc<Hook> = panic::take_hook().into();
        let (restoring, previous) = (Arc::clone(&stands), Arc::clone(&hook));
        panic::set_hook(Box::new(move |info| {
            restoring.end();
            previous(info);
        }));
        // From here on dropping it restores whatever has been changed.
        let screen = Self { terminal, stands, hook };
        enable_raw_mode()?;
        execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)?;
        Ok(screen)
    }

    fn draw(&mut self, paint: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        let Some(_pen) = self.stands.pen() else { return Ok(()) };
        self.terminal.draw(paint).map(drop)
    }

    fn clear(&mut self) -> io::Result<()> {
        let Some(_pen) = self.stands.pen() else { return Ok(()) };
        self.terminal.clear()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.stands.end();
        // A panicking thread may not touch the hook; the one that stays does no harm.
        if !std::thread::panicking() {
            let previous = Arc::clone(&self.hook);
            panic::set_hook(Box::new(move |info| previous(info)));
        }
    }
}

/// Whether the terminal still is a screen, and who writes to it just now: what one thread still draws must not reach a
/// terminal that another one has given back.
struct Stands {
    yes: AtomicBool,
    pen: Mutex<()>,
}

thread_local! {
    /// Whether this thread has the pen, and so must not wait for it if it panics.
    static HAS_PEN: Cell<bool> = const { Cell::new(false) };
}

/// The right to draw, for as long as the screen stands.
struct Pen<'a> {
    _held: MutexGuard<'a, ()>,
}

impl Drop for Pen<'_> {
    fn drop(&mut self) {
        HAS_PEN.set(false);
    }
}

impl Stands {
    fn pen(&self) -> Option<Pen<'_>> {
        let held = self.pen.lock().unwrap_or_else(PoisonError::into_inner);
        self.yes.load(Ordering::SeqCst).then(|| {
            HAS_PEN.set(true);
            Pen { _held: held }
        })
    }

    /// Makes the terminal what it was, once. What fails is passed over: there is nobody left to tell.
    fn end(&self) {
        let _held = (!HAS_PEN.get()).then(|| self.pen.lock().unwrap_or_else(PoisonError::into_inner));
        if self.yes.swap(false, Ordering::SeqCst) {
            let mut out = io::stdout();
            let _ = execute!(out, DisableBracketedPaste, LeaveAlternateScreen, cursor::Show);
            let _ = out.flush();
            let _ = disable_raw_mode();
        }
    }
}
