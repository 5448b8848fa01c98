use std::io::Write;

use super::deliver::deliver;
use super::post::{Post, payload};
use crate::cli::args::Adhoc;
use crate::cli::{Exit, Failure, Setting};
use crate::engine::Word;
use crate::run::{self, Request};
use crate::world::{Attached, Performed, Redactor, Signals, perform};

/// Performs a command outside the runbook, and puts it into the run's record with what it said.
///
/// # Errors
/// The run has ended, the command cannot be started, or it was performed and could not be written down.
pub(crate) async fn adhoc(
    setting: &Setting,
    redactor: &Redactor,
    args: &Adhoc,
    out: &mut (dyn Write + Send),
) -> Result<Exit, Failure> {
    let mut post = Post::find_open(setting, &args.run)?;
    // Whatever would be refused afterwards is refused before anything is done.
    let nothing = run::Adhoc { command: Vec::new(), exit: None, took: crate::base::Span::ZERO, output: None };
    let now = post.clock().await?.now;
    crate::engine::allows(&post.state, &Request::Adhoc(nothing), now)?;
    let attached = if args.attached { Attached::Terminal } else { Attached::Captured };
    let done = performed(&args.command, attached, redactor).await?;
    // What came meanwhile changes nothing about the record, but who holds the run may have changed.
    let exit = exit_of(&done);
    let post = Post::find(setting, &args.run)?;
    let output = (!done.output.is_empty()).then(|| payload(&done.output)).transpose()?;
    let (command, took) = (done.command, done.took);
    let commitment = output.as_ref().map(|output| output.commitment.clone());
    let request = Request::Adhoc(run::Adhoc { command, exit: done.exit, took, output: commitment });
    let word = Word { request, payloads: output.into_iter().collect(), texts: Vec::new() };
    deliver(post, word, out).await.map_err(|failure| {
        let hint = "the command was performed all the same; `callout note` can tell of it";
        Failure { hint: Some(hint.to_owned()), ..failure }
    })?;
    Ok(exit)
}

/// Performs a command while Ctrl-C goes to it and not to this process.
///
/// # Errors
/// It cannot be started.
pub(crate) async fn performed(
    command: &[String],
    attached: Attached,
    redactor: &Redactor,
) -> Result<Performed, Failure> {
    let name = command.first().cloned().unwrap_or_default();
    // As long as this lives, no signal ends this process by itself.
    let signals = Signals::listen();
    let (command, redactor) = (command.to_vec(), redactor.clone());
    let done = tokio::task::spawn_blocking(move || perform(&command, attached, &redactor)).await;
    drop(signals);
    let done = done.map_err(|error| Failure::new(Exit::Internal, "the command was lost").because(&error))?;
    done.map_err(|error| Failure::usage(format!("`{name}` cannot be started; nothing was done")).because(&error))
}

/// The command's own exit code; as shells tell it, 128 and the signal's number if a signal ended it.
fn exit_of(done: &Performed) -> Exit {
    let code = done.exit.or_else(|| done.signal.map(|signal| 128 + signal)).unwrap_or(1);
    Exit::Command(u8::try_from(code).unwrap_or(1))
}
