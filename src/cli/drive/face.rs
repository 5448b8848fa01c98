use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tokio::sync::{Notify, oneshot};

use super::headless::{self, Script};
use super::lines::Lines;
use super::plain::{self, Plain};
use crate::cli::{Exit, Failure, Setting};
use crate::effect::Risk;
use crate::engine::{Ask, Engine, Handle, Ports, Stopped};
use crate::plan::Mode;
use crate::projection::Board;
use crate::runbook::BannerColour;
use crate::tui;
use crate::world::{Attached, Performed, Redactor, Signal, Signals, perform};

/// Whoever answers a run's questions.
pub(super) enum Face {
    /// A person at the screen.
    Screen,
    /// A person, or a pipe, at plain lines.
    Plain {
        /// The highest risk that these lines confirm.
        limit: Risk,
    },
    /// Nobody: what was said beforehand.
    Headless(Script),
}

/// How a driven run came to rest.
pub(super) struct Driven {
    /// How the engine stopped. This alone decides how the program ends.
    pub(super) stopped: Stopped,
    /// The last that was seen of the run.
    pub(super) board: Arc<Board>,
    /// How it executed.
    pub(super) mode: Mode,
    /// Whether the face showed all of it.
    pub(super) shown: Result<(), Failure>,
}

/// Runs an engine with a face until it stops.
///
/// Signals are heard here: the first Ctrl-C starts nothing more and waits for what is in flight, the second leaves it
/// in doubt; SIGTERM and SIGHUP are the second, at once. While a command outside the runbook has the terminal, Ctrl-C is
/// for that command.
pub(super) async fn drive(
    engine: Engine,
    face: Face,
    setting: &Setting,
    banner: Option<BannerColour>,
    ports: &Ports,
    redactor: &Redactor,
    out: &mut (dyn Write + Send),
) -> Result<Driven, Failure> {
    let mut signals =
        Signals::listen().map_err(|error| Failure::new(Exit::Internal, "signals cannot be heard").because(&error))?;
    let (handle, mode) = (engine.handle(), engine.state().plan.mode);
    let told = handle.clone();
    // Whoever leaves is not asked whether the run shall go on.
    let leaving = Arc::new(AtomicBool::new(false));
    let left = Arc::clone(&leaving);
    let commanded = Arc::new(AtomicBool::new(false));
    let has_command = Arc::clone(&commanded);
    // A screen stays after the run has ended, when the engine hears nothing any more.
    let dismissed = Arc::new(Notify::new());
    let dismiss = Arc::clone(&dismissed);
    let listener = tokio::spawn(async move {
        loop {
            let signal = signals.next().await;
            if signal == Signal::Interrupt && has_command.load(Ordering::Relaxed) {
                continue;
            }
            let waits = !left.load(Ordering::Relaxed) && told.board().ended.is_none();
            left.store(true, Ordering::Relaxed);
            match signal {
                Signal::Interrupt if waits => told.ask(Ask::Leave),
                Signal::Interrupt | Signal::Terminate => {
                    told.ask(Ask::LeaveNow);
                    dismiss.notify_one();
                }
            }
        }
    });
    let engine = tokio::spawn(engine.run());
    let asks = handle.clone();
    let shown = match face {
        Face::Screen => tokio::select! {
            shown = screen(handle, setting, banner, redactor) => shown,
            () = dismissed.notified() => Ok(()),
        },
        Face::Plain { limit } => {
            let plain = Plain { handle, limit, mode, redactor, commanded: &commanded };
            plain::speak(plain, Lines::standard_input(), &leaving, out).await
        }
        Face::Headless(script) => headless::follow(handle, &script, mode, &*ports.timer, out).await,
    };
    // Without a face (a screen that was closed, a reader of the lines that went away) nobody can answer: what is in
    // flight is waited for, and the run can be taken up again. After the run's own end this does nothing.
    asks.ask(Ask::Leave);
    let stopped = engine.await.map_err(|error| Failure::new(Exit::Internal, "the engine broke").because(&error));
    listener.abort();
    Ok(Driven { stopped: stopped?, board: asks.board(), mode, shown })
}

async fn screen(
    handle: Handle,
    setting: &Setting,
    banner: Option<BannerColour>,
    redactor: &Redactor,
) -> Result<(), Failure> {
    let screen = tui::Setting { colour: setting.colour, unicode: setting.unicode, banner };
    let asks = handle.clone();
    let shown = tui::run(handle, screen, |command| beside(command, asks.clone(), redactor.clone())).await;
    shown.map(drop).map_err(|error| Failure::of(Exit::Usage, &error).hint("`--plain` speaks lines instead"))
}

/// Performs a command outside of the runbook, and gives what came of it to the engine. Says why, if it was not performed.
///
/// On a thread of its own: nobody waits for it who leaves. It goes on then, and what it says is lost.
async fn beside(command: Vec<String>, asks: Handle, redactor: Redactor) -> Option<String> {
    let (ended, end) = oneshot::channel();
    thread::spawn(move || {
        let done = perform(&command, Attached::Hidden, &redactor);
        let why_not = match done {
            Ok(Performed { command, exit, took, output, .. }) => {
                asks.ask(Ask::Adhoc { command, exit, took, output });
                None
            }
            Err(error) => Some(error.to_string()),
        };
        // The screen may be gone.
        let _ = ended.send(why_not);
    });
    end.await.unwrap_or_else(|_| Some("it was lost".to_owned()))
}
