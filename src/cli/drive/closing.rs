use std::io::Write;

use super::face::Driven;
use super::teller::is_aborting;
use crate::base::{InstanceId, RunId};
use crate::cli::{Exit, Failure};
use crate::engine::{Stopped, StoreFault};
use crate::plan::Mode;
use crate::projection::{Board, TimelineLine};
use crate::run::RunEnd;

/// Says how a run stopped and what can be done next, and gives the exit code.
///
/// # Errors
/// The store failed; or not all could be shown. The failure then carries the run's own exit code: a script that reads
/// only the first lines must not take a run in doubt for one that succeeded.
pub(super) fn close(run: RunId, driven: Driven, out: &mut dyn Write) -> Result<Exit, Failure> {
    let Driven { stopped, board, mode, shown } = driven;
    let run = run.short();
    let resume = format!("`callout resume {run}` takes it up again");
    let (exit, sentence) = match &stopped {
        Stopped::Ended { in_doubt: true, .. } => (
            Exit::InDoubt,
            format!("The run {run} has ended with something in doubt; `callout timeline {run}` tells what."),
        ),
        Stopped::Ended { end: RunEnd::Succeeded, .. } => (Exit::Success, format!("The run {run} succeeded.")),
        Stopped::Ended { end: RunEnd::SucceededWithDeviations, .. } => {
            (Exit::Success, format!("The run {run} succeeded with deviations; `callout timeline {run}` tells them."))
        }
        Stopped::Ended { end: RunEnd::Failed, .. } => (Exit::Failed, format!("The run {run} failed.")),
        Stopped::Ended { end: RunEnd::RolledBack, .. } if board.header.standing > 0 => (
            Exit::Aborted,
            format!(
                "The run {run} was aborted, and not all could be undone; `callout timeline {run}` tells what stands."
            ),
        ),
        Stopped::Ended { end: RunEnd::RolledBack, .. } => {
            (Exit::Aborted, format!("The run {run} was aborted and rolled back."))
        }
        Stopped::Ended { end: RunEnd::Aborted, .. } => (Exit::Aborted, format!("The run {run} was aborted.")),
        // A run that is being ended neither goes on nor probes when it is taken up: it is ended.
        Stopped::Left { in_doubt, .. } if is_aborting(&board) => {
            let exit = if *in_doubt { Exit::InDoubt } else { Exit::Paused };
            let doubt = if *in_doubt { ", and something is in doubt" } else { "" };
            (exit, format!("The run {run} is being aborted, but has not ended{doubt}; `callout abort {run}` ends it."))
        }
        Stopped::Left { in_doubt: true, .. } => {
            (Exit::InDoubt, format!("The run {run} is in doubt; {resume} and probes."))
        }
        Stopped::Left { failed: true, .. } => (Exit::Failed, format!("A step of the run {run} has failed; {resume}.")),
        Stopped::Left { .. } => (Exit::Paused, format!("The run {run} is paused; {resume}.")),
        Stopped::StoreFailed { why, kind, unwritten } => {
            let exit = match kind {
                _ if *unwritten => Exit::InDoubt,
                StoreFault::Own => Exit::Internal,
                StoreFault::Store | StoreFault::Superseded => Exit::Paused,
            };
            let failure = match kind {
                StoreFault::Store => Failure::new(exit, format!("the store cannot be written: {why}")),
                StoreFault::Superseded => Failure::new(exit, why.clone()),
                StoreFault::Own => Failure::new(exit, format!("the program is at fault: {why}")),
            };
            let what = if *unwritten {
                "something was sent whose outcome could not be written; resuming probes it"
            } else {
                "nothing was sent after that; resume when the store can be written"
            };
            return Err(failure.hint(what));
        }
    };
    let said = match mode {
        Mode::Rehearsal => writeln!(out, "{sentence}\n{}", rehearsed(&board)),
        Mode::Live | Mode::Drill => writeln!(out, "{sentence}"),
    };
    let said = said.and_then(|()| out.flush());
    match shown.and(said.map_err(Failure::from)) {
        Ok(()) => Ok(exit),
        Err(failure) => Err(Failure { exit, ..failure }),
    }
}

/// What a rehearsal proves, and what it does not.
fn rehearsed(board: &Board) -> String {
    let is_assumed = |line: &&TimelineLine| line.text.starts_with("assumed");
    let steps: Vec<&str> = board
        .timeline
        .iter()
        .filter(is_assumed)
        .filter_map(|line| line.step.as_ref())
        .map(InstanceId::as_str)
        .collect();
    if steps.is_empty() {
        return "REHEARSAL: nothing was changed, and nothing had to be assumed.".to_owned();
    }
    format!("REHEARSAL: nothing was changed; assumed, and not done: {}.", steps.join(", "))
}
