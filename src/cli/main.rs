use std::ffi::OsString;
use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe};

use super::args::{Args, Command, Drill, New};
use super::{Exit, Failure, Setting, command, drive, log};
use crate::world::Redactor;

/// The whole program: a command line in, an exit code out. What is to be said goes to standard output, what went wrong to
/// standard error.
///
/// A panic has printed its message by the time it arrives here, and is our own fault.
pub fn main(words: impl IntoIterator<Item = OsString>) -> u8 {
    panic::catch_unwind(AssertUnwindSafe(|| speak(words))).unwrap_or(Exit::Internal).code()
}

fn speak(words: impl IntoIterator<Item = OsString>) -> Exit {
    // Not locked: the screen writes to it as well, from wherever it is drawn.
    let mut out = io::stdout();
    let done = Args::read(words).map_or_else(Ok, |args| begin(&args, &mut out)).and_then(|exit| {
        out.flush()?;
        Ok(exit)
    });
    done.unwrap_or_else(|failure| {
        // If standard error is gone as well, the exit code still says it.
        let _ = io::stderr().lock().write_all(failure.text().as_bytes());
        failure.exit
    })
}

fn begin(args: &Args, out: &mut (dyn Write + Send)) -> Result<Exit, Failure> {
    let setting = Setting::read(&args.global)?;
    let redactor = Redactor::new();
    log::begin(&setting, &redactor);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(Exit::Internal, "no threads can be had").because(&error))?;
    let exit = runtime.block_on(run(args.command.as_ref(), &setting, &redactor, out));
    // What still reads standard input or a socket must not keep a program alive that has said its last word.
    runtime.shutdown_background();
    exit
}

/// The table of contents.
async fn run(
    command: Option<&Command>,
    setting: &Setting,
    redactor: &Redactor,
    out: &mut (dyn Write + Send),
) -> Result<Exit, Failure> {
    let Some(command) = command else {
        return if setting.has_screen() {
            drive::desk(setting, redactor, out).await
        } else {
            command::home(setting, out).await
        };
    };
    match command {
        Command::Abort(abort) => command::abort(setting, redactor, abort, out).await,
        Command::Actions { name, json } => command::actions(name.as_deref(), *json, out),
        Command::Adhoc(adhoc) => command::adhoc(setting, redactor, adhoc, out).await,
        Command::Answer(answer) => command::answer(setting, answer, out).await,
        Command::Audit(audit) => command::audit(setting, audit, out),
        Command::Check { explain: Some(code), .. } => command::explain(code, out),
        Command::Check { paths, format, explain: None } => command::check(setting, paths, *format, out),
        Command::Diff { runbook, old, new, json } => command::diff(setting, runbook, old, new.as_deref(), *json, out),
        Command::Doctor { rebuild, json } => command::doctor(setting, redactor, *rebuild, *json, out).await,
        Command::Drill(Drill::Run { programme, who, inputs, headless }) => {
            drive::drill(programme, who, inputs, headless, setting, redactor, out).await
        }
        Command::Drill(Drill::Report { run, format }) => command::report(setting, run.as_deref(), *format, out),
        Command::Drill(Drill::History { json }) => command::history(setting, *json, out),
        Command::Evidence(wish) => command::evidence(setting, wish, out),
        Command::Incident(incident) => command::incident(setting, incident, out).await,
        Command::List { json } => command::list(setting, *json, out),
        Command::New(New::Runbook { name }) => command::new_runbook(setting, name, out),
        Command::Note { run, text } => command::note(setting, run, text, out).await,
        Command::Override(wish) => command::override_step(setting, wish, out).await,
        Command::Pause { run } => command::pause(setting, run, out).await,
        Command::Plan { runbook, inputs, mode, format } => {
            command::plan(setting, runbook, &inputs.named()?, mode.mode(), *format, out)
        }
        Command::Resolve(word) => command::resolve(setting, word, out).await,
        Command::Resume { run, headless } => drive::resume(run.as_deref(), headless, setting, redactor, out).await,
        Command::Retry(again) => command::retry(setting, again, out).await,
        Command::Run(run) => drive::run(run, setting, redactor, out).await,
        Command::Runs { json } => command::runs(setting, *json, out),
        Command::Schema { of } => command::schema(*of, out),
        Command::Show { what } => command::show(setting, what, out),
        Command::Sim(sim) => command::sim(setting, sim, out).await,
        Command::Skip(skip) => command::skip(setting, skip, out).await,
        Command::Store(store) => command::store(setting, store, out),
        Command::Tick => drive::tick(setting, redactor, out).await,
        Command::Timeline { run, json } => command::timeline(setting, run.as_deref(), *json, out),
        Command::Trust(wish) => command::trust(setting, wish, out),
        Command::Undo(again) => command::undo(setting, again, out).await,
    }
}
